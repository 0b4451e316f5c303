/* contended.h: what threads tell each other about a lock that somebody waits for: how many wait, and who
 * gave it up last.
 *
 * A table of 4096 places, by the lock's address, bounded and without a lock:
 *
 *     waiting   threads of this process that wait for a lock of this place
 *     release   63 … 42 thread id (22 bits: the kernel's bound)   41 … 32 more bits of the address
 *               31 … 0 time, in units of 1024 ticks
 *
 * `release` is written before the unlock, so whoever gets the lock through that unlock sees it, and is one
 * store. Two contended locks that share a place forget each other's releaser; that one is taken for the
 * other needs ten more equal bits: one pair in four millions. The time goes round after half an hour; it is
 * only compared with the time of a wait, which ends now.
 *
 * `waiting` is there because the mutex itself cannot say it: who slept for a mutex leaves it marked as waited
 * for when it gets it, whether or not anybody does.
 */
#ifndef SMK_SOURCE_CONTENDED_H
#define SMK_SOURCE_CONTENDED_H

#include "base/atomic.h"
#include "base/hash.h"

#define SMK_CONTENDED_PLACES     4096u
#define SMK_CONTENDED_TICK_SHIFT 10

struct smk_contended {
    uint64_t release; /* atomic, like the next */
    uint64_t waiting;
};

extern struct smk_contended smk_contended[SMK_CONTENDED_PLACES];

SMK_INLINE struct smk_contended *smk_contended_place(uint64_t lock)
{
    return &smk_contended[smk_hash_word(lock) % SMK_CONTENDED_PLACES];
}

SMK_INLINE void smk_contended_begin_wait(uint64_t lock)
{
    smk_add_relaxed(&smk_contended_place(lock)->waiting, 1);
}

SMK_INLINE void smk_contended_end_wait(uint64_t lock)
{
    smk_sub_relaxed(&smk_contended_place(lock)->waiting, 1);
}

SMK_INLINE bool smk_contended_waited_for(uint64_t lock)
{
    return smk_load_relaxed(&smk_contended_place(lock)->waiting) > 0;
}

SMK_INLINE uint32_t smk_contended_time(uint64_t ticks) { return (uint32_t)(ticks >> SMK_CONTENDED_TICK_SHIFT); }

/* Thread `tid` is about to give the lock up. */
SMK_INLINE void smk_contended_release(uint64_t lock, uint32_t tid, uint64_t now)
{
    uint64_t bits = smk_hash_word(lock) >> 54;
    smk_store_relaxed(&smk_contended_place(lock)->release,
                      (uint64_t)tid << 42 | bits << 32 | smk_contended_time(now));
}

/* Who gave it up last in [since, now], in which the caller waited for it and got it; 0: nobody that was
 * seen to: the unlock came before it could see that somebody waits. */
SMK_INLINE uint32_t smk_contended_releaser(uint64_t lock, uint64_t since, uint64_t now)
{
    uint64_t release = smk_load_relaxed(&smk_contended_place(lock)->release);
    uint32_t first = smk_contended_time(since);
    if ((release >> 32 & 0x3ff) != smk_hash_word(lock) >> 54 ||
        (uint32_t)release - first > smk_contended_time(now) - first)
        return 0;
    return (uint32_t)(release >> 42);
}

/* In a fork's child, where nobody waits. */
void smk_contended_reset_in_child(void);

#endif
