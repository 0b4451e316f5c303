/* perf_sampler.h: perf events that bring a thread's registers and a piece of its stack: how they are opened, and what
 * the kernel lets us see of them. One of each kind; the writer's.
 */
#ifndef SMK_SOURCE_PERF_SAMPLER_H
#define SMK_SOURCE_PERF_SAMPLER_H

#include "source/perf_ring.h"

struct smk_perf_sampler {
    uint64_t event;  /* of PERF_TYPE_SOFTWARE */
    uint64_t period;
    uint64_t sample; /* PERF_SAMPLE_… beside the time, the registers and the stack */
    uint32_t stack_bytes;
    unsigned least;      /* a ring has 2^least data pages at least */
    bool without_kernel; /* what the kernel does for a thread is not shown to us: smk_perf_sampler_try found out */
};

/* Opens the event for a thread, 0: the calling one; as smk_perf_ring_open. */
int smk_perf_sampler_open(const struct smk_perf_sampler *sampler, struct smk_perf_ring *ring, int tid, unsigned most,
                          bool *mapping);

/* Whether it can be had, with the kernel's part or without it. NULL, or why not: a static string. */
const char *smk_perf_sampler_try(struct smk_perf_sampler *sampler);

#endif
