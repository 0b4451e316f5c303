/* requests_route.c: GET /debug/requests and /debug/requests/ID: what is in flight and where its thread is now, what
 * ended last, what took longest, and how long requests take by route. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/live_requests.h"
#include "base/errors.h"
#include "base/sort.h"
#include "base/sys.h"
#include "core/clock.h"
#include "core/ended.h"
#include "core/gate.h"
#include "core/intern.h"
#include "core/request.h"
#include "core/routes.h"
#include "core/site.h"
#include "family_ask.h"
#include "heap.h"
#include "json.h"
#include "routes.h"
#include "text.h"
#include "threads_view.h"

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

struct requests {
    struct smk_threads_view threads;
    struct smk_live_requests live;
    struct smk_requests_stats stats;
    struct smk_flight *flights; /* the oldest first */
    uint32_t flight_count, flight_capacity;
    bool *wanted; /* threads, by number: those of what is in flight, and whom they wait for */
    uint64_t now; /* ticks; and ns since 1970 */
    int64_t unix_ns;
    struct smk_live_ended recent[SMK_ENDED_RECENT], slowest[SMK_ENDED_SLOWEST];
};

static bool add_flight(const struct smk_flight *flight, void *arg)
{
    struct requests *all = arg;
    if (all->flight_count < all->flight_capacity)
        all->flights[all->flight_count++] = *flight;
    return all->flight_count < all->flight_capacity;
}

static bool is_older(const void *a, const void *b)
{
    return ((const struct smk_flight *)a)->begin < ((const struct smk_flight *)b)->begin;
}

static uint64_t age_of(const struct requests *all, uint64_t tick)
{
    return tick < all->now ? smk_ticks_to_ns(all->now - tick) : 0;
}

/* "other" for one without a name. */
static const char *route_of(struct requests *all, uint32_t route)
{
    uint32_t len = 0;
    char text[SMK_NAME_LEN_MAX + 1];
    const char *name = route ? smk_intern_get(&smk_strings, route, &len) : NULL;
    if (!name)
        return "other";
    len = len < SMK_NAME_LEN_MAX ? len : SMK_NAME_LEN_MAX;
    memcpy(text, name, len);
    text[len] = '\0';
    return smk_view_text(&all->threads, text);
}

static const char *name_of(const struct requests *all, uint32_t tid)
{
    const struct smk_live_thread *thread = smk_threads_view_find(&all->threads, tid);
    return thread ? thread->name : "";
}

static uint32_t name_ended(struct requests *all, const struct smk_ended *list, uint32_t count,
                           struct smk_live_ended *to)
{
    for (uint32_t i = 0; i < count; i++)
        to[i] = (struct smk_live_ended){.id = list[i].id,
                                        .ns = smk_ticks_to_ns(list[i].ticks),
                                        .unix_ns = all->unix_ns - (int64_t)age_of(all, list[i].end),
                                        .route = route_of(all, list[i].route),
                                        .thread = name_of(all, list[i].tid),
                                        .tid = list[i].tid,
                                        .status = list[i].status,
                                        .more = list[i].more};
    return count;
}

static void list_ended(struct requests *all)
{
    struct smk_ended list[SMK_ENDED_RECENT];
    all->live.recent = all->recent;
    all->live.recent_count = name_ended(all, list, smk_ended_recent(list), all->recent);
    all->live.slowest = all->slowest;
    all->live.slowest_count = name_ended(all, list, smk_ended_slowest(list), all->slowest);
}

/* Whom the thread waits for, to the end; a circle ends where it has been. */
static void want_thread(struct requests *all, const struct smk_live_thread *thread)
{
    const struct smk_live *live = &all->threads.live;
    uint32_t at = thread ? (uint32_t)(thread - live->threads) : SMK_LIVE_NONE;
    for (; at != SMK_LIVE_NONE && !all->wanted[at]; at = live->threads[at].next)
        all->wanted[at] = true;
}

static int list_flights(struct requests *all, uint32_t max)
{
    struct smk_live_requests *live = &all->live;
    live->in_flight = all->flight_count;
    live->flights = smk_heap_zalloc((smk_min_u64(max, all->flight_count) + 1) * sizeof *live->flights);
    all->wanted = smk_heap_zalloc((all->threads.live.count + 1) * sizeof *all->wanted);
    if (!live->flights || !all->wanted)
        return smk_fail(SMK_E_NOMEM, "the agent's heap is full");
    for (uint32_t i = 0; i < all->flight_count && i < max; i++) {
        const struct smk_flight *from = &all->flights[i];
        struct smk_live_flight *flight = &live->flights[live->flight_count++];
        *flight = (struct smk_live_flight){.id = from->id,
                                           .age_ns = age_of(all, from->begin),
                                           .route = route_of(all, from->route),
                                           .tid = from->tid,
                                           .thread = name_of(all, from->tid)};
        want_thread(all, smk_live_worker(live->live, flight));
    }
    return 0;
}

static bool add_route(const struct smk_route_view *view, void *arg)
{
    struct requests *all = arg;
    uint64_t count = smk_histogram_count(&view->latency), low, high;
    struct smk_live_route *route = count ? smk_live_add_route(&all->live) : NULL;
    if (!route)
        return true;
    route->route = route_of(all, view->route);
    route->count = count;
    route->p50_ns = smk_histogram_quantile(&view->latency, 500).high;
    route->p90_ns = smk_histogram_quantile(&view->latency, 900).high;
    route->p99_ns = smk_histogram_quantile(&view->latency, 990).high;
    route->max_ns = view->latency.max_ns;
    for (unsigned i = 0; i < SMK_HISTOGRAM_BUCKETS; i++) {
        smk_histogram_bounds(i, &low, &high);
        smk_live_route_add(route, low, view->latency.buckets[i]);
    }
    return true;
}

static int gather(struct requests *all, bool symbols, uint32_t max)
{
    const struct smk_threads_wanted wanted = {.max = SMK_THREADS_SHOWN_NORMAL, .symbols = symbols};
    struct smk_route_view route;
    smk_requests_stats(&all->stats);
    all->flight_capacity = all->stats.capacity;
    all->flights = smk_heap_alloc((all->flight_capacity + 1) * sizeof *all->flights);
    if (!all->flights)
        return smk_fail(SMK_E_NOMEM, "the agent's heap is full");
    int rc = smk_threads_view_make(&all->threads, &wanted);
    if (rc < 0)
        return rc;
    all->now = smk_ticks();
    all->unix_ns = (int64_t)smk_sys_clock(CLOCK_REALTIME);
    all->live = (struct smk_live_requests){.live = &all->threads.live,
                                           .seen = smk_gate_open(SMK_CAT_REQUEST),
                                           .ended = all->stats.ended,
                                           .unlisted = all->stats.unlisted,
                                           .capacity = all->stats.capacity};
    smk_requests_each(add_flight, all);
    smk_sort(all->flights, all->flight_count, sizeof *all->flights, is_older);
    list_ended(all);
    smk_routes_each(&route, add_route, all);
    return list_flights(all, max);
}

static void drop(struct requests *all)
{
    smk_threads_view_free(&all->threads);
    smk_heap_free(all->live.flights);
    smk_heap_free(all->wanted);
    smk_heap_free(all->flights);
    smk_heap_free(all);
}

/* ---- JSON ------------------------------------------------------------------------------------------------------ */

static void put_flight(struct smk_json *json, const struct smk_live *live, const struct smk_live_flight *flight)
{
    const struct smk_live_thread *worker = smk_live_worker(live, flight);
    smk_json_begin(json, NULL, '{');
    smk_json_number(json, "id", flight->id);
    smk_json_text(json, "route", flight->route);
    smk_json_text(json, "state", worker ? worker->state : "unattended");
    smk_json_number(json, "age_ns", flight->age_ns);
    smk_json_number(json, "tid", flight->tid);
    smk_json_text(json, "thread", flight->thread[0] ? flight->thread : NULL);
    smk_json_text(json, "wait", worker && worker->kind[0] ? worker->kind : NULL);
    if (worker && worker->kind[0])
        smk_json_number(json, "wait_ns", worker->waited_ns);
    uint32_t own = worker ? smk_live_own_frame(worker) : 0;
    smk_json_text(json, "function", worker && own < worker->frame_count ? worker->frames[own].function : NULL);
    smk_json_end(json, '}');
}

static void put_ended(struct smk_json *json, const struct smk_live_ended *ended)
{
    smk_json_begin(json, NULL, '{');
    smk_json_number(json, "id", ended->id);
    smk_json_text(json, "route", ended->route);
    smk_json_text(json, "state", "ended");
    smk_json_time(json, "ended", (uint64_t)ended->unix_ns);
    smk_json_number(json, "ended_unix_ns", (uint64_t)ended->unix_ns);
    smk_json_number(json, "ns", ended->ns);
    smk_json_number(json, "status", ended->status);
    smk_json_number(json, "tid", ended->tid);
    smk_json_text(json, "thread", ended->thread[0] ? ended->thread : NULL);
    smk_json_number(json, "answered_with_it", ended->more);
    smk_json_end(json, '}');
}

struct put_routes {
    struct smk_json *json;
    struct requests *all;
};

static bool put_route(const struct smk_route_view *route, void *arg)
{
    struct put_routes *put = arg;
    uint64_t count = smk_histogram_count(&route->latency);
    if (count == 0 && route->in_flight == 0)
        return true;
    smk_json_begin(put->json, NULL, '{');
    smk_json_text(put->json, "route", route_of(put->all, route->route));
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

static void put_ended_list(struct smk_json *json, const char *key, const struct smk_live_ended *list, uint32_t count)
{
    smk_json_begin(json, key, '[');
    for (uint32_t i = 0; i < count; i++)
        put_ended(json, &list[i]);
    smk_json_end(json, ']');
}

static void put_lists(struct smk_json *json, struct requests *all)
{
    const struct smk_live_requests *live = &all->live;
    struct smk_route_view route;
    smk_json_begin(json, "in_flight", '[');
    for (uint32_t i = 0; i < live->flight_count; i++)
        put_flight(json, live->live, &live->flights[i]);
    smk_json_end(json, ']');
    put_ended_list(json, "recent", live->recent, live->recent_count);
    put_ended_list(json, "slowest", live->slowest, live->slowest_count);
    smk_json_begin(json, "routes", '[');
    smk_routes_each(&route, put_route, &(struct put_routes){json, all});
    smk_json_end(json, ']');
    smk_threads_put(json, &all->threads, all->wanted);
}

static char *make_json(struct requests *all, size_t *len)
{
    struct smk_json json = {0};
    const struct smk_live *live = &all->threads.live;
    smk_json_begin(&json, NULL, '{');
    smk_json_text(&json, "program", live->program);
    smk_json_number(&json, "pid", live->pid);
    smk_json_time(&json, "time", (uint64_t)live->unix_ns);
    smk_json_number(&json, "unix_ns", (uint64_t)live->unix_ns);
    smk_json_flag(&json, "seen", all->live.seen);
    smk_json_number(&json, "begun", all->stats.begun);
    smk_json_number(&json, "ended", all->stats.ended);
    smk_json_number(&json, "unlisted", all->stats.unlisted);
    smk_json_number(&json, "capacity", all->stats.capacity);
    smk_json_number(&json, "in_flight_total", all->flight_count);
    put_lists(&json, all);
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
    struct requests *all = smk_heap_zalloc(sizeof *all);
    int json = smk_route_wants_json(exchange, match);
    int rc = json < 0 ? json : smk_query_count(&match->query, "max", 1, SHOWN_MOST, &max);
    if (rc == 0)
        rc = smk_query_flag(&match->query, "symbols", &symbols);
    if (rc == 0)
        rc = all ? gather(all, symbols, (uint32_t)max) : smk_fail(SMK_E_NOMEM, "the agent's heap is full");
    if (rc < 0) {
        smk_answer_failure(&exchange->answer, rc);
    } else if (json) {
        text.data = make_json(all, &text.len);
        smk_answer_memory(&exchange->answer, 200, "application/json", text.data, text.len);
    } else {
        answer_text(exchange, &text, smk_live_requests_text(&all->live, smk_text_put, &text));
    }
    if (all)
        drop(all);
    smk_exchange_answer(exchange);
}

/* Of the lists; NULL. */
static const struct smk_live_flight *find_flight(const struct smk_live_requests *live, uint64_t id)
{
    for (uint32_t i = 0; i < live->flight_count; i++)
        if (live->flights[i].id == id)
            return &live->flights[i];
    return NULL;
}

static const struct smk_live_ended *find_ended(const struct smk_live_requests *live, uint64_t id)
{
    for (uint32_t i = 0; i < live->recent_count; i++)
        if (live->recent[i].id == id)
            return &live->recent[i];
    for (uint32_t i = 0; i < live->slowest_count; i++)
        if (live->slowest[i].id == id)
            return &live->slowest[i];
    return NULL;
}

static void answer_one(struct smk_exchange *exchange, const struct smk_live_requests *live, uint64_t id, bool as_json)
{
    struct smk_text text = {0};
    struct smk_json json = {0};
    const struct smk_live_flight *flight = find_flight(live, id);
    const struct smk_live_ended *ended = flight ? NULL : find_ended(live, id);
    if (!flight && !ended) {
        smk_answer_problem(&exchange->answer, 404, "no such request",
                           "%llu is neither in flight nor among the %u last and %u slowest that are kept; a capture "
                           "has all of its time: /debug/trace?duration=5s",
                           (unsigned long long)id, live->recent_count, live->slowest_count);
    } else if (as_json) {
        if (flight)
            put_flight(&json, live->live, flight);
        else
            put_ended(&json, ended);
        text.data = smk_json_take(&json, &text.len);
        smk_answer_memory(&exchange->answer, 200, "application/json", text.data, text.len);
    } else {
        answer_text(exchange, &text, smk_live_request_text(live->live, flight, ended, smk_text_put, &text));
    }
}

void smk_handle_request(struct smk_exchange *exchange, const struct smk_route_match *match)
{
    bool symbols = true;
    char *end;
    if (smk_ask_other(exchange, match))
        return;
    uint64_t id = strtoull(match->id, &end, 10);
    struct requests *all = smk_heap_zalloc(sizeof *all);
    int json = smk_route_wants_json(exchange, match);
    int rc = json < 0 ? json : smk_query_flag(&match->query, "symbols", &symbols);
    if (rc == 0 && (*end || strlen(match->id) > 20 || match->id[0] == '-'))
        rc = smk_fail(SMK_E_INVALID, "'%s' is no request's number; allowed are up to 20 digits", match->id);
    if (rc == 0)
        rc = all ? gather(all, symbols, SHOWN_MOST) : smk_fail(SMK_E_NOMEM, "the agent's heap is full");
    if (rc < 0)
        smk_answer_failure(&exchange->answer, rc);
    else
        answer_one(exchange, &all->live, id, json);
    if (all)
        drop(all);
    smk_exchange_answer(exchange);
}
