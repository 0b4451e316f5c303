/* answer_rows.c: rows, their items in tiles, labels, densities and sums. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "web.h"

/* ---- rows ----------------------------------------------------------------------------------------------- */

static void put_sums(struct smk_json_text *json, const struct smk_view_row *row)
{
    smk_put_json_object(json, "sums");
    for (unsigned state = 0; state < SMK_SPAN_STATES; state++)
        if (row->state_ns[state])
            smk_put_json_number(json, smk_span_state_name(state), row->state_ns[state]);
    smk_put_json_object_end(json);
}

static void put_row(struct smk_web *web, struct smk_json_text *json, smk_trace *trace, const struct smk_view_row *row)
{
    char name[SMK_NAME_MAX];
    const smk_process_info *process = smk_trace_process_at(trace, row->process);
    const smk_thread_info *thread = row->thread ? smk_trace_thread(trace, row->thread) : NULL;
    smk_view_row_name(web->view, row->id, name);
    smk_put_json_object(json, NULL);
    smk_put_json_number(json, "id", row->id);
    smk_put_json_string(json, "kind", smk_view_row_kind_name(row->kind));
    smk_put_json_string(json, "name", name);
    smk_put_json_number(json, "process", row->process);
    smk_put_json_number(json, "pid", process ? process->pid : 0);
    if (thread)
        smk_put_json_number(json, "tid", thread->tid);
    else
        smk_web_null(json, "tid");
    if (row->thread)
        smk_put_json_number(json, "serial", row->thread);
    else
        smk_web_null(json, "serial");
    smk_web_row(json, "thread", row->parent);
    smk_put_json_number(json, "depth", row->depth);
    smk_web_time(web, json, "from", row->from);
    smk_web_time(web, json, "to", row->to);
    smk_put_json_number(json, "items", row->items);
    smk_put_json_number(json, "lost", row->kind == SMK_VIEW_THREAD && thread ? thread->lost : 0);
    if (row->kind == SMK_VIEW_THREAD)
        put_sums(json, row);
    smk_put_json_object_end(json);
}

void smk_web_rows(struct smk_web *web, const char *query, struct smk_web_reply *reply)
{
    static const struct smk_web_parameter none[] = {SMK_WEB_PARAMETERS_END};
    struct smk_json_text json;
    struct smk_view_row row;
    if (!smk_web_query_read(reply, query, none))
        return;
    smk_trace *trace = smk_view_enter(web->view);
    smk_web_begin(reply, &json);
    smk_put_json_array(&json, "rows");
    for (uint32_t i = 0; smk_view_get_row(web->view, i, &row); i++)
        put_row(web, &json, trace, &row);
    smk_put_json_array_end(&json);
    smk_web_end(reply, &json);
    smk_view_leave(web->view);
}

/* ---- tiles ---------------------------------------------------------------------------------------------- */

static void hand_on(struct smk_web_reply *reply, int rc, struct smk_view_bytes *bytes)
{
    if (rc < 0) {
        smk_web_refuse_last(reply, rc);
    } else {
        reply->status = 200;
        reply->type = SMK_WEB_BYTES;
        smk_web_put(reply, (const char *)bytes->data, bytes->size);
        if (reply->no_memory)
            smk_web_refuse(reply, 500, "there is no memory for the answer");
    }
    smk_view_bytes_free(bytes);
}

void smk_web_tiles(struct smk_web *web, const char *query, struct smk_web_reply *reply)
{
    uint64_t level = 0, tile = 0;
    struct smk_web_list rows;
    const struct smk_web_parameter parameters[] = {{"level", SMK_WEB_NUMBER, &level, true, 0, 63, NULL, NULL},
                                                   {"tile", SMK_WEB_NUMBER, &tile, true, 0, 0, NULL, NULL},
                                                   {"rows", SMK_WEB_LIST, &rows, true, 0, 0, NULL, NULL},
                                                   SMK_WEB_PARAMETERS_END};
    struct smk_view_bytes bytes = {0};
    if (!smk_web_query_read(reply, query, parameters))
        return;
    int rc = smk_view_tile(web->view, (unsigned)level, tile, rows.array, rows.count, &bytes);
    hand_on(reply, rc, &bytes);
}

void smk_web_window(struct smk_web *web, const char *query, struct smk_web_reply *reply)
{
    struct smk_web_stretch stretch = SMK_WEB_STRETCH_BEGIN;
    uint64_t pixels = 0;
    struct smk_web_list rows;
    const struct smk_web_parameter parameters[] = {
        SMK_WEB_STRETCH(&stretch),
        {"px", SMK_WEB_NUMBER, &pixels, true, 1, SMK_VIEW_PIXELS_MAX, NULL, NULL},
        {"rows", SMK_WEB_LIST, &rows, true, 0, 0, NULL, NULL},
        SMK_WEB_PARAMETERS_END};
    struct smk_view_bytes bytes = {0};
    if (!smk_web_query_read(reply, query, parameters) || !smk_web_stretch(web, &stretch, reply))
        return;
    int rc = smk_view_window(web->view, stretch.from, stretch.to, (uint32_t)pixels, rows.array, rows.count, &bytes);
    hand_on(reply, rc, &bytes);
}

void smk_web_labels(struct smk_web *web, const char *query, struct smk_web_reply *reply)
{
    struct smk_web_list ids;
    const struct smk_web_parameter parameters[] = {{"ids", SMK_WEB_LIST, &ids, true, 0, 0, NULL, NULL},
                                                   SMK_WEB_PARAMETERS_END};
    struct smk_json_text json;
    char text[SMK_NAME_MAX], key[16];
    if (!smk_web_query_read(reply, query, parameters))
        return;
    smk_web_begin(reply, &json);
    for (uint32_t i = 0; i < ids.count; i++) {
        snprintf(key, sizeof(key), "%u", ids.array[i]);
        smk_view_label(web->view, ids.array[i], text);
        smk_put_json_string(&json, key, text);
    }
    smk_web_end(reply, &json);
}

/* ---- sums ----------------------------------------------------------------------------------------------- */

static const char *kind_name(unsigned kind) { return kind ? smk_wait_kind_name(kind) : NULL; }

static void put_shares(struct smk_json_text *json, uint32_t class, const struct smk_view_density *density)
{
    smk_put_json_object(json, NULL);
    smk_put_json_string(json, "state", smk_span_state_name(smk_view_class_state(class)));
    smk_put_json_string(json, "kind", kind_name(smk_view_class_kind(class)));
    smk_put_json_array(json, "shares");
    for (uint32_t i = 0; i < density->columns; i++)
        smk_put_json_mille(json, NULL, (uint32_t)(density->share[class][i] * 1000 + 0.5f));
    smk_put_json_array_end(json);
    smk_put_json_object_end(json);
}

void smk_web_density(struct smk_web *web, const char *query, struct smk_web_reply *reply)
{
    uint64_t pixels = 0;
    const struct smk_web_parameter parameters[] = {{"px", SMK_WEB_NUMBER, &pixels, true, 1, 2048, NULL, NULL},
                                                   SMK_WEB_PARAMETERS_END};
    struct smk_view_density density = {0};
    struct smk_json_text json;
    if (!smk_web_query_read(reply, query, parameters))
        return;
    int rc = smk_view_density_of(web->view, (uint32_t)pixels, &density);
    if (rc < 0) {
        smk_web_refuse_last(reply, rc);
        smk_view_density_free(&density);
        return;
    }
    smk_web_begin(reply, &json);
    smk_put_json_bool(&json, "final", density.final);
    smk_put_json_array(&json, "states");
    for (uint32_t class = 0; class < SMK_VIEW_CLASSES; class++)
        if (density.share[class])
            put_shares(&json, class, &density);
    smk_put_json_array_end(&json);
    smk_put_json_array(&json, "events");
    for (uint32_t i = 0; density.events && i < density.columns; i++)
        smk_put_json_number(&json, NULL, density.events[i]);
    smk_put_json_array_end(&json);
    smk_web_end(reply, &json);
    smk_view_density_free(&density);
}

static void put_row_sums(struct smk_json_text *json, const struct smk_view_sums *sums)
{
    smk_put_json_array(json, "sums");
    for (uint32_t class = 0; class < SMK_VIEW_CLASSES; class++) {
        if (!sums->ns[class])
            continue;
        smk_put_json_object(json, NULL);
        smk_put_json_string(json, "state", smk_span_state_name(smk_view_class_state(class)));
        smk_put_json_string(json, "kind", kind_name(smk_view_class_kind(class)));
        smk_put_json_number(json, "ns", sums->ns[class]);
        smk_put_json_number(json, "count", sums->count[class]);
        smk_put_json_object_end(json);
    }
    smk_put_json_array_end(json);
}

/* One row more; false: refused. */
static bool put_sums_of(struct smk_web *web, struct smk_json_text *json, uint32_t row,
                        const struct smk_web_stretch *stretch, struct smk_view_sums *all, struct smk_web_reply *reply)
{
    struct smk_view_sums sums;
    int rc = smk_view_sums_in(web->view, row, stretch->from, stretch->to, &sums);
    if (rc < 0)
        return smk_web_refuse_last(reply, rc);
    for (uint32_t class = 0; class < SMK_VIEW_CLASSES; class++) {
        all->ns[class] += sums.ns[class];
        all->count[class] += sums.count[class];
    }
    all->final = all->final && sums.final;
    smk_put_json_object(json, NULL);
    smk_put_json_number(json, "row", row);
    put_row_sums(json, &sums);
    smk_put_json_object_end(json);
    return true;
}

static void sum_all_threads(struct smk_web *web, struct smk_web_list *rows)
{
    struct smk_view_row row;
    rows->count = 0;
    for (uint32_t i = 0; rows->count < SMK_WEB_LIST_MAX && smk_view_get_row(web->view, i, &row); i++)
        if (row.kind == SMK_VIEW_THREAD)
            rows->array[rows->count++] = i;
}

void smk_web_sums(struct smk_web *web, const char *query, struct smk_web_reply *reply)
{
    struct smk_web_stretch stretch = SMK_WEB_STRETCH_BEGIN;
    struct smk_web_list rows;
    bool given = false;
    const struct smk_web_parameter parameters[] = {SMK_WEB_STRETCH(&stretch),
                                                   {"rows", SMK_WEB_LIST, &rows, false, 0, 0, NULL, &given},
                                                   SMK_WEB_PARAMETERS_END};
    struct smk_view_sums all = {.final = true};
    struct smk_json_text json;
    if (!smk_web_query_read(reply, query, parameters) || !smk_web_stretch(web, &stretch, reply))
        return;
    if (!given)
        sum_all_threads(web, &rows);
    smk_web_begin(reply, &json);
    smk_put_json_array(&json, "rows");
    for (uint32_t i = 0; i < rows.count; i++)
        if (!put_sums_of(web, &json, rows.array[i], &stretch, &all, reply))
            return;
    smk_put_json_array_end(&json);
    smk_put_json_object(&json, "all");
    put_row_sums(&json, &all);
    smk_put_json_object_end(&json);
    smk_put_json_bool(&json, "final", all.final);
    smk_web_end(reply, &json);
}
