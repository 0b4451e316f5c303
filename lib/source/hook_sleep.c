/* hook_sleep.c: calls that sleep for a time, or until a signal comes: a master's way to wait for its workers.
 * They may be the first of a program that never polls, after which threads of ours may begin (start.h). All are
 * cancellation points and stay so (seen.h). */
#define _GNU_SOURCE
#undef _FORTIFY_SOURCE
#include "base/sys.h"
#include "source/seen.h"
#include "source/start.h"

#define NS_MAX (UINT64_C(1) << 62)

static uint64_t ns_of(const struct timespec *ts)
{
    if (ts->tv_sec < 0 || ts->tv_nsec < 0)
        return 0;
    return (uint64_t)ts->tv_sec > NS_MAX / 1000000000 ? NS_MAX
                                                      : (uint64_t)ts->tv_sec * 1000000000 + (uint64_t)ts->tv_nsec;
}

static void record_sleep(struct smk_seen *seen, uint64_t now, uint64_t asked_ns)
{
    SMK_SEEN_RECORD(seen, now, SMK_EV_SLEEP_WAIT, smk_call_name(seen->call), smk_ns_to_ticks(asked_ns));
}

/* What a pointer points at is looked at only where the call says that it could read it. */
#define SLEEP(type, name, args, asked)                                                             \
    smk_start_check(SMK_START_AT_LIFE);                                                            \
    if (!smk_gate_open(SMK_CAT_SLEEP))                                                             \
        return SMK_REAL(name) args;                                                                \
    struct smk_seen seen;                                                                          \
    smk_seen_begin(&seen, SMK_CALL_##name, SMK_WAIT_SLEEP, 0, SMK_CALLER);                         \
    type rc = SMK_REAL(name) args;                                                                 \
    uint64_t now = smk_seen_end(&seen, SMK_CAT_SLEEP, smk_load_relaxed(&smk_slept.fd));            \
    if (now)                                                                                       \
        record_sleep(&seen, now, asked);                                                           \
    return rc

SMK_EXPORT unsigned sleep(unsigned seconds)
{
    SLEEP(unsigned, sleep, (seconds), (uint64_t)seconds * 1000000000);
}

SMK_EXPORT int usleep(useconds_t us) { SLEEP(int, usleep, (us), (uint64_t)us * 1000); }

/* Of a sleep that was interrupted it is not known: the rest may be written over it, too. */
SMK_EXPORT int nanosleep(const struct timespec *ts, struct timespec *left)
{
    SLEEP(int, nanosleep, (ts, left), rc == 0 ? ns_of(ts) : 0);
}

SMK_EXPORT int thrd_sleep(const struct timespec *ts, struct timespec *left)
{
    SLEEP(int, thrd_sleep, (ts, left), rc == 0 ? ns_of(ts) : 0);
}

/* Until a point in time: from when it began, as far as that clock and ours go alike. */
static uint64_t asked_of(uint64_t slept, clockid_t clock, int flags, const struct timespec *ts)
{
    if (!(flags & TIMER_ABSTIME))
        return ns_of(ts);
    uint64_t now = smk_sys_clock(clock), until = ns_of(ts) + smk_ticks_to_ns(slept);
    return until > now ? until - now : 0;
}

SMK_EXPORT int clock_nanosleep(clockid_t clock, int flags, const struct timespec *ts, struct timespec *left)
{
    SLEEP(int, clock_nanosleep, (clock, flags, ts, left),
          rc == 0 ? asked_of(now - seen.since, clock, flags, ts) : 0);
}

/* ---- until a signal ----------------------------------------------------------------------------------------- */

SMK_EXPORT int pause(void)
{
    SLEEP(int, pause, (), 0);
}

SMK_EXPORT int sigsuspend(const sigset_t *mask)
{
    SLEEP(int, sigsuspend, (mask), 0);
}

SMK_EXPORT int sigwait(const sigset_t *set, int *number)
{
    SLEEP(int, sigwait, (set, number), 0);
}

SMK_EXPORT int sigwaitinfo(const sigset_t *set, siginfo_t *info)
{
    SLEEP(int, sigwaitinfo, (set, info), 0);
}

SMK_EXPORT int sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *ts)
{
    SLEEP(int, sigtimedwait, (set, info, ts), rc == -1 && ts ? ns_of(ts) : 0);
}
