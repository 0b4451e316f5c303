/* rank.h: do figures of one side tend to be smaller than those of the other? The rank test of Mann and Whitney (1947),
 * exact, ties by their middle rank: among all ways to deal the figures out to two sides, how many put as little on
 * the first side as was seen. No distribution is assumed, and nothing is approximated.
 *
 * One thread at a time. Since 0.1.
 */
#ifndef SMK_ANALYSIS_RANK_H
#define SMK_ANALYSIS_RANK_H

#include "base/compiler.h"

#define SMK_RANK_MAX 20u /* figures of a side: C(40, 20) ways are counted in 64 bits */
#define SMK_PPB      1000000000u

/* Some 270 KiB, for the caller to keep. */
struct smk_rank {
    uint64_t ways[SMK_RANK_MAX + 1][4 * SMK_RANK_MAX * SMK_RANK_MAX + 1];
};

/* How likely it is, in 1,000,000,000ths and rounded up, that the ranks of `a` are as low as they are, or lower, if both
 * sides are of one kind. SMK_PPB where a side is empty or has too many. */
uint32_t smk_rank_lower(struct smk_rank *rank, const uint64_t *a, uint32_t count_a, const uint64_t *b,
                        uint32_t count_b);

/* The least that can come out with so many figures. */
uint32_t smk_rank_least(uint32_t count_a, uint32_t count_b);

#endif
