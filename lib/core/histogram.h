/* histogram.h: how often something took how long, kept while it happens.
 *
 * Eight buckets an octave, from 2^10 ns (1 us) to 2^42 ns (73 minutes), and one below: a duration is known to
 * an eighth of itself. Any thread adds, with two additions that no other thread has to see in order. So a
 * copy that is taken meanwhile may have a bucket without its sum or the other way round, by as many as were
 * being added just then, and never loses one for good.
 *
 * A figure out of it is a range, the bucket's bounds, and not a number in between that nobody measured.
 */
#ifndef SMK_CORE_HISTOGRAM_H
#define SMK_CORE_HISTOGRAM_H

#include "base/atomic.h"
#include "base/compiler.h"

#define SMK_HISTOGRAM_FIRST   10 /* log2 of the ns from which buckets are */
#define SMK_HISTOGRAM_OCTAVES 32
#define SMK_HISTOGRAM_STEPS   8
#define SMK_HISTOGRAM_BUCKETS (1 + SMK_HISTOGRAM_OCTAVES * SMK_HISTOGRAM_STEPS)

/* All atomic, or a copy, which is not. */
struct smk_histogram {
    uint64_t sum_ns, max_ns;
    uint64_t buckets[SMK_HISTOGRAM_BUCKETS];
};

/* 0: below the first; what is longer than the last is in the last. */
SMK_INLINE unsigned smk_histogram_bucket(uint64_t ns)
{
    unsigned log2 = 63 - (unsigned)__builtin_clzll(ns | 1);
    if (log2 < SMK_HISTOGRAM_FIRST)
        return 0;
    if (log2 >= SMK_HISTOGRAM_FIRST + SMK_HISTOGRAM_OCTAVES)
        return SMK_HISTOGRAM_BUCKETS - 1;
    return 1 + (log2 - SMK_HISTOGRAM_FIRST) * SMK_HISTOGRAM_STEPS + (unsigned)(ns >> (log2 - 3) & 7);
}

/* Of a histogram that only this thread and its signal handlers add to. */
SMK_INLINE void smk_histogram_add_own(struct smk_histogram *h, uint64_t ns, uint64_t times)
{
    smk_local_sum(&h->buckets[smk_histogram_bucket(ns)], times);
    smk_local_sum(&h->sum_ns, ns * times);
    uint64_t max = smk_load_relaxed(&h->max_ns);
    while (SMK_UNLIKELY(ns > max) && !smk_local_cas(&h->max_ns, &max, ns))
        ;
}

SMK_INLINE void smk_histogram_add(struct smk_histogram *h, uint64_t ns, uint64_t times)
{
    smk_add_relaxed(&h->buckets[smk_histogram_bucket(ns)], times);
    smk_add_relaxed(&h->sum_ns, ns * times);
    uint64_t max = smk_load_relaxed(&h->max_ns);
    while (SMK_UNLIKELY(ns > max) && !smk_cas_relaxed(&h->max_ns, &max, ns))
        ;
}

/* The durations in bucket `number` are in [low, high); the last one's high is UINT64_MAX. */
void smk_histogram_bounds(unsigned number, uint64_t *low, uint64_t *high);

/* Adds what `h` has now to `to`. */
void smk_histogram_collect(struct smk_histogram *to, const struct smk_histogram *h);
/* Takes an earlier copy of the same away from a later one. The longest is then the upper bound of the
 * highest bucket in which something is left, at most what it was. */
void smk_histogram_subtract(struct smk_histogram *later, const struct smk_histogram *earlier);

uint64_t smk_histogram_count(const struct smk_histogram *h);

struct smk_range {
    uint64_t low, high; /* ns; the value is in [low, high] */
};

/* The duration that `per_mille` thousandths of all do not exceed (500, 990); {0, 0} where there are none. */
struct smk_range smk_histogram_quantile(const struct smk_histogram *h, unsigned per_mille);

/* How many took longer than `ns`: at least low, at most high. */
struct smk_range smk_histogram_above(const struct smk_histogram *h, uint64_t ns);

#endif
