/* hook_cond.c: condition waits give their mutex up and take it again inside libc, where no wrapper of ours
 * is met: since when the thread holds it is then unknown. They are not recorded as waits yet.
 *
 * All three are cancellation points and stay so: nothing of ours is on the stack while they wait. */
#define _GNU_SOURCE
#include "core/gate.h"
#include "source/held.h"
#include "source/resolve.h"

SMK_INLINE void given_up(const pthread_mutex_t *mutex)
{
    uint64_t lock = (uint64_t)(uintptr_t)mutex;
    if (smk_gate_open(SMK_CAT_LOCK) && smk_held_knows(lock))
        smk_held_end(lock);
}

SMK_EXPORT int pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
    given_up(mutex);
    return SMK_REAL(pthread_cond_wait)(cond, mutex);
}

SMK_EXPORT int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
                                      const struct timespec *until)
{
    given_up(mutex);
    return SMK_REAL(pthread_cond_timedwait)(cond, mutex, until);
}

SMK_EXPORT int pthread_cond_clockwait(pthread_cond_t *cond, pthread_mutex_t *mutex, clockid_t clock,
                                      const struct timespec *until)
{
    given_up(mutex);
    return SMK_REAL(pthread_cond_clockwait)(cond, mutex, clock, until);
}
