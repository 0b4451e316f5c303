/* conn.h: the connections that this process serves, and the requests on them, without a line of its source.
 *
 *     accept ─▶ read ─▶ … ─▶ write ─▶ … ─▶ read ─▶ … ─▶ close
 *               │ begins       │ ends       │ the next begins
 *
 * A request begins when its bytes arrived (loop.h; the kernel is asked only when the thread was away for
 * SMK_LOOP_AWAY_NS) and ends with the last write before the next read that brings bytes, or with the close.
 * Where the answer can be seen to be whole (conn_answer.h) its end is said at once; else when that read or
 * close comes. Between a request's read and its answer its thread works for it, and whatever it waits for is
 * the request's; a loop that looks for other work leaves it. What the bytes mean is proto.h's.
 *
 * Connections are what accept returned, and sockets that were there before whose own address is one that the
 * process listens on. What the process connected is none: on it others are asked (asked.h).
 * A connection belongs to as many descriptors as stand for it (dup), and is known by number and generation: who
 * looks at a number that was given out again finds another generation. What is not followed is counted and told:
 * connections beyond the bound, protocols that are not known (TLS), pieces that came while another thread had the
 * connection for too long.
 *
 * A connection is looked at under a lock of its own for some hundred instructions. A signal handler may find its
 * own thread in there: who does not get the lock soon goes without, and the connection is followed no more.
 *
 * Requests that the program's source marks are told by the program: from its first mark on none are found.
 */
#ifndef SMK_SOURCE_CONN_H
#define SMK_SOURCE_CONN_H

#include <sys/uio.h>

#include "source/fd.h"
#include "source/seen.h"

#define SMK_CONNS_DEFAULT 16384u
#define SMK_CONNS_LIMIT   131072u

/* Of smk_fd_slot.conn: not looked at; no connection; none, but one of ours to somebody else (asked.h); else a
 * connection's number and generation, which is even. */
enum { SMK_CONN_NEW = 0, SMK_CONN_NONE = 1, SMK_CONN_ASKED = 3 };

struct smk_conns_stats {
    uint32_t capacity;
    uint64_t accepted;   /* connections that were followed from their accept on */
    uint64_t found;      /* that were there before */
    uint64_t refused;    /* for which there was no room */
    uint64_t unknown;    /* whose protocol is not known, or not any more */
    uint64_t contended;  /* given up because another thread was at them */
    uint64_t asked;      /* times that the kernel was asked when bytes had arrived */
    uint64_t ranges;     /* requests whose arrival is not known */
};

void smk_conns_stats(struct smk_conns_stats *stats);

/* Before the first arming; at most SMK_CONNS_LIMIT. SMK_E_BUSY after it, SMK_E_INVALID. */
int smk_conns_set_capacity(uint32_t capacity);

/* At each arming. `anew`: calls on descriptors were not seen before. */
void smk_conns_prepare(bool anew);

/* A filter of the host's forbids getsockopt: nothing is found that was there before, no arrival is known. */
void smk_conns_options_forget(void);

/* The requests that are open on connections: struct smk_source_calls. */
struct smk_flight;
void smk_conns_requests(bool (*visit)(const struct smk_flight *flight, void *arg), void *arg);
void smk_conns_reset_in_child(void);

/* Lines of what is not seen, for SMK_FACT_MISSING; the length. */
size_t smk_conns_missing(char *text, size_t size);

/* ---- for the wrappers ------------------------------------------------------------------------------------ */

/* Bytes of a call: `pieces` as the host gave them, of which `len` bytes were moved. NULL: not known. */
struct smk_bytes {
    const struct iovec *pieces;
    int count;
    size_t len;
};

/* A call that reads returned at `now`; result as libc's, errno with it. `asked`: bytes there was room for. */
void smk_conn_read(const struct smk_seen *seen, struct smk_fd_slot *slot, int fd, const struct smk_bytes *bytes,
                   int64_t result, size_t asked, uint64_t now);
/* A call that writes returned, and moved bytes. `asked`: how many it was to move. */
void smk_conn_wrote(const struct smk_seen *seen, struct smk_fd_slot *slot, int fd, const struct smk_bytes *bytes,
                    size_t asked, uint64_t now);

/* The same of calls that take no time stamp before them (io.h), whose thread is traced: with the call's result. */
void smk_conn_passed_read(struct smk_thread *t, struct smk_fd_slot *slot, int fd, const struct iovec *pieces, int count,
                          int64_t result);
void smk_conn_passed_write(struct smk_thread *t, struct smk_fd_slot *slot, int fd, const struct iovec *pieces,
                           int count, int64_t result);

SMK_INLINE size_t smk_bytes_room(const struct iovec *pieces, int count)
{
    size_t room = 0;
    for (int i = 0; i < count; i++)
        room += pieces[i].iov_len;
    return room;
}

/* accept returned `fd`. */
SMK_COLD void smk_conn_accepted(const struct smk_seen *seen, int listener, int fd, uint64_t now);
/* The number is about to mean nothing any more. t: NULL for a thread that is not traced. */
SMK_COLD void smk_conn_closes(struct smk_thread *t, struct smk_fd_slot *slot, uint64_t now);
/* `to` stands for what `from` stands for. */
SMK_COLD void smk_conn_copied(int from, int to);

SMK_INLINE bool smk_conn_may_be(const struct smk_fd_slot *slot)
{
    return slot && smk_load_relaxed(&slot->conn) != SMK_CONN_NONE;
}

/* It is one that is followed, or on which others are asked. */
SMK_INLINE bool smk_conn_is(const struct smk_fd_slot *slot)
{
    return slot && smk_load_relaxed(&slot->conn) > SMK_CONN_NONE;
}

/* Whatever the number stood for. */
SMK_INLINE void smk_conn_forget(struct smk_thread *t, int fd, uint64_t now)
{
    struct smk_fd_slot *slot = smk_fd_slot(fd);
    if (slot && smk_load_relaxed(&slot->conn) != SMK_CONN_NEW)
        smk_conn_closes(t, slot, now);
}

#endif
