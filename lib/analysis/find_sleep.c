/* find_sleep.c: sleeping in a request. */
#include "analysis/findings.h"

#include "format/events.h"

#define MS 1000000u

bool smk_findings_add_sleep(struct smk_findings *findings, const struct smk_evidence *evidence)
{
    /* docs/findings.md has the reasons. */
    static const struct smk_call_rule rule = {SMK_FINDING_SLEEP, SMK_WAIT_SLEEP, 50, 10 * MS, 0};
    return smk_findings_add_calls(findings, evidence, &rule);
}
