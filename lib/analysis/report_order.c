/* report_order.c: what a report's tables show, in order of what it cost. */
#include "analysis/report_state.h"

#include "base/sort.h"

static bool longer_regions(const void *a, const void *b)
{
    const struct smk_region_stats *const *x = a, *const *y = b;
    return (*x)->total > (*y)->total;
}

static bool longer_locks(const void *a, const void *b)
{
    const struct smk_lock *const *x = a, *const *y = b;
    return (*x)->in_window > (*y)->in_window;
}

static bool longer_calls(const void *a, const void *b)
{
    const struct smk_call_sum *const *x = a, *const *y = b;
    return (*x)->ns > (*y)->ns;
}

static bool longer_routes(const void *a, const void *b)
{
    const struct smk_route *const *x = a, *const *y = b;
    return (*x)->in_window > (*y)->in_window;
}

/* An array of pointers to `count` elements in the order of `before`; NULL for none. */
static void *order(struct smk_report *report, void *array, uint32_t count, size_t size,
                   smk_before before)
{
    if (count == 0)
        return NULL;
    char **pointers = smk_mem_new(&report->mem, count * sizeof(*pointers));
    if (!pointers)
        return NULL;
    for (uint32_t i = 0; i < count; i++)
        pointers[i] = (char *)array + i * size;
    smk_sort(pointers, count, sizeof(*pointers), before);
    return pointers;
}

void smk_report_order(struct smk_report *report)
{
    report->regions_by_total = order(report, report->regions.array, report->regions.count,
                                     sizeof(*report->regions.array), longer_regions);
    report->locks_by_total = order(report, report->locks.array, report->locks.count,
                                   sizeof(*report->locks.array), longer_locks);
    report->calls_by_total = order(report, report->locks.others.sums, report->locks.others.sum_count,
                                   sizeof(*report->locks.others.sums), longer_calls);
    report->routes_by_total = order(report, report->latency.routes, report->latency.route_count,
                                    sizeof(*report->latency.routes), longer_routes);
}
