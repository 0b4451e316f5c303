/* answer_info.c: what the trace is, and how far the view has come. */
#include <stdlib.h>
#include <string.h>

#include "format/events.h"
#include "format/tables.h"
#include "web.h"

#define PROBLEMS_MAX 100u
#define WAIT_MS      1000u

static void put_lines(struct smk_json_text *json, const char *key, const char *fact)
{
    char line[256];
    smk_put_json_array(json, key);
    while (fact && *fact) {
        size_t len = strcspn(fact, "\n");
        size_t kept = smk_min_u64(len, sizeof(line) - 1);
        memcpy(line, fact, kept);
        line[kept] = '\0';
        smk_put_json_string(json, NULL, line);
        fact += len + (fact[len] == '\n');
    }
    smk_put_json_array_end(json);
}

static void put_problems(struct smk_json_text *json, smk_trace *trace)
{
    const char *problem;
    smk_put_json_array(json, "problems");
    for (size_t i = 0; i < PROBLEMS_MAX && (problem = smk_trace_problem(trace, i)) != NULL; i++)
        smk_put_json_string(json, NULL, problem);
    smk_put_json_array_end(json);
}

static void put_gaps(const struct smk_web *web, struct smk_json_text *json, smk_trace *trace)
{
    smk_gap gap;
    smk_put_json_array(json, "gaps");
    for (size_t i = 0; smk_trace_gap_at(trace, i, &gap); i++) {
        smk_put_json_object(json, NULL);
        smk_put_json_number(json, "process", gap.process);
        smk_web_time(web, json, "from", gap.from);
        smk_web_time(web, json, "to", gap.to);
        smk_put_json_string(json, "category", smk_category_name(gap.category));
        smk_put_json_string(json, "reason", gap.reason);
        smk_put_json_object_end(json);
    }
    smk_put_json_array_end(json);
}

static void put_processes(struct smk_json_text *json, smk_trace *trace)
{
    const smk_process_info *info;
    smk_put_json_array(json, "processes");
    for (size_t i = 0; (info = smk_trace_process_at(trace, i)) != NULL; i++) {
        smk_put_json_object(json, NULL);
        smk_put_json_number(json, "process", info->process);
        smk_put_json_number(json, "pid", info->pid);
        smk_put_json_string(json, "name", smk_program_of(info));
        smk_put_json_string(json, "exe", info->exe);
        smk_put_json_string(json, "host", info->host);
        smk_put_json_bool(json, "complete", info->complete);
        smk_put_json_number(json, "events", info->events);
        smk_put_json_number(json, "lost", info->lost);
        smk_put_json_object_end(json);
    }
    smk_put_json_array_end(json);
}

static uint64_t number_of(const char *text) { return text ? strtoull(text, NULL, 10) : 0; }

/* Of the CPU time of those processes that say it: all that the tracer cost meanwhile. */
static void put_cost(struct smk_json_text *json, smk_trace *trace)
{
    uint64_t cost = 0, all = 0;
    for (uint32_t i = 0; smk_trace_process_at(trace, i); i++) {
        const char *of_process = smk_trace_process_fact(trace, i, SMK_FACT_COST_PROCESS);
        if (!of_process || !smk_trace_process_fact(trace, i, SMK_FACT_COST_TOTAL))
            continue;
        all += number_of(of_process);
        cost += number_of(smk_trace_process_fact(trace, i, SMK_FACT_COST_TOTAL));
    }
    if (all == 0)
        smk_web_null(json, "cost");
    else
        smk_put_json_mille(json, "cost", (uint32_t)((double)cost / (double)all * 1000 + 0.5));
}

static void put_capture(const struct smk_web *web, struct smk_json_text *json, smk_trace *trace)
{
    const smk_trace_info *info = smk_trace_get_info(trace);
    const smk_process_info *first = smk_trace_process_at(trace, 0);
    smk_put_json_string(json, "program", first ? smk_program_of(first) : NULL);
    smk_put_json_string(json, "capture", info->capture_id);
    smk_put_json_string(json, "name", info->name);
    smk_put_json_string(json, "capture_kind", info->kind);
    smk_put_json_string(json, "reason", info->reason);
    smk_put_json_string(json, "rule", smk_trace_fact(trace, SMK_FACT_RULE));
    smk_put_json_string(json, "cause", smk_trace_fact(trace, SMK_FACT_CAUSE));
    smk_put_json_number(json, "events", info->events);
    smk_put_json_number(json, "lost", info->lost);
    smk_put_json_number(json, "bytes", info->bytes);
    smk_put_json_bool(json, "complete", info->complete);
    if (info->complete_from == UINT64_MAX)
        smk_web_null(json, "complete_from");
    else
        smk_web_time(web, json, "complete_from", info->complete_from);
    smk_put_json_number(json, "symbols", info->symbols);
    smk_put_json_string(json, "scheduler", smk_trace_fact(trace, SMK_FACT_SCHED_SOURCE));
}

/* Whoever gets an exported page need not know where files lay. */
static const char *file_name(const struct smk_web *web, const char *path)
{
    const char *slash = path && web->options.names_only ? strrchr(path, '/') : NULL;
    return slash ? slash + 1 : path;
}

static void put_files(const struct smk_web *web, struct smk_json_text *json)
{
    smk_put_json_array(json, "files");
    for (size_t i = 0; i < web->options.count; i++)
        smk_put_json_string(json, NULL, file_name(web, web->options.paths[i]));
    smk_put_json_array_end(json);
    smk_put_json_string(json, "before", file_name(web, web->options.before));
}

/* What the view has no room for is in the trace, and in the report, all the same. */
static void put_refused(struct smk_web *web, struct smk_json_text *json)
{
    struct smk_view_progress progress;
    smk_view_get_progress(web->view, &progress);
    smk_put_json_number(json, "refused", progress.refused);
}

void smk_web_info(struct smk_web *web, const char *query, struct smk_web_reply *reply)
{
    static const struct smk_web_parameter none[] = {SMK_WEB_PARAMETERS_END};
    struct smk_json_text json;
    if (!smk_web_query_read(reply, query, none))
        return;
    smk_trace *trace = smk_view_enter(web->view);
    const smk_trace_info *info = smk_trace_get_info(trace);
    uint64_t first = smk_view_first(web->view);
    smk_web_begin(reply, &json);
    smk_put_json_number(&json, "version", SMK_WEB_VERSION);
    put_capture(web, &json, trace);
    put_files(web, &json);
    smk_put_json_number(&json, "first_ns", first);
    smk_put_json_number(&json, "duration_ns", smk_view_duration(web->view));
    smk_web_id(&json, "realtime_first_ns", first + (uint64_t)info->realtime_offset);
    put_processes(&json, trace);
    put_problems(&json, trace);
    put_lines(&json, "sources_missing", smk_trace_fact(trace, SMK_FACT_MISSING));
    put_cost(&json, trace);
    put_gaps(web, &json, trace);
    smk_put_json_number(&json, "level_min", web->level_min ? web->level_min : smk_view_level_min(web->view));
    smk_put_json_number(&json, "level_max", smk_view_level_max(web->view));
    smk_put_json_number(&json, "tile_buckets", SMK_VIEW_TILE_BUCKETS);
    put_refused(web, &json);
    smk_put_json_string(&json, "thinned", web->thinned[0] ? web->thinned : NULL);
    smk_web_end(reply, &json);
    smk_view_leave(web->view);
}

void smk_web_progress(struct smk_web *web, const char *query, struct smk_web_reply *reply)
{
    uint64_t serial = 0;
    bool waits = false;
    const struct smk_web_parameter parameters[] = {{"wait", SMK_WEB_NUMBER, &serial, false, 0, 0, NULL, &waits},
                                                   SMK_WEB_PARAMETERS_END};
    struct smk_view_progress progress;
    struct smk_json_text json;
    if (!smk_web_query_read(reply, query, parameters))
        return;
    if (waits)
        smk_view_wait(web->view, serial, WAIT_MS, &progress);
    else
        smk_view_get_progress(web->view, &progress);
    smk_web_begin(reply, &json);
    smk_put_json_string(&json, "state", smk_view_phase_name(progress.phase));
    smk_put_json_number(&json, "done", progress.done);
    smk_put_json_number(&json, "total", progress.total);
    smk_web_time(web, &json, "known_to", smk_max_u64(progress.known_to, smk_view_first(web->view)));
    smk_put_json_string(&json, "error", progress.phase == SMK_VIEW_FAILED ? progress.text : NULL);
    smk_put_json_string(&json, "not_kept", progress.not_kept[0] ? progress.not_kept : NULL);
    smk_put_json_number(&json, "serial", progress.serial);
    smk_put_json_bool(&json, "from_file", progress.from_file);
    smk_web_end(reply, &json);
}
