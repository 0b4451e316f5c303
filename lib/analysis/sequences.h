/* sequences.h: waits for the network that a request made one after the other, for different peers, with little in
 * between: side by side they would have taken as long as the longest.
 *
 * Bounds: SMK_SEQUENCE_STEPS peers of a request, SMK_SEQUENCE_PEERS of a route; a request with more is left out.
 *
 * One thread at a time. Since 0.1.
 */
#ifndef SMK_ANALYSIS_SEQUENCES_H
#define SMK_ANALYSIS_SEQUENCES_H

#include "analysis/call_waits.h"
#include "analysis/map.h"
#include "base/mem.h"

#define SMK_SEQUENCE_STEPS 16u
#define SMK_SEQUENCE_PEERS 8u

struct smk_sequence_step {
    uint32_t what, stack; /* stack: of the longest wait */
    uint64_t begin, end;  /* of the first and of the last wait for this peer */
    uint64_t ns, longest;
};

/* Of a request in flight. */
struct smk_sequence_flight {
    uint64_t request; /* 0: free */
    uint32_t next_free, count;
    uint32_t process;
    bool refused; /* it had too many, or two at once */
    struct smk_sequence_step steps[SMK_SEQUENCE_STEPS];
};

/* A peer of a route. */
struct smk_sequence_peer {
    uint32_t what, stack;
    uint64_t ns, count, longest;
};

struct smk_sequence {
    uint32_t route;          /* index */
    uint64_t requests;       /* of which it was so */
    uint64_t waited, gain;   /* ns: all of their waits; sum less maximum */
    uint64_t max_gain, max_begin, max_request, max_ns; /* of the one with most to gain; max_request with its process */
    uint32_t process;
    uint32_t peer_count;
    struct smk_sequence_peer peers[SMK_SEQUENCE_PEERS];
};

struct smk_sequences {
    struct smk_sequence_flight *flights;
    uint32_t flight_count, flight_capacity, free_flight; /* free_flight: number + 1 */
    struct smk_map by_request;
    struct smk_sequence *array;
    uint32_t count, capacity;
    struct smk_map by_route;
};

/* A wait for the network in a request; others are passed over. */
void smk_sequences_wait(struct smk_sequences *sequences, struct smk_mem *mem, const struct smk_call_wait *wait);
/* The request ended, as one of this route (SMK_MAP_NONE: it counts for none). */
void smk_sequences_end(struct smk_sequences *sequences, struct smk_mem *mem, uint64_t request, uint32_t route);
/* Requests or waits are not recorded for a while: what is in flight says nothing any more. */
void smk_sequences_forget(struct smk_sequences *sequences);
void smk_sequences_free(struct smk_sequences *sequences, struct smk_mem *mem);

#endif
