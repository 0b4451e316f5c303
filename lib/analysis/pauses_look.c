/* pauses_look.c: what the threads of the worst pauses did in them, and before. */
#include "analysis/pauses_state.h"

#include "base/sort.h"

#define BEFORE_NS UINT64_C(20000000) /* what lies further back did not lead to it */

static uint32_t route_of(const struct smk_pauses *pauses, uint32_t process, uint64_t id)
{
    for (uint32_t i = 0; id && i < pauses->index.requests_count; i++) {
        const struct smk_span_request *request = &pauses->index.requests[i];
        if (request->id == id && request->process == process)
            return request->route;
    }
    return 0;
}

/* Where the thread was sampled in [from, to], last. */
static uint32_t sampled(const struct smk_pauses *pauses, uint32_t thread, uint64_t from, uint64_t to)
{
    uint32_t stack = 0;
    for (uint32_t i = 0; i < pauses->index.samples_count; i++) {
        const struct smk_span_sample *sample = &pauses->index.samples[i];
        if (sample->thread == thread && sample->time >= from && sample->time <= to)
            stack = sample->stack;
    }
    return stack;
}

static struct smk_pause_stretch stretch_of(const struct smk_pauses *pauses, const struct smk_kept_span *span,
                                           uint64_t from, uint64_t to)
{
    const struct smk_span_wait *wait = smk_span_index_wait(&pauses->index, span);
    return (struct smk_pause_stretch){.state = span->state,
                                      .kind = span->kind,
                                      .stack = wait ? wait->stack : sampled(pauses, span->thread, from, to),
                                      .route = route_of(pauses, span->process, span->request),
                                      .ns = to - from};
}

static bool more_time(const void *a, const void *b)
{
    return ((const struct smk_pause_stretch *)a)->ns > ((const struct smk_pause_stretch *)b)->ns;
}

static void add_stretch(struct smk_pause *pause, const struct smk_pause_stretch *stretch)
{
    for (uint32_t i = 0; i < pause->did_count; i++) {
        struct smk_pause_stretch *known = &pause->did[i];
        if (known->state == stretch->state && known->kind == stretch->kind && known->route == stretch->route &&
            (known->stack == stretch->stack || !known->stack || !stretch->stack)) {
            known->ns += stretch->ns;
            known->stack = known->stack ? known->stack : stretch->stack;
            return;
        }
    }
    if (pause->did_count < SMK_PAUSE_STRETCHES)
        pause->did[pause->did_count++] = *stretch;
}

static void look_at(const struct smk_pauses *pauses, struct smk_pause *pause)
{
    uint64_t around = pause->from - smk_min_u64(pause->from, BEFORE_NS), until;
    struct smk_span_place place = smk_span_index_from(&pauses->index, pause->thread, around);
    const struct smk_kept_span *span;
    while ((span = smk_span_index_next(&place)) != NULL && span->from < pause->to) {
        uint64_t from = smk_max_u64(span->from, pause->from), to = smk_min_u64(span->to, pause->to);
        if (span->from < pause->from) /* the last of them is what ran before */
            pause->before = stretch_of(pauses, span, span->from, smk_min_u64(span->to, pause->from));
        if (to <= from || pause->has_wait)
            continue;
        struct smk_pause_stretch stretch = stretch_of(pauses, span, from, to);
        add_stretch(pause, &stretch);
    }
    smk_sort(pause->did, pause->did_count, sizeof(*pause->did), more_time);
    pause->route = route_of(pauses, pause->process, pause->request);
    const struct smk_span_region *region =
        smk_span_index_region(&pauses->index, pause->thread, pause->from, &until);
    pause->region = region ? region->site : 0;
}

/* Intervals that overlap or are close are one; there are more pauses than intervals. */
static void add_intervals(struct smk_pauses *pauses)
{
    for (uint32_t i = 0; i < pauses->worst_count; i++) {
        struct smk_span_index *index = &pauses->index;
        uint64_t from = pauses->worst[i].from - smk_min_u64(pauses->worst[i].from, BEFORE_NS), to = pauses->worst[i].to;
        uint32_t at = 0;
        while (at < index->interval_count && (from > index->intervals[at].to || to < index->intervals[at].from))
            at++;
        if (at == index->interval_count && smk_span_index_add(index, from, to))
            continue;
        at = at == SMK_INDEX_INTERVALS ? SMK_INDEX_INTERVALS - 1 : at;
        index->intervals[at].from = smk_min_u64(index->intervals[at].from, from);
        index->intervals[at].to = smk_max_u64(index->intervals[at].to, to);
    }
}

int smk_pauses_look(struct smk_pauses *pauses, const struct smk_timeline_options *pass)
{
    add_intervals(pauses);
    int result = smk_span_index_fill(&pauses->index, pauses->trace, pass);
    for (uint32_t i = 0; result == 0 && i < pauses->worst_count; i++)
        look_at(pauses, &pauses->worst[i]);
    return result == 0 ? smk_mem_failed(&pauses->mem) : result;
}
