/* holders.h: who held a lock while others waited for it, and where those waited.
 *
 * All unlocks of a lock that somebody waits for are events. They cut each wait into stretches; a stretch
 * is charged to the function that unlocked at its end (docs/findings.md). Sums over all waits come from
 * one pass: a wait adds its first, partial stretch to the unlock that ends it, and one to a counter of
 * whole stretches between the first and the last unlock in it.
 *
 * One thread at a time. Since 0.1.
 */
#ifndef SMK_ANALYSIS_HOLDERS_H
#define SMK_ANALYSIS_HOLDERS_H

#include "analysis/locks.h"
#include "analysis/symbols.h"

#define SMK_LONGEST       40u /* waits that are looked at one by one */
#define SMK_THREADS_SHOWN 64u

/* What threads did in one function: held the lock, or waited for it. */
struct smk_at_function {
    uint32_t function_id; /* of smk_place; SMK_MAP_NONE: no stack says it */
    uint32_t stack;       /* the one with most of the time */
    uint64_t stack_ns;
    uint64_t ns;      /* waiting time */
    uint64_t count;   /* unlocks that ended stretches; waits */
    /* Of holders: */
    uint64_t longest;        /* of the longest waits, those that it kept most */
    uint64_t held, held_max; /* ns that it held the lock at these unlocks, where that is known */
    uint64_t held_count;     /* for how many it is known */
    uint32_t locked_stack;   /* where it got the lock after a wait of its own; 0: not known */
    uint32_t region;         /* site of the region in which it unlocked; 0: none */
    uint32_t thread_count;
    uint32_t threads[SMK_THREADS_SHOWN]; /* serials, the first ones seen */
};

/* What the holders waited for meanwhile: another lock, or in a call. */
struct smk_meanwhile {
    uint32_t lock; /* SMK_MAP_NONE: in a call */
    uint32_t sum;  /* of the call, in smk_call_waits; SMK_MAP_NONE: for a lock */
    uint64_t ns, count;
    uint32_t stack, what; /* of the longest, of a call */
    uint64_t longest;
};

struct smk_holders {
    struct smk_at_function *holding, *waiting; /* most time first */
    uint32_t holding_count, holding_capacity, waiting_count, waiting_capacity;
    uint64_t charged;  /* ns that a holder is known for */
    uint64_t unknown;  /* ns without any unlock behind them */
    uint64_t wake;     /* ns between the last unlock and the end of the wait */
    uint64_t looked;   /* ns of stretches in the longest waits, each once … */
    uint64_t preempted; /* … in which the CPU of who held the lock had been taken from it, where that is known */
    uint32_t longest;  /* waits looked at one by one, at most SMK_LONGEST */
    struct smk_lock_wait longest_waits[SMK_LONGEST]; /* longest first */
    struct smk_meanwhile meanwhile[4];
    uint32_t meanwhile_count;
    bool estimated; /* some waits or unlocks were not kept */
};

/* False when there is no memory; *holders is to be freed all the same. */
bool smk_holders_make(struct smk_holders *holders, struct smk_mem *mem, const struct smk_locks *locks,
                      struct smk_symbols *symbols, uint32_t lock);
void smk_holders_free(struct smk_holders *holders, struct smk_mem *mem);

#endif
