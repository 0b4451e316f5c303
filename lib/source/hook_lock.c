/* hook_lock.c: waits on pthread mutexes.
 *
 * Disarmed, a wrapper is one load, one predicted branch and a jump to libc. Armed, it tries first: what
 * trylock gets (or refuses for another reason than EBUSY) is the result, nothing is recorded and no time
 * stamp is taken. Only a lock that somebody holds is waited for in libc's own function, between two time
 * stamps. So results, the order of waiters and what libc checks are libc's: trylock's answers but EBUSY are
 * lock's answers for every kind of mutex that smk_mutex_try_is_lock() lets through.
 *
 * An unlock is recorded only when somebody waits for it. The mutex is not touched after the real unlock:
 * whoever got it may have destroyed it.
 *
 * A thread that locks its own normal mutex again waits for ever, as it does without us; its wait is seen
 * as an open one whose holder is itself.
 */
#define _GNU_SOURCE
#include <errno.h>

#include "core/stats.h"
#include "source/contended.h"
#include "source/held.h"
#include "source/lock_wait.h"
#include "source/mutex.h"

/* ---- waiting ------------------------------------------------------------------------------------------ */

/* One of the calls that wait, with its arguments. */
struct lock_call {
    enum smk_call which;
    clockid_t clock;
    const struct timespec *until;
};

SMK_INLINE int call_real(pthread_mutex_t *mutex, const struct lock_call *call)
{
    switch (call->which) {
    case SMK_CALL_pthread_mutex_timedlock:
        return SMK_REAL(pthread_mutex_timedlock)(mutex, call->until);
    case SMK_CALL_pthread_mutex_clocklock:
        return SMK_REAL(pthread_mutex_clocklock)(mutex, call->clock, call->until);
    case SMK_CALL_mtx_lock:
        return SMK_REAL(mtx_lock)((mtx_t *)mutex);
    case SMK_CALL_mtx_timedlock:
        return SMK_REAL(mtx_timedlock)((mtx_t *)mutex, call->until);
    default:
        return SMK_REAL(pthread_mutex_lock)(mutex);
    }
}

static enum smk_lock_result result_of(const struct lock_call *call, int code)
{
    if (call->which == SMK_CALL_mtx_lock || call->which == SMK_CALL_mtx_timedlock)
        return code == thrd_success    ? SMK_LOCK_ACQUIRED
               : code == thrd_timedout ? SMK_LOCK_TIMEDOUT
                                       : SMK_LOCK_FAILED;
    return smk_lock_result_of(code);
}

static SMK_NOINLINE int wait_for_lock(pthread_mutex_t *mutex, const struct lock_call *call,
                                      struct smk_caller from)
{
    struct smk_lock_call wait;
    smk_lock_wait_begin(&wait, call->which, mutex, smk_mutex_holder(mutex), from);
    int code = call_real(mutex, call);
    smk_lock_wait_end(&wait, result_of(call, code));
    return code;
}

SMK_EXPORT int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    if (!smk_gate_open(SMK_CAT_LOCK) || !smk_mutex_try_is_lock(mutex))
        return SMK_REAL(pthread_mutex_lock)(mutex);
    int code = SMK_REAL(pthread_mutex_trylock)(mutex);
    if (SMK_LIKELY(code != EBUSY))
        return code;
    return wait_for_lock(mutex, &(struct lock_call){.which = SMK_CALL_pthread_mutex_lock}, SMK_CALLER);
}

/* A time that is none is refused only when there is something to wait for: so does libc. */
SMK_EXPORT int pthread_mutex_timedlock(pthread_mutex_t *mutex, const struct timespec *until)
{
    if (!smk_gate_open(SMK_CAT_LOCK) || !smk_mutex_try_is_lock(mutex))
        return SMK_REAL(pthread_mutex_timedlock)(mutex, until);
    int code = SMK_REAL(pthread_mutex_trylock)(mutex);
    if (SMK_LIKELY(code != EBUSY))
        return code;
    return wait_for_lock(mutex, &(struct lock_call){.which = SMK_CALL_pthread_mutex_timedlock, .until = until},
                         SMK_CALLER);
}

SMK_EXPORT int pthread_mutex_clocklock(pthread_mutex_t *mutex, clockid_t clock,
                                       const struct timespec *until)
{
    if (!smk_gate_open(SMK_CAT_LOCK) || !smk_mutex_try_is_clocklock(mutex, clock))
        return SMK_REAL(pthread_mutex_clocklock)(mutex, clock, until);
    int code = SMK_REAL(pthread_mutex_trylock)(mutex);
    if (SMK_LIKELY(code != EBUSY))
        return code;
    return wait_for_lock(mutex, &(struct lock_call){SMK_CALL_pthread_mutex_clocklock, clock, until}, SMK_CALLER);
}

/* Waits for nothing, so it makes no event; how often it is refused is counted: a thread that spins. */
SMK_EXPORT int pthread_mutex_trylock(pthread_mutex_t *mutex)
{
    if (!smk_gate_open(SMK_CAT_LOCK))
        return SMK_REAL(pthread_mutex_trylock)(mutex);
    int code = SMK_REAL(pthread_mutex_trylock)(mutex);
    if (code == EBUSY)
        smk_add_relaxed(&smk_stats.lock_refused, 1);
    return code;
}

/* ---- giving up ---------------------------------------------------------------------------------------- */

/* Somebody waits for it, and this unlock gives it up: not one inside a recursive lock, not one that is
 * refused since it is another's. */
static bool is_release(const pthread_mutex_t *mutex, const struct smk_thread *t)
{
    uint32_t holder = smk_mutex_holder(mutex);
    return smk_mutex_wakes(mutex) && (holder == 0 || holder == t->tid) &&
           (smk_mutex_is_shared(mutex) || smk_contended_waited_for((uint64_t)(uintptr_t)mutex));
}

typedef int unlock_call(pthread_mutex_t *mutex);

static SMK_NOINLINE int unlock_waited_for(pthread_mutex_t *mutex, unlock_call *unlock, struct smk_caller from)
{
    struct smk_thread *t = smk_tls.quiet ? NULL : smk_thread_self();
    uint64_t lock = (uint64_t)(uintptr_t)mutex;
    uint64_t since = smk_held_end(lock);
    if (!t || !is_release(mutex, t))
        return unlock(mutex);
    struct smk_lock_release release;
    smk_lock_release_begin(&release, t, lock, since, from);
    int code = unlock(mutex);
    if (code == 0)
        smk_lock_release_end(&release);
    return code;
}

SMK_EXPORT int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    if (!smk_gate_open(SMK_CAT_LOCK))
        return SMK_REAL(pthread_mutex_unlock)(mutex);
    if (SMK_UNLIKELY(smk_mutex_may_have_waiters(mutex)))
        return unlock_waited_for(mutex, SMK_REAL(pthread_mutex_unlock), SMK_CALLER);
    if (smk_held_knows((uint64_t)(uintptr_t)mutex))
        smk_held_end((uint64_t)(uintptr_t)mutex);
    return SMK_REAL(pthread_mutex_unlock)(mutex);
}

/* ---- C11 ---------------------------------------------------------------------------------------------- */

/* glibc's mtx_t is a pthread_mutex_t, and its calls are pthread's with other codes. */
SMK_STATIC_ASSERT(sizeof(mtx_t) == sizeof(pthread_mutex_t), "a mtx_t is a pthread_mutex_t");

SMK_EXPORT int mtx_lock(mtx_t *mutex)
{
    if (!smk_gate_open(SMK_CAT_LOCK))
        return SMK_REAL(mtx_lock)(mutex);
    int code = SMK_REAL(mtx_trylock)(mutex);
    if (SMK_LIKELY(code != thrd_busy))
        return code;
    return wait_for_lock((pthread_mutex_t *)mutex, &(struct lock_call){.which = SMK_CALL_mtx_lock}, SMK_CALLER);
}

SMK_EXPORT int mtx_timedlock(mtx_t *mutex, const struct timespec *until)
{
    if (!smk_gate_open(SMK_CAT_LOCK))
        return SMK_REAL(mtx_timedlock)(mutex, until);
    int code = SMK_REAL(mtx_trylock)(mutex);
    if (SMK_LIKELY(code != thrd_busy))
        return code;
    return wait_for_lock((pthread_mutex_t *)mutex,
                         &(struct lock_call){.which = SMK_CALL_mtx_timedlock, .until = until}, SMK_CALLER);
}

static int c11_unlock(pthread_mutex_t *mutex) { return SMK_REAL(mtx_unlock)((mtx_t *)mutex); }

SMK_EXPORT int mtx_unlock(mtx_t *c11)
{
    pthread_mutex_t *mutex = (pthread_mutex_t *)c11;
    if (!smk_gate_open(SMK_CAT_LOCK))
        return SMK_REAL(mtx_unlock)(c11);
    if (SMK_UNLIKELY(smk_mutex_may_have_waiters(mutex)))
        return unlock_waited_for(mutex, c11_unlock, SMK_CALLER);
    if (smk_held_knows((uint64_t)(uintptr_t)mutex))
        smk_held_end((uint64_t)(uintptr_t)mutex);
    return SMK_REAL(mtx_unlock)(c11);
}
