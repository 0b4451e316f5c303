/* hook_start.c: the calls whose first one is the moment at which threads of ours may begin (start.h). They
 * are not recorded yet. Cancellation points stay what they are: nothing of ours is on the stack while the
 * real call waits. */
#define _GNU_SOURCE
#undef _FORTIFY_SOURCE
#include "core/fds.h"
#include "core/thread.h"
#include "source/resolve.h"
#include "source/start.h"

#define AT_WAIT(name, args)                                                                        \
    smk_start_check(SMK_START_AT_WAIT);                                                            \
    return SMK_REAL(name) args

#define AT_LIFE(name, args)                                                                        \
    smk_start_check(SMK_START_AT_LIFE);                                                            \
    return SMK_REAL(name) args

/* ---- waiting for a descriptor --------------------------------------------------------------------------- */

SMK_EXPORT int poll(struct pollfd *fds, nfds_t count, int ms) { AT_WAIT(poll, (fds, count, ms)); }

SMK_EXPORT int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *ts, const sigset_t *mask)
{
    AT_WAIT(ppoll, (fds, count, ts, mask));
}

/* What programs that were built with _FORTIFY_SOURCE call. */
int __poll_chk(struct pollfd *fds, nfds_t count, int ms, size_t size);
int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *ts, const sigset_t *mask, size_t size);

SMK_EXPORT int __poll_chk(struct pollfd *fds, nfds_t count, int ms, size_t size)
{
    AT_WAIT(__poll_chk, (fds, count, ms, size));
}

SMK_EXPORT int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *ts, const sigset_t *mask,
                           size_t size)
{
    AT_WAIT(__ppoll_chk, (fds, count, ts, mask, size));
}

SMK_EXPORT int select(int count, fd_set *r, fd_set *w, fd_set *x, struct timeval *tv)
{
    AT_WAIT(select, (count, r, w, x, tv));
}

SMK_EXPORT int pselect(int count, fd_set *r, fd_set *w, fd_set *x, const struct timespec *ts,
                       const sigset_t *mask)
{
    AT_WAIT(pselect, (count, r, w, x, ts, mask));
}

SMK_EXPORT int epoll_wait(int fd, struct epoll_event *events, int count, int ms)
{
    AT_WAIT(epoll_wait, (fd, events, count, ms));
}

SMK_EXPORT int epoll_pwait(int fd, struct epoll_event *events, int count, int ms, const sigset_t *mask)
{
    AT_WAIT(epoll_pwait, (fd, events, count, ms, mask));
}

SMK_EXPORT int epoll_pwait2(int fd, struct epoll_event *events, int count, const struct timespec *ts,
                            const sigset_t *mask)
{
    AT_WAIT(epoll_pwait2, (fd, events, count, ts, mask));
}

SMK_EXPORT int accept(int fd, SMK_SOCKADDR address, socklen_t *len) { AT_WAIT(accept, (fd, address, len)); }

/* The agent's libevent accepts on a socket of ours: what it gets is ours too, and moved before it is used. */
SMK_EXPORT int accept4(int fd, SMK_SOCKADDR address, socklen_t *len, int flags)
{
    if (SMK_UNLIKELY(smk_tls.quiet && smk_fd_is_ours(fd)))
        return smk_fd_keep(SMK_REAL(accept4)(fd, address, len, flags));
    AT_WAIT(accept4, (fd, address, len, flags));
}

/* ---- sleeping ------------------------------------------------------------------------------------------- */

SMK_EXPORT unsigned sleep(unsigned seconds) { AT_LIFE(sleep, (seconds)); }

SMK_EXPORT int usleep(useconds_t us) { AT_LIFE(usleep, (us)); }

SMK_EXPORT int nanosleep(const struct timespec *ts, struct timespec *left) { AT_LIFE(nanosleep, (ts, left)); }

SMK_EXPORT int clock_nanosleep(clockid_t clock, int flags, const struct timespec *ts, struct timespec *left)
{
    AT_LIFE(clock_nanosleep, (clock, flags, ts, left));
}
