#define _GNU_SOURCE
#include "live.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/atomic.h"
#include "base/errors.h"
#include "base/escape.h"
#include "core/ended.h"
#include "core/intern.h"
#include "core/loops.h"
#include "core/request.h"
#include "core/routes.h"
#include "core/site.h"
#include "heap.h"
#include "log.h"
#include "source/conn.h"
#include "source/proto.h"
#include "text.h"

/* The bounds that Prometheus gets are every eighth of ours, so exact: 2^16 ns (66 us) to 2^36 ns (69 s). */
#define BOUND_FIRST 16u
#define BOUND_LAST  36u

#define LABEL_SIZE (8 * SMK_NAME_LEN_MAX) /* each byte escaped as \xNN, and the backslash once more */

void smk_live_begin(const struct smk_settings *settings)
{
    smk_store_relaxed(&smk_proto_wanted.requests, settings->requests_without_source);
    smk_store_relaxed(&smk_proto_wanted.names, settings->request_names);
    if (smk_routes_set_capacity((uint32_t)settings->routes) < 0)
        smk_agent_log("routes: %s", smk_last_error());
    if (smk_conns_set_capacity((uint32_t)settings->connections) < 0)
        smk_agent_log("connections: %s", smk_last_error());
}

/* ---- text ----------------------------------------------------------------------------------------------- */

/* A label may be longer than what smk_text_say takes at once. */
static void put(struct smk_text *text, const char *format, ...) SMK_PRINTF(2, 3);

static void put(struct smk_text *text, const char *format, ...)
{
    char line[LABEL_SIZE + 256];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (n >= 0 && (size_t)n < sizeof line)
        smk_text_add(text, line, (size_t)n);
}

/* A name that anybody may have chosen as the value of a label: printable, quotes and backslashes escaped. */
static void label_of(uint32_t route, char label[LABEL_SIZE])
{
    char shown[LABEL_SIZE / 2];
    uint32_t len = 0;
    size_t used, out = 0;
    const char *name = route ? smk_intern_get(&smk_strings, route, &len) : "other";
    size_t n = smk_escape(shown, sizeof shown, name ? name : "", route ? len : 5, 0, &used);
    for (size_t i = 0; i < n; i++) {
        if (shown[i] == '"' || shown[i] == '\\')
            label[out++] = '\\';
        label[out++] = shown[i];
    }
    label[out] = '\0';
}

/* ---- histograms ----------------------------------------------------------------------------------------- */

static void put_seconds(struct smk_text *text, const char *what, const char *label, const char *value, uint64_t ns)
{
    put(text, "stallmark_%s_duration_seconds_sum{%s=\"%s\"} %llu.%09llu\n", what, label, value,
        (unsigned long long)(ns / 1000000000u), (unsigned long long)(ns % 1000000000u));
}

/* `what`: "request", labelled with its route; "wait", with its kind. */
static void put_histogram(struct smk_text *text, const char *what, const char *label, const char *value,
                          const struct smk_histogram *h)
{
    uint64_t below = 0;
    unsigned bucket = 0;
    for (unsigned bound = BOUND_FIRST; bound <= BOUND_LAST; bound++) {
        uint64_t ns = UINT64_C(1) << bound;
        for (unsigned end = smk_histogram_bucket(ns); bucket < end; bucket++)
            below += h->buckets[bucket];
        put(text, "stallmark_%s_duration_seconds_bucket{%s=\"%s\",le=\"%llu.%09llu\"} %llu\n", what, label, value,
            (unsigned long long)(ns / 1000000000u), (unsigned long long)(ns % 1000000000u),
            (unsigned long long)below);
    }
    uint64_t all = smk_histogram_count(h);
    put(text, "stallmark_%s_duration_seconds_bucket{%s=\"%s\",le=\"+Inf\"} %llu\n", what, label, value,
        (unsigned long long)all);
    put_seconds(text, what, label, value, h->sum_ns);
    put(text, "stallmark_%s_duration_seconds_count{%s=\"%s\"} %llu\n", what, label, value, (unsigned long long)all);
}

/* Prometheus wants all lines of one metric together, so routes are gone through once for each. */
static bool put_route(const struct smk_route_view *view, void *text)
{
    char label[LABEL_SIZE];
    label_of(view->route, label);
    put_histogram(text, "request", "route", label, &view->latency);
    return true;
}

static bool put_errors(const struct smk_route_view *view, void *text)
{
    char label[LABEL_SIZE];
    label_of(view->route, label);
    put(text, "stallmark_request_errors_total{route=\"%s\",fault=\"service\"} %llu\n", label,
        (unsigned long long)view->outcomes[SMK_OUTCOME_FAILED]);
    put(text, "stallmark_request_errors_total{route=\"%s\",fault=\"client\"} %llu\n", label,
        (unsigned long long)view->outcomes[SMK_OUTCOME_REFUSED]);
    return true;
}

static bool put_in_flight(const struct smk_route_view *view, void *text)
{
    char label[LABEL_SIZE];
    label_of(view->route, label);
    put(text, "stallmark_route_in_flight{route=\"%s\"} %u\n", label, view->in_flight);
    return true;
}

static void put_routes(struct smk_text *text, struct smk_route_view *view)
{
    struct smk_routes_stats stats;
    smk_routes_stats(&stats);
    smk_text_metric(text, "request_duration_seconds", "histogram", "Requests that ended, by route.");
    smk_routes_each(view, put_route, text);
    smk_text_metric(text, "request_errors_total", "counter", "Requests that ended as somebody's fault, by route.");
    smk_routes_each(view, put_errors, text);
    smk_text_metric(text, "route_in_flight", "gauge", "Requests that have begun and not ended, by route.");
    smk_routes_each(view, put_in_flight, text);
    smk_text_metric(text, "routes_unlisted_total", "counter", "Requests counted as other for want of room.");
    put(text, "stallmark_routes_unlisted_total %llu\n", (unsigned long long)stats.unlisted);
    smk_text_metric(text, "route_names_refused_total", "counter",
                    "Requests without source whose name was one too many.");
    put(text, "stallmark_route_names_refused_total %llu\n", (unsigned long long)stats.names_refused);
}

static void put_waits(struct smk_text *text, struct smk_histogram *waits)
{
    smk_text_metric(text, "wait_duration_seconds", "histogram", "Waits seen while armed that slept, by kind.");
    for (unsigned kind = SMK_WAIT_NONE + 1; kind <= SMK_WAIT_OTHER; kind++) {
        smk_waits_get(kind, waits);
        put_histogram(text, "wait", "kind", smk_wait_kind_name(kind), waits);
    }
}

static void put_loops(struct smk_text *text, struct smk_histogram *figure)
{
    static const char *const names[SMK_LOOP_FIGURES] = {
        [SMK_LOOP_AWAY] = "away", [SMK_LOOP_CALLBACKS] = "callback", [SMK_LOOP_LATE] = "late"};
    smk_text_metric(text, "loop_duration_seconds", "histogram",
                    "Event loops while armed: away for 5 ms and more; callbacks that have names, and how late "
                    "these began.");
    for (unsigned i = 0; i < SMK_LOOP_FIGURES; i++) {
        smk_loop_figure_get((enum smk_loop_figure)i, figure);
        put_histogram(text, "loop", "what", names[i], figure);
    }
}

char *smk_live_metrics(size_t *len)
{
    struct smk_text text = {0};
    struct smk_route_view view;
    put_routes(&text, &view);
    put_waits(&text, &view.latency);
    put_loops(&text, &view.latency);
    if (text.failed) {
        smk_heap_free(text.data);
        return NULL;
    }
    *len = text.len;
    return text.data;
}

/* ---- status --------------------------------------------------------------------------------------------- */

void smk_live_put_status(struct smk_json *json)
{
    struct smk_routes_stats routes;
    struct smk_requests_stats requests;
    struct smk_conns_stats conns;
    smk_routes_stats(&routes);
    smk_requests_stats(&requests);
    smk_conns_stats(&conns);
    smk_json_begin(json, "connections", '{');
    smk_json_number(json, "max", conns.capacity);
    smk_json_number(json, "accepted", conns.accepted);
    smk_json_number(json, "found", conns.found);
    smk_json_number(json, "refused", conns.refused);
    smk_json_number(json, "protocol_unknown", conns.unknown);
    smk_json_number(json, "contended", conns.contended);
    smk_json_number(json, "arrivals_asked", conns.asked);
    smk_json_number(json, "arrivals_unknown", conns.ranges);
    smk_json_end(json, '}');
    smk_json_begin(json, "requests", '{');
    smk_json_flag(json, "without_source", smk_load_relaxed(&smk_proto_wanted.requests));
    smk_json_flag(json, "names_of_those", smk_load_relaxed(&smk_proto_wanted.names));
    smk_json_number(json, "begun", requests.begun);
    smk_json_number(json, "in_flight", requests.in_flight);
    smk_json_number(json, "routes", routes.routes);
    smk_json_number(json, "routes_max", routes.capacity);
    smk_json_number(json, "unlisted", routes.unlisted);
    smk_json_number(json, "slowest_missed", smk_ended_missed());
    smk_json_number(json, "names", routes.names);
    smk_json_number(json, "names_max", routes.names_max);
    smk_json_number(json, "names_refused", routes.names_refused);
    smk_json_end(json, '}');
}
