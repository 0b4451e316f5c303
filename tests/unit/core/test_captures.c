/* Captures side by side, the flight recorder, snapshots; bounds; the life of a capture. */
#include <fcntl.h>

#include "unit/core/captures.h"

#include "core/drain.h"
#include "core/thread.h"

#define LONG_ENOUGH UINT64_C(20000000000)

static struct smk_capture_spec spec_of(struct memory_sink *sink)
{
    struct smk_capture_spec spec = {.kind = SMK_CAPTURE_TIMED,
                                    .categories = SMK_CAT_OTHER,
                                    .sink = &memory_sink_calls,
                                    .sink_arg = sink};
    smk_capture_new_id(spec.id);
    return spec;
}

static void counters(int count)
{
    for (int i = 0; i < count; i++)
        SMK_COUNTER("n", i);
}

static void regions(int count)
{
    for (int i = 0; i < count; i++) {
        SMK_REGION("r");
    }
}

static unsigned finished;
static enum smk_reason finished_reason;

static void on_finished(void *arg, struct smk_capture *capture, enum smk_reason reason)
{
    (void)arg;
    (void)capture;
    finished++;
    finished_reason = reason;
}

static void test_timer(void **state)
{
    struct memory_sink sink = {0};
    struct smk_capture_spec spec = spec_of(&sink);
    struct smk_capture *capture;
    struct smk_capture_progress progress;
    (void)state;
    spec.duration_ns = 50000000;
    spec.finished = on_finished;
    finished = 0;
    assert_int_equal(smk_capture_begin(&spec, &capture), 0);
    counters(10);
    assert_true(smk_capture_wait(capture, LONG_ENOUGH));
    smk_capture_end(capture, SMK_REASON_STOPPED); /* too late to say */
    smk_capture_get_progress(capture, &progress);
    assert_int_equal(progress.state, SMK_CAPTURE_DONE);
    assert_int_equal(progress.reason, SMK_REASON_TIMER);
    assert_int_equal(progress.events, 10);
    assert_int_equal(progress.lost, 0);
    assert_int_equal(progress.bytes, sink.size);
    assert_int_equal(progress.segments, 1);
    assert_true(progress.ended_unix_ns >= progress.started_unix_ns + spec.duration_ns);
    smk_capture_release(capture);
    assert_int_equal(finished, 1);
    assert_int_equal(finished_reason, SMK_REASON_TIMER);
    assert_int_equal(smk_gate, 0);
    forget(&sink);
}

static void test_a_duration_without_end(void **state)
{
    struct memory_sink sink = {0};
    struct smk_capture_spec spec = spec_of(&sink);
    struct smk_capture *capture;
    (void)state;
    spec.duration_ns = UINT64_MAX; /* "for ever", as some say it */
    assert_int_equal(smk_capture_begin(&spec, &capture), 0);
    assert_false(smk_capture_wait(capture, 300000000));
    assert_int_equal(end(capture, &sink).reason, SMK_REASON_STOPPED);
    forget(&sink);
}

static void test_bad_specs(void **state)
{
    struct memory_sink sink = {0};
    struct smk_capture *capture = NULL;
    struct smk_capture_spec good = spec_of(&sink), bad;
    (void)state;
    bad = good, bad.categories = 0;
    assert_int_equal(smk_capture_begin(&bad, &capture), SMK_E_INVALID);
    bad = good, bad.categories = 1u << 31;
    assert_int_equal(smk_capture_begin(&bad, &capture), SMK_E_INVALID);
    bad = good, bad.max_bytes = SMK_MAX_BYTES_MIN - 1;
    assert_int_equal(smk_capture_begin(&bad, &capture), SMK_E_INVALID);
    assert_non_null(strstr(smk_last_error(), "256 KiB"));
    bad = good, bad.rotate_bytes = 1;
    assert_int_equal(smk_capture_begin(&bad, &capture), SMK_E_INVALID);
    bad = good, bad.rotate_every_ns = 1;
    assert_int_equal(smk_capture_begin(&bad, &capture), SMK_E_INVALID);
    assert_null(capture);
    assert_int_equal(smk_gate, 0);
    assert_int_equal(sink.opens, 0);
}

static void test_only_so_many(void **state)
{
    struct memory_sink sinks[SMK_CAPTURES_MAX + 1] = {{0}};
    struct smk_capture *captures[SMK_CAPTURES_MAX + 1];
    (void)state;
    for (int i = 0; i < SMK_CAPTURES_MAX; i++)
        captures[i] = begin(&sinks[i], SMK_CAT_OTHER);
    struct smk_capture_spec one_more = spec_of(&sinks[SMK_CAPTURES_MAX]);
    assert_int_equal(smk_capture_begin(&one_more, &captures[SMK_CAPTURES_MAX]), SMK_E_LIMIT);
    counters(100);
    for (int i = 0; i < SMK_CAPTURES_MAX; i++) {
        struct contents c = end(captures[i], &sinks[i]);
        assert_int_equal(c.events, 100);
        assert_int_equal(c.lost, 0);
        forget(&sinks[i]);
    }
}

/* The gate is the union; each file has its own categories only. */
static void test_side_by_side(void **state)
{
    struct memory_sink others = {0}, regions_sink = {0}, snapshot = {0};
    (void)state;
    assert_int_equal(smk_recorder_set(SMK_CAT_REQUEST), 0);
    struct smk_capture *a = begin(&others, SMK_CAT_OTHER);
    struct smk_capture *b = begin(&regions_sink, SMK_CAT_REGION);
    assert_int_equal(smk_gate, SMK_CAT_REQUEST | SMK_CAT_OTHER | SMK_CAT_REGION);
    counters(300);
    regions(200);
    for (int i = 0; i < 50; i++)
        smk_request_end(smk_request_begin("GET /"));
    struct smk_capture_spec spec = spec_of(&snapshot);
    spec.kind = SMK_CAPTURE_SNAPSHOT;
    spec.categories = SMK_CAT_REQUEST;
    struct smk_capture *s;
    assert_int_equal(smk_capture_begin(&spec, &s), 0);
    assert_true(smk_capture_wait(s, LONG_ENOUGH));
    smk_capture_release(s);
    counters(5);
    struct contents in_a = end(a, &others);
    assert_int_equal(smk_gate, SMK_CAT_REQUEST | SMK_CAT_REGION);
    struct contents in_b = end(b, &regions_sink), in_s = contents_of(snapshot.data, snapshot.size);
    assert_int_equal(in_a.events, 305);
    assert_int_equal(in_b.events, 400);
    assert_int_equal(in_s.events, 100);
    assert_int_equal(in_s.reason, SMK_REASON_COMPLETE);
    assert_int_equal(in_a.lost + in_b.lost + in_s.lost, 0);
    assert_int_equal(smk_gate, SMK_CAT_REQUEST);
    smk_recorder_set(0);
    assert_int_equal(smk_gate, 0);
    forget(&others);
    forget(&regions_sink);
    forget(&snapshot);
}

static struct contents snapshot(uint64_t before_ns, uint64_t after_ns, int during)
{
    struct memory_sink sink = {0};
    struct smk_capture_spec spec = spec_of(&sink);
    struct smk_capture *capture;
    spec.kind = SMK_CAPTURE_SNAPSHOT;
    spec.before_ns = before_ns;
    spec.after_ns = after_ns;
    assert_int_equal(smk_capture_begin(&spec, &capture), 0);
    counters(during);
    assert_true(smk_capture_wait(capture, LONG_ENOUGH));
    smk_capture_release(capture);
    struct contents c = contents_of(sink.data, sink.size);
    forget(&sink);
    return c;
}

/* The buffer is left as it is: a second snapshot has the same and more. */
static void test_snapshots(void **state)
{
    (void)state;
    assert_int_equal(smk_recorder_set(SMK_CAT_OTHER), 0);
    counters(1000);
    uint64_t first = snapshot(0, 0, 0).events;
    assert_true(first >= 1000);
    counters(500);
    assert_int_equal(snapshot(0, 0, 0).events, first + 500);
    usleep(200000);
    counters(20);
    uint64_t latest = snapshot(100000000, 0, 0).events; /* 0.1 s back */
    assert_true(latest == 20);
    struct contents with_after = snapshot(1, 50000000, 30); /* 1 ns back, 50 ms more */
    assert_int_equal(with_after.events, 30);
    assert_true(smk_recorder_window_ns() > 0);
    smk_recorder_set(0);
    assert_int_equal(smk_recorder_window_ns(), 0);
}

static void test_rotation_by_size(void **state)
{
    struct memory_sink sink = {0};
    struct smk_capture_spec spec = spec_of(&sink);
    struct smk_capture *capture;
    char text[400];
    uint32_t x = 1;
    (void)state;
    spec.rotate_bytes = SMK_ROTATE_BYTES_MIN;
    assert_int_equal(smk_capture_begin(&spec, &capture), 0);
    for (int i = 0; i < 6000; i++) {
        for (size_t at = 0; at + 1 < sizeof text; at++)
            text[at] = (char)(1 + (x = x * 1664525u + 1013904223u) / 16843010u % 254);
        text[sizeof text - 1] = '\0';
        SMK_LOG("noise", i, text);
        if (i % 500 == 0)
            usleep(60000); /* rotation goes with the writer's passes */
    }
    struct contents c = end(capture, &sink);
    assert_true(c.whole);
    assert_true(c.ends >= 3);
    assert_int_equal(c.ends, sink.opens);
    assert_int_equal(sink.closes, sink.opens);
    assert_int_equal(c.events + c.lost, 6000);
    assert_int_equal(c.events, c.end_events);
    forget(&sink);
}

static void test_rotation_by_time(void **state)
{
    struct memory_sink sink = {0};
    struct smk_capture_spec spec = spec_of(&sink);
    struct smk_capture *capture;
    (void)state;
    spec.rotate_every_ns = SMK_ROTATE_EVERY_MIN_NS;
    assert_int_equal(smk_capture_begin(&spec, &capture), 0);
    for (int i = 0; i < 50; i++) {
        counters(100);
        usleep(10000);
    }
    struct contents c = end(capture, &sink);
    assert_true(c.whole && c.ends >= 3);
    assert_int_equal(c.events, 5000);
    forget(&sink);
}

/* ---- a hundred times a second ---------------------------------------------------------------------------- */

static uint32_t stop_load;

static void *load(void *arg)
{
    while (!__atomic_load_n(&stop_load, __ATOMIC_RELAXED)) {
        regions(200);
        counters(200);
    }
    return arg;
}

static void test_armed_again_and_again(void **state)
{
    pthread_t threads[2];
    (void)state;
    stop_load = 0;
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, load, NULL);
    uint64_t until = smk_sys_clock(CLOCK_MONOTONIC) + 1500000000u;
    unsigned times = 0;
    for (; times <= 5 || smk_sys_clock(CLOCK_MONOTONIC) < until; times++) {
        struct memory_sink sink = {0};
        struct smk_capture *capture = begin(&sink, SMK_CAT_REGION | SMK_CAT_OTHER);
        usleep(times % 3 * 1000);
        struct contents c = end(capture, &sink);
        assert_true(c.whole && c.ends == 1);
        assert_int_equal(c.events, c.end_events);
        forget(&sink);
    }
    __atomic_store_n(&stop_load, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
}

/* ---- idle threads ------------------------------------------------------------------------------------------ */

static pthread_barrier_t idle, wake;

static void *rest(void *arg)
{
    counters(3);
    pthread_barrier_wait(&idle);
    pthread_barrier_wait(&wake);
    counters(4);
    return arg;
}

/* A sub-buffer of a thread that rests is taken away once it is the oldest; the thread gets another one. */
static void test_idle_threads_give_back(void **state)
{
    struct memory_sink sink = {0};
    pthread_t thread;
    uint64_t stolen = smk_pool.stolen;
    (void)state;
    pthread_barrier_init(&idle, NULL, 2);
    pthread_barrier_init(&wake, NULL, 2);
    struct smk_capture *capture = begin(&sink, SMK_CAT_OTHER);
    pthread_create(&thread, NULL, rest, NULL);
    pthread_barrier_wait(&idle);
    uint64_t emitted = 7;
    uint64_t until = smk_sys_clock(CLOCK_MONOTONIC) + UINT64_C(15000000000);
    while (smk_load_relaxed(&smk_pool.stolen) == stolen && smk_sys_clock(CLOCK_MONOTONIC) < until) {
        counters(20000); /* the pool goes around */
        emitted += 20000;
        usleep(5000);
    }
    assert_true(smk_load_relaxed(&smk_pool.stolen) > stolen);
    pthread_barrier_wait(&wake);
    pthread_join(thread, NULL);
    struct contents c = end(capture, &sink);
    assert_int_equal(c.events + c.lost, emitted);
    forget(&sink);
}

/* ---- the end ------------------------------------------------------------------------------------------------ */

static void test_shutdown(void **state)
{
    struct memory_sink sinks[2] = {{0}};
    struct smk_capture *captures[2];
    (void)state;
    for (int i = 0; i < 2; i++)
        captures[i] = begin(&sinks[i], SMK_CAT_OTHER);
    counters(10);
    smk_core_shutdown();
    for (int i = 0; i < 2; i++) {
        struct contents c = contents_of(sinks[i].data, sinks[i].size);
        assert_int_equal(c.events, 10);
        assert_int_equal(c.reason, SMK_REASON_EXIT);
        smk_capture_release(captures[i]);
        forget(&sinks[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_timer),
        cmocka_unit_test(test_a_duration_without_end),
        cmocka_unit_test(test_bad_specs),
        cmocka_unit_test(test_only_so_many),
        cmocka_unit_test(test_side_by_side),
        cmocka_unit_test(test_snapshots),
        cmocka_unit_test(test_rotation_by_size),
        cmocka_unit_test(test_rotation_by_time),
        cmocka_unit_test(test_armed_again_and_again),
        cmocka_unit_test(test_idle_threads_give_back),
        cmocka_unit_test(test_shutdown),
    };
    start_core(2u << 20);
    return SMK_RUN(tests);
}
