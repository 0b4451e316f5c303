#define _GNU_SOURCE
#include "unit/smk_test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/sys.h"
#include "core/thread.h"
#include "source/start.h"

static int started;
static int started_quiet;

static void start(void)
{
    int old;
    started++;
    started_quiet = smk_tls.quiet;
    errno = 77;
    pthread_setcancelstate(PTHREAD_CANCEL_ENABLE, &old);
    assert_int_equal(old, PTHREAD_CANCEL_DISABLE);
    pthread_setcancelstate(old, &old);
}

static void *nothing(void *arg) { return arg; }

static void do_poll(void) { poll(NULL, 0, 0); }
static void do_ppoll(void) { ppoll(NULL, 0, &(struct timespec){0, 0}, NULL); }
static void do_select(void) { select(0, NULL, NULL, NULL, &(struct timeval){0, 0}); }
static void do_pselect(void) { pselect(0, NULL, NULL, NULL, &(struct timespec){0, 0}, NULL); }
static void do_accept(void) { accept(-1, NULL, NULL); }
static void do_accept4(void) { accept4(-1, NULL, NULL, 0); }

static void do_epoll(void)
{
    struct epoll_event event;
    epoll_wait(-1, &event, 1, 0);
}

static void do_epoll_pwait(void)
{
    struct epoll_event event;
    epoll_pwait(-1, &event, 1, 0, NULL);
}

static void do_create(void)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, nothing, NULL), 0);
    pthread_join(thread, NULL);
}

static void do_sleep(void) { sleep(0); }
static void do_usleep(void) { usleep(1); }
static void do_nanosleep(void) { nanosleep(&(struct timespec){0, 1}, NULL); }
static void do_clock_nanosleep(void) { clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){0, 1}, NULL); }

static const struct {
    void (*call)(void);
    bool in_a_child;
} triggers[] = {
    {do_poll, true},        {do_ppoll, true},    {do_select, true}, {do_pselect, true},
    {do_epoll, true},       {do_epoll_pwait, true}, {do_accept, true}, {do_accept4, true},
    {do_create, false},     {do_sleep, false},   {do_usleep, false}, {do_nanosleep, false},
    {do_clock_nanosleep, false},
};

static void test_first_of_each_starts_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < SMK_ARRAY_LEN(triggers); i++) {
        smk_source_on_first_wait(start);
        assert_false(smk_start_happened());
        started = 0;
        triggers[i].call();
        assert_int_equal(started, 1);
        assert_int_equal(started_quiet, 1);
        assert_true(smk_start_happened());
        triggers[i].call();
        assert_int_equal(started, 1);
        assert_int_equal(smk_tls.quiet, 0);
    }
}

static void test_errno_is_the_calls_own(void **state)
{
    (void)state;
    smk_source_on_first_wait(start);
    errno = 4711;
    do_poll();
    assert_int_equal(errno, 4711);
    smk_source_on_first_wait(start);
    do_accept();
    assert_int_equal(errno, EBADF);
}

/* In a child of fork: only what a server's worker does. */
static void test_fork_child(void **state)
{
    (void)state;
    for (size_t i = 0; i < SMK_ARRAY_LEN(triggers); i++) {
        int status;
        smk_source_on_first_wait(start);
        do_poll();
        started = 0;
        pid_t child = fork();
        if (child == 0) {
            triggers[i].call();
            _exit(started == triggers[i].in_a_child ? 0 : 1);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
    }
}

/* A child of vfork has our memory: what it does there is not the beginning of anything. */
static void test_vfork_child(void **state)
{
    (void)state;
    smk_source_on_first_wait(start);
    started = 0;
    pid_t child = vfork();
    if (child == 0) {
        poll(NULL, 0, 0);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    assert_int_equal(started, 0);
    assert_false(smk_start_happened());
    do_poll();
    assert_int_equal(started, 1);
}

static void *polls_for_ever(void *arg)
{
    poll(NULL, 0, -1);
    return arg;
}

static void test_cancellation_points_stay(void **state)
{
    pthread_t thread;
    void *result = NULL;
    (void)state;
    smk_source_on_first_wait(start);
    pthread_create(&thread, NULL, polls_for_ever, NULL);
    pthread_cancel(thread);
    pthread_join(thread, &result);
    assert_ptr_equal(result, PTHREAD_CANCELED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_of_each_starts_once), cmocka_unit_test(test_errno_is_the_calls_own),
        cmocka_unit_test(test_fork_child),                cmocka_unit_test(test_vfork_child),
        cmocka_unit_test(test_cancellation_points_stay),
    };
    return SMK_RUN(tests);
}
