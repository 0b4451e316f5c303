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

/* With hardly any memory blocks are small, and stretches are missing; what is said is the same. */
static void test_little_memory(void **state)
{
    (void)state;
    struct random_trace list[4] = {{0}};
    char path[] = "/tmp/smk-view-XXXXXX";
    const char *paths[] = {path};
    struct smk_view_progress progress;
    struct model model;
    struct smk_view *view;
    smk_trace *trace;
    uint64_t bytes[2];
    for (uint32_t i = 0; i < 4; i++)
        list[i] = (struct random_trace){.seed = 90 + i, .threads = 15, .events = 1500, .process = i + 1};
    srand(7);
    random_file(path, list, 4);
    assert_int_equal(smk_trace_open(&trace, path, NULL), 0);
    model_make(&model, trace);
    for (unsigned i = 0; i < 2; i++) {
        struct smk_view_options options = {
            .file = "", .no_symbols = true, .in_turn = true, .max_memory = i ? (size_t)60 << 20 : 0};
        if (smk_view_open(&view, paths, 1, &options) != 0)
            fail_msg("%s", smk_last_error());
        smk_view_get_progress(view, &progress);
        assert_int_equal(progress.phase, SMK_VIEW_READY);
        bytes[i] = progress.file_bytes;
        model_check(&model, view);
        smk_view_close(view);
    }
    assert_true(bytes[0] != bytes[1]); /* it did run short */
    model_free(&model);
    smk_trace_close(trace);
    unlink(path);
}

/* The same two as files of their own. */
static void test_files(void **state)
{
    (void)state;
    struct random_trace list[2] = {{.seed = 21, .threads = 3, .events = 1000, .process = 1},
                                   {.seed = 22, .threads = 4, .events = 500, .process = 2, .perf = true}};
    char first[] = "/tmp/smk-view-XXXXXX", second[] = "/tmp/smk-view-XXXXXX", kept[64];
    const char *paths[] = {first, second};
    struct smk_view_options options = {.file = kept, .no_symbols = true, .in_turn = true};
    struct smk_view_progress progress;
    struct model model;
    struct smk_view *view;
    smk_trace *trace;
    srand(8);
    random_file(first, &list[0], 1);
    random_file(second, &list[1], 1);
    snprintf(kept, sizeof(kept), "%s.kept", first);
    assert_int_equal(smk_trace_open_segments(&trace, paths, 2, NULL), 0);
    model_make(&model, trace);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(smk_view_open(&view, paths, 2, &options), 0);
        smk_view_get_progress(view, &progress);
        assert_int_equal(progress.from_file, i);
        model_check(&model, view);
        smk_view_close(view);
    }
    smk_trace_close(trace);
    model_free(&model);
    unlink(first);
    unlink(second);
    unlink(kept);
}

/* Times in which something was not recorded are marks, side by side where they overlap. */
static void test_gaps(void **state)
{
    (void)state;
    char path[] = "/tmp/smk-view-XXXXXX", text[SMK_NAME_MAX];
    struct build *b = calloc(1, sizeof(*b));
    struct smk_view_row is;
    struct smk_view_item item;
    unsigned found = 0;
    int fd = mkstemp(path);
    random_build(b, &(struct random_trace){.seed = 41, .threads = 2, .events = 500});
    build_fact(b, SMK_FACT_GAPS, "lock 5001000000 5002000000 budget\ndisk 5001500000 5003000000 budget\n"
                                 "lock 5004000000 5005000000 budget");
    build_file(b);
    assert_int_equal(write(fd, b->file.data, b->file.len), (ssize_t)b->file.len);
    close(fd);
    free(b->file.data);
    free(b);
    struct smk_view *view = model_open(path, "", true);
    for (uint32_t row = 0; smk_view_get_row(view, row, &is); row++)
        for (uint32_t i = 0; is.kind == SMK_VIEW_MARKS && i < is.items; i++) {
            assert_int_equal(smk_view_get_item(view, row, i, &item), 0);
            smk_view_label(view, item.label, text);
            assert_true(SMK_VIEW_LOOK_FLAGS(item.look) & SMK_VIEW_IN_GAP);
            assert_string_equal(text, is.depth ? "disk" : "lock");
            assert_int_equal(item.from, is.depth ? 5001500000 : i ? 5004000000 : 5001000000);
            assert_int_equal(item.to, is.depth ? 5003000000 : i ? 5005000000 : 5002000000);
            found++;
        }
    assert_int_equal(found, 3);
    smk_view_close(view);
    unlink(path);
}

/* What a thread said is points of a row beside it, with the number; tests/view has the texts. */
static void test_logs(void **state)
{
    (void)state;
    char path[] = "/tmp/smk-view-XXXXXX", text[SMK_NAME_MAX];
    struct build *b = calloc(1, sizeof(*b));
    struct smk_view_row is, thread;
    struct smk_view_item item;
    unsigned found = 0;
    int fd = mkstemp(path);
    random_build(b, &(struct random_trace){.seed = 43, .threads = 2, .events = 500});
    uint32_t site = build_site(b, "cache miss", "cache.c", 12);
    for (unsigned i = 0; i < 3; i++)
        build_event(b, 1, b->last - 3 + i, SMK_EV_LOG, site, (uint64_t)-(int64_t)i, 0);
    build_file(b);
    assert_int_equal(write(fd, b->file.data, b->file.len), (ssize_t)b->file.len);
    close(fd);
    struct smk_view *view = model_open(path, "", true);
    for (uint32_t row = 0; smk_view_get_row(view, row, &is); row++)
        for (uint32_t i = 0; is.kind == SMK_VIEW_LOGS && i < is.items; i++) {
            assert_int_equal(smk_view_get_item(view, row, i, &item), 0);
            smk_view_label(view, item.label, text);
            assert_string_equal(text, "cache miss");
            assert_int_equal(item.from, b->last - 3 + i);
            assert_int_equal(item.value, -(int64_t)i);
            assert_true(smk_view_get_row(view, is.parent, &thread) && thread.kind == SMK_VIEW_THREAD);
            assert_int_equal(thread.thread, is.thread);
            found++;
        }
    assert_int_equal(found, 3);
    smk_view_close(view);
    free(b->file.data);
    free(b);
    unlink(path);
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
        cmocka_unit_test(test_little_memory), cmocka_unit_test(test_files),           cmocka_unit_test(test_gaps),
        cmocka_unit_test(test_logs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
