#define _GNU_SOURCE
#include "unit/smk_test.h"

#include <errno.h>
#include <signal.h>
#include <sys/time.h>

#include "unit/source/waits.h"

#define CATEGORIES (SMK_CAT_SLEEP | SMK_CAT_POLL)

/* The one sleep that was recorded since then. */
static const struct record *slept(uint64_t since, enum smk_call call)
{
    read_records(since);
    const struct record *r = find_record(SMK_EV_SLEEP_WAIT, me());
    assert_non_null(r);
    assert_int_equal(count_of(SMK_EV_SLEEP_WAIT), 1);
    assert_int_equal(r->args[1], smk_call_name(call));
    return r;
}

static void check_asked(const struct record *r, uint64_t ns)
{
    uint64_t asked = smk_ticks_to_ns(r->args[2]);
    assert_true(smk_ticks_to_ns(r->args[0]) + 1000 >= ns);
    assert_true(asked + 1000 >= ns && asked <= ns + 1000);
}

static void test_relative(void **state)
{
    const struct timespec two = {0, 2 * MS};
    (void)state;
    arm(CATEGORIES);
    uint64_t since = smk_ticks();
    assert_int_equal(usleep(2000), 0);
    check_asked(slept(since, SMK_CALL_usleep), 2 * MS);
    since = smk_ticks();
    assert_int_equal(nanosleep(&two, NULL), 0);
    check_asked(slept(since, SMK_CALL_nanosleep), 2 * MS);
    since = smk_ticks();
    assert_int_equal(clock_nanosleep(CLOCK_MONOTONIC, 0, &two, NULL), 0);
    check_asked(slept(since, SMK_CALL_clock_nanosleep), 2 * MS);
    since = smk_ticks();
    assert_int_equal(thrd_sleep(&two, NULL), 0);
    check_asked(slept(since, SMK_CALL_thrd_sleep), 2 * MS);
    disarm();
}

static void test_absolute(void **state)
{
    (void)state;
    arm(CATEGORIES);
    uint64_t since = smk_ticks();
    struct timespec until = in_ms(CLOCK_MONOTONIC, 4);
    assert_int_equal(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL), 0);
    const struct record *r = slept(since, SMK_CALL_clock_nanosleep);
    uint64_t asked = smk_ticks_to_ns(r->args[2]);
    assert_true(asked <= 4 * MS + 1000); /* how much less, the scheduler says */
    assert_true(smk_ticks_to_ns(r->args[0]) + 100000 >= asked);
    disarm();
}

/* What is no time is refused, and not looked at by us. */
static void test_results_are_libcs(void **state)
{
    const struct timespec none = {0, -1}, past = {0, 0};
    struct timespec *nowhere = (struct timespec *)(uintptr_t)16;
    (void)state;
    arm(CATEGORIES);
    uint64_t since = smk_ticks();
    errno = 4711;
    assert_int_equal(nanosleep(&none, NULL), -1);
    assert_int_equal(errno, EINVAL);
    assert_int_equal(nanosleep(nowhere, NULL), -1);
    assert_int_equal(errno, EFAULT);
    errno = 4711;
    assert_int_equal(clock_nanosleep(99, 0, &none, NULL), EINVAL);
    assert_int_equal(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, nowhere, NULL), EFAULT);
    assert_int_equal(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &past, NULL), 0);
    assert_int_equal(usleep(0), 0);
    assert_int_equal(sleep(0), 0);
    assert_int_equal(errno, 4711);
    read_records(since);
    for (int i = 0; i < record_count; i++) /* a machine under load may have made one long */
        assert_true(smk_ticks_to_ns(records[i].args[0]) >= 20000);
    disarm();
}

static void nothing(int signal) { (void)signal; }

static void test_interrupted(void **state)
{
    struct sigaction action = {.sa_handler = nothing, .sa_flags = SA_RESTART}, before;
    struct timespec long_one = {5, 0}, left = {0, 0};
    (void)state;
    sigaction(SIGALRM, &action, &before);
    arm(CATEGORIES);
    uint64_t since = smk_ticks();
    ualarm(5000, 0);
    assert_int_equal(nanosleep(&long_one, &left), -1);
    assert_int_equal(errno, EINTR);
    assert_true(left.tv_sec == 4);
    const struct record *r = slept(since, SMK_CALL_nanosleep);
    assert_true(smk_ticks_to_ns(r->args[0]) >= 4 * MS && r->args[2] == 0);
    disarm();
    sigaction(SIGALRM, &before, NULL);
}

/* ---- polls ------------------------------------------------------------------------------------------------- */

static void check_poll(uint64_t since, enum smk_call call, int fd)
{
    read_records(since);
    const struct record *r = find_record(SMK_EV_POLL_WAIT, me());
    assert_non_null(r);
    assert_int_equal(count_of(SMK_EV_POLL_WAIT), 1);
    assert_true(smk_ticks_to_ns(r->args[0]) + 100000 >= 2 * MS);
    assert_int_equal(r->args[1], smk_call_name(call));
    assert_int_equal((int64_t)r->args[2], fd);
    assert_int_equal(r->args[3], 0);
    assert_int_not_equal(r->first, 0);
}

static void test_polls(void **state)
{
    struct timespec two = {0, 2 * MS};
    struct timeval tv = {0, 2000};
    struct epoll_event event;
    int epoll = epoll_create1(0);
    (void)state;
    arm(CATEGORIES);
    uint64_t since = smk_ticks();
    assert_int_equal(poll(NULL, 0, 2), 0);
    check_poll(since, SMK_CALL_poll, -1);
    since = smk_ticks();
    assert_int_equal(ppoll(NULL, 0, &two, NULL), 0);
    check_poll(since, SMK_CALL_ppoll, -1);
    since = smk_ticks();
    assert_int_equal(select(0, NULL, NULL, NULL, &tv), 0);
    check_poll(since, SMK_CALL_select, -1);
    since = smk_ticks();
    assert_int_equal(pselect(0, NULL, NULL, NULL, &two, NULL), 0);
    check_poll(since, SMK_CALL_pselect, -1);
    since = smk_ticks();
    assert_int_equal(epoll_wait(epoll, &event, 1, 2), 0);
    check_poll(since, SMK_CALL_epoll_wait, epoll);
    since = smk_ticks();
    assert_int_equal(epoll_pwait(epoll, &event, 1, 2, NULL), 0);
    check_poll(since, SMK_CALL_epoll_pwait, epoll);
    disarm();
    close(epoll);
}

static void test_quick_polls_are_counted(void **state)
{
    struct epoll_event event;
    (void)state;
    arm(CATEGORIES);
    uint64_t before = smk_calls_seen(SMK_CALL_poll), refused = smk_calls_seen(SMK_CALL_epoll_wait);
    uint64_t since = smk_ticks();
    for (int i = 0; i < 10; i++)
        assert_int_equal(poll(NULL, 0, 0), 0);
    assert_int_equal(epoll_wait(-1, &event, 1, 1000), -1);
    assert_int_equal(errno, EBADF);
    assert_int_equal(smk_calls_seen(SMK_CALL_poll) - before, 10);
    assert_int_equal(smk_calls_seen(SMK_CALL_epoll_wait) - refused, 1);
    read_records(since);
    for (int i = 0; i < record_count; i++)
        assert_true(smk_ticks_to_ns(records[i].args[0]) >= 20000);
    disarm();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_relative),        cmocka_unit_test(test_absolute),
        cmocka_unit_test(test_results_are_libcs), cmocka_unit_test(test_interrupted),
        cmocka_unit_test(test_polls),           cmocka_unit_test(test_quick_polls_are_counted),
    };
    return SMK_RUN(tests);
}
