#define _GNU_SOURCE
#include "unit/smk_test.h"

#include <errno.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "unit/source/waits.h"

#define CATEGORIES (SMK_CAT_JOIN | SMK_CAT_COND | SMK_CAT_MEMORY | SMK_CAT_SLEEP)

/* ---- the end of a thread, of a process --------------------------------------------------------------------- */

static uint32_t known; /* atomic */

/* Ends once it is waited for. */
static void is_joined(void *arg)
{
    const uint32_t *by = arg;
    usleep(1000); /* recorded, so that the thread is known */
    smk_store_release(&known, 1); /* pairs with: await */
    see_waiting(*by);
    smk_sys_sleep(2 * MS);
}

static void test_join(void **state)
{
    uint32_t by = me();
    struct doing doing = {.what = is_joined, .arg = &by};
    (void)state;
    arm(CATEGORIES);
    uint64_t since = smk_ticks();
    begin_doing(&doing);
    await(&known);
    end_doing(&doing);
    read_records(since);
    const struct record *r = find_record(SMK_EV_JOIN_WAIT, me());
    assert_non_null(r);
    assert_int_equal(r->args[1], smk_call_name(SMK_CALL_pthread_join));
    assert_int_equal(r->args[2], doing.tid);
    assert_int_equal(r->args[3], 0);
    disarm();
}

static void lives(void *until) { await(until); }

static void test_join_results_are_libcs(void **state)
{
    struct doing doing = {.what = lives, .arg = &(uint32_t){0}};
    const struct timespec past = {0, 0};
    (void)state;
    arm(CATEGORIES);
    errno = 4711;
    begin_doing(&doing);
    assert_int_equal(pthread_timedjoin_np(doing.thread, NULL, &past), ETIMEDOUT);
    assert_int_equal(pthread_clockjoin_np(doing.thread, NULL, CLOCK_MONOTONIC, &past), ETIMEDOUT);
    assert_int_equal(pthread_clockjoin_np(doing.thread, NULL, 99, &past), EINVAL);
    assert_int_equal(pthread_join(pthread_self(), NULL), EDEADLK);
    smk_store_release((uint32_t *)doing.arg, 1); /* pairs with: await */
    end_doing(&doing);
    assert_int_equal(errno, 4711);
    disarm();
}

static void test_child(void **state)
{
    int status;
    (void)state;
    arm(CATEGORIES);
    uint64_t since = smk_ticks();
    pid_t pid = fork();
    if (pid == 0) {
        smk_sys_sleep(4 * MS);
        _exit(7);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(WEXITSTATUS(status), 7);
    assert_int_equal(waitpid(pid, &status, 0), -1);
    assert_int_equal(errno, ECHILD);
    read_records(since);
    const struct record *r = find_record(SMK_EV_JOIN_WAIT, me());
    assert_non_null(r);
    assert_int_equal(r->args[1], smk_call_name(SMK_CALL_waitpid));
    assert_int_equal(r->args[2], pid);
    assert_int_equal(r->args[3], pid);
    disarm();
}

/* ---- futexes ------------------------------------------------------------------------------------------------- */

static uint32_t word;

static void wait_futex(void *arg)
{
    (void)arg;
    while (smk_load_acquire(&word) == 0)
        syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

static void test_futex(void **state)
{
    struct doing doing = {.what = wait_futex};
    (void)state;
    arm(CATEGORIES);
    uint64_t since = smk_ticks();
    begin_doing(&doing);
    assert_int_equal(see_waiting(doing.tid).object, (uint64_t)(uintptr_t)&word);
    smk_sys_sleep(3 * MS);
    smk_store_release(&word, 1);
    assert_int_equal(syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 1);
    assert_int_equal(syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0), 0);
    errno = 0;
    assert_int_equal(syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0), -1);
    assert_int_equal(errno, EAGAIN);
    end_doing(&doing);
    read_records(since);
    const struct record *r = find_record(SMK_EV_COND_WAIT, doing.tid);
    assert_non_null(r);
    assert_int_equal(r->args[3], me()); /* waker */
    assert_string_equal(string_of(r->args[4]), "futex");
    const struct record *w = find_record(SMK_EV_COND_WAKE, me());
    assert_non_null(w);
    assert_int_equal(w->args[2], 1);
    assert_int_equal(count_of(SMK_EV_COND_WAKE), 1);
    disarm();
}

/* ---- memory --------------------------------------------------------------------------------------------------- */

#define SIZE ((size_t)64 << 20)

static void test_memory(void **state)
{
    (void)state;
    if (SMK_TSAN)
        skip(); /* its own run-time library maps memory through these: they are not wrapped there */
    arm(CATEGORIES);
    uint64_t since = smk_ticks();
    char *at = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    assert_true(at != MAP_FAILED);
    at = mremap(at, SIZE, 2 * SIZE, MREMAP_MAYMOVE);
    assert_true(at != MAP_FAILED);
    assert_int_equal(munmap(at, 2 * SIZE), 0);
    assert_int_equal(munmap((void *)1, 4096), -1);
    assert_int_equal(errno, EINVAL);
    assert_true(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED);
    assert_int_equal(errno, EINVAL);
    read_records(since);
    const struct record *r = find_record(SMK_EV_MEMORY_WAIT, me());
    assert_non_null(r);
    assert_int_equal(r->args[1], smk_call_name(SMK_CALL_mmap));
    assert_int_equal(r->args[3], SIZE);
    assert_int_not_equal(r->first, 0);
    assert_true(smk_ticks_to_ns(r->args[0]) > 20000); /* 16384 pages */
    disarm();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_join),  cmocka_unit_test(test_join_results_are_libcs),
        cmocka_unit_test(test_child), cmocka_unit_test(test_futex),
        cmocka_unit_test(test_memory),
    };
    return SMK_RUN(tests);
}
