/* front.h: what the three fronts have in common: letting a request in, the headers of every answer, how slow a
 * client may be, and what is counted.
 */
#ifndef SMK_AGENT_FRONT_H
#define SMK_AGENT_FRONT_H

#include "exchange.h"
#include "fronts.h"
#include "gate.h"

/* Asks the gate. An exchange to submit; or NULL, and `refusal` is the answer. `peer` is for the audit line.
 * Any thread. */
struct smk_exchange *smk_front_admit(const struct smk_gate_head *head, const char *peer,
                                     struct smk_answer *refusal);

/* 503 with Retry-After: the loop does not take it, or too many clients wait or download. */
void smk_front_busy(struct smk_answer *answer, const char *why);

/* Calls `put` for each header of the answer, and then for those that every answer has, where it has none of
 * that name. Content-Length and Transfer-Encoding are the front's own. */
void smk_front_headers(const struct smk_answer *answer,
                       void (*put)(void *arg, const char *name, const char *value), void *arg);

/* http_stall, as the doors were opened with it. Any thread. */
uint64_t smk_front_stall(void);
void smk_front_set_stall(uint64_t ns);

/* In a fork's child, each part of smk_fronts_reset_in_child. */
void smk_gate_reset_in_child(void);
void smk_front_tcp_reset_in_child(void);
void smk_front_unix_reset_in_child(void);
void smk_front_evhttp_reset_in_child(void);

/* ---- pace ------------------------------------------------------------------------------------------- */

/* A client that is waited for must take at least this much a second, on average over each stretch of
 * http_stall spent waiting: one byte now and then does not keep a connection. */
#define SMK_PACE_LEAST 4096u

struct smk_pace {
    uint64_t stall_ns;
    uint64_t waited_ns, taken; /* of the stretch so far */
};

void smk_pace_begin(struct smk_pace *pace, uint64_t stall_ns);
/* The client took `bytes` while it was waited for so long. False: it is too slow. */
bool smk_pace_goes_on(struct smk_pace *pace, uint64_t bytes, uint64_t waited_ns);

/* ---- counters: added to with smk_add_relaxed --------------------------------------------------------------- */

extern struct smk_fronts_stats smk_fronts_counts;

#define smk_front_count(what) ((void)smk_add_relaxed(&smk_fronts_counts.what, 1))

#endif
