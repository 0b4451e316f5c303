/* lock_wait.h: what the wrappers of mutexes and read-write locks have in common: a wait for a lock that
 * somebody holds, and an unlock that somebody waits for. */
#ifndef SMK_SOURCE_LOCK_WAIT_H
#define SMK_SOURCE_LOCK_WAIT_H

#include "source/seen.h"

struct smk_lock_call {
    struct smk_seen seen;
    uint64_t lock;
    uint32_t holder;
};

/* The lock is not to be had at once; `holder`: who has it, 0: unknown. */
void smk_lock_wait_begin(struct smk_lock_call *wait, enum smk_call call, const void *lock, uint32_t holder,
                         struct smk_caller from);
void smk_lock_wait_end(struct smk_lock_call *wait, enum smk_lock_result result);

/* Of a code of pthread's. */
enum smk_lock_result smk_lock_result_of(int code);

struct smk_lock_release {
    struct smk_thread *t;
    uint64_t lock, before;
    uint64_t since; /* it has held it since then; 0: unknown */
    struct smk_caller from;
};

/* Somebody waits, and the lock is about to be given up. It may be gone when the call returns. */
void smk_lock_release_begin(struct smk_lock_release *release, struct smk_thread *t, uint64_t lock,
                            uint64_t since, struct smk_caller from);
void smk_lock_release_end(const struct smk_lock_release *release);

#endif
