#include "core/histogram.h"

void smk_histogram_bounds(unsigned number, uint64_t *low, uint64_t *high)
{
    *low = 0;
    *high = UINT64_C(1) << SMK_HISTOGRAM_FIRST;
    if (number == 0)
        return;
    unsigned octave = (number - 1) / SMK_HISTOGRAM_STEPS, step = (number - 1) % SMK_HISTOGRAM_STEPS;
    uint64_t width = UINT64_C(1) << (SMK_HISTOGRAM_FIRST + octave - 3);
    *low = (SMK_HISTOGRAM_STEPS + step) * width;
    *high = number == SMK_HISTOGRAM_BUCKETS - 1 ? UINT64_MAX : *low + width;
}

void smk_histogram_collect(struct smk_histogram *to, const struct smk_histogram *h)
{
    to->sum_ns += smk_load_relaxed(&h->sum_ns);
    to->max_ns = smk_max_u64(to->max_ns, smk_load_relaxed(&h->max_ns));
    for (unsigned i = 0; i < SMK_HISTOGRAM_BUCKETS; i++)
        to->buckets[i] += smk_load_relaxed(&h->buckets[i]);
}

void smk_histogram_subtract(struct smk_histogram *later, const struct smk_histogram *earlier)
{
    uint64_t low, high = 0;
    later->sum_ns -= earlier->sum_ns;
    for (unsigned i = 0; i < SMK_HISTOGRAM_BUCKETS; i++) {
        later->buckets[i] -= earlier->buckets[i];
        if (later->buckets[i])
            smk_histogram_bounds(i, &low, &high);
    }
    if (later->max_ns == earlier->max_ns || high == 0)
        later->max_ns = smk_min_u64(later->max_ns, high);
}

uint64_t smk_histogram_count(const struct smk_histogram *h)
{
    uint64_t count = 0;
    for (unsigned i = 0; i < SMK_HISTOGRAM_BUCKETS; i++)
        count += h->buckets[i];
    return count;
}

/* A longest that is smaller than its bucket comes from a copy made while it was being added. */
static uint64_t highest_in(const struct smk_histogram *h, uint64_t low, uint64_t high)
{
    return h->max_ns >= low && h->max_ns < high ? h->max_ns : high;
}

struct smk_range smk_histogram_quantile(const struct smk_histogram *h, unsigned per_mille)
{
    struct smk_range range = {0, 0};
    uint64_t count = smk_histogram_count(h), seen = 0;
    uint64_t rank = (uint64_t)(((__uint128_t)count * per_mille + 999) / 1000);
    if (rank == 0)
        rank = 1;
    for (unsigned i = 0; count > 0 && i < SMK_HISTOGRAM_BUCKETS; i++) {
        seen += h->buckets[i];
        if (seen < rank)
            continue;
        smk_histogram_bounds(i, &range.low, &range.high);
        range.high = highest_in(h, range.low, range.high);
        break;
    }
    return range;
}

struct smk_range smk_histogram_above(const struct smk_histogram *h, uint64_t ns)
{
    struct smk_range range = {0, 0};
    unsigned at = smk_histogram_bucket(ns);
    for (unsigned i = at + 1; i < SMK_HISTOGRAM_BUCKETS; i++)
        range.low += h->buckets[i];
    range.high = range.low + (h->max_ns > ns ? h->buckets[at] : 0);
    return range;
}
