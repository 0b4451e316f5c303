/* sync.h: what can be read in a condition variable, a semaphore and a read-write lock: whether somebody
 * waits, and who holds it.
 *
 * As mutex.h: racy looks at words of libc's, in glibc's layout (64 bits; checked against 2.36). Elsewhere
 * nobody is seen to wait. Who calls has a reference: the object is not destroyed yet.
 */
#ifndef SMK_SOURCE_SYNC_H
#define SMK_SOURCE_SYNC_H

#include <pthread.h>
#include <semaphore.h>

#include "base/atomic.h"

#if defined(__GLIBC__) && __SIZEOF_POINTER__ == 8
#define SMK_SYNC_KNOWN 1
#else
#define SMK_SYNC_KNOWN 0
#endif

#if SMK_SYNC_KNOWN

/* Threads that wait for it; the lowest three bits are flags. */
SMK_INLINE uint32_t smk_cond_waiters(const pthread_cond_t *cond)
{
    return smk_load_relaxed(&cond->__data.__wrefs) >> 3;
}

/* value │ waiters << 32 (glibc, struct new_sem) */
SMK_INLINE uint64_t smk_sem_word(const sem_t *sem) { return smk_load_relaxed((const uint64_t *)(const void *)sem); }
SMK_INLINE uint32_t smk_sem_waiters(const sem_t *sem) { return (uint32_t)(smk_sem_word(sem) >> 32); }
SMK_INLINE bool smk_sem_is_free(const sem_t *sem) { return (uint32_t)smk_sem_word(sem) > 0; }

/* The thread that writes; 0: none, or it is held by readers, who have no names. */
SMK_INLINE uint32_t smk_rwlock_writer(const pthread_rwlock_t *lock)
{
    return (uint32_t)smk_load_relaxed(&lock->__data.__cur_writer);
}

/* Whether this unlock gives it up for others: the writer's, or the last reader's. */
SMK_INLINE bool smk_rwlock_last(const pthread_rwlock_t *lock, uint32_t tid)
{
    return smk_rwlock_writer(lock) == tid || smk_load_relaxed(&lock->__data.__readers) >> 3 <= 1;
}

#else

SMK_INLINE uint32_t smk_cond_waiters(const pthread_cond_t *cond) { return cond ? 0 : 0; }
SMK_INLINE uint32_t smk_sem_waiters(const sem_t *sem) { return sem ? 0 : 0; }
SMK_INLINE bool smk_sem_is_free(const sem_t *sem)
{
    int value;
    return sem_getvalue((sem_t *)sem, &value) == 0 && value > 0;
}
SMK_INLINE uint32_t smk_rwlock_writer(const pthread_rwlock_t *lock) { return lock ? 0 : 0; }
SMK_INLINE bool smk_rwlock_last(const pthread_rwlock_t *lock, uint32_t tid) { return lock && tid; }

#endif
#endif
