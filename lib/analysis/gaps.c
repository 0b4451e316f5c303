#include "analysis/gaps.h"

#include "base/compiler.h"
#include "base/sort.h"

static bool begins_before(const void *a, const void *b)
{
    return ((const smk_gap *)a)->from < ((const smk_gap *)b)->from;
}

void smk_gaps_load(struct smk_gaps *gaps, struct smk_mem *mem, const smk_trace *trace)
{
    smk_gap gap;
    for (size_t i = 0; smk_trace_gap_at(trace, i, &gap); i++) {
        if (!smk_mem_grow(mem, &gaps->array, &gaps->capacity, gaps->count + 1u))
            return;
        gaps->array[gaps->count++] = gap;
        gaps->categories |= gap.category;
    }
    smk_sort(gaps->array, gaps->count, sizeof(*gaps->array), begins_before);
    gaps->next = gaps->count ? gaps->array[0].from : UINT64_MAX;
}

void smk_gaps_free(struct smk_gaps *gaps, struct smk_mem *mem)
{
    smk_mem_free(mem, gaps->array, gaps->capacity * sizeof(*gaps->array));
    *gaps = (struct smk_gaps){0};
}

uint32_t smk_gaps_go_on(struct smk_gaps *gaps, uint64_t time)
{
    uint32_t begun = 0;
    if (SMK_LIKELY(time < gaps->next))
        return 0;
    while (gaps->begun < gaps->count && gaps->array[gaps->begun].from <= time)
        begun |= gaps->array[gaps->begun++].category;
    gaps->next = gaps->begun < gaps->count ? gaps->array[gaps->begun].from : UINT64_MAX;
    gaps->open = 0;
    for (uint32_t i = 0; i < gaps->begun; i++) {
        if (gaps->array[i].to <= time)
            continue;
        gaps->open |= gaps->array[i].category;
        gaps->next = smk_min_u64(gaps->next, gaps->array[i].to);
    }
    return begun;
}

bool smk_gaps_cover(const struct smk_gaps *gaps, uint32_t process, uint32_t category, uint64_t time)
{
    for (uint32_t i = 0; (gaps->open & category) && i < gaps->begun; i++)
        if (gaps->array[i].process == process && gaps->array[i].category == category && gaps->array[i].to > time)
            return true;
    return false;
}
