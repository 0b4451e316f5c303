/* find_preempted.c: a lock was waited for because its holder had no CPU. */
#include "analysis/findings.h"

/* docs/findings.md has the reason. */
#define PREEMPTED_MILLE 500u

bool smk_finding_is_preempted(const struct smk_finding *finding)
{
    return smk_per_mille(finding->holders.preempted, finding->holders.looked) >= PREEMPTED_MILLE;
}
