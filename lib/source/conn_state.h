/* conn_state.h: a connection from the inside; for conn*.c. All but `lock`, `missed` and `generation` is its
 * holder's. */
#ifndef SMK_SOURCE_CONN_STATE_H
#define SMK_SOURCE_CONN_STATE_H

#include "core/request.h"
#include "source/conn.h"
#include "source/conn_answer.h"
#include "source/proto.h"

struct smk_conn {
    uint32_t lock;       /* atomic; 1: somebody is at it */
    uint32_t missed;     /* atomic; bytes passed by that nobody looked at */
    uint32_t generation; /* atomic */
    uint32_t refs;       /* descriptors that stand for it */
    struct smk_proto_state proto;
    smk_request request; /* the open one, anybody may read; id 0: none */
    uint32_t named_route;
    uint8_t named_no_body; /* of `head`, with named_route */
    uint8_t answering;     /* the answer has begun */
    uint8_t no_body;       /* the request was for a head alone */
    uint8_t behind;        /* reads that brought requests while this one was not answered */
    SMK_ALIGNED(SMK_CACHE_LINE) struct smk_proto_head head; /* of the last request that was named by its first bytes */
    SMK_ALIGNED(SMK_CACHE_LINE) uint64_t empty_at; /* ticks at which nothing lay there to be read */
    uint64_t read_at;  /* when the request's first bytes were read */
    uint64_t wrote;    /* the last write of its answer; 0: none yet */
    struct smk_conn_answer answer;
    uint32_t more;   /* requests that came behind the open one and are not begun */
    uint32_t status; /* of the answer */
    uint32_t outcome;
    uint32_t tid; /* atomic: of the thread that read the request */
};
SMK_STATIC_ASSERT(sizeof(struct smk_conn) == 3 * SMK_CACHE_LINE, "what most reads and writes touch is in three lines");

/* smk_fd_slot.conn: generation << 18 | number + 1 << 1 */
#define SMK_CONN_NUMBER_BITS 18u

/* conn.c */

extern struct smk_conn *smk_conns; /* atomic; NULL: nothing was armed yet, or no memory */

/* Somebody has it, or it is another's. */
SMK_COLD struct smk_conn *smk_conn_hold_late(struct smk_fd_slot *slot, struct smk_conn *conn, uint32_t value,
                                             bool held);

/* The connection that a slot says, held; NULL: none, or not to be had. */
SMK_INLINE struct smk_conn *smk_conn_hold(struct smk_fd_slot *slot)
{
    uint32_t value = smk_load_acquire(&slot->conn); /* pairs with: smk_conn_make */
    uint32_t number = (value & ((1u << SMK_CONN_NUMBER_BITS) - 1)) >> 1, free = 0;
    if (number == 0 || (value & 1))
        return NULL;
    struct smk_conn *conn = &smk_load_relaxed(&smk_conns)[number - 1];
    bool held = smk_cas_acq_rel(&conn->lock, &free, 1); /* pairs with: smk_conn_let_go */
    if (SMK_LIKELY(held && smk_load_relaxed(&conn->generation) == value >> SMK_CONN_NUMBER_BITS))
        return conn;
    return smk_conn_hold_late(slot, conn, value, held);
}

SMK_INLINE void smk_conn_let_go(struct smk_conn *conn)
{
    smk_store_release(&conn->lock, 0); /* pairs with: smk_conn_hold */
}
/* A new one for the slot, held; NULL: there is no room, or somebody else was faster. */
struct smk_conn *smk_conn_make(struct smk_fd_slot *slot);
/* It is followed no more: the slot says so, and the others that stand for it find out. It is held. */
void smk_conn_give_up(struct smk_thread *t, struct smk_fd_slot *slot, struct smk_conn *conn);

extern struct smk_conns_stats smk_conns_count; /* atomic */

/* conn_find.c */

/* A connected stream socket whose own end is one that the process listens on. */
bool smk_conn_is_served(int fd);
/* The listener's address is one. */
void smk_conn_note_listener(int fd);
void smk_conn_find_listeners(void);
/* ticks since bytes arrived last; false: the kernel does not say. */
bool smk_conn_last_arrival(int fd, uint64_t *ago);

/* conn_request.c */

#define SMK_ARRIVAL_GRAIN_NS UINT64_C(4000000) /* of the kernel's word about arrivals */

struct smk_arrival {
    uint64_t delay, at_most; /* ticks before its bytes were read */
    enum smk_loop_how how;
};

/* A request's bytes waited for their loop: an event, and a case for the rules that are about it. */
SMK_COLD void smk_conn_delayed(struct smk_thread *t, uint64_t request, const struct smk_arrival *arrival, int fd,
                               uint64_t now);

/* The open request, if any, ends: answered, or not. */
void smk_conn_ends(struct smk_thread *t, struct smk_conn *conn, uint64_t now);

#endif
