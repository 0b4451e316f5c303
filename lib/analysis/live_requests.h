/* live_requests.h: the requests of a process as they are now, and that in words.
 *
 * Filled by the agent, and by `stallmark requests` out of the agent's JSON, with files and lines of its own; so curl
 * and the command line read the same, as with live.h's threads, which are in it.
 *
 * One thread at a time. Since 0.1.
 */
#ifndef SMK_ANALYSIS_LIVE_REQUESTS_H
#define SMK_ANALYSIS_LIVE_REQUESTS_H

#include "analysis/live.h"

#define SMK_LIVE_ROUTES  10u
#define SMK_LIVE_OCTAVES 48u /* of ns: up to three days */

struct smk_live_flight {
    uint64_t id, age_ns;
    const char *route;
    uint32_t tid;       /* of the thread that worked for it last */
    const char *thread; /* its name; "": it has gone */
};

struct smk_live_ended {
    uint64_t id, ns;
    int64_t unix_ns; /* of its end */
    const char *route, *thread; /* "": it has gone */
    uint32_t tid, status, more; /* others that were answered with it */
};

struct smk_live_route {
    const char *route;
    uint64_t count, p50_ns, p90_ns, p99_ns, max_ns;
    uint64_t octaves[SMK_LIVE_OCTAVES];
};

struct smk_live_requests {
    const struct smk_live *live; /* those threads at least that work for what is in flight, and whom they wait for */
    bool seen;                   /* something is armed */
    uint64_t ended, unlisted;
    uint32_t capacity; /* of the list of what is in flight */
    uint32_t in_flight; /* in all */
    struct smk_live_flight *flights; /* the oldest first */
    struct smk_live_ended *slowest, *recent;
    uint32_t flight_count, slowest_count, recent_count;
    struct smk_live_route routes[SMK_LIVE_ROUTES];
    uint32_t route_count, routes_left_out;
};

/* The next route, which the caller fills; NULL: there are enough, and it is counted as left out. */
struct smk_live_route *smk_live_add_route(struct smk_live_requests *requests);
/* So many of it took `low_ns` and not much more. */
void smk_live_route_add(struct smk_live_route *route, uint64_t low_ns, uint64_t count);

/* The thread that works for it now; NULL: none. */
const struct smk_live_thread *smk_live_worker(const struct smk_live *live, const struct smk_live_flight *flight);

/* 0, or what `put` said. */
int smk_live_requests_text(const struct smk_live_requests *requests, smk_report_put put, void *arg);
/* One of them: the other is NULL. */
int smk_live_request_text(const struct smk_live *live, const struct smk_live_flight *flight,
                          const struct smk_live_ended *ended, smk_report_put put, void *arg);

#endif
