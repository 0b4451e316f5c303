/* span_checks.h: the spans of a trace as lines, and that they are a partition. */
#ifndef SMK_TESTS_SPAN_CHECKS_H
#define SMK_TESTS_SPAN_CHECKS_H

#include "unit/analysis/trace_builder.h"

#include <stdarg.h>
#include <stdio.h>

#include "analysis/timeline.h"

#define AT(ms) ((uint64_t)(ms) * 1000000)
#define SPANS_THREADS 4096

/* What was told. */
struct told {
    const struct smk_timeline_calls *more; /* called besides; may be NULL */
    uint32_t thread;                       /* of the lines */
    char *lines;
    size_t len, room;
    uint64_t spans, from[SPANS_THREADS], to[SPANS_THREADS], sum[SPANS_THREADS];
    uint64_t by_state[SMK_SPAN_STATES];
    uint64_t waits, regions, requests, turns, samples, counters, handoffs, releases, counts, gaps, events;
    struct smk_span_wait last_wait;
    struct smk_span_region last_region;
    struct smk_span_request last_request;
};

static inline void told_say(struct told *told, const char *format, ...)
{
    va_list args;
    if (told->len + 256 > told->room) {
        told->room = 2 * told->room + 4096;
        told->lines = realloc(told->lines, told->room);
        assert_non_null(told->lines);
    }
    va_start(args, format);
    told->len += (size_t)vsnprintf(told->lines + told->len, told->room - told->len, format, args);
    va_end(args);
}

/* "running 100-110 r7 cpu0": ms behind AT(1000). */
static inline void told_line(struct told *told, const struct smk_span *span)
{
    uint64_t zero = AT(1000);
    told_say(told, "%s", smk_span_state_name(span->state));
    if (span->kind != SMK_WAIT_NONE)
        told_say(told, ":%s", smk_wait_kind_name(span->kind));
    told_say(told, " %lld-%lld", (long long)(span->from - zero) / 1000000, (long long)(span->to - zero) / 1000000);
    if (span->request)
        told_say(told, " r%llu", (unsigned long long)span->request);
    if (span->cpu != SMK_CPU_NONE)
        told_say(told, " cpu%u", span->cpu);
    if (span->flags & SMK_SPAN_OR_RUNNABLE)
        told_say(told, " or-runnable");
    if (span->flags & SMK_SPAN_WHOLE_CALL)
        told_say(told, " whole");
    if (span->flags & SMK_SPAN_CUT)
        told_say(told, " cut");
    if (span->flags & SMK_SPAN_OPEN)
        told_say(told, " open");
    if (span->flags & SMK_SPAN_IN_GAP)
        told_say(told, " gap");
    told_say(told, "\n");
}

/* Spans of a thread follow one another without holes and overlaps. */
static inline void told_span(void *arg, const struct smk_span *span)
{
    struct told *told = arg;
    uint32_t thread = span->thread;
    assert_true(thread < SPANS_THREADS && span->from < span->to && span->state < SMK_SPAN_STATES);
    if (told->to[thread] == 0)
        told->from[thread] = span->from;
    else
        assert_int_equal(span->from, told->to[thread]);
    told->to[thread] = span->to;
    told->sum[thread] += span->to - span->from;
    told->by_state[span->state] += span->to - span->from;
    told->spans++;
    if (thread == told->thread)
        told_line(told, span);
    if (span->state == SMK_SPAN_IDLE || (span->state == SMK_SPAN_WAITING && span->kind != SMK_WAIT_NONE)) {
        assert_non_null(span->wait);
        assert_int_equal(span->wait->kind, span->kind);
        assert_true(span->wait->from < span->to && span->wait->to > span->from);
    }
}

#define TOLD_CALL(name, type)                                                                                      \
    static inline void told_##name(void *arg, const type *value)                                                   \
    {                                                                                                              \
        (void)value;                                                                                               \
        ((struct told *)arg)->name##s++;                                                                           \
    }
TOLD_CALL(turn, struct smk_span_turn)
TOLD_CALL(sample, struct smk_span_sample)
TOLD_CALL(counter, struct smk_span_counter)
TOLD_CALL(handoff, struct smk_span_handoff)
TOLD_CALL(release, struct smk_span_release)
TOLD_CALL(count, struct smk_span_count)
TOLD_CALL(gap, smk_gap)
#undef TOLD_CALL

static inline void told_wait(void *arg, const struct smk_span_wait *wait)
{
    struct told *told = arg;
    told->waits++;
    told->last_wait = *wait;
}

static inline void told_region(void *arg, const struct smk_span_region *region)
{
    struct told *told = arg;
    told->regions++;
    told->last_region = *region;
}

static inline void told_request(void *arg, const struct smk_span_request *request)
{
    struct told *told = arg;
    told->requests++;
    told->last_request = *request;
}

static inline void told_event(void *arg, const smk_event *event, uint64_t request)
{
    (void)event, (void)request;
    ((struct told *)arg)->events++;
}

/* Lines of one thread; each thread's spans add up to the time from its first to its last. */
static inline void tell_all(struct told *told, smk_trace *trace, uint32_t thread)
{
    static const struct smk_timeline_calls calls = {.span = told_span,
                                                    .wait = told_wait,
                                                    .region = told_region,
                                                    .request = told_request,
                                                    .turn = told_turn,
                                                    .handoff = told_handoff,
                                                    .sample = told_sample,
                                                    .counter = told_counter,
                                                    .release = told_release,
                                                    .count = told_count,
                                                    .gap = told_gap,
                                                    .event = told_event};
    memset(told, 0, sizeof(*told));
    told->thread = thread;
    if (smk_timeline_run(trace, NULL, &calls, told) != 0)
        fail_msg("%s", smk_last_error());
    for (uint32_t i = 0; i < SPANS_THREADS; i++)
        assert_int_equal(told->sum[i], told->to[i] - told->from[i]);
}

/* The spans of a thread are these. */
static inline void check_spans(smk_trace *trace, uint32_t thread, const char *lines)
{
    static struct told told;
    tell_all(&told, trace, thread);
    if (strcmp(told.lines ? told.lines : "", lines) != 0)
        fail_msg("spans are:\n%sand not:\n%s", told.lines ? told.lines : "", lines);
    free(told.lines);
}

#endif
