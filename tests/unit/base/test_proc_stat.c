#include "unit/smk_test.h"

#include <stdio.h>
#include <unistd.h>

#include "base/proc_stat.h"
#include "base/sys.h"

static void test_fields(void **state)
{
    (void)state;
    struct smk_proc_stat stat = {0};
    assert_true(smk_proc_stat_parse(&stat, "4711 (nginx) S 4710 5 6 7 8 9 10 11 12 13 140 150 16 17 18 19 20 21\n"));
    assert_int_equal(stat.name_len, 5);
    assert_memory_equal(stat.name, "nginx", 5);
    assert_int_equal(stat.state, 'S');
    assert_int_equal(smk_proc_stat_number(&stat, SMK_STAT_PARENT), 4710);
    assert_int_equal(smk_proc_stat_number(&stat, SMK_STAT_USER_TICKS), 140);
    assert_int_equal(smk_proc_stat_number(&stat, SMK_STAT_SYSTEM_TICKS), 150);
    assert_int_equal(smk_proc_stat_number(&stat, SMK_STAT_THREADS), 20);
}

static void test_names_may_hold_anything(void **state)
{
    (void)state;
    struct smk_proc_stat stat = {0};
    assert_true(smk_proc_stat_parse(&stat, "1 (a) Z 9 ((b) c) R 7 8"));
    assert_int_equal(stat.name_len, strlen("a) Z 9 ((b) c"));
    assert_int_equal(stat.state, 'R');
    assert_int_equal(smk_proc_stat_number(&stat, SMK_STAT_PARENT), 7);
    assert_true(smk_proc_stat_parse(&stat, "1 () S 2"));
    assert_int_equal(stat.name_len, 0);
}

static void test_what_is_cut_off_is_nothing(void **state)
{
    (void)state;
    static const char *const none[] = {"", "4711", "4711 (nginx", "4711 nginx) S 1", ")(", "4711 (nginx)", "1 (a)S 1"};
    struct smk_proc_stat stat = {0};
    for (size_t i = 0; i < SMK_ARRAY_LEN(none); i++)
        assert_false(smk_proc_stat_parse(&stat, none[i]));
    assert_true(smk_proc_stat_parse(&stat, "1 (a) "));
    assert_int_equal(stat.state, '\0');
    assert_int_equal(smk_proc_stat_number(&stat, SMK_STAT_PARENT), 0);
    assert_true(smk_proc_stat_parse(&stat, "1 (a) S 12"));
    assert_int_equal(smk_proc_stat_number(&stat, SMK_STAT_PARENT), 12);
    assert_int_equal(smk_proc_stat_number(&stat, SMK_STAT_PARENT + 1), 0);
    assert_int_equal(smk_proc_stat_number(&stat, SMK_STAT_THREADS), 0);
}

static void test_the_kernels(void **state)
{
    (void)state;
    char text[1024];
    struct smk_proc_stat stat = {0};
    assert_true(smk_sys_slurp("/proc/self/stat", text, sizeof text) > 0);
    assert_true(smk_proc_stat_parse(&stat, text));
    assert_int_equal(stat.state, 'R');
    assert_int_equal(smk_proc_stat_number(&stat, SMK_STAT_PARENT), getppid());
    assert_true(smk_proc_stat_number(&stat, SMK_STAT_THREADS) >= 1); /* a sanitizer has one of its own */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_names_may_hold_anything),
        cmocka_unit_test(test_what_is_cut_off_is_nothing),
        cmocka_unit_test(test_the_kernels),
    };
    return SMK_RUN(tests);
}
