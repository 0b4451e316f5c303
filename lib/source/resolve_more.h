/* resolve_more.h: of resolve.h's table, read-write locks and C11's mutexes, waits for an end, memory, names. */
#ifndef SMK_SOURCE_RESOLVE_MORE_H
#define SMK_SOURCE_RESOLVE_MORE_H

#include <netdb.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <threads.h>

/* clang-format off */
#define SMK_REAL_LOCK_CALLS(X)                                                                     \
    X(int, pthread_rwlock_rdlock, NULL, (pthread_rwlock_t *lock), (lock), SMK_ABSENT_CODE)         \
    X(int, pthread_rwlock_wrlock, NULL, (pthread_rwlock_t *lock), (lock), SMK_ABSENT_CODE)         \
    X(int, pthread_rwlock_tryrdlock, NULL, (pthread_rwlock_t *lock), (lock), SMK_ABSENT_CODE)      \
    X(int, pthread_rwlock_trywrlock, NULL, (pthread_rwlock_t *lock), (lock), SMK_ABSENT_CODE)      \
    X(int, pthread_rwlock_timedrdlock, NULL,                                                       \
      (pthread_rwlock_t *lock, const struct timespec *until), (lock, until), SMK_ABSENT_CODE)      \
    X(int, pthread_rwlock_timedwrlock, NULL,                                                       \
      (pthread_rwlock_t *lock, const struct timespec *until), (lock, until), SMK_ABSENT_CODE)      \
    X(int, pthread_rwlock_clockrdlock, NULL,                                                       \
      (pthread_rwlock_t *lock, clockid_t clock, const struct timespec *until),                     \
      (lock, clock, until), SMK_ABSENT_CODE)                                                       \
    X(int, pthread_rwlock_clockwrlock, NULL,                                                       \
      (pthread_rwlock_t *lock, clockid_t clock, const struct timespec *until),                     \
      (lock, clock, until), SMK_ABSENT_CODE)                                                       \
    X(int, pthread_rwlock_unlock, NULL, (pthread_rwlock_t *lock), (lock), SMK_ABSENT_CODE)         \
    X(int, mtx_lock, NULL, (mtx_t *mutex), (mutex), thrd_error)                                    \
    X(int, mtx_trylock, NULL, (mtx_t *mutex), (mutex), thrd_error)                                 \
    X(int, mtx_timedlock, NULL, (mtx_t *mutex, const struct timespec *until),                      \
      (mutex, until), thrd_error)                                                                  \
    X(int, mtx_unlock, NULL, (mtx_t *mutex), (mutex), thrd_error)

#define SMK_REAL_JOIN_CALLS(X)                                                                     \
    X(int, pthread_join, NULL, (pthread_t thread, void **result),                                  \
      (thread, result), SMK_ABSENT_CODE)                                                           \
    X(int, pthread_timedjoin_np, NULL,                                                             \
      (pthread_t thread, void **result, const struct timespec *until),                             \
      (thread, result, until), SMK_ABSENT_CODE)                                                    \
    X(int, pthread_clockjoin_np, NULL,                                                             \
      (pthread_t thread, void **result, clockid_t clock, const struct timespec *until),            \
      (thread, result, clock, until), SMK_ABSENT_CODE)                                             \
    X(int, thrd_join, NULL, (thrd_t thread, int *result), (thread, result), thrd_error)            \
    X(pid_t, wait, NULL, (int *status), (status), SMK_ABSENT_ERRNO)                                \
    X(pid_t, waitpid, NULL, (pid_t pid, int *status, int options),                                 \
      (pid, status, options), SMK_ABSENT_ERRNO)                                                    \
    X(pid_t, wait3, NULL, (int *status, int options, struct rusage *usage),                        \
      (status, options, usage), SMK_ABSENT_ERRNO)                                                  \
    X(pid_t, wait4, NULL, (pid_t pid, int *status, int options, struct rusage *usage),             \
      (pid, status, options, usage), SMK_ABSENT_ERRNO)                                             \
    X(int, waitid, NULL, (idtype_t type, id_t id, siginfo_t *info, int options),                   \
      (type, id, info, options), SMK_ABSENT_ERRNO)

#define SMK_REAL_MEMORY_CALLS(X)                                                                   \
    X(void *, mmap, NULL,                                                                          \
      (void *at, size_t len, int protection, int flags, int fd, off_t offset),                     \
      (at, len, protection, flags, fd, offset), (errno = ENOSYS, MAP_FAILED))                      \
    X(void *, mmap64, NULL,                                                                        \
      (void *at, size_t len, int protection, int flags, int fd, off_t offset),                     \
      (at, len, protection, flags, fd, offset), (errno = ENOSYS, MAP_FAILED))                      \
    X(int, munmap, NULL, (void *at, size_t len), (at, len), SMK_ABSENT_ERRNO)                      \
    X(int, madvise, NULL, (void *at, size_t len, int advice),                                      \
      (at, len, advice), SMK_ABSENT_ERRNO)                                                         \
    X(int, mprotect, NULL, (void *at, size_t len, int protection),                                 \
      (at, len, protection), SMK_ABSENT_ERRNO)                                                     \
    X(int, msync, NULL, (void *at, size_t len, int flags),                                         \
      (at, len, flags), SMK_ABSENT_ERRNO)                                                          \
    X(void *, mremap, NULL, (void *at, size_t len, size_t new_len, int flags, void *new_at),       \
      (at, len, new_len, flags, new_at), (errno = ENOSYS, MAP_FAILED))                             \
    X(int, brk, NULL, (void *end), (end), SMK_ABSENT_ERRNO)                                        \
    X(void *, sbrk, NULL, (intptr_t more), (more), (errno = ENOSYS, (void *)-1))

#define SMK_REAL_NAME_CALLS(X)                                                                     \
    X(int, getaddrinfo, NULL,                                                                      \
      (const char *node, const char *service, const struct addrinfo *hints,                        \
       struct addrinfo **result), (node, service, hints, result), EAI_SYSTEM)                      \
    X(int, getnameinfo, NULL,                                                                      \
      (const struct sockaddr *address, socklen_t size, char *host, socklen_t host_size,            \
       char *service, socklen_t service_size, int flags),                                          \
      (address, size, host, host_size, service, service_size, flags), EAI_SYSTEM)                  \
    X(struct hostent *, gethostbyname, NULL, (const char *name), (name), NULL)

#define SMK_REAL_END_CALLS(X)                                                                      \
    X(void, _exit, NULL, (int code), (code), (void)0)                                              \
    X(void, _Exit, NULL, (int code), (code), (void)0)                                              \
    X(int, daemon, NULL, (int stay, int keep), (stay, keep), SMK_ABSENT_ERRNO)                     \
    X(int, execve, NULL, (const char *path, char *const argv[], char *const envp[]),               \
      (path, argv, envp), SMK_ABSENT_ERRNO)                                                        \
    X(int, execv, NULL, (const char *path, char *const argv[]), (path, argv), SMK_ABSENT_ERRNO)    \
    X(int, execvp, NULL, (const char *name, char *const argv[]), (name, argv), SMK_ABSENT_ERRNO)   \
    X(int, execvpe, NULL, (const char *name, char *const argv[], char *const envp[]),              \
      (name, argv, envp), SMK_ABSENT_ERRNO)                                                        \
    X(int, fexecve, NULL, (int fd, char *const argv[], char *const envp[]), (fd, argv, envp),      \
      SMK_ABSENT_ERRNO)                                                                            \
    X(int, execveat, NULL,                                                                         \
      (int dir, const char *path, char *const argv[], char *const envp[], int flags),              \
      (dir, path, argv, envp, flags), SMK_ABSENT_ERRNO)
/* clang-format on */

#endif
