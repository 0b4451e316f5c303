/* chrome.c: the JSON of chrome://tracing, which many viewers read.
 *
 * Complete events (X) for waits, regions, unlocks; a row of its own for each thread's states, which do not nest with
 * them; async events (b, e) for requests and their own regions; flows (s, f) from an unlock to "acquired"; counters.
 * Times are microseconds with three decimals, which is as exact as ns while a double holds them: they count from the
 * trace's first moment.
 */
#include <stdio.h>

#include "export/exporter.h"
#include "export/handover.h"

#define OWN_PID (1u << 30) /* and more: processes and rows that have no pid or tid of their own */
#define TAKERS  32u

struct chrome {
    struct smk_exporter *exporter; /* first: smk_export_timeline */
    uint64_t first;                /* what times count from */
    bool any;                      /* there is an event before */
    struct smk_map threads;        /* whose names are told */
    struct smk_handovers handovers;
    uint64_t flows;
};

static struct chrome *chrome_of(void *arg) { return arg; }

/* ---- events --------------------------------------------------------------------------------------------- */

static uint32_t pid_of(struct chrome *to, uint32_t process)
{
    uint32_t pid = smk_export_pid(to->exporter, process);
    for (uint32_t i = 0; i < process; i++) /* of two captures of one process the second is another */
        if (smk_export_pid(to->exporter, i) == pid)
            return OWN_PID + process;
    return pid;
}

static void put_time(struct chrome *to, const char *key, uint64_t ns)
{
    smk_out_format(&to->exporter->out, ",\"%s\":", key);
    smk_out_us(&to->exporter->out, ns);
}

static uint64_t since(const struct chrome *to, uint64_t time) { return time > to->first ? time - to->first : 0; }

/* {"ph":"X","pid":1,"tid":2,"ts":3.000,"name":"…" — and the rest up to end(). */
static void begin(struct chrome *to, char phase, uint32_t process, uint64_t row, uint64_t time, const char *name)
{
    struct smk_out *out = &to->exporter->out;
    smk_out_format(out, "%s\n{\"ph\":\"%c\",\"pid\":%u,\"tid\":%llu", to->any ? "," : "", phase, pid_of(to, process),
                   (unsigned long long)row);
    put_time(to, "ts", since(to, time));
    smk_out_text(out, ",\"name\":");
    smk_out_json(out, name);
    to->any = true;
}

static void end(struct chrome *to) { smk_out_text(&to->exporter->out, "}"); }

static void put_category(struct chrome *to, const char *category)
{
    smk_out_format(&to->exporter->out, ",\"cat\":\"%s\"", category);
}

/* An argument; the first is to say so. */
static void put_key(struct chrome *to, bool *first, const char *key)
{
    smk_out_format(&to->exporter->out, "%s\"%s\":", *first ? ",\"args\":{" : ",", key);
    *first = false;
}

static void put_text(struct chrome *to, bool *first, const char *key, const char *value)
{
    if (!value[0])
        return;
    put_key(to, first, key);
    smk_out_json(&to->exporter->out, value);
}

static void put_number(struct chrome *to, bool *first, const char *key, uint64_t value)
{
    put_key(to, first, key);
    smk_out_number(&to->exporter->out, value);
}

static void end_arguments(struct chrome *to, bool first)
{
    if (!first)
        smk_out_text(&to->exporter->out, "}");
    end(to);
}

static void name_row(struct chrome *to, const char *what, uint32_t process, uint64_t row, const char *name,
                     const char *more)
{
    struct smk_out *out = &to->exporter->out;
    char all[SMK_NAME_MAX];
    struct smk_export_text clean;
    snprintf(all, sizeof(all), "%.480s%s", name, more);
    begin(to, 'M', process, row, 0, what);
    smk_out_text(out, ",\"args\":{\"name\":");
    smk_out_json(out, smk_export_clean(&clean, all));
    smk_out_text(out, "}");
    end(to);
}

/* The row of a thread. Two threads of one tid, one after the other, share one. */
static uint64_t row_of(struct chrome *to, uint32_t serial, uint32_t process)
{
    struct smk_export_text name;
    uint32_t tid = smk_export_tid_of(to->exporter, serial);
    uint64_t row = tid ? tid : (uint64_t)OWN_PID + serial;
    if (smk_map_get(&to->threads, serial) != SMK_MAP_NONE)
        return row;
    smk_map_put(&to->threads, &to->exporter->mem, serial, 0);
    smk_export_thread(to->exporter, &name, serial);
    name_row(to, "thread_name", process, row, name.text, "");
    name_row(to, "thread_name", process, (uint64_t)OWN_PID * 2 + serial, name.text, " (state)");
    return row;
}

/* ---- what happened -------------------------------------------------------------------------------------- */

static void on_span(void *arg, const struct smk_span *span)
{
    struct chrome *to = chrome_of(arg);
    const char *state = smk_span_state_name((enum smk_span_state)span->state);
    bool first = true;
    row_of(to, span->thread, span->process);
    begin(to, 'X', span->process, (uint64_t)OWN_PID * 2 + span->thread, span->from,
          span->flags & SMK_SPAN_OR_RUNNABLE ? "running or runnable" : state);
    put_time(to, "dur", span->to - span->from);
    put_category(to, "state");
    if (span->kind && span->state != SMK_SPAN_RUNNING)
        put_text(to, &first, "kind", smk_wait_kind_name(span->kind));
    if (span->cpu != SMK_CPU_NONE)
        put_number(to, &first, "cpu", span->cpu);
    if (span->request)
        put_number(to, &first, "request", span->request);
    end_arguments(to, first);
}

static void put_wait_arguments(struct chrome *to, const struct smk_span_wait *wait)
{
    struct smk_exporter *exporter = to->exporter;
    struct smk_export_text text;
    bool first = true;
    put_text(to, &first, "kind", smk_wait_kind_name(wait->kind));
    put_text(to, &first, "call", smk_export_string(exporter, &text, wait->call));
    put_text(to, &first, "what", smk_export_object(exporter, &text, wait));
    put_text(to, &first, wait->kind == SMK_WAIT_DISK ? "file" : "peer",
             smk_export_string(exporter, &text, wait->what));
    put_text(to, &first, "holder", smk_export_tid(exporter, &text, wait->process, wait->holder, wait->from));
    put_text(to, &first, "releaser", smk_export_tid(exporter, &text, wait->process, wait->releaser, wait->to));
    put_text(to, &first, wait->kind == SMK_WAIT_JOIN ? "joined" : "waker",
             smk_export_tid(exporter, &text, wait->process, wait->waker, wait->to));
    put_text(to, &first, "function", smk_export_function(exporter, &text, wait->stack));
    if (wait->request)
        put_number(to, &first, "request", wait->request);
    if (wait->open)
        put_text(to, &first, "ended", "no: the record ended before");
    end_arguments(to, first);
}

static void on_wait(void *arg, const struct smk_span_wait *wait)
{
    struct chrome *to = chrome_of(arg);
    struct smk_export_text name;
    uint64_t row = row_of(to, wait->thread, wait->process);
    begin(to, 'X', wait->process, row, wait->from, smk_export_wait(to->exporter, &name, wait));
    put_time(to, "dur", wait->to - wait->from);
    put_category(to, "wait");
    put_wait_arguments(to, wait);
    smk_handovers_wait(&to->handovers, wait);
}

static void put_flow(struct chrome *to, char phase, uint32_t process, uint64_t row, uint64_t time, uint64_t flow)
{
    begin(to, phase, process, row, time, "handover");
    put_category(to, "handover");
    smk_out_format(&to->exporter->out, ",\"id\":%llu%s", (unsigned long long)flow, phase == 'f' ? ",\"bp\":\"e\"" : "");
    end(to);
}

static void on_met(void *arg, const struct smk_handover_wait *wait, struct smk_handover_release *release)
{
    struct chrome *to = chrome_of(arg);
    const smk_thread_info *waiter = smk_trace_thread(to->exporter->trace, wait->thread);
    const smk_thread_info *giver = smk_trace_thread(to->exporter->trace, (uint32_t)release->flow);
    if (!waiter || !giver)
        return;
    uint64_t flow = ++to->flows, row = row_of(to, wait->thread, waiter->process);
    put_flow(to, 's', giver->process, row_of(to, giver->serial, giver->process), release->from, flow);
    begin(to, 'X', waiter->process, row, wait->to, "acquired");
    put_time(to, "dur", 1);
    put_category(to, "handover");
    end(to);
    put_flow(to, 'f', waiter->process, row, wait->to, flow);
}

static void on_release(void *arg, const struct smk_span_release *release)
{
    struct chrome *to = chrome_of(arg);
    struct smk_export_text name;
    bool first = true;
    begin(to, 'X', release->process, row_of(to, release->thread, release->process), release->from,
          smk_export_release(to->exporter, &name, release));
    put_time(to, "dur", release->to - release->from);
    put_category(to, "release");
    put_text(to, &first, "function", smk_export_function(to->exporter, &name, release->stack));
    if (release->held)
        put_number(to, &first, "held_ns", release->held);
    end_arguments(to, first);
    struct smk_handover_release said = {.from = release->from,
                                        .flow = release->thread,
                                        .tid = smk_export_tid_of(to->exporter, release->thread),
                                        .left = TAKERS};
    smk_handovers_release(&to->handovers, release->process, release->object, &said);
}

/* Requests, and regions of theirs inside them: by the request's number. */
static void put_async(struct chrome *to, char phase, uint32_t process, uint32_t thread, uint64_t time,
                      uint64_t request, const char *name)
{
    begin(to, phase, process, row_of(to, thread, process), time, name);
    put_category(to, "request");
    smk_out_format(&to->exporter->out, ",\"id\":\"%u/%llu\"", process, (unsigned long long)request);
}

static void on_request(void *arg, const struct smk_span_request *request)
{
    struct chrome *to = chrome_of(arg);
    struct smk_export_text name;
    bool first = true;
    smk_export_route(to->exporter, &name, request->route);
    put_async(to, 'b', request->process, request->first_thread, request->from, request->id, name.text);
    put_number(to, &first, "request", request->id);
    put_number(to, &first, "status", request->status);
    if (request->open || request->begin_unseen)
        put_text(to, &first, "whole", "no");
    end_arguments(to, first);
    put_async(to, 'e', request->process, request->first_thread, request->to, request->id, name.text);
    end(to);
}

static void on_region(void *arg, const struct smk_span_region *region)
{
    struct chrome *to = chrome_of(arg);
    struct smk_export_text name;
    smk_export_site(to->exporter, &name, region->site);
    if (region->of_request) {
        put_async(to, 'b', region->process, region->thread, region->from, region->request, name.text);
        end(to);
        put_async(to, 'e', region->process, region->thread, region->to, region->request, name.text);
        end(to);
        return;
    }
    begin(to, 'X', region->process, row_of(to, region->thread, region->process), region->from, name.text);
    put_time(to, "dur", region->to - region->from);
    put_category(to, "region");
    end(to);
}

static void on_counter(void *arg, const struct smk_span_counter *counter)
{
    struct chrome *to = chrome_of(arg);
    struct smk_export_text name;
    begin(to, 'C', counter->process, 0, counter->time,
          counter->site ? smk_export_site(to->exporter, &name, counter->site)
                        : smk_export_string(to->exporter, &name, counter->name));
    smk_out_format(&to->exporter->out, ",\"args\":{\"value\":%lld}", (long long)counter->value);
    end(to);
}

static void on_gap(void *arg, const smk_gap *gap)
{
    struct chrome *to = chrome_of(arg);
    struct smk_export_text text;
    bool first = true;
    uint64_t row = (uint64_t)OWN_PID + (uint32_t)__builtin_ctz(gap->category | 1u << 31);
    begin(to, 'X', gap->process, row, gap->from, "not recorded");
    put_time(to, "dur", gap->to - gap->from);
    put_category(to, "gap");
    put_text(to, &first, "category", smk_category_name(gap->category));
    put_text(to, &first, "why", smk_export_clean(&text, gap->reason));
    end_arguments(to, first);
}

static int run(struct smk_exporter *exporter)
{
    static const struct smk_timeline_calls calls = {.span = on_span,
                                                    .wait = on_wait,
                                                    .region = on_region,
                                                    .request = on_request,
                                                    .counter = on_counter,
                                                    .release = on_release,
                                                    .gap = on_gap};
    const smk_process_info *process;
    struct chrome to = {.exporter = exporter,
                        .first = smk_trace_get_info(exporter->trace)->first,
                        .handovers = {.mem = &exporter->mem, .arg = &to, .met = on_met}};
    smk_out_text(&exporter->out, "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[");
    for (size_t i = 0; (process = smk_trace_process_at(exporter->trace, i)) != NULL; i++)
        name_row(&to, "process_name", process->process, 0, smk_program_of(process), "");
    int result = smk_export_timeline(exporter, &calls, &to);
    smk_out_text(&exporter->out, "\n]}\n");
    smk_handovers_finish(&to.handovers);
    smk_map_free(&to.threads, &exporter->mem);
    return result;
}

const struct smk_export_format smk_export_chrome = {
    "chrome", "the JSON of chrome://tracing: waits, regions, states, requests, arrows, counters", run};
