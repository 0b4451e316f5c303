/* Several threads ask for everything while it is built, and after. What is final is right; what is not grows. */
#include "unit/view/random_trace.h"

#include <pthread.h>

#include "unit/view/model.h"

enum { ASKERS = 3, THREADS = 8 };

struct asker {
    pthread_t thread;
    struct smk_view *view;
    struct model *model;
    uint64_t seed;
    unsigned asked, final, wrong, failed;
};

/* A tile of a thread's row that is said to be final has all of it. */
static void look_at_sums(struct asker *asker, const struct smk_view_row *is)
{
    struct smk_view_sums sums;
    uint64_t from = asker->model->first, to = from + random_next(&asker->seed) % smk_view_duration(asker->view);
    uint64_t ns = 0, want = 0;
    const struct model_row *row = model_find(asker->model, is);
    asker->failed += smk_view_sums_in(asker->view, is->id, from, to, &sums) != 0;
    if (!sums.final || !row)
        return;
    for (uint32_t i = 0; i < SMK_VIEW_CLASSES; i++)
        ns += sums.ns[i];
    for (uint32_t i = 0; i < row->count && row->items[i].from < to; i++)
        want += (row->items[i].to < to ? row->items[i].to : to) - row->items[i].from;
    asker->final++;
    asker->wrong += ns != want;
}

static void look_at_rows(struct asker *asker)
{
    struct smk_view_row is;
    uint32_t thread = smk_view_row_of_thread(asker->view, 1 + (uint32_t)random_next(&asker->seed) % THREADS);
    if (smk_view_get_row(asker->view, thread, &is))
        look_at_sums(asker, &is);
    uint32_t count = smk_view_row_count(asker->view);
    uint32_t row = count ? (uint32_t)random_next(&asker->seed) % count : 0;
    if (!smk_view_get_row(asker->view, row, &is))
        return;
    struct smk_view_bytes bytes = {0};
    uint64_t first = smk_view_first(asker->view);
    uint64_t end = first + smk_view_duration(asker->view);
    asker->failed += smk_view_window(asker->view, first, end, 500, &row, 1, &bytes) != 0;
    asker->failed += smk_view_tile(asker->view, smk_view_level_max(asker->view), 0, &row, 1, &bytes) != 0;
    smk_view_bytes_free(&bytes);
    if (is.items) {
        struct smk_view_item item;
        uint32_t number = (uint32_t)random_next(&asker->seed) % is.items;
        asker->failed += smk_view_get_item(asker->view, row, number, &item) != 0;
        asker->wrong += item.item != number || item.to < item.from;
        char text[SMK_NAME_MAX];
        smk_view_label(asker->view, item.label, text);
        smk_view_row_name(asker->view, row, text);
    }
}

static void look_at_all(struct asker *asker)
{
    struct smk_view_density density = {0};
    struct smk_view_moment moment = {0};
    struct smk_view_request_list list = {0};
    struct smk_view_latency latency;
    struct smk_view_request_query query = {.limit = 10};
    uint64_t time = smk_view_first(asker->view) + random_next(&asker->seed) % smk_view_duration(asker->view);
    asker->failed += smk_view_density_of(asker->view, 100, &density) != 0;
    asker->failed += smk_view_moment_at(asker->view, time, &moment) != 0;
    asker->failed += smk_view_requests(asker->view, &query, &list) != 0;
    asker->failed += smk_view_scatter(asker->view, 0, 0, 50, &list) != 0;
    asker->failed += smk_view_latencies(asker->view, 0, 0, NULL, 0, &latency) != 0;
    smk_view_requests_free(&list);
    smk_view_moment_free(&moment);
    smk_view_density_free(&density);
}

static void *ask(void *arg)
{
    struct asker *asker = arg;
    struct smk_view_progress progress;
    unsigned after = 0;
    do {
        smk_view_get_progress(asker->view, &progress);
        look_at_rows(asker);
        if (asker->asked++ % 4 == 0)
            look_at_all(asker);
        after += progress.phase == SMK_VIEW_READY;
    } while (after < 20 && progress.phase != SMK_VIEW_FAILED);
    return NULL;
}

static void test_meanwhile(void **state)
{
    (void)state;
    char path[] = "/tmp/smk-view-XXXXXX";
    struct model model;
    struct asker askers[ASKERS];
    struct smk_view *view;
    smk_trace *trace;
    const char *paths[] = {path};
    struct smk_view_options options = {.file = "", .no_symbols = true};
    random_file(path, &(struct random_trace){.seed = 61, .threads = THREADS, .events = 10000, .perf = true}, 1);
    assert_int_equal(smk_trace_open(&trace, path, NULL), 0);
    model_make(&model, trace);
    assert_int_equal(smk_view_open(&view, paths, 1, &options), 0);
    for (unsigned i = 0; i < ASKERS; i++) {
        askers[i] = (struct asker){.view = view, .model = &model, .seed = i + 1};
        assert_int_equal(pthread_create(&askers[i].thread, NULL, ask, &askers[i]), 0);
    }
    for (unsigned i = 0; i < ASKERS; i++) {
        assert_int_equal(pthread_join(askers[i].thread, NULL), 0);
        assert_int_equal(askers[i].wrong, 0);
        assert_int_equal(askers[i].failed, 0);
        assert_true(askers[i].final > 0);
    }
    smk_view_close(view);
    model_free(&model);
    smk_trace_close(trace);
    unlink(path);
}

/* It ends at once, wherever the builder is. */
static void test_closed_early(void **state)
{
    (void)state;
    char path[] = "/tmp/smk-view-XXXXXX";
    const char *paths[] = {path};
    struct smk_view_options options = {.file = "", .no_symbols = true};
    random_file(path, &(struct random_trace){.seed = 62, .threads = 8, .events = 10000}, 1);
    for (unsigned i = 0; i < 6; i++) {
        struct smk_view *view;
        struct smk_view_progress progress;
        assert_int_equal(smk_view_open(&view, paths, 1, &options), 0);
        smk_view_get_progress(view, &progress);
        if (i)
            smk_view_wait(view, progress.serial, i * 4, &progress);
        smk_view_close(view);
    }
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_meanwhile), cmocka_unit_test(test_closed_early)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
