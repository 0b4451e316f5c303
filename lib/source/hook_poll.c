/* hook_poll.c: calls that wait until something is to be done on one of several descriptors. The first is the
 * moment at which threads of ours may begin (start.h).
 *
 * What a loop waits for when it has nothing to do is seen like any other wait, once it slept; a call that may
 * not wait is only counted. All are cancellation points and stay so (seen.h).
 */
#define _GNU_SOURCE
#undef _FORTIFY_SOURCE
#include "core/rest.h"
#include "source/loop.h"
#include "source/seen.h"
#include "source/start.h"

#define GATE (SMK_CAT_POLL | SMK_CAT_LOOP | SMK_CAT_REQUEST)

static SMK_HOT void begin_poll(struct smk_seen *seen, enum smk_call call, int fd, struct smk_caller from)
{
    smk_seen_begin(seen, call, SMK_WAIT_POLL, (uint64_t)(int64_t)fd, from);
    if (SMK_LIKELY(seen->t != NULL) && !seen->inner)
        smk_loop_looks(seen->t, &seen->from, seen->since);
}

static SMK_HOT void end_poll(struct smk_seen *seen, int fd, int rc)
{
    if (SMK_UNLIKELY(!seen->t))
        return;
    uint64_t now = smk_ticks();
    if (!seen->inner)
        smk_loop_looked(&seen->t->loop, &seen->from, seen->since, now, true);
    if (SMK_UNLIKELY(seen->t->callback.since != 0) && seen->t->loop.polled == now)
        smk_store_relaxed(&seen->t->callback.since, 0); /* the loop itself looks: it was left by a jump */
    if (smk_seen_end_at(seen, now, SMK_CAT_POLL, smk_load_relaxed(&smk_slept.fd)))
        SMK_SEEN_RECORD(seen, now, SMK_EV_POLL_WAIT, smk_call_name(seen->call), (uint64_t)(int64_t)fd,
                        smk_seen_result(rc));
}

/* fd: of the epoll, -1 for a list of them. */
#define POLL(name, fd, args)                                                                       \
    smk_start_check(SMK_START_AT_WAIT);                                                            \
    if (!smk_gate_open(GATE))                                                                      \
        return SMK_REAL(name) args;                                                                \
    struct smk_seen seen;                                                                          \
    begin_poll(&seen, SMK_CALL_##name, (fd), SMK_CALLER);                                          \
    int rc = SMK_REAL(name) args;                                                                  \
    end_poll(&seen, (fd), rc);                                                                     \
    return rc

/* A thread of ours, which waits here as well: libevent's and civetweb's loops do. */
static SMK_COLD int poll_of_ours(struct pollfd *fds, nfds_t count, int ms)
{
    int rc = SMK_REAL(poll)(fds, count, ms);
    smk_rest_if_refused();
    return rc;
}

SMK_EXPORT int poll(struct pollfd *fds, nfds_t count, int ms)
{
    if (SMK_UNLIKELY(smk_tls.quiet))
        return poll_of_ours(fds, count, ms);
    POLL(poll, -1, (fds, count, ms));
}

SMK_EXPORT int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *ts, const sigset_t *mask)
{
    POLL(ppoll, -1, (fds, count, ts, mask));
}

/* What programs that were built with _FORTIFY_SOURCE call. */
int __poll_chk(struct pollfd *fds, nfds_t count, int ms, size_t size);
int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *ts, const sigset_t *mask, size_t size);

SMK_EXPORT int __poll_chk(struct pollfd *fds, nfds_t count, int ms, size_t size)
{
    POLL(__poll_chk, -1, (fds, count, ms, size));
}

SMK_EXPORT int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *ts, const sigset_t *mask,
                           size_t size)
{
    POLL(__ppoll_chk, -1, (fds, count, ts, mask, size));
}

SMK_EXPORT int select(int count, fd_set *r, fd_set *w, fd_set *x, struct timeval *tv)
{
    POLL(select, -1, (count, r, w, x, tv));
}

SMK_EXPORT int pselect(int count, fd_set *r, fd_set *w, fd_set *x, const struct timespec *ts,
                       const sigset_t *mask)
{
    POLL(pselect, -1, (count, r, w, x, ts, mask));
}

SMK_EXPORT SMK_HOT int epoll_wait(int fd, struct epoll_event *events, int count, int ms)
{
    POLL(epoll_wait, fd, (fd, events, count, ms));
}

SMK_EXPORT int epoll_pwait(int fd, struct epoll_event *events, int count, int ms, const sigset_t *mask)
{
    POLL(epoll_pwait, fd, (fd, events, count, ms, mask));
}

SMK_EXPORT int epoll_pwait2(int fd, struct epoll_event *events, int count, const struct timespec *ts,
                            const sigset_t *mask)
{
    POLL(epoll_pwait2, fd, (fd, events, count, ts, mask));
}
