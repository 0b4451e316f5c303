#define _GNU_SOURCE
#include "source/look.h"

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/sys.h"
#include "core/clock.h"
#include "unit/smk_test.h"

static void test_parse(void **state)
{
    struct smk_look_call call;
    (void)state;
    assert_true(smk_look_parse_call("running\n", &call));
    assert_false(call.asleep);
    assert_true(smk_look_parse_call("202 0x7f01 0x80 0x2 0x0 0x0 0x5 0x7ffe10 0x4001\n", &call));
    assert_true(call.asleep);
    assert_int_equal(call.number, 202);
    assert_int_equal(call.args[0], 0x7f01);
    assert_int_equal(call.args[5], 5);
    assert_int_equal(call.sp, 0x7ffe10);
    assert_int_equal(call.pc, 0x4001);
    assert_true(smk_look_parse_call("-1 0x10 0x20\n", &call));
    assert_int_equal(call.number, -1);
    assert_int_equal(call.sp, 0x10);
    static const char *const wrong[] = {"", "\n", "x", "202", "202 0x1 0x2\n", "-1 0x1\n", "202 1 2 3 4 5 6 7\n"};
    for (size_t i = 0; i < SMK_ARRAY_LEN(wrong); i++)
        assert_false(smk_look_parse_call(wrong[i], &call));
}

static bool is_seven(uint32_t tid) { return tid == 7; }

static void test_mutex(void **state)
{
    uint32_t holder;
    (void)state;
    const struct {
        uint32_t words[6];
        bool is;
    } cases[] = {
        {{2, 0, 7, 1, 0, 0}, true},           {{1, 3, 7, 1, 1, 0}, true},        {{2, 0, 7, 1, 128, 0}, true},
        {{0x80000007, 0, 7, 1, 16, 0}, true}, {{0x80000007, 0, 7, 1, 32, 0}, true},
        {{0, 0, 0, 0, 0, 0}, false},          {{2, 0, 8, 1, 0, 0}, false},       {{2, 0, 7, 0, 0, 0}, false},
        {{3, 0, 7, 1, 0, 0}, false},          {{2, 0, 7, 1, 0x5000, 0}, false},  {{0x80000008, 0, 7, 1, 16, 0}, false},
        {{2, 1, 0x1234567, 0x7f01, 0, 0}, false}, /* a stream's lock: a pointer for an owner */
    };
    for (size_t i = 0; i < SMK_ARRAY_LEN(cases); i++) {
        holder = 0;
        assert_int_equal(smk_look_is_mutex(cases[i].words, is_seven, &holder), cases[i].is);
        assert_int_equal(holder, cases[i].is ? 7 : 0);
    }
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint32_t waiter; /* tid */

static void *wait_for_lock(void *arg)
{
    smk_store_relaxed(&waiter, (uint32_t)smk_sys_gettid());
    pthread_mutex_lock(&lock);
    pthread_mutex_unlock(&lock);
    return arg;
}

/* Nothing is armed, and the thread has no slot: the kernel says what it does. */
static void test_waiter(void **state)
{
    static struct smk_look looks[8];
    struct smk_look_result result;
    pthread_t thread;
    const struct smk_look *look = NULL;
    (void)state;
    pthread_mutex_lock(&lock);
    assert_int_equal(pthread_create(&thread, NULL, wait_for_lock, NULL), 0);
    for (int tries = 0; tries < 400 && !(look && look->kind == SMK_WAIT_LOCK && look->depth); tries++) {
        smk_sys_sleep(5000000);
        const struct smk_look_options options = {
            .max = 8, .only = smk_load_relaxed(&waiter), .until_ns = smk_sys_clock(CLOCK_MONOTONIC) + 1000000000};
        assert_int_equal(smk_look_threads(&options, looks, &result), 0);
        look = result.looked == 1 && options.only ? &looks[0] : NULL;
    }
    assert_non_null(look);
    assert_int_equal(look->state, SMK_LOOK_WAITING);
    assert_int_equal(look->kind, SMK_WAIT_LOCK);
    assert_int_equal(look->object, (uint64_t)(uintptr_t)&lock);
    assert_int_equal(look->holder, smk_sys_gettid());
    assert_string_equal(look->call, "futex");
    assert_false(look->published);
    assert_true(look->depth >= 2);
    pthread_mutex_unlock(&lock);
    pthread_join(thread, NULL);
}

/* As many as there is room for, ascending, and late is late. */
static void test_bounds(void **state)
{
    static struct smk_look looks[2];
    struct smk_look_result result;
    struct smk_look_options options = {.max = 1, .until_ns = UINT64_MAX};
    (void)state;
    assert_int_equal(smk_look_threads(&options, looks, &result), 0);
    assert_int_equal(result.looked, 1);
    assert_true(result.threads >= 1);
    assert_false(result.late);
    options.until_ns = 0;
    assert_int_equal(smk_look_threads(&options, looks, &result), 0);
    assert_true(result.late);
    options = (struct smk_look_options){.max = 2, .only = 1u << 30, .until_ns = UINT64_MAX};
    assert_int_equal(smk_look_threads(&options, looks, &result), 0);
    assert_int_equal(result.looked, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_mutex),
        cmocka_unit_test(test_waiter),
        cmocka_unit_test(test_bounds),
    };
    smk_clock_init(false);
    return SMK_RUN(tests);
}
