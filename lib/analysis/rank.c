#include "analysis/rank.h"

#include <string.h>

/* How many of C(n, k) there are: n is 40 at most. */
static uint64_t choose(uint32_t n, uint32_t k)
{
    uint64_t ways = 1;
    for (uint32_t i = 1; i <= k; i++)
        ways = ways * (n - k + i) / i; /* each step is a whole binomial coefficient */
    return ways;
}

static uint32_t share(uint64_t part, uint64_t all)
{
    return (uint32_t)(((__uint128_t)part * SMK_PPB + all - 1) / all);
}

uint32_t smk_rank_least(uint32_t count_a, uint32_t count_b)
{
    if (count_a == 0 || count_b == 0 || count_a > SMK_RANK_MAX || count_b > SMK_RANK_MAX)
        return SMK_PPB;
    return share(1, choose(count_a + count_b, count_a));
}

/* Twice the middle rank of `value` among all: a whole number also where several are equal. */
static uint32_t double_rank(uint64_t value, const uint64_t *all, uint32_t count)
{
    uint32_t below = 0, equal = 0;
    for (uint32_t i = 0; i < count; i++) {
        below += all[i] < value;
        equal += all[i] == value;
    }
    return 2 * below + equal + 1;
}

uint32_t smk_rank_lower(struct smk_rank *rank, const uint64_t *a, uint32_t count_a, const uint64_t *b,
                        uint32_t count_b)
{
    uint64_t all[2 * SMK_RANK_MAX];
    uint32_t count = count_a + count_b, seen = 0, sums = 0;
    if (smk_rank_least(count_a, count_b) == SMK_PPB)
        return SMK_PPB;
    memcpy(all, a, count_a * sizeof(*a));
    memcpy(all + count_a, b, count_b * sizeof(*b));
    memset(rank->ways, 0, sizeof(rank->ways));
    rank->ways[0][0] = 1;
    /* ways[k][s]: to choose k of the figures so far, with s for the sum of their doubled ranks */
    for (uint32_t i = 0; i < count; i++) {
        uint32_t r = double_rank(all[i], all, count);
        seen += i < count_a ? r : 0;
        sums = (uint32_t)smk_min_u64(sums + r, SMK_ARRAY_LEN(rank->ways[0]) - 1);
        for (uint32_t k = (uint32_t)smk_min_u64(i + 1, count_a); k > 0; k--)
            for (uint32_t s = sums; s >= r; s--)
                rank->ways[k][s] += rank->ways[k - 1][s - r];
    }
    uint64_t as_low = 0;
    for (uint32_t s = 0; s <= seen; s++)
        as_low += rank->ways[count_a][s];
    return share(as_low, choose(count, count_a));
}
