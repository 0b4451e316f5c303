/* Requests: the table, latencies, points and parts, against what the timeline tells. */
#include "unit/view/random_trace.h"

#include "unit/view/model.h"

struct all {
    struct smk_span_request *array;
    uint32_t count, room;
    smk_trace *trace;
    struct smk_view *view;
    char path[32];
};

static void on_request(void *arg, const struct smk_span_request *request)
{
    struct all *all = arg;
    if (all->count == all->room) {
        all->room = all->room * 2 + 64;
        all->array = realloc(all->array, all->room * sizeof(*all->array));
    }
    all->array[all->count++] = *request;
}

static void begin(struct all *all)
{
    static const struct smk_timeline_calls calls = {.request = on_request};
    struct random_trace list[2] = {{.seed = 51, .threads = 6, .events = 6000, .process = 1},
                                   {.seed = 52, .threads = 3, .events = 3000, .process = 2, .perf = true}};
    *all = (struct all){.path = "/tmp/smk-view-XXXXXX"};
    srand(9);
    random_file(all->path, list, 2);
    assert_int_equal(smk_trace_open(&all->trace, all->path, NULL), 0);
    assert_int_equal(smk_timeline_run(all->trace, NULL, &calls, all), 0);
    assert_true(all->count > 1000);
    all->view = model_open(all->path, "", true);
}

static void end(struct all *all)
{
    smk_view_close(all->view);
    smk_trace_close(all->trace);
    free(all->array);
    unlink(all->path);
}

static uint64_t length(const struct smk_span_request *request) { return request->to - request->from; }

static bool fits(const struct smk_view_request_query *query, const struct smk_span_request *request)
{
    return request->to >= query->from && request->from < query->to && length(request) >= query->min_ns &&
           (!query->max_ns || length(request) <= query->max_ns) &&
           (!query->route_count || query->routes[0] == request->route);
}

static void check_table(struct all *all, const struct smk_view_request_query *query)
{
    struct smk_view_request_list list = {.total = 0};
    uint64_t total = 0;
    for (uint32_t i = 0; i < all->count; i++)
        total += fits(query, &all->array[i]);
    assert_int_equal(smk_view_requests(all->view, query, &list), 0);
    assert_int_equal(list.total, total);
    uint64_t left = total > query->offset ? total - query->offset : 0;
    assert_int_equal(list.count, left < query->limit ? left : query->limit);
    for (uint32_t i = 0; i < list.count; i++) {
        const struct smk_view_request *is = &list.array[i];
        uint64_t before = 0, same = 0;
        for (uint32_t j = 0; j < all->count; j++) {
            const struct smk_span_request *other = &all->array[j];
            uint64_t theirs = query->order == SMK_VIEW_SLOWEST ? length(other) : other->to;
            uint64_t own = query->order == SMK_VIEW_SLOWEST ? is->to - is->from : is->to;
            before += fits(query, other) && theirs > own;
            same += fits(query, other) && theirs == own;
        }
        assert_true(query->offset + i >= before && query->offset + i < before + same);
    }
    smk_view_requests_free(&list);
}

static void test_table(void **state)
{
    (void)state;
    struct all all;
    begin(&all);
    uint64_t first = smk_view_first(all.view), duration = smk_view_duration(all.view);
    for (unsigned i = 0; i < 24; i++) {
        struct smk_view_request_query query = {.from = first + duration / 8 * (i % 3),
                                               .to = first + duration - duration / 8 * (i % 4),
                                               .min_ns = i % 2 ? 5000 : 0,
                                               .max_ns = i % 5 ? 0 : 400000,
                                               .routes = &all.array[i].route,
                                               .route_count = i % 3 == 0,
                                               .order = i % 2 ? SMK_VIEW_SLOWEST : SMK_VIEW_NEWEST,
                                               .offset = i * 3,
                                               .limit = 20};
        check_table(&all, &query);
    }
    struct smk_view_request_list list = {.total = 0};
    struct smk_view_request_query much = {.limit = 10001};
    assert_int_equal(smk_view_requests(all.view, &much, &list), SMK_E_INVALID);
    for (uint32_t i = 0; i < all.count; i += 37) {
        struct smk_view_request is;
        assert_int_equal(smk_view_find_request(all.view, all.array[i].process, all.array[i].id, &is), 0);
        assert_int_equal(is.id, all.array[i].id);
        assert_int_equal(is.process, all.array[i].process);
    }
    struct smk_view_request none;
    assert_int_equal(smk_view_find_request(all.view, 9, 1, &none), SMK_E_NOTFOUND);
    end(&all);
}

static void test_latencies(void **state)
{
    (void)state;
    struct all all;
    begin(&all);
    uint64_t first = smk_view_first(all.view), duration = smk_view_duration(all.view);
    for (unsigned i = 0; i < 4; i++) {
        uint64_t from = i < 2 ? 0 : first + duration / 3, to = i < 2 ? 0 : first + duration / 2;
        uint64_t count = 0, most = 0, sum = 0;
        struct smk_view_latency latency;
        for (uint32_t j = 0; j < all.count; j++) {
            const struct smk_span_request *is = &all.array[j];
            bool wanted = !is->open && !is->begin_unseen && is->to >= from && (!to || is->from < to) &&
                          (i % 2 == 0 || is->route == all.array[0].route);
            count += wanted;
            most = wanted && length(is) > most ? length(is) : most;
        }
        assert_int_equal(smk_view_latencies(all.view, from, to, &all.array[0].route, i % 2, &latency), 0);
        for (uint32_t j = 0; j < SMK_VIEW_LATENCY_BUCKETS; j++)
            sum += latency.counts[j];
        assert_int_equal(latency.count, count);
        assert_int_equal(sum, count);
        assert_int_equal(latency.max_ns, most);
        uint64_t under = 0;
        for (uint32_t j = 0; j < all.count; j++)
            under += i == 0 && !all.array[j].open && !all.array[j].begin_unseen &&
                     length(&all.array[j]) <= latency.p99_ns + latency.p99_ns / 8 + 1;
        if (i == 0)
            assert_true(under * 100 >= count * 99);
        assert_true(latency.p50_ns <= latency.p90_ns && latency.p90_ns <= latency.p99_ns);
    }
    for (uint32_t j = 1; j < SMK_VIEW_LATENCY_BUCKETS; j++)
        assert_true(smk_view_latency_edge(j) >= smk_view_latency_edge(j - 1));
    end(&all);
}

static void test_scatter(void **state)
{
    (void)state;
    struct all all;
    begin(&all);
    struct smk_view_request_list list = {.total = 0};
    assert_int_equal(smk_view_scatter(all.view, 0, 0, 100000, &list), 0);
    assert_int_equal(list.count, all.count);
    assert_int_equal(list.total, all.count);
    assert_int_equal(smk_view_scatter(all.view, 0, 0, 400, &list), 0);
    assert_true(list.count > 100 && list.count <= 400);
    assert_int_equal(list.total, all.count);
    uint32_t slow = 0;
    for (uint32_t i = 0; i < all.count; i++) { /* the slowest half of a hundredth are all there */
        uint32_t slower = 0;
        bool there = false;
        for (uint32_t j = 0; j < all.count; j++)
            slower += length(&all.array[j]) > length(&all.array[i]);
        for (uint32_t j = 0; j < list.count; j++)
            there |= list.array[j].id == all.array[i].id && list.array[j].process == all.array[i].process;
        slow += slower < all.count / 200;
        assert_true(there || slower >= all.count / 200);
    }
    assert_true(slow > 0);
    assert_int_equal(smk_view_scatter(all.view, 0, 0, 0, &list), SMK_E_INVALID);
    smk_view_requests_free(&list);
    end(&all);
}

/* ---- parts ---------------------------------------------------------------------------------------------- */

struct worked {
    uint64_t id, ns;
    uint32_t process, count;
};

static void on_span(void *arg, const struct smk_span *span)
{
    struct worked *worked = arg;
    if (span->request != worked->id || span->process != worked->process)
        return;
    worked->ns += span->to - span->from;
    worked->count++;
}

static void test_parts(void **state)
{
    static const struct smk_timeline_calls calls = {.span = on_span};
    (void)state;
    struct all all;
    begin(&all);
    struct smk_view_parts parts = {.count = 0};
    for (uint32_t i = 0; i < 10; i++) {
        const struct smk_span_request *is = &all.array[(uint32_t)rand() % all.count];
        struct worked worked = {.id = is->id, .process = is->process};
        uint64_t ns = 0;
        if (is->open)
            continue;
        assert_int_equal(smk_timeline_run(all.trace, NULL, &calls, &worked), 0);
        assert_int_equal(smk_view_parts_of(all.view, is->process, is->id, &parts), 0);
        for (uint32_t j = 0; j < parts.count; j++) {
            ns += parts.array[j].to - parts.array[j].from;
            assert_true(j == 0 || parts.array[j].from >= parts.array[j - 1].from);
        }
        assert_int_equal(parts.count, worked.count);
        assert_int_equal(ns, worked.ns);
    }
    smk_view_parts_free(&parts);
    end(&all);
}

#define AT(ms) ((uint64_t)(ms) * 1000000)

/* A loop reads two, flushes for 30 ms while it works for the second, answers that, and looks for other work. */
static void build_one_flush(struct build *b)
{
    build_init(b);
    build_window(b, AT(1000), AT(1000), AT(3000));
    build_fact(b, SMK_FACT_SCHED_SOURCE, "perf switch records");
    uint32_t set = build_string(b, "SET"), flush = build_string(b, "fsync"), poll = build_string(b, "epoll_wait");
    uint32_t loop = build_thread(b, 101, "loop");
    build_event(b, loop, AT(1000), SMK_EV_SCHED_SOURCE, SMK_SCHED_PERF, 0);
    build_event(b, loop, AT(1100), SMK_EV_REQUEST_BEGIN, set, 7);
    build_event(b, loop, AT(1102), SMK_EV_REQUEST_BEGIN, set, 8);
    build_event(b, loop, AT(1135), SMK_EV_OFF_CPU, SMK_OFF_WAITED, AT(30), 1);
    build_event(b, loop, AT(1135), SMK_EV_DISK_WAIT, 0, AT(30), flush, 5, 0, 0);
    build_event(b, loop, AT(1140), SMK_EV_REQUEST_END, set, 8, AT(38), 200);
    build_event(b, loop, AT(1160), SMK_EV_OFF_CPU, SMK_OFF_WAITED, AT(15), 1);
    build_event(b, loop, AT(1160), SMK_EV_POLL_WAIT, 0, AT(15), poll, 3, 1);
    build_event(b, loop, AT(1170), SMK_EV_REQUEST_END, set, 7, AT(70), 200);
    build_file(b);
}

/* The view of what `fill` builds; the file has no name any more. */
static struct smk_view *view_of(void (*fill)(struct build *b))
{
    struct build *b = calloc(1, sizeof(*b));
    char path[] = "/tmp/smk-view-XXXXXX";
    int fd = mkstemp(path);
    assert_true(b && fd >= 0);
    fill(b);
    assert_int_equal(write(fd, b->file.data, b->file.len), (ssize_t)b->file.len);
    free(b->file.data);
    free(b);
    close(fd);
    struct smk_view *view = model_open(path, "", true);
    unlink(path);
    return view;
}

static void test_parts_of_what_was_read_together(void **state)
{
    (void)state;
    struct smk_view *view = view_of(build_one_flush);
    struct smk_view_parts parts = {.count = 0};
    for (uint64_t id = 7; id <= 8; id++) {
        uint64_t disk = 0, waited = 0;
        assert_int_equal(smk_view_parts_of(view, 0, id, &parts), 0);
        for (uint32_t i = 0; i < parts.count; i++) {
            uint64_t ns = parts.array[i].to - parts.array[i].from;
            bool waiting = SMK_VIEW_LOOK_STATE(parts.array[i].look) == SMK_SPAN_WAITING;
            waited += waiting ? ns : 0;
            disk += waiting && SMK_VIEW_LOOK_KIND(parts.array[i].look) == SMK_WAIT_DISK ? ns : 0;
            assert_true(i == 0 || parts.array[i].from >= parts.array[i - 1].from);
        }
        assert_int_equal(disk, AT(30));
        assert_int_equal(waited, AT(30)); /* not what came after it had looked for other work */
        smk_view_parts_free(&parts);
    }
    smk_view_close(view);
}

/* Who made a request puts it into a queue and sleeps until it was answered. */
static void build_queue(struct build *b)
{
    build_init(b);
    build_window(b, AT(1000), AT(1000), AT(3000));
    build_fact(b, SMK_FACT_SCHED_SOURCE, "perf switch records");
    uint32_t get = build_string(b, "GET"), nap = build_string(b, "usleep");
    uint32_t site = build_site(b, "workers", "pool.c", 82);
    uint32_t maker = build_thread(b, 101, "main"), worker = build_thread(b, 102, "worker");
    build_event(b, maker, AT(1000), SMK_EV_SCHED_SOURCE, SMK_SCHED_PERF, 0);
    build_event(b, maker, AT(1100), SMK_EV_REQUEST_BEGIN, get, 7);
    build_event(b, maker, AT(1150), SMK_EV_OFF_CPU, SMK_OFF_WAITED, AT(45), 1);
    build_event(b, maker, AT(1150), SMK_EV_SLEEP_WAIT, 0, AT(45), nap, AT(45));
    build_event(b, worker, AT(1130), SMK_EV_HANDOFF, site, 7, AT(28), 101);
    build_event(b, worker, AT(1131), SMK_EV_REQUEST_ENTER, 0, 7);
    build_event(b, worker, AT(1140), SMK_EV_REQUEST_LEAVE, 0, 7);
    build_event(b, worker, AT(1140), SMK_EV_REQUEST_END, get, 7, AT(40), 200);
    build_file(b);
}

static void test_parts_in_a_queue(void **state)
{
    (void)state;
    struct smk_view *view = view_of(build_queue);
    struct smk_view_parts parts = {.count = 0};
    uint32_t queues = 0;
    assert_int_equal(smk_view_parts_of(view, 0, 7, &parts), 0);
    for (uint32_t i = 0; i < parts.count; i++) {
        const struct smk_view_part *part = &parts.array[i];
        assert_true(i == 0 || part->from >= parts.array[i - 1].from);
        if (part->row == SMK_VIEW_NONE) {
            assert_int_equal(part->to - part->from, AT(28));
            assert_int_equal(SMK_VIEW_LOOK_STATE(part->look), SMK_SPAN_WAITING);
            queues++;
        } else { /* nobody's work overlaps with the 28 ms before the worker had it for 10 */
            assert_true(part->to <= parts.request.from + AT(2) || part->from >= parts.request.from + AT(30));
        }
    }
    assert_int_equal(queues, 1);
    smk_view_parts_free(&parts);
    smk_view_close(view);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),
        cmocka_unit_test(test_latencies),
        cmocka_unit_test(test_scatter),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_parts_of_what_was_read_together),
        cmocka_unit_test(test_parts_in_a_queue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
