/* dist.h: the distribution of lengths of time: count, total, max and quantiles.
 *
 * Up to SMK_DIST_EXACT values are kept as they are, and quantiles are exact. Beyond that they are
 * counted in buckets, 64 to an octave, and a quantile is the middle of its bucket: within 0.8 %.
 * A quantile q is the value at rank ceil(q * count): of two values, p50 is the smaller.
 *
 * One thread at a time. Since 0.1.
 */
#ifndef SMK_ANALYSIS_DIST_H
#define SMK_ANALYSIS_DIST_H

#include "base/mem.h"

#define SMK_DIST_EXACT       4096
#define SMK_DIST_ERROR_MILLE 8 /* of a quantile that is not exact: 8 in 1,000 */

struct smk_dist {
    uint64_t count, total, max; /* ns; exact always */
    uint64_t *values;           /* while count <= SMK_DIST_EXACT */
    uint32_t *buckets;          /* after that */
    uint32_t capacity;
    bool sorted;
};

/* {0} is an empty distribution. False when there is no memory: then the value is not in it. */
bool smk_dist_add(struct smk_dist *dist, struct smk_mem *mem, uint64_t ns);
void smk_dist_free(struct smk_dist *dist, struct smk_mem *mem);

/* `permille`: 500 for p50, 990 for p99. 0 for an empty one. Sorts the values. */
uint64_t smk_dist_quantile(struct smk_dist *dist, unsigned permille);

SMK_INLINE bool smk_dist_exact(const struct smk_dist *dist) { return !dist->buckets; }
SMK_INLINE uint64_t smk_dist_mean(const struct smk_dist *dist)
{
    return dist->count ? dist->total / dist->count : 0;
}

#endif
