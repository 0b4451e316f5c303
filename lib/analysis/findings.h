/* findings.h: the conclusions. Formulas and thresholds: docs/findings.md. */
#ifndef SMK_ANALYSIS_FINDINGS_H
#define SMK_ANALYSIS_FINDINGS_H

#include "analysis/holders.h"
#include "analysis/latency.h"
#include "analysis/locks.h"
#include "analysis/loops.h"

#define SMK_FINDINGS_MAX  32u
#define SMK_SHARES_MAX    4u
#define SMK_DEADLOCK_MAX  16u

enum smk_finding_kind { SMK_FINDING_LOCK, SMK_FINDING_DEADLOCK, SMK_FINDING_LOOP };

/* Why it is one. */
enum smk_finding_rule {
    SMK_RULE_ROUTE,  /* it took much of a route's time */
    SMK_RULE_THREAD, /* it took much of a thread's time */
    SMK_RULE_ALL,    /* one thread on average stood there at each moment */
    SMK_RULE_LONG,   /* somebody waited for a second */
    SMK_RULE_CIRCLE
};

struct smk_share {
    uint32_t route; /* index in smk_latency.routes */
    uint64_t ns, of; /* waiting; all time of the route's requests in the window */
    uint64_t waits, requests;
};

struct smk_finding {
    enum smk_finding_kind kind;
    enum smk_finding_rule rule;
    uint32_t lock; /* index in smk_locks */
    uint32_t hold; /* in smk_loops */
    uint64_t cost; /* ns of waiting in the window */
    uint32_t share_count; /* of the routes, most time first */
    struct smk_share shares[SMK_SHARES_MAX];
    struct smk_holders holders;
    uint32_t steps; /* of a circle */
    struct smk_open_wait circle[SMK_DEADLOCK_MAX]; /* each is held up by the next, the last by the first */
};

struct smk_findings {
    struct smk_finding *array; /* most costly first */
    uint32_t count, capacity;
    uint32_t more; /* that were not kept */
};

/* In which what a process did counts. */
struct smk_window {
    uint64_t from, to;
};

/* What they are drawn from. */
struct smk_evidence {
    struct smk_mem *mem;
    smk_trace *trace;
    struct smk_symbols *symbols;
    const struct smk_locks *locks;
    const struct smk_latency *latency;
    const struct smk_loops *loops;
    const struct smk_window *windows; /* of each process */
};

/* False when there is no memory. */
bool smk_findings_make(struct smk_findings *findings, const struct smk_evidence *evidence);
void smk_findings_free(struct smk_findings *findings, struct smk_mem *mem);

/* Circles among the open waits; deadlock.c. Adds findings without a cost. */
bool smk_findings_add_deadlocks(struct smk_findings *findings, const struct smk_evidence *evidence);
/* Callbacks that held the event loop; find_loop.c. */
bool smk_findings_add_loops(struct smk_findings *findings, const struct smk_evidence *evidence);
/* A new one at the end; NULL when there are SMK_FINDINGS_MAX, or no memory. */
struct smk_finding *smk_findings_add(struct smk_findings *findings, struct smk_mem *mem,
                                     enum smk_finding_kind kind);

const char *smk_finding_kind_name(enum smk_finding_kind kind);
const char *smk_finding_rule_name(enum smk_finding_rule rule);

/* Keeps the SMK_SHARES_MAX largest. */
void smk_finding_note_share(struct smk_finding *finding, const struct smk_share *share);

/* a * 1000 / b, not more than UINT32_MAX; 0 for b = 0. */
uint32_t smk_per_mille(uint64_t a, uint64_t b);

#endif
