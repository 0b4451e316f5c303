/* Rows, levels and sums against all items of the trace. */
#include "unit/view/random_trace.h"

#include "unit/view/model.h"

static void check(const struct random_trace *list, size_t count)
{
    char path[] = "/tmp/smk-view-XXXXXX";
    struct model model;
    smk_trace *trace;
    srand(7);
    random_file(path, list, count);
    assert_int_equal(smk_trace_open(&trace, path, NULL), 0);
    model_make(&model, trace);
    struct smk_view *view = model_open(path, "", true);
    model_check(&model, view);
    smk_view_close(view);
    model_free(&model);
    smk_trace_close(trace);
    unlink(path);
}

static void test_one_thread(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed < 4; seed++)
        check(&(struct random_trace){.seed = seed, .threads = 1, .events = 4000}, 1);
}

static void test_threads(void **state)
{
    (void)state;
    check(&(struct random_trace){.seed = 11, .threads = 5, .events = 3000}, 1);
    check(&(struct random_trace){.seed = 12, .threads = 5, .events = 3000, .perf = true}, 1);
    check(&(struct random_trace){.seed = 13, .threads = 3, .events = 2000, .perf = true, .cut = true}, 1);
}

static void test_processes(void **state)
{
    (void)state;
    struct random_trace list[2] = {{.seed = 21, .threads = 3, .events = 2000, .process = 1},
                                   {.seed = 22, .threads = 4, .events = 1000, .process = 2, .perf = true}};
    check(list, 2);
}

static void test_hardly_anything(void **state)
{
    (void)state;
    check(&(struct random_trace){.seed = 31, .threads = 0}, 1);
    check(&(struct random_trace){.seed = 31, .threads = 2}, 1);
    check(&(struct random_trace){.seed = 32, .threads = 1, .events = 1}, 1);
}

static void test_600_threads(void **state)
{
    (void)state;
    struct random_trace list[10] = {{0}};
    for (uint32_t i = 0; i < 10; i++)
        list[i] = (struct random_trace){.seed = 40 + i, .threads = 60, .events = 40, .process = i + 1};
    check(list, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_thread), cmocka_unit_test(test_threads),     cmocka_unit_test(test_processes),
        cmocka_unit_test(test_hardly_anything), cmocka_unit_test(test_600_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
