/* resolve_alloc.h: of resolve.h's table, the allocator, and what locks begin and end with.
 *
 * The allocator is asked before anything can be looked up, by the look-up itself too (older libcs' dlsym and
 * dlerror allocate). So its functions have beginnings of their own (resolve_alloc.c): what the look-up asks
 * for comes from a small arena that is never given back.
 */
#ifndef SMK_SOURCE_RESOLVE_ALLOC_H
#define SMK_SOURCE_RESOLVE_ALLOC_H

#include <malloc.h>
#include <stdlib.h>

/* clang-format off */
#define SMK_REAL_ALLOC_CALLS(X)                                                                    \
    X(void *, malloc, NULL, (size_t size), (size), (errno = ENOMEM, NULL))                         \
    X(void, free, NULL, (void *block), (block), (void)0)                                           \
    X(void *, calloc, NULL, (size_t count, size_t size), (count, size), (errno = ENOMEM, NULL))    \
    X(void *, realloc, NULL, (void *block, size_t size), (block, size), (errno = ENOMEM, NULL))    \
    X(void *, reallocarray, NULL, (void *block, size_t count, size_t size), (block, count, size),  \
      (errno = ENOMEM, NULL))                                                                      \
    X(void *, aligned_alloc, NULL, (size_t align, size_t size), (align, size),                     \
      (errno = ENOMEM, NULL))                                                                      \
    X(int, posix_memalign, NULL, (void **block, size_t align, size_t size), (block, align, size),  \
      ENOMEM)                                                                                      \
    X(void *, memalign, NULL, (size_t align, size_t size), (align, size), (errno = ENOMEM, NULL))  \
    X(void *, valloc, NULL, (size_t size), (size), (errno = ENOMEM, NULL))                         \
    X(void *, pvalloc, NULL, (size_t size), (size), (errno = ENOMEM, NULL))                        \
    X(size_t, malloc_usable_size, NULL, (void *block), (block), 0)

#define SMK_REAL_INIT_CALLS(X)                                                                     \
    X(int, pthread_mutex_init, NULL,                                                               \
      (pthread_mutex_t *lock, const pthread_mutexattr_t *attr), (lock, attr), SMK_ABSENT_CODE)     \
    X(int, pthread_mutex_destroy, NULL, (pthread_mutex_t *lock), (lock), SMK_ABSENT_CODE)          \
    X(int, pthread_rwlock_init, NULL,                                                              \
      (pthread_rwlock_t *lock, const pthread_rwlockattr_t *attr), (lock, attr), SMK_ABSENT_CODE)   \
    X(int, pthread_rwlock_destroy, NULL, (pthread_rwlock_t *lock), (lock), SMK_ABSENT_CODE)        \
    X(int, pthread_cond_init, "GLIBC_2.3.2",                                                       \
      (pthread_cond_t *cond, const pthread_condattr_t *attr), (cond, attr), SMK_ABSENT_CODE)       \
    X(int, pthread_cond_destroy, "GLIBC_2.3.2", (pthread_cond_t *cond), (cond), SMK_ABSENT_CODE)   \
    X(int, sem_init, NULL, (sem_t *sem, int shared, unsigned value), (sem, shared, value),         \
      SMK_ABSENT_ERRNO)                                                                            \
    X(int, sem_destroy, NULL, (sem_t *sem), (sem), SMK_ABSENT_ERRNO)                               \
    X(int, mtx_init, NULL, (mtx_t *lock, int type), (lock, type), thrd_error)                      \
    X(void, mtx_destroy, NULL, (mtx_t *lock), (lock), (void)0)
/* clang-format on */

#endif
