#include "analysis/throttled.h"

#include <stdlib.h>

#include "base/compiler.h"
#include "format/tables.h"

static uint64_t number(smk_trace *trace, const char *key)
{
    const char *text = smk_trace_fact(trace, key);
    return text ? strtoull(text, NULL, 10) : 0;
}

void smk_throttled_init(struct smk_throttled *throttled, smk_trace *trace)
{
    const char *limit = smk_trace_fact(trace, SMK_FACT_CGROUP_CPU_MAX);
    char *end = NULL;
    uint64_t quota = limit ? strtoull(limit, &end, 10) : 0;
    uint64_t period = quota && *end == '/' ? strtoull(end + 1, NULL, 10) : 0;
    *throttled = (struct smk_throttled){.quota = quota,
                                        .period = period,
                                        .periods = number(trace, SMK_FACT_CGROUP_THROTTLED),
                                        .counted = number(trace, SMK_FACT_CGROUP_THROTTLED_NS)};
    if (throttled->periods && period) /* half of the time that it stands still in a period, if it is one thread */
        throttled->least = quota < period ? (period - quota) / 2 : period / 4;
}

void smk_throttled_off(struct smk_throttled *throttled, uint64_t begin, uint64_t end)
{
    if (throttled->least == 0 || end - begin < throttled->least)
        return;
    throttled->ns += end - begin;
    if (throttled->stretches++ == 0 || begin < throttled->first)
        throttled->first = begin;
    throttled->last = smk_max_u64(throttled->last, end);
}
