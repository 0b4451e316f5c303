/* mutex.h: what can be read in a pthread_mutex_t: who holds it, and whether somebody waits.
 *
 * Only glibc's layout is known (the same on x86-64 and arm64 since 2.4; checked against 2.36). Elsewhere
 * the holder is unknown, and nobody is seen to wait. Everything here is a racy look: the words belong to
 * libc. Who calls owns a reference to the mutex: it is about to lock it, or holds it.
 */
#ifndef SMK_SOURCE_MUTEX_H
#define SMK_SOURCE_MUTEX_H

#include <linux/futex.h>
#include <pthread.h>

#include "base/atomic.h"

#ifdef __GLIBC__
#define SMK_MUTEX_KNOWN 1
#else
#define SMK_MUTEX_KNOWN 0
#endif

#if SMK_MUTEX_KNOWN

/* Bits of __kind (glibc, nptl/pthreadP.h). */
#define SMK_MUTEX_TYPE      3u
#define SMK_MUTEX_RECURSIVE 1u
#define SMK_MUTEX_ROBUST    16u
#define SMK_MUTEX_INHERIT   32u
#define SMK_MUTEX_PROTECT   64u
#define SMK_MUTEX_SHARED    128u

SMK_INLINE uint32_t smk_mutex_kind(const pthread_mutex_t *mutex)
{
    return (uint32_t)smk_load_relaxed(&mutex->__data.__kind);
}

SMK_INLINE uint32_t smk_mutex_word(const pthread_mutex_t *mutex)
{
    return (uint32_t)smk_load_relaxed(&mutex->__data.__lock);
}

/* A thread id; 0: unknown. A thread that just got it has not written its name yet: looked at twice. */
SMK_INLINE uint32_t smk_mutex_holder(const pthread_mutex_t *mutex)
{
    uint32_t tid = (uint32_t)smk_load_relaxed(&mutex->__data.__owner);
    if (tid == 0)
        tid = (uint32_t)smk_load_relaxed(&mutex->__data.__owner);
    return tid <= FUTEX_TID_MASK ? tid : 0; /* above: the marks of robust mutexes */
}

/* Between processes: who waits for it may be in another one. */
SMK_INLINE bool smk_mutex_is_shared(const pthread_mutex_t *mutex)
{
    return (smk_mutex_kind(mutex) & SMK_MUTEX_SHARED) != 0;
}

/* May be true for a mutex whose word is a thread id (robust, inheriting) and that nobody waits for. */
SMK_INLINE bool smk_mutex_may_have_waiters(const pthread_mutex_t *mutex)
{
    uint32_t word = smk_mutex_word(mutex);
    return word == 2 || (word & FUTEX_WAITERS) != 0;
}

/* Whether its holder's next unlock gives it up, and somebody may be there to be woken. */
SMK_INLINE bool smk_mutex_wakes(const pthread_mutex_t *mutex)
{
    uint32_t kind = smk_mutex_kind(mutex), word = smk_mutex_word(mutex);
    if ((kind & SMK_MUTEX_TYPE) == SMK_MUTEX_RECURSIVE && mutex->__data.__count > 1)
        return false;
    return kind & (SMK_MUTEX_ROBUST | SMK_MUTEX_INHERIT) ? (word & FUTEX_WAITERS) != 0 : word == 2;
}

/* A robust mutex whose holder died, or that nobody can get any more. */
SMK_INLINE bool smk_mutex_is_damaged(const pthread_mutex_t *mutex)
{
    return (smk_mutex_word(mutex) & FUTEX_OWNER_DIED) != 0 ||
           (uint32_t)smk_load_relaxed(&mutex->__data.__owner) > FUTEX_TID_MASK;
}

/* Whether trylock, where it does not say EBUSY, does and says exactly what lock would have. Not so with a
 * priority ceiling (trylock changes the thread's priority on its own terms), nor where a robust one is
 * damaged (they leave it behind in different states), nor for a mutex that is none. */
SMK_INLINE bool smk_mutex_try_is_lock(const pthread_mutex_t *mutex)
{
    uint32_t kind = smk_mutex_kind(mutex);
    if (SMK_LIKELY((kind & (SMK_MUTEX_ROBUST | SMK_MUTEX_PROTECT)) == 0))
        return true;
    return (kind & SMK_MUTEX_PROTECT) == 0 && !smk_mutex_is_damaged(mutex);
}

/* The same for clocklock, which looks at its clock before it looks at the mutex. */
SMK_INLINE bool smk_mutex_try_is_clocklock(const pthread_mutex_t *mutex, clockid_t clock)
{
    bool inherits = (smk_mutex_kind(mutex) & SMK_MUTEX_INHERIT) != 0;
    return smk_mutex_try_is_lock(mutex) &&
           (clock == CLOCK_REALTIME || (clock == CLOCK_MONOTONIC && !inherits));
}

#else

SMK_INLINE uint32_t smk_mutex_holder(const pthread_mutex_t *mutex) { return mutex ? 0 : 0; }
SMK_INLINE bool smk_mutex_is_shared(const pthread_mutex_t *mutex) { return !mutex; }
SMK_INLINE bool smk_mutex_may_have_waiters(const pthread_mutex_t *mutex) { return !mutex; }
SMK_INLINE bool smk_mutex_wakes(const pthread_mutex_t *mutex) { return !mutex; }
SMK_INLINE bool smk_mutex_try_is_lock(const pthread_mutex_t *mutex) { return mutex != NULL; }
SMK_INLINE bool smk_mutex_try_is_clocklock(const pthread_mutex_t *mutex, clockid_t clock)
{
    return mutex && clock == CLOCK_REALTIME;
}

#endif
#endif
