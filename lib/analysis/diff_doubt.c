/* diff_doubt.c: what a diff does not claim although a test of ranks says that chance does not do so. The slices of one
 * trace have more in common than those of two: the machine was in one mood. So a change has to be larger than what
 * either trace shows within itself, and much larger where the CPUs were not as free on both sides. */
#include "analysis/diff_state.h"

#include "base/sort.h"

#define QUARTERS        4u
#define DRIFTS          2u    /* a change has to be so many times what a side moves within itself */
#define BUSIER_PERCENT  130u  /* from here on one side was busier … */
#define BUSIER_LEAST    20u   /* … if it was without a CPU for a twentieth of the time at least */
#define BUSIER_FACTOR   2000u /* thousandths: by which figures have to differ then */

static bool value_before(const void *a, const void *b) { return *(const uint64_t *)a < *(const uint64_t *)b; }

static uint64_t middle_of(const uint64_t *slices, uint32_t count)
{
    uint64_t sorted[SMK_RANK_MAX];
    for (uint32_t i = 0; i < count; i++)
        sorted[i] = slices[i];
    smk_sort(sorted, count, sizeof(*sorted), value_before);
    return sorted[count / 2];
}

/* `slices` in order of time. */
uint32_t smk_diff_drift(const uint64_t *slices, uint32_t count)
{
    uint64_t least = UINT64_MAX, most = 0;
    if (count < 2 * QUARTERS)
        return 0;
    for (uint32_t i = 0; i < QUARTERS; i++) {
        uint32_t from = count * i / QUARTERS, to = count * (i + 1) / QUARTERS;
        uint64_t middle = middle_of(slices + from, to - from);
        least = smk_min_u64(least, middle);
        most = smk_max_u64(most, middle);
    }
    return smk_per_mille(most - least, middle_of(slices, count));
}

/* Thousandths of what it ran that the process was ready; 0: hardly ever, or not known. */
static uint64_t ready(const struct smk_report *report)
{
    const struct smk_running *running = &report->running;
    if (running->runnable < (report->to - report->from) / BUSIER_LEAST)
        return 0;
    return smk_per_mille(running->runnable, smk_max_u64(running->ran, 1));
}

bool smk_diff_is_busier(const struct smk_report *before, const struct smk_report *after)
{
    uint64_t a = ready(before), b = ready(after);
    return smk_max_u64(a, b) * 100 > smk_min_u64(a, b) * BUSIER_PERCENT;
}

/* Thousandths: by how much the larger has to be the larger. */
static uint64_t factor(const struct smk_diff *diff, const struct smk_diff_figure *figure)
{
    uint64_t least = 1000 + (uint64_t)DRIFTS * figure->drift;
    return diff->busier ? smk_max_u64(least, BUSIER_FACTOR) : least;
}

static bool is_beyond(uint64_t a, uint64_t b, uint64_t mille)
{
    return smk_max_u64(a, b) >= smk_diff_scale(smk_min_u64(a, b), mille, 1000);
}

void smk_diff_doubt(const struct smk_diff *diff, struct smk_diff_figure *figure)
{
    if (smk_diff_claimed(figure) && !is_beyond(figure->value[0], figure->value[1], factor(diff, figure)))
        figure->verdict = SMK_DIFF_NOT_TOLD;
}

/* The longest of a hundred are those that had no CPU first. */
void smk_diff_doubt_tail(const struct smk_diff *diff, struct smk_diff_route *route)
{
    smk_diff_doubt(diff, &route->p99);
    if (diff->busier && smk_diff_claimed(&route->p99) && route->p99.verdict != route->p50.verdict)
        route->p99.verdict = SMK_DIFF_NOT_TOLD;
}

/* More requests a second wait more a second, and fewer less: each has to wait more, or less, as well. */
void smk_diff_doubt_waiting(const struct smk_diff *diff, struct smk_diff_thing *thing)
{
    const uint64_t *each = thing->a_request;
    smk_diff_doubt(diff, &thing->rate);
    if (!smk_diff_claimed(&thing->rate) || (each[0] == 0 && each[1] == 0))
        return;
    bool rose = thing->rate.verdict == SMK_DIFF_ROSE;
    if ((each[1] > each[0]) != rose || !is_beyond(each[0], each[1], factor(diff, &thing->rate)))
        thing->rate.verdict = SMK_DIFF_NOT_TOLD;
}
