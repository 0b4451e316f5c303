/* hook_sem.c: waits for semaphores and barriers, and what wakes them.
 *
 * A semaphore that is free is taken in libc's own function and nothing is measured: sem_wait is a
 * cancellation point whether it waits or not, which sem_trywait is not, so that one is no help. Who takes it
 * away between our look and the call makes a wait that is not seen, and is rare.
 *
 * Who comes last to a barrier does not wait, but wakes the others: glibc gives the serial result to that one.
 * It is not named as their waker: when they run it may be in the next round already.
 */
#define _GNU_SOURCE
#include "source/epochs.h"
#include "source/seen.h"
#include "source/sync.h"
#include "source/wake.h"

static void record_wait(struct smk_seen *seen, const void *object, uint32_t waker, int64_t result, uint64_t now)
{
    SMK_SEEN_RECORD(seen, now, SMK_EV_COND_WAIT, (uint64_t)(uintptr_t)object, 0, waker,
                    smk_call_name(seen->call), (uint64_t)result);
}

/* ---- semaphores ----------------------------------------------------------------------------------------- */

static void end_wait(struct smk_seen *seen, const sem_t *sem, int rc)
{
    uint64_t now = smk_seen_end(seen, SMK_CAT_COND, smk_load_relaxed(&smk_slept.lock));
    if (now)
        record_wait(seen, sem, rc == 0 ? smk_wake_waker(seen, sem, now) : 0, (int64_t)smk_seen_result(rc), now);
}

#define WAIT(name, args)                                                                           \
    if (!smk_gate_open(SMK_CAT_COND) || smk_sem_is_free(sem))                                      \
        return SMK_REAL(name) args;                                                                \
    struct smk_seen seen;                                                                          \
    smk_epoch_note((uint64_t)(uintptr_t)sem);                                                      \
    smk_seen_begin(&seen, SMK_CALL_##name, SMK_WAIT_COND, (uint64_t)(uintptr_t)sem, SMK_CALLER);   \
    int rc = SMK_REAL(name) args;                                                                  \
    end_wait(&seen, sem, rc);                                                                      \
    return rc

SMK_EXPORT int sem_wait(sem_t *sem) { WAIT(sem_wait, (sem)); }
SMK_EXPORT int sem_timedwait(sem_t *sem, const struct timespec *until) { WAIT(sem_timedwait, (sem, until)); }

SMK_EXPORT int sem_clockwait(sem_t *sem, clockid_t clock, const struct timespec *until)
{
    WAIT(sem_clockwait, (sem, clock, until));
}

/* Signal handlers call it, too. */
SMK_EXPORT int sem_post(sem_t *sem)
{
    uint32_t waiters = smk_gate_open(SMK_CAT_COND) ? smk_sem_waiters(sem) : 0;
    struct smk_wake wake;
    if (SMK_LIKELY(waiters == 0))
        return SMK_REAL(sem_post)(sem);
    smk_wake_begin(&wake, SMK_CALL_sem_post, sem, SMK_CALLER);
    int rc = SMK_REAL(sem_post)(sem);
    smk_wake_end(&wake, waiters);
    return rc;
}

/* ---- barriers ------------------------------------------------------------------------------------------- */

SMK_EXPORT int pthread_barrier_wait(pthread_barrier_t *barrier)
{
    if (!smk_gate_open(SMK_CAT_COND))
        return SMK_REAL(pthread_barrier_wait)(barrier);
    struct smk_seen seen;
    smk_seen_begin(&seen, SMK_CALL_pthread_barrier_wait, SMK_WAIT_COND, (uint64_t)(uintptr_t)barrier,
                   SMK_CALLER);
    int code = SMK_REAL(pthread_barrier_wait)(barrier);
    uint64_t now = smk_seen_end(&seen, SMK_CAT_COND, smk_load_relaxed(&smk_slept.lock));
    if (now && code == 0)
        record_wait(&seen, barrier, 0, code, now);
    return code;
}
