/* find_disk.c: files and flushes in a request's path. */
#include "analysis/findings.h"

#include "format/events.h"

#define MS 1000000u

bool smk_findings_add_disk(struct smk_findings *findings, const struct smk_evidence *evidence)
{
    /* docs/findings.md has the reasons. */
    static const struct smk_call_rule rule = {SMK_FINDING_DISK, SMK_WAIT_DISK, 50, 10 * MS, 2 * MS, 200};
    return smk_findings_add_calls(findings, evidence, &rule);
}
