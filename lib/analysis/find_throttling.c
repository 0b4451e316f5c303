/* find_throttling.c: the control group's limit took the CPUs away. */
#include "analysis/findings.h"

#include "format/tables.h"

#include <stdlib.h>

/* docs/findings.md has the reasons. */
#define LEAST_PERIODS 3u
#define LEAST_MILLE   50u /* of the window */

bool smk_findings_add_throttling(struct smk_findings *findings, const struct smk_evidence *evidence)
{
    const char *periods = smk_trace_fact(evidence->trace, SMK_FACT_CGROUP_THROTTLED);
    const char *ns = smk_trace_fact(evidence->trace, SMK_FACT_CGROUP_THROTTLED_NS);
    uint64_t cost = ns ? strtoull(ns, NULL, 10) : 0;
    if (!periods || strtoull(periods, NULL, 10) < LEAST_PERIODS ||
        smk_per_mille(cost, evidence->to - evidence->from) < LEAST_MILLE)
        return true;
    struct smk_finding *finding = smk_findings_add(findings, evidence->mem, SMK_FINDING_THROTTLING);
    if (!finding)
        return smk_mem_failed(evidence->mem) == 0;
    finding->rule = SMK_RULE_ALL;
    finding->cost = cost;
    return true;
}
