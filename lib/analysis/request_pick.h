/* request_pick.h: the request that is asked about, and a normal one of its route to hold beside it.
 *
 * The normal one is that whose latency is nearest to the median of its route, among those whose begin and end are
 * in the record. Requests are remembered up to a bound; beyond it they are counted, and no candidates.
 *
 * One thread at a time. Since 0.1.
 */
#ifndef SMK_ANALYSIS_REQUEST_PICK_H
#define SMK_ANALYSIS_REQUEST_PICK_H

#include "analysis/locks.h"
#include "analysis/map.h"
#include "analysis/timeline.h"

#define SMK_PICK_KEPT 1000000u

struct smk_pick_entry {
    uint64_t id, from, to;
    uint32_t process, route;
    bool whole;
};

struct smk_request_pick {
    struct smk_mem *mem;
    smk_trace *trace;
    const char *wanted; /* an id, "slowest", a route, or the begin of one and '*' */
    uint64_t wanted_id;
    uint32_t process; /* that it is of: its number + 1; 0: any */
    bool by_id, slowest;
    struct smk_map route_fits; /* of strings, 0 or 1 */
    struct smk_pick_entry *entries;
    uint32_t count, capacity;
    uint64_t seen, refused;
    uint64_t same; /* requests with the id that was asked for, of several processes */
    struct smk_locks locks; /* what the locks of the trace are called; of waits the sums alone */

    struct smk_span_request request; /* to 0: none fits */
    struct smk_pick_entry normal;    /* to 0: there is none */
    uint64_t of_route, median, rank; /* ended requests of the route; that took longer than this one, and it */
};

/* `wanted` NULL: the slowest. Stays the caller's. */
void smk_request_pick_init(struct smk_request_pick *pick, struct smk_mem *mem, smk_trace *trace, const char *wanted);
void smk_request_pick_free(struct smk_request_pick *pick);

/* The pass. 0; SMK_E_NOTFOUND with what there is; as smk_timeline_run. */
int smk_request_pick_run(struct smk_request_pick *pick, const struct smk_timeline_options *options);

/* The same for who runs over the events anyway. */
void smk_request_pick_request(struct smk_request_pick *pick, const struct smk_span_request *request);
void smk_request_pick_wait(struct smk_request_pick *pick, const struct smk_span_wait *wait);
void smk_request_pick_event(struct smk_request_pick *pick, const smk_event *event);

#endif
