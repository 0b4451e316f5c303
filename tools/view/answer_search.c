/* answer_search.c: names that a word is part of: threads, routes and requests first, then functions, locks, regions and
 * files. Upper and lower case are one. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>

#include "search.h"

struct hits {
    struct smk_web *web;
    struct smk_json_text *json;
    const char *word;
    unsigned left;
};

static bool fits(const struct hits *hits, const char *text) { return hits->left > 0 && strcasestr(text, hits->word); }

static void put_hit(struct hits *hits, const char *what, const char *text, uint32_t row, uint64_t from, uint64_t to)
{
    struct smk_json_text *json = hits->json;
    hits->left--;
    smk_put_json_object(json, NULL);
    smk_put_json_string(json, "what", what);
    smk_put_json_string(json, "text", text);
    smk_web_row(json, "row", row);
    smk_web_time(hits->web, json, "from", from);
    smk_web_time(hits->web, json, "to", to);
}

static void put_request_of(struct hits *hits, const struct smk_view_request *request)
{
    if (request) {
        smk_put_json_number(hits->json, "process", request->process);
        smk_web_id(hits->json, "id", request->id);
    } else {
        smk_web_null(hits->json, "process");
        smk_web_null(hits->json, "id");
    }
    smk_put_json_object_end(hits->json);
}

static void search_threads(struct hits *hits)
{
    struct smk_view_row row;
    char name[SMK_NAME_MAX];
    for (uint32_t i = 0; hits->left > 0 && smk_view_get_row(hits->web->view, i, &row); i++) {
        if (row.kind != SMK_VIEW_THREAD && row.kind != SMK_VIEW_COUNTER)
            continue;
        smk_view_row_name(hits->web->view, i, name);
        if (!fits(hits, name))
            continue;
        put_hit(hits, smk_view_row_kind_name(row.kind), name, i, row.from, row.to);
        put_request_of(hits, NULL);
    }
}

/* The slowest of a route stands for it. */
static void search_routes(struct hits *hits, smk_trace *trace)
{
    char name[SMK_NAME_MAX];
    uint32_t route;
    uint64_t count;
    for (uint32_t i = 0; hits->left > 0 && smk_view_route_at(hits->web->view, i, &route, &count); i++) {
        struct smk_view_request_list list = {0};
        const struct smk_view_request_query query = {.routes = &route, .route_count = 1, .limit = 1};
        smk_name_of_route(name, trace, route);
        if (!route || !fits(hits, name))
            continue;
        if (smk_view_requests(hits->web->view, &query, &list) == 0 && list.count > 0) {
            put_hit(hits, "route", name, list.array[0].row, list.array[0].from, list.array[0].to);
            put_request_of(hits, &list.array[0]);
        }
        smk_view_requests_free(&list);
    }
}

/* A word of digits may be a request's number. */
static void search_request(struct hits *hits, smk_trace *trace)
{
    struct smk_view_request request;
    char name[SMK_NAME_MAX] = "request", text[SMK_NAME_MAX + 32];
    uint64_t id = 0;
    size_t len = strlen(hits->word);
    if (len > 20 || strspn(hits->word, "0123456789") != len || sscanf(hits->word, "%lu", &id) != 1)
        return;
    for (uint32_t process = 0; smk_trace_process_at(trace, process); process++) {
        if (smk_view_find_request(hits->web->view, process, id, &request) != 0)
            continue;
        if (request.route)
            smk_name_of_route(name, trace, request.route);
        snprintf(text, sizeof(text), "%s %s", name, hits->word);
        put_hit(hits, "request", text, request.row, request.from, request.to);
        put_request_of(hits, &request);
    }
}

static void search_things(struct hits *hits, const struct smk_web_things *things)
{
    static const struct {
        enum smk_web_what what;
        const char *name;
    } order[] = {{SMK_WEB_LOCK, "lock"}, {SMK_WEB_FUNCTION, "function"}, {SMK_WEB_REGION, "region"},
                 {SMK_WEB_FILE, "file"}};
    const struct smk_web_thing *thing;
    for (size_t kind = 0; kind < SMK_ARRAY_LEN(order); kind++)
        for (uint32_t i = 0; (thing = smk_web_thing_at(things, i)) != NULL; i++) {
            if (thing->what != order[kind].what || !fits(hits, thing->text))
                continue;
            put_hit(hits, order[kind].name, thing->text, smk_view_row_of_thread(hits->web->view, thing->thread),
                    thing->from, thing->to);
            put_request_of(hits, NULL);
        }
}

/* An answer that is kept for all: that the names are there. */
static void collect(void *arg, const char *query, struct smk_web_reply *reply)
{
    struct smk_web *web = arg;
    (void)query;
    pthread_mutex_lock(&web->search_lock);
    int rc = web->things ? 0 : smk_web_things_collect(web, &web->things);
    pthread_mutex_unlock(&web->search_lock);
    reply->status = 200;
    smk_web_put(reply, "{}", 2);
    if (rc < 0)
        smk_web_refuse_last(reply, rc);
}

/* NULL: refused. Who types asks at each letter; the bound on those who wait for long answers is on these, too. */
static const struct smk_web_things *things_of(struct smk_web *web, struct smk_web_reply *reply)
{
    struct smk_web_reply there;
    smk_web_reply_init(&there);
    smk_web_kept_answer(&web->kept, "names", &there, collect, web, NULL);
    bool fine = there.status == 200;
    if (!fine) {
        reply->status = there.status;
        smk_web_put(reply, there.data, there.len);
    }
    smk_web_reply_free(&there);
    return fine ? web->things : NULL;
}

void smk_web_search(struct smk_web *web, const char *query, struct smk_web_reply *reply)
{
    char word[SMK_WEB_TEXT_MAX] = "";
    const struct smk_web_parameter parameters[] = {{"q", SMK_WEB_TEXT, word, true, 0, 0, NULL, NULL},
                                                   SMK_WEB_PARAMETERS_END};
    const struct smk_web_things *things;
    struct smk_json_text json;
    if (!smk_web_query_read(reply, query, parameters) || !(things = things_of(web, reply)))
        return;
    struct hits hits = {.web = web, .json = &json, .word = word, .left = word[0] ? SMK_WEB_HITS : 0};
    smk_trace *trace = smk_view_enter(web->view);
    smk_web_begin(reply, &json);
    smk_put_json_array(&json, "hits");
    search_threads(&hits);
    search_routes(&hits, trace);
    search_request(&hits, trace);
    search_things(&hits, things);
    smk_put_json_array_end(&json);
    smk_put_json_bool(&json, "more", word[0] && hits.left == 0);
    smk_web_end(reply, &json);
    smk_view_leave(web->view);
}
