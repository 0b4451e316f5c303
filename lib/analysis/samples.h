/* samples.h: some of many latencies, each of them as likely as any other to be among those kept (algorithm R, Vitter
 * 1985). Which they are depends on their number alone: the same trace gives the same ones.
 *
 * One thread at a time. Since 0.1.
 */
#ifndef SMK_ANALYSIS_SAMPLES_H
#define SMK_ANALYSIS_SAMPLES_H

#include "base/mem.h"

struct smk_sample {
    uint64_t end, ns; /* when the request ended, and how long it had taken */
};

struct smk_samples {
    struct smk_sample *array;
    uint32_t count, capacity;
    uint64_t offered;
};

/* `max` 0: none are kept. What finds no memory is not in them. */
void smk_samples_offer(struct smk_samples *samples, struct smk_mem *mem, uint32_t max, uint64_t end, uint64_t ns);
void smk_samples_free(struct smk_samples *samples, struct smk_mem *mem);

/* Into the order of time. */
void smk_samples_sort(struct smk_samples *samples);

#endif
