/* find_sequence.c: waits in sequence that could overlap. */
#include "analysis/findings.h"

#define MS 1000000u

/* docs/findings.md has the reasons. */
#define ROUTE_SHARE_MILLE 50u
#define LEAST_TOTAL       (10u * MS)
#define LEAST_REQUESTS    3u

bool smk_findings_add_sequences(struct smk_findings *findings, const struct smk_evidence *evidence)
{
    for (uint32_t i = 0; i < evidence->sequences->count; i++) {
        const struct smk_sequence *sequence = &evidence->sequences->array[i];
        const struct smk_route *route = &evidence->latency->routes[sequence->route];
        struct smk_share share = {sequence->route, sequence->gain, route->in_window, sequence->requests,
                                  sequence->requests};
        if (sequence->requests < LEAST_REQUESTS || sequence->requests * 2 < route->latency.count ||
            share.ns < LEAST_TOTAL || smk_per_mille(share.ns, share.of) < ROUTE_SHARE_MILLE)
            continue;
        struct smk_finding *finding = smk_findings_add(findings, evidence->mem, SMK_FINDING_SEQUENCE);
        if (!finding && smk_mem_failed(evidence->mem) != 0)
            return false;
        if (!finding)
            continue;
        finding->rule = SMK_RULE_ROUTE;
        finding->sequence = i;
        finding->cost = sequence->gain;
        smk_finding_note_share(finding, &share);
    }
    return true;
}
