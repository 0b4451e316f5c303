/* answer_flame.c: waits by stack, or CPU samples, and the time that threads were ready without a CPU: one pass each. */
#include <stdlib.h>
#include <string.h>

#include "analysis/dist.h"
#include "base/errors.h"
#include "export/aggregate.h"
#include "flame.h"
#include "format/tables.h"
#include "web.h"

/* A wait is told by its end, which may lie behind the stretch. */
#define BEHIND_NS 10000000000u
#define WORST     20u

/* ---- what both have ------------------------------------------------------------------------------------- */

struct pass {
    struct smk_exporter *exporter; /* first: names of locks come by its event call */
    struct smk_exporter names;
    uint64_t from, to;
    uint32_t thread; /* serial; 0: all */
};

static int nowhere(void *arg, const void *bytes, size_t len)
{
    (void)arg;
    (void)bytes;
    (void)len;
    return 0;
}

static void take_event(void *arg, const smk_event *event, uint64_t request)
{
    (void)request;
    smk_export_event(((struct pass *)arg)->exporter, event);
}

static bool go_on(void *arg, uint64_t time)
{
    struct pass *pass = arg;
    return time < pass->to || time - pass->to < BEHIND_NS;
}

/* ns of [from, to] in the stretch. */
static uint64_t overlap(const struct pass *pass, uint64_t from, uint64_t to)
{
    from = smk_max_u64(from, pass->from);
    to = smk_min_u64(to, pass->to);
    return from < to ? to - from : 0;
}

/* Runs the calls over the stretch, and on behind it, where waits that began in it end. */
static int run_pass(struct smk_web *web, struct smk_web_trace *trace, struct pass *pass,
                    struct smk_timeline_calls *calls, void *arg)
{
    const struct smk_trace_info *info = smk_trace_get_info(trace->trace);
    struct smk_timeline_options options = {.from = pass->from <= info->first ? 0 : pass->from,
                                           .progress = smk_web_traces_go_on,
                                           .progress_arg = &web->traces};
    calls->event = take_event;
    calls->go_on = go_on;
    return smk_timeline_run(trace->trace, &options, calls, arg);
}

/* The serial of a row's thread; false: refused. */
static bool thread_of_row(struct smk_web *web, uint64_t row, bool given, uint32_t *serial, struct smk_web_reply *reply)
{
    struct smk_view_row is;
    *serial = 0;
    if (!given)
        return true;
    if (!smk_view_get_row(web->view, (uint32_t)row, &is) || !is.thread)
        return smk_web_refuse(reply, 400, "%llu is no row of a thread; allowed: an id of /api/rows",
                              (unsigned long long)row);
    *serial = is.thread;
    return true;
}

/* ---- flame ---------------------------------------------------------------------------------------------- */

#define WAITS_ALL  0u /* but idle ones */
#define WAITS_IDLE 1u
#define WAIT_WORDS "all|idle|lock|cond|net|poll|disk|sleep|memory|join|other"

struct burn {
    struct pass pass; /* first */
    struct smk_flame flame;
    unsigned waits; /* the word of `wait` */
    uint64_t period;
};

static void burn_wait(void *arg, const struct smk_span_wait *wait)
{
    struct burn *burn = arg;
    struct smk_export_text text;
    uint64_t ns = overlap(&burn->pass, wait->from, wait->to);
    bool fits = burn->waits == WAITS_ALL    ? !wait->idle
                : burn->waits == WAITS_IDLE ? wait->idle
                                            : !wait->idle && wait->kind == burn->waits - WAITS_IDLE;
    if (ns && fits && (!burn->pass.thread || burn->pass.thread == wait->thread))
        smk_flame_add(&burn->flame, wait->stack, smk_export_wait(burn->pass.exporter, &text, wait), wait->kind, ns);
}

static void burn_sample(void *arg, const struct smk_span_sample *sample)
{
    struct burn *burn = arg;
    if (sample->time >= burn->pass.from && sample->time <= burn->pass.to &&
        (!burn->pass.thread || burn->pass.thread == sample->thread))
        smk_flame_add(&burn->flame, sample->stack, "", 0, burn->period);
}

static void put_flame(struct burn *burn, bool on, struct smk_web_reply *reply)
{
    struct smk_json_text json;
    uint64_t thinned;
    smk_flame_fold(&burn->flame, burn->pass.exporter);
    smk_web_begin(reply, &json);
    smk_put_json_string(&json, "kind", on ? "on" : "off");
    smk_flame_put(&burn->flame, &json, &thinned);
    smk_put_json_number(&json, "thinned_ns", thinned);
    smk_put_json_number(&json, "refused", burn->flame.refused);
    smk_web_end(reply, &json);
}

static int make_flame(struct smk_web *web, struct smk_web_trace *trace, struct burn *burn, bool on,
                      struct smk_web_reply *reply)
{
    const struct smk_export_options options = {.lines = trace->lines ? &trace->source : NULL,
                                               .debug_dir = web->options.debug_dir,
                                               .no_symbols = web->options.no_symbols};
    struct smk_timeline_calls calls = {.wait = on ? NULL : burn_wait, .sample = on ? burn_sample : NULL};
    struct smk_exporter *names = &burn->pass.names;
    int rc = smk_exporter_init(names, trace->trace, &options, nowhere, NULL);
    burn->pass.exporter = names;
    burn->period = smk_aggregate_period(names);
    if (rc == 0 && !smk_flame_init(&burn->flame, &names->mem))
        rc = smk_mem_failed(&names->mem);
    if (rc == 0)
        rc = run_pass(web, trace, &burn->pass, &calls, burn);
    if (rc == 0)
        rc = smk_mem_failed(&names->mem);
    if (rc == 0)
        put_flame(burn, on, reply);
    smk_flame_free(&burn->flame);
    smk_exporter_free(names);
    return rc;
}

void smk_web_flame(struct smk_web *web, const char *query, struct smk_web_reply *reply)
{
    struct smk_web_stretch stretch = SMK_WEB_STRETCH_BEGIN;
    struct burn burn = {.waits = WAITS_ALL};
    unsigned on = 0;
    uint64_t row = 0;
    bool given = false;
    int rc;
    const struct smk_web_parameter parameters[] = {
        {"kind", SMK_WEB_WORD, &on, true, 0, 0, "off|on", NULL},
        {"row", SMK_WEB_NUMBER, &row, false, 0, UINT32_MAX, NULL, &given},
        {"wait", SMK_WEB_WORD, &burn.waits, false, 0, 0, WAIT_WORDS, NULL},
        SMK_WEB_STRETCH(&stretch),
        SMK_WEB_PARAMETERS_END};
    if (!smk_web_query_read(reply, query, parameters) || !smk_web_stretch(web, &stretch, reply) ||
        !thread_of_row(web, row, given, &burn.pass.thread, reply))
        return;
    burn.pass.from = stretch.from;
    burn.pass.to = stretch.to;
    struct smk_web_trace *trace = smk_web_traces_lend(&web->traces, &rc);
    if (trace) {
        rc = make_flame(web, trace, &burn, on, reply);
        smk_web_traces_give_back(&web->traces, trace);
    }
    if (rc < 0)
        smk_web_refuse_last(reply, rc);
}

/* ---- the scheduler -------------------------------------------------------------------------------------- */

struct ready {
    struct pass pass; /* first */
    struct smk_mem mem;
    struct smk_dist dist;
    uint64_t octaves[64]; /* by the highest bit of ns */
    uint64_t counted_ns;  /* as the kernel counted for all threads */
    struct smk_span worst[WORST]; /* longest first */
    uint32_t worst_count;
};

static void keep_worst(struct ready *ready, const struct smk_span *span)
{
    uint32_t at = ready->worst_count;
    while (at > 0 && ready->worst[at - 1].to - ready->worst[at - 1].from < span->to - span->from)
        at--;
    if (at == WORST)
        return;
    uint32_t kept = ready->worst_count < WORST ? ready->worst_count++ : WORST - 1;
    memmove(&ready->worst[at + 1], &ready->worst[at], (kept - at) * sizeof(*span));
    ready->worst[at] = *span;
}

static void ready_span(void *arg, const struct smk_span *span)
{
    struct ready *ready = arg;
    if (span->state != SMK_SPAN_RUNNABLE || !overlap(&ready->pass, span->from, span->to))
        return;
    uint64_t ns = span->to - span->from;
    smk_dist_add(&ready->dist, &ready->mem, ns);
    ready->octaves[63 - __builtin_clzll(ns | 1)]++;
    keep_worst(ready, span);
}

static void ready_count(void *arg, const struct smk_span_count *count)
{
    struct ready *ready = arg;
    if (overlap(&ready->pass, count->from, count->to))
        ready->counted_ns += count->runnable;
}

static void put_worst(struct smk_web *web, struct smk_json_text *json, const struct ready *ready)
{
    smk_put_json_array(json, "worst");
    for (uint32_t i = 0; i < ready->worst_count; i++) {
        const struct smk_span *span = &ready->worst[i];
        smk_put_json_object(json, NULL);
        smk_web_row(json, "row", smk_view_row_of_thread(web->view, span->thread));
        smk_web_time(web, json, "from", span->from);
        smk_web_time(web, json, "to", span->to);
        smk_put_json_number(json, "ns", span->to - span->from);
        smk_put_json_number(json, "process", span->process);
        if (span->request)
            smk_web_id(json, "request", span->request);
        else
            smk_web_null(json, "request");
        if (span->cpu != SMK_CPU_NONE)
            smk_put_json_number(json, "cpu", span->cpu);
        else
            smk_web_null(json, "cpu");
        smk_put_json_object_end(json);
    }
    smk_put_json_array_end(json);
}

static void put_octaves(struct smk_json_text *json, const uint64_t octaves[64])
{
    unsigned first = 0, end = 64;
    while (first < 64 && !octaves[first])
        first++;
    while (end > first && !octaves[end - 1])
        end--;
    smk_put_json_array(json, "edges_ns"); /* one more than counts */
    for (unsigned i = first; i <= end && first < end; i++)
        smk_put_json_number(json, NULL, i < 64 ? UINT64_C(1) << i : UINT64_MAX);
    smk_put_json_array_end(json);
    smk_put_json_array(json, "counts");
    for (unsigned i = first; i < end; i++)
        smk_put_json_number(json, NULL, octaves[i]);
    smk_put_json_array_end(json);
}

static void put_ready(struct smk_web *web, struct ready *ready, const struct smk_web_trace *trace,
                      struct smk_web_reply *reply)
{
    struct smk_json_text json;
    smk_web_begin(reply, &json);
    smk_put_json_string(&json, "source", smk_trace_fact(trace->trace, SMK_FACT_SCHED_SOURCE));
    put_octaves(&json, ready->octaves);
    smk_put_json_number(&json, "count", ready->dist.count);
    smk_put_json_number(&json, "total_ns", ready->dist.total);
    smk_put_json_number(&json, "p50_ns", smk_dist_quantile(&ready->dist, 500));
    smk_put_json_number(&json, "p90_ns", smk_dist_quantile(&ready->dist, 900));
    smk_put_json_number(&json, "p99_ns", smk_dist_quantile(&ready->dist, 990));
    smk_put_json_number(&json, "max_ns", ready->dist.max);
    smk_put_json_number(&json, "counted_ns", ready->counted_ns);
    put_worst(web, &json, ready);
    smk_web_end(reply, &json);
}

static int make_ready(struct smk_web *web, struct smk_web_trace *trace, struct ready *ready,
                      struct smk_web_reply *reply)
{
    const struct smk_export_options options = {.no_symbols = true};
    struct smk_timeline_calls calls = {.span = ready_span, .count = ready_count};
    int rc = smk_exporter_init(&ready->pass.names, trace->trace, &options, nowhere, NULL);
    ready->pass.exporter = &ready->pass.names;
    smk_mem_init(&ready->mem, NULL, NULL, 0);
    if (rc == 0)
        rc = run_pass(web, trace, &ready->pass, &calls, ready);
    if (rc == 0)
        put_ready(web, ready, trace, reply);
    smk_dist_free(&ready->dist, &ready->mem);
    smk_exporter_free(&ready->pass.names);
    return rc;
}

void smk_web_scheduler(struct smk_web *web, const char *query, struct smk_web_reply *reply)
{
    struct smk_web_stretch stretch = SMK_WEB_STRETCH_BEGIN;
    struct ready *ready;
    int rc;
    const struct smk_web_parameter parameters[] = {SMK_WEB_STRETCH(&stretch), SMK_WEB_PARAMETERS_END};
    if (!smk_web_query_read(reply, query, parameters) || !smk_web_stretch(web, &stretch, reply))
        return;
    ready = calloc(1, sizeof(*ready));
    if (!ready) {
        smk_web_refuse(reply, 500, "there is no memory for the answer");
        return;
    }
    ready->pass.from = stretch.from;
    ready->pass.to = stretch.to;
    struct smk_web_trace *trace = smk_web_traces_lend(&web->traces, &rc);
    if (trace) {
        rc = make_ready(web, trace, ready, reply);
        smk_web_traces_give_back(&web->traces, trace);
    }
    if (rc < 0)
        smk_web_refuse_last(reply, rc);
    free(ready);
}
