/* find_cpu.c: threads that are ready to run and have no CPU, because the program's own threads want more CPUs than it
 * may use, or because others have them. */
#include "analysis/findings.h"

#include "format/tables.h"

#include <stdlib.h>

/* docs/findings.md has the reasons. */
#define LEAST_SLOTS  3u
#define LEAST_MILLE  100u /* of the window */
#define FULL_PERCENT 75u  /* of its CPUs, that the process has itself; or … */
#define OWN_PERCENT  250u /* … of its CPUs, that its threads want */

static uint64_t cpus_of(const struct smk_evidence *evidence)
{
    const char *text = smk_trace_fact(evidence->trace, SMK_FACT_CPUS);
    return text ? strtoull(text, NULL, 10) : 0;
}

static void take_slots(struct smk_finding *finding, const struct smk_starved *starved, uint64_t cpus, bool own)
{
    for (uint32_t i = 0; i < starved->slot_count; i++) {
        const struct smk_starved_slot *slot = &starved->slots[i];
        bool too_many = slot->ran * 100 >= FULL_PERCENT * cpus * SMK_STARVED_NS ||
                        (slot->ran + slot->runnable) * 100 >= OWN_PERCENT * cpus * SMK_STARVED_NS;
        if (slot->runnable < SMK_STARVED_NS || too_many != own)
            continue;
        uint64_t begin = starved->from + (uint64_t)i * SMK_STARVED_NS;
        if (finding->lasted == 0)
            finding->from = begin;
        finding->to = begin + SMK_STARVED_NS;
        finding->lasted += SMK_STARVED_NS;
        finding->cost += slot->runnable;
        finding->ran += slot->ran;
    }
}

/* What routes were preempted, where that is known of all their requests. */
static void take_shares(struct smk_finding *finding, const struct smk_latency *latency)
{
    for (uint32_t i = 0; i < latency->route_count; i++) {
        const struct smk_route *route = &latency->routes[i];
        struct smk_share share = {i, route->preempted, route->in_window, route->measured, route->measured};
        if (route->measured && smk_per_mille(share.ns, share.of) >= 10)
            smk_finding_note_share(finding, &share);
    }
}

bool smk_findings_add_cpu(struct smk_findings *findings, const struct smk_evidence *evidence)
{
    uint64_t window = evidence->to - evidence->from, cpus = cpus_of(evidence);
    for (unsigned own = 0; own <= 1 && cpus; own++) {
        struct smk_finding judged = {.kind = SMK_FINDING_CPU,
                                     .rule = own ? SMK_RULE_OWN : SMK_RULE_OTHERS,
                                     .lock = SMK_MAP_NONE,
                                     .alloc = SMK_MAP_NONE};
        take_slots(&judged, evidence->starved, cpus, own);
        if (judged.lasted < LEAST_SLOTS * SMK_STARVED_NS || smk_per_mille(judged.lasted, window) < LEAST_MILLE)
            continue;
        take_shares(&judged, evidence->latency);
        judged.to = smk_min_u64(judged.to, evidence->to);
        struct smk_finding *finding = smk_findings_add(findings, evidence->mem, SMK_FINDING_CPU);
        if (finding)
            *finding = judged;
        else if (smk_mem_failed(evidence->mem) != 0)
            return false;
    }
    return true;
}
