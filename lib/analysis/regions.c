#include "analysis/regions.h"

#define RECURSION_LOOK 32u /* frames searched for an outer region of the same site */

static struct smk_region_stats *stats_of(struct smk_regions *regions, struct smk_mem *mem,
                                         uint32_t site, bool of_request)
{
    uint64_t key = smk_map_pair(of_request, site);
    uint32_t index = smk_map_get(&regions->by_site, key);
    if (index != SMK_MAP_NONE)
        return &regions->array[index];
    if (!smk_mem_grow(mem, &regions->array, &regions->capacity, regions->count + 1u) ||
        !smk_map_put(&regions->by_site, mem, key, regions->count))
        return NULL;
    struct smk_region_stats *stats = &regions->array[regions->count++];
    *stats = (struct smk_region_stats){.site = site, .of_request = of_request};
    return stats;
}

void smk_regions_begin(struct smk_regions *regions, struct smk_mem *mem, struct smk_state *state,
                       uint32_t site, uint64_t time)
{
    if (state->depth >= SMK_REGION_DEPTH_MAX) {
        regions->too_deep++;
        return;
    }
    if (!smk_mem_grow(mem, &state->frames, &state->capacity, state->depth + 1u))
        return;
    state->frames[state->depth++] = (struct smk_frame){.begin = time, .site = site};
}

static bool inside_itself(const struct smk_state *state, uint32_t site)
{
    for (uint32_t back = 1; back <= RECURSION_LOOK && back <= state->depth; back++)
        if (state->frames[state->depth - back].site == site)
            return true;
    return false;
}

/* Closes the innermost open region. */
static void close_one(struct smk_regions *regions, struct smk_mem *mem, struct smk_state *state,
                      struct smk_latency *latency, uint64_t time)
{
    struct smk_frame frame = state->frames[--state->depth];
    uint64_t length = time > frame.begin ? time - frame.begin : 0;
    uint64_t self = length - smk_min_u64(length, frame.children);
    uint64_t waited = frame.waited + frame.waited_below;
    if (state->depth) {
        struct smk_frame *outer = &state->frames[state->depth - 1];
        outer->children += length;
        outer->waited_below += waited;
    }
    if (time < regions->from)
        return;
    regions->ended++;
    struct smk_region_stats *stats = stats_of(regions, mem, frame.site, false);
    if (!stats)
        return;
    smk_dist_add(&stats->length, mem, length);
    stats->self += self;
    if (!inside_itself(state, frame.site)) {
        stats->total += length;
        stats->waited += smk_min_u64(waited, length);
    }
    smk_latency_part(latency, state->request, SMK_PART_REGION, frame.site, time,
                     self - smk_min_u64(self, frame.waited));
}

void smk_regions_end(struct smk_regions *regions, struct smk_mem *mem, struct smk_state *state,
                     struct smk_latency *latency, uint32_t site, uint64_t time)
{
    uint32_t at = state->depth;
    while (at > 0 && state->frames[at - 1].site != site)
        at--;
    if (at == 0) {
        regions->unmatched++;
        return;
    }
    for (; state->depth > at; regions->forgotten++)
        close_one(regions, mem, state, latency, time);
    close_one(regions, mem, state, latency, time);
}

void smk_regions_thread_end(struct smk_regions *regions, struct smk_mem *mem, struct smk_state *state,
                            struct smk_latency *latency, uint64_t time)
{
    for (; state->depth > 0; regions->forgotten++)
        close_one(regions, mem, state, latency, time);
}

void smk_regions_of_request(struct smk_regions *regions, struct smk_mem *mem, uint32_t site,
                            uint64_t time, uint64_t duration)
{
    struct smk_region_stats *stats = time < regions->from ? NULL : stats_of(regions, mem, site, true);
    if (!stats)
        return;
    regions->ended++;
    smk_dist_add(&stats->length, mem, duration);
    stats->total += duration;
    stats->self += duration;
}

void smk_regions_wait(struct smk_state *state, uint64_t end, uint64_t ns)
{
    if (state->depth == 0)
        return;
    struct smk_frame *frame = &state->frames[state->depth - 1];
    uint64_t inside = end > frame->begin ? end - frame->begin : 0;
    frame->waited += smk_min_u64(ns, inside);
}

void smk_regions_finish(struct smk_regions *regions, const struct smk_states *states)
{
    for (uint32_t i = 0; i < states->count; i++)
        regions->open += states->array[i].depth;
}

void smk_regions_free(struct smk_regions *regions, struct smk_mem *mem)
{
    for (uint32_t i = 0; i < regions->count; i++)
        smk_dist_free(&regions->array[i].length, mem);
    smk_mem_free(mem, regions->array, regions->capacity * sizeof(*regions->array));
    smk_map_free(&regions->by_site, mem);
    *regions = (struct smk_regions){0};
}
