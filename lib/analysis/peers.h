/* peers.h: how long the requests of each route waited for each peer: in calls on its socket, or while a loop had
 * asked it and went on with other work.
 *
 * Of a request the time counts once, however many threads wait for the same peer at a moment.
 *
 * Bounds: SMK_PEERS_OF_REQUEST peers of a request, SMK_PEERS_MAX of all routes; what is beyond is counted.
 *
 * One thread at a time. Since 0.1.
 */
#ifndef SMK_ANALYSIS_PEERS_H
#define SMK_ANALYSIS_PEERS_H

#include "analysis/call_waits.h"
#include "analysis/map.h"
#include "base/mem.h"

#define SMK_PEERS_OF_REQUEST 8u
#define SMK_PEERS_MAX        4096u

/* Of a request in flight. */
struct smk_peer_flight {
    uint64_t request; /* with its process; 0: free */
    uint32_t next_free, count, process;
    struct {
        uint32_t what, stack;    /* stack: of the longest wait */
        uint64_t begin, end;     /* of the first; of the last so far */
        uint64_t ns, longest;
    } peers[SMK_PEERS_OF_REQUEST];
};

struct smk_peer {
    uint32_t route; /* index */
    uint32_t what;  /* string */
    uint32_t stack; /* of the longest wait */
    uint32_t process;
    uint64_t requests, ns, longest;
    uint64_t max_ns, max_begin, max_request; /* of the request that waited longest; with its process */
};

struct smk_peers {
    struct smk_peer_flight *flights;
    uint32_t flight_count, flight_capacity, free_flight; /* free_flight: number + 1 */
    struct smk_map by_request;
    struct smk_peer *array;
    uint32_t count, capacity;
    struct smk_map by_peer; /* route and what */
    uint64_t refused;
};

/* A wait for the network in a request; others are passed over. */
void smk_peers_wait(struct smk_peers *peers, struct smk_mem *mem, const struct smk_call_wait *wait);
/* The request ended, as one of this route (SMK_MAP_NONE: it counts for none). */
void smk_peers_end(struct smk_peers *peers, struct smk_mem *mem, uint64_t request, uint32_t route);
/* Requests or waits are not recorded for a while. */
void smk_peers_forget(struct smk_peers *peers);
void smk_peers_free(struct smk_peers *peers, struct smk_mem *mem);

#endif
