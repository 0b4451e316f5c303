/* find_memory.c: pauses of memory in a request's path, and blocks that are got and given back over and over: the
 * kernel's work on their pages is the process's time. */
#include "analysis/findings.h"

#include "format/events.h"

#define MS 1000000u

/* docs/findings.md has the reasons. */
#define CHURN_MILLE    50u            /* of the CPU time of the process … */
#define CHURN_LEAST    (20u * MS)     /* … and so much at least */
#define CHURN_BLOCKS   100u
#define CHURN_LIVED    (20u * MS)     /* a block lives shorter than this, on average */
#define PAGE           4096u
#define US             1000u

static uint64_t grown(const struct smk_evidence *evidence, const char *name)
{
    struct smk_counter_sum sum;
    smk_memory_counter(evidence->memory, evidence->trace, name, &sum);
    return sum.last > sum.first ? (uint64_t)(sum.last - sum.first) : 0;
}

/* ns of system time that the pages of these blocks cost; 0: too little, or the counters do not say. */
static uint64_t churn_cost(const struct smk_evidence *evidence, const struct smk_alloc_sum *sum)
{
    uint64_t faults = grown(evidence, "minor_faults"), system = grown(evidence, "system_us") * US;
    uint64_t user = grown(evidence, "user_us") * US, pages = sum->bytes / PAGE;
    if (faults == 0 || sum->ended < CHURN_BLOCKS || sum->lived / sum->ended > CHURN_LIVED || pages < faults / 4)
        return 0;
    /* The counters are read every 100 ms: what came behind the last time costs what the others did. */
    uint64_t cost = (uint64_t)((__uint128_t)system * smk_min_u64(pages, faults + faults / 2) / faults);
    return cost >= CHURN_LEAST && smk_per_mille(cost, system + user) >= CHURN_MILLE ? cost : 0;
}

static bool add_churn(struct smk_findings *findings, const struct smk_evidence *evidence)
{
    for (uint32_t i = 0; i < evidence->memory->alloc_count; i++) {
        uint64_t cost = churn_cost(evidence, &evidence->memory->allocs[i]);
        if (cost == 0)
            continue;
        struct smk_finding *finding = smk_findings_add(findings, evidence->mem, SMK_FINDING_MEMORY);
        if (!finding)
            return smk_mem_failed(evidence->mem) == 0;
        finding->rule = SMK_RULE_CHURN;
        finding->alloc = i;
        finding->cost = cost;
    }
    return true;
}

bool smk_findings_add_memory(struct smk_findings *findings, const struct smk_evidence *evidence)
{
    static const struct smk_call_rule rule = {SMK_FINDING_MEMORY, SMK_WAIT_MEMORY, 100, 10 * MS, 0};
    return smk_findings_add_calls(findings, evidence, &rule) && add_churn(findings, evidence);
}
