/* find_herd.c: one wake that wakes many, of whom most wait again at once. */
#include "analysis/findings.h"

#define MS 1000000u

/* docs/findings.md has the reasons. */
#define LEAST_USELESS 50u
#define LEAST_PERCENT 60u /* of those that were woken so */
#define LEAST_COST    (10u * MS)
#define COST_MILLE    20u /* of the window */

bool smk_findings_add_herds(struct smk_findings *findings, const struct smk_evidence *evidence)
{
    for (uint32_t i = 0; i < evidence->herds->count; i++) {
        const struct smk_herd *herd = &evidence->herds->array[i];
        if (herd->useless < LEAST_USELESS || herd->useless * 100 < herd->woken * LEAST_PERCENT ||
            herd->cost < LEAST_COST || smk_per_mille(herd->cost, evidence->to - evidence->from) < COST_MILLE)
            continue;
        struct smk_finding *finding = smk_findings_add(findings, evidence->mem, SMK_FINDING_HERD);
        if (!finding && smk_mem_failed(evidence->mem) != 0)
            return false;
        if (!finding)
            continue;
        finding->rule = SMK_RULE_ALL;
        finding->herd = i;
        finding->cost = herd->cost;
    }
    return true;
}
