/* releaser.h: who gave up a contended lock last, told by the one who gives it up to the one who gets it.
 *
 * One word for each of 4096 places, by the lock's address. A word is written before the unlock, so whoever
 * gets the lock through that unlock sees it, and is one store: no lock, no order.
 *
 *     63 … 42 thread id (22 bits: the kernel's bound)   41 … 32 more bits of the address   31 … 0 time
 *
 * Two contended locks that share a place forget each other's releaser; that one is taken for the other
 * needs ten more equal bits: one pair in four millions. The time is in units of 1024 ticks and goes round
 * after half an hour; it is only compared with the time of a wait, which ends now.
 */
#ifndef SMK_SOURCE_RELEASER_H
#define SMK_SOURCE_RELEASER_H

#include "base/atomic.h"
#include "base/hash.h"

#define SMK_RELEASER_PLACES     4096u
#define SMK_RELEASER_TICK_SHIFT 10

extern uint64_t smk_releasers[SMK_RELEASER_PLACES]; /* atomic */

SMK_INLINE uint32_t smk_releaser_time(uint64_t ticks) { return (uint32_t)(ticks >> SMK_RELEASER_TICK_SHIFT); }

/* Thread `tid` is about to give the lock up. */
SMK_INLINE void smk_releaser_note(uint64_t lock, uint32_t tid, uint64_t now)
{
    uint64_t hash = smk_hash_word(lock);
    uint64_t word = (uint64_t)tid << 42 | (hash >> 54) << 32 | smk_releaser_time(now);
    smk_store_relaxed(&smk_releasers[hash % SMK_RELEASER_PLACES], word);
}

/* Who gave it up last in [since, now], in which the caller waited for it and got it; 0: nobody that was
 * seen to: the unlock came before it could see that somebody waits. */
SMK_INLINE uint32_t smk_releaser_of(uint64_t lock, uint64_t since, uint64_t now)
{
    uint64_t hash = smk_hash_word(lock);
    uint64_t word = smk_load_relaxed(&smk_releasers[hash % SMK_RELEASER_PLACES]);
    uint32_t first = smk_releaser_time(since);
    if ((word >> 32 & 0x3ff) != hash >> 54 || (uint32_t)word - first > smk_releaser_time(now) - first)
        return 0;
    return (uint32_t)(word >> 42);
}

#endif
