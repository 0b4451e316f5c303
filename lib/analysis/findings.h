/* findings.h: the conclusions. Formulas and thresholds: docs/findings.md. */
#ifndef SMK_ANALYSIS_FINDINGS_H
#define SMK_ANALYSIS_FINDINGS_H

#include "analysis/herds.h"
#include "analysis/holders.h"
#include "analysis/latency.h"
#include "analysis/locks.h"
#include "analysis/loops.h"
#include "analysis/memory.h"
#include "analysis/peers.h"
#include "analysis/pools.h"
#include "analysis/sequences.h"
#include "analysis/starved.h"
#include "analysis/throttled.h"

#define SMK_FINDINGS_MAX  32u
#define SMK_SHARES_MAX    4u
#define SMK_DEADLOCK_MAX  16u

enum smk_finding_kind {
    SMK_FINDING_LOCK,
    SMK_FINDING_DEADLOCK,
    SMK_FINDING_LOOP,
    SMK_FINDING_DISK,
    SMK_FINDING_SLEEP,
    SMK_FINDING_MEMORY,
    SMK_FINDING_CPU,
    SMK_FINDING_THROTTLING,
    SMK_FINDING_SEQUENCE,
    SMK_FINDING_PREEMPTED,
    SMK_FINDING_CHAIN,
    SMK_FINDING_CONVOY,
    SMK_FINDING_POOL,
    SMK_FINDING_HERD,
    SMK_FINDING_PEER,
    SMK_FINDING_KINDS
};

/* Why it is one. */
enum smk_finding_rule {
    SMK_RULE_ROUTE,  /* it took much of a route's time */
    SMK_RULE_THREAD, /* it took much of a thread's time */
    SMK_RULE_ALL,    /* one thread on average stood there at each moment */
    SMK_RULE_LONG,   /* somebody waited for a second */
    SMK_RULE_CIRCLE,
    SMK_RULE_OWN,    /* its own threads want more CPUs than it may use */
    SMK_RULE_OTHERS, /* somebody else has them */
    SMK_RULE_CHURN /* what was got was given back at once, over and over */
};

struct smk_share {
    uint32_t route; /* index in smk_latency.routes */
    uint64_t ns, of; /* waiting; all time of the route's requests in the window */
    uint64_t waits, requests;
};

#define SMK_CHAIN_MAX 6u

/* A lock of a wait chain, and who held it while others waited for it. */
struct smk_chain_step {
    uint32_t lock, stack; /* stack: of the unlock that ended most of the waiting */
    uint32_t thread;      /* serial */
    uint64_t ns;          /* that holders of the lock before waited for it, in the waits looked at */
    struct smk_meanwhile meanwhile; /* of the last lock: what its holders waited for most; ns 0: nothing */
};

struct smk_finding {
    enum smk_finding_kind kind;
    enum smk_finding_rule rule;
    uint32_t lock; /* index in smk_locks */
    uint32_t hold; /* in smk_loops */
    uint32_t sum;  /* in smk_call_waits */
    uint32_t alloc; /* in smk_memory */
    uint32_t pool;     /* in smk_pools */
    uint32_t herd;     /* in smk_herds */
    uint32_t sequence; /* in smk_sequences */
    uint32_t peer;     /* in smk_peers */
    uint64_t from, to; /* cpu, throttling: the first and last moment of it … */
    uint64_t lasted, ran; /* … ns that it was so, and that all threads ran meanwhile */
    uint64_t cost; /* ns of waiting in the window */
    uint32_t share_count; /* of the routes, most time first */
    struct smk_share shares[SMK_SHARES_MAX];
    struct smk_holders holders;
    uint32_t links; /* of a chain; the first is `lock` */
    struct smk_chain_step chain[SMK_CHAIN_MAX];
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
    const struct smk_memory *memory;
    const struct smk_starved *starved;
    const struct smk_throttled *throttled;
    const struct smk_sequences *sequences;
    const struct smk_peers *peers;
    const struct smk_pools *pools;
    const struct smk_herds *herds;
    uint64_t from, to; /* the window of all processes together */
    const struct smk_window *windows; /* of each process */
};

/* False when there is no memory. */
bool smk_findings_make(struct smk_findings *findings, const struct smk_evidence *evidence);
void smk_findings_free(struct smk_findings *findings, struct smk_mem *mem);

/* It is about a lock: `lock` and `holders` are there. */
bool smk_finding_is_of_lock(enum smk_finding_kind kind);

/* What kind of finding about a lock it is; find_preempted.c, find_convoy.c, find_chain.c. */
bool smk_finding_is_preempted(const struct smk_finding *finding);
bool smk_finding_is_convoy(const struct smk_finding *finding, const struct smk_locks *locks);
bool smk_finding_is_chain(const struct smk_finding *finding);
/* Follows a chain to its end, and takes away findings about its inner locks that cost no more. False when there is
 * no memory. */
bool smk_finding_follow_chain(struct smk_finding *finding, const struct smk_evidence *evidence);
void smk_findings_fold_chains(struct smk_findings *findings, struct smk_mem *mem);

/* Circles among the open waits; deadlock.c. Adds findings without a cost. */
bool smk_findings_add_deadlocks(struct smk_findings *findings, const struct smk_evidence *evidence);
/* Callbacks that held the event loop; find_loop.c. */
bool smk_findings_add_loops(struct smk_findings *findings, const struct smk_evidence *evidence);
/* Waits in a request's path; find_disk.c, find_sleep.c, find_memory.c over find_calls.c. */
bool smk_findings_add_disk(struct smk_findings *findings, const struct smk_evidence *evidence);
bool smk_findings_add_sleep(struct smk_findings *findings, const struct smk_evidence *evidence);
bool smk_findings_add_memory(struct smk_findings *findings, const struct smk_evidence *evidence);

/* Ready threads without a CPU; find_cpu.c, find_throttling.c. */
bool smk_findings_add_cpu(struct smk_findings *findings, const struct smk_evidence *evidence);
bool smk_findings_add_throttling(struct smk_findings *findings, const struct smk_evidence *evidence);

/* Queues before threads that wait, and threads that are woken for nothing; find_pool.c, find_herd.c. */
bool smk_findings_add_pools(struct smk_findings *findings, const struct smk_evidence *evidence);
bool smk_findings_add_herds(struct smk_findings *findings, const struct smk_evidence *evidence);

/* Waits one after the other that could overlap; find_sequence.c. */
bool smk_findings_add_sequences(struct smk_findings *findings, const struct smk_evidence *evidence);

/* Peers that requests wait for; find_peer.c. */
bool smk_findings_add_peers(struct smk_findings *findings, const struct smk_evidence *evidence);

/* Waits in calls that are too much in a request's path. */
struct smk_call_rule {
    enum smk_finding_kind kind;
    uint32_t wait_kind;
    uint32_t share_mille;     /* of a route's time */
    uint64_t least, least_max; /* ns: in the route; of the longest wait in the call */
    uint32_t flush_mille;      /* of a route's time, for calls that flush: however short they are; 0: no rule */
};
bool smk_findings_add_calls(struct smk_findings *findings, const struct smk_evidence *evidence,
                            const struct smk_call_rule *rule);

/* A new one at the end; NULL when there are SMK_FINDINGS_MAX, or no memory. */
struct smk_finding *smk_findings_add(struct smk_findings *findings, struct smk_mem *mem,
                                     enum smk_finding_kind kind);

/* "lock contention". */
const char *smk_finding_kind_name(enum smk_finding_kind kind);
/* The kind of a word as an option says it, with '-' for blanks; SMK_FINDING_KINDS: there is none. */
enum smk_finding_kind smk_finding_kind_of(const char *word, size_t len);
const char *smk_finding_rule_name(enum smk_finding_rule rule);

/* Keeps the SMK_SHARES_MAX largest. */
void smk_finding_note_share(struct smk_finding *finding, const struct smk_share *share);

/* a * 1000 / b, not more than UINT32_MAX; 0 for b = 0. */
uint32_t smk_per_mille(uint64_t a, uint64_t b);

#endif
