/* report_route.c: GET /debug/traces/ID/report: the analysis, inside the process that it is about: desk.h. */
#include <stdio.h>
#include <string.h>

#include "analysis/report.h"
#include "base/errors.h"
#include "captures.h"
#include "desk.h"
#include "download.h"
#include "heap.h"
#include "routes.h"

#define OUTPUT_MAX (1u << 20)

const struct smk_parameter smk_report_parameters[] = {
    {"format", "text or json; else by Accept"},
    {NULL, NULL},
};

struct report_job {
    struct smk_desk_job desk; /* first */
    bool json;
    char *output;
    size_t len, room;
};

static void drop(struct smk_desk_job *base) { smk_heap_free(((struct report_job *)base)->output); }

/* ---- the thread ------------------------------------------------------------------------------------------------ */

static int put(void *arg, const char *text, size_t len)
{
    struct report_job *job = arg;
    if (job->len + len + 1 > job->room) {
        size_t room = (job->len + len + 1) * 2;
        char *output = room <= OUTPUT_MAX ? smk_heap_realloc(job->output, room) : NULL;
        if (!output)
            return smk_fail(SMK_E_LIMIT, "the report is longer than 512 KiB");
        job->output = output;
        job->room = room;
    }
    memcpy(job->output + job->len, text, len);
    job->len += len;
    return 0;
}

static int make_report(struct smk_desk_job *base, smk_trace *trace)
{
    struct report_job *job = (struct report_job *)base;
    struct smk_report *report = NULL;
    const struct smk_report_options options = {.resize = smk_desk_resize,
                                               .resize_arg = base,
                                               .max_memory = base->max_memory,
                                               .max_ns = base->max_ns,
                                               .progress = smk_desk_progress,
                                               .progress_arg = base};
    int rc = smk_report_make(&report, trace, &options);
    if (rc == 0)
        rc = job->json ? smk_report_json(report, put, job) : smk_report_text(report, put, job);
    if (report)
        smk_report_free(report);
    return rc;
}

/* ---- the loop -------------------------------------------------------------------------------------------------- */

static void answer(struct smk_desk_job *base, struct smk_exchange *exchange)
{
    struct report_job *job = (struct report_job *)base;
    struct smk_desk_failure failure;
    smk_desk_failed(base, &failure);
    if (failure.status) {
        smk_answer_problem(&exchange->answer, failure.status, failure.title, "%s", failure.detail);
    } else {
        char *text = job->output;
        job->output = NULL;
        smk_answer_memory(&exchange->answer, 200, job->json ? "application/json" : "text/plain; charset=utf-8", text,
                          job->len);
    }
    smk_exchange_answer(exchange);
}

static void begin(struct smk_exchange *exchange, const struct smk_stored *stored, bool json)
{
    struct report_job *job = smk_heap_zalloc(sizeof *job);
    if (!job) {
        smk_desk_leave();
        smk_answer_failure(&exchange->answer, smk_fail(SMK_E_NOMEM, "the agent's heap is full"));
        smk_exchange_answer(exchange);
        return;
    }
    job->json = json;
    job->desk.make = make_report;
    job->desk.answer = answer;
    job->desk.drop = drop;
    smk_desk_begin(&job->desk, exchange, stored);
}

void smk_handle_report(struct smk_exchange *exchange, const struct smk_route_match *match)
{
    struct smk_running *running = smk_captures_find(match->id);
    const struct smk_stored *stored = running ? NULL : smk_download_find(exchange, match->id);
    int json = smk_route_wants_json(exchange, match);
    if (running)
        smk_captures_answer_recording(&exchange->answer, running);
    else if (stored && json < 0)
        smk_answer_failure(&exchange->answer, json);
    else if (stored && !smk_desk_take()) {
        smk_answer_header(&exchange->answer, "Retry-After", "2");
        smk_answer_problem(&exchange->answer, 503, "busy", "another report is being made; one at a time");
    } else if (stored) {
        begin(exchange, stored, json);
        return;
    }
    smk_exchange_answer(exchange);
}
