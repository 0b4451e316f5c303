/* Events emitted = events in the file + events that the file counts as lost, to the event, whatever
 * happened between. The threads count what they emit themselves. */
#include "unit/core/captures.h"

#define POOL SMK_POOL_BYTES_MIN /* 64 sub-buffers: everything is recycled all the time */

static unsigned rounds(unsigned normal)
{
    return getenv("SMK_LONG") ? 10 * normal : normal;
}

/* ---- load -------------------------------------------------------------------------------------------- */

struct load {
    pthread_t thread;
    unsigned counters, regions, logs; /* how many it emits */
    uint64_t emitted;
};

static void *emit(void *arg)
{
    struct load *load = arg;
    for (unsigned i = 0; i < load->counters; i++)
        SMK_COUNTER("n", i);
    for (unsigned i = 0; i < load->regions; i++) {
        SMK_REGION("r");
    }
    for (unsigned i = 0; i < load->logs; i++)
        SMK_LOG("text", i, "some text that is longer than a word");
    /* 1: the thread's end */
    load->emitted = (uint64_t)load->counters + 2 * (uint64_t)load->regions + load->logs + 1;
    return NULL;
}

static uint64_t run(struct load *loads, unsigned count, const struct load *each)
{
    uint64_t emitted = 0;
    for (unsigned i = 0; i < count; i++) {
        loads[i] = *each;
        assert_int_equal(pthread_create(&loads[i].thread, NULL, emit, &loads[i]), 0);
    }
    for (unsigned i = 0; i < count; i++) {
        pthread_join(loads[i].thread, NULL);
        emitted += loads[i].emitted;
    }
    return emitted;
}

static void check(const struct contents *c, uint64_t emitted, const char *what)
{
    if (c->events + c->lost != emitted || c->events != c->end_events)
        print_error("%s: %llu in the file (END says %llu) + %llu lost = %llu, but %llu were emitted\n", what,
                    (unsigned long long)c->events, (unsigned long long)c->end_events,
                    (unsigned long long)c->lost, (unsigned long long)(c->events + c->lost),
                    (unsigned long long)emitted);
    assert_int_equal(c->events + c->lost, emitted);
    assert_int_equal(c->events, c->end_events);
    assert_true(c->whole);
}

/* ---- tests ------------------------------------------------------------------------------------------- */

static void test_nothing_is_lost_without_need(void **state)
{
    struct load loads[2];
    (void)state;
    for (unsigned i = 0; i < rounds(5); i++) {
        struct memory_sink sink = {0};
        struct smk_capture *capture = begin(&sink, SMK_CAT_ALL);
        uint64_t emitted = run(loads, 2, &(struct load){.counters = 1000, .regions = 1000, .logs = 100});
        struct contents c = end(capture, &sink);
        check(&c, emitted, "light load");
        assert_int_equal(c.lost, 0);
        forget(&sink);
    }
}

static void test_overload(void **state)
{
    struct load loads[8];
    uint64_t lost = 0;
    (void)state;
    for (unsigned i = 0; i < rounds(6); i++) {
        struct memory_sink sink = {.delay = 3000};
        struct smk_capture *capture = begin(&sink, SMK_CAT_ALL);
        uint64_t emitted =
            run(loads, 8, &(struct load){.counters = 20000, .regions = 20000, .logs = 2000});
        struct contents c = end(capture, &sink);
        check(&c, emitted, "overload");
        lost += c.lost;
        forget(&sink);
    }
    assert_true(lost > 0); /* else it was none */
}

static void test_thread_churn(void **state)
{
    struct load loads[8];
    (void)state;
    for (unsigned i = 0; i < rounds(4); i++) {
        struct memory_sink sink = {.delay = 2000};
        struct smk_capture *capture = begin(&sink, SMK_CAT_ALL);
        uint64_t emitted = 0;
        for (unsigned k = 0; k < 40; k++)
            emitted += run(loads, 8, &(struct load){.counters = 50 * (k + 1), .regions = 1500});
        struct contents c = end(capture, &sink);
        check(&c, emitted, "threads that come and go");
        forget(&sink);
    }
}

/* One wants regions, one counters, one everything, one begins and ends in between, all the time. */
struct churner {
    pthread_t thread;
    uint32_t stop;
    unsigned done;
};

static void *churn_captures(void *arg)
{
    struct churner *churner = arg;
    do { /* once at least: the others may be done before it has a CPU */
        struct memory_sink sink = {0};
        struct smk_capture *capture = begin(&sink, SMK_CAT_ALL);
        usleep(1000);
        end(capture, &sink);
        forget(&sink);
        churner->done++;
    } while (!__atomic_load_n(&churner->stop, __ATOMIC_RELAXED));
    return NULL;
}

static void test_several_at_once(void **state)
{
    struct load loads[6];
    (void)state;
    for (unsigned i = 0; i < rounds(3); i++) {
        struct memory_sink sinks[3] = {{.delay = 1000}, {0}, {.delay = 2000}};
        struct churner churner = {0};
        struct smk_capture *captures[3] = {begin(&sinks[0], SMK_CAT_REGION),
                                           begin(&sinks[1], SMK_CAT_OTHER),
                                           begin(&sinks[2], SMK_CAT_ALL)};
        pthread_create(&churner.thread, NULL, churn_captures, &churner);
        const struct load each = {.counters = 20000, .regions = 20000};
        run(loads, 6, &each);
        __atomic_store_n(&churner.stop, 1, __ATOMIC_RELAXED);
        pthread_join(churner.thread, NULL);
        struct contents regions = end(captures[0], &sinks[0]), counters = end(captures[1], &sinks[1]),
                        all = end(captures[2], &sinks[2]);
        check(&regions, 6 * 2 * (uint64_t)each.regions, "regions of several");
        check(&counters, 6 * (uint64_t)each.counters, "counters of several");
        check(&all, 6 * (2 * (uint64_t)each.regions + each.counters + 1), "all of several");
        assert_true(churner.done > 0);
        for (int k = 0; k < 3; k++)
            forget(&sinks[k]);
    }
}

static void test_max_bytes(void **state)
{
    struct load loads[4];
    struct memory_sink sink = {0};
    struct smk_capture_spec spec = {.kind = SMK_CAPTURE_TIMED,
                                    .categories = SMK_CAT_ALL,
                                    .max_bytes = SMK_MAX_BYTES_MIN,
                                    .sink = &memory_sink_calls,
                                    .sink_arg = &sink};
    struct smk_capture *capture;
    (void)state;
    smk_capture_new_id(spec.id);
    /* A gate of our own, so that it stays open when the first capture has ended: what comes after that
     * is not its any more. */
    assert_int_equal(smk_capture_begin(&spec, &capture), 0);
    /* How much of it the writer gets to see, of a buffer as small as this one, is the machine's affair. */
    uint64_t until = smk_sys_clock(CLOCK_MONOTONIC) + UINT64_C(60000000000);
    while (smk_load_relaxed(&smk_gate) && smk_sys_clock(CLOCK_MONOTONIC) < until)
        run(loads, 4, &(struct load){.logs = 5000});
    assert_true(smk_capture_wait(capture, UINT64_C(10000000000)));
    smk_capture_release(capture);
    struct contents c = contents_of(sink.data, sink.size);
    assert_int_equal(c.reason, SMK_REASON_MAX_BYTES);
    assert_true(c.whole && c.ends == 1 && c.events == c.end_events);
    assert_true(sink.size <= SMK_MAX_BYTES_MIN);
    assert_true(sink.size > SMK_MAX_BYTES_MIN / 4);
    assert_true(c.lost > 0);
    forget(&sink);
}

/* Log texts that no compressor makes smaller, so that the sink is written to again and again. */
static void *emit_noise(void *arg)
{
    struct load *load = arg;
    char text[500];
    uint64_t x = (uint64_t)(uintptr_t)load;
    for (unsigned i = 0; i < load->logs; i++) {
        for (size_t at = 0; at + 1 < sizeof text; at++) {
            x = x * 6364136223846793005u + 1442695040888963407u;
            text[at] = (char)(1 + (x >> 40) % 255);
        }
        text[sizeof text - 1] = '\0';
        SMK_LOG("noise", i, text);
    }
    return NULL;
}

/* The disk fills up at the n-th write, and has room for the last words: what the sink took is in the
 * file, all else is counted. All is emitted while the first write lasts, so the gate is open for it. */
static void test_disk_full(void **state)
{
    (void)state;
    for (unsigned from = 1; from <= 4; from++) {
        struct memory_sink sink = {
            .fail_from = from, .fail_to = from, .fail_with = -ENOSPC, .held = 1};
        struct load loads[4] = {{.logs = 600}, {.logs = 600}, {.logs = 600}, {.logs = 600}};
        struct smk_capture *capture = begin(&sink, SMK_CAT_ALL);
        for (int i = 0; i < 4; i++)
            pthread_create(&loads[i].thread, NULL, emit_noise, &loads[i]);
        for (int i = 0; i < 4; i++)
            pthread_join(loads[i].thread, NULL);
        smk_store_relaxed(&sink.held, 0);
        struct contents c = end(capture, &sink);
        check(&c, 4 * 601, "disk full");
        assert_int_equal(c.reason, SMK_REASON_NO_SPACE);
        assert_int_equal(c.ends, 1);
        assert_int_equal(sink.opens, 1);
        assert_int_equal(sink.closes, 1);
        forget(&sink);
    }
}

/* And has none: what there is is whole chunks, without an end. */
static void test_disk_stays_full(void **state)
{
    struct load loads[4];
    (void)state;
    struct memory_sink sink = {.fail_from = 2, .fail_to = UINT32_MAX, .fail_with = -EIO};
    struct smk_capture *capture = begin(&sink, SMK_CAT_ALL);
    run(loads, 4, &(struct load){.logs = 1000});
    struct contents c = end(capture, &sink);
    assert_true(c.whole && c.ends == 0 && c.chunks > 0);
    assert_int_equal(sink.closes, 1);
    forget(&sink);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_lost_without_need),
        cmocka_unit_test(test_overload),
        cmocka_unit_test(test_thread_churn),
        cmocka_unit_test(test_several_at_once),
        cmocka_unit_test(test_max_bytes),
        cmocka_unit_test(test_disk_full),
        cmocka_unit_test(test_disk_stays_full),
    };
    start_core(POOL);
    return SMK_RUN(tests);
}
