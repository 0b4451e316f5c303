#include "analysis/findings.h"

#include "base/sort.h"

#define MS 1000000u

/* docs/findings.md has the reasons. */
#define ROUTE_SHARE_MILLE  50u
#define THREAD_SHARE_MILLE 100u
#define LEAST_TOTAL        (10u * MS)
#define LEAST_MAX          (1u * MS)
#define HUNG               (1000u * MS)

#define LOCKS_JUDGED 1000u /* those that cost most */

const char *smk_finding_kind_name(enum smk_finding_kind kind)
{
    static const char *const names[] = {[SMK_FINDING_LOCK] = "lock contention",
                                        [SMK_FINDING_DEADLOCK] = "deadlock",
                                        [SMK_FINDING_LOOP] = "event loop",
                                        [SMK_FINDING_DISK] = "disk",
                                        [SMK_FINDING_SLEEP] = "sleep",
                                        [SMK_FINDING_MEMORY] = "memory",
                                        [SMK_FINDING_CPU] = "cpu",
                                        [SMK_FINDING_THROTTLING] = "throttling",
                                        [SMK_FINDING_SEQUENCE] = "sequence",
                                        [SMK_FINDING_PREEMPTED] = "holder preempted",
                                        [SMK_FINDING_CHAIN] = "wait chain",
                                        [SMK_FINDING_CONVOY] = "convoy",
                                        [SMK_FINDING_POOL] = "pool",
                                        [SMK_FINDING_HERD] = "thundering herd",
                                        [SMK_FINDING_PEER] = "peer"};
    return names[kind];
}

enum smk_finding_kind smk_finding_kind_of(const char *word, size_t len)
{
    for (unsigned kind = 0; kind < SMK_FINDING_KINDS; kind++) {
        const char *name = smk_finding_kind_name(kind);
        size_t i = 0;
        while (i < len && name[i] && (word[i] == name[i] || (word[i] == '-' && name[i] == ' ')))
            i++;
        if (i == len && !name[i])
            return kind;
    }
    return SMK_FINDING_KINDS;
}

const char *smk_finding_rule_name(enum smk_finding_rule rule)
{
    static const char *const names[] = {[SMK_RULE_ROUTE] = "route",
                                        [SMK_RULE_THREAD] = "thread",
                                        [SMK_RULE_ALL] = "all",
                                        [SMK_RULE_LONG] = "long",
                                        [SMK_RULE_CIRCLE] = "circle",
                                        [SMK_RULE_OWN] = "own",
                                        [SMK_RULE_OTHERS] = "others",
                                        [SMK_RULE_CHURN] = "churn"};
    return names[rule];
}

uint32_t smk_per_mille(uint64_t a, uint64_t b)
{
    if (b == 0)
        return 0;
    __uint128_t mille = (__uint128_t)a * 1000 / b;
    return mille > UINT32_MAX ? UINT32_MAX : (uint32_t)mille;
}

struct smk_finding *smk_findings_add(struct smk_findings *findings, struct smk_mem *mem,
                                     enum smk_finding_kind kind)
{
    if (findings->count >= SMK_FINDINGS_MAX) {
        findings->more++;
        return NULL;
    }
    if (!smk_mem_grow(mem, &findings->array, &findings->capacity, findings->count + 1u))
        return NULL;
    struct smk_finding *finding = &findings->array[findings->count++];
    *finding = (struct smk_finding){.kind = kind, .lock = SMK_MAP_NONE, .alloc = SMK_MAP_NONE};
    return finding;
}

/* ---- lock contention ------------------------------------------------------------------------------------ */

void smk_finding_note_share(struct smk_finding *finding, const struct smk_share *share)
{
    uint32_t at = finding->share_count;
    if (at == SMK_SHARES_MAX) {
        if (finding->shares[at - 1].ns >= share->ns)
            return;
        at--;
    } else {
        finding->share_count++;
    }
    for (; at > 0 && finding->shares[at - 1].ns < share->ns; at--)
        finding->shares[at] = finding->shares[at - 1];
    finding->shares[at] = *share;
}

/* What the lock took of each route; true when it was too much of one. */
static bool take_shares(struct smk_finding *finding, const struct smk_latency *latency, uint32_t lock)
{
    bool much = false;
    for (uint32_t i = 0; i < latency->route_count; i++) {
        const struct smk_cell *cell = smk_latency_cell(latency, i, SMK_PART_LOCK, lock);
        if (!cell || cell->part.ns == 0)
            continue;
        struct smk_share share = {i, cell->part.ns, latency->routes[i].in_window, cell->part.count,
                                  cell->requests};
        smk_finding_note_share(finding, &share);
        much |= share.ns >= LEAST_TOTAL && smk_per_mille(share.ns, share.of) >= ROUTE_SHARE_MILLE;
    }
    return much;
}

/* The rule that makes it a finding; false: none does. */
static bool judge(struct smk_finding *finding, const struct smk_evidence *evidence, uint32_t index)
{
    const struct smk_locks *locks = evidence->locks;
    const struct smk_lock *lock = &locks->array[index];
    const struct smk_window *when = &evidence->windows[lock->process];
    uint64_t window = when->to > when->from ? when->to - when->from : 0;
    uint64_t worst = lock->worst != SMK_MAP_NONE ? locks->threads[lock->worst].ns : 0;
    bool much = lock->in_window >= LEAST_TOTAL && lock->waits.max >= LEAST_MAX;
    if (take_shares(finding, evidence->latency, index))
        finding->rule = SMK_RULE_ROUTE;
    else if (much && worst >= LEAST_TOTAL && smk_per_mille(worst, window) >= THREAD_SHARE_MILLE)
        finding->rule = SMK_RULE_THREAD;
    else if (much && lock->in_window >= window)
        finding->rule = SMK_RULE_ALL;
    else if (lock->waits.max >= HUNG)
        finding->rule = SMK_RULE_LONG;
    else
        return false;
    return true;
}

static bool add_lock(struct smk_findings *findings, const struct smk_evidence *evidence, uint32_t index)
{
    struct smk_finding judged = {.kind = SMK_FINDING_LOCK, .lock = index};
    if (!judge(&judged, evidence, index))
        return true;
    judged.cost = evidence->locks->array[index].in_window;
    struct smk_finding *finding = smk_findings_add(findings, evidence->mem, SMK_FINDING_LOCK);
    if (!finding)
        return smk_mem_failed(evidence->mem) == 0;
    *finding = judged;
    if (!smk_holders_make(&finding->holders, evidence->mem, evidence->locks, evidence->symbols, index))
        return false;
    if (smk_finding_is_preempted(finding))
        finding->kind = SMK_FINDING_PREEMPTED;
    else if (smk_finding_is_chain(finding))
        return smk_finding_follow_chain(finding, evidence);
    else if (smk_finding_is_convoy(finding, evidence->locks))
        finding->kind = SMK_FINDING_CONVOY;
    return true;
}

bool smk_finding_is_of_lock(enum smk_finding_kind kind)
{
    return kind == SMK_FINDING_LOCK || kind == SMK_FINDING_PREEMPTED || kind == SMK_FINDING_CHAIN ||
           kind == SMK_FINDING_CONVOY;
}

static bool more_costly(const void *a, const void *b)
{
    const struct smk_finding *x = a, *y = b;
    if ((x->kind == SMK_FINDING_DEADLOCK) != (y->kind == SMK_FINDING_DEADLOCK))
        return x->kind == SMK_FINDING_DEADLOCK;
    return x->cost > y->cost;
}

/* Locks by what they cost, so that what does not fit is the least. */
static bool costlier_lock(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return x[0] > y[0];
}

static bool add_locks(struct smk_findings *findings, const struct smk_evidence *evidence)
{
    uint32_t count = evidence->locks->count;
    uint64_t(*order)[2] = count ? smk_mem_new(evidence->mem, count * sizeof(*order)) : NULL;
    bool ok = order || count == 0;
    for (uint32_t i = 0; ok && i < count; i++) {
        order[i][0] = evidence->locks->array[i].in_window;
        order[i][1] = i;
    }
    if (ok)
        smk_sort(order, count, sizeof(*order), costlier_lock);
    for (uint32_t i = 0; ok && i < count && i < LOCKS_JUDGED; i++)
        ok = add_lock(findings, evidence, (uint32_t)order[i][1]);
    smk_mem_free(evidence->mem, order, count * sizeof(*order));
    return ok;
}

bool smk_findings_make(struct smk_findings *findings, const struct smk_evidence *evidence)
{
    *findings = (struct smk_findings){0};
    bool ok = smk_findings_add_deadlocks(findings, evidence) && add_locks(findings, evidence) &&
              smk_findings_add_loops(findings, evidence) && smk_findings_add_disk(findings, evidence) &&
              smk_findings_add_sleep(findings, evidence) && smk_findings_add_memory(findings, evidence) &&
              smk_findings_add_cpu(findings, evidence) && smk_findings_add_throttling(findings, evidence) &&
              smk_findings_add_sequences(findings, evidence) && smk_findings_add_pools(findings, evidence) &&
              smk_findings_add_herds(findings, evidence) && smk_findings_add_peers(findings, evidence);
    smk_findings_fold_chains(findings, evidence->mem);
    smk_sort(findings->array, findings->count, sizeof(*findings->array), more_costly);
    return ok;
}

void smk_findings_free(struct smk_findings *findings, struct smk_mem *mem)
{
    for (uint32_t i = 0; i < findings->count; i++)
        smk_holders_free(&findings->array[i].holders, mem);
    smk_mem_free(mem, findings->array, findings->capacity * sizeof(*findings->array));
    *findings = (struct smk_findings){0};
}
