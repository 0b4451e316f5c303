/* threads_route.c: GET /debug/threads: every thread of the process now. */
#include <stdio.h>
#include <string.h>

#include "base/errors.h"
#include "family_ask.h"
#include "heap.h"
#include "json.h"
#include "routes.h"
#include "text.h"
#include "threads_view.h"

const struct smk_parameter smk_threads_parameters[] = {
    {"format", "text or json; else by Accept"},
    {"max", "threads that are shown, 1 to 16384; 1000"},
    {"tid", "this thread alone; all"},
    {"symbols", "0: modules and offsets, no file is opened for names; 1"},
    SMK_ASK_PARAMETER,
    {NULL, NULL},
};

static int parse(const struct smk_query *query, struct smk_threads_wanted *wanted)
{
    uint64_t max = SMK_THREADS_SHOWN_NORMAL, only = 0;
    *wanted = (struct smk_threads_wanted){.symbols = true};
    int rc = smk_query_count(query, "max", 1, SMK_THREADS_SHOWN_MOST, &max);
    if (rc == 0)
        rc = smk_query_count(query, "tid", 1, INT32_MAX, &only);
    if (rc == 0)
        rc = smk_query_flag(query, "symbols", &wanted->symbols);
    wanted->max = (uint32_t)max;
    wanted->only = (uint32_t)only;
    return rc;
}

/* ---- JSON ------------------------------------------------------------------------------------------------------ */

/* Of each deadlock its threads, each waiting for the next. */
static void put_circles(struct smk_json *json, const struct smk_live *live)
{
    smk_json_begin(json, "deadlocks", '[');
    for (uint32_t number = 1; number <= live->circles; number++) {
        uint32_t at = 0;
        while (at < live->count && live->threads[at].circle != number)
            at++;
        smk_json_begin(json, NULL, '[');
        for (uint32_t first = at, more = 1; more; more = at != first) {
            smk_json_number(json, NULL, live->threads[at].tid);
            at = live->threads[at].next;
        }
        smk_json_end(json, ']');
    }
    smk_json_end(json, ']');
}

static char *make_json(const struct smk_threads_view *view, size_t *len)
{
    struct smk_json json = {0};
    const struct smk_live *live = &view->live;
    smk_json_begin(&json, NULL, '{');
    smk_json_text(&json, "program", live->program);
    smk_json_number(&json, "pid", live->pid);
    smk_json_time(&json, "time", (uint64_t)live->unix_ns);
    smk_json_number(&json, "unix_ns", (uint64_t)live->unix_ns);
    smk_json_number(&json, "threads_total", live->total);
    smk_json_text(&json, "partial", live->why[0] ? live->why : NULL);
    put_circles(&json, live);
    smk_threads_put(&json, view, NULL);
    smk_json_end(&json, '}');
    return smk_json_take(&json, len);
}

/* ---- the route ------------------------------------------------------------------------------------------------- */

static void answer(struct smk_exchange *exchange, const struct smk_threads_view *view, bool json)
{
    struct smk_text text = {0};
    if (json)
        text.data = make_json(view, &text.len);
    else if (smk_live_text(&view->live, smk_text_put, &text) < 0)
        smk_text_free(&text);
    smk_answer_memory(&exchange->answer, 200, json ? "application/json" : "text/plain; charset=utf-8", text.data,
                      text.len);
}

void smk_handle_threads(struct smk_exchange *exchange, const struct smk_route_match *match)
{
    struct smk_threads_wanted wanted;
    struct smk_threads_view view = {0};
    if (smk_ask_other(exchange, match))
        return;
    int json = smk_route_wants_json(exchange, match);
    int rc = json < 0 ? json : parse(&match->query, &wanted);
    if (rc == 0)
        rc = smk_threads_view_make(&view, &wanted);
    if (rc == 0 && wanted.only && view.live.count == 0)
        rc = smk_fail(SMK_E_NOTFOUND, "tid is %u; this process has no such thread", wanted.only);
    if (rc == 0)
        answer(exchange, &view, json);
    else
        smk_answer_failure(&exchange->answer, rc);
    smk_threads_view_free(&view);
    smk_exchange_answer(exchange);
}
