/* find_peer.c: a route whose requests wait for one peer for most of their time. */
#include "analysis/findings.h"

#define MS 1000000u

/* docs/findings.md has the reasons. */
#define ROUTE_SHARE_MILLE 600u
#define LEAST_MEAN        (20u * MS)
#define LEAST_TOTAL       (100u * MS)

bool smk_findings_add_peers(struct smk_findings *findings, const struct smk_evidence *evidence)
{
    for (uint32_t i = 0; i < evidence->peers->count; i++) {
        const struct smk_peer *peer = &evidence->peers->array[i];
        struct smk_share share = {peer->route, peer->ns, evidence->latency->routes[peer->route].in_window,
                                  peer->requests, peer->requests};
        if (share.ns < LEAST_TOTAL || share.ns / peer->requests < LEAST_MEAN ||
            smk_per_mille(share.ns, share.of) < ROUTE_SHARE_MILLE)
            continue;
        struct smk_finding *finding = smk_findings_add(findings, evidence->mem, SMK_FINDING_PEER);
        if (!finding && smk_mem_failed(evidence->mem) != 0)
            return false;
        if (!finding)
            continue;
        finding->rule = SMK_RULE_ROUTE;
        finding->peer = i;
        finding->cost = share.ns;
        smk_finding_note_share(finding, &share);
    }
    return true;
}
