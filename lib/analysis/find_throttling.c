/* find_throttling.c: the control group's limit took the CPUs away. */
#include "analysis/findings.h"

/* docs/findings.md has the reasons. */
#define LEAST_PERIODS 3u
#define LEAST_MILLE   50u /* of the window */

bool smk_findings_add_throttling(struct smk_findings *findings, const struct smk_evidence *evidence)
{
    const struct smk_throttled *throttled = evidence->throttled;
    if (throttled->periods < LEAST_PERIODS ||
        smk_per_mille(throttled->counted, evidence->to - evidence->from) < LEAST_MILLE)
        return true;
    struct smk_finding *finding = smk_findings_add(findings, evidence->mem, SMK_FINDING_THROTTLING);
    if (!finding)
        return smk_mem_failed(evidence->mem) == 0;
    finding->rule = SMK_RULE_ALL;
    finding->cost = throttled->counted;
    finding->from = throttled->first;
    finding->to = throttled->last;
    return true;
}
