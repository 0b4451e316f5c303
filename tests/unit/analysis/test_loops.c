#include "unit/analysis/report_checks.h"

/* A loop that reads a request, works for it for `work`, and reads the next that has lain there meanwhile. */

struct loop {
    struct build b;
    uint32_t thread, get, eval;
    uint64_t id;
};

static void begin_loop(struct loop *l)
{
    build_init(&l->b);
    build_window(&l->b, AT(1000), AT(1000), AT(3000));
    l->thread = build_thread(&l->b, 101, "loop");
    l->get = build_string(&l->b, "GET");
    l->eval = build_string(&l->b, "EVAL");
    l->id = 0;
}

static void read_and_answer(struct loop *l, uint32_t route, uint64_t at, uint64_t work, uint64_t delay, uint64_t more)
{
    uint64_t answer[] = {route, ++l->id, work + delay, 0, MS / 10, delay, more};
    build_event(&l->b, l->thread, at, SMK_EV_REQUEST_BEGIN, route, l->id);
    if (delay >= AT(5))
        build_event(&l->b, l->thread, at, SMK_EV_LOOP_DELAY, SMK_LOOP_POLLED, l->id, delay, delay, 7);
    build_event_args(&l->b, l->thread, at + work + MS / 10, SMK_EV_REQUEST_ANSWERED, answer, SMK_ARRAY_LEN(answer));
}

/* EVAL of 100 ms, ten times; five GETs behind each. */
static void build_held(struct loop *l)
{
    begin_loop(l);
    for (uint64_t i = 0; i < 10; i++) {
        uint64_t at = AT(1000 + 200 * i);
        read_and_answer(l, l->eval, at, AT(100), 0, 0);
        for (uint64_t k = 0; k < 5; k++)
            read_and_answer(l, l->get, at + AT(101 + k), MS / 2, AT(100 + k), 0);
    }
}

static void test_culprit_is_a_request(void **state)
{
    (void)state;
    struct loop l;
    build_held(&l);
    smk_trace *trace = build_open(&l.b);
    struct smk_report *report = make(trace);
    char *text = text_of(report), *json = json_of(report);
    assert_int_equal(smk_report_findings(report), 1);
    check_says(text, "EVAL held the event loop: GET slow");
    check_says(text, "10 times, for up to 100 ms");
    check_says(text, "50 requests lay there meanwhile, 102 ms on average, 104 ms at most");
    check_says(text, "50 of 50 requests");
    check_says(text, "loop delay 100 %");
    check_says(json, "\"kind\": \"event loop\"");
    check_says(json, "\"culprit\": \"EVAL\"");
    check_says(json, "\"loop_delay_max_ns\": 104000000");
    free(text);
    free(json);
    smk_report_free(report);
    smk_trace_close(trace);
}

/* The end lies before its record, the begin before its own. */
static void test_times(void **state)
{
    (void)state;
    struct loop l;
    begin_loop(&l);
    read_and_answer(&l, l.get, AT(1500), AT(2), AT(8), 0);
    build_event(&l.b, l.thread, AT(2000), SMK_EV_REQUEST_BEGIN, l.get, 77);
    build_event(&l.b, l.thread, AT(2000), SMK_EV_LOOP_DELAY, SMK_LOOP_KERNEL, 77, AT(30), AT(34), 7);
    smk_trace *trace = build_open(&l.b);
    struct smk_report *report = make(trace);
    assert_int_equal(report->latency.slowest[0].id, 77);
    assert_true(report->latency.slowest[0].running);
    assert_int_equal(report->latency.slowest[0].begin, AT(1970));
    assert_int_equal(report->latency.slowest[0].parts[0].ns, AT(30));
    assert_int_equal(report->latency.slowest[1].begin, AT(1492));
    assert_int_equal(report->latency.slowest[1].end, AT(1502));
    assert_int_equal(report->latency.routes[0].loop, AT(8));
    smk_report_free(report);
    smk_trace_close(trace);
}

static void test_pipelined_counts(void **state)
{
    (void)state;
    struct loop l;
    begin_loop(&l);
    read_and_answer(&l, l.get, AT(1500), AT(2), 0, 15);
    build_event(&l.b, l.thread, AT(1600), SMK_EV_REQUEST_BEGIN, l.get, 50);
    build_event(&l.b, l.thread, AT(1601), SMK_EV_REQUEST_DROPPED, 0, 50);
    smk_trace *trace = build_open(&l.b);
    struct smk_report *report = make(trace);
    assert_int_equal(report->latency.ended, 16);
    assert_int_equal(report->latency.running, 0);
    assert_int_equal(report->latency.routes[0].latency.count, 16);
    smk_report_free(report);
    smk_trace_close(trace);
}

/* A timer's callback that sleeps: in no request. */
static void test_culprit_is_a_wait(void **state)
{
    (void)state;
    struct loop l;
    begin_loop(&l);
    uint64_t pcs[] = {0x1010, 0x2010};
    uint32_t stack = build_stack(&l.b, pcs, 2), call = build_string(&l.b, "usleep");
    read_and_answer(&l, l.get, AT(1000), MS, 0, 0);
    for (uint64_t i = 0; i < 5; i++) {
        build_event(&l.b, l.thread, AT(1100 + 200 * i), SMK_EV_SLEEP_WAIT, stack, AT(50), call, AT(50));
        read_and_answer(&l, l.get, AT(1101 + 200 * i), MS, AT(45), 0);
    }
    smk_trace *trace = build_open(&l.b);
    struct smk_report *report = make(trace);
    char *json = json_of(report);
    assert_int_equal(smk_report_findings(report), 1);
    check_says(json, "\"culprit_kind\": \"wait\"");
    check_says(json, "\"holds\": 5");
    free(json);
    smk_report_free(report);
    smk_trace_close(trace);
}

/* The same in a callback that has a name, which another timer waits for; and a loop that is held at the end. */
static void test_culprit_is_a_callback(void **state)
{
    (void)state;
    struct loop l;
    begin_loop(&l);
    uint64_t pcs[] = {0x1010, 0x2010};
    uint32_t stack = build_stack(&l.b, pcs, 2), call = build_string(&l.b, "usleep");
    uint32_t slow = build_site(&l.b, "on_slow", "a.c", 1), quick = build_site(&l.b, "on_quick", "a.c", 2);
    for (uint64_t i = 0; i < 5; i++) {
        uint64_t at = AT(1100 + 200 * i);
        build_event(&l.b, l.thread, at, SMK_EV_SLEEP_WAIT, stack, AT(50), call, AT(50));
        build_event(&l.b, l.thread, at, SMK_EV_LOOP_CALLBACK, slow, AT(50), AT(1), SMK_CALLBACK_TIMER, 0x1000);
        build_event(&l.b, l.thread, at + MS, SMK_EV_LOOP_CALLBACK, quick, MS / 2, AT(40 + i), SMK_CALLBACK_TIMER,
                    0x1000);
        read_and_answer(&l, l.get, at + 2 * MS, MS, AT(45), 0);
    }
    build_event(&l.b, l.thread, AT(2900), SMK_EV_LOOP_STALL, stack, AT(110), 101, slow, SMK_STALL_WAITS);
    smk_trace *trace = build_open(&l.b);
    struct smk_report *report = make(trace);
    char *text = text_of(report), *json = json_of(report);
    assert_int_equal(smk_report_findings(report), 1);
    check_says(text, "on_slow held the event loop: GET slow");
    check_says(text, "loops seen held 1 time while it lasted");
    check_says(text, " loop for 110 ms until then, in on_slow, it waits");
    check_says(json, "\"culprit\": \"on_slow\"");
    check_says(json, "\"culprit_kind\": \"callback\"");
    check_says(json, "\"late_p50_ns\": 42000000");
    check_says(json, "\"late_max_ns\": 44000000");
    check_says(json, "\"held_ns\": 110000000");
    free(text);
    free(json);
    smk_report_free(report);
    smk_trace_close(trace);
}

/* What a callback sleeps holds its loop, and is no idle time; what its thread sleeps between callbacks is. */
static void test_callback_sleeps(void **state)
{
    (void)state;
    struct loop l;
    begin_loop(&l);
    uint32_t call = build_string(&l.b, "usleep"), tick = build_site(&l.b, "on_tick", "a.c", 1);
    for (uint64_t i = 0; i < 3; i++) {
        uint64_t at = AT(1200 + 200 * i);
        build_event(&l.b, l.thread, at - AT(60), SMK_EV_SLEEP_WAIT, 0, AT(10), call, AT(10));
        build_event(&l.b, l.thread, at - AT(5), SMK_EV_SLEEP_WAIT, 0, AT(30), call, AT(30));
        build_event(&l.b, l.thread, at, SMK_EV_LOOP_CALLBACK, tick, AT(40), 0, SMK_CALLBACK_TIMER, 0x1000);
    }
    smk_trace *trace = build_open(&l.b);
    struct smk_report *report = make(trace);
    char *text = text_of(report);
    check_says(text, "\nwaits                         times      total       mean        max    threads\n"
                     "sleep   usleep                    3    90.0 ms    30.0 ms    30.0 ms          1\n");
    check_says(text, "waiting for work\n"
                     "sleep   usleep                    3    30.0 ms    10.0 ms    10.0 ms          1\n");
    for (uint32_t i = 0; i < report->locks.others.count; i++)
        assert_int_equal(report->locks.others.array[i].idle, i % 2 == 0);
    free(text);
    smk_report_free(report);
    smk_trace_close(trace);
}

/* All sleep in callbacks: there is no row of idle ones that has nothing. */
static void test_callbacks_sleep_all(void **state)
{
    (void)state;
    struct loop l;
    begin_loop(&l);
    uint32_t call = build_string(&l.b, "usleep"), tick = build_site(&l.b, "on_tick", "a.c", 1);
    build_event(&l.b, l.thread, AT(1100), SMK_EV_SLEEP_WAIT, 0, AT(30), call, AT(30));
    build_event(&l.b, l.thread, AT(1101), SMK_EV_LOOP_CALLBACK, tick, AT(40), 0, SMK_CALLBACK_TIMER, 0x1000);
    smk_trace *trace = build_open(&l.b);
    struct smk_report *report = make(trace);
    char *text = text_of(report), *json = json_of(report);
    check_says(text, "sleep   usleep                    1    30.0 ms");
    check_silent(text, "idle waits");
    check_silent(json, "\"idle\": true");
    free(text);
    free(json);
    smk_report_free(report);
    smk_trace_close(trace);
}

/* Without a culprit, by preemption, and among equals nobody is blamed. */
static void test_silence(void **state)
{
    (void)state;
    struct loop l;
    begin_loop(&l);
    for (uint64_t i = 0; i < 10; i++)
        read_and_answer(&l, l.get, AT(1000 + 200 * i), MS, AT(80), 0); /* nobody knows by whom */
    smk_trace *trace = build_open(&l.b);
    struct smk_report *report = make(trace);
    assert_int_equal(smk_report_findings(report), 0);
    smk_report_free(report);
    smk_trace_close(trace);

    begin_loop(&l);
    for (uint64_t i = 0; i < 10; i++) {
        uint64_t at = AT(1000 + 200 * i);
        build_event(&l.b, l.thread, at, SMK_EV_REQUEST_BEGIN, l.eval, 1000 + i);
        build_event(&l.b, l.thread, at + AT(99), SMK_EV_OFF_CPU, SMK_OFF_PREEMPTED, AT(95), 0);
        read_and_answer(&l, l.get, at + AT(100), MS, AT(98), 0);
    }
    trace = build_open(&l.b);
    report = make(trace);
    assert_int_equal(smk_report_findings(report), 0);
    smk_report_free(report);
    smk_trace_close(trace);

    begin_loop(&l);
    for (uint64_t i = 0; i < 10; i++) { /* 40 ms each, and they wait for each other */
        read_and_answer(&l, l.get, AT(1000 + 100 * i), AT(39), 0, 0);
        read_and_answer(&l, l.get, AT(1040 + 100 * i), AT(39), AT(40), 0);
    }
    trace = build_open(&l.b);
    report = make(trace);
    assert_int_equal(smk_report_findings(report), 0);
    smk_report_free(report);
    smk_trace_close(trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_culprit_is_a_request), cmocka_unit_test(test_times),
        cmocka_unit_test(test_pipelined_counts),     cmocka_unit_test(test_culprit_is_a_wait),
        cmocka_unit_test(test_culprit_is_a_callback), cmocka_unit_test(test_callback_sleeps),
        cmocka_unit_test(test_callbacks_sleep_all), cmocka_unit_test(test_silence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
