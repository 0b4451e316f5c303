/* find_loop.c: callbacks that held the event loop while requests lay there unread. */
#include "analysis/findings.h"

#define MS 1000000u

/* docs/findings.md has the reasons. */
#define ROUTE_SHARE_MILLE 50u
#define LEAST_TOTAL       (10u * MS)
#define LEAST_MAX         (20u * MS)
#define LEAST_MAX_SAME    (100u * MS) /* where it delayed its own kind */

/* The route whose requests delay each other; most of what is charged to it is its own. */
static bool is_queueing(const struct smk_hold *hold)
{
    for (uint32_t i = 0; hold->culprit == SMK_CULPRIT_ROUTE && i < hold->route_count; i++)
        if (hold->routes[i].route == hold->id)
            return hold->routes[i].ns > hold->ns / 2;
    return false;
}

static bool take_shares(struct smk_finding *finding, const struct smk_latency *latency, const struct smk_hold *hold)
{
    bool much = false;
    for (uint32_t i = 0; i < hold->route_count; i++) {
        const struct smk_held_route *held = &hold->routes[i];
        struct smk_share share = {held->route, held->ns, latency->routes[held->route].in_window, held->count,
                                  held->count};
        smk_finding_note_share(finding, &share);
        much |= share.ns >= LEAST_TOTAL && smk_per_mille(share.ns, share.of) >= ROUTE_SHARE_MILLE;
    }
    return much;
}

bool smk_findings_add_loops(struct smk_findings *findings, const struct smk_evidence *evidence)
{
    for (uint32_t i = 0; i < evidence->loops->hold_count; i++) {
        const struct smk_hold *hold = &evidence->loops->holds[i];
        struct smk_finding judged = {.kind = SMK_FINDING_LOOP,
                                     .rule = SMK_RULE_ROUTE,
                                     .lock = SMK_MAP_NONE,
                                     .hold = i,
                                     .cost = hold->ns};
        if (hold->culprit == SMK_CULPRIT_UNKNOWN || hold->max_own < (is_queueing(hold) ? LEAST_MAX_SAME : LEAST_MAX) ||
            !take_shares(&judged, evidence->latency, hold))
            continue;
        struct smk_finding *finding = smk_findings_add(findings, evidence->mem, SMK_FINDING_LOOP);
        if (finding)
            *finding = judged;
        else if (smk_mem_failed(evidence->mem) != 0)
            return false;
    }
    return true;
}
