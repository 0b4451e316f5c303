/* requests_route.c: GET /debug/requests and /debug/requests/ID: what is in flight and where its thread is now, what
 * ended last, what took longest, and how long requests take by route. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/sort.h"
#include "base/sys.h"
#include "core/clock.h"
#include "core/gate.h"
#include "core/intern.h"
#include "core/site.h"
#include "family_ask.h"
#include "heap.h"
#include "json.h"
#include "requests_view.h"
#include "routes.h"
#include "text.h"

#define SHOWN_NORMAL 100u
#define SHOWN_MOST   8192u

const struct smk_parameter smk_requests_parameters[] = {
    {"format", "text or json; else by Accept"},
    {"max", "requests in flight that are shown, the oldest, 1 to 8192; 100"},
    {"symbols", "0: modules and offsets, no file is opened for names; 1"},
    SMK_ASK_PARAMETER,
    {NULL, NULL},
};

const struct smk_parameter smk_request_parameters[] = {
    {"format", "text or json; else by Accept"},
    {"symbols", "0: modules and offsets, no file is opened for names; 1"},
    SMK_ASK_PARAMETER,
    {NULL, NULL},
};

/* ---- gathering ------------------------------------------------------------------------------------------------- */

static bool add_flight(const struct smk_flight *flight, void *arg)
{
    struct smk_requests_view *view = arg;
    if (view->flight_count < view->flight_capacity)
        view->flights[view->flight_count++] = *flight;
    return view->flight_count < view->flight_capacity;
}

static bool is_older(const void *a, const void *b)
{
    return ((const struct smk_flight *)a)->begin < ((const struct smk_flight *)b)->begin;
}

static int gather(struct smk_requests_view *view, bool symbols)
{
    const struct smk_threads_wanted wanted = {.max = SMK_THREADS_SHOWN_NORMAL, .symbols = symbols};
    memset(view, 0, sizeof *view);
    smk_requests_stats(&view->stats);
    view->flight_capacity = view->stats.capacity;
    view->flights = smk_heap_alloc((view->flight_capacity + 1) * sizeof *view->flights);
    if (!view->flights)
        return smk_fail(SMK_E_NOMEM, "the agent's heap is full");
    int rc = smk_threads_view_make(&view->threads, &wanted);
    view->now = smk_ticks();
    view->unix_ns = (int64_t)smk_sys_clock(CLOCK_REALTIME);
    smk_requests_each(add_flight, view);
    smk_sort(view->flights, view->flight_count, sizeof *view->flights, is_older);
    view->recent_count = smk_ended_recent(view->recent);
    view->slowest_count = smk_ended_slowest(view->slowest);
    return rc;
}

static void drop(struct smk_requests_view *view)
{
    smk_threads_view_free(&view->threads);
    smk_heap_free(view->flights);
    smk_heap_free(view);
}

uint64_t smk_requests_age(const struct smk_requests_view *view, uint64_t tick)
{
    return tick < view->now ? smk_ticks_to_ns(view->now - tick) : 0;
}

const char *smk_requests_route(struct smk_requests_view *view, uint32_t route)
{
    uint32_t len = 0;
    char text[SMK_NAME_LEN_MAX + 1];
    const char *name = route ? smk_intern_get(&smk_strings, route, &len) : NULL;
    if (!name)
        return "other";
    len = len < SMK_NAME_LEN_MAX ? len : SMK_NAME_LEN_MAX;
    memcpy(text, name, len);
    text[len] = '\0';
    return smk_view_text(&view->threads, text);
}

/* ---- JSON ------------------------------------------------------------------------------------------------------ */

static void put_flight(struct smk_json *json, struct smk_requests_view *view, const struct smk_flight *flight)
{
    const struct smk_live_thread *thread = smk_threads_view_find(&view->threads, flight->tid);
    bool works = thread && thread->request == flight->id;
    smk_json_begin(json, NULL, '{');
    smk_json_number(json, "id", flight->id);
    smk_json_text(json, "route", smk_requests_route(view, flight->route));
    smk_json_text(json, "state", works ? thread->state : "unattended");
    smk_json_number(json, "age_ns", smk_requests_age(view, flight->begin));
    smk_json_number(json, "tid", flight->tid);
    smk_json_text(json, "thread", thread ? thread->name : NULL);
    smk_json_text(json, "wait", works && thread->kind[0] ? thread->kind : NULL);
    if (works && thread->kind[0])
        smk_json_number(json, "wait_ns", thread->waited_ns);
    uint32_t own = works ? smk_live_own_frame(thread) : 0;
    smk_json_text(json, "function", works && own < thread->frame_count ? thread->frames[own].function : NULL);
    smk_json_end(json, '}');
}

static void put_ended(struct smk_json *json, struct smk_requests_view *view, const struct smk_ended *ended)
{
    const struct smk_live_thread *thread = smk_threads_view_find(&view->threads, ended->tid);
    smk_json_begin(json, NULL, '{');
    smk_json_number(json, "id", ended->id);
    smk_json_text(json, "route", smk_requests_route(view, ended->route));
    smk_json_text(json, "state", "ended");
    smk_json_time(json, "ended", (uint64_t)view->unix_ns - smk_requests_age(view, ended->end));
    smk_json_number(json, "ns", smk_ticks_to_ns(ended->ticks));
    smk_json_number(json, "status", ended->status);
    smk_json_number(json, "tid", ended->tid);
    smk_json_text(json, "thread", thread ? thread->name : NULL);
    smk_json_number(json, "answered_with_it", ended->more);
    smk_json_end(json, '}');
}

struct put_routes {
    struct smk_json *json;
    struct smk_requests_view *view;
};

static bool put_route(const struct smk_route_view *route, void *arg)
{
    struct put_routes *put = arg;
    uint64_t count = smk_histogram_count(&route->latency);
    if (count == 0 && route->in_flight == 0)
        return true;
    smk_json_begin(put->json, NULL, '{');
    smk_json_text(put->json, "route", smk_requests_route(put->view, route->route));
    smk_json_number(put->json, "count", count);
    smk_json_number(put->json, "in_flight", route->in_flight);
    smk_json_number(put->json, "errors", route->outcomes[SMK_OUTCOME_FAILED]);
    smk_json_number(put->json, "p50_ns", smk_histogram_quantile(&route->latency, 500).high);
    smk_json_number(put->json, "p90_ns", smk_histogram_quantile(&route->latency, 900).high);
    smk_json_number(put->json, "p99_ns", smk_histogram_quantile(&route->latency, 990).high);
    smk_json_number(put->json, "max_ns", route->latency.max_ns);
    smk_json_begin(put->json, "buckets", '[');
    for (unsigned i = 0; i < SMK_HISTOGRAM_BUCKETS; i++) {
        uint64_t low, high;
        if (route->latency.buckets[i] == 0)
            continue;
        smk_histogram_bounds(i, &low, &high);
        smk_json_begin(put->json, NULL, '[');
        smk_json_number(put->json, NULL, low);
        smk_json_number(put->json, NULL, route->latency.buckets[i]);
        smk_json_end(put->json, ']');
    }
    smk_json_end(put->json, ']');
    smk_json_end(put->json, '}');
    return true;
}

static void put_lists(struct smk_json *json, struct smk_requests_view *view, uint32_t max)
{
    struct smk_route_view route;
    smk_json_begin(json, "in_flight", '[');
    for (uint32_t i = 0; i < view->flight_count && i < max; i++)
        put_flight(json, view, &view->flights[i]);
    smk_json_end(json, ']');
    smk_json_begin(json, "recent", '[');
    for (uint32_t i = 0; i < view->recent_count; i++)
        put_ended(json, view, &view->recent[i]);
    smk_json_end(json, ']');
    smk_json_begin(json, "slowest", '[');
    for (uint32_t i = 0; i < view->slowest_count; i++)
        put_ended(json, view, &view->slowest[i]);
    smk_json_end(json, ']');
    smk_json_begin(json, "routes", '[');
    smk_routes_each(&route, put_route, &(struct put_routes){json, view});
    smk_json_end(json, ']');
}

static char *make_json(struct smk_requests_view *view, uint32_t max, size_t *len)
{
    struct smk_json json = {0};
    smk_json_begin(&json, NULL, '{');
    smk_json_text(&json, "program", view->threads.live.program);
    smk_json_number(&json, "pid", view->threads.live.pid);
    smk_json_time(&json, "time", (uint64_t)view->unix_ns);
    smk_json_flag(&json, "seen", smk_gate_open(SMK_CAT_REQUEST));
    smk_json_number(&json, "begun", view->stats.begun);
    smk_json_number(&json, "ended", view->stats.ended);
    smk_json_number(&json, "unlisted", view->stats.unlisted);
    smk_json_number(&json, "in_flight_total", view->flight_count);
    put_lists(&json, view, max);
    smk_json_end(&json, '}');
    return smk_json_take(&json, len);
}

/* ---- the routes ------------------------------------------------------------------------------------------------ */

static void answer_text(struct smk_exchange *exchange, struct smk_text *text, int rc)
{
    if (rc < 0)
        smk_text_free(text);
    smk_answer_memory(&exchange->answer, 200, "text/plain; charset=utf-8", text->data, text->len);
}

void smk_handle_requests(struct smk_exchange *exchange, const struct smk_route_match *match)
{
    uint64_t max = SHOWN_NORMAL;
    bool symbols = true;
    struct smk_text text = {0};
    if (smk_ask_other(exchange, match))
        return;
    struct smk_requests_view *view = smk_heap_zalloc(sizeof *view);
    int json = smk_route_wants_json(exchange, match);
    int rc = json < 0 ? json : smk_query_count(&match->query, "max", 1, SHOWN_MOST, &max);
    if (rc == 0)
        rc = smk_query_flag(&match->query, "symbols", &symbols);
    if (rc == 0)
        rc = view ? gather(view, symbols) : smk_fail(SMK_E_NOMEM, "the agent's heap is full");
    if (rc < 0) {
        smk_answer_failure(&exchange->answer, rc);
    } else if (json) {
        text.data = make_json(view, (uint32_t)max, &text.len);
        smk_answer_memory(&exchange->answer, 200, "application/json", text.data, text.len);
    } else {
        answer_text(exchange, &text, smk_requests_text(view, (uint32_t)max, smk_text_put, &text));
    }
    if (view)
        drop(view);
    smk_exchange_answer(exchange);
}

/* Of the lists; NULL. */
static const struct smk_flight *find_flight(const struct smk_requests_view *view, uint64_t id)
{
    for (uint32_t i = 0; i < view->flight_count; i++)
        if (view->flights[i].id == id)
            return &view->flights[i];
    return NULL;
}

static const struct smk_ended *find_ended(const struct smk_requests_view *view, uint64_t id)
{
    for (uint32_t i = 0; i < view->recent_count; i++)
        if (view->recent[i].id == id)
            return &view->recent[i];
    for (uint32_t i = 0; i < view->slowest_count; i++)
        if (view->slowest[i].id == id)
            return &view->slowest[i];
    return NULL;
}

static void answer_one(struct smk_exchange *exchange, struct smk_requests_view *view, uint64_t id, bool as_json)
{
    struct smk_text text = {0};
    struct smk_json json = {0};
    const struct smk_flight *flight = find_flight(view, id);
    const struct smk_ended *ended = flight ? NULL : find_ended(view, id);
    if (!flight && !ended) {
        smk_answer_problem(&exchange->answer, 404, "no such request",
                           "%llu is neither in flight nor among the %u last and %u slowest that are kept; a capture "
                           "has all of its time: /debug/trace?duration=5s",
                           (unsigned long long)id, view->recent_count, view->slowest_count);
    } else if (as_json) {
        if (flight)
            put_flight(&json, view, flight);
        else
            put_ended(&json, view, ended);
        text.data = smk_json_take(&json, &text.len);
        smk_answer_memory(&exchange->answer, 200, "application/json", text.data, text.len);
    } else {
        answer_text(exchange, &text, smk_request_text(view, flight, ended, smk_text_put, &text));
    }
}

void smk_handle_request(struct smk_exchange *exchange, const struct smk_route_match *match)
{
    bool symbols = true;
    char *end;
    if (smk_ask_other(exchange, match))
        return;
    uint64_t id = strtoull(match->id, &end, 10);
    struct smk_requests_view *view = smk_heap_zalloc(sizeof *view);
    int json = smk_route_wants_json(exchange, match);
    int rc = json < 0 ? json : smk_query_flag(&match->query, "symbols", &symbols);
    if (rc == 0 && (*end || strlen(match->id) > 20 || match->id[0] == '-'))
        rc = smk_fail(SMK_E_INVALID, "'%s' is no request's number; allowed are up to 20 digits", match->id);
    if (rc == 0)
        rc = view ? gather(view, symbols) : smk_fail(SMK_E_NOMEM, "the agent's heap is full");
    if (rc < 0)
        smk_answer_failure(&exchange->answer, rc);
    else
        answer_one(exchange, view, id, json);
    if (view)
        drop(view);
    smk_exchange_answer(exchange);
}
