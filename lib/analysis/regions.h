/* regions.h: regions of threads, which nest, and regions of requests, which need not: how often, how
 * long, how much of it waiting.
 *
 * Unbalanced use is repaired: an end closes the innermost open region of its site and, as forgotten,
 * all inside it; an end without a begin is ignored. Both are counted. A region that was open before
 * the trace began ends without a begin too.
 *
 * One thread at a time. Since 0.1.
 */
#ifndef SMK_ANALYSIS_REGIONS_H
#define SMK_ANALYSIS_REGIONS_H

#include "analysis/dist.h"
#include "analysis/latency.h"
#include "analysis/states.h"

#define SMK_REGION_DEPTH_MAX 256u

struct smk_region_stats {
    uint32_t site;
    bool of_request;
    struct smk_dist length;
    uint64_t total;  /* ns; a region inside one of its own site is not counted twice */
    uint64_t self;   /* ns without inner regions */
    uint64_t waited; /* ns of total */
};

struct smk_regions {
    uint64_t from; /* the window's begin */
    struct smk_region_stats *array;
    uint32_t count, capacity;
    struct smk_map by_site; /* site, and of_request in bit 32 */
    uint64_t forgotten; /* ended with their outer one */
    uint64_t unmatched; /* ends without a begin */
    uint64_t too_deep;  /* begins beyond SMK_REGION_DEPTH_MAX */
    uint64_t open;      /* at the end of the window */
    uint64_t ended;
};

void smk_regions_free(struct smk_regions *regions, struct smk_mem *mem);

void smk_regions_begin(struct smk_regions *regions, struct smk_mem *mem, struct smk_state *state,
                       uint32_t site, uint64_t time);
void smk_regions_end(struct smk_regions *regions, struct smk_mem *mem, struct smk_state *state,
                     struct smk_latency *latency, uint32_t site, uint64_t time);
/* The thread ended. */
void smk_regions_thread_end(struct smk_regions *regions, struct smk_mem *mem, struct smk_state *state,
                            struct smk_latency *latency, uint64_t time);
/* A region of a request ended. */
void smk_regions_of_request(struct smk_regions *regions, struct smk_mem *mem, uint32_t site,
                            uint64_t time, uint64_t duration);
/* The thread waited for ns, up to `end`. */
void smk_regions_wait(struct smk_state *state, uint64_t end, uint64_t ns);
/* Counts what is open. */
void smk_regions_finish(struct smk_regions *regions, const struct smk_states *states);

#endif
