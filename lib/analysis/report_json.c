/* A report as JSON; the fields are described in docs/report-json.md. */
#include "analysis/json.h"
#include "analysis/report_state.h"

#include <stdio.h>
#include <string.h>

#include "analysis/module_files.h"
#include "format/events.h"
#include "format/tables.h"

static void put_date(struct smk_json_text *json, const char *key, const struct smk_report *report,
                     uint64_t time)
{
    char text[SMK_UNIT_MAX];
    smk_put_json_string(json, key, smk_words_date(text, smk_report_unix(report, time)));
}

static void put_dist(struct smk_json_text *json, const char *key, const struct smk_dist *of)
{
    struct smk_dist dist = *of;
    smk_put_json_object(json, key);
    smk_put_json_number(json, "count", dist.count);
    smk_put_json_number(json, "total_ns", dist.total);
    smk_put_json_number(json, "mean_ns", smk_dist_mean(&dist));
    smk_put_json_number(json, "p50_ns", smk_dist_quantile(&dist, 500));
    smk_put_json_number(json, "p90_ns", smk_dist_quantile(&dist, 900));
    smk_put_json_number(json, "p99_ns", smk_dist_quantile(&dist, 990));
    smk_put_json_number(json, "max_ns", dist.max);
    smk_put_json_string(json, "quantiles", smk_dist_exact(&dist) ? "exact" : "estimated within 0.8 %");
    smk_put_json_object_end(json);
}

/* ---- the capture ---------------------------------------------------------------------------------------- */

static void put_problems(struct smk_json_text *json, const struct smk_report *report)
{
    smk_put_json_array(json, "problems");
    const char *problem;
    for (size_t i = 0; i < 100 && (problem = smk_trace_problem(report->trace, i)) != NULL; i++)
        smk_put_json_string(json, NULL, problem);
    smk_put_json_array_end(json);
}

/* One string a line of the fact; NULL: there is none. */
static void put_lines(struct smk_json_text *json, const char *fact)
{
    char line[256];
    while (fact && *fact) {
        size_t len = strcspn(fact, "\n");
        snprintf(line, sizeof(line), "%.*s", (int)smk_min_u64(len, sizeof(line) - 1), fact);
        smk_put_json_string(json, NULL, line);
        fact += len + (fact[len] == '\n');
    }
}

static void put_missing(struct smk_json_text *json, const struct smk_report *report)
{
    smk_put_json_array(json, "sources_missing");
    put_lines(json, smk_trace_fact(report->trace, SMK_FACT_MISSING));
    smk_put_json_array_end(json);
    smk_put_json_array(json, "family_missing");
    for (uint32_t i = 0; i < report->info->processes; i++)
        put_lines(json, smk_trace_process_fact(report->trace, i, SMK_FACT_FAMILY_MISSING));
    smk_put_json_array_end(json);
}

static void put_gaps(struct smk_json_text *json, const struct smk_report *report)
{
    smk_put_json_array(json, "gaps");
    for (uint32_t i = 0; i < report->gaps.count; i++) {
        const smk_gap *gap = &report->gaps.array[i];
        smk_put_json_object(json, NULL);
        smk_put_json_string(json, "category", smk_category_name(gap->category));
        put_date(json, "from", report, gap->from);
        put_date(json, "to", report, gap->to);
        smk_put_json_string(json, "reason", gap->reason);
        smk_put_json_object_end(json);
    }
    smk_put_json_array_end(json);
}

static void put_processes(struct smk_json_text *json, const struct smk_report *report)
{
    const smk_process_info *info;
    smk_put_json_array(json, "processes");
    for (size_t i = 0; (info = smk_trace_process_at(report->trace, i)) != NULL; i++) {
        smk_put_json_object(json, NULL);
        smk_put_json_number(json, "process", info->process);
        smk_put_json_number(json, "pid", info->pid);
        smk_put_json_number(json, "parent", info->parent);
        smk_put_json_string(json, "name", info->name);
        smk_put_json_string(json, "exe", info->exe);
        smk_put_json_string(json, "host", info->host);
        smk_put_json_string(json, "capture", info->capture_id);
        put_date(json, "first", report, info->first);
        put_date(json, "last", report, info->last);
        smk_put_json_bool(json, "complete", info->complete);
        smk_put_json_number(json, "events", info->events);
        smk_put_json_number(json, "events_lost", info->lost);
        smk_put_json_number(json, "threads", info->threads);
        smk_put_json_bool(json, "by_realtime", info->by_realtime);
        smk_put_json_object_end(json);
    }
    smk_put_json_array_end(json);
}

static void put_capture(struct smk_json_text *json, const struct smk_report *report)
{
    const smk_trace_info *info = report->info;
    uint64_t cost, error, process;
    smk_put_json_object(json, "capture");
    smk_put_json_string(json, "id", info->capture_id);
    smk_put_json_string(json, "name", info->name);
    smk_put_json_string(json, "kind", info->kind);
    smk_put_json_string(json, "reason", info->reason);
    smk_put_json_string(json, "rule", smk_trace_fact(report->trace, SMK_FACT_RULE));
    smk_put_json_string(json, "cause", smk_trace_fact(report->trace, SMK_FACT_CAUSE));
    smk_put_json_string(json, "process", smk_trace_fact(report->trace, SMK_FACT_PROCESS_NAME));
    smk_put_json_string(json, "exe", smk_trace_fact(report->trace, SMK_FACT_EXE));
    smk_put_json_number(json, "pid", smk_report_fact(report, SMK_FACT_PID));
    smk_put_json_number(json, "cpus_allowed", smk_report_fact(report, SMK_FACT_CPUS));
    smk_put_json_number(json, "threads", info->threads);
    put_date(json, "first", report, info->first);
    put_date(json, "last", report, report->to);
    put_date(json, "complete_from", report, smk_report_complete_from(report));
    smk_put_json_number(json, "window_ns", report->to - report->from);
    smk_put_json_bool(json, "complete", info->complete);
    smk_put_json_number(json, "events", info->events);
    smk_put_json_number(json, "events_lost", info->lost);
    if (smk_report_cost(report, &cost))
        smk_put_json_number(json, "tracer_cpu_ns_estimated", cost);
    if (smk_report_share(report, &cost, &error, &process)) {
        smk_put_json_number(json, "tracer_ns_estimated", cost);
        smk_put_json_number(json, "tracer_ns_error", error);
        smk_put_json_number(json, "process_cpu_ns", process);
    }
    smk_put_json_string(json, "scheduler", smk_report_scheduler(report));
    smk_put_json_bool(json, "locks_recorded", (info->categories & SMK_CAT_LOCK) != 0);
    put_processes(json, report);
    put_gaps(json, report);
    put_missing(json, report);
    put_problems(json, report);
    smk_put_json_object_end(json);
}

/* ---- findings ------------------------------------------------------------------------------------------- */

static void put_thread(struct smk_json_text *json, const char *key, const struct smk_report *report,
                       uint32_t serial)
{
    char name[SMK_NAME_MAX];
    smk_name_of_thread(name, report->trace, serial);
    smk_put_json_string(json, key, name);
}

static void put_hold(struct smk_json_text *json, const struct smk_report *report,
                     const struct smk_at_function *at)
{
    char name[SMK_NAME_MAX];
    smk_put_json_number(json, "longest_waits", at->longest);
    smk_put_json_number(json, "held_known", at->held_count);
    if (at->held_count) {
        smk_put_json_number(json, "held_mean_ns", at->held / at->held_count);
        smk_put_json_number(json, "held_max_ns", at->held_max);
    }
    smk_name_of_site(name, report->trace, at->region);
    smk_put_json_string(json, "region", at->region ? name : NULL);
    smk_report_stack_json(json, "locked_stack", report, at->locked_stack);
}

static void put_at_function(struct smk_json_text *json, const struct smk_report *report,
                            const struct smk_at_function *at, bool holding)
{
    smk_put_json_object(json, NULL);
    smk_report_own_place_json(json, report, at->stack);
    smk_put_json_number(json, "ns", at->ns);
    smk_put_json_number(json, "count", at->count);
    if (holding)
        put_hold(json, report, at);
    smk_put_json_array(json, "threads");
    for (uint32_t i = 0; i < at->thread_count; i++)
        put_thread(json, NULL, report, at->threads[i]);
    smk_put_json_array_end(json);
    smk_report_stack_json(json, "stack", report, at->stack);
    smk_put_json_object_end(json);
}

static void put_lock(struct smk_json_text *json, const struct smk_report *report, const struct smk_lock *lock)
{
    char name[SMK_NAME_MAX];
    enum smk_lock_naming naming = smk_name_of_lock(name, report->symbols, lock);
    smk_put_json_string(json, "lock", name);
    smk_put_json_string(json, "lock_named_by", smk_lock_naming_name(naming));
    snprintf(name, sizeof(name), "0x%llx", (unsigned long long)lock->address);
    smk_put_json_string(json, "address", name);
    smk_put_json_number(json, "epoch", lock->epoch);
    smk_put_json_number(json, "process", lock->process);
    put_dist(json, "waits", &lock->waits);
    smk_put_json_number(json, "threads", lock->threads);
    smk_put_json_number(json, "still_waiting", lock->open);
    smk_put_json_number(json, "timed_out", lock->timed_out);
    smk_put_json_number(json, "max_from_ns", lock->max_begin);
}

void smk_report_shares_json(struct smk_json_text *json, const struct smk_report *report,
                            const struct smk_finding *finding)
{
    char name[SMK_NAME_MAX];
    smk_put_json_array(json, "routes");
    for (uint32_t i = 0; i < finding->share_count; i++) {
        const struct smk_share *share = &finding->shares[i];
        smk_put_json_object(json, NULL);
        smk_name_of_route(name, report->trace, report->latency.routes[share->route].route);
        smk_put_json_string(json, "route", name);
        smk_put_json_mille(json, "share", smk_per_mille(share->ns, share->of));
        smk_put_json_number(json, "ns", share->ns);
        smk_put_json_number(json, "waits", share->waits);
        smk_put_json_number(json, "requests", share->requests);
        smk_put_json_object_end(json);
    }
    smk_put_json_array_end(json);
}

static void put_longest(struct smk_json_text *json, const struct smk_report *report,
                        const struct smk_holders *holders)
{
    smk_put_json_array(json, "longest_waits");
    for (uint32_t i = 0; i < holders->longest; i++) {
        const struct smk_lock_wait *wait = &holders->longest_waits[i];
        const struct smk_lock *lock = &report->locks.array[wait->lock];
        char name[SMK_NAME_MAX];
        smk_put_json_object(json, NULL);
        put_thread(json, "thread", report, wait->thread);
        put_date(json, "from", report, wait->begin);
        smk_put_json_number(json, "ns", wait->end - wait->begin);
        smk_name_of_tid(name, report->trace, lock->process, wait->holder, wait->begin);
        smk_put_json_string(json, "holder", wait->holder ? name : NULL);
        smk_name_of_tid(name, report->trace, lock->process, wait->releaser, wait->end);
        smk_put_json_string(json, "releaser", wait->releaser ? name : NULL);
        smk_put_json_object_end(json);
    }
    smk_put_json_array_end(json);
}

static void put_holders(struct smk_json_text *json, const struct smk_report *report,
                        const struct smk_holders *holders)
{
    char name[SMK_NAME_MAX];
    smk_put_json_array(json, "waiting_in");
    for (uint32_t i = 0; i < holders->waiting_count && i < 10; i++)
        put_at_function(json, report, &holders->waiting[i], false);
    smk_put_json_array_end(json);
    smk_put_json_array(json, "held_in");
    for (uint32_t i = 0; i < holders->holding_count && i < 10 && holders->holding[i].ns > 0; i++)
        put_at_function(json, report, &holders->holding[i], true);
    smk_put_json_array_end(json);
    smk_put_json_string(json, "held_in_certainty", holders->estimated ? "estimated" : "exact");
    smk_put_json_number(json, "holder_unknown_ns", holders->unknown);
    smk_put_json_number(json, "wake_ns", holders->wake);
    smk_put_json_number(json, "looked_at_ns", holders->looked);
    smk_put_json_number(json, "holder_preempted_ns", holders->preempted);
    smk_put_json_array(json, "holders_waited_for");
    for (uint32_t i = 0; i < holders->meanwhile_count; i++) {
        smk_put_json_object(json, NULL);
        const struct smk_meanwhile *meanwhile = &holders->meanwhile[i];
        if (meanwhile->lock != SMK_MAP_NONE) {
            smk_name_of_lock(name, report->symbols, &report->locks.array[meanwhile->lock]);
            smk_put_json_string(json, "lock", name);
        } else {
            const struct smk_call_sum *sum = &report->locks.others.sums[meanwhile->sum];
            smk_name_of_call(name, report->trace, sum->call);
            smk_put_json_string(json, "kind", smk_wait_kind_name(sum->kind));
            smk_put_json_string(json, "call", name);
        }
        smk_put_json_number(json, "ns", meanwhile->ns);
        smk_put_json_object_end(json);
    }
    smk_put_json_array_end(json);
    put_longest(json, report, holders);
}

static void put_circle(struct smk_json_text *json, const struct smk_report *report,
                       const struct smk_finding *finding)
{
    char name[SMK_NAME_MAX];
    smk_put_json_array(json, "circle");
    for (uint32_t i = 0; i < finding->steps && i < SMK_DEADLOCK_MAX; i++) {
        const struct smk_open_wait *wait = &finding->circle[i];
        struct smk_lock lock = {
            .address = wait->object, .process = wait->process, .first_stack = wait->stack};
        uint64_t to = report->windows[wait->process].to;
        smk_put_json_object(json, NULL);
        put_thread(json, "thread", report, wait->serial);
        smk_name_of_lock(name, report->symbols, &lock);
        smk_put_json_string(json, "lock", name);
        smk_name_of_tid(name, report->trace, wait->process, wait->holder, to);
        smk_put_json_string(json, "held_by", name);
        smk_put_json_number(json, "ns", to - smk_min_u64(to, wait->since));
        smk_report_stack_json(json, "stack", report, wait->stack);
        smk_put_json_object_end(json);
    }
    smk_put_json_array_end(json);
}

static void put_chain(struct smk_json_text *json, const struct smk_report *report, const struct smk_finding *finding)
{
    char name[SMK_NAME_MAX];
    smk_put_json_array(json, "chain");
    for (uint32_t i = 0; i < finding->links; i++) {
        const struct smk_chain_step *step = &finding->chain[i];
        smk_put_json_object(json, NULL);
        smk_name_of_lock(name, report->symbols, &report->locks.array[step->lock]);
        smk_put_json_string(json, "lock", name);
        smk_name_of_thread(name, report->trace, step->thread);
        smk_put_json_string(json, "held_by", step->thread ? name : NULL);
        smk_report_own_place_json(json, report, step->stack);
        smk_put_json_number(json, "ns", step->ns);
        smk_put_json_object_end(json);
    }
    smk_put_json_array_end(json);
}

static void put_other(struct smk_json_text *json, const struct smk_report *report, const struct smk_finding *finding)
{
    switch (finding->kind) {
    case SMK_FINDING_DISK:
    case SMK_FINDING_SLEEP:
    case SMK_FINDING_MEMORY:
        if (finding->rule == SMK_RULE_CHURN)
            smk_report_churn_json(report, json, finding);
        else
            smk_report_calls_json(report, json, finding);
        break;
    case SMK_FINDING_CPU:
        smk_report_starved_json(report, json, finding);
        break;
    case SMK_FINDING_THROTTLING:
        smk_report_throttling_json(report, json, finding);
        break;
    case SMK_FINDING_SEQUENCE:
        smk_report_sequence_json(report, json, finding);
        break;
    case SMK_FINDING_POOL:
        smk_report_pool_json(report, json, finding);
        break;
    case SMK_FINDING_HERD:
        smk_report_herd_json(report, json, finding);
        break;
    case SMK_FINDING_PEER:
        smk_report_peer_json(report, json, finding);
        break;
    default:
        break;
    }
}

static void put_finding(struct smk_json_text *json, const struct smk_report *report, unsigned number)
{
    const struct smk_finding *finding = &report->findings.array[number];
    smk_put_json_object(json, NULL);
    smk_put_json_string(json, "kind", smk_finding_kind_name(finding->kind));
    smk_put_json_string(json, "rule", smk_finding_rule_name(finding->rule));
    if (finding->kind == SMK_FINDING_DEADLOCK) {
        smk_put_json_string(json, "certainty", "exact");
        put_circle(json, report, finding);
    } else if (finding->kind == SMK_FINDING_LOOP) {
        smk_report_hold_json(report, json, finding);
    } else if (!smk_finding_is_of_lock(finding->kind)) {
        put_other(json, report, finding);
    } else {
        smk_put_json_string(json, "certainty", smk_report_incomplete(report) ? "at least" : "exact");
        smk_put_json_number(json, "cost_ns", finding->cost);
        put_lock(json, report, &report->locks.array[finding->lock]);
        smk_report_shares_json(json, report, finding);
        put_holders(json, report, &finding->holders);
        if (finding->links)
            put_chain(json, report, finding);
    }
    smk_report_see_json(report, json, number);
    smk_put_json_object_end(json);
}

/* ---- tables --------------------------------------------------------------------------------------------- */

static void put_part(struct smk_json_text *json, const char *key, const struct smk_report *report,
                     const struct smk_part *part, uint64_t of)
{
    char name[SMK_NAME_MAX];
    smk_put_json_object(json, key);
    smk_put_json_string(json, "kind", smk_report_part(report, part, name));
    smk_put_json_string(json, "name", name);
    smk_put_json_number(json, "ns", part->ns);
    smk_put_json_number(json, "count", part->count);
    smk_put_json_mille(json, "share", smk_per_mille(part->ns, of));
    smk_put_json_bool(json, "overlaps", part->kind == SMK_PART_REQUEST_REGION);
    smk_put_json_object_end(json);
}

static void put_routes(struct smk_json_text *json, const struct smk_report *report)
{
    char name[SMK_NAME_MAX];
    smk_put_json_array(json, "routes");
    for (uint32_t i = 0; i < report->latency.route_count; i++) {
        const struct smk_route *route = report->routes_by_total[i];
        uint32_t mille;
        const struct smk_part *most =
            smk_report_mostly(report, route, &mille);
        smk_put_json_object(json, NULL);
        smk_name_of_route(name, report->trace, route->route);
        smk_put_json_string(json, "route", name);
        put_dist(json, "latency", &route->latency);
        smk_put_json_number(json, "in_window_ns", route->in_window);
        smk_put_json_number(json, "still_running", route->running);
        smk_put_json_number(json, "failed", route->failed);
        smk_put_json_number(json, "loop_delay_ns", route->loop);
        smk_put_json_number(json, "loop_delay_max_ns", route->loop_max);
        if (most)
            put_part(json, "mostly", report, most, route->in_window);
        smk_put_json_object_end(json);
    }
    smk_put_json_array_end(json);
}

static void put_slowest(struct smk_json_text *json, const struct smk_report *report)
{
    char name[SMK_NAME_MAX];
    smk_put_json_array(json, "slowest");
    for (uint32_t i = 0; i < report->latency.slowest_count; i++) {
        const struct smk_request_record *request = &report->latency.slowest[i];
        smk_put_json_object(json, NULL);
        smk_put_json_number(json, "id", smk_report_request_id(request));
        smk_put_json_number(json, "process", request->process);
        smk_name_of_route(name, report->trace, request->route);
        smk_put_json_string(json, "route", name);
        smk_put_json_number(json, "status", request->status);
        smk_put_json_bool(json, "still_running", request->running);
        put_date(json, "begin", report, request->begin);
        smk_put_json_number(json, "ns", request->duration);
        put_thread(json, "last_thread", report, request->thread);
        smk_put_json_array(json, "parts");
        for (uint32_t p = 0; p < request->part_count; p++)
            put_part(json, NULL, report, &request->parts[p], request->duration);
        smk_put_json_array_end(json);
        smk_put_json_number(json, "unexplained_ns", smk_report_unexplained(request));
        if (request->cpu_seen) {
            smk_put_json_number(json, "on_cpu_ns", request->on_cpu);
            smk_put_json_number(json, "preempted_ns", request->preempted);
            smk_put_json_string(json, "cpu_certainty", request->cpu_unknown ? "at least" : "exact");
        }
        smk_put_json_object_end(json);
    }
    smk_put_json_array_end(json);
}

static void put_locks(struct smk_json_text *json, const struct smk_report *report)
{
    smk_put_json_array(json, "locks");
    for (uint32_t i = 0; i < report->locks.count && i < 100; i++) {
        if (report->locks_by_total[i]->waits.count == 0)
            continue;
        smk_put_json_object(json, NULL);
        put_lock(json, report, report->locks_by_total[i]);
        smk_put_json_object_end(json);
    }
    smk_put_json_array_end(json);
}

static void put_regions(struct smk_json_text *json, const struct smk_report *report)
{
    char name[SMK_NAME_MAX];
    const struct smk_regions *regions = &report->regions;
    smk_put_json_array(json, "regions");
    for (uint32_t i = 0; i < regions->count; i++) {
        const struct smk_region_stats *region = report->regions_by_total[i];
        const smk_site_info *site = smk_trace_site(report->trace, region->site);
        smk_put_json_object(json, NULL);
        smk_name_of_site(name, report->trace, region->site);
        smk_put_json_string(json, "region", name);
        smk_put_json_string(json, "file", site ? site->file : NULL);
        smk_put_json_number(json, "line", site ? site->line : 0);
        smk_put_json_bool(json, "of_requests", region->of_request);
        put_dist(json, "length", &region->length);
        smk_put_json_number(json, "total_ns", region->total);
        smk_put_json_number(json, "self_ns", region->self);
        smk_put_json_number(json, "waited_ns", region->waited);
        smk_report_region_json(report, json, region);
        smk_put_json_object_end(json);
    }
    smk_put_json_array_end(json);
    smk_report_region_states_json(report, json);
    smk_put_json_object(json, "regions_repaired");
    smk_put_json_number(json, "forgotten", regions->forgotten);
    smk_put_json_number(json, "unmatched", regions->unmatched);
    smk_put_json_number(json, "too_deep", regions->too_deep);
    smk_put_json_number(json, "open", regions->open);
    smk_put_json_object_end(json);
}

static void put_nameless(struct smk_json_text *json, const struct smk_report *report)
{
    struct smk_nameless nameless;
    char id[SMK_BUILD_ID_TEXT];
    smk_put_json_array(json, "nameless");
    for (uint32_t i = 0; smk_symbols_nameless(report->symbols, i, &nameless); i++) {
        smk_build_id_text(id, nameless.module);
        smk_put_json_object(json, NULL);
        smk_put_json_string(json, "module", nameless.module->path);
        smk_put_json_string(json, "build_id", id[0] ? id : NULL);
        smk_put_json_string(json, "reason", nameless.reason);
        smk_put_json_number(json, "addresses", nameless.addresses);
        smk_put_json_object_end(json);
    }
    smk_put_json_array_end(json);
}

int smk_report_json(const struct smk_report *report, smk_report_put put, void *arg)
{
    struct smk_json_text json;
    smk_put_json_init(&json, put, arg);
    smk_put_json_object(&json, NULL);
    smk_put_json_number(&json, "version", 1);
    put_capture(&json, report);
    smk_put_json_array(&json, "findings");
    for (uint32_t i = 0; i < report->findings.count; i++)
        put_finding(&json, report, i);
    smk_put_json_array_end(&json);
    smk_report_silence_json(report, &json);
    smk_put_json_number(&json, "findings_not_shown", report->findings.more);
    put_dist(&json, "requests", &report->latency.all);
    put_routes(&json, report);
    put_slowest(&json, report);
    smk_report_loops_json(report, &json);
    smk_report_callbacks_json(report, &json);
    smk_report_cpu_json(report, &json);
    put_locks(&json, report);
    smk_report_waits_json(report, &json);
    smk_report_memory_json(report, &json);
    put_regions(&json, report);
    put_nameless(&json, report);
    smk_put_json_object_end(&json);
    return smk_put_json_finish(&json);
}
