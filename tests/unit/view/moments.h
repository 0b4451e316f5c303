/* moments.h: what a view says of an instant against what `stallmark at` says, for every thread. */
#ifndef SMK_TESTS_VIEW_MOMENTS_H
#define SMK_TESTS_VIEW_MOMENTS_H

#include "unit/view/model.h"

#include "analysis/moment_state.h"

static inline const struct smk_view_at *moments_find(const struct smk_view_moment *said, uint32_t thread)
{
    for (uint32_t i = 0; i < said->count; i++)
        if (said->array[i].thread == thread)
            return &said->array[i];
    fail_msg("thread %u is missing", thread);
    return NULL;
}

static inline void moments_check_thread(const struct smk_moment_thread *want, const struct smk_view_at *at,
                                        struct smk_view *view)
{
    const struct smk_kept_span *span = want->span;
    struct smk_view_row holder = {.thread = 0};
    assert_int_equal(at->look & 15, span->state);
    assert_int_equal(at->look >> 4 & 15, span->kind);
    assert_int_equal(at->from, span->from);
    assert_int_equal(at->to, span->to);
    assert_int_equal(at->since, want->since);
    assert_int_equal(at->until, want->until);
    assert_int_equal(at->has_wait, want->wait != NULL);
    assert_int_equal(at->process, span->process);
    assert_int_equal(at->request, span->request);
    assert_int_equal(at->route, want->route);
    assert_int_equal(at->look >> 8 & SMK_VIEW_OPEN, span->flags & SMK_SPAN_OPEN ? SMK_VIEW_OPEN : 0);
    assert_int_equal(at->look >> 8 & SMK_VIEW_OR_RUNNABLE,
                     span->flags & SMK_SPAN_OR_RUNNABLE ? SMK_VIEW_OR_RUNNABLE : 0);
    if (at->holder != SMK_VIEW_NONE)
        assert_true(smk_view_get_row(view, at->holder, &holder));
    assert_int_equal(holder.thread, want->holder);
    assert_int_equal(at->sample, want->sample);
    assert_int_equal(at->sample_at, want->sample_at);
    assert_int_equal(at->region_count, want->region_count);
    for (uint32_t i = 0; i < want->region_count; i++)
        assert_int_equal(at->regions[i], want->regions[i]);
}

/* One instant; how many threads it has. */
static inline uint32_t moments_check(smk_trace *trace, struct smk_view *view, uint64_t time)
{
    struct smk_view_moment said = {.array = NULL};
    struct smk_request_view_options options = {.no_symbols = true};
    struct smk_moment *moment;
    struct smk_view_at one;
    assert_int_equal(smk_moment_make(&moment, trace, time, &options), 0);
    assert_int_equal(smk_view_moment_at(view, time, &said), 0);
    assert_int_equal(said.count, moment->thread_count);
    for (uint32_t i = 0; i < moment->thread_count; i++) {
        const struct smk_view_at *at = moments_find(&said, moment->threads[i].span->thread);
        moments_check_thread(&moment->threads[i], at, view);
        assert_int_equal(smk_view_thread_at(view, at->row, time, &one), 0);
        moments_check_thread(&moment->threads[i], &one, view);
    }
    uint32_t count = said.count;
    smk_view_moment_free(&said);
    smk_moment_free(moment);
    return count;
}

/* `count` instants, anywhere. */
static inline uint32_t moments_check_some(smk_trace *trace, struct smk_view *view, unsigned count)
{
    const smk_trace_info *info = smk_trace_get_info(trace);
    uint32_t threads = 0;
    for (unsigned i = 0; i < count; i++) {
        uint64_t at = (uint64_t)rand() << 31 | (uint64_t)rand();
        threads += moments_check(trace, view, info->first + at % (info->last - info->first + 1));
    }
    return threads;
}

#endif
