#define _GNU_SOURCE
#include "unit/smk_test.h"

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>

#include "source/sync.h"
#include "unit/source/waits.h"

#define CATEGORIES (SMK_CAT_COND | SMK_CAT_LOCK | SMK_CAT_SLEEP)

static pthread_mutex_t mutex;
static pthread_cond_t cond;
static sem_t sem;
static mtx_t c11_mutex;
static cnd_t c11_cond;
static uint32_t go; /* under the mutex in use */

static int set_up(void **state)
{
    (void)state;
    go = 0;
    pthread_mutex_init(&mutex, NULL);
    pthread_cond_init(&cond, NULL);
    sem_init(&sem, 0, 0);
    mtx_init(&c11_mutex, mtx_plain);
    cnd_init(&c11_cond);
    return 0;
}

/* ---- a wait, its waker, and what is seen of it ------------------------------------------------------------ */

static void wait_cond(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&mutex);
    while (!go)
        assert_int_equal(pthread_cond_wait(&cond, &mutex), 0);
    pthread_mutex_unlock(&mutex);
}

static void wake_cond(void)
{
    pthread_mutex_lock(&mutex);
    go = 1;
    pthread_cond_signal(&cond);
    pthread_mutex_unlock(&mutex);
}

static void wait_c11(void *arg)
{
    (void)arg;
    mtx_lock(&c11_mutex);
    while (!smk_load_relaxed(&go)) /* atomic here: TSan does not know C11's mutexes */
        assert_int_equal(cnd_wait(&c11_cond, &c11_mutex), thrd_success);
    mtx_unlock(&c11_mutex);
}

static void wake_c11(void)
{
    mtx_lock(&c11_mutex);
    smk_store_relaxed(&go, 1);
    cnd_broadcast(&c11_cond);
    mtx_unlock(&c11_mutex);
}

static void wait_sem(void *arg)
{
    (void)arg;
    assert_int_equal(sem_wait(&sem), 0);
}

static void wake_sem(void) { assert_int_equal(sem_post(&sem), 0); }

static void check(void (*wait)(void *), void (*wake)(void), const void *object, const void *lock,
                  enum smk_call wait_call, enum smk_call wake_call)
{
    struct doing doing = {.what = wait};
    arm(CATEGORIES);
    uint64_t since = smk_ticks();
    begin_doing(&doing);
    struct smk_wait_now seen = see_waiting(doing.tid);
    smk_sys_sleep(5 * MS);
    wake();
    end_doing(&doing);
    read_records(since);
    assert_int_equal(seen.kind, SMK_WAIT_COND);
    assert_int_equal(seen.object, (uint64_t)(uintptr_t)object);

    const struct record *r = find_record(SMK_EV_COND_WAIT, doing.tid);
    assert_non_null(r);
    assert_true(smk_ticks_to_ns(r->args[0]) >= 5 * MS);
    assert_int_not_equal(r->first, 0); /* a stack */
    assert_int_equal(r->args[1], (uint64_t)(uintptr_t)object);
    assert_int_equal(r->args[2], (uint64_t)(uintptr_t)lock);
    assert_int_equal(r->args[3], me()); /* waker */
    assert_int_equal(r->args[4], smk_call_name(wait_call));
    assert_int_equal(r->args[5], 0);
    const struct record *w = find_record(SMK_EV_COND_WAKE, me());
    assert_non_null(w);
    assert_int_equal(w->args[1], (uint64_t)(uintptr_t)object);
    assert_int_equal(w->args[2], 1); /* waiters */
    assert_int_equal(w->args[3], smk_call_name(wake_call));
    assert_true(w->ticks - w->args[0] <= r->ticks);
    assert_int_equal(count_of(SMK_EV_COND_WAIT), 1);
    assert_int_equal(count_of(SMK_EV_COND_WAKE), 1);
    disarm();
}

static void test_cond(void **state)
{
    (void)state;
    check(wait_cond, wake_cond, &cond, &mutex, SMK_CALL_pthread_cond_wait, SMK_CALL_pthread_cond_signal);
}

static void test_c11(void **state)
{
    (void)state;
    check(wait_c11, wake_c11, &c11_cond, &c11_mutex, SMK_CALL_cnd_wait, SMK_CALL_cnd_broadcast);
}

static void test_semaphore(void **state)
{
    (void)state;
    check(wait_sem, wake_sem, &sem, NULL, SMK_CALL_sem_wait, SMK_CALL_sem_post);
}

static void test_nobody_waits(void **state)
{
    (void)state;
    arm(CATEGORIES);
    uint64_t since = smk_ticks();
    for (int i = 0; i < 100; i++) {
        assert_int_equal(pthread_cond_signal(&cond), 0);
        assert_int_equal(pthread_cond_broadcast(&cond), 0);
        assert_int_equal(cnd_signal(&c11_cond), thrd_success);
        assert_int_equal(sem_post(&sem), 0);
        assert_int_equal(sem_wait(&sem), 0);
    }
    read_records(since);
    assert_int_equal(record_count, 0);
    disarm();
}

/* ---- results are libc's ------------------------------------------------------------------------------------- */

struct answers {
    int code[16];
    int count;
};

static void note(struct answers *answers, int code)
{
    answers->code[answers->count++] = code * 65536 + errno;
    errno = 4711;
}

#define ASK(answers, name, ...) note(answers, ours ? name(__VA_ARGS__) : smk_real.name(__VA_ARGS__))

static struct answers ask(bool ours)
{
    struct answers a = {.count = 0};
    struct timespec soon = in_ms(CLOCK_REALTIME, 3), soon_here = in_ms(CLOCK_MONOTONIC, 3);
    const struct timespec none = {0, -1}, past = {0, 0};
    errno = 4711;
    pthread_mutex_lock(&mutex);
    ASK(&a, pthread_cond_timedwait, &cond, &mutex, &soon);
    ASK(&a, pthread_cond_timedwait, &cond, &mutex, &none);
    ASK(&a, pthread_cond_timedwait, &cond, &mutex, &past);
    ASK(&a, pthread_cond_clockwait, &cond, &mutex, CLOCK_MONOTONIC, &soon_here);
    ASK(&a, pthread_cond_clockwait, &cond, &mutex, 99, &soon);
    pthread_mutex_unlock(&mutex);
    mtx_lock(&c11_mutex);
    ASK(&a, cnd_timedwait, &c11_cond, &c11_mutex, &past);
    mtx_unlock(&c11_mutex);
    ASK(&a, sem_timedwait, &sem, &soon);
    ASK(&a, sem_timedwait, &sem, &none);
    ASK(&a, sem_clockwait, &sem, CLOCK_MONOTONIC, &past);
    ASK(&a, sem_clockwait, &sem, 99, &past);
    sem_init(&sem, 0, INT_MAX);
    ASK(&a, sem_post, &sem); /* EOVERFLOW */
    sem_init(&sem, 0, 0);
    return a;
}

static void test_results_are_libcs(void **state)
{
    (void)state;
    arm(CATEGORIES);
    struct answers expected = ask(false), got = ask(true);
    assert_int_equal(got.count, expected.count);
    assert_memory_equal(got.code, expected.code, sizeof got.code);
    disarm();
}

static void test_timeout_has_no_waker(void **state)
{
    struct timespec soon = in_ms(CLOCK_REALTIME, 3);
    (void)state;
    arm(CATEGORIES);
    uint64_t since = smk_ticks();
    assert_int_equal(sem_timedwait(&sem, &soon), -1);
    read_records(since);
    const struct record *r = find_record(SMK_EV_COND_WAIT, me());
    assert_non_null(r);
    assert_int_equal(r->args[3], 0);
    assert_int_equal((int64_t)r->args[5], -ETIMEDOUT);
    disarm();
}

/* ---- barriers ------------------------------------------------------------------------------------------------- */

static pthread_barrier_t barrier;

static void wait_barrier(void *arg)
{
    (void)arg;
    int code = pthread_barrier_wait(&barrier);
    assert_true(code == 0 || code == PTHREAD_BARRIER_SERIAL_THREAD);
}

static void test_barrier(void **state)
{
    struct doing doing = {.what = wait_barrier};
    (void)state;
    pthread_barrier_init(&barrier, NULL, 2);
    arm(CATEGORIES);
    uint64_t since = smk_ticks();
    begin_doing(&doing);
    assert_int_equal(see_waiting(doing.tid).object, (uint64_t)(uintptr_t)&barrier);
    smk_sys_sleep(3 * MS);
    wait_barrier(NULL);
    end_doing(&doing);
    read_records(since);
    const struct record *r = find_record(SMK_EV_COND_WAIT, doing.tid);
    assert_non_null(r);
    assert_true(smk_ticks_to_ns(r->args[0]) >= 3 * MS);
    assert_int_equal(r->args[4], smk_call_name(SMK_CALL_pthread_barrier_wait));
    assert_null(find_record(SMK_EV_COND_WAIT, me())); /* it came last, and waited for nobody */
    disarm();
    pthread_barrier_destroy(&barrier);
}

/* ---- left in the middle ----------------------------------------------------------------------------------------- */

static uint32_t cleaned; /* atomic */

static void clean(void *arg)
{
    (void)arg;
    pthread_mutex_unlock(&mutex);
    smk_store_release(&cleaned, 1);
}

static void wait_cancelled(void *arg)
{
    (void)arg;
    pthread_mutex_lock(&mutex);
    pthread_cleanup_push(clean, NULL);
    for (;;)
        pthread_cond_wait(&cond, &mutex);
    pthread_cleanup_pop(0);
}

static void wait_sem_cancelled(void *arg)
{
    (void)arg;
    for (;;)
        sem_wait(&sem);
}

/* It is cancelled while it waits, its cleanup runs, and it is not seen to wait any more. */
static void check_cancelled(void (*what)(void *))
{
    struct doing doing = {.what = what};
    void *result;
    arm(CATEGORIES);
    begin_doing(&doing);
    see_waiting(doing.tid);
    smk_sys_sleep(2 * MS);
    assert_int_equal(pthread_cancel(doing.thread), 0);
    assert_int_equal(pthread_join(doing.thread, &result), 0);
    assert_ptr_equal(result, PTHREAD_CANCELED);
    assert_false(waits_now(doing.tid));
    disarm();
}

static void test_cancellation(void **state)
{
    (void)state;
#ifdef __SANITIZE_ADDRESS__
    skip(); /* it takes a cleanup that libc jumps to for a damaged stack */
#endif
    cleaned = 0;
    check_cancelled(wait_cancelled);
    assert_int_equal(smk_load_acquire(&cleaned), 1);
    assert_int_equal(pthread_mutex_trylock(&mutex), 0);
    pthread_mutex_unlock(&mutex);
    check_cancelled(wait_sem_cancelled);
}

static sigjmp_buf out;

static void jump(int signal)
{
    (void)signal;
    siglongjmp(out, 1);
}

/* The wait that a longjmp left is not the next one's. */
static void test_longjmp(void **state)
{
    (void)state;
    struct sigaction action = {.sa_handler = jump}, before;
    sigaction(SIGALRM, &action, &before);
    arm(CATEGORIES);
    uint64_t since = smk_ticks();
    if (sigsetjmp(out, 1) == 0) {
        ualarm(5000, 0);
        sem_wait(&sem);
        fail();
    }
    assert_true(waits_now(me()));
    struct timespec soon = in_ms(CLOCK_REALTIME, 2);
    assert_int_equal(sem_timedwait(&sem, &soon), -1);
    assert_false(waits_now(me()));
    read_records(since);
    assert_int_equal(count_of(SMK_EV_COND_WAIT), 1);
    disarm();
    sigaction(SIGALRM, &before, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_cond, set_up),
        cmocka_unit_test_setup(test_c11, set_up),
        cmocka_unit_test_setup(test_semaphore, set_up),
        cmocka_unit_test_setup(test_nobody_waits, set_up),
        cmocka_unit_test_setup(test_results_are_libcs, set_up),
        cmocka_unit_test_setup(test_timeout_has_no_waker, set_up),
        cmocka_unit_test_setup(test_barrier, set_up),
        cmocka_unit_test_setup(test_cancellation, set_up),
        cmocka_unit_test_setup(test_longjmp, set_up),
    };
    return SMK_RUN(tests);
}
