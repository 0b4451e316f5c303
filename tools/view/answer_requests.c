/* answer_requests.c: the table of requests, the cloud of points, latencies, and one request as a row of its own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "web.h"

#define LIST_MAX   1000u
#define POINTS_MAX 20000u

/* ---- routes --------------------------------------------------------------------------------------------- */

/* The number of the route of this name, as it is shown; 0: there is none. */
static uint32_t find_route(struct smk_web *web, const char *wanted)
{
    char name[SMK_NAME_MAX];
    uint32_t route, found = 0;
    uint64_t count;
    smk_trace *trace = smk_view_enter(web->view);
    for (uint32_t i = 0; !found && smk_view_route_at(web->view, i, &route, &count); i++) {
        smk_name_of_route(name, trace, route);
        if (route && strcmp(name, wanted) == 0)
            found = route;
    }
    smk_view_leave(web->view);
    return found;
}

/* 1: *route is one; 0: none was asked for; -1: refused. */
static int read_route(struct smk_web *web, const char *wanted, uint32_t *route, struct smk_web_reply *reply)
{
    if (!wanted[0])
        return 0;
    *route = find_route(web, wanted);
    if (*route)
        return 1;
    smk_web_refuse(reply, 400, "'%.200s' is no value for route; allowed: a route that /api/requests shows", wanted);
    return -1;
}

/* ---- the table ------------------------------------------------------------------------------------------ */

static void put_request(const struct smk_web *web, smk_trace *trace, struct smk_json_text *json,
                        const struct smk_view_request *request)
{
    smk_put_json_number(json, "process", request->process);
    smk_web_id(json, "id", request->id);
    smk_web_route(trace, json, "route", request->route);
    smk_put_json_number(json, "status", request->status);
    smk_web_time(web, json, "from", request->from);
    smk_web_time(web, json, "to", request->to);
    smk_put_json_number(json, "ns", request->to - request->from);
    smk_put_json_number(json, "loop_delay_ns", request->read - smk_min_u64(request->from, request->read));
    smk_web_row(json, "row", request->row);
    smk_put_json_bool(json, "whole", !request->open && !request->begin_unseen);
    smk_put_json_bool(json, "open", request->open);
    smk_put_json_bool(json, "error", request->error);
}

static void put_list(struct smk_web *web, const struct smk_view_request_list *list, struct smk_web_reply *reply)
{
    struct smk_json_text json;
    smk_trace *trace = smk_view_enter(web->view);
    smk_web_begin(reply, &json);
    smk_put_json_number(&json, "total", list->total);
    smk_put_json_bool(&json, "final", list->final);
    smk_put_json_array(&json, "requests");
    for (uint32_t i = 0; i < list->count; i++) {
        smk_put_json_object(&json, NULL);
        put_request(web, trace, &json, &list->array[i]);
        smk_put_json_object_end(&json);
    }
    smk_put_json_array_end(&json);
    smk_web_end(reply, &json);
    smk_view_leave(web->view);
}

void smk_web_requests(struct smk_web *web, const char *query, struct smk_web_reply *reply)
{
    struct smk_web_stretch stretch = SMK_WEB_STRETCH_BEGIN;
    uint64_t min_ns = 0, max_ns = 0, offset = 0, limit = 100;
    unsigned order = SMK_VIEW_SLOWEST;
    char route[SMK_WEB_TEXT_MAX] = "";
    uint32_t wanted = 0;
    const struct smk_web_parameter parameters[] = {
        SMK_WEB_STRETCH(&stretch),
        {"min_ns", SMK_WEB_NUMBER, &min_ns, false, 0, 0, NULL, NULL},
        {"max_ns", SMK_WEB_NUMBER, &max_ns, false, 0, 0, NULL, NULL},
        {"route", SMK_WEB_TEXT, route, false, 0, 0, NULL, NULL},
        {"sort", SMK_WEB_WORD, &order, false, 0, 0, "slowest|newest", NULL},
        {"offset", SMK_WEB_NUMBER, &offset, false, 0, 10000 - LIST_MAX, NULL, NULL},
        {"limit", SMK_WEB_NUMBER, &limit, false, 1, LIST_MAX, NULL, NULL},
        SMK_WEB_PARAMETERS_END};
    struct smk_view_request_list list = {0};
    if (!smk_web_query_read(reply, query, parameters) || !smk_web_stretch(web, &stretch, reply))
        return;
    int routes = read_route(web, route, &wanted, reply);
    if (routes < 0)
        return;
    const struct smk_view_request_query about = {.from = stretch.from, .to = stretch.to, .min_ns = min_ns,
                                                 .max_ns = max_ns, .routes = &wanted, .route_count = (uint32_t)routes,
                                                 .order = order, .offset = (uint32_t)offset,
                                                 .limit = (uint32_t)limit};
    int rc = smk_view_requests(web->view, &about, &list);
    if (rc < 0)
        smk_web_refuse_last(reply, rc);
    else
        put_list(web, &list, reply);
    smk_view_requests_free(&list);
}

/* ---- points --------------------------------------------------------------------------------------------- */

/* The place of a route among the names that are told, which grow by it. */
static uint32_t place_of(uint32_t *routes, uint32_t *count, uint32_t route)
{
    for (uint32_t i = 0; i < *count; i++)
        if (routes[i] == route)
            return i;
    routes[*count] = route;
    return (*count)++;
}

enum { POINT_AT, POINT_NS, POINT_ROUTE, POINT_PROCESS, POINT_ID, POINT_FIELDS };

static void put_points(const struct smk_web *web, struct smk_json_text *json, const struct smk_view_request_list *list,
                       uint32_t *routes, uint32_t *count)
{
    static const char *const names[POINT_FIELDS] = {"at", "ns", "route", "process", "id"};
    smk_put_json_object(json, "points");
    for (unsigned field = 0; field < POINT_FIELDS; field++) {
        smk_put_json_array(json, names[field]);
        for (uint32_t i = 0; i < list->count; i++) {
            const struct smk_view_request *request = &list->array[i];
            if (field == POINT_AT)
                smk_web_time(web, json, NULL, request->from);
            else if (field == POINT_NS)
                smk_put_json_number(json, NULL, request->to - request->from);
            else if (field == POINT_ROUTE)
                smk_put_json_number(json, NULL, place_of(routes, count, request->route));
            else if (field == POINT_PROCESS)
                smk_put_json_number(json, NULL, request->process);
            else
                smk_web_id(json, NULL, request->id);
        }
        smk_put_json_array_end(json);
    }
    smk_put_json_object_end(json);
}

void smk_web_scatter(struct smk_web *web, const char *query, struct smk_web_reply *reply)
{
    struct smk_web_stretch stretch = SMK_WEB_STRETCH_BEGIN;
    uint64_t points = 4000;
    const struct smk_web_parameter parameters[] = {
        SMK_WEB_STRETCH(&stretch), {"points", SMK_WEB_NUMBER, &points, false, 1, POINTS_MAX, NULL, NULL},
        SMK_WEB_PARAMETERS_END};
    struct smk_view_request_list list = {0};
    struct smk_json_text json;
    if (!smk_web_query_read(reply, query, parameters) || !smk_web_stretch(web, &stretch, reply))
        return;
    int rc = smk_view_scatter(web->view, stretch.from, stretch.to, (uint32_t)points, &list);
    uint32_t count = 0, *routes = calloc(list.count + 1u, sizeof(*routes));
    if (rc < 0 || !routes) {
        if (rc < 0)
            smk_web_refuse_last(reply, rc);
        else
            smk_web_refuse(reply, 500, "there is no memory for the answer");
    } else {
        smk_trace *trace = smk_view_enter(web->view);
        smk_web_begin(reply, &json);
        put_points(web, &json, &list, routes, &count);
        smk_put_json_array(&json, "routes");
        for (uint32_t i = 0; i < count; i++)
            smk_web_route(trace, &json, NULL, routes[i]);
        smk_put_json_array_end(&json);
        smk_put_json_number(&json, "of", list.total);
        smk_put_json_bool(&json, "final", list.final);
        smk_web_end(reply, &json);
        smk_view_leave(web->view);
    }
    free(routes);
    smk_view_requests_free(&list);
}

/* ---- latencies ------------------------------------------------------------------------------------------ */

static void put_latency(const struct smk_view_latency *latency, struct smk_web_reply *reply)
{
    struct smk_json_text json;
    uint32_t first = SMK_VIEW_LATENCY_BUCKETS, last = 0;
    for (uint32_t i = 0; i < SMK_VIEW_LATENCY_BUCKETS; i++)
        if (latency->counts[i]) {
            first = smk_min_u64(first, i);
            last = i;
        }
    smk_web_begin(reply, &json);
    smk_put_json_array(&json, "edges_ns"); /* one more than counts */
    for (uint32_t i = first; i <= last + 1 && first <= last; i++)
        smk_put_json_number(&json, NULL, smk_view_latency_edge(i));
    smk_put_json_array_end(&json);
    smk_put_json_array(&json, "counts");
    for (uint32_t i = first; i <= last; i++)
        smk_put_json_number(&json, NULL, latency->counts[i]);
    smk_put_json_array_end(&json);
    smk_put_json_number(&json, "p50_ns", latency->p50_ns);
    smk_put_json_number(&json, "p90_ns", latency->p90_ns);
    smk_put_json_number(&json, "p99_ns", latency->p99_ns);
    smk_put_json_number(&json, "max_ns", latency->max_ns);
    smk_put_json_number(&json, "count", latency->count);
    smk_put_json_bool(&json, "final", latency->final);
    smk_web_end(reply, &json);
}

void smk_web_latency(struct smk_web *web, const char *query, struct smk_web_reply *reply)
{
    struct smk_web_stretch stretch = SMK_WEB_STRETCH_BEGIN;
    char route[SMK_WEB_TEXT_MAX] = "";
    uint32_t wanted = 0;
    const struct smk_web_parameter parameters[] = {SMK_WEB_STRETCH(&stretch),
                                                   {"route", SMK_WEB_TEXT, route, false, 0, 0, NULL, NULL},
                                                   SMK_WEB_PARAMETERS_END};
    struct smk_view_latency latency;
    if (!smk_web_query_read(reply, query, parameters) || !smk_web_stretch(web, &stretch, reply))
        return;
    int routes = read_route(web, route, &wanted, reply);
    if (routes < 0)
        return;
    int rc = smk_view_latencies(web->view, stretch.from, stretch.to, &wanted, (uint32_t)routes, &latency);
    if (rc < 0)
        smk_web_refuse_last(reply, rc);
    else
        put_latency(&latency, reply);
}

/* ---- parts ---------------------------------------------------------------------------------------------- */

static void put_part_label(struct smk_web *web, struct smk_json_text *json, const struct smk_view_part *part)
{
    char name[SMK_NAME_MAX], text[SMK_NAME_MAX + 8];
    if (part->row != SMK_VIEW_NONE) {
        smk_web_label(web, json, "label", part->label);
        return;
    }
    smk_view_label(web->view, part->label, name);
    snprintf(text, sizeof(text), "queue %s", name);
    smk_put_json_string(json, "label", text);
}

static void put_parts(struct smk_web *web, const struct smk_view_parts *parts, struct smk_web_reply *reply)
{
    struct smk_json_text json;
    smk_trace *trace = smk_view_enter(web->view);
    smk_web_begin(reply, &json);
    put_request(web, trace, &json, &parts->request);
    smk_put_json_array(&json, "parts");
    for (uint32_t i = 0; i < parts->count; i++) {
        const struct smk_view_part *part = &parts->array[i];
        smk_put_json_object(&json, NULL);
        smk_web_time(web, &json, "from", part->from);
        smk_web_time(web, &json, "to", part->to);
        smk_web_state(&json, part->look);
        smk_web_row(&json, "row", part->row);
        smk_web_row(&json, "item", part->item);
        put_part_label(web, &json, part);
        smk_put_json_object_end(&json);
    }
    smk_put_json_array_end(&json);
    smk_put_json_bool(&json, "cut", parts->cut);
    smk_put_json_bool(&json, "final", parts->final);
    smk_web_end(reply, &json);
    smk_view_leave(web->view);
}

void smk_web_parts(struct smk_web *web, const char *query, struct smk_web_reply *reply)
{
    uint64_t process = 0, id = 0;
    const struct smk_web_parameter parameters[] = {
        {"process", SMK_WEB_NUMBER, &process, true, 0, UINT32_MAX, NULL, NULL},
        {"id", SMK_WEB_NUMBER, &id, true, 0, 0, NULL, NULL},
        SMK_WEB_PARAMETERS_END};
    struct smk_view_parts parts = {0};
    if (!smk_web_query_read(reply, query, parameters))
        return;
    int rc = smk_view_parts_of(web->view, (uint32_t)process, id, &parts);
    if (rc < 0)
        smk_web_refuse_last(reply, rc);
    else
        put_parts(web, &parts, reply);
    smk_view_parts_free(&parts);
}
