/* view_check TRACE: its view is built, and once more read from its file, and held against all that the timeline tells:
 * every row at every level, sums, and ten instants against `stallmark at`, for every thread. For view.sh.
 */
#define _GNU_SOURCE
#include "unit/view/moments.h"

#include <sys/stat.h>
#include <unistd.h>

static const char *path;

static void check(smk_trace *trace, struct model *model, bool from_file)
{
    struct smk_view_progress progress;
    struct smk_view *view = model_open(path, NULL, false);
    smk_view_get_progress(view, &progress);
    assert_int_equal(progress.from_file, from_file);
    model_check(model, view);
    uint32_t threads = moments_check_some(trace, view, 10);
    printf("%u rows, %llu events, %llu bytes; %u threads at ten instants\n", smk_view_row_count(view),
           (unsigned long long)progress.total, (unsigned long long)progress.file_bytes, threads);
    assert_true(threads > 0);
    smk_view_close(view);
}

static void test_view(void **state)
{
    (void)state;
    smk_trace *trace;
    struct model model;
    if (smk_trace_open(&trace, path, NULL) != 0)
        fail_msg("%s", smk_last_error());
    model_make(&model, trace);
    check(trace, &model, false);
    check(trace, &model, true);
    model_free(&model);
    smk_trace_close(trace);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_view)};
    if (argc != 2)
        return 2;
    path = argv[1];
    srand((unsigned)getpid());
    return cmocka_run_group_tests(tests, NULL, NULL);
}
