/* timeline_regions.c: regions of threads, repaired as regions.h says. */
#include "analysis/timeline_state.h"

void smk_timeline_region_begin(struct smk_timeline *timeline, struct smk_timeline_thread *thread, uint32_t site,
                               uint64_t time)
{
    if (thread->depth < SMK_TIMELINE_DEPTH &&
        smk_mem_grow(&timeline->mem, &thread->frames, &thread->frame_capacity, thread->depth + 1u))
        thread->frames[thread->depth++] = (struct smk_timeline_frame){time, site};
}

static void close_one(struct smk_timeline *timeline, struct smk_timeline_thread *thread, uint64_t time, bool open)
{
    const struct smk_timeline_frame *frame = &thread->frames[--thread->depth];
    if (!timeline->calls->region || time < frame->begin)
        return;
    struct smk_span_region region = {.from = frame->begin,
                                     .to = time,
                                     .request = thread->request,
                                     .process = thread->process,
                                     .thread = thread->serial,
                                     .site = frame->site,
                                     .depth = thread->depth,
                                     .open = open};
    timeline->calls->region(timeline->arg, &region);
}

void smk_timeline_region_end(struct smk_timeline *timeline, struct smk_timeline_thread *thread, uint32_t site,
                             uint64_t time)
{
    uint32_t at = thread->depth;
    while (at > 0 && thread->frames[at - 1].site != site)
        at--;
    while (at > 0 && thread->depth >= at)
        close_one(timeline, thread, time, false);
}

void smk_timeline_regions_finish(struct smk_timeline *timeline, struct smk_timeline_thread *thread, uint64_t time)
{
    while (thread->depth > 0)
        close_one(timeline, thread, time, true);
}
