/* answer_passes.c: the answers of the command line (report, request, pauses, diff), as `--json` prints them. Each takes
 * a pass over the events or two, on a trace that is lent to it. */
#include <stdio.h>

#include "analysis/diff.h"
#include "analysis/pauses.h"
#include "base/errors.h"
#include "web.h"

#define TOP   20u /* slowest requests in the report */
#define WORST 50u /* pauses */

static const struct smk_web_parameter no_parameters[] = {SMK_WEB_PARAMETERS_END};

static struct smk_web_trace *lend(struct smk_web *web, struct smk_web_reply *reply)
{
    int error;
    struct smk_web_trace *trace = smk_web_traces_lend(&web->traces, &error);
    if (!trace)
        smk_web_refuse_last(reply, error);
    return trace;
}

static void finish(struct smk_web_reply *reply)
{
    reply->status = 200;
    reply->type = SMK_WEB_JSON;
    if (reply->no_memory)
        smk_web_refuse(reply, 500, "there is no memory for the answer");
}

static struct smk_report_options report_options(struct smk_web *web, const struct smk_web_trace *trace)
{
    return (struct smk_report_options){.lines = trace->lines ? &trace->source : NULL,
                                       .debug_dir = web->options.debug_dir,
                                       .no_symbols = web->options.no_symbols,
                                       .top = TOP,
                                       .progress = smk_web_traces_go_on,
                                       .progress_arg = &web->traces};
}

void smk_web_report(struct smk_web *web, const char *query, struct smk_web_reply *reply)
{
    struct smk_report *report;
    struct smk_web_trace *trace;
    if (!smk_web_query_read(reply, query, no_parameters) || !(trace = lend(web, reply)))
        return;
    const struct smk_report_options options = report_options(web, trace);
    int rc = smk_report_make(&report, trace->trace, &options);
    if (rc < 0) {
        smk_web_refuse_last(reply, rc);
    } else {
        smk_report_json(report, smk_web_put, reply);
        finish(reply);
        smk_report_free(report);
    }
    smk_web_traces_give_back(&web->traces, trace);
}

void smk_web_request(struct smk_web *web, const char *query, struct smk_web_reply *reply)
{
    uint64_t process = 0, id = 0;
    const struct smk_web_parameter parameters[] = {
        {"process", SMK_WEB_NUMBER, &process, true, 0, UINT32_MAX - 1, NULL, NULL},
        {"id", SMK_WEB_NUMBER, &id, true, 1, 0, NULL, NULL},
        SMK_WEB_PARAMETERS_END};
    struct smk_request_view *view;
    struct smk_web_trace *trace;
    char wanted[24];
    if (!smk_web_query_read(reply, query, parameters) || !(trace = lend(web, reply)))
        return;
    struct smk_request_view_options options = smk_web_view_options(&web->traces, trace);
    options.process = (uint32_t)process + 1;
    snprintf(wanted, sizeof(wanted), "%llu", (unsigned long long)id);
    int rc = smk_request_view_make(&view, trace->trace, wanted, &options);
    if (rc < 0) {
        smk_web_refuse_last(reply, rc);
    } else {
        smk_request_view_json(view, smk_web_put, reply);
        finish(reply);
        smk_request_view_free(view);
    }
    smk_web_traces_give_back(&web->traces, trace);
}

void smk_web_pauses(struct smk_web *web, const char *query, struct smk_web_reply *reply)
{
    struct smk_pauses *pauses;
    struct smk_web_trace *trace;
    if (!smk_web_query_read(reply, query, no_parameters) || !(trace = lend(web, reply)))
        return;
    struct smk_request_view_options options = smk_web_view_options(&web->traces, trace);
    int rc = smk_pauses_make(&pauses, trace->trace, WORST, &options);
    if (rc < 0) {
        smk_web_refuse_last(reply, rc);
    } else {
        smk_pauses_json(pauses, smk_web_put, reply);
        finish(reply);
        smk_pauses_free(pauses);
    }
    smk_web_traces_give_back(&web->traces, trace);
}

/* ---- diff ----------------------------------------------------------------------------------------------- */

static int diff(struct smk_web *web, smk_trace *before, const struct smk_web_trace *after, struct smk_web_reply *reply)
{
    struct smk_report_options options = report_options(web, after);
    struct smk_report *reports[2] = {NULL, NULL};
    struct smk_diff *made = NULL;
    options.samples = SMK_DIFF_SAMPLES;
    int rc = smk_report_make(&reports[1], after->trace, &options);
    options.lines = NULL; /* they are of the other trace's files, and a diff names functions alone */
    if (rc == 0)
        rc = smk_report_make(&reports[0], before, &options);
    if (rc == 0)
        rc = smk_diff_make(&made, reports[0], reports[1]);
    if (rc == 0) {
        smk_diff_json(made, smk_web_put, reply);
        finish(reply);
    }
    if (made)
        smk_diff_free(made);
    for (unsigned i = 0; i < 2; i++)
        if (reports[i])
            smk_report_free(reports[i]);
    return rc;
}

void smk_web_diff(struct smk_web *web, const char *query, struct smk_web_reply *reply)
{
    struct smk_web_trace *after;
    smk_open_options options = {.size = sizeof(options), .max_processes = web->options.max_processes};
    smk_trace *before = NULL;
    if (!smk_web_query_read(reply, query, no_parameters))
        return;
    if (!web->options.before) {
        smk_web_refuse(reply, 404, "there is nothing to compare with; allowed: stallmark view --before FILE");
        return;
    }
    if (!(after = lend(web, reply)))
        return;
    int rc = smk_trace_open(&before, web->options.before, &options);
    if (rc == 0)
        rc = diff(web, before, after, reply);
    if (rc < 0)
        smk_web_refuse_last(reply, rc);
    smk_trace_close(before);
    smk_web_traces_give_back(&web->traces, after);
}
