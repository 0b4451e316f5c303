/* report_ask.c: what text and JSON ask a finished report. */
#include "analysis/report_state.h"

#include <stdio.h>
#include <string.h>

#include "format/events.h"
#include "format/tables.h"

bool smk_report_incomplete(const struct smk_report *report)
{
    return report->info->lost > 0 || !report->info->complete || report->gaps.count > 0 ||
           smk_trace_problem(report->trace, 0) != NULL;
}

uint64_t smk_report_request_id(const struct smk_request_record *request)
{
    return request->id ? smk_map_own(request->process, request->id) : 0;
}

uint64_t smk_report_complete_from(const struct smk_report *report)
{
    return smk_max_u64(report->info->first, report->info->complete_from);
}

uint64_t smk_report_fact(const struct smk_report *report, const char *key)
{
    return smk_report_process_fact(report, 0, key);
}

uint64_t smk_report_process_fact(const struct smk_report *report, uint32_t process, const char *key)
{
    const char *text = smk_trace_process_fact(report->trace, process, key);
    uint64_t number = 0;
    for (; text && *text >= '0' && *text <= '9'; text++)
        number = number > UINT64_MAX / 10 - 9 ? UINT64_MAX / 10 - 9
                                              : number * 10 + (uint64_t)(*text - '0');
    return number;
}

bool smk_report_share(const struct smk_report *report, uint64_t *ns, uint64_t *error_ns, uint64_t *process_ns)
{
    *ns = *error_ns = *process_ns = 0;
    for (uint32_t i = 0; i < report->info->processes; i++) {
        if (!smk_trace_process_fact(report->trace, i, SMK_FACT_COST_TOTAL))
            return false;
        *ns += smk_report_process_fact(report, i, SMK_FACT_COST_TOTAL);
        *error_ns += smk_report_process_fact(report, i, SMK_FACT_COST_ERROR);
        *process_ns += smk_report_process_fact(report, i, SMK_FACT_COST_PROCESS);
    }
    return *process_ns > 0;
}

bool smk_report_cost(const struct smk_report *report, uint64_t *ns)
{
    *ns = 0;
    for (uint32_t i = 0; i < report->info->processes; i++) {
        const smk_process_info *info = smk_trace_process_at(report->trace, i);
        if (!smk_trace_process_fact(report->trace, i, SMK_FACT_COST_WRITER))
            return false;
        uint64_t each = smk_min_u64(smk_report_process_fact(report, i, SMK_FACT_COST_EVENT), 1000000);
        uint64_t events = info->events + info->lost;
        *ns += smk_min_u64(smk_report_process_fact(report, i, SMK_FACT_COST_WRITER), UINT64_MAX >> 18) +
               (events > UINT64_MAX / 1000000 >> 18 ? UINT64_MAX >> 18 : events * each);
    }
    return true;
}

const char *smk_report_scheduler(const struct smk_report *report)
{
    const char *source = smk_trace_fact(report->trace, SMK_FACT_SCHED_SOURCE);
    return source && *source && strcmp(source, "none") != 0 ? source : "not recorded";
}

int64_t smk_report_unix(const struct smk_report *report, uint64_t time)
{
    return (int64_t)(time + (uint64_t)report->info->realtime_offset);
}

void smk_report_sum_name(char name[SMK_NAME_MAX], const struct smk_report *report, const struct smk_call_sum *sum)
{
    char call[SMK_NAME_MAX];
    smk_name_of_call(call, report->trace, sum->call);
    snprintf(name, SMK_NAME_MAX, sum->answer ? "answer, by %.200s" : "%.300s", call);
}

const char *smk_report_part(const struct smk_report *report, const struct smk_part *part,
                            char name[SMK_NAME_MAX])
{
    if (part->kind == SMK_PART_LOCK) {
        smk_name_of_lock(name, report->symbols, &report->locks.array[part->id]);
        return "lock";
    }
    if (part->kind == SMK_PART_LOOP) {
        memcpy(name, "delay", sizeof("delay"));
        return "loop";
    }
    if (part->kind == SMK_PART_CPU || part->kind == SMK_PART_PREEMPTED) {
        snprintf(name, SMK_NAME_MAX, part->kind == SMK_PART_CPU ? "in no call" : "preempted");
        return part->kind == SMK_PART_CPU ? "on CPU" : "runnable";
    }
    if (part->kind == SMK_PART_CALL) {
        const struct smk_call_sum *sum = &report->locks.others.sums[part->id];
        smk_report_sum_name(name, report, sum);
        return smk_wait_kind_name(sum->kind);
    }
    smk_name_of_site(name, report->trace, part->id);
    if (part->kind == SMK_PART_WAIT)
        return smk_wait_kind_name(smk_map_get(&report->wait_kinds, part->id));
    return part->kind == SMK_PART_QUEUE ? "queue" : "region";
}

const struct smk_part *smk_report_mostly(const struct smk_report *report, const struct smk_route *route,
                                         uint32_t *mille)
{
    const struct smk_part *most =
        route->most == SMK_MAP_NONE ? NULL : &report->latency.cells[route->most].part;
    uint64_t rest = route->in_window - smk_min_u64(route->in_window, route->explained);
    if (most && most->ns < rest)
        most = NULL;
    *mille = smk_per_mille(most ? most->ns : rest, route->in_window);
    return most;
}

uint64_t smk_report_unexplained(const struct smk_request_record *request)
{
    uint64_t left = request->duration;
    for (uint32_t i = 0; i < request->part_count; i++)
        if (request->parts[i].kind != SMK_PART_REQUEST_REGION)
            left -= smk_min_u64(left, request->parts[i].ns);
    return left - smk_min_u64(left, request->parts_refused);
}

unsigned smk_report_findings(const struct smk_report *report) { return report->findings.count; }

unsigned smk_report_findings_of(const struct smk_report *report, uint32_t kinds)
{
    unsigned count = 0;
    for (uint32_t i = 0; i < report->findings.count; i++)
        count += (kinds >> report->findings.array[i].kind) & 1;
    return count;
}
