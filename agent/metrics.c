/* metrics.c: GET /metrics: the tracer's own figures and those of the process, Prometheus text format 0.0.4,
 * and behind them those of live.c by route. No other label ever comes from a request, and routes are bounded. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "agent_state.h"
#include "base/atomic.h"
#include "captures.h"
#include "control.h"
#include "core/cost.h"
#include "core/gate.h"
#include "core/pool.h"
#include "core/limits.h"
#include "core/request.h"
#include "core/shed.h"
#include "core/stats.h"
#include "core/thread.h"
#include "source/process_look.h"
#include "fronts.h"
#include "heap.h"
#include "live.h"
#include "log.h"
#include "recorder.h"
#include "routes.h"
#include "rule_text.h"
#include "stallmark/version.h"
#include "store.h"

#define TEXT_MAX 32768

struct text {
    char *data;
    size_t len;
};

static void put(struct text *text, const char *format, ...) SMK_PRINTF(2, 3);

static void put(struct text *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text->data + text->len, TEXT_MAX - text->len, format, args);
    va_end(args);
    if (n > 0)
        text->len = smk_min_u64(text->len + (size_t)n, TEXT_MAX - 1);
}

static void head(struct text *text, const char *name, const char *type, const char *help)
{
    put(text, "# HELP stallmark_%s %s\n# TYPE stallmark_%s %s\n", name, help, name, type);
}

static void one(struct text *text, const char *name, const char *type, const char *help, uint64_t value)
{
    head(text, name, type, help);
    put(text, "stallmark_%s %llu\n", name, (unsigned long long)value);
}

/* Nanoseconds as seconds. */
static void seconds(struct text *text, const char *name, const char *type, const char *help, uint64_t ns)
{
    head(text, name, type, help);
    put(text, "stallmark_%s %llu.%09llu\n", name, (unsigned long long)(ns / 1000000000u),
        (unsigned long long)(ns % 1000000000u));
}

static void put_captures(struct text *text)
{
    struct smk_captures_stats stats;
    smk_captures_get_stats(&stats);
    head(text, "captures_started_total", "counter", "Captures begun.");
    put(text, "stallmark_captures_started_total{kind=\"timed\"} %llu\n", (unsigned long long)stats.timed);
    put(text, "stallmark_captures_started_total{kind=\"snapshot\"} %llu\n", (unsigned long long)stats.snapshots);
    one(text, "captures_refused_total", "counter", "Captures asked for and not begun.", stats.refused);
    head(text, "captures_ended_total", "counter", "Captures ended, by reason.");
    for (unsigned i = 1; i <= SMK_REASON_CUT; i++)
        put(text, "stallmark_captures_ended_total{reason=\"%s\"} %llu\n", smk_reason_name(i),
            (unsigned long long)stats.ended[i]);
    one(text, "capture_running", "gauge", "1 while a timed capture runs.", smk_captures_timed() != NULL);
    one(text, "capture_events_total", "counter", "Events in the files of captures that ended.", stats.events);
    one(text, "capture_lost_total", "counter", "Events lost by captures that ended.", stats.lost);
    one(text, "capture_bytes_total", "counter", "Bytes of captures that ended.", stats.bytes);
}

static void put_store(struct text *text)
{
    struct smk_store_stats stats;
    uint32_t count;
    smk_store_list(&count);
    smk_store_get_stats(&stats);
    one(text, "stored_captures", "gauge", "Captures kept.", stats.files);
    one(text, "stored_bytes", "gauge", "Bytes of captures kept.", stats.bytes);
    one(text, "stored_deleted_total", "counter", "Captures deleted by retention.", stats.deleted);
    one(text, "stored_delete_failures_total", "counter", "Captures that retention could not delete.",
        stats.delete_failures);
    one(text, "day_bytes", "gauge", "Bytes of all captures of the last 24 hours.", smk_store_day_bytes());
}

/* A figure of each category that has ever cost something. */
static void by_category(struct text *text, const char *name, const char *help, const uint64_t values[], bool is_time)
{
    head(text, name, "counter", help);
    for (unsigned i = 0; i < SMK_CATEGORY_COUNT; i++) {
        unsigned long long value = values[i];
        if (value == 0)
            continue;
        put(text, "stallmark_%s{category=\"%s\"} ", name, smk_category_name(1u << i));
        if (is_time)
            put(text, "%llu.%09llu\n", value / 1000000000u, value % 1000000000u);
        else
            put(text, "%llu\n", value);
    }
}

static void put_budget(struct text *text)
{
    struct smk_cost cost;
    struct smk_shed_status status;
    smk_cost_read(&cost);
    smk_shed_get_status(&status);
    by_category(text, "cost_events_total", "Events recorded, by category.", cost.events, false);
    by_category(text, "cost_calls_total", "Wrapped calls timed, by category.", cost.calls, false);
    by_category(text, "cost_seconds_total", "What the program's threads did for the tracer; estimated.", cost.ns, true);
    seconds(text, "own_cpu_seconds_total", "counter", "CPU time of the tracer's own threads.", cost.own_ns);
    seconds(text, "process_cpu_seconds_total", "counter", "CPU time of the process, the tracer's included.",
            cost.process_ns);
    head(text, "not_recorded", "gauge", "1 while a category is shed because of the budget.");
    for (unsigned i = 0; i < SMK_CATEGORY_COUNT; i++)
        put(text, "stallmark_not_recorded{category=\"%s\"} %u\n", smk_category_name(1u << i),
            status.categories >> i & 1);
    one(text, "shed_total", "counter", "Times that a category was shed because of the budget.", status.shed);
    one(text, "taken_back_total", "counter", "Times that a shed category was recorded again.", status.taken_back);
}

static void put_cost(struct text *text)
{
    put_budget(text);
    seconds(text, "writer_cpu_seconds_total", "counter", "CPU time of the writer thread.",
            smk_load_relaxed(&smk_stats.writer_cpu_ns));
    seconds(text, "control_cpu_seconds_total", "counter", "CPU time of the control loop.", smk_control_cpu_ns());
    one(text, "events_written_total", "counter", "Events written into files.",
        smk_load_relaxed(&smk_stats.events_written));
    one(text, "bytes_written_total", "counter", "Bytes written into files.",
        smk_load_relaxed(&smk_stats.bytes_written));
    one(text, "lock_waits_total", "counter", "Waits on locks seen while armed.",
        smk_load_relaxed(&smk_stats.lock_waits));
    one(text, "stacks_total", "counter", "Stacks taken.", smk_load_relaxed(&smk_stats.stacks_taken));
    one(text, "records_torn_total", "counter", "Records found unreadable.", smk_load_relaxed(&smk_stats.records_torn));
    one(text, "buffer_bytes", "gauge", "Size of the buffer; 0 until something is armed.",
        smk_pool_ready() ? smk_pool_bytes() : 0);
    one(text, "recorder_window_seconds", "gauge", "How far back the flight recorder is complete.",
        smk_recorder_preroll_ns() / 1000000000u);
    one(text, "armed", "gauge", "1 while anything is recorded.", smk_load_relaxed(&smk_gate) != 0);
    one(text, "heap_bytes", "gauge", "Bytes of the agent's heap in use.", smk_heap_used());
    one(text, "heap_refused_total", "counter", "Requests that the agent's heap refused.", smk_heap_failed());
}

static void put_tables(struct text *text)
{
    struct smk_limit_status status;
    head(text, "table_entries", "gauge", "Entries of tables that only fill.");
    for (unsigned i = 0; smk_limit_at(i, &status); i++)
        put(text, "stallmark_table_entries{table=\"%s\"} %llu\n", status.name, (unsigned long long)status.used);
    head(text, "table_refused_total", "counter", "Entries for which such a table had no room.");
    for (unsigned i = 0; smk_limit_at(i, &status); i++)
        put(text, "stallmark_table_refused_total{table=\"%s\"} %llu\n", status.name,
            (unsigned long long)status.refused);
}

static void put_figures(struct text *text)
{
    struct smk_process_figures figures;
    smk_process_figures(&figures);
    if (figures.rss_bytes)
        one(text, "process_resident_bytes", "gauge", "Resident memory of the process.", figures.rss_bytes);
    if (figures.descriptors)
        one(text, "process_descriptors", "gauge", "Open descriptors of the process.", figures.descriptors);
    if (!figures.usage_known)
        return;
    one(text, "process_minor_faults_total", "counter", "Page faults that needed no disk.", figures.usage.minor_faults);
    one(text, "process_major_faults_total", "counter", "Page faults that did.", figures.usage.major_faults);
    seconds(text, "process_user_seconds_total", "counter", "CPU time of the process in user mode.",
            figures.usage.user_ns);
    seconds(text, "process_system_seconds_total", "counter", "CPU time of the process in the kernel.",
            figures.usage.system_ns);
}

static void put_process(struct text *text)
{
    struct smk_threads_stats threads;
    struct smk_requests_stats requests;
    smk_threads_stats(&threads);
    smk_requests_stats(&requests);
    one(text, "threads_traced", "gauge", "Threads that have a slot.", threads.live);
    one(text, "threads_untraced_total", "counter", "Threads for which there was no slot.", threads.untraced);
    one(text, "requests_in_flight", "gauge", "Marked requests that have begun and not ended.", requests.in_flight);
    put_figures(text);
}

static void put_fronts(struct text *text)
{
    static const char *const names[] = {"tcp", "unix", "evhttp"};
    struct smk_fronts_stats stats = {0};
    smk_fronts_get_stats(&stats);
    head(text, "http_requests_total", "counter", "Requests to the agent, by front.");
    for (unsigned i = 0; i < SMK_ARRAY_LEN(names); i++)
        put(text, "stallmark_http_requests_total{front=\"%s\"} %llu\n", names[i],
            (unsigned long long)stats.requests[i]);
    one(text, "http_refused_total", "counter", "Requests that the gate refused.", stats.refused);
    one(text, "http_unauthorized_total", "counter", "Requests without the token or scope.", stats.unauthorized);
    one(text, "http_throttled_total", "counter", "Requests answered with 429 by the gate.", stats.throttled);
    one(text, "http_busy_total", "counter", "Requests answered with 503.", stats.busy);
    one(text, "http_cut_total", "counter", "Downloads cut.", stats.cut);
    one(text, "http_accept_failures_total", "counter", "Connections without a descriptor.", stats.accept_failures);
    one(text, "audit_suppressed_total", "counter", "Audit lines above the rate.", smk_agent_audit_suppressed());
}

static void append(struct text *text, char *more, size_t len)
{
    char *both = more ? smk_heap_realloc(text->data, text->len + len) : NULL;
    if (both) {
        memcpy(both + text->len, more, len);
        text->data = both;
        text->len += len;
    }
    smk_heap_free(more);
}

void smk_handle_metrics(struct smk_exchange *exchange, const struct smk_route_match *match)
{
    struct text text = {.data = smk_heap_alloc(TEXT_MAX)};
    (void)match;
    if (text.data) {
        head(&text, "info", "gauge", "The version that runs.");
        put(&text, "stallmark_info{version=\"%s\"} 1\n", smk_version());
        put_captures(&text);
        put_store(&text);
        put_cost(&text);
        put_tables(&text);
        put_process(&text);
        put_fronts(&text);
        size_t len = 0;
        char *live = smk_live_metrics(&len);
        append(&text, live, len);
        struct smk_text rules = {0};
        smk_rules_metrics(&rules);
        append(&text, rules.data, rules.failed ? 0 : rules.len);
    }
    smk_answer_memory(&exchange->answer, 200, "text/plain; version=0.0.4; charset=utf-8", text.data, text.len);
    smk_exchange_answer(exchange);
}
