/* answer_item.c: one item in full, and everybody at one instant. */
#include <stdio.h>
#include <string.h>

#include "analysis/say.h"
#include "web.h"

/* ---- words ---------------------------------------------------------------------------------------------- */

/* "312 ms for cart_lock", "1.2 ms running". */
static void say_state(struct smk_web *web, struct smk_json_text *json, const char *key, uint32_t look, uint32_t label,
                      uint64_t ns)
{
    char text[SMK_NAME_MAX + 96], name[SMK_NAME_MAX] = "", unit[SMK_UNIT_MAX];
    unsigned state = SMK_VIEW_LOOK_STATE(look), kind = SMK_VIEW_LOOK_KIND(look), flags = SMK_VIEW_LOOK_FLAGS(look);
    if (label)
        smk_view_label(web->view, label, name);
    smk_words_ns(unit, ns);
    if (state == SMK_SPAN_WAITING || state == SMK_SPAN_IDLE)
        snprintf(text, sizeof(text), "%s%s for %s%s%s", unit, flags & SMK_VIEW_OPEN ? " up to the end" : "",
                 name[0] ? name : kind ? smk_wait_kind_name(kind) : "something that was not seen",
                 state == SMK_SPAN_IDLE ? ", idle" : "", flags & SMK_VIEW_UNSEEN ? ", begun earlier" : "");
    else if (state == SMK_SPAN_RUNNABLE)
        snprintf(text, sizeof(text), "%s ready without a CPU", unit);
    else if (state == SMK_SPAN_RUNNING)
        snprintf(text, sizeof(text), "%s running%s", unit,
                 flags & SMK_VIEW_OR_RUNNABLE ? ", or ready without a CPU: not known" : "");
    else if (state == SMK_SPAN_UNKNOWN)
        snprintf(text, sizeof(text), "%s of which nothing is told", unit);
    else
        snprintf(text, sizeof(text), "%s%s%s", unit, name[0] ? " " : "", name);
    smk_put_json_string(json, key, text);
}

/* "cache miss 12: the key". */
static void say_log(struct smk_web *web, struct smk_json_text *json, const struct smk_view_item *is, uint32_t thread)
{
    char text[SMK_NAME_MAX + 1100], name[SMK_NAME_MAX], said[1025] = "";
    smk_view_label(web->view, is->label, name);
    smk_view_log_text(web->view, thread, is->from, is->label & ((1u << 28) - 1), said, sizeof(said));
    snprintf(text, sizeof(text), "%s %lld%s%s", name, (long long)is->value, said[0] ? ": " : "", said);
    smk_put_json_string(json, "says", text);
}

/* "lock cart_lock, 146 ms so far". */
static void say_so_far(struct smk_web *web, struct smk_json_text *json, const struct smk_view_at *at, uint64_t time)
{
    char text[SMK_NAME_MAX + 96], name[SMK_NAME_MAX] = "", unit[SMK_UNIT_MAX];
    unsigned state = SMK_VIEW_LOOK_STATE(at->look), kind = SMK_VIEW_LOOK_KIND(at->look);
    const char *what = state < SMK_SPAN_STATES ? smk_span_state_name(state) : "";
    if (at->label)
        smk_view_label(web->view, at->label, name);
    if (kind && (state == SMK_SPAN_WAITING || state == SMK_SPAN_IDLE))
        what = smk_wait_kind_name(kind);
    smk_words_ns(unit, time - smk_min_u64(at->since, time));
    snprintf(text, sizeof(text), "%s%s%s, %s so far", what, name[0] ? " " : "", name, unit);
    smk_put_json_string(json, "says", text);
}

/* ---- parts of answers ----------------------------------------------------------------------------------- */

static void put_regions(struct smk_json_text *json, smk_trace *trace, const uint32_t *regions, uint32_t count)
{
    char name[SMK_NAME_MAX];
    smk_put_json_array(json, "regions");
    for (uint32_t i = 0; i < count && i < SMK_VIEW_REGIONS_TOLD; i++) {
        if (regions[i])
            smk_name_of_site(name, trace, regions[i]);
        smk_put_json_string(json, NULL, regions[i] ? name : NULL);
    }
    smk_put_json_array_end(json);
}

/* Inside of the view: whose request it is, with its route. */
static void put_request(struct smk_web *web, struct smk_json_text *json, smk_trace *trace, const char *key,
                        uint32_t process, uint64_t id)
{
    struct smk_view_request request;
    if (!id) {
        smk_web_null(json, key);
        return;
    }
    bool found = smk_view_find_request(web->view, process, id, &request) == 0;
    smk_put_json_object(json, key);
    smk_put_json_number(json, "process", process);
    smk_web_id(json, "id", id);
    smk_web_route(trace, json, "route", found ? request.route : 0);
    if (found)
        smk_put_json_number(json, "ns", request.to - request.from);
    smk_put_json_object_end(json);
}

static void put_row_name(struct smk_web *web, struct smk_json_text *json, uint32_t row)
{
    char name[SMK_NAME_MAX];
    smk_view_row_name(web->view, row, name);
    smk_web_row(json, "row", row);
    smk_put_json_string(json, "name", name);
}

static void put_place(struct smk_json_text *json, struct smk_symbols *symbols, uint32_t stack)
{
    const struct smk_place *place = stack ? smk_symbols_stack_place(symbols, stack) : NULL;
    smk_put_json_string(json, "function", place ? place->function : NULL);
    smk_put_json_string(json, "file", place ? place->file : NULL);
    if (place && place->file)
        smk_put_json_number(json, "line", place->line);
    else
        smk_web_null(json, "line");
}

/* A releaser or a waker. */
static void put_other(struct smk_web *web, struct smk_json_text *json, struct smk_symbols *symbols, const char *key,
                      const struct smk_view_other *other)
{
    if (other->row == SMK_VIEW_NONE) {
        smk_web_null(json, key);
        return;
    }
    smk_put_json_object(json, key);
    put_row_name(web, json, other->row);
    if (other->at)
        smk_web_time(web, json, "at", other->at);
    else
        smk_web_null(json, "at");
    put_place(json, symbols, other->stack);
    smk_put_json_stack(json, symbols, "stack", other->stack);
    smk_put_json_object_end(json);
}

/* What somebody did, for the most part, while others waited for it. */
static void put_did(struct smk_web *web, struct smk_json_text *json, struct smk_symbols *symbols,
                    const struct smk_view_step *step)
{
    smk_web_state(json, step->look);
    say_state(web, json, "says", step->look, step->label, step->ns);
    smk_web_row(json, "item", step->item);
    smk_put_json_number(json, "ns", step->ns);
    put_place(json, symbols, step->stack);
}

static void put_holder(struct smk_web *web, struct smk_json_text *json, struct smk_symbols *symbols,
                       const struct smk_view_item *is)
{
    const struct smk_view_step *step = is->step_count > 1 ? &is->steps[1] : NULL;
    if (is->holder.row == SMK_VIEW_NONE) {
        smk_web_null(json, "holder");
        return;
    }
    smk_put_json_object(json, "holder");
    put_row_name(web, json, is->holder.row);
    smk_put_json_string(json, "certainty", is->holder_sure ? "exact" : "seen at its begin");
    if (step && step->row == is->holder.row) {
        smk_put_json_object(json, "did");
        put_did(web, json, symbols, step);
        smk_put_json_object_end(json);
    } else {
        smk_web_null(json, "did");
    }
    smk_put_json_object_end(json);
}

static void put_chain(struct smk_web *web, struct smk_json_text *json, struct smk_symbols *symbols,
                      const struct smk_view_item *is)
{
    smk_put_json_array(json, "chain");
    for (uint32_t i = 0; i < is->step_count; i++) {
        smk_put_json_object(json, NULL);
        put_row_name(web, json, is->steps[i].row);
        put_did(web, json, symbols, &is->steps[i]);
        smk_web_time(web, json, "from", is->steps[i].from);
        smk_web_time(web, json, "to", is->steps[i].to);
        smk_put_json_object_end(json);
    }
    smk_put_json_array_end(json);
    smk_put_json_bool(json, "circle", is->circle);
}

static void put_wait(struct smk_web *web, struct smk_json_text *json, smk_trace *trace, const struct smk_view_item *is)
{
    const struct smk_span_wait *wait = &is->wait;
    char text[SMK_NAME_MAX];
    if (!is->has_wait) {
        smk_web_null(json, "wait");
        return;
    }
    smk_put_json_object(json, "wait");
    smk_web_time(web, json, "from", wait->from);
    smk_web_time(web, json, "to", wait->to);
    smk_put_json_number(json, "ns", wait->to - wait->from);
    smk_put_json_string(json, "kind", smk_wait_kind_name(wait->kind));
    smk_web_label(web, json, "name", is->label);
    snprintf(text, sizeof(text), "0x%llx", (unsigned long long)wait->object);
    smk_put_json_string(json, "object", wait->object ? text : NULL);
    smk_put_json_string(json, "call", wait->call ? smk_trace_string(trace, wait->call) : NULL);
    smk_put_json_string(json, "what", wait->what ? smk_trace_string(trace, wait->what) : NULL);
    if (is->wait_read)
        smk_put_json_signed(json, "result", wait->result);
    else
        smk_web_null(json, "result");
    smk_put_json_bool(json, "timed_out", is->wait_read && wait->kind == SMK_WAIT_LOCK && !wait->open &&
                                             wait->result == SMK_LOCK_TIMEDOUT);
    smk_put_json_bool(json, "idle", wait->idle);
    smk_put_json_bool(json, "open", wait->open);
    smk_put_json_object_end(json);
}

/* ---- an item -------------------------------------------------------------------------------------------- */

static const char *what_of(const struct smk_view_item *is, const struct smk_view_row *row)
{
    switch (is->kind) {
    case SMK_VIEW_THREAD:
        return is->has_wait ? "wait" : "state";
    case SMK_VIEW_REGIONS:
        return "region";
    case SMK_VIEW_SAMPLES:
        return "sample";
    case SMK_VIEW_REQUESTS:
        return "request";
    case SMK_VIEW_COUNTER:
        return "counter";
    case SMK_VIEW_MARKS:
        return row->thread ? "stall" : "gap";
    case SMK_VIEW_LOGS:
        return "log";
    default:
        return "state";
    }
}

static void put_item(struct smk_web *web, struct smk_json_text *json, const struct smk_view_item *is)
{
    smk_trace *trace = smk_view_enter(web->view);
    struct smk_symbols *symbols = smk_view_symbols(web->view);
    struct smk_view_row row = {0};
    uint64_t from = is->has_wait && is->wait_read ? is->wait.from : is->from;
    uint64_t to = is->has_wait && is->wait_read ? is->wait.to : is->to;
    smk_view_get_row(web->view, is->row, &row);
    smk_web_row(json, "row", is->row);
    smk_put_json_number(json, "item", is->item);
    smk_put_json_string(json, "what", what_of(is, &row));
    smk_web_time(web, json, "from", is->from);
    smk_web_time(web, json, "to", is->to);
    smk_put_json_number(json, "ns", is->to - is->from);
    smk_web_state(json, is->look);
    if (is->kind == SMK_VIEW_LOGS)
        say_log(web, json, is, row.thread);
    else
        say_state(web, json, "says", is->look, is->label, to - from);
    smk_put_json_number(json, "flags", SMK_VIEW_LOOK_FLAGS(is->look));
    smk_web_label(web, json, "label", is->label);
    if (is->kind == SMK_VIEW_COUNTER || is->kind == SMK_VIEW_LOGS)
        smk_put_json_signed(json, "value", is->value);
    put_request(web, json, trace, "in_request", row.process, is->request);
    put_regions(json, trace, is->regions, is->region_count);
    put_wait(web, json, trace, is);
    put_holder(web, json, symbols, is);
    put_other(web, json, symbols, "releaser", &is->releaser);
    put_other(web, json, symbols, "waker", &is->waker);
    put_chain(web, json, symbols, is);
    smk_put_json_stack(json, symbols, "stack", is->stack);
    smk_web_row(json, "previous", is->previous);
    smk_web_row(json, "next", is->next);
    smk_put_json_bool(json, "final", is->final);
    smk_view_leave(web->view);
}

void smk_web_item(struct smk_web *web, const char *query, struct smk_web_reply *reply)
{
    uint64_t row = 0, item = 0;
    const struct smk_web_parameter parameters[] = {{"row", SMK_WEB_NUMBER, &row, true, 0, UINT32_MAX, NULL, NULL},
                                                   {"item", SMK_WEB_NUMBER, &item, true, 0, UINT32_MAX, NULL, NULL},
                                                   SMK_WEB_PARAMETERS_END};
    struct smk_view_item is;
    struct smk_json_text json;
    if (!smk_web_query_read(reply, query, parameters))
        return;
    int rc = smk_view_get_item(web->view, (uint32_t)row, (uint32_t)item, &is);
    if (rc < 0) {
        smk_web_refuse_last(reply, rc);
        return;
    }
    smk_web_begin(reply, &json);
    put_item(web, &json, &is);
    smk_web_end(reply, &json);
}

/* ---- a moment ------------------------------------------------------------------------------------------- */

static void put_thread(struct smk_web *web, struct smk_json_text *json, smk_trace *trace, struct smk_symbols *symbols,
                       const struct smk_view_at *at, uint64_t time)
{
    smk_put_json_object(json, NULL);
    put_row_name(web, json, at->row);
    smk_web_state(json, at->look);
    smk_put_json_bool(json, "or_runnable", SMK_VIEW_LOOK_FLAGS(at->look) & SMK_VIEW_OR_RUNNABLE);
    smk_web_time(web, json, "since", at->since);
    smk_web_time(web, json, "until", at->until);
    smk_web_row(json, "item", at->item);
    smk_web_label(web, json, "label", at->label);
    say_so_far(web, json, at, time);
    put_request(web, json, trace, "request", at->process, at->request);
    put_regions(json, trace, at->regions, at->region_count);
    smk_web_row(json, "holder", at->holder);
    put_place(json, symbols, at->sample);
    smk_put_json_object_end(json);
}

static bool is_wanted(const struct smk_web_list *rows, bool all, uint32_t row)
{
    for (uint32_t i = 0; !all && i < rows->count; i++)
        if (rows->array[i] == row)
            return true;
    return all;
}

void smk_web_at(struct smk_web *web, const char *query, struct smk_web_reply *reply)
{
    uint64_t time = 0;
    bool given = false;
    struct smk_web_list rows = {0};
    const struct smk_web_parameter parameters[] = {{"time", SMK_WEB_NUMBER, &time, true, 0, 0, NULL, NULL},
                                                   {"rows", SMK_WEB_LIST, &rows, false, 0, 0, NULL, &given},
                                                   SMK_WEB_PARAMETERS_END};
    struct smk_view_moment moment = {0};
    struct smk_json_text json;
    if (!smk_web_query_read(reply, query, parameters))
        return;
    uint64_t at = smk_web_to_trace(web, time);
    int rc = smk_view_moment_at(web->view, at, &moment);
    if (rc < 0) {
        smk_web_refuse_last(reply, rc);
    } else {
        smk_trace *trace = smk_view_enter(web->view);
        struct smk_symbols *symbols = smk_view_symbols(web->view);
        smk_web_begin(reply, &json);
        smk_web_time(web, &json, "time", at);
        smk_put_json_array(&json, "threads");
        for (uint32_t i = 0; i < moment.count; i++)
            if (is_wanted(&rows, !given, moment.array[i].row))
                put_thread(web, &json, trace, symbols, &moment.array[i], at);
        smk_put_json_array_end(&json);
        smk_put_json_bool(&json, "final", moment.final);
        smk_web_end(reply, &json);
        smk_view_leave(web->view);
    }
    smk_view_moment_free(&moment);
}
