/* clocks.h: units of a file to nanoseconds of CLOCK_MONOTONIC, through its clock pairs.
 *
 * Between two pairs in a straight line, so that drift cannot add up; before the first and after the
 * last with the slope to the nearest pair that is far enough away to have one; where there is none,
 * with the rate that the file states. A later time is never converted to an earlier one.
 */
#ifndef SMK_READ_CLOCKS_H
#define SMK_READ_CLOCKS_H

#include "base/mem.h"

struct smk_clock_point {
    uint64_t time;      /* units */
    uint64_t monotonic; /* ns */
    uint64_t realtime;  /* ns */
    uint64_t error;     /* ns */
};

/* A stretch of time with one slope: [from, to) in units. */
struct smk_clock_stretch {
    uint64_t from, to;
    uint64_t ns_from, ns_to;
    uint64_t base, ns_base;  /* where the line is fixed */
    double slope;            /* ns a unit */
};

struct smk_clocks {
    struct smk_clock_point *points;
    uint32_t count, capacity;
    struct smk_clock_stretch *stretches;
    uint32_t stretch_count;
    uint32_t wrong; /* points that were thrown away: time went backwards */
};

/* False when there is no memory. In any order. */
bool smk_clocks_add(struct smk_clocks *clocks, struct smk_mem *mem, const struct smk_clock_point *point);

/* After the last point: makes the stretches. `unit_ns` is what a unit takes by the file's facts. */
bool smk_clocks_finish(struct smk_clocks *clocks, struct smk_mem *mem, double unit_ns);
void smk_clocks_free(struct smk_clocks *clocks, struct smk_mem *mem);

const struct smk_clock_stretch *smk_clocks_stretch(const struct smk_clocks *clocks, uint64_t time);

/* CLOCK_REALTIME - CLOCK_MONOTONIC at this time, ns. */
int64_t smk_clocks_realtime_offset(const struct smk_clocks *clocks, uint64_t time);

SMK_INLINE uint64_t smk_stretch_ns(const struct smk_clock_stretch *stretch, uint64_t time)
{
    double distance = time >= stretch->base ? (double)(time - stretch->base)
                                            : -(double)(stretch->base - time);
    double ns = (double)distance * stretch->slope;
    if (ns >= 9e18 || ns <= -9e18)
        return ns > 0 ? stretch->ns_to : stretch->ns_from;
    int64_t whole = (int64_t)ns;
    whole -= ns < (double)whole; /* downwards, so that lines do not bend at their base */
    uint64_t result = stretch->ns_base + (uint64_t)whole;
    if (whole < 0 ? result > stretch->ns_base : result < stretch->ns_base)
        result = whole < 0 ? 0 : UINT64_MAX;
    return result < stretch->ns_from ? stretch->ns_from
           : result > stretch->ns_to ? stretch->ns_to
                                     : result;
}

/* `*stretch` is the one of the last call, or NULL: times come near each other. */
SMK_INLINE uint64_t smk_clocks_ns(const struct smk_clocks *clocks,
                                  const struct smk_clock_stretch **stretch, uint64_t time)
{
    const struct smk_clock_stretch *s = *stretch;
    if (SMK_UNLIKELY(!s || time < s->from || time >= s->to))
        *stretch = s = smk_clocks_stretch(clocks, time);
    return smk_stretch_ns(s, time);
}

#endif
