/* Circles among the waits for locks that were open when the capture ended: each thread waits for at
 * most one lock, so from each wait one path leads through the holders, and it either ends or comes back. */
#include "analysis/findings.h"

#include "format/events.h"

struct graph {
    const struct smk_evidence *evidence;
    struct smk_map by_tid; /* process and tid to the number of its open wait */
    struct smk_map seen;   /* number of a wait to the walk that passed it, plus 1 */
};

static uint64_t key_of(const smk_open_wait *wait, uint32_t tid) { return smk_map_pair(wait->process, tid); }

static bool collect(struct graph *graph)
{
    const smk_open_wait *wait;
    for (uint32_t i = 0; (wait = smk_trace_open_wait_at(graph->evidence->trace, i)) != NULL; i++)
        if (wait->kind == SMK_WAIT_LOCK && wait->holder != 0 &&
            !smk_map_put(&graph->by_tid, graph->evidence->mem, key_of(wait, wait->tid), i))
            return false;
    return true;
}

static uint32_t next_of(const struct graph *graph, uint32_t number)
{
    const smk_open_wait *wait = smk_trace_open_wait_at(graph->evidence->trace, number);
    return wait ? smk_map_get(&graph->by_tid, key_of(wait, wait->holder)) : SMK_MAP_NONE;
}

static void add_circle(struct smk_findings *findings, const struct graph *graph, uint32_t start)
{
    struct smk_mem *mem = graph->evidence->mem;
    struct smk_finding *finding = smk_findings_add(findings, mem, SMK_FINDING_DEADLOCK);
    if (!finding)
        return;
    finding->rule = SMK_RULE_CIRCLE;
    uint32_t at = start;
    do {
        const smk_open_wait *wait = smk_trace_open_wait_at(graph->evidence->trace, at);
        if (finding->steps < SMK_DEADLOCK_MAX)
            finding->circle[finding->steps] = *wait;
        finding->steps++;
        at = next_of(graph, at);
    } while (at != start);
}

/* Walks from one wait; false when there is no memory. */
static bool walk(struct smk_findings *findings, struct graph *graph, uint32_t start)
{
    uint32_t at = start;
    while (at != SMK_MAP_NONE) {
        uint32_t by = smk_map_get(&graph->seen, at);
        if (by == start + 1)
            add_circle(findings, graph, at);
        if (by != SMK_MAP_NONE)
            return true;
        if (!smk_map_put(&graph->seen, graph->evidence->mem, at, start + 1))
            return false;
        at = next_of(graph, at);
    }
    return true;
}

bool smk_findings_add_deadlocks(struct smk_findings *findings, const struct smk_evidence *evidence)
{
    struct graph graph = {.evidence = evidence};
    bool ok = collect(&graph);
    for (uint32_t i = 0; ok && smk_trace_open_wait_at(evidence->trace, i); i++) {
        const smk_open_wait *wait = smk_trace_open_wait_at(evidence->trace, i);
        if (smk_map_get(&graph.by_tid, key_of(wait, wait->tid)) == i)
            ok = walk(findings, &graph, i);
    }
    smk_map_free(&graph.by_tid, evidence->mem);
    smk_map_free(&graph.seen, evidence->mem);
    return ok;
}
