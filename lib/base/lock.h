/* lock.h: a mutual exclusion lock of our own, for state that is off the record path.
 *
 * Why not pthread_mutex_t: the library stands in front of pthread_mutex_lock and would trace itself,
 * and a lock held by another thread at fork() must be made new in the child. Three states in one
 * word, as in Drepper, "Futexes are tricky" (2011), mutex 2:
 *
 *     0 free   ·   1 held   ·   2 held, and somebody sleeps
 *
 * Locks are ranked: a thread takes them in rising order only. SMK_DEBUG builds assert it.
 */
#ifndef SMK_BASE_LOCK_H
#define SMK_BASE_LOCK_H

#include "base/compiler.h"

enum smk_lock_rank {
    SMK_RANK_WRITER = 1,  /* a pass of the writer */
    SMK_RANK_PROGRAM,     /* the one capture of stallmark/capture.h */
    SMK_RANK_CORE,        /* the library's life */
    SMK_RANK_CAPTURE,     /* capture manager: list of captures, start and stop */
    SMK_RANK_SCHED,       /* what is known of threads from outside */
    SMK_RANK_ROUTES,      /* figures by route: made, looked at */
    SMK_RANK_THREADS,     /* registry of threads: slots */
    SMK_RANK_MODULES,     /* module map */
    SMK_RANK_CLOCK,       /* history of clock pairs */
    SMK_RANK_GAPS,        /* what was not recorded when */
    SMK_RANK_COST,        /* what the tracer costs: its own threads, the budget's last word */
    SMK_RANK_AGENT,       /* agent start and stop */
    SMK_RANK_DOORS,       /* the gate's rules */
    SMK_RANK_MAILBOX,     /* messages to the control loop */
    SMK_RANK_FDS,         /* our own descriptors */
    SMK_RANK_HEAP,        /* the agent's own heap */
    SMK_RANK_LOG,         /* log line being written */
};

struct smk_lock {
    uint32_t word;
    uint32_t rank; /* enum smk_lock_rank */
};

#define SMK_LOCK_INIT(r) {.word = 0, .rank = (r)}

void smk_lock(struct smk_lock *lock);
bool smk_trylock(struct smk_lock *lock);
void smk_unlock(struct smk_lock *lock);
/* In a fork's child, where no other thread lives: whoever held it is gone. */
void smk_lock_reset(struct smk_lock *lock);

#endif
