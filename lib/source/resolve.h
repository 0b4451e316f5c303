/* resolve.h: the functions of libc that we stand in front of, and how the real ones are reached.
 *
 *     return SMK_REAL(pthread_mutex_lock)(mutex);
 *
 * Each is a pointer that is always good. The constructor looks all of them up at once; until then a
 * pointer leads to a function that looks up this one and goes on to it, since other constructors
 * (an allocator's) call us before ours runs. After the constructor nothing is looked up any more: dlsym
 * takes the loader's lock, and a plugin's constructor may wait under it for a thread whose first wrapped
 * call would then wait for the lock.
 */
#ifndef SMK_SOURCE_RESOLVE_H
#define SMK_SOURCE_RESOLVE_H

#ifndef _GNU_SOURCE
#error "libc declares all of these under _GNU_SOURCE only"
#endif

#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#include "base/atomic.h"
#include "base/compiler.h"
#include "source/resolve_alloc.h"
#include "source/resolve_io.h"
#include "source/resolve_more.h"
#include "source/resolve_stdio.h"

/* What a call gives where libc has no such function. */
#define SMK_ABSENT_CODE  ENOSYS
#define SMK_ABSENT_ERRNO (errno = ENOSYS, -1)

/*    result, name, version that it must have, parameters, arguments, where it is absent
 *
 * The versions: dlsym may give the condition variables of glibc before 2.3.2, which have another size (glibc
 * bug 14932). Where libc does not know the version (arm64), dlsym is right. */
/* clang-format off */
#define SMK_REAL_THREAD_CALLS(X)                                                                   \
    X(int, pthread_mutex_lock, NULL, (pthread_mutex_t *mutex), (mutex), SMK_ABSENT_CODE)           \
    X(int, pthread_mutex_trylock, NULL, (pthread_mutex_t *mutex), (mutex), SMK_ABSENT_CODE)        \
    X(int, pthread_mutex_timedlock, NULL, (pthread_mutex_t *mutex, const struct timespec *until),  \
      (mutex, until), SMK_ABSENT_CODE)                                                             \
    X(int, pthread_mutex_clocklock, NULL,                                                          \
      (pthread_mutex_t *mutex, clockid_t clock, const struct timespec *until),                     \
      (mutex, clock, until), SMK_ABSENT_CODE)                                                      \
    X(int, pthread_mutex_unlock, NULL, (pthread_mutex_t *mutex), (mutex), SMK_ABSENT_CODE)         \
    X(int, pthread_cond_wait, "GLIBC_2.3.2", (pthread_cond_t *cond, pthread_mutex_t *mutex),       \
      (cond, mutex), SMK_ABSENT_CODE)                                                              \
    X(int, pthread_cond_timedwait, "GLIBC_2.3.2",                                                  \
      (pthread_cond_t *cond, pthread_mutex_t *mutex, const struct timespec *until),                \
      (cond, mutex, until), SMK_ABSENT_CODE)                                                       \
    X(int, pthread_cond_clockwait, NULL,                                                           \
      (pthread_cond_t *cond, pthread_mutex_t *mutex, clockid_t clock,                              \
       const struct timespec *until), (cond, mutex, clock, until), SMK_ABSENT_CODE)                \
    X(int, pthread_cond_signal, "GLIBC_2.3.2", (pthread_cond_t *cond), (cond), SMK_ABSENT_CODE)    \
    X(int, pthread_cond_broadcast, "GLIBC_2.3.2", (pthread_cond_t *cond), (cond), SMK_ABSENT_CODE) \
    X(int, cnd_wait, NULL, (cnd_t *cond, mtx_t *mutex), (cond, mutex), thrd_error)                 \
    X(int, cnd_timedwait, NULL, (cnd_t *cond, mtx_t *mutex, const struct timespec *until),         \
      (cond, mutex, until), thrd_error)                                                            \
    X(int, cnd_signal, NULL, (cnd_t *cond), (cond), thrd_error)                                    \
    X(int, cnd_broadcast, NULL, (cnd_t *cond), (cond), thrd_error)                                 \
    X(int, sem_wait, NULL, (sem_t *sem), (sem), SMK_ABSENT_ERRNO)                                  \
    X(int, sem_timedwait, NULL, (sem_t *sem, const struct timespec *until), (sem, until),          \
      SMK_ABSENT_ERRNO)                                                                            \
    X(int, sem_clockwait, NULL, (sem_t *sem, clockid_t clock, const struct timespec *until),       \
      (sem, clock, until), SMK_ABSENT_ERRNO)                                                       \
    X(int, sem_post, NULL, (sem_t *sem), (sem), SMK_ABSENT_ERRNO)                                  \
    X(int, pthread_barrier_wait, NULL, (pthread_barrier_t *barrier), (barrier), SMK_ABSENT_CODE)   \
    X(int, pthread_create, NULL,                                                                   \
      (pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg),            \
      (thread, attr, run, arg), SMK_ABSENT_CODE)                                                   \
    X(int, pthread_setname_np, NULL, (pthread_t thread, const char *name), (thread, name),         \
      SMK_ABSENT_CODE)                                                                             \
    X(int, dlclose, NULL, (void *handle), (handle), -1)                                            \
    X(int, prctl, NULL, (int option, long a, long b, long c, long d), (option, a, b, c, d),        \
      SMK_ABSENT_ERRNO)                                                                            \
    X(int, close, NULL, (int fd), (fd), SMK_ABSENT_ERRNO)                                          \
    X(int, close_range, NULL, (unsigned first, unsigned last, int flags), (first, last, flags),    \
      SMK_ABSENT_ERRNO)                                                                            \
    X(void, closefrom, NULL, (int first), (first), (void)0)                                        \
    X(int, dup, NULL, (int from), (from), SMK_ABSENT_ERRNO)                                        \
    X(int, dup2, NULL, (int from, int to), (from, to), SMK_ABSENT_ERRNO)                           \
    X(int, dup3, NULL, (int from, int to, int flags), (from, to, flags), SMK_ABSENT_ERRNO)         \
    X(int, pipe2, NULL, (int *fds, int flags), (fds, flags), SMK_ABSENT_ERRNO)                     \
    X(long, syscall, NULL, (long number, long a, long b, long c, long d, long e, long f),          \
      (number, a, b, c, d, e, f), SMK_ABSENT_ERRNO)                                                \
    X(int, poll, NULL, (struct pollfd *fds, nfds_t count, int ms), (fds, count, ms),               \
      SMK_ABSENT_ERRNO)                                                                            \
    X(int, ppoll, NULL,                                                                            \
      (struct pollfd *fds, nfds_t count, const struct timespec *ts, const sigset_t *mask),         \
      (fds, count, ts, mask), SMK_ABSENT_ERRNO)                                                    \
    X(int, __poll_chk, NULL, (struct pollfd *fds, nfds_t count, int ms, size_t size),              \
      (fds, count, ms, size), SMK_ABSENT_ERRNO)                                                    \
    X(int, __ppoll_chk, NULL,                                                                      \
      (struct pollfd *fds, nfds_t count, const struct timespec *ts, const sigset_t *mask,          \
       size_t size), (fds, count, ts, mask, size), SMK_ABSENT_ERRNO)                               \
    X(int, select, NULL, (int count, fd_set *r, fd_set *w, fd_set *x, struct timeval *tv),         \
      (count, r, w, x, tv), SMK_ABSENT_ERRNO)                                                      \
    X(int, pselect, NULL,                                                                          \
      (int count, fd_set *r, fd_set *w, fd_set *x, const struct timespec *ts,                      \
       const sigset_t *mask), (count, r, w, x, ts, mask), SMK_ABSENT_ERRNO)                        \
    X(int, epoll_pwait, NULL,                                                                      \
      (int fd, struct epoll_event *events, int count, int ms, const sigset_t *mask),               \
      (fd, events, count, ms, mask), SMK_ABSENT_ERRNO)                                             \
    X(int, epoll_pwait2, NULL,                                                                     \
      (int fd, struct epoll_event *events, int count, const struct timespec *ts,                   \
       const sigset_t *mask), (fd, events, count, ts, mask), SMK_ABSENT_ERRNO)                     \
    X(unsigned, sleep, NULL, (unsigned seconds), (seconds), seconds)                               \
    X(int, usleep, NULL, (useconds_t us), (us), SMK_ABSENT_ERRNO)                                  \
    X(int, nanosleep, NULL, (const struct timespec *ts, struct timespec *left), (ts, left),        \
      SMK_ABSENT_ERRNO)                                                                            \
    X(int, clock_nanosleep, NULL,                                                                  \
      (clockid_t clock, int flags, const struct timespec *ts, struct timespec *left),              \
      (clock, flags, ts, left), SMK_ABSENT_CODE)                                                   \
    X(int, thrd_sleep, NULL, (const struct timespec *ts, struct timespec *left), (ts, left), -2)   \
    X(int, pause, NULL, (void), (), SMK_ABSENT_ERRNO)                                              \
    X(int, sigsuspend, NULL, (const sigset_t *mask), (mask), SMK_ABSENT_ERRNO)                     \
    X(int, sigwait, NULL, (const sigset_t *set, int *number), (set, number), SMK_ABSENT_CODE)      \
    X(int, sigwaitinfo, NULL, (const sigset_t *set, siginfo_t *info), (set, info),                 \
      SMK_ABSENT_ERRNO)                                                                            \
    X(int, sigtimedwait, NULL,                                                                     \
      (const sigset_t *set, siginfo_t *info, const struct timespec *ts), (set, info, ts),          \
      SMK_ABSENT_ERRNO)
/* clang-format on */

#define SMK_REAL_OTHER_CALLS(X)                                                                    \
    SMK_REAL_THREAD_CALLS(X)                                                                       \
    SMK_REAL_INIT_CALLS(X)                                                                         \
    SMK_REAL_DESCRIPTOR_CALLS(X)                                                                   \
    SMK_REAL_FILE_CALLS(X)                                                                         \
    SMK_REAL_LOCK_CALLS(X)                                                                         \
    SMK_REAL_JOIN_CALLS(X)                                                                         \
    SMK_REAL_MEMORY_CALLS(X)                                                                       \
    SMK_REAL_NAME_CALLS(X)                                                                         \
    SMK_REAL_END_CALLS(X)                                                                          \
    SMK_REAL_STREAM_CALLS(X)

/* All whose look-up needs nothing. */
#define SMK_REAL_PLAIN_CALLS(X)                                                                    \
    SMK_REAL_SERVER_CALLS(X)                                                                       \
    SMK_REAL_OTHER_CALLS(X)

#define SMK_REAL_CALLS(X)                                                                          \
    SMK_REAL_SERVER_CALLS(X)                                                                       \
    SMK_REAL_ALLOC_CALLS(X)                                                                        \
    SMK_REAL_OTHER_CALLS(X)

struct smk_real {
#define X(result, name, version, params, args, absent) result(*name) params;
    SMK_REAL_CALLS(X)
#undef X
};

extern struct smk_real smk_real; /* atomic */

#define SMK_REAL(name) smk_load_relaxed(&smk_real.name)

/* The allocator's, before the constructor. */
#define X(result, name, version, params, args, absent) result smk_first_##name params;
SMK_REAL_ALLOC_CALLS(X)
#undef X
int smk_resolve_alloc(void);
size_t smk_resolve_alloc_absent(char *text, size_t size);

/* This thread is looking something up; the allocator's functions serve that from their arena. */
extern SMK_TLS uint8_t smk_resolving;
void *smk_resolve_find(const char *name, const char *version);

/* Looks up all of them. From the constructor, with no lock held. Returns how many libc does not have. */
int smk_resolve_all(void);

/* Names of those that libc does not have, with spaces between; its length. */
size_t smk_resolve_absent(char *text, size_t size);

#endif
