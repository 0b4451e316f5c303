#define _GNU_SOURCE
#include "unit/smk_test.h"

#include <errno.h>

#include "unit/source/waits.h"

static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static mtx_t mutex;

static void read_lock(void *arg)
{
    (void)arg;
    assert_int_equal(pthread_rwlock_rdlock(&lock), 0);
    assert_int_equal(pthread_rwlock_unlock(&lock), 0);
}

static void write_lock(void *arg)
{
    (void)arg;
    assert_int_equal(pthread_rwlock_wrlock(&lock), 0);
    assert_int_equal(pthread_rwlock_unlock(&lock), 0);
}

static void lock_c11(void *arg)
{
    (void)arg;
    assert_int_equal(mtx_lock(&mutex), thrd_success);
    assert_int_equal(mtx_unlock(&mutex), thrd_success);
}

static void unlock_rwlock(void) { assert_int_equal(pthread_rwlock_unlock(&lock), 0); }
static void unlock_c11(void) { assert_int_equal(mtx_unlock(&mutex), thrd_success); }

/* We have it; another waits until we give it up. */
static void check(void (*wait)(void *), void (*unlock)(void), const void *object, enum smk_call call,
                  uint32_t holder)
{
    struct doing doing = {.what = wait};
    uint64_t since = smk_ticks();
    begin_doing(&doing);
    struct smk_wait_now seen = see_waiting(doing.tid);
    smk_sys_sleep(4 * MS);
    unlock();
    end_doing(&doing);
    read_records(since);
    assert_int_equal(seen.kind, SMK_WAIT_LOCK);
    assert_int_equal(seen.holder, holder);
    const struct record *r = find_record(SMK_EV_LOCK_WAIT, doing.tid);
    assert_non_null(r);
    assert_true(smk_ticks_to_ns(r->args[0]) >= 4 * MS);
    assert_int_equal(r->args[1], (uint64_t)(uintptr_t)object);
    assert_int_equal(r->args[2], holder);
    assert_int_equal(r->args[3], me()); /* releaser */
    assert_int_equal(r->args[4], SMK_LOCK_ACQUIRED);
    assert_int_equal(r->args[5], smk_call_name(call));
    assert_non_null(find_record(SMK_EV_LOCK_RELEASE, me()));
    assert_int_equal(count_of(SMK_EV_LOCK_WAIT), 1);
    assert_int_equal(count_of(SMK_EV_LOCK_RELEASE), 1);
}

static void test_waits(void **state)
{
    (void)state;
    mtx_init(&mutex, mtx_plain);
    arm(SMK_CAT_LOCK);
    pthread_rwlock_wrlock(&lock);
    check(read_lock, unlock_rwlock, &lock, SMK_CALL_pthread_rwlock_rdlock, me());
    pthread_rwlock_wrlock(&lock);
    check(write_lock, unlock_rwlock, &lock, SMK_CALL_pthread_rwlock_wrlock, me());
    pthread_rwlock_rdlock(&lock); /* who reads has no name */
    check(write_lock, unlock_rwlock, &lock, SMK_CALL_pthread_rwlock_wrlock, 0);
    mtx_lock(&mutex);
    check(lock_c11, unlock_c11, &mutex, SMK_CALL_mtx_lock, me());
    disarm();
}

/* A reader among others gives nothing up. */
static void test_not_the_last_reader(void **state)
{
    struct doing doing = {.what = write_lock};
    (void)state;
    arm(SMK_CAT_LOCK);
    uint64_t since = smk_ticks();
    pthread_rwlock_rdlock(&lock);
    pthread_rwlock_rdlock(&lock);
    begin_doing(&doing);
    see_waiting(doing.tid);
    smk_sys_sleep(2 * MS);
    pthread_rwlock_unlock(&lock);
    read_records(since);
    assert_int_equal(count_of(SMK_EV_LOCK_RELEASE), 0);
    pthread_rwlock_unlock(&lock);
    end_doing(&doing);
    read_records(since);
    assert_int_equal(count_of(SMK_EV_LOCK_RELEASE), 1);
    disarm();
}

static void test_uncontended_records_nothing(void **state)
{
    (void)state;
    mtx_init(&mutex, mtx_plain);
    arm(SMK_CAT_LOCK);
    uint64_t since = smk_ticks();
    for (int i = 0; i < 100; i++) {
        read_lock(NULL);
        write_lock(NULL);
        lock_c11(NULL);
    }
    read_records(since);
    assert_int_equal(record_count, 0);
    disarm();
}

/* ---- results are libc's --------------------------------------------------------------------------------- */

struct answers {
    int code[32];
    int count;
};

static void note(struct answers *a, int code)
{
    a->code[a->count++] = code * 65536 + errno;
    errno = 4711;
}

#define ASK(a, name, ...) note(a, ours ? name(__VA_ARGS__) : smk_real.name(__VA_ARGS__))

static void ask_times(struct answers *a, bool ours)
{
    struct timespec soon = in_ms(CLOCK_REALTIME, 3), soon_here = in_ms(CLOCK_MONOTONIC, 3);
    const struct timespec none = {0, -1}, past = {0, 0};
    ASK(a, pthread_rwlock_timedrdlock, &lock, &soon);
    ASK(a, pthread_rwlock_timedrdlock, &lock, &none);
    ASK(a, pthread_rwlock_timedwrlock, &lock, &past);
    ASK(a, pthread_rwlock_timedwrlock, &lock, &none);
    ASK(a, pthread_rwlock_clockrdlock, &lock, CLOCK_MONOTONIC, &soon_here);
    ASK(a, pthread_rwlock_clockrdlock, &lock, 99, &soon);
    ASK(a, pthread_rwlock_clockwrlock, &lock, CLOCK_MONOTONIC, &soon_here);
    ASK(a, pthread_rwlock_clockwrlock, &lock, CLOCK_BOOTTIME, &soon_here);
}

static struct answers ask(bool ours)
{
    struct answers a = {.count = 0};
    struct timespec past = {0, 0};
    errno = 4711;
    ASK(&a, pthread_rwlock_rdlock, &lock);
    ask_times(&a, ours); /* readers get it, writers do not */
    while (pthread_rwlock_trywrlock(&lock) != 0)
        pthread_rwlock_unlock(&lock);
    ASK(&a, pthread_rwlock_rdlock, &lock); /* EDEADLK */
    ASK(&a, pthread_rwlock_wrlock, &lock); /* EDEADLK */
    ask_times(&a, ours);
    ASK(&a, pthread_rwlock_unlock, &lock);
    mtx_init(&mutex, mtx_timed);
    ASK(&a, mtx_lock, &mutex);
    ASK(&a, mtx_timedlock, &mutex, &past); /* thrd_timedout */
    ASK(&a, mtx_unlock, &mutex);
    mtx_init(&mutex, mtx_plain | mtx_recursive);
    ASK(&a, mtx_lock, &mutex);
    ASK(&a, mtx_lock, &mutex);
    ASK(&a, mtx_unlock, &mutex);
    ASK(&a, mtx_unlock, &mutex);
    ASK(&a, mtx_unlock, &mutex); /* thrd_error */
    return a;
}

static void test_results_are_libcs(void **state)
{
    (void)state;
    arm(SMK_CAT_LOCK);
    struct answers expected = ask(false), got = ask(true);
    disarm();
    assert_int_equal(got.count, expected.count);
    assert_memory_equal(got.code, expected.code, sizeof got.code);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_waits),
        cmocka_unit_test(test_not_the_last_reader),
        cmocka_unit_test(test_uncontended_records_nothing),
        cmocka_unit_test(test_results_are_libcs),
    };
    return SMK_RUN(tests);
}
