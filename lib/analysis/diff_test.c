/* diff_test.c: what a diff claims, and what not. Requests of one moment are alike: a test that took each for a witness
 * of its own would be sure of anything. So each side's are cut into slices of time, 20 at most, and a slice is one
 * witness. The figures of BEFORE are moved by what a change has to be at least; what is tested is whether
 * AFTER is beyond that. */
#include "analysis/diff_state.h"

#include "base/sort.h"

uint64_t smk_diff_scale(uint64_t value, uint64_t of, uint64_t by)
{
    __uint128_t scaled = (__uint128_t)value * of / smk_max_u64(by, 1);
    return scaled > UINT64_MAX ? UINT64_MAX : (uint64_t)scaled;
}

static bool value_before(const void *a, const void *b) { return *(const uint64_t *)a < *(const uint64_t *)b; }

static void tested(struct smk_diff *diff, struct smk_diff_figure *figure, uint32_t ppb, uint32_t count_before,
                   uint32_t count_after)
{
    figure->tested = true;
    /* Fell or rose: two questions, and each may err. */
    figure->ppb = ppb > SMK_PPB / 2 ? SMK_PPB : 2 * ppb;
    figure->least = smk_rank_least(count_before, count_after);
    figure->least = figure->least > SMK_PPB / 2 ? SMK_PPB : 2 * figure->least;
    diff->tests++;
}

void smk_diff_test(struct smk_diff *diff, struct smk_diff_figure *figure, uint64_t *before, uint32_t count_before,
                   uint64_t *after, uint32_t count_after)
{
    uint64_t moved[SMK_RANK_MAX];
    if (count_before == 0 || count_after == 0 || count_before > SMK_RANK_MAX || count_after > SMK_RANK_MAX) {
        figure->verdict = SMK_DIFF_FEW;
        return;
    }
    figure->drift = (uint32_t)smk_max_u64(smk_diff_drift(before, count_before), smk_diff_drift(after, count_after));
    smk_sort(before, count_before, sizeof(*before), value_before);
    smk_sort(after, count_after, sizeof(*after), value_before);
    uint64_t middle_before = before[count_before / 2], middle_after = after[count_after / 2];
    figure->rose = middle_after > middle_before;
    for (uint32_t i = 0; i < count_before; i++)
        moved[i] = smk_diff_scale(before[i], figure->rose ? 100 + SMK_DIFF_LEAST_PERCENT
                                                          : 100 - SMK_DIFF_LEAST_PERCENT, 100);
    uint32_t ppb = figure->rose ? smk_rank_lower(diff->rank, moved, count_before, after, count_after)
                                : smk_rank_lower(diff->rank, after, count_after, moved, count_before);
    if (figure->rose)
        figure->apart = middle_after > before[count_before - 1 - count_before / 4] &&
                        middle_before < after[count_after / 4];
    else
        figure->apart = middle_after < before[count_before / 4] &&
                        middle_before > after[count_after - 1 - count_after / 4];
    tested(diff, figure, ppb, count_before, count_after);
}

/* ---- latency ------------------------------------------------------------------------------------------- */

static uint32_t slices_of(const struct smk_samples *samples)
{
    return (uint32_t)smk_min_u64(samples->count / SMK_DIFF_SLICE_LEAST, SMK_RANK_MAX);
}

/* The first sample of a slice; of the one behind the last, their number. */
static uint32_t slice_begin(const struct smk_samples *samples, uint32_t slice, uint32_t slices)
{
    return (uint32_t)((uint64_t)samples->count * slice / slices);
}

/* Of `count` of them, at least 1. */
static uint64_t quantile_of(const struct smk_sample *samples, uint32_t count, uint32_t percent, uint64_t *sorted)
{
    for (uint32_t k = 0; k < count; k++)
        sorted[k] = samples[k].ns;
    smk_sort(sorted, count, sizeof(*sorted), value_before);
    return sorted[((uint64_t)count * percent + 99) / 100 - 1];
}

/* Each slice's median. */
static uint32_t medians(const struct smk_samples *samples, uint64_t *sorted, uint64_t medians_of[SMK_RANK_MAX])
{
    uint32_t slices = slices_of(samples);
    for (uint32_t i = 0; i < slices; i++) {
        uint32_t from = slice_begin(samples, i, slices), count = slice_begin(samples, i + 1, slices) - from;
        medians_of[i] = quantile_of(samples->array + from, count, 50, sorted);
    }
    return slices;
}

/* Of each slice the millionths that are longer than `than`. */
static uint32_t longer(const struct smk_samples *samples, uint64_t than, uint64_t shares[SMK_RANK_MAX])
{
    uint32_t slices = slices_of(samples);
    for (uint32_t i = 0; i < slices; i++) {
        uint32_t from = slice_begin(samples, i, slices), to = slice_begin(samples, i + 1, slices), count = 0;
        for (uint32_t k = from; k < to; k++)
            count += samples->array[k].ns > than;
        shares[i] = (uint64_t)count * 1000000 / (to - from);
    }
    return slices;
}

/* By how much the p99 of a quarter differs from that of another, of a side. */
static uint32_t tail_drift(const struct smk_samples *samples, uint64_t *sorted)
{
    uint64_t tails[SMK_DIFF_QUARTERS];
    for (uint32_t i = 0; i < SMK_DIFF_QUARTERS; i++) {
        uint32_t from = slice_begin(samples, i, SMK_DIFF_QUARTERS);
        uint32_t count = slice_begin(samples, i + 1, SMK_DIFF_QUARTERS) - from;
        tails[i] = quantile_of(samples->array + from, count, 99, sorted);
    }
    return smk_diff_drift(tails, SMK_DIFF_QUARTERS);
}

/* Were they of one kind, no more of the one than of the other would be longer than the shorter p99. It is moved by
 * what a change has to be at least. */
static void test_tail(struct smk_diff *diff, struct smk_diff_figure *figure, const struct smk_samples *before,
                      const struct smk_samples *after, uint64_t *sorted)
{
    uint64_t shares[2][SMK_RANK_MAX];
    if (before->count < SMK_DIFF_TAIL_LEAST || after->count < SMK_DIFF_TAIL_LEAST) {
        figure->verdict = SMK_DIFF_FEW;
        return;
    }
    figure->rose = figure->value[1] > figure->value[0];
    uint64_t than = smk_diff_scale(smk_min_u64(figure->value[0], figure->value[1]), 100 + SMK_DIFF_LEAST_PERCENT, 100);
    uint32_t count_before = longer(before, than, shares[0]);
    uint32_t count_after = longer(after, than, shares[1]);
    uint32_t ppb = figure->rose
                       ? smk_rank_lower(diff->rank, shares[0], count_before, shares[1], count_after)
                       : smk_rank_lower(diff->rank, shares[1], count_after, shares[0], count_before);
    figure->apart = true;
    figure->drift = (uint32_t)smk_max_u64(tail_drift(before, sorted), tail_drift(after, sorted));
    tested(diff, figure, ppb, count_before, count_after);
}

void smk_diff_test_latency(struct smk_diff *diff, struct smk_diff_route *route)
{
    uint64_t middles[2][SMK_RANK_MAX];
    struct smk_samples *before = &route->route[0]->samples, *after = &route->route[1]->samples;
    size_t bytes = ((size_t)before->count + after->count + 1) * sizeof(uint64_t);
    uint64_t *sorted = smk_mem_new(diff->mem, bytes);
    if (!sorted)
        return;
    smk_samples_sort(before);
    smk_samples_sort(after);
    uint32_t count_before = medians(before, sorted, middles[0]), count_after = medians(after, sorted, middles[1]);
    smk_diff_test(diff, &route->p50, middles[0], count_before, middles[1], count_after);
    test_tail(diff, &route->p99, before, after, sorted);
    smk_mem_free(diff->mem, sorted, bytes);
}

/* ---- all together ---------------------------------------------------------------------------------------- */

uint32_t smk_diff_change_mille(const struct smk_diff_figure *figure)
{
    uint64_t a = figure->value[0], b = figure->value[1];
    return smk_per_mille(a > b ? a - b : b - a, a);
}

bool smk_diff_claimed(const struct smk_diff_figure *figure)
{
    return figure->verdict == SMK_DIFF_FELL || figure->verdict == SMK_DIFF_ROSE;
}

void smk_diff_conclude(const struct smk_diff *diff, struct smk_diff_figure *figure)
{
    uint64_t a = figure->value[0], b = figure->value[1];
    uint64_t moved = figure->rose ? smk_diff_scale(a, 100 + SMK_DIFF_LEAST_PERCENT, 100)
                                  : smk_diff_scale(a, 100 - SMK_DIFF_LEAST_PERCENT, 100);
    if (!figure->tested)
        return;
    if (figure->least > diff->limit)
        figure->verdict = SMK_DIFF_FEW;
    else if (figure->ppb <= diff->limit && figure->apart && (figure->rose ? b > a && b >= moved : b < a && b <= moved))
        figure->verdict = figure->rose ? SMK_DIFF_ROSE : SMK_DIFF_FELL;
}
