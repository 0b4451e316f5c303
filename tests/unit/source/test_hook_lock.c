#define _GNU_SOURCE
#include "unit/smk_test.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "base/sys.h"
#include "unit/source/records.h"
#include "source/held.h"
#include "source/resolve.h"

/* ---- results: ours are libc's ---------------------------------------------------------------------------- */

struct lock_calls {
    int (*lock)(pthread_mutex_t *);
    int (*trylock)(pthread_mutex_t *);
    int (*timedlock)(pthread_mutex_t *, const struct timespec *);
    int (*clocklock)(pthread_mutex_t *, clockid_t, const struct timespec *);
    int (*unlock)(pthread_mutex_t *);
};

static const struct lock_calls ours = {pthread_mutex_lock, pthread_mutex_trylock, pthread_mutex_timedlock,
                                       pthread_mutex_clocklock, pthread_mutex_unlock};

static struct lock_calls libc_calls(void)
{
    return (struct lock_calls){smk_real.pthread_mutex_lock, smk_real.pthread_mutex_trylock,
                               smk_real.pthread_mutex_timedlock, smk_real.pthread_mutex_clocklock,
                               smk_real.pthread_mutex_unlock};
}

struct kind {
    int type, robust, protocol;
};

static bool make_mutex(pthread_mutex_t *mutex, const struct kind *kind)
{
    pthread_mutexattr_t attr;
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_settype(&attr, kind->type);
    pthread_mutexattr_setrobust(&attr, kind->robust);
    int rc = pthread_mutexattr_setprotocol(&attr, kind->protocol);
    if (rc == 0)
        rc = pthread_mutex_init(mutex, &attr);
    pthread_mutexattr_destroy(&attr);
    return rc == 0;
}

static struct timespec in(clockid_t clock, long ms)
{
    struct timespec ts;
    clock_gettime(clock, &ts);
    ts.tv_nsec += ms * 1000000;
    ts.tv_sec += ts.tv_nsec / 1000000000;
    ts.tv_nsec %= 1000000000;
    return ts;
}

/* Another thread that holds the mutex while `go` is not set, and may end without giving it up. */
struct other {
    pthread_t thread;
    pthread_mutex_t *mutex;
    const struct lock_calls *calls;
    uint32_t held, go; /* atomic */
    bool dies;
    uint32_t tid;
};

static void await(uint32_t *word)
{
    while (!smk_load_acquire(word))
        smk_sys_sleep(100000);
}

static void *other_main(void *arg)
{
    struct other *other = arg;
    smk_store_release(&other->tid, (uint32_t)smk_sys_gettid());
    other->calls->lock(other->mutex);
    smk_store_release(&other->held, 1);
    await(&other->go);
    if (!other->dies)
        other->calls->unlock(other->mutex);
    return NULL;
}

static void other_begin(struct other *other)
{
    assert_int_equal(pthread_create(&other->thread, NULL, other_main, other), 0);
    await(&other->held);
}

static void other_end(struct other *other)
{
    smk_store_release(&other->go, 1);
    pthread_join(other->thread, NULL);
}

/* Everything that can be asked without waiting for ever, as a list of results. */
#define RESULTS 64
struct results {
    int code[RESULTS];
    int count;
};

static void note(struct results *results, int code)
{
    assert_true(results->count < RESULTS);
    results->code[results->count++] = code | errno << 16; /* which is 4711 but where libc changes it */
    errno = 4711;
}

static void ask_free(const struct lock_calls *calls, pthread_mutex_t *mutex, struct results *results)
{
    const struct timespec none = {0, -1};
    struct timespec soon = in(CLOCK_MONOTONIC, 5);
    note(results, calls->lock(mutex));
    note(results, calls->unlock(mutex));
    note(results, calls->trylock(mutex));
    note(results, calls->unlock(mutex));
    note(results, calls->timedlock(mutex, &none)); /* nothing to wait for: the time is not looked at */
    note(results, calls->unlock(mutex));
    static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME, 99};
    for (size_t i = 0; i < SMK_ARRAY_LEN(clocks); i++) {
        int code = calls->clocklock(mutex, clocks[i], &soon);
        note(results, code);
        if (code == 0)
            note(results, calls->unlock(mutex));
    }
}

static void ask_own(const struct lock_calls *calls, pthread_mutex_t *mutex, const struct kind *kind,
                    struct results *results)
{
    struct timespec soon = in(CLOCK_REALTIME, 5), soon_here = in(CLOCK_MONOTONIC, 5);
    const struct timespec none = {0, 1000000000};
    bool recursive = kind->type == PTHREAD_MUTEX_RECURSIVE;
    note(results, calls->lock(mutex));
    note(results, calls->trylock(mutex));
    if (recursive || kind->type == PTHREAD_MUTEX_ERRORCHECK)
        note(results, calls->lock(mutex));
    /* A normal one that inherits and is locked twice stops in libc for ever, whatever the time. */
    if (recursive || kind->protocol != PTHREAD_PRIO_INHERIT) {
        note(results, calls->timedlock(mutex, &soon));
        note(results, calls->timedlock(mutex, &none));
        note(results, calls->clocklock(mutex, CLOCK_MONOTONIC, &soon_here));
    }
    while (results->count < RESULTS - 1 && calls->unlock(mutex) == 0 && recursive)
        note(results, 0);
    note(results, kind->type == PTHREAD_MUTEX_NORMAL ? 0 : calls->unlock(mutex)); /* not ours any more */
}

static void ask_others(const struct lock_calls *calls, pthread_mutex_t *mutex, struct results *results)
{
    struct other other = {.mutex = mutex, .calls = calls};
    struct timespec soon = in(CLOCK_REALTIME, 5), soon_here = in(CLOCK_MONOTONIC, 5);
    const struct timespec none = {0, -1}, past = {0, 0};
    other_begin(&other);
    errno = 4711;
    note(results, calls->trylock(mutex));
    note(results, calls->timedlock(mutex, &soon));
    note(results, calls->timedlock(mutex, &past));
    note(results, calls->timedlock(mutex, &none));
    note(results, calls->clocklock(mutex, CLOCK_MONOTONIC, &soon_here));
    note(results, calls->clocklock(mutex, 99, &soon));
    other_end(&other);
    errno = 4711;
}

static void ask_dead(const struct lock_calls *calls, pthread_mutex_t *mutex, struct results *results)
{
    struct other other = {.mutex = mutex, .calls = calls, .dies = true};
    other_begin(&other);
    other_end(&other);
    errno = 4711;
    note(results, calls->lock(mutex)); /* EOWNERDEAD */
    note(results, calls->unlock(mutex));
    note(results, calls->lock(mutex)); /* ENOTRECOVERABLE */
    note(results, calls->trylock(mutex));
}

struct question {
    const struct lock_calls *calls;
    struct kind kind;
    struct results results;
};

static void *ask_all(void *arg)
{
    struct question *question = arg;
    const struct lock_calls *calls = question->calls;
    const struct kind *kind = &question->kind;
    struct results *results = &question->results;
    pthread_mutex_t mutex;
    if (!make_mutex(&mutex, kind))
        return NULL;
    errno = 4711;
    ask_free(calls, &mutex, results);
    ask_own(calls, &mutex, kind, results);
    ask_others(calls, &mutex, results);
    if (kind->robust == PTHREAD_MUTEX_ROBUST)
        ask_dead(calls, &mutex, results);
    pthread_mutex_destroy(&mutex);
    note(results, calls->lock(&mutex)); /* EINVAL: no mutex any more */
    return NULL;
}

/* On a thread of its own: with priority ceilings libc's answers depend on what the thread did before. */
static struct results ask(const struct lock_calls *calls, struct kind kind)
{
    struct question question = {calls, kind, {.count = 0}};
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, ask_all, &question), 0);
    pthread_join(thread, NULL);
    return question.results;
}

static void test_results_are_libcs(void **state)
{
    static const int types[] = {PTHREAD_MUTEX_NORMAL, PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_ERRORCHECK,
                                PTHREAD_MUTEX_ADAPTIVE_NP};
    static const int robusts[] = {PTHREAD_MUTEX_STALLED, PTHREAD_MUTEX_ROBUST};
    static const int protocols[] = {PTHREAD_PRIO_NONE, PTHREAD_PRIO_INHERIT, PTHREAD_PRIO_PROTECT};
    const struct lock_calls libc = libc_calls();
    (void)state;
    if (SMK_TSAN)
        skip(); /* it has wrappers of its own, and says aloud what is asked here */
    arm(SMK_CAT_LOCK);
    for (size_t t = 0; t < SMK_ARRAY_LEN(types); t++)
        for (size_t r = 0; r < SMK_ARRAY_LEN(robusts); r++)
            for (size_t p = 0; p < SMK_ARRAY_LEN(protocols); p++) {
                struct kind kind = {types[t], robusts[r], protocols[p]};
                struct results expected = ask(&libc, kind), got = ask(&ours, kind);
                assert_int_equal(got.count, expected.count);
                assert_memory_equal(got.code, expected.code, sizeof got.code);
            }
    disarm();
}

/* ---- what is recorded --------------------------------------------------------------------------------------- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void test_uncontended_records_nothing(void **state)
{
    (void)state;
    arm(SMK_CAT_LOCK);
    uint64_t since = smk_ticks();
    uint64_t waits = smk_stats.lock_waits;
    for (int i = 0; i < 1000; i++) {
        pthread_mutex_lock(&lock);
        assert_int_equal(pthread_mutex_trylock(&lock), EBUSY);
        pthread_mutex_unlock(&lock);
    }
    read_records(since);
    assert_int_equal(record_count, 0);
    assert_int_equal(smk_stats.lock_waits, waits);
    assert_true(smk_stats.lock_refused >= 1000);
    disarm();
}

/* The place of a wait, as another thread sees it while it lasts. */
struct seen {
    struct smk_wait_now wait;
    uint32_t tid;
    bool found;
};

static bool see_wait(struct smk_thread *t, void *arg)
{
    struct seen *seen = arg;
    if (t->tid != seen->tid)
        return true;
    seen->found = smk_wait_read(t, &seen->wait);
    return false;
}

static void see_waiting(struct seen *seen)
{
    while (!seen->found) {
        smk_threads_each(see_wait, seen);
        smk_sys_sleep(100000);
    }
}

struct waiter {
    uint32_t tid, ready; /* atomic */
    uint64_t fp;
};

/* Knows its own frame, which is the wrapper's caller's. */
static SMK_NOINLINE void wait_here(struct waiter *waiter)
{
    waiter->fp = (uint64_t)(uintptr_t)__builtin_frame_address(0);
    smk_store_release(&waiter->ready, 1);
    pthread_mutex_lock(&lock);
    pthread_mutex_unlock(&lock);
    __asm__ volatile("" ::: "memory"); /* no jump in the place of the last call */
}

static void *waiter_main(void *arg)
{
    struct waiter *waiter = arg;
    smk_store_release(&waiter->tid, (uint32_t)smk_sys_gettid());
    wait_here(waiter);
    return NULL;
}

static void test_wait_and_release(void **state)
{
    pthread_t thread;
    struct waiter waiter = {0};
    uint32_t me = (uint32_t)smk_sys_gettid();
    (void)state;
    arm(SMK_CAT_LOCK);
    uint64_t since = smk_ticks();
    pthread_mutex_lock(&lock);
    pthread_create(&thread, NULL, waiter_main, &waiter);
    await(&waiter.ready);
    struct seen seen = {.tid = waiter.tid};
    see_waiting(&seen);
    smk_sys_sleep(5000000);
    pthread_mutex_unlock(&lock);
    pthread_join(thread, NULL);
    read_records(since);

    assert_int_equal(seen.wait.kind, SMK_WAIT_LOCK);
    assert_int_equal(seen.wait.object, (uint64_t)(uintptr_t)&lock);
    assert_int_equal(seen.wait.holder, me);
    assert_int_equal(seen.wait.fp, waiter.fp);
    assert_true(seen.wait.sp < waiter.fp && waiter.fp - seen.wait.sp < 4096);
    assert_true(seen.wait.pc - (uint64_t)(uintptr_t)wait_here < 1024);

    const struct record *wait = find_record(SMK_EV_LOCK_WAIT, waiter.tid);
    assert_non_null(wait);
    assert_true(smk_ticks_to_ns(wait->args[0]) >= 5000000); /* duration */
    assert_int_equal(wait->args[1], (uint64_t)(uintptr_t)&lock);
    assert_int_equal(wait->args[2], me); /* holder */
    assert_int_equal(wait->args[3], me); /* releaser */
    assert_int_equal(wait->args[4], SMK_LOCK_ACQUIRED);
    const struct record *release = find_record(SMK_EV_LOCK_RELEASE, me);
    assert_non_null(release);
    assert_int_equal(release->args[1], (uint64_t)(uintptr_t)&lock);
    assert_int_equal(release->args[2], 0); /* got it without waiting: held since unknown */
    assert_true(release->ticks - release->args[0] <= wait->ticks);
    assert_int_equal(count_of(SMK_EV_LOCK_WAIT), 1);
    assert_int_equal(count_of(SMK_EV_LOCK_RELEASE), 1);
    disarm();
}

static void *quiet_main(void *arg)
{
    smk_thread_hide();
    return waiter_main(arg);
}

static void test_quiet_thread_is_let_through(void **state)
{
    pthread_t thread;
    struct waiter waiter = {0};
    (void)state;
    arm(SMK_CAT_LOCK);
    uint64_t since = smk_ticks();
    pthread_mutex_lock(&lock);
    pthread_create(&thread, NULL, quiet_main, &waiter);
    await(&waiter.ready);
    smk_sys_sleep(5000000);
    pthread_mutex_unlock(&lock);
    pthread_join(thread, NULL);
    read_records(since);
    assert_int_equal(count_of(SMK_EV_LOCK_WAIT), 0);
    disarm();
}

static void test_timeout_is_recorded(void **state)
{
    struct other other = {.mutex = &lock, .calls = &ours};
    (void)state;
    arm(SMK_CAT_LOCK);
    other_begin(&other);
    uint64_t since = smk_ticks();
    struct timespec soon = in(CLOCK_MONOTONIC, 3);
    assert_int_equal(pthread_mutex_clocklock(&lock, CLOCK_MONOTONIC, &soon), ETIMEDOUT);
    other_end(&other);
    read_records(since);
    const struct record *wait = find_record(SMK_EV_LOCK_WAIT, (uint32_t)smk_sys_gettid());
    assert_non_null(wait);
    assert_int_equal(wait->args[2], other.tid);
    assert_int_equal(wait->args[3], 0); /* nobody gave it up to us */
    assert_int_equal(wait->args[4], SMK_LOCK_TIMEDOUT);
    disarm();
}

/* ---- how long it was held -------------------------------------------------------------------------------------- */

static void test_held_is_known_after_a_wait(void **state)
{
    pthread_t thread;
    struct waiter waiter = {0};
    struct other other = {.mutex = &lock, .calls = &ours};
    (void)state;
    arm(SMK_CAT_LOCK);
    uint64_t since = smk_ticks();
    other_begin(&other);
    smk_store_release(&other.go, 1);
    smk_real.pthread_mutex_lock(&lock); /* whether we waited is up to the scheduler: so not by ours */
    smk_held_begin((uint64_t)(uintptr_t)&lock, smk_ticks());
    pthread_create(&thread, NULL, waiter_main, &waiter);
    await(&waiter.ready);
    struct seen seen = {.tid = waiter.tid};
    see_waiting(&seen);
    smk_sys_sleep(3000000);
    pthread_mutex_unlock(&lock);
    pthread_join(thread, NULL);
    pthread_join(other.thread, NULL);
    read_records(since);
    const struct record *release = find_record(SMK_EV_LOCK_RELEASE, (uint32_t)smk_sys_gettid());
    assert_non_null(release);
    assert_true(smk_ticks_to_ns(release->args[2]) >= 3000000);
    assert_int_equal(smk_held_end((uint64_t)(uintptr_t)&lock), 0);
    disarm();
}

static void test_held_is_forgotten(void **state)
{
    uint64_t address = (uint64_t)(uintptr_t)&lock;
    pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
    struct timespec past = {0, 0};
    (void)state;
    arm(SMK_CAT_LOCK);
    smk_held_begin(address, 1);
    pthread_mutex_lock(&lock);
    pthread_mutex_unlock(&lock); /* nobody waits: still given up */
    assert_int_equal(smk_held_end(address), 0);

    smk_held_begin(address, 2);
    pthread_mutex_lock(&lock);
    assert_int_equal(pthread_cond_timedwait(&cond, &lock, &past), ETIMEDOUT);
    assert_int_equal(smk_held_end(address), 0);
    pthread_mutex_unlock(&lock);

    smk_held_begin(address, 3);
    disarm();
    arm(SMK_CAT_LOCK); /* it may have been given up in between */
    assert_int_equal(smk_held_end(address), 0);

    smk_held_begin(16, 1);
    smk_held_begin(32, 2);
    smk_held_begin(48, 3); /* the oldest goes */
    assert_int_equal(smk_held_end(16), 0);
    assert_int_equal(smk_held_end(32), 2);
    assert_int_equal(smk_held_end(48), 3);
    disarm();
}

static void test_recursive_unlock_inside_is_no_release(void **state)
{
    static pthread_mutex_t recursive;
    struct kind kind = {PTHREAD_MUTEX_RECURSIVE, PTHREAD_MUTEX_STALLED, PTHREAD_PRIO_NONE};
    struct other other = {.mutex = &recursive, .calls = &ours};
    pthread_t thread;
    (void)state;
    assert_true(make_mutex(&recursive, &kind));
    arm(SMK_CAT_LOCK);
    uint64_t since = smk_ticks();
    pthread_mutex_lock(&recursive);
    pthread_mutex_lock(&recursive);
    pthread_create(&thread, NULL, other_main, &other);
    while (!smk_load_acquire(&other.tid))
        smk_sys_sleep(100000);
    struct seen seen = {.tid = other.tid};
    see_waiting(&seen);
    smk_sys_sleep(2000000); /* into the futex */
    pthread_mutex_unlock(&recursive);
    read_records(since);
    assert_int_equal(count_of(SMK_EV_LOCK_RELEASE), 0);
    pthread_mutex_unlock(&recursive);
    await(&other.held);
    read_records(since);
    assert_int_equal(count_of(SMK_EV_LOCK_RELEASE), 1);
    smk_store_release(&other.go, 1);
    pthread_join(thread, NULL);
    disarm();
}

/* ---- for ever --------------------------------------------------------------------------------------------------- */

static void *deadlocks(void *arg)
{
    static pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER;
    struct waiter *waiter = arg;
    smk_store_release(&waiter->tid, (uint32_t)smk_sys_gettid());
    pthread_mutex_lock(&own);
    smk_store_release(&waiter->ready, 1);
    pthread_mutex_lock(&own);
    return NULL;
}

static void test_own_deadlock_is_an_open_wait(void **state)
{
    static struct waiter waiter; /* the thread outlives the test */
    pthread_t thread;
    (void)state;
    arm(SMK_CAT_LOCK);
    pthread_create(&thread, NULL, deadlocks, &waiter);
    await(&waiter.ready);
    struct seen seen = {.tid = waiter.tid};
    see_waiting(&seen);
    assert_int_equal(seen.wait.holder, waiter.tid);
    disarm();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_results_are_libcs),
        cmocka_unit_test(test_uncontended_records_nothing),
        cmocka_unit_test(test_wait_and_release),
        cmocka_unit_test(test_quiet_thread_is_let_through),
        cmocka_unit_test(test_timeout_is_recorded),
        cmocka_unit_test(test_held_is_known_after_a_wait),
        cmocka_unit_test(test_held_is_forgotten),
        cmocka_unit_test(test_recursive_unlock_inside_is_no_release),
        cmocka_unit_test(test_own_deadlock_is_an_open_wait),
    };
    return SMK_RUN(tests);
}
