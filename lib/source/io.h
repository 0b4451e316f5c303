/* io.h: what the wrappers of calls on descriptors and files have in common.
 *
 * A call on a descriptor is timed by two time stamps and counted by its function. Only when it took longer than a
 * call does that works and does not sleep is it asked what the descriptor is, and an event made: of the network or
 * of the disk, and none for a socket in non-blocking mode, whose calls never wait.
 *
 * Nearly all calls of a server that has a loop are such: to move bytes on a socket that never waits. They are only
 * counted, without a time stamp and without publishing a wait, and looked into where the socket is a connection.
 */
#ifndef SMK_SOURCE_IO_H
#define SMK_SOURCE_IO_H

#include "source/conn.h"
#include "source/fd.h"
#include "source/seen.h"

/* Requests are found in the bytes of such calls. */
#define SMK_CAT_IO (SMK_CAT_NET | SMK_CAT_DISK | SMK_CAT_REQUEST | SMK_CAT_LOOP)

struct smk_io {
    struct smk_seen seen;
    struct smk_fd_slot *slot;
    int fd;
    int to;      /* where that is in blocking mode, it is this that is waited for and not `fd`; -1: none */
    bool closes; /* the call closes it */
};

/* Of a call that moves bytes from one to the other: that on whose side it may wait. */
int smk_fd_that_waits(int to, int from);

void smk_io_begin(struct smk_io *io, enum smk_call call, int fd, struct smk_caller from);
/* `asked_not_to_wait`: by a flag of the call (MSG_DONTWAIT …). */
void smk_io_end(struct smk_io *io, int64_t result, bool asked_not_to_wait);

/* The same of a call that takes bytes out of the descriptor, or puts some in: into these pieces, and out of
 * them; NULL: they are not known. */
void smk_io_begin_bytes(struct smk_io *io, enum smk_call call, int fd, struct smk_caller from);
void smk_io_end_read(struct smk_io *io, int64_t result, bool asked_not_to_wait, const struct iovec *pieces, int count);
void smk_io_end_write(struct smk_io *io, int64_t result, bool asked_not_to_wait, const struct iovec *pieces, int count);

/* Such a call never waits; *t, *slot: by whom it is made, and on what. Inline, since the last system call has driven
 * the code out of the caches, and what matters is how much of it there is. It is counted behind the call, which would
 * wait for what is waited for before it. */
SMK_INLINE bool smk_io_passes(int fd, struct smk_thread **t, struct smk_fd_slot **slot)
{
    *t = smk_tls.self;
    *slot = smk_fd_slot(fd);
    if (SMK_UNLIKELY(!*t || smk_tls.quiet || !*slot))
        return false;
    if (SMK_UNLIKELY(smk_load_relaxed(&(*slot)->mode) != SMK_FD_NEVER_WAITS))
        return false;
    return SMK_LIKELY(smk_load_relaxed(&(*slot)->conn) != SMK_CONN_ASKED); /* whose answers are timed: asked.h */
}

/* Bytes went into `to` that nobody saw; the call itself counts where it may wait. */
void smk_io_end_copy(struct smk_io *io, int to, int64_t result, bool asked_not_to_wait);

/* sendfile's. Into a connection the kernel sends only what can be seeked in, which is a file: one that is opened for
 * one answer, sent and closed is not asked what it is. (A device that can be seeked in counts as one.) On which side
 * the call waits is asked when somebody wants to know: whoever looks at the wait, or its event. */
void smk_io_begin_sendfile(struct smk_io *io, enum smk_call call, int to, int file, struct smk_caller from);
void smk_io_end_sendfile(struct smk_io *io, int to, int64_t result);

/* accept's. `never_waits`: what it returned is in non-blocking mode; false: not by this call. */
void smk_io_end_accept(struct smk_io *io, int fd, bool never_waits);

/* A call on a stream, whose descriptor was not known before: -1, it has none. */
SMK_COLD void smk_io_record(const struct smk_seen *seen, int fd, uint64_t now, uint64_t result);

/* A call that names a file, or none: `path` may be NULL. It is read only where the call could read it. */
void smk_io_end_path(struct smk_seen *seen, const char *path, int64_t result);

/* A wait for the network that has no descriptor: a name service's. */
void smk_io_end_name(struct smk_seen *seen, const char *name, int64_t result);

#define SMK_FD_CALL(type, name, fd, args, asked_not_to_wait)                                       \
    if (!smk_gate_open(SMK_CAT_IO))                                                                \
        return SMK_REAL(name) args;                                                                \
    struct smk_io io;                                                                              \
    smk_io_begin(&io, SMK_CALL_##name, (fd), SMK_CALLER);                                          \
    type result = SMK_REAL(name) args;                                                             \
    smk_io_end(&io, result, (asked_not_to_wait));                                                  \
    return result

/* What moves bytes between a descriptor and memory: `end` is read or write. */
#define SMK_PIECES_CALL(name, fd, args, asked_not_to_wait, end, pieces, count)                     \
    if (!smk_gate_open(SMK_CAT_IO))                                                                \
        return SMK_REAL(name) args;                                                                \
    struct smk_thread *passing;                                                                    \
    struct smk_fd_slot *slot;                                                                      \
    if (SMK_LIKELY(smk_io_passes((fd), &passing, &slot))) {                                        \
        ssize_t passed = SMK_REAL(name) args;                                                      \
        smk_local_count(&passing->passed[SMK_PASSING_##name]);                                     \
        if (smk_conn_may_be(slot))                                                                 \
            smk_conn_passed_##end(passing, slot, (fd), (pieces), (int)(count), passed);            \
        return passed;                                                                             \
    }                                                                                              \
    struct smk_io io;                                                                              \
    smk_io_begin_bytes(&io, SMK_CALL_##name, (fd), SMK_CALLER);                                    \
    ssize_t result = SMK_REAL(name) args;                                                          \
    smk_io_end_##end(&io, result, (asked_not_to_wait), (pieces), (int)(count));                    \
    return result

#define SMK_BYTES_CALL(name, fd, args, asked_not_to_wait, end, bytes, len)                         \
    SMK_PIECES_CALL(name, fd, args, asked_not_to_wait, end,                                        \
                    (&(struct iovec){(void *)(uintptr_t)(bytes), (len)}), 1)

#define SMK_PATH_CALL(type, name, path, args, number)                                              \
    if (!smk_gate_open(SMK_CAT_DISK))                                                              \
        return SMK_REAL(name) args;                                                                \
    struct smk_seen seen;                                                                          \
    smk_seen_begin(&seen, SMK_CALL_##name, SMK_WAIT_DISK, 0, SMK_CALLER);                          \
    type result = SMK_REAL(name) args;                                                             \
    smk_io_end_path(&seen, (path), (number));                                                      \
    return result

#endif
