/* hook_cond.c: waits on condition variables, and the calls that wake them.
 *
 * A condition wait gives its mutex up and takes it again inside libc, where no wrapper of ours is met: since
 * when the thread holds it is then unknown, and the time for which it waited for the mutex is part of the
 * condition wait.
 *
 * All that wait are cancellation points and stay so (seen.h). A signal is recorded only where somebody
 * waits. C11's are libc's own functions over the same objects.
 */
#define _GNU_SOURCE
#include "source/epochs.h"
#include "source/held.h"
#include "source/seen.h"
#include "source/sync.h"
#include "source/wake.h"

#define CATEGORIES (SMK_CAT_COND | SMK_CAT_LOCK)

static void begin_wait(struct smk_seen *seen, enum smk_call call, const pthread_cond_t *cond,
                       const pthread_mutex_t *mutex, struct smk_caller from)
{
    uint64_t lock = (uint64_t)(uintptr_t)mutex;
    if (smk_gate_open(SMK_CAT_LOCK) && smk_held_knows(lock))
        smk_held_end(lock);
    smk_epoch_note((uint64_t)(uintptr_t)cond);
    smk_seen_begin(seen, call, SMK_WAIT_COND, (uint64_t)(uintptr_t)cond, from);
}

static void end_wait(struct smk_seen *seen, const pthread_cond_t *cond, const pthread_mutex_t *mutex, int code)
{
    uint64_t now = smk_seen_end(seen, SMK_CAT_COND, smk_load_relaxed(&smk_slept.lock));
    if (now)
        SMK_SEEN_RECORD(seen, now, SMK_EV_COND_WAIT, (uint64_t)(uintptr_t)cond, (uint64_t)(uintptr_t)mutex,
                        code == 0 ? smk_wake_waker(seen, cond, now) : 0, smk_call_name(seen->call),
                        (uint64_t)(int64_t)code);
}

#define WAIT(name, cond, mutex, args)                                                              \
    if (!smk_gate_open(CATEGORIES))                                                                \
        return SMK_REAL(name) args;                                                                \
    struct smk_seen seen;                                                                          \
    begin_wait(&seen, SMK_CALL_##name, (const pthread_cond_t *)(cond),                             \
               (const pthread_mutex_t *)(mutex), SMK_CALLER);                                      \
    int code = SMK_REAL(name) args;                                                                \
    end_wait(&seen, (const pthread_cond_t *)(cond), (const pthread_mutex_t *)(mutex), code);       \
    return code

SMK_EXPORT int pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
    WAIT(pthread_cond_wait, cond, mutex, (cond, mutex));
}

SMK_EXPORT int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
                                      const struct timespec *until)
{
    WAIT(pthread_cond_timedwait, cond, mutex, (cond, mutex, until));
}

SMK_EXPORT int pthread_cond_clockwait(pthread_cond_t *cond, pthread_mutex_t *mutex, clockid_t clock,
                                      const struct timespec *until)
{
    WAIT(pthread_cond_clockwait, cond, mutex, (cond, mutex, clock, until));
}

SMK_EXPORT int cnd_wait(cnd_t *cond, mtx_t *mutex) { WAIT(cnd_wait, cond, mutex, (cond, mutex)); }

SMK_EXPORT int cnd_timedwait(cnd_t *cond, mtx_t *mutex, const struct timespec *until)
{
    WAIT(cnd_timedwait, cond, mutex, (cond, mutex, until));
}

/* ---- waking --------------------------------------------------------------------------------------------- */

#define WAKE(name, cond)                                                                           \
    if (!smk_gate_open(SMK_CAT_COND))                                                              \
        return SMK_REAL(name)(cond);                                                               \
    uint32_t waiters = smk_cond_waiters((const pthread_cond_t *)(cond));                           \
    struct smk_wake wake;                                                                          \
    if (SMK_LIKELY(waiters == 0))                                                                  \
        return SMK_REAL(name)(cond);                                                               \
    smk_wake_begin(&wake, SMK_CALL_##name, (cond), SMK_CALLER);                                    \
    int code = SMK_REAL(name)(cond);                                                               \
    smk_wake_end(&wake, waiters);                                                                  \
    return code

SMK_EXPORT int pthread_cond_signal(pthread_cond_t *cond) { WAKE(pthread_cond_signal, cond); }
SMK_EXPORT int pthread_cond_broadcast(pthread_cond_t *cond) { WAKE(pthread_cond_broadcast, cond); }
SMK_EXPORT int cnd_signal(cnd_t *cond) { WAKE(cnd_signal, cond); }
SMK_EXPORT int cnd_broadcast(cnd_t *cond) { WAKE(cnd_broadcast, cond); }
