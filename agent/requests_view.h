/* requests_view.h: the requests of this process at one moment, for requests_route.c and requests_text.c. */
#ifndef SMK_AGENT_REQUESTS_VIEW_H
#define SMK_AGENT_REQUESTS_VIEW_H

#include "core/ended.h"
#include "core/request.h"
#include "threads_view.h"

struct smk_requests_view {
    struct smk_threads_view threads;
    struct smk_requests_stats stats;
    struct smk_flight *flights; /* the oldest first */
    uint32_t flight_count, flight_capacity;
    struct smk_ended recent[SMK_ENDED_RECENT], slowest[SMK_ENDED_SLOWEST];
    uint32_t recent_count, slowest_count;
    uint64_t now; /* ticks */
    int64_t unix_ns;
};

/* ns from a tick to now. */
uint64_t smk_requests_age(const struct smk_requests_view *view, uint64_t tick);
/* "other" for one without a name. */
const char *smk_requests_route(struct smk_requests_view *view, uint32_t route);

/* 0, or what `put` said. */
int smk_requests_text(struct smk_requests_view *view, uint32_t max, smk_report_put put, void *arg);
/* One of them: the other is NULL. */
int smk_request_text(struct smk_requests_view *view, const struct smk_flight *flight, const struct smk_ended *ended,
                     smk_report_put put, void *arg);

#endif
