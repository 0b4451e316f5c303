/* hook_init.c: where locks, conditions and semaphores begin and end: from there on an address means another one
 * (epochs.h). Also while nothing is armed, since a name ends there, too. None of these calls waits. */
#define _GNU_SOURCE
#include <errno.h>

#include "source/epochs.h"
#include "source/resolve.h"

#define BEGIN(object) smk_epoch_end((uint64_t)(uintptr_t)(object), SMK_EPOCH_INIT)
#define END(object)   smk_epoch_end((uint64_t)(uintptr_t)(object), SMK_EPOCH_DESTROY)

SMK_EXPORT int pthread_mutex_init(pthread_mutex_t *lock, const pthread_mutexattr_t *attr)
{
    BEGIN(lock);
    return SMK_REAL(pthread_mutex_init)(lock, attr);
}

SMK_EXPORT int pthread_mutex_destroy(pthread_mutex_t *lock)
{
    END(lock);
    return SMK_REAL(pthread_mutex_destroy)(lock);
}

SMK_EXPORT int pthread_rwlock_init(pthread_rwlock_t *lock, const pthread_rwlockattr_t *attr)
{
    BEGIN(lock);
    return SMK_REAL(pthread_rwlock_init)(lock, attr);
}

SMK_EXPORT int pthread_rwlock_destroy(pthread_rwlock_t *lock)
{
    END(lock);
    return SMK_REAL(pthread_rwlock_destroy)(lock);
}

SMK_EXPORT int pthread_cond_init(pthread_cond_t *cond, const pthread_condattr_t *attr)
{
    BEGIN(cond);
    return SMK_REAL(pthread_cond_init)(cond, attr);
}

SMK_EXPORT int pthread_cond_destroy(pthread_cond_t *cond)
{
    END(cond);
    return SMK_REAL(pthread_cond_destroy)(cond);
}

SMK_EXPORT int sem_init(sem_t *sem, int shared, unsigned value)
{
    BEGIN(sem);
    return SMK_REAL(sem_init)(sem, shared, value);
}

SMK_EXPORT int sem_destroy(sem_t *sem)
{
    END(sem);
    return SMK_REAL(sem_destroy)(sem);
}

SMK_EXPORT int mtx_init(mtx_t *lock, int type)
{
    BEGIN(lock);
    return SMK_REAL(mtx_init)(lock, type);
}

SMK_EXPORT void mtx_destroy(mtx_t *lock)
{
    END(lock);
    SMK_REAL(mtx_destroy)(lock);
}
