/* Threads that lock, wait for conditions, are refused and run out of time, while the gate opens and closes
 * under them: nobody is ever with another in a lock, nobody hangs, and no counter of waiters is left over. */
#define _GNU_SOURCE
#include "unit/smk_test.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "base/sys.h"
#include "source/contended.h"
#include "unit/source/records.h"

enum { THREADS = 4, LOCKS = 3, ARMINGS = 60, ARMED_NS = 3000000 };

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    uint64_t inside; /* mutex: not atomic on purpose */
    uint64_t turns;  /* mutex */
} locks[LOCKS];

static uint32_t stop;   /* atomic */
static uint32_t broken; /* atomic */

static bool take(pthread_mutex_t *mutex, unsigned way)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 50000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    switch (way % 4) {
    case 0:
        return pthread_mutex_trylock(mutex) == 0;
    case 1:
        return pthread_mutex_timedlock(mutex, &until) == 0;
    case 2:
        if (SMK_TSAN) /* it does not know clocklock */
            return false;
        return pthread_mutex_clocklock(mutex, CLOCK_REALTIME, &until) == 0;
    default:
        return pthread_mutex_lock(mutex) == 0;
    }
}

static void *turns(void *arg)
{
    unsigned random = (unsigned)(uintptr_t)arg;
    while (!smk_load_relaxed(&stop)) {
        random = random * 1664525 + 1013904223;
        unsigned at = (random >> 16) % LOCKS;
        if (!take(&locks[at].mutex, random >> 24))
            continue;
        if (locks[at].inside++ != 0)
            smk_store_relaxed(&broken, 1);
        locks[at].turns++;
        for (unsigned spin = (random >> 8) % 2000; spin > 0; spin--)
            smk_cpu_pause();
        locks[at].inside--;
        if (random % 64 == 0) {
            struct timespec past = {0, 0};
            pthread_cond_timedwait(&locks[at].cond, &locks[at].mutex, &past);
        }
        pthread_mutex_unlock(&locks[at].mutex);
    }
    return NULL;
}

static void make_locks(void)
{
    static const int types[LOCKS] = {PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_NORMAL};
    for (int i = 0; i < LOCKS; i++) {
        pthread_mutexattr_t attr;
        pthread_mutexattr_init(&attr);
        pthread_mutexattr_settype(&attr, types[i]);
        pthread_mutexattr_setprotocol(&attr, i == 2 ? PTHREAD_PRIO_INHERIT : PTHREAD_PRIO_NONE);
        assert_int_equal(pthread_mutex_init(&locks[i].mutex, &attr), 0);
        pthread_cond_init(&locks[i].cond, NULL);
        pthread_mutexattr_destroy(&attr);
    }
}

static void test_arming_under_load(void **state)
{
    pthread_t threads[THREADS];
    (void)state;
    make_locks();
    for (uintptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, turns, (void *)(i + 1)), 0);
    for (int i = 0; i < ARMINGS; i++) {
        arm(SMK_CAT_LOCK | SMK_CAT_SCHED);
        smk_sys_sleep(ARMED_NS);
        disarm();
    }
    smk_store_relaxed(&stop, 1);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(broken, 0);
    for (int i = 0; i < LOCKS; i++) {
        assert_true(locks[i].turns > 0);
        assert_int_equal(locks[i].inside, 0);
    }
    for (unsigned i = 0; i < SMK_CONTENDED_PLACES; i++)
        assert_int_equal(smk_contended[i].waiting, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_arming_under_load)};
    return SMK_RUN(tests);
}
