/* hook_join.c: waits for the end of a thread or of a process. What is a cancellation point stays one (seen.h).
 *
 * A thread is found by its handle before the call, while it has one.
 */
#define _GNU_SOURCE
#include "source/seen.h"

struct looked_for {
    uint64_t handle;
    uint32_t tid;
};

static bool is_it(struct smk_thread *t, void *arg)
{
    struct looked_for *looked_for = arg;
    if (smk_load_relaxed(&t->handle) != looked_for->handle ||
        smk_load_relaxed(&t->state) != SMK_THREAD_LIVE)
        return true;
    looked_for->tid = smk_load_relaxed(&t->tid);
    return false;
}

/* 0: it is not known, since it never recorded anything. */
static uint32_t tid_of(uint64_t handle)
{
    struct looked_for looked_for = {handle, 0};
    smk_threads_each(is_it, &looked_for);
    return looked_for.tid;
}

static void end_join(struct smk_seen *seen, uint32_t who, int64_t result)
{
    uint64_t now = smk_seen_end(seen, SMK_CAT_JOIN, smk_load_relaxed(&smk_slept.lock));
    if (now)
        SMK_SEEN_RECORD(seen, now, SMK_EV_JOIN_WAIT, smk_call_name(seen->call), who,
                        (uint64_t)result);
}

#define JOIN(name, args)                                                                           \
    if (!smk_gate_open(SMK_CAT_JOIN) || smk_tls.quiet)                                             \
        return SMK_REAL(name) args;                                                                \
    uint32_t tid = tid_of((uint64_t)thread);                                                       \
    struct smk_seen seen;                                                                          \
    smk_seen_begin_held(&seen, SMK_CALL_##name, SMK_WAIT_JOIN, (uint64_t)thread, tid, SMK_CALLER); \
    int code = SMK_REAL(name) args;                                                                \
    end_join(&seen, tid, code);                                                                    \
    return code

SMK_EXPORT int pthread_join(pthread_t thread, void **result) { JOIN(pthread_join, (thread, result)); }

SMK_EXPORT int pthread_timedjoin_np(pthread_t thread, void **result, const struct timespec *until)
{
    JOIN(pthread_timedjoin_np, (thread, result, until));
}

SMK_EXPORT int pthread_clockjoin_np(pthread_t thread, void **result, clockid_t clock,
                                    const struct timespec *until)
{
    JOIN(pthread_clockjoin_np, (thread, result, clock, until));
}

SMK_EXPORT int thrd_join(thrd_t thread, int *result) { JOIN(thrd_join, (thread, result)); }

/* ---- processes ------------------------------------------------------------------------------------------- */

static void end_wait(struct smk_seen *seen, int64_t asked, int64_t result)
{
    uint64_t now = smk_seen_end(seen, SMK_CAT_JOIN, smk_load_relaxed(&smk_slept.fd));
    int64_t pid = result > 0 ? result : asked;
    if (now)
        SMK_SEEN_RECORD(seen, now, SMK_EV_JOIN_WAIT, smk_call_name(seen->call),
                        pid > 0 ? (uint64_t)pid : 0, smk_seen_result(result));
}

#define CHILD(type, name, pid, args)                                                               \
    if (!smk_gate_open(SMK_CAT_JOIN))                                                              \
        return SMK_REAL(name) args;                                                                \
    struct smk_seen seen;                                                                          \
    smk_seen_begin(&seen, SMK_CALL_##name, SMK_WAIT_JOIN, (uint64_t)(int64_t)(pid), SMK_CALLER);   \
    type result = SMK_REAL(name) args;                                                             \
    end_wait(&seen, (int64_t)(pid), result);                                                       \
    return result

SMK_EXPORT pid_t wait(int *status) { CHILD(pid_t, wait, -1, (status)); }

SMK_EXPORT pid_t wait3(int *status, int options, struct rusage *usage)
{
    CHILD(pid_t, wait3, -1, (status, options, usage));
}

SMK_EXPORT pid_t waitpid(pid_t pid, int *status, int options)
{
    CHILD(pid_t, waitpid, pid, (pid, status, options));
}

SMK_EXPORT pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage)
{
    CHILD(pid_t, wait4, pid, (pid, status, options, usage));
}

SMK_EXPORT int waitid(idtype_t type, id_t id, siginfo_t *info, int options)
{
    CHILD(int, waitid, type == P_PID ? (int64_t)id : -1, (type, id, info, options));
}
