#include "web.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "search.h"

/* ---- life ----------------------------------------------------------------------------------------------- */

int smk_web_open(struct smk_web **to, const struct smk_web_options *options)
{
    struct smk_view_options view = {.debug_dir = options->debug_dir, .no_symbols = options->no_symbols,
                                    .in_turn = options->in_turn};
    struct smk_web *web = calloc(1, sizeof(*web));
    *to = NULL;
    if (!web)
        return smk_fail(SMK_E_NOMEM, "there is no memory for the viewer");
    web->options = *options;
    smk_web_traces_init(&web->traces, options->paths, options->count);
    web->traces.debug_dir = options->debug_dir;
    web->traces.no_symbols = options->no_symbols;
    web->traces.max_processes = options->max_processes;
    smk_web_kept_init(&web->kept);
    pthread_mutex_init(&web->search_lock, NULL);
    web->lines = options->no_symbols ? NULL : smk_lines_new(options->debug_dir);
    web->source = smk_lines_source(web->lines);
    view.lines = web->lines ? &web->source : NULL;
    int rc = smk_view_open(&web->view, options->paths, options->count, &view);
    if (rc < 0) {
        smk_web_close(web);
        return rc;
    }
    *to = web;
    return 0;
}

void smk_web_stop(struct smk_web *web) { smk_web_traces_end(&web->traces); }

void smk_web_close(struct smk_web *web)
{
    smk_view_close(web->view);
    smk_web_things_free(web->things);
    smk_lines_free(web->lines);
    smk_web_kept_free(&web->kept);
    smk_web_traces_free(&web->traces);
    pthread_mutex_destroy(&web->search_lock);
    free(web);
}

/* ---- answers -------------------------------------------------------------------------------------------- */

/* Those that take a pass over the events are kept. */
static bool takes_a_pass(const char *name)
{
    static const char *const names[] = {"request", "report", "pauses", "diff", "flame", "scheduler"};
    for (size_t i = 0; i < SMK_ARRAY_LEN(names); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

struct question {
    struct smk_web *web;
    void (*answer)(struct smk_web *web, const char *query, struct smk_web_reply *reply);
};

static void make(void *arg, const char *query, struct smk_web_reply *reply)
{
    struct question *question = arg;
    question->answer(question->web, query, reply);
}

void smk_web_answer(void *arg, const char *path, const char *query, struct smk_web_reply *reply)
{
    static const struct {
        const char *name;
        void (*answer)(struct smk_web *web, const char *query, struct smk_web_reply *reply);
    } answers[] = {
#define X(name) {#name, smk_web_##name},
        SMK_WEB_ANSWERS(X)
#undef X
    };
    const char *name = strncmp(path, "/api/", 5) == 0 ? path + 5 : "";
    char key[SMK_WEB_KEPT_KEY + 1];
    for (size_t i = 0; i < SMK_ARRAY_LEN(answers); i++) {
        struct question question = {arg, answers[i].answer};
        if (strcmp(answers[i].name, name) != 0)
            continue;
        snprintf(key, sizeof(key), "%s?%s", name, query ? query : "");
        if (takes_a_pass(name))
            smk_web_kept_answer(&question.web->kept, key, reply, make, &question, query);
        else
            make(&question, query, reply);
        return;
    }
    smk_web_refuse(reply, 404, "there is no such question; allowed: those of docs/viewer-api.md");
}

/* ---- what they share ------------------------------------------------------------------------------------ */

uint64_t smk_web_to_trace(const struct smk_web *web, uint64_t time)
{
    uint64_t duration = smk_view_duration(web->view);
    return smk_view_first(web->view) + smk_min_u64(time, duration);
}

void smk_web_time(const struct smk_web *web, struct smk_json_text *json, const char *key, uint64_t time)
{
    smk_put_json_signed(json, key, (int64_t)(time - smk_view_first(web->view)));
}

void smk_web_row(struct smk_json_text *json, const char *key, uint32_t row)
{
    if (row == SMK_VIEW_NONE)
        smk_web_null(json, key);
    else
        smk_put_json_number(json, key, row);
}

void smk_web_label(struct smk_web *web, struct smk_json_text *json, const char *key, uint32_t label)
{
    char text[SMK_NAME_MAX];
    if (label)
        smk_view_label(web->view, label, text);
    smk_put_json_string(json, key, label ? text : NULL);
}

void smk_web_route(smk_trace *trace, struct smk_json_text *json, const char *key, uint32_t route)
{
    char text[SMK_NAME_MAX];
    if (route)
        smk_name_of_route(text, trace, route);
    smk_put_json_string(json, key, route ? text : NULL);
}

void smk_web_state(struct smk_json_text *json, uint32_t look)
{
    unsigned state = SMK_VIEW_LOOK_STATE(look), kind = SMK_VIEW_LOOK_KIND(look);
    smk_put_json_string(json, "state", state < SMK_SPAN_STATES ? smk_span_state_name(state) : NULL);
    smk_put_json_string(json, "kind", state < SMK_SPAN_STATES && kind ? smk_wait_kind_name(kind) : NULL);
}

bool smk_web_stretch(const struct smk_web *web, struct smk_web_stretch *stretch, struct smk_web_reply *reply)
{
    if (stretch->t1 < stretch->t0)
        return smk_web_refuse(reply, 400, "t1 is %llu; allowed: a number from t0 on, %llu",
                              (unsigned long long)stretch->t1, (unsigned long long)stretch->t0);
    stretch->from = smk_web_to_trace(web, stretch->t0);
    stretch->to = smk_web_to_trace(web, stretch->t1);
    return true;
}
