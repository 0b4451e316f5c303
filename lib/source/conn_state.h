/* conn_state.h: a connection from the inside; for conn*.c. All but `lock`, `missed` and `generation` is its
 * holder's. */
#ifndef SMK_SOURCE_CONN_STATE_H
#define SMK_SOURCE_CONN_STATE_H

#include "core/request.h"
#include "source/conn.h"
#include "source/conn_answer.h"
#include "source/proto.h"

#define SMK_CONN_NAME_KEPT 24u /* names up to this are compared before they are looked up */

struct smk_conn {
    uint32_t lock;       /* atomic; 1: somebody is at it */
    uint32_t missed;     /* atomic; bytes passed by that nobody looked at */
    uint32_t generation; /* atomic */
    uint32_t refs;       /* descriptors that stand for it */
    struct smk_proto_state proto;
    uint64_t empty_at; /* ticks at which nothing lay there to be read */
    uint64_t read_at;  /* when the request's first bytes were read */
    uint64_t wrote;    /* the last write of its answer; 0: none yet */
    smk_request request; /* the open one; id 0: none */
    struct smk_conn_answer answer;
    uint32_t more;   /* requests that came behind the open one and are not begun */
    uint32_t status; /* of the answer */
    uint32_t outcome;
    uint8_t answering;  /* the answer has begun */
    uint8_t named_len;  /* of `named`; 0: none */
    uint8_t no_body;    /* the request was for a head alone */
    uint8_t behind;     /* reads that brought requests while this one was not answered */
    uint32_t named_route;
    char named[SMK_CONN_NAME_KEPT];
};

/* conn.c */

/* The connection that a slot says, held; NULL: none, or not to be had. */
struct smk_conn *smk_conn_hold(struct smk_fd_slot *slot);
void smk_conn_let_go(struct smk_conn *conn);
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

/* The open request, if any, ends: answered, or not. */
void smk_conn_ends(struct smk_thread *t, struct smk_conn *conn, uint64_t now);

#endif
