/* Names of functions out of the program's files, where these are at hand and where their disk hangs. */
#define _GNU_SOURCE
#include <pthread.h>
#include <unistd.h>

#include "unit/smk_test.h"

#include "agent_state.h"
#include "aside.h"
#include "base/atomic.h"
#include "base/sys.h"
#include "heap.h"
#include "threads_view.h"

#define LONG_NS UINT64_C(30000000000)
#define WHILE   UINT64_C(50000000)

static uint32_t opened, released; /* atomic */

/* A disk that gives nothing until it is told to. */
static void hang(struct smk_symbol_file *file, struct smk_mem *mem, const smk_module_info *module,
                 const char *debug_dir)
{
    smk_add_relaxed(&opened, 1);
    while (!smk_load_acquire(&released)) /* pairs with: let_go */
        smk_sys_futex_wait(&released, 0, UINT64_MAX);
    smk_symbol_file_open(file, mem, module, debug_dir);
}

static void let_go(void)
{
    smk_store_release(&released, 1); /* pairs with: hang */
    smk_sys_futex_wake(&released, INT32_MAX);
}

static int begin(void **state)
{
    (void)state;
    opened = released = 0;
    smk_agent.settings.report_memory = 64u << 20;
    smk_view_open_symbols = smk_symbol_file_open;
    struct smk_threads_view view; /* what a first look sets up */
    const struct smk_threads_wanted wanted = {.max = 1};
    assert_int_equal(smk_threads_view_make(&view, &wanted), 0);
    smk_threads_view_free(&view);
    smk_aside_open();
    return 0;
}

static int end(void **state)
{
    (void)state;
    let_go();
    smk_aside_close();
    for (unsigned i = 0; smk_heap_used() > 0 && i < 1000; i++)
        smk_sys_sleep(10000000);
    return smk_heap_used() == 0 ? 0 : -1;
}

static __attribute__((noinline)) int the_function(int n) { return n + 1; }

/* The frame in the_function, looked up within `ns`. */
static struct smk_live_frame look_up(uint64_t ns, bool *late)
{
    struct smk_live_frame frame;
    struct smk_threads_view view = {.symbols = true, .until_ns = smk_sys_clock(CLOCK_MONOTONIC) + ns};
    uint64_t pc = (uint64_t)(uintptr_t)the_function + 1;
    static char function[64];
    smk_mem_init(&view.mem, NULL, NULL, 0);
    view.frames = &frame;
    assert_int_equal(smk_view_list_modules(&view), 0);
    smk_view_name_frames(&view, &frame, &pc, 1);
    snprintf(function, sizeof function, "%s", frame.function ? frame.function : "");
    *late = view.names_late;
    assert_string_equal(frame.module, "test_agent_threads_names");
    assert_true(frame.offset > 0);
    smk_view_free_modules(&view);
    frame.function = function;
    return frame;
}

static void test_names_in_time(void **state)
{
    bool late;
    (void)state;
    assert_int_equal(the_function(1), 2);
    assert_string_equal(look_up(LONG_NS, &late).function, "the_function");
    assert_false(late);
}

static void test_a_disk_that_hangs(void **state)
{
    bool late = true;
    (void)state;
    smk_view_open_symbols = hang;
    for (unsigned i = 0; i < 3; i++) {
        assert_string_equal(look_up(i ? LONG_NS : WHILE, &late).function, "");
        assert_true(late);
    }
    assert_true(smk_load_relaxed(&opened) <= 1); /* the next ones did not wait, and began nothing */
    let_go();
    for (unsigned i = 0; late && i < 1000; i++) {
        if (look_up(LONG_NS, &late).function[0])
            assert_false(late);
        smk_sys_sleep(10000000);
    }
    assert_false(late);
}

/* What the thread is at is its own, when the agent has ended. */
static void test_the_agent_ends_meanwhile(void **state)
{
    bool late;
    (void)state;
    smk_view_open_symbols = hang;
    look_up(WHILE, &late);
    assert_true(late);
    smk_aside_close();
    look_up(LONG_NS, &late);
    assert_true(late);
}

static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;

static void *wait_for_it(void *arg)
{
    pthread_mutex_lock(&held);
    pthread_mutex_unlock(&held);
    return arg;
}

static void test_the_answer_says_so(void **state)
{
    pthread_t thread;
    struct smk_threads_view view;
    const struct smk_threads_wanted wanted = {.max = 100, .symbols = true};
    (void)state;
    smk_view_open_symbols = hang;
    pthread_mutex_lock(&held);
    assert_int_equal(pthread_create(&thread, NULL, wait_for_it, NULL), 0);
    smk_sys_sleep(50000000);
    int rc = smk_threads_view_make(&view, &wanted);
    pthread_mutex_unlock(&held);
    pthread_join(thread, NULL);
    assert_int_equal(rc, 0);
    assert_non_null(strstr(view.live.why, "names not in time"));
    smk_threads_view_free(&view);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_names_in_time, begin, end),
        cmocka_unit_test_setup_teardown(test_a_disk_that_hangs, begin, end),
        cmocka_unit_test_setup_teardown(test_the_agent_ends_meanwhile, begin, end),
        cmocka_unit_test_setup_teardown(test_the_answer_says_so, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
