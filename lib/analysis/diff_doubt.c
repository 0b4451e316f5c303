/* diff_doubt.c: what a diff does not claim although a test of ranks says that chance does not do so. The slices of one
 * trace have more in common than those of two: the machine was in one mood. So a change has to be larger than what
 * either trace shows within itself, and much larger where the CPUs were not as free on both sides. */
#include "analysis/diff_state.h"

#include "base/sort.h"

#define DRIFTS         2u         /* a change has to be so many times what a side moves within itself */
#define CROWDED_PART   4u         /* CPUs are short: it was ready for a quarter of what it ran or more … */
#define CROWDED_LENGTH 100u       /* … and for a hundredth of the time */
#define LATENCY_LEAST  20000u     /* ns: a smaller change is of no account … */
#define CROWDED_LEAST  250000u    /* … where CPUs were short … */
#define ALONE_LEAST    100000000u /* … of a p99 there whose p50 did not change */
#define WAITING_LEAST  200000000u /* ns a second: a fifth of one thread's time … */
#define WAITING_PART   20u        /* … or of what requests take, if that is less */

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
    if (count < SMK_DIFF_QUARTERS)
        return 0;
    for (uint32_t i = 0; i < SMK_DIFF_QUARTERS; i++) {
        uint32_t from = count * i / SMK_DIFF_QUARTERS, to = count * (i + 1) / SMK_DIFF_QUARTERS;
        uint64_t middle = middle_of(slices + from, to - from);
        least = smk_min_u64(least, middle);
        most = smk_max_u64(most, middle);
    }
    return smk_per_mille(most - least, middle_of(slices, count));
}

/* The process was ready, without a CPU, for as much of its time as moves its figures. Where nobody counts that, it may
 * have been. */
static bool is_crowded(const struct smk_report *report)
{
    const struct smk_running *running = &report->running;
    return running->ran == 0 || (running->runnable * CROWDED_PART >= running->ran &&
                                 running->runnable * CROWDED_LENGTH >= report->to - report->from);
}

bool smk_diff_is_crowded(const struct smk_report *before, const struct smk_report *after)
{
    return is_crowded(before) || is_crowded(after);
}

/* The larger is so many thousandths of the smaller, and by `least` ns more. */
static bool is_beyond(const uint64_t of[2], uint64_t mille, uint64_t least)
{
    uint64_t more = smk_max_u64(of[0], of[1]), less = smk_min_u64(of[0], of[1]);
    return more - less >= least && more >= smk_diff_scale(less, mille, 1000);
}

static uint64_t factor(const struct smk_diff *diff, const struct smk_diff_figure *figure)
{
    uint64_t least = 1000 + (uint64_t)DRIFTS * figure->drift;
    return diff->crowded ? smk_max_u64(least, SMK_DIFF_CROWDED_MILLE) : least;
}

static void doubt(struct smk_diff_figure *figure, uint64_t mille, uint64_t least)
{
    if (smk_diff_claimed(figure) && !is_beyond(figure->value, mille, least))
        figure->verdict = SMK_DIFF_NOT_TOLD;
}

/* The longest of a hundred are those that had no CPU first. But where half of one side's requests are longer than 99 of
 * 100 of the other's, that is no matter of a few. */
void smk_diff_doubt_route(const struct smk_diff *diff, struct smk_diff_route *route)
{
    struct smk_diff_figure *p50 = &route->p50, *p99 = &route->p99;
    uint64_t least = diff->crowded ? CROWDED_LEAST : LATENCY_LEAST;
    doubt(p50, factor(diff, p50), least);
    unsigned slow = p99->value[1] > p99->value[0];
    if (p50->value[slow] > p99->value[!slow])
        return;
    bool alone = diff->crowded && p99->verdict != p50->verdict;
    doubt(p99, factor(diff, p99), alone ? ALONE_LEAST : least);
}

/* ns a second that all requests together take. */
static uint64_t of_requests(const struct smk_diff *diff, unsigned side)
{
    const struct smk_latency *latency = &diff->report[side]->latency;
    uint64_t ns = 0;
    for (uint32_t i = 0; i < latency->route_count; i++)
        ns += latency->routes[i].in_window;
    return smk_diff_scale(ns, 1000000000, smk_diff_length(diff, side));
}

/* Waiting is of account from a twentieth of what requests take (of one thread's time, where there are none), or from a
 * fifth of one thread's time. */
static uint64_t waiting_least(const struct smk_diff *diff)
{
    uint64_t requests = smk_max_u64(of_requests(diff, 0), of_requests(diff, 1));
    return smk_min_u64((requests ? requests : 1000000000) / WAITING_PART, WAITING_LEAST);
}

/* More requests a second wait more a second, and fewer less: each has to wait more, or less, as well. */
void smk_diff_doubt_waiting(const struct smk_diff *diff, struct smk_diff_thing *thing)
{
    const uint64_t *each = thing->a_request;
    uint64_t mille = factor(diff, &thing->rate);
    doubt(&thing->rate, mille, waiting_least(diff));
    if (!smk_diff_claimed(&thing->rate) || (each[0] == 0 && each[1] == 0))
        return;
    bool rose = thing->rate.verdict == SMK_DIFF_ROSE;
    if ((each[1] > each[0]) != rose || !is_beyond(each, mille, 0))
        thing->rate.verdict = SMK_DIFF_NOT_TOLD;
}
