/* chain.h: who waited for whom: while a request waited for a lock, who held it, and what did that one do; where it
 * waited itself, who held that up; to the end.
 *
 * The unlocks that others waited for cut a wait into stretches, each of which the thread held the lock that unlocked
 * at its end (holders.h). What that thread did in the stretch is looked up in the index. Equal things are one node:
 * twelve threads that held the lock one after the other in one function are one holder.
 *
 * Bounds: SMK_CHAIN_DEPTH links, SMK_CHAIN_NODES nodes, a number of looks; where one ended it `cut_short` is set.
 *
 * One thread at a time. Since 0.1.
 */
#ifndef SMK_ANALYSIS_CHAIN_H
#define SMK_ANALYSIS_CHAIN_H

#include "analysis/request_parts.h"
#include "analysis/symbols.h"

#define SMK_CHAIN_DEPTH   8u
#define SMK_CHAIN_NODES   256u
#define SMK_CHAIN_THREADS 8u

enum smk_chain_kind {
    SMK_CHAIN_WAIT,   /* it waited: the root, or what somebody did; for a lock, or by kind */
    SMK_CHAIN_HOLDER, /* they held it, or had the queue, or the loop, or were to wake it */
    SMK_CHAIN_RAN,    /* on a CPU */
    SMK_CHAIN_READY,  /* ready without one */
    SMK_CHAIN_WAKE,   /* from the last unlock on until it ran: nobody held it up but the machine */
    SMK_CHAIN_CIRCLE, /* it waited for somebody further up in the chain */
    SMK_CHAIN_UNKNOWN /* nothing says who, or what */
};

const char *smk_chain_kind_name(enum smk_chain_kind kind);

struct smk_chain_node {
    uint32_t parent;  /* number; of a root itself */
    uint8_t kind;     /* enum smk_chain_kind */
    uint8_t wait;     /* of a wait: enum smk_wait_kind; of a queue or loop SMK_WAIT_NONE */
    uint8_t depth;
    bool inferred;    /* a holder that an unlock does not tell of */
    bool idle;        /* of a wait: for work, so whoever had it in its queue waited until it was woken */
    uint32_t lock;    /* index in the locks; SMK_MAP_NONE */
    uint32_t call, what, site; /* of a wait: of the longest */
    uint32_t function; /* function_id of its innermost own frame; SMK_MAP_NONE */
    uint32_t stack;   /* of the longest with one; 0: none */
    uint64_t ns, longest, count; /* count: waits, stretches */
    uint64_t last;    /* when the last wait that was counted began */
    uint32_t thread_count; /* at most SMK_CHAIN_THREADS are counted apart */
    uint32_t threads[SMK_CHAIN_THREADS]; /* serials; the first: most */
    uint64_t thread_ns[SMK_CHAIN_THREADS];
};

struct smk_chain {
    struct smk_chain_node *nodes; /* each behind its parent; children of one parent by ns after smk_chain_make */
    uint32_t count;
    bool cut_short;
};

struct smk_chain_evidence {
    const struct smk_span_index *index;
    struct smk_locks *locks;
    struct smk_symbols *symbols;
    smk_trace *trace;
};

/* Of the waits of a request that somebody else ends: locks, conditions, joins, queues, the loop. Waits of less than
 * `least` ns together are left out. False when there is no memory. */
bool smk_chain_make(struct smk_chain *chain, const struct smk_chain_evidence *evidence,
                    const struct smk_request_parts *parts, uint64_t least);
void smk_chain_free(struct smk_chain *chain, struct smk_mem *mem);

/* Children of a node, most first, by number; UINT32_MAX after the last. Roots: of SMK_CHAIN_ROOTS. */
#define SMK_CHAIN_ROOTS UINT32_MAX
uint32_t smk_chain_child(const struct smk_chain *chain, uint32_t parent, uint32_t number);

#endif
