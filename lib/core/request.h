/* request.h: the requests in flight. A bounded table, for live views and rules; a request that found
 * no room is traced like any other and only missing there.
 */
#ifndef SMK_CORE_REQUEST_H
#define SMK_CORE_REQUEST_H

#include "base/compiler.h"
#include "core/routes.h"
#include "stallmark/abi.h"

#define SMK_REQUESTS_DEFAULT 8192

struct smk_flight {
    uint64_t id;    /* atomic; 0: free */
    uint64_t begin; /* ticks */
    uint32_t route; /* id in smk_strings */
    uint32_t tid;   /* thread that entered it last */
    uint32_t status;
    uint32_t moved; /* enum smk_moved */
};

enum smk_moved {
    SMK_MOVED_NOT = 0,
    SMK_MOVED_AWAY = 1, /* its thread worked for others in between */
    SMK_MOVED_ON = 2    /* another thread worked for it */
};

/* ---- requests that a source found on a socket: source/conn.h -------------------------------------------- */

struct smk_thread;

/* True once the program has marked a request itself: then those that are found would be the same twice. */
extern uint32_t smk_requests_marked; /* atomic */

/* Its bytes had arrived at `arrived` and were read by thread `t` at `now`, both in ticks: it works for it
 * from then on. The source lists it (struct smk_source_calls, requests); the words of `request` are atomic, and its
 * id is written last, 0 first when it has ended. */
void smk_request_begins(struct smk_thread *t, smk_request *request, uint32_t route, uint64_t arrived, uint64_t now);
/* The same, listed here. */
void smk_request_found(struct smk_thread *t, smk_request *request, uint32_t route, uint64_t arrived, uint64_t now);

struct smk_request_answer {
    uint64_t wrote;  /* ticks: when the last of it was written */
    uint64_t delay;  /* ticks from the arrival to the read */
    uint32_t status; /* HTTP's; 0: none */
    uint32_t more;   /* others that came, and were answered, with it */
    enum smk_outcome outcome;
};

/* It ended. `t` NULL: a thread without a slot says so, and no event does. */
void smk_request_answered(struct smk_thread *t, const smk_request *request, const struct smk_request_answer *answer,
                          uint64_t now);
/* It was none after all. */
void smk_request_dropped(struct smk_thread *t, const smk_request *request);
/* The thread goes on with something else, and the request is not answered. */
void smk_request_left(struct smk_thread *t, uint64_t now);

/* What its caller calls it (W3C traceparent; NULL, or one that is malformed: nothing). */
void smk_request_trace(struct smk_thread *t, uint64_t id, const char *traceparent);

struct smk_requests_stats {
    uint64_t begun, ended, unlisted;
    uint32_t in_flight, capacity;
};

int smk_requests_init(uint32_t capacity);
void smk_requests_stats(struct smk_requests_stats *stats);
/* Calls visit with a copy of each request in flight until it returns false. One that ends meanwhile may be
 * among them, or not. */
void smk_requests_each(bool (*visit)(const struct smk_flight *flight, void *arg), void *arg);

void smk_requests_reset_in_child(void);

#endif
