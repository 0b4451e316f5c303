/* hook_rwlock.c: waits for read-write locks.
 *
 * As in hook_lock.c: what a try gets, or refuses for another reason than EBUSY, is the result, and only a lock
 * that somebody has is waited for in libc's own function. libc looks at the time of a timed call first, though,
 * so a time that is none is left to it.
 *
 * Who writes is known to libc; who reads is known to nobody: a reader that held a lock is seen as its releaser,
 * where it was the last.
 */
#define _GNU_SOURCE
#include "source/contended.h"
#include "source/held.h"
#include "source/lock_wait.h"
#include "source/sync.h"

static bool is_time(clockid_t clock, const struct timespec *until)
{
    return (clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC) && until->tv_nsec >= 0 &&
           until->tv_nsec < 1000000000;
}

#define WAIT(name, args)                                                                           \
    struct smk_lock_call wait;                                                                     \
    smk_lock_wait_begin(&wait, SMK_CALL_##name, lock, smk_rwlock_writer(lock), SMK_CALLER);        \
    code = SMK_REAL(name) args;                                                                    \
    smk_lock_wait_end(&wait, smk_lock_result_of(code));                                            \
    return code

#define LOCK(name, try, args, known)                                                               \
    if (!smk_gate_open(SMK_CAT_LOCK) || !(known))                                                  \
        return SMK_REAL(name) args;                                                                \
    int code = SMK_REAL(try)(lock);                                                                \
    if (SMK_LIKELY(code != EBUSY))                                                                 \
        return code;                                                                               \
    WAIT(name, args)

SMK_EXPORT int pthread_rwlock_rdlock(pthread_rwlock_t *lock)
{
    LOCK(pthread_rwlock_rdlock, pthread_rwlock_tryrdlock, (lock), true);
}

SMK_EXPORT int pthread_rwlock_wrlock(pthread_rwlock_t *lock)
{
    LOCK(pthread_rwlock_wrlock, pthread_rwlock_trywrlock, (lock), true);
}

SMK_EXPORT int pthread_rwlock_timedrdlock(pthread_rwlock_t *lock, const struct timespec *until)
{
    LOCK(pthread_rwlock_timedrdlock, pthread_rwlock_tryrdlock, (lock, until),
         is_time(CLOCK_REALTIME, until));
}

SMK_EXPORT int pthread_rwlock_timedwrlock(pthread_rwlock_t *lock, const struct timespec *until)
{
    LOCK(pthread_rwlock_timedwrlock, pthread_rwlock_trywrlock, (lock, until),
         is_time(CLOCK_REALTIME, until));
}

SMK_EXPORT int pthread_rwlock_clockrdlock(pthread_rwlock_t *lock, clockid_t clock,
                                          const struct timespec *until)
{
    LOCK(pthread_rwlock_clockrdlock, pthread_rwlock_tryrdlock, (lock, clock, until),
         is_time(clock, until));
}

SMK_EXPORT int pthread_rwlock_clockwrlock(pthread_rwlock_t *lock, clockid_t clock,
                                          const struct timespec *until)
{
    LOCK(pthread_rwlock_clockwrlock, pthread_rwlock_trywrlock, (lock, clock, until),
         is_time(clock, until));
}

static SMK_NOINLINE int unlock_waited_for(pthread_rwlock_t *lock, uint64_t since,
                                          struct smk_caller from)
{
    struct smk_thread *t = smk_tls.quiet ? NULL : smk_thread_self();
    struct smk_lock_release release;
    if (!t || !smk_rwlock_last(lock, t->tid))
        return SMK_REAL(pthread_rwlock_unlock)(lock);
    smk_lock_release_begin(&release, t, (uint64_t)(uintptr_t)lock, since, from);
    int code = SMK_REAL(pthread_rwlock_unlock)(lock);
    if (code == 0)
        smk_lock_release_end(&release);
    return code;
}

SMK_EXPORT int pthread_rwlock_unlock(pthread_rwlock_t *lock)
{
    if (!smk_gate_open(SMK_CAT_LOCK))
        return SMK_REAL(pthread_rwlock_unlock)(lock);
    uint64_t address = (uint64_t)(uintptr_t)lock, since = 0;
    if (smk_held_knows(address))
        since = smk_held_end(address);
    if (SMK_UNLIKELY(smk_contended_waited_for(address)))
        return unlock_waited_for(lock, since, SMK_CALLER);
    return SMK_REAL(pthread_rwlock_unlock)(lock);
}
