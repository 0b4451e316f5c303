/* find_calls.c: waits in calls that took too much of a route's time; for each kind of wait that is no work. */
#include "analysis/findings.h"

#include <string.h>

/* It returns when a device has answered: that is no call which is short but for bad luck. */
static bool is_flush(const struct smk_evidence *evidence, const struct smk_call_sum *sum)
{
    static const char *const names[] = {"fsync", "fdatasync", "sync", "syncfs", "msync", "sync_file_range"};
    const char *call = smk_trace_string(evidence->trace, sum->call);
    for (size_t i = 0; call && i < SMK_ARRAY_LEN(names); i++)
        if (strcmp(call, names[i]) == 0)
            return true;
    return false;
}

/* The share of a route's time from which on it is too much; UINT32_MAX: it is none. */
static uint32_t threshold(const struct smk_evidence *evidence, const struct smk_call_rule *rule,
                          const struct smk_call_sum *sum)
{
    if (sum->max >= rule->least_max)
        return rule->share_mille;
    return rule->flush_mille && is_flush(evidence, sum) ? rule->flush_mille : UINT32_MAX;
}

/* What a thread was preempted in the call is no fault of it. */
static bool take_shares(struct smk_finding *finding, const struct smk_latency *latency,
                        const struct smk_call_rule *rule, const struct smk_call_sum *sum, uint32_t mille)
{
    bool much = false;
    for (uint32_t i = 0; i < latency->route_count; i++) {
        const struct smk_cell *cell = smk_latency_cell(latency, i, SMK_PART_CALL, finding->sum);
        if (!cell || cell->part.ns == 0)
            continue;
        struct smk_share share = {i, cell->part.ns, latency->routes[i].in_window, cell->part.count, cell->requests};
        smk_finding_note_share(finding, &share);
        finding->cost += share.ns;
        uint64_t own = share.ns - (uint64_t)((__uint128_t)share.ns * smk_min_u64(sum->preempted, sum->ns) / sum->ns);
        much |= own >= rule->least && smk_per_mille(own, share.of) >= mille;
    }
    return much;
}

bool smk_findings_add_calls(struct smk_findings *findings, const struct smk_evidence *evidence,
                            const struct smk_call_rule *rule)
{
    const struct smk_call_waits *waits = &evidence->locks->others;
    for (uint32_t i = 0; i < waits->sum_count; i++) {
        const struct smk_call_sum *sum = &waits->sums[i];
        struct smk_finding judged = {
            .kind = rule->kind, .rule = SMK_RULE_ROUTE, .lock = SMK_MAP_NONE, .alloc = SMK_MAP_NONE, .sum = i};
        if (sum->idle || sum->kind != rule->wait_kind)
            continue;
        uint32_t mille = threshold(evidence, rule, sum);
        if (mille == UINT32_MAX || !take_shares(&judged, evidence->latency, rule, sum, mille))
            continue;
        struct smk_finding *finding = smk_findings_add(findings, evidence->mem, rule->kind);
        if (finding)
            *finding = judged;
        else if (smk_mem_failed(evidence->mem) != 0)
            return false;
    }
    return true;
}
