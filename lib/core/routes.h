/* routes.h: how long requests take, by route, and waits, by kind, while they happen: for rules and /metrics.
 *
 * A route has figures from its first request on, as long as there is room (256 by default); what comes
 * later is "other" and counted. Where a stranger chose the name, the first that was not refused as the
 * client's fault counts, and those before it are "other": whoever asks for pages that do not exist takes no
 * room from those that do. Nothing is ever removed.
 *
 * Routes of requests that the source marks are names in smk_strings already. Names that strangers chose come
 * through smk_route_string, which bounds how many of them get there.
 *
 * Each figure is kept eight times, by thread, and added up when somebody looks: the first four threads have one each
 * to themselves and add without a locked instruction. Any thread, signal handlers
 * too, without a lock.
 */
#ifndef SMK_CORE_ROUTES_H
#define SMK_CORE_ROUTES_H

#include "core/histogram.h"
#include "core/thread.h"
#include "format/events.h"

#define SMK_ROUTES_DEFAULT 256
#define SMK_ROUTES_LIMIT   4096

/* How many names of strangers get an id, for each route that there is room for. */
#define SMK_ROUTES_NAMES_PER_ROUTE 4

/* How a request ended. */
enum smk_outcome {
    SMK_OUTCOME_GOOD = 0,
    SMK_OUTCOME_FAILED,  /* by the service's fault: counted as an error */
    SMK_OUTCOME_REFUSED, /* by the client's: gives no new route room */
    SMK_OUTCOMES
};

/* What HTTP's 5xx and 4xx say; any other number is good. */
enum smk_outcome smk_outcome_of(uint32_t status);

/* At each arming. 0 or SMK_E_NOMEM: then there are no figures. */
int smk_routes_prepare(void);
/* Before the first arming: 1 to SMK_ROUTES_LIMIT. SMK_E_INVALID; SMK_E_BUSY after it. */
int smk_routes_set_capacity(uint32_t capacity);
void smk_routes_reset_in_child(void);

/* The id in smk_strings of a name that a stranger chose; that of "other" where there are too many; 0 before the
 * first arming. */
uint32_t smk_route_string(const char *name, uint32_t len);

/* So many requests of this route ended, all after so long; t: the thread that says so, NULL: one without a slot. */
void smk_route_ended(const struct smk_thread *t, uint32_t route, uint64_t ticks, enum smk_outcome outcome,
                     uint32_t times);

/* A wait ended. */
void smk_wait_ended(const struct smk_thread *t, enum smk_wait_kind kind, uint64_t ticks);

/* ---- to look at ------------------------------------------------------------------------------------------
 *
 * From any thread of ours, not in signal handlers. A later copy less an earlier one (smk_histogram_subtract) is
 * what happened in between. */

struct smk_route_view {
    uint32_t route; /* id of a string; 0: "other" */
    uint32_t in_flight;
    uint64_t outcomes[SMK_OUTCOMES];
    struct smk_histogram latency;
};

/* Calls visit for each route that has figures, and last for "other", until it returns false. `view` is the
 * caller's room, used again for each. Visit calls none of these. */
void smk_routes_each(struct smk_route_view *view, bool (*visit)(const struct smk_route_view *view, void *arg),
                     void *arg);
/* One of them, 0 for "other"; false where it has no figures. */
bool smk_route_get(uint32_t route, struct smk_route_view *view);

/* The waits of a kind so far. */
void smk_waits_get(enum smk_wait_kind kind, struct smk_histogram *waits);

struct smk_routes_stats {
    uint32_t routes, capacity; /* with figures; how many may have */
    uint32_t names, names_max; /* that strangers chose */
    uint64_t names_refused;    /* requests whose name was taken for "other" */
    uint64_t unlisted;         /* requests that ended in "other" for want of room */
};

void smk_routes_stats(struct smk_routes_stats *stats);

#endif
