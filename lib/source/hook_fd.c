/* hook_fd.c: the host's calls that close or replace descriptors by number pass over ours (core/fds.h) as if
 * they were not open.
 *
 * A single descriptor of ours gives EBADF, as a closed one does. That is also what dup2 onto one gives: the
 * range is just below the soft limit, where the next number gives EBADF anyway. A range is closed in the
 * pieces between ours. Threads of ours mean what they close.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <stdarg.h>
#include <sys/syscall.h>

#include "base/sys.h"
#include "core/fds.h"
#include "core/thread.h"
#include "source/futex.h"
#include "source/io.h"
#include "source/last.h"
#include "source/probe.h"
#include "source/resolve.h"

SMK_INLINE bool is_hidden(int fd) { return smk_fd_is_ours(fd) && !smk_tls.quiet; }

static SMK_COLD int not_open(void)
{
    errno = EBADF;
    return -1;
}

/* ---- one descriptor ------------------------------------------------------------------------------------- */

/* A close may wait: for data of a socket that lingers, for a file system far away. */
SMK_INLINE int close_seen(int fd, struct smk_caller from)
{
    if (!smk_gate_open(SMK_CAT_IO))
        return SMK_REAL(close)(fd);
    struct smk_io io;
    smk_io_begin(&io, SMK_CALL_close, fd, from);
    io.closes = true;
    if (smk_conn_may_be(io.slot) && io.seen.t) /* before the number may be another's */
        smk_conn_forget(io.seen.t, fd, io.seen.since);
    int rc = SMK_REAL(close)(fd);
    smk_io_end(&io, rc, false);
    smk_fd_forget(fd);
    return rc;
}

SMK_EXPORT int close(int fd)
{
    if (SMK_LIKELY(!smk_fd_is_ours(fd)))
        return close_seen(fd, SMK_CALLER);
    if (!smk_tls.quiet)
        return not_open();
    smk_fd_close(fd);
    return 0;
}

/* `to` is about to be `from`. */
static void replaces(int from, int to)
{
    if (from == to)
        return;
    smk_fd_forget(to);
    if (smk_gate_open(SMK_CAT_REQUEST) && !smk_tls.quiet)
        smk_conn_forget(smk_thread_self(), to, smk_ticks());
}

SMK_INLINE int copied(int from, int to)
{
    if (to >= 0 && smk_gate_open(SMK_CAT_REQUEST) && !smk_tls.quiet)
        smk_conn_copied(from, to);
    return to;
}

SMK_EXPORT int dup(int from)
{
    return is_hidden(from) ? not_open() : copied(from, SMK_REAL(dup)(from));
}

SMK_EXPORT int dup2(int from, int to)
{
    if (is_hidden(from) || is_hidden(to))
        return not_open();
    replaces(from, to);
    return copied(from, SMK_REAL(dup2)(from, to));
}

SMK_EXPORT int dup3(int from, int to, int flags)
{
    if (is_hidden(from) || is_hidden(to))
        return not_open();
    replaces(from, to);
    return copied(from, SMK_REAL(dup3)(from, to, flags));
}

/* A libevent base of ours opens a pair for itself when it is made, and closes it by number when it is freed:
 * it must still be the same then. */
SMK_EXPORT int pipe2(int fds[2], int flags)
{
    int rc = SMK_REAL(pipe2)(fds, flags);
    if (SMK_UNLIKELY(smk_tls.quiet && rc == 0)) {
        fds[0] = smk_fd_keep(fds[0]);
        fds[1] = smk_fd_keep(fds[1]);
    }
    return rc;
}

/* ---- ranges --------------------------------------------------------------------------------------------- */

/* Whether [first, last] has a descriptor of ours in it, and which is the lowest. */
static bool lowest_of_ours(unsigned first, unsigned last, unsigned *fd)
{
    unsigned start = smk_load_relaxed(&smk_fds_first);
    if (smk_tls.quiet || start == 0 || first >= start + SMK_FDS_MAX || last < start)
        return false;
    for (unsigned at = first > start ? first : start; at < start + SMK_FDS_MAX && at <= last; at++) {
        if (!smk_fd_is_ours((int)at))
            continue;
        *fd = at;
        return true;
    }
    return false;
}

/* Ours are closed on exec anyway, so marking them so is no harm. After the first piece the table of
 * descriptors is no longer shared: the flag need not be taken out for the next ones. */
static int close_range_around(unsigned first, unsigned last, int flags)
{
    unsigned ours;
    int rc = 0;
    while (first <= last && !(flags & CLOSE_RANGE_CLOEXEC) && lowest_of_ours(first, last, &ours)) {
        if (ours > first)
            rc = SMK_REAL(close_range)(first, ours - 1, flags);
        if (rc < 0)
            return rc;
        first = ours + 1;
    }
    return first <= last ? SMK_REAL(close_range)(first, last, flags) : rc;
}

SMK_EXPORT int close_range(unsigned first, unsigned last, int flags)
{
    unsigned ours;
    if (first > last || !lowest_of_ours(first, last, &ours))
        return SMK_REAL(close_range)(first, last, flags);
    return close_range_around(first, last, flags);
}

SMK_EXPORT void closefrom(int first)
{
    unsigned ours, from = first > 0 ? (unsigned)first : 0;
    int saved = errno;
    if (!lowest_of_ours(from, ~0u, &ours)) {
        SMK_REAL(closefrom)(first);
        return;
    }
    if (close_range_around(from, ~0u, 0) < 0) /* Linux before 5.9 */
        for (int fd = (int)from; fd < smk_sys_nofile_limit(); fd++)
            if (!is_hidden(fd))
                smk_sys_close(fd);
    errno = saved;
}

/* ---- the same through syscall() --------------------------------------------------------------------------- */

static bool closes_ours(long number, long a, long b)
{
    switch (number) {
    case SYS_close:
        return is_hidden((int)a);
#ifdef SYS_dup2
    case SYS_dup2:
#endif
    case SYS_dup3:
        return is_hidden((int)a) || is_hidden((int)b);
    default:
        return false;
    }
}

/* Here as well, since libseccomp comes this way. */
static SMK_COLD long set_filter(long number, const long a[6])
{
    long rc = SMK_REAL(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    if (rc == 0)
        smk_probe_filter_set();
    return rc;
}

/* All six arguments go on, whatever the call takes: those that the caller did not give are whatever lay
 * there, as they would be for libc's own function. */
SMK_EXPORT long syscall(long number, ...)
{
    long a[6];
    va_list args;
    va_start(args, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(args, long);
    va_end(args);
    if (SMK_UNLIKELY(smk_load_relaxed(&smk_fds_used) != 0)) {
        if (closes_ours(number, a[0], a[1]))
            return not_open();
        if (number == SYS_close_range)
            return close_range((unsigned)a[0], (unsigned)a[1], (int)a[2]);
    }
    if (number == SYS_futex && smk_gate_open(SMK_CAT_COND))
        return smk_futex_call(a, SMK_CALLER);
    if (SMK_UNLIKELY(number == SYS_seccomp))
        return set_filter(number, a);
    if (SMK_UNLIKELY(number == SYS_exit_group))
        smk_last_before_exit();
    if (SMK_UNLIKELY(number == SYS_execve))
        smk_last_before_exec((const char *)a[0]);
    return SMK_REAL(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
