/* find_pool.c: requests queue while all workers of their pool wait. */
#include "analysis/findings.h"

#define MS 1000000u

/* docs/findings.md has the reasons. */
#define ROUTE_SHARE_MILLE 50u
#define LEAST_TOTAL       (10u * MS)
#define BUSY_MILLE        800u /* of all workers, while requests queue */
#define WAITED_MILLE      500u /* of that */

static bool take_shares(struct smk_finding *finding, const struct smk_latency *latency, uint32_t site)
{
    bool much = false;
    for (uint32_t i = 0; i < latency->route_count; i++) {
        const struct smk_cell *cell = smk_latency_cell(latency, i, SMK_PART_QUEUE, site);
        if (!cell || cell->part.ns == 0)
            continue;
        struct smk_share share = {i, cell->part.ns, latency->routes[i].in_window, cell->part.count, cell->requests};
        smk_finding_note_share(finding, &share);
        finding->cost += share.ns;
        much |= share.ns >= LEAST_TOTAL && smk_per_mille(share.ns, share.of) >= ROUTE_SHARE_MILLE;
    }
    return much;
}

bool smk_findings_add_pools(struct smk_findings *findings, const struct smk_evidence *evidence)
{
    for (uint32_t i = 0; i < evidence->pools->count; i++) {
        const struct smk_pool *pool = &evidence->pools->array[i];
        struct smk_finding judged = {.kind = SMK_FINDING_POOL,
                                     .rule = SMK_RULE_ROUTE,
                                     .lock = SMK_MAP_NONE,
                                     .alloc = SMK_MAP_NONE,
                                     .pool = i};
        if (smk_per_mille(pool->busy, pool->lasted * pool->workers) < BUSY_MILLE ||
            smk_per_mille(pool->waited, pool->busy) < WAITED_MILLE ||
            !take_shares(&judged, evidence->latency, pool->site))
            continue;
        struct smk_finding *finding = smk_findings_add(findings, evidence->mem, SMK_FINDING_POOL);
        if (finding)
            *finding = judged;
        else if (smk_mem_failed(evidence->mem) != 0)
            return false;
    }
    return true;
}
