#include "base/lock.h"

#include "base/atomic.h"
#include "base/sys.h"

#ifdef SMK_DEBUG
/* One bit a rank that this thread holds. */
static SMK_TLS uint32_t ranks_held;
#define RANK_TAKE(lock)                                                                            \
    do {                                                                                           \
        SMK_ASSERT((ranks_held >> (lock)->rank) == 0 && "locks are taken in rising rank");         \
        ranks_held |= 1u << (lock)->rank;                                                          \
    } while (0)
#define RANK_DROP(lock) (ranks_held &= ~(1u << (lock)->rank))
#else
#define RANK_TAKE(lock) ((void)0)
#define RANK_DROP(lock) ((void)0)
#endif

static SMK_COLD void lock_slow(struct smk_lock *lock)
{
    for (int spin = 0; spin < 100; spin++) {
        uint32_t free_word = 0;
        if (smk_load_relaxed(&lock->word) == 0 && smk_cas_acq_rel(&lock->word, &free_word, 1))
            return;
        smk_cpu_pause();
    }
    /* Whoever sleeps has said so in the word, and so the unlock wakes one. */
    while (smk_exchange_acq_rel(&lock->word, 2) != 0)
        smk_sys_futex_wait(&lock->word, 2, UINT64_MAX);
}

void smk_lock(struct smk_lock *lock)
{
    uint32_t free_word = 0;
    RANK_TAKE(lock);
    if (!smk_cas_acq_rel(&lock->word, &free_word, 1)) /* pairs with: smk_unlock */
        lock_slow(lock);
}

bool smk_trylock(struct smk_lock *lock)
{
    uint32_t free_word = 0;
    if (!smk_cas_acq_rel(&lock->word, &free_word, 1)) /* pairs with: smk_unlock */
        return false;
    RANK_TAKE(lock);
    return true;
}

void smk_unlock(struct smk_lock *lock)
{
    RANK_DROP(lock);
    if (smk_exchange_acq_rel(&lock->word, 0) == 2) /* pairs with: smk_lock, smk_trylock */
        smk_sys_futex_wake(&lock->word, 1);
}

void smk_lock_reset(struct smk_lock *lock)
{
    RANK_DROP(lock);
    smk_store_relaxed(&lock->word, 0);
}
