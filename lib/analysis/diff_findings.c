/* diff_findings.c: findings that vanished or came. A finding has a threshold, and what lies beside it comes and goes by
 * chance: that one is not there says little by itself. Of each the figure is looked at that a test has been made of:
 * of a lock the waiting for it, of calls the waiting in them, else the latency of the route that it cost most. */
#include "analysis/diff_state.h"

#include <stdio.h>
#include <string.h>

#include "format/events.h"

/* Findings about a lock are one thing, whatever is special about it. */
static void name_finding(char name[SMK_NAME_MAX], const struct smk_report *report, const struct smk_finding *finding)
{
    char of[SMK_NAME_MAX] = "";
    const char *kind = smk_finding_kind_name(finding->kind);
    if (smk_finding_is_of_lock(finding->kind)) {
        const struct smk_lock *lock = &report->locks.array[finding->lock];
        kind = "lock";
        if (smk_name_of_lock(of, report->symbols, lock) == SMK_LOCK_ADDRESS)
            snprintf(of, sizeof(of), "without a name");
    } else if (finding->rule == SMK_RULE_CHURN) {
        const smk_stack_info *stack;
        uint32_t frame = 0;
        const struct smk_place *place =
            smk_report_own_place(report, report->memory.allocs[finding->alloc].stack, &stack, &frame);
        kind = "memory got and given back in";
        snprintf(of, sizeof(of), "%.500s", place && place->named ? place->function : "a place unknown");
    } else if (finding->kind == SMK_FINDING_DISK || finding->kind == SMK_FINDING_SLEEP ||
               finding->kind == SMK_FINDING_MEMORY) {
        smk_name_of_call(of, report->trace, report->locks.others.sums[finding->sum].call);
    } else if (finding->share_count) {
        smk_name_of_route(of, report->trace, report->latency.routes[finding->shares[0].route].route);
    }
    snprintf(name, SMK_NAME_MAX, "%s%s%.450s", kind, of[0] ? " " : "", of);
}

static bool is_of_calls(const struct smk_finding *finding)
{
    return (finding->kind == SMK_FINDING_DISK || finding->kind == SMK_FINDING_SLEEP ||
            finding->kind == SMK_FINDING_MEMORY) &&
           finding->rule != SMK_RULE_CHURN;
}

/* ---- the figure ------------------------------------------------------------------------------------------ */

static void by_lock(const struct smk_diff *diff, struct smk_diff_finding *to, const char *name)
{
    for (uint32_t i = 0; i < diff->locks.count; i++) {
        const struct smk_diff_thing *lock = &diff->locks.array[i];
        if (strcmp(lock->name, name) == 0) {
            to->figure = &lock->rate;
            to->of = lock->name;
            return;
        }
    }
}

/* Of a call's functions the one that was waited in most: they are in that order. */
static void by_call(const struct smk_diff *diff, struct smk_diff_finding *to, const struct smk_report *report,
                    const struct smk_finding *finding)
{
    const struct smk_call_sum *sum = &report->locks.others.sums[finding->sum];
    char name[SMK_NAME_MAX];
    smk_name_of_call(name, report->trace, sum->call);
    uint64_t call = smk_hash_bytes(name, strlen(name)) ^ sum->kind;
    for (uint32_t i = 0; i < diff->waits.count; i++)
        if (diff->waits.array[i].call == call) {
            to->figure = &diff->waits.array[i].rate;
            to->of = diff->waits.array[i].name;
            return;
        }
}

/* Of memory that comes and goes, the waits for memory in the function that got it. */
static void by_function(const struct smk_diff *diff, struct smk_diff_finding *to, const struct smk_report *report,
                        const struct smk_finding *finding)
{
    const smk_stack_info *stack;
    uint32_t frame = 0;
    char end[SMK_NAME_MAX];
    const struct smk_place *place =
        smk_report_own_place(report, report->memory.allocs[finding->alloc].stack, &stack, &frame);
    if (!place || !place->named)
        return;
    size_t len = (size_t)snprintf(end, sizeof(end), " in %.300s", place->function);
    for (uint32_t i = 0; i < diff->waits.count; i++) {
        const struct smk_diff_thing *wait = &diff->waits.array[i];
        size_t all = strlen(wait->name);
        if (wait->kind == SMK_WAIT_MEMORY && all > len && strcmp(wait->name + all - len, end) == 0) {
            to->figure = &wait->rate;
            to->of = wait->name;
            return;
        }
    }
}

static void by_route(const struct smk_diff *diff, struct smk_diff_finding *to, const struct smk_report *report,
                     const struct smk_finding *finding)
{
    unsigned side = report == diff->report[1];
    const struct smk_route *route = &report->latency.routes[finding->shares[0].route];
    for (uint32_t i = 0; i < diff->route_count; i++)
        if (diff->routes[i].route[side] == route) {
            to->figure = smk_diff_claimed(&diff->routes[i].p50) ? &diff->routes[i].p50 : &diff->routes[i].p99;
            to->of = diff->routes[i].name;
            return;
        }
}

static void add(struct smk_diff *diff, unsigned side, const struct smk_finding *finding)
{
    const struct smk_report *report = diff->report[side];
    char name[SMK_NAME_MAX];
    name_finding(name, report, finding);
    for (uint32_t i = 0; i < diff->finding_count; i++)
        if (strncmp(diff->findings[i].name, name, SMK_DIFF_NAME - 1) == 0) {
            if (!diff->findings[i].finding[side])
                diff->findings[i].finding[side] = finding;
            return;
        }
    if (!smk_mem_grow(diff->mem, &diff->findings, &diff->finding_capacity, diff->finding_count + 1u))
        return;
    struct smk_diff_finding *to = &diff->findings[diff->finding_count++];
    *to = (struct smk_diff_finding){0};
    snprintf(to->name, sizeof(to->name), "%.*s", (int)sizeof(to->name) - 1, name);
    to->finding[side] = finding;
    if (smk_finding_is_of_lock(finding->kind))
        by_lock(diff, to, to->name + strlen("lock "));
    else if (is_of_calls(finding))
        by_call(diff, to, report, finding);
    else if (finding->rule == SMK_RULE_CHURN)
        by_function(diff, to, report, finding);
    else if (finding->share_count)
        by_route(diff, to, report, finding);
}

void smk_diff_findings_make(struct smk_diff *diff)
{
    for (unsigned side = 0; side < 2; side++)
        for (uint32_t i = 0; i < diff->report[side]->findings.count; i++)
            add(diff, side, &diff->report[side]->findings.array[i]);
}

const char *smk_diff_fate(const struct smk_diff_finding *finding)
{
    const struct smk_diff_figure *figure = finding->figure;
    if (finding->finding[0] && finding->finding[1])
        return "both";
    bool gone = finding->finding[0] != NULL;
    if (figure && figure->verdict == (gone ? SMK_DIFF_FELL : SMK_DIFF_ROSE))
        return gone ? "gone" : "new";
    return gone ? "before" : "after";
}
