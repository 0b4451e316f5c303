#define _GNU_SOURCE
#include "unit/smk_test.h"

#include <errno.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/sys.h"
#include "unit/source/records.h"
#include "core/intern.h"
#include "source/hook_thread.h"
#include "source/resolve.h"

struct child {
    uint32_t tid, named; /* atomic */
    size_t stack_bytes;
    void *arg;
    int detached;
};

static void *child_main(void *arg)
{
    struct child *child = arg;
    pthread_attr_t attr;
    void *low;
    pthread_getattr_np(pthread_self(), &attr);
    pthread_attr_getstack(&attr, &low, &child->stack_bytes);
    pthread_attr_getdetachstate(&attr, &child->detached);
    pthread_attr_destroy(&attr);
    smk_store_release(&child->tid, (uint32_t)smk_sys_gettid());
    while (!smk_load_acquire(&child->named))
        smk_sys_sleep(100000);
    return (char *)arg + 1;
}

static void await_child(struct child *child)
{
    while (!smk_load_acquire(&child->tid))
        smk_sys_sleep(100000);
}

static bool name_of(struct smk_thread *t, void *arg)
{
    char *name = arg;
    uint32_t tid;
    memcpy(&tid, name, 4);
    if (t->tid != tid)
        return true;
    smk_name_load(&t->name, name);
    return false;
}

static void test_start_name_and_end(void **state)
{
    struct child child = {0};
    pthread_t thread;
    void *result = NULL;
    char name[SMK_NAME_MAX];
    uint32_t me = (uint32_t)smk_sys_gettid(), len;
    (void)state;
    arm(SMK_CAT_SCHED | SMK_CAT_LOCK);
    uint64_t since = smk_ticks();
    assert_int_equal(pthread_create(&thread, NULL, child_main, &child), 0);
    await_child(&child);
    assert_int_equal(pthread_setname_np(thread, "worker-7"), 0);
    assert_int_equal(pthread_setname_np(thread, "a name of more than fifteen"), ERANGE);
    memcpy(name, &child.tid, 4);
    smk_threads_each(name_of, name);
    assert_string_equal(name, "worker-7");
    assert_int_equal(pthread_setname_np(pthread_self(), "main-thing"), 0);
    smk_store_release(&child.named, 1);
    pthread_join(thread, &result);
    assert_ptr_equal(result, (char *)&child + 1);
    read_records(since);

    const struct record *start = find_record(SMK_EV_THREAD_START, child.tid);
    assert_non_null(start);
    assert_int_equal(start->args[0], me); /* its parent */
    assert_non_null(find_record(SMK_EV_THREAD_EXIT, child.tid));
    const struct record *named = find_record(SMK_EV_THREAD_NAME, me);
    assert_non_null(named);
    const char *text = smk_intern_get(&smk_strings, named->first, &len);
    assert_int_equal(len, strlen("main-thing"));
    assert_memory_equal(text, "main-thing", len);
    disarm();
}

static void run_one(struct child *child, const pthread_attr_t *attr)
{
    pthread_t thread;
    *child = (struct child){.named = 1};
    assert_int_equal(pthread_create(&thread, attr, child_main, child), 0);
    await_child(child);
    pthread_join(thread, NULL);
}

static void test_named_by_prctl(void **state)
{
    char name[SMK_NAME_MAX], kernels[16];
    uint32_t me = (uint32_t)smk_sys_gettid();
    (void)state;
    arm(SMK_CAT_SCHED);
    assert_non_null(smk_thread_self());
    assert_int_equal(prctl(PR_SET_NAME, "sixteen-and-more-bytes"), 0);
    memcpy(name, &me, 4);
    smk_threads_each(name_of, name);
    assert_int_equal(prctl(PR_GET_NAME, kernels), 0);
    assert_string_equal(name, kernels);
    errno = 0;
    assert_int_equal(prctl(-1, 0, 0, 0, 0), -1);
    assert_int_equal(errno, EINVAL);
    disarm();
}

static void test_attributes_are_the_hosts(void **state)
{
    struct child plain, plain_small, small;
    pthread_attr_t attr;
    (void)state;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 65536);
    run_one(&plain, NULL); /* disarmed */
    run_one(&plain_small, &attr);
    arm(SMK_CAT_SCHED);
    run_one(&small, &attr);
    assert_int_equal(small.stack_bytes, plain_small.stack_bytes);
    assert_int_not_equal(small.stack_bytes, plain.stack_bytes);
    run_one(&small, NULL);
    assert_int_equal(small.stack_bytes, plain.stack_bytes);
    assert_int_equal(small.detached, plain.detached);
    pthread_attr_destroy(&attr);
    disarm();
}

/* A thread that cannot be had gives libc's own code, and our record of it is free again. */
static void test_failure_is_libcs(void **state)
{
    pthread_attr_t attr;
    pthread_t thread;
    struct child child;
    (void)state;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, (size_t)1 << 46);
    int expected = smk_real.pthread_create(&thread, &attr, child_main, NULL);
    assert_int_not_equal(expected, 0);
    arm(SMK_CAT_SCHED);
    uint64_t unseen = smk_hook_thread_unseen();
    for (unsigned i = 0; i < SMK_THREADS_STARTING_MAX + 1; i++)
        assert_int_equal(pthread_create(&thread, &attr, child_main, NULL), expected);
    run_one(&child, NULL);
    assert_int_equal(smk_hook_thread_unseen(), unseen);
    pthread_attr_destroy(&attr);
    disarm();
}

static void *exits(void *arg) { pthread_exit(arg); }

static void *waits_to_be_cancelled(void *arg)
{
    while (arg)
        pause();
    return NULL;
}

static void test_exit_and_cancel_pass_through(void **state)
{
    pthread_t thread;
    void *result = NULL;
    (void)state;
    arm(SMK_CAT_SCHED);
    pthread_create(&thread, NULL, exits, &result);
    pthread_join(thread, &result);
    assert_ptr_equal(result, &result);
    pthread_create(&thread, NULL, waits_to_be_cancelled, &result);
    pthread_cancel(thread);
    pthread_join(thread, &result);
    assert_ptr_equal(result, PTHREAD_CANCELED);
    disarm();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_start_name_and_end),
        cmocka_unit_test(test_named_by_prctl),
        cmocka_unit_test(test_attributes_are_the_hosts),
        cmocka_unit_test(test_failure_is_libcs),
        cmocka_unit_test(test_exit_and_cancel_pass_through),
    };
    return SMK_RUN(tests);
}
