/* request_json.c: a view of a request as JSON; docs/answers-json.md. */
#include "analysis/request_view_state.h"

#include <stdio.h>
#include <string.h>

#include "analysis/json.h"

#define STEPS_MAX 4096u

static void put_id(struct smk_json_text *json, const char *key, uint64_t high, uint64_t low)
{
    char text[40];
    snprintf(text, sizeof(text), "%016llx%016llx", (unsigned long long)high, (unsigned long long)low);
    smk_put_json_string(json, key, high || low ? text : NULL);
}

static void put_request(struct smk_request_view *view, struct smk_json_text *json,
                        const struct smk_span_request *request)
{
    char text[SMK_UNIT_MAX];
    const smk_process_info *info = smk_trace_process_at(view->trace, request->process);
    smk_put_json_number(json, "id", request->id);
    smk_put_json_number(json, "pid", info ? info->pid : 0);
    smk_put_json_string(json, "route", request->route ? smk_trace_string(view->trace, request->route) : NULL);
    smk_put_json_number(json, "status", request->status);
    smk_put_json_bool(json, "running", request->open);
    smk_put_json_bool(json, "begin_unseen", request->begin_unseen);
    smk_put_json_string(json, "began", smk_words_date(text, smk_unix_of(view->trace, request->process, request->from)));
    smk_put_json_number(json, "from_ns", request->from);
    smk_put_json_number(json, "to_ns", request->to);
    smk_put_json_number(json, "duration_ns", request->to > request->from ? request->to - request->from : 0);
    put_id(json, "trace_id", request->trace_high, request->trace_low);
    smk_put_json_thread(json, view->trace, "first_thread", request->first_thread);
    smk_put_json_thread(json, view->trace, "last_thread", request->last_thread);
}

static void put_detail(struct smk_request_view *view, struct smk_json_text *json, const struct smk_time_detail *detail)
{
    static const char *const types[] = {"region", "call", "peer_or_file", "site", "thread", "why", "route"};
    char name[SMK_NAME_MAX];
    const char *value = name;
    switch (detail->type) {
    case SMK_DETAIL_REGION:
    case SMK_DETAIL_SITE:
        smk_name_of_site(name, view->trace, detail->id);
        break;
    case SMK_DETAIL_THREAD:
        smk_name_of_thread(name, view->trace, detail->id);
        break;
    case SMK_DETAIL_WHY:
        value = smk_why_text((enum smk_why)detail->id);
        break;
    default:
        value = detail->id ? smk_trace_string(view->trace, detail->id) : NULL;
    }
    smk_put_json_object(json, NULL);
    smk_put_json_string(json, "type", types[detail->type]);
    smk_put_json_string(json, "name", value);
    smk_put_json_number(json, "ns", detail->ns);
    smk_put_json_number(json, "count", detail->count);
    smk_put_json_object_end(json);
}

static void put_parts(struct smk_request_view *view, struct smk_json_text *json, const struct smk_request_parts *parts)
{
    char name[SMK_NAME_MAX];
    smk_put_json_array(json, "parts");
    for (uint32_t i = 0; i < parts->part_count; i++) {
        const struct smk_time_part *part = &parts->parts[i];
        smk_put_json_object(json, NULL);
        smk_put_json_string(json, "kind", smk_time_name((enum smk_time_kind)part->kind));
        if (part->kind == SMK_TIME_LOCK && part->lock != SMK_MAP_NONE) {
            smk_name_of_lock(name, &view->symbols, &view->pick.locks.array[part->lock]);
            smk_put_json_string(json, "lock", name);
        }
        smk_put_json_number(json, "ns", part->ns);
        smk_put_json_number(json, "estimated_ns", part->estimated);
        smk_put_json_number(json, "count", part->count);
        smk_put_json_array(json, "details");
        for (uint32_t j = 0; j < part->detail_count; j++)
            put_detail(view, json, &part->details[j]);
        smk_put_json_array_end(json);
        smk_put_json_object_end(json);
    }
    smk_put_json_array_end(json);
}

static void put_steps(struct smk_request_view *view, struct smk_json_text *json)
{
    const struct smk_request_parts *parts = &view->request;
    smk_put_json_bool(json, "steps_cut", parts->step_count > STEPS_MAX);
    smk_put_json_array(json, "steps");
    for (uint32_t i = 0; i < parts->step_count && i < STEPS_MAX; i++) {
        const struct smk_request_step *step = &parts->steps[i];
        smk_put_json_object(json, NULL);
        smk_put_json_number(json, "from_ns", step->from);
        smk_put_json_number(json, "to_ns", step->to);
        smk_put_json_string(json, "kind", smk_time_name((enum smk_time_kind)parts->parts[step->part].kind));
        smk_put_json_number(json, "part", step->part);
        smk_put_json_thread(json, view->trace, "thread", step->thread);
        if (step->wait)
            smk_put_json_wait(json, &view->symbols, &view->pick.locks, "wait", &view->index.waits[step->wait - 1]);
        smk_put_json_object_end(json);
    }
    smk_put_json_array_end(json);
}

static void put_samples(struct smk_request_view *view, struct smk_json_text *json)
{
    char name[SMK_NAME_MAX];
    smk_put_json_number(json, "samples", view->samples);
    smk_put_json_array(json, "functions");
    for (uint32_t i = 0; i < view->function_count; i++) {
        smk_place_text(name, &view->symbols, view->functions[i].stack);
        smk_put_json_object(json, NULL);
        smk_put_json_string(json, "place", name);
        smk_put_json_number(json, "samples", view->functions[i].count);
        smk_put_json_object_end(json);
    }
    smk_put_json_array_end(json);
}

static void put_node(struct smk_request_view *view, struct smk_json_text *json, uint32_t number)
{
    char name[SMK_NAME_MAX];
    const struct smk_chain_node *node = &view->chain.nodes[number];
    struct smk_span_wait wait = {.kind = node->wait, .call = node->call, .what = node->what, .site = node->site,
                                 .fd = -1};
    smk_put_json_object(json, NULL);
    smk_put_json_string(json, "what", smk_chain_kind_name((enum smk_chain_kind)node->kind));
    if (node->kind == SMK_CHAIN_WAIT) {
        bool queue = node->wait == SMK_WAIT_NONE;
        if (node->lock != SMK_MAP_NONE)
            smk_name_of_lock(name, &view->symbols, &view->pick.locks.array[node->lock]);
        else
            smk_wait_text(name, &view->symbols, &view->pick.locks, &wait);
        smk_put_json_string(json, "kind", queue ? "queue" : smk_wait_kind_name(node->wait));
        smk_put_json_string(json, "for", name);
    }
    smk_put_json_bool(json, "inferred", node->inferred);
    smk_put_json_number(json, "ns", node->ns);
    smk_put_json_number(json, "longest_ns", node->longest);
    smk_put_json_number(json, "count", node->count);
    smk_put_json_array(json, "threads");
    for (uint32_t i = 0; i < node->thread_count; i++)
        smk_put_json_thread(json, view->trace, NULL, node->threads[i]);
    smk_put_json_array_end(json);
    smk_put_json_stack(json, &view->symbols, "stack", node->stack);
    smk_put_json_array(json, "then");
    for (uint32_t i = 0, child; (child = smk_chain_child(&view->chain, number, i)) != UINT32_MAX; i++)
        put_node(view, json, child);
    smk_put_json_array_end(json);
    smk_put_json_object_end(json);
}

static void put_one(struct smk_request_view *view, struct smk_json_text *json, const char *key,
                    const struct smk_request_parts *parts)
{
    smk_put_json_object(json, key);
    put_request(view, json, &parts->request);
    put_parts(view, json, parts);
    smk_put_json_array(json, "served_by");
    for (uint32_t i = 0; i < parts->server_count; i++) {
        smk_put_json_object(json, NULL);
        smk_put_json_thread(json, view->trace, "thread", parts->servers[i].thread);
        smk_put_json_number(json, "ns", parts->servers[i].ns);
        smk_put_json_object_end(json);
    }
    smk_put_json_array_end(json);
    if (parts == &view->request)
        put_samples(view, json);
    if (parts == &view->request)
        put_steps(view, json);
    smk_put_json_object_end(json);
}

int smk_request_view_json(struct smk_request_view *view, smk_report_put put, void *arg)
{
    struct smk_json_text json;
    smk_put_json_init(&json, put, arg);
    smk_put_json_object(&json, NULL);
    smk_put_json_string(&json, "schema", "stallmark.request/1");
    smk_put_json_string(&json, "scheduler", smk_request_view_source(view));
    smk_put_json_bool(&json, "cpu_estimated", view->request.estimated);
    put_one(view, &json, "request", &view->request);
    if (view->has_normal)
        put_one(view, &json, "normal", &view->normal);
    else
        smk_put_json_string(&json, "normal", NULL);
    smk_put_json_number(&json, "of_route", view->pick.of_route);
    smk_put_json_number(&json, "rank", view->pick.rank);
    smk_put_json_number(&json, "median_ns", view->pick.median);
    smk_put_json_array(&json, "chain");
    for (uint32_t i = 0, root; (root = smk_chain_child(&view->chain, SMK_CHAIN_ROOTS, i)) != UINT32_MAX; i++)
        put_node(view, &json, root);
    smk_put_json_array_end(&json);
    smk_put_json_bool(&json, "chain_cut_short", view->chain.cut_short);
    smk_put_json_number(&json, "refused", view->index.refused);
    smk_put_json_object_end(&json);
    return smk_put_json_finish(&json);
}
