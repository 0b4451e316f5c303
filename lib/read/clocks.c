#include "read/clocks.h"

#include "base/sort.h"

#define SLOPE_NS_GOOD 100000000u /* pairs this far apart give a slope that is good to extrapolate with */
#define SLOPE_NS_MIN  1000000u   /* below it the file's own rate is better */

bool smk_clocks_add(struct smk_clocks *clocks, struct smk_mem *mem, const struct smk_clock_point *point)
{
    const struct smk_clock_point *last = clocks->count ? &clocks->points[clocks->count - 1] : NULL;
    if (last && last->time == point->time)
        return true; /* each segment says again what it begins with */
    if (!smk_mem_grow(mem, &clocks->points, &clocks->capacity, (size_t)clocks->count + 1))
        return false;
    clocks->points[clocks->count++] = *point;
    return true;
}

void smk_clocks_free(struct smk_clocks *clocks, struct smk_mem *mem)
{
    smk_mem_free(mem, clocks->points, clocks->capacity * sizeof *clocks->points);
    smk_mem_free(mem, clocks->stretches, clocks->stretch_count * sizeof *clocks->stretches);
    *clocks = (struct smk_clocks){0};
}

/* ---- making the stretches ------------------------------------------------------------------------------ */

static bool point_before(const void *a, const void *b)
{
    return ((const struct smk_clock_point *)a)->time < ((const struct smk_clock_point *)b)->time;
}

static bool is_sorted(const struct smk_clocks *clocks)
{
    for (uint32_t i = 1; i < clocks->count; i++)
        if (clocks->points[i].time < clocks->points[i - 1].time)
            return false;
    return true;
}

/* Equal times once; where the nanoseconds do not rise with the units the later point is wrong. */
static void tidy_points(struct smk_clocks *clocks)
{
    uint32_t kept = 0;
    if (!is_sorted(clocks))
        smk_sort(clocks->points, clocks->count, sizeof *clocks->points, point_before);
    for (uint32_t i = 0; i < clocks->count; i++) {
        const struct smk_clock_point *point = &clocks->points[i];
        const struct smk_clock_point *last = kept ? &clocks->points[kept - 1] : NULL;
        if (last && point->time == last->time)
            continue;
        if (last && point->monotonic <= last->monotonic)
            clocks->wrong++;
        else
            clocks->points[kept++] = *point;
    }
    clocks->count = kept;
}

static double slope_between(const struct smk_clock_point *a, const struct smk_clock_point *b)
{
    return (double)(b->monotonic - a->monotonic) / (double)(b->time - a->time);
}

/* Of the line beyond an end: `end` is the pair there, `step` leads away from it. */
static double slope_beyond(const struct smk_clocks *clocks, uint32_t end, int step, double unit_ns)
{
    const struct smk_clock_point *here = &clocks->points[end];
    const struct smk_clock_point *far = here;
    for (int64_t i = (int64_t)end + step; i >= 0 && i < clocks->count; i += step) {
        far = &clocks->points[i];
        uint64_t apart = step > 0 ? far->monotonic - here->monotonic : here->monotonic - far->monotonic;
        if (apart >= SLOPE_NS_GOOD)
            break;
    }
    if (far == here)
        return unit_ns;
    const struct smk_clock_point *a = step > 0 ? here : far, *b = step > 0 ? far : here;
    return b->monotonic - a->monotonic < SLOPE_NS_MIN ? unit_ns : slope_between(a, b);
}

bool smk_clocks_finish(struct smk_clocks *clocks, struct smk_mem *mem, double unit_ns)
{
    tidy_points(clocks);
    uint32_t n = clocks->count;
    clocks->stretches = smk_mem_new(mem, (n + (size_t)1) * sizeof *clocks->stretches);
    if (!clocks->stretches)
        return false;
    clocks->stretch_count = n + 1;
    if (n == 0) {
        clocks->stretches[0] = (struct smk_clock_stretch){
            .to = UINT64_MAX, .ns_to = UINT64_MAX, .slope = unit_ns};
        return true;
    }
    for (uint32_t i = 0; i <= n; i++) {
        const struct smk_clock_point *left = i > 0 ? &clocks->points[i - 1] : NULL;
        const struct smk_clock_point *right = i < n ? &clocks->points[i] : NULL;
        const struct smk_clock_point *base = left ? left : right;
        double slope = !left    ? slope_beyond(clocks, 0, 1, unit_ns)
                       : !right ? slope_beyond(clocks, n - 1, -1, unit_ns)
                                : slope_between(left, right);
        clocks->stretches[i] = (struct smk_clock_stretch){
            .from = left ? left->time : 0,
            .to = right ? right->time : UINT64_MAX,
            .ns_from = left ? left->monotonic : 0,
            .ns_to = right ? right->monotonic : UINT64_MAX,
            .base = base->time,
            .ns_base = base->monotonic,
            .slope = slope};
    }
    return true;
}

/* ---- use ------------------------------------------------------------------------------------------------ */

const struct smk_clock_stretch *smk_clocks_stretch(const struct smk_clocks *clocks, uint64_t time)
{
    uint32_t low = 0, high = clocks->stretch_count - 1; /* the first whose end is behind `time` */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (time < clocks->stretches[middle].to)
            high = middle;
        else
            low = middle + 1;
    }
    return &clocks->stretches[low];
}

int64_t smk_clocks_realtime_offset(const struct smk_clocks *clocks, uint64_t time)
{
    if (clocks->count == 0)
        return 0;
    uint32_t i = (uint32_t)(smk_clocks_stretch(clocks, time) - clocks->stretches);
    const struct smk_clock_point *point = &clocks->points[i < clocks->count ? i : clocks->count - 1];
    return (int64_t)(point->realtime - point->monotonic);
}
