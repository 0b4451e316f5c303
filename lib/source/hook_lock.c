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
#include "source/hook_lock.h"

#include <errno.h>
#include <string.h>

#include "core/gate.h"
#include "core/record.h"
#include "core/stats.h"
#include "source/caller.h"
#include "source/contended.h"
#include "source/held.h"
#include "source/mutex.h"
#include "source/resolve.h"
#include "source/stack.h"

struct smk_contended smk_contended[SMK_CONTENDED_PLACES];

static uint64_t slept_ticks = 1; /* atomic, like the next */
static uint64_t stack_ticks = 1;

void smk_hook_lock_prepare(void)
{
    smk_store_relaxed(&slept_ticks, smk_ns_to_ticks(SMK_LOCK_SLEPT_NS));
    smk_store_relaxed(&stack_ticks, smk_ns_to_ticks(SMK_STACK_WAIT_NS));
    smk_add_relaxed(&smk_held_arming, 1);
}

void smk_contended_reset_in_child(void) { memset(smk_contended, 0, sizeof smk_contended); }

/* ---- waiting ------------------------------------------------------------------------------------------ */

/* One of the three calls that wait, with its arguments. */
struct lock_call {
    enum { LOCK, TIMEDLOCK, CLOCKLOCK } which;
    clockid_t clock;
    const struct timespec *until;
};

SMK_INLINE int call_real(pthread_mutex_t *mutex, const struct lock_call *call)
{
    switch (call->which) {
    case TIMEDLOCK:
        return SMK_REAL(pthread_mutex_timedlock)(mutex, call->until);
    case CLOCKLOCK:
        return SMK_REAL(pthread_mutex_clocklock)(mutex, call->clock, call->until);
    default:
        return SMK_REAL(pthread_mutex_lock)(mutex);
    }
}

static enum smk_lock_result result_of(int code)
{
    switch (code) {
    case 0:
        return SMK_LOCK_ACQUIRED;
    case EOWNERDEAD:
        return SMK_LOCK_OWNERDEAD;
    case ETIMEDOUT:
        return SMK_LOCK_TIMEDOUT;
    default:
        return SMK_LOCK_FAILED;
    }
}

static void record_wait(struct smk_thread *t, const struct smk_caller *from, uint64_t lock, uint64_t since,
                        uint64_t now, uint32_t holder, enum smk_lock_result result)
{
    bool got = result == SMK_LOCK_ACQUIRED || result == SMK_LOCK_OWNERDEAD;
    uint32_t releaser = got ? smk_contended_releaser(lock, since, now) : 0;
    uint32_t stack = 0;
    if (now - since >= smk_load_relaxed(&stack_ticks))
        stack = smk_stack_here(from->pc, from->sp, from->fp);
    uint64_t *rec = smk_reserve(t, 7, SMK_EV_LOCK_WAIT);
    if (!rec)
        return;
    rec[1] = now;
    rec[2] = now - since;
    rec[3] = lock;
    rec[4] = holder;
    rec[5] = releaser;
    rec[6] = result;
    smk_commit(t, rec, smk_record_head(SMK_EV_LOCK_WAIT, 7, 0, stack));
}

static SMK_NOINLINE int wait_for_lock(pthread_mutex_t *mutex, const struct lock_call *call,
                                      struct smk_caller from)
{
    struct smk_thread *t = smk_tls.quiet ? NULL : smk_thread_self();
    if (!t)
        return call_real(mutex, call);
    uint64_t lock = (uint64_t)(uintptr_t)mutex;
    uint32_t holder = smk_mutex_holder(mutex);
    uint64_t since = smk_ticks();
    smk_wait_publish(t, SMK_WAIT_LOCK, lock, holder, since, from.pc, from.sp, from.fp);
    smk_contended_begin_wait(lock);
    int code = call_real(mutex, call);
    uint64_t now = smk_ticks();
    smk_contended_end_wait(lock);
    smk_wait_clear(t);
    smk_add_relaxed(&smk_stats.lock_waits, 1);
    if (!smk_gate_open(SMK_CAT_LOCK))
        return code;
    if (code == 0 || code == EOWNERDEAD)
        smk_held_begin(lock, now);
    if (now - since >= smk_load_relaxed(&slept_ticks))
        record_wait(t, &from, lock, since, now, holder, result_of(code));
    return code;
}

SMK_EXPORT int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    if (!smk_gate_open(SMK_CAT_LOCK) || !smk_mutex_try_is_lock(mutex))
        return SMK_REAL(pthread_mutex_lock)(mutex);
    int code = SMK_REAL(pthread_mutex_trylock)(mutex);
    if (SMK_LIKELY(code != EBUSY))
        return code;
    return wait_for_lock(mutex, &(struct lock_call){.which = LOCK}, SMK_CALLER);
}

/* A time that is none is refused only when there is something to wait for: so does libc. */
SMK_EXPORT int pthread_mutex_timedlock(pthread_mutex_t *mutex, const struct timespec *until)
{
    if (!smk_gate_open(SMK_CAT_LOCK) || !smk_mutex_try_is_lock(mutex))
        return SMK_REAL(pthread_mutex_timedlock)(mutex, until);
    int code = SMK_REAL(pthread_mutex_trylock)(mutex);
    if (SMK_LIKELY(code != EBUSY))
        return code;
    return wait_for_lock(mutex, &(struct lock_call){.which = TIMEDLOCK, .until = until}, SMK_CALLER);
}

SMK_EXPORT int pthread_mutex_clocklock(pthread_mutex_t *mutex, clockid_t clock,
                                       const struct timespec *until)
{
    if (!smk_gate_open(SMK_CAT_LOCK) || !smk_mutex_try_is_clocklock(mutex, clock))
        return SMK_REAL(pthread_mutex_clocklock)(mutex, clock, until);
    int code = SMK_REAL(pthread_mutex_trylock)(mutex);
    if (SMK_LIKELY(code != EBUSY))
        return code;
    return wait_for_lock(mutex, &(struct lock_call){CLOCKLOCK, clock, until}, SMK_CALLER);
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

static void record_release(struct smk_thread *t, const struct smk_caller *from, uint64_t lock,
                           uint64_t before, uint64_t now, uint64_t since)
{
    uint32_t stack = smk_stack_here(from->pc, from->sp, from->fp);
    uint64_t *rec = smk_reserve(t, 5, SMK_EV_LOCK_RELEASE);
    if (!rec)
        return;
    rec[1] = now;
    rec[2] = now - before;
    rec[3] = lock;
    rec[4] = since ? before - since : 0;
    smk_commit(t, rec, smk_record_head(SMK_EV_LOCK_RELEASE, 5, 0, stack));
}

/* Somebody waits for it, and this unlock gives it up: not one inside a recursive lock, not one that is
 * refused since it is another's. */
static bool is_release(const pthread_mutex_t *mutex, const struct smk_thread *t)
{
    uint32_t holder = smk_mutex_holder(mutex);
    return smk_mutex_wakes(mutex) && (holder == 0 || holder == t->tid) &&
           (smk_mutex_is_shared(mutex) || smk_contended_waited_for((uint64_t)(uintptr_t)mutex));
}

static SMK_NOINLINE int unlock_waited_for(pthread_mutex_t *mutex, struct smk_caller from)
{
    struct smk_thread *t = smk_tls.quiet ? NULL : smk_thread_self();
    uint64_t lock = (uint64_t)(uintptr_t)mutex;
    uint64_t since = smk_held_end(lock);
    if (!t || !is_release(mutex, t))
        return SMK_REAL(pthread_mutex_unlock)(mutex);
    uint64_t before = smk_ticks();
    smk_contended_release(lock, t->tid, before);
    int code = SMK_REAL(pthread_mutex_unlock)(mutex);
    if (code == 0)
        record_release(t, &from, lock, before, smk_ticks(), since);
    return code;
}

SMK_EXPORT int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    if (!smk_gate_open(SMK_CAT_LOCK))
        return SMK_REAL(pthread_mutex_unlock)(mutex);
    if (SMK_UNLIKELY(smk_mutex_may_have_waiters(mutex)))
        return unlock_waited_for(mutex, SMK_CALLER);
    if (smk_held_knows((uint64_t)(uintptr_t)mutex))
        smk_held_end((uint64_t)(uintptr_t)mutex);
    return SMK_REAL(pthread_mutex_unlock)(mutex);
}
