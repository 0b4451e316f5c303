/* find_chain.c: who held a lock waited for another, whose holder perhaps for a third: the cause is at the end. */
#include "analysis/findings.h"

/* docs/findings.md has the reason. */
#define CHAIN_MILLE 500u

static bool waited_for_lock(const struct smk_holders *holders)
{
    return holders->meanwhile_count && holders->meanwhile[0].lock != SMK_MAP_NONE &&
           smk_per_mille(holders->meanwhile[0].ns, holders->looked) >= CHAIN_MILLE;
}

bool smk_finding_is_chain(const struct smk_finding *finding) { return waited_for_lock(&finding->holders); }

static void take_step(struct smk_finding *finding, uint32_t lock, const struct smk_holders *holders, uint64_t ns)
{
    struct smk_chain_step *step = &finding->chain[finding->links++];
    *step = (struct smk_chain_step){.lock = lock, .ns = ns};
    if (holders->holding_count && holders->holding[0].thread_count) {
        step->stack = holders->holding[0].stack;
        step->thread = holders->holding[0].threads[0];
    }
    if (holders->meanwhile_count)
        step->meanwhile = holders->meanwhile[0];
}

static bool is_in(const struct smk_finding *finding, uint32_t lock)
{
    for (uint32_t i = 0; i < finding->links; i++)
        if (finding->chain[i].lock == lock)
            return true;
    return false;
}

bool smk_finding_follow_chain(struct smk_finding *finding, const struct smk_evidence *evidence)
{
    struct smk_meanwhile next = finding->holders.meanwhile[0];
    bool on = true, ok = true;
    finding->kind = SMK_FINDING_CHAIN;
    take_step(finding, finding->lock, &finding->holders, 0);
    while (on && ok && finding->links < SMK_CHAIN_MAX && !is_in(finding, next.lock)) {
        struct smk_holders holders;
        ok = smk_holders_make(&holders, evidence->mem, evidence->locks, evidence->symbols, next.lock);
        take_step(finding, next.lock, &holders, next.ns);
        on = ok && waited_for_lock(&holders);
        if (on)
            next = holders.meanwhile[0];
        smk_holders_free(&holders, evidence->mem);
    }
    return ok;
}

/* The inner locks of a chain need no finding of their own where the chain says all of it. */
static bool is_told(const struct smk_findings *findings, const struct smk_finding *finding)
{
    for (uint32_t i = 0; i < findings->count; i++) {
        const struct smk_finding *chain = &findings->array[i];
        if (chain->kind == SMK_FINDING_CHAIN && chain != finding && chain->cost >= finding->cost &&
            chain->lock != finding->lock && is_in(chain, finding->lock))
            return true;
    }
    return false;
}

void smk_findings_fold_chains(struct smk_findings *findings, struct smk_mem *mem)
{
    for (uint32_t i = 0; i < findings->count;) {
        struct smk_finding *finding = &findings->array[i];
        if (!smk_finding_is_of_lock(finding->kind) || !is_told(findings, finding)) {
            i++;
            continue;
        }
        smk_holders_free(&finding->holders, mem);
        findings->array[i] = findings->array[--findings->count];
    }
}
