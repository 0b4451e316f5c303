/* CPU of requests, out of traces whose every switch is known. */
#include "unit/analysis/report_checks.h"

#include "analysis/running.h"

enum { REQUEST = 7 };

static uint32_t route;

/* A trace of a second with one worker, of which the scheduler source tells from the beginning. */
static uint32_t begin_trace(struct build *b, enum smk_sched_source source)
{
    build_init(b);
    build_window(b, AT(1000), AT(1000), AT(2000));
    build_fact(b, SMK_FACT_SCHED_SOURCE, "perf switch records");
    route = build_string(b, "GET /cart");
    uint32_t worker = build_thread(b, 101, "worker");
    build_event(b, worker, AT(1001), SMK_EV_SCHED_SOURCE, source, 0);
    return worker;
}

/* It ran from 1100 on, was preempted for 20 ms and waited for 30. */
static void a_request(struct build *b, uint32_t worker)
{
    build_event(b, worker, AT(1095), SMK_EV_OFF_CPU, SMK_OFF_WAITED, AT(90), 0);
    build_event(b, worker, AT(1100), SMK_EV_REQUEST_BEGIN, route, REQUEST);
    build_event(b, worker, AT(1130), SMK_EV_OFF_CPU, SMK_OFF_PREEMPTED, AT(20), 0); /* 1110 to 1130 */
    build_event(b, worker, AT(1170), SMK_EV_OFF_CPU, SMK_OFF_WAITED, AT(30), 1);    /* 1140 to 1170 */
    build_event(b, worker, AT(1200), SMK_EV_REQUEST_END, route, REQUEST, AT(100), 200);
    build_event(b, worker, AT(1400), SMK_EV_OFF_CPU, SMK_OFF_WAITED, AT(150), 1);
}

static void test_a_request_on_one_thread(void **state)
{
    (void)state;
    struct build b;
    a_request(&b, begin_trace(&b, SMK_SCHED_PERF));
    smk_trace *trace = build_open(&b);
    struct smk_report *report = make(trace);
    assert_int_equal(report->latency.slowest_count, 1);
    const struct smk_request_record *request = &report->latency.slowest[0];
    assert_true(request->cpu_seen && !request->cpu_unknown);
    assert_int_equal(request->on_cpu, AT(10 + 10 + 30));
    assert_int_equal(request->preempted, AT(20));
    assert_int_equal(report->latency.routes[0].measured, 1);
    assert_int_equal(report->latency.routes[0].on_cpu, AT(50));
    char *text = text_of(report);
    check_says(text, "scheduler: perf switch records\n");
    check_says(text, "50.0 ms    50 %   on CPU in no call\n");
    check_says(text, "20.0 ms    20 %   runnable preempted\n");
    check_says(text, "30.0 ms    30 %   unexplained\n"); /* it waited, and no call tells of it */
    check_says(text, "on CPU in no call 50 %\n");
    check_says(text, "GET /cart                       50.0 ms    50.0 ms    20.0 ms          0\n");
    free(text);
    text = json_of(report);
    check_says(text, "\"on_cpu_ns\": 50000000");
    free(text);
    smk_report_free(report);
    smk_trace_close(trace);
}

/* What it ran and was preempted in a wait or a region is in that part, however often it left its CPU there. */
static void test_parts_with_their_cpu(void **state)
{
    (void)state;
    struct build b;
    uint32_t worker = begin_trace(&b, SMK_SCHED_PERF), render = build_site(&b, "render", "cart.c", 9);
    build_event(&b, worker, AT(1100), SMK_EV_REQUEST_BEGIN, route, REQUEST);
    build_event(&b, worker, AT(1105), SMK_EV_OFF_CPU, SMK_OFF_PREEMPTED, AT(2), 0); /* before the wait */
    for (int i = 0; i < 3; i++) /* in the wait, 1110 to 1150: 30 ms without a CPU, 10 with one */
        build_event(&b, worker, AT(1125 + 10 * i), SMK_EV_OFF_CPU, i == 1 ? SMK_OFF_PREEMPTED : SMK_OFF_WAITED,
                    AT(10), 0);
    build_event(&b, worker, AT(1150), SMK_EV_LOCK_WAIT, 0, AT(40), 0x1000, 0, 0, 0);
    build_event(&b, worker, AT(1160), SMK_EV_REGION_BEGIN, render);
    build_event(&b, worker, AT(1175), SMK_EV_OFF_CPU, SMK_OFF_PREEMPTED, AT(5), 0);
    build_event(&b, worker, AT(1180), SMK_EV_REGION_END, render);
    build_event(&b, worker, AT(1200), SMK_EV_REQUEST_END, route, REQUEST, AT(100), 200);
    smk_trace *trace = build_open(&b);
    struct smk_report *report = make(trace);
    const struct smk_request_record *request = &report->latency.slowest[0];
    assert_int_equal(request->on_cpu, AT(3 + 5 + 10 + 20 + 5 + 20));
    assert_int_equal(request->on_cpu_apart, AT(3 + 5 + 10 + 20));
    assert_int_equal(request->preempted, AT(2 + 10 + 5));
    assert_int_equal(request->preempted_apart, AT(2));
    assert_int_equal(smk_report_unexplained(request), 0);
    smk_report_free(report);
    smk_trace_close(trace);
}

/* More times off its CPU in one wait than are kept: nothing is called CPU time that may have been the wait's. */
static void test_more_times_off_than_are_kept(void **state)
{
    (void)state;
    struct build b;
    uint32_t worker = begin_trace(&b, SMK_SCHED_PERF);
    build_event(&b, worker, AT(1100), SMK_EV_REQUEST_BEGIN, route, REQUEST);
    for (unsigned i = 0; i < 2 * SMK_OFFS_KEPT; i++) /* from 1110: 1 ms off, 1 on */
        build_event(&b, worker, AT(1111 + 2 * i), SMK_EV_OFF_CPU, SMK_OFF_WAITED, AT(1), 0);
    uint64_t over = AT(1110 + 4 * SMK_OFFS_KEPT);
    build_event(&b, worker, over, SMK_EV_LOCK_WAIT, 0, over - AT(1110), 0x1000, 0, 0, 0);
    build_event(&b, worker, AT(1200), SMK_EV_REQUEST_END, route, REQUEST, AT(100), 200);
    smk_trace *trace = build_open(&b);
    struct smk_report *report = make(trace);
    const struct smk_request_record *request = &report->latency.slowest[0];
    uint64_t truth = AT(10) + (AT(1200) - over);
    assert_true(request->on_cpu_apart <= truth);
    assert_true(request->on_cpu_apart >= truth - AT(SMK_OFFS_KEPT));
    smk_report_free(report);
    smk_trace_close(trace);
}

/* Handed to another thread: what the first does after that is not the request's. */
static void test_a_request_that_moves(void **state)
{
    (void)state;
    struct build b;
    uint32_t first = begin_trace(&b, SMK_SCHED_PERF);
    uint32_t second = build_thread(&b, 102, "other");
    build_event(&b, second, AT(1001), SMK_EV_SCHED_SOURCE, SMK_SCHED_PERF, 0);
    build_event(&b, first, AT(1100), SMK_EV_REQUEST_BEGIN, route, REQUEST);
    build_event(&b, first, AT(1115), SMK_EV_REQUEST_LEAVE, 0, REQUEST);
    build_event(&b, second, AT(1150), SMK_EV_OFF_CPU, SMK_OFF_WAITED, AT(140), 0);
    build_event(&b, second, AT(1160), SMK_EV_REQUEST_ENTER, 0, REQUEST);
    build_event(&b, second, AT(1180), SMK_EV_OFF_CPU, SMK_OFF_WAITED, AT(5), 0);
    build_event(&b, second, AT(1200), SMK_EV_REQUEST_END, route, REQUEST, AT(100), 200);
    smk_trace *trace = build_open(&b);
    struct smk_report *report = make(trace);
    assert_int_equal(report->latency.slowest[0].on_cpu, AT(15 + 15 + 20));
    assert_int_equal(report->latency.slowest[0].preempted, 0);
    smk_report_free(report);
    smk_trace_close(trace);
}

static void test_lost_records(void **state)
{
    (void)state;
    struct build b;
    uint32_t worker = begin_trace(&b, SMK_SCHED_PERF);
    build_event(&b, worker, AT(1100), SMK_EV_REQUEST_BEGIN, route, REQUEST);
    build_event(&b, worker, AT(1150), SMK_EV_SCHED_SOURCE, SMK_SCHED_PERF, 12);
    build_event(&b, worker, AT(1200), SMK_EV_REQUEST_END, route, REQUEST, AT(100), 200);
    smk_trace *trace = build_open(&b);
    struct smk_report *report = make(trace);
    assert_true(report->latency.slowest[0].cpu_unknown);
    assert_int_equal(report->latency.slowest[0].on_cpu, AT(50)); /* what came after the gap */
    assert_int_equal(report->latency.routes[0].measured, 0);
    char *text = text_of(report);
    check_says(text, "50.0 ms    50 %   on CPU in no call\n");
    check_says(text, "50.0 ms    50 %   unexplained (when it had a CPU is not known all the time)\n");
    free(text);
    smk_report_free(report);
    smk_trace_close(trace);
}

/* Amounts alone say nothing about a request: no line, and never the remainder. */
static void test_a_source_without_switches(void **state)
{
    (void)state;
    struct build b;
    uint32_t worker = begin_trace(&b, SMK_SCHED_STAT);
    build_event(&b, worker, AT(1100), SMK_EV_REQUEST_BEGIN, route, REQUEST);
    build_event(&b, worker, AT(1150), SMK_EV_CPU_TIME, 3, AT(100), AT(40), AT(50));
    build_event(&b, worker, AT(1200), SMK_EV_REQUEST_END, route, REQUEST, AT(100), 200);
    smk_trace *trace = build_open(&b);
    struct smk_report *report = make(trace);
    assert_false(report->latency.slowest[0].cpu_seen);
    assert_int_equal(report->running.ran, AT(40));
    assert_int_equal(report->running.runnable, AT(50));
    char *text = text_of(report);
    check_silent(text, "in no call");
    check_says(text, "all threads: 40.0 ms on CPU, 50.0 ms ready without one");
    free(text);
    smk_report_free(report);
    smk_trace_close(trace);
}

/* Switch records were given up while the thread served nobody: from then on nothing is measured. */
static void test_a_source_that_is_given_up(void **state)
{
    (void)state;
    struct build b;
    uint32_t worker = begin_trace(&b, SMK_SCHED_PERF);
    build_event(&b, worker, AT(1050), SMK_EV_SCHED_SOURCE, SMK_SCHED_STAT, 0);
    build_event(&b, worker, AT(1100), SMK_EV_REQUEST_BEGIN, route, REQUEST);
    build_event(&b, worker, AT(1200), SMK_EV_REQUEST_END, route, REQUEST, AT(100), 200);
    smk_trace *trace = build_open(&b);
    struct smk_report *report = make(trace);
    assert_false(report->latency.slowest[0].cpu_seen);
    assert_int_equal(report->latency.routes[0].measured, 0);
    smk_report_free(report);
    smk_trace_close(trace);
}

static void test_samples_by_route(void **state)
{
    (void)state;
    struct build b;
    uint32_t worker = begin_trace(&b, SMK_SCHED_PERF);
    uint64_t hot[] = {0x1011, 0x2011}, cold[] = {0x3011, 0x2011};
    uint32_t stacks[] = {build_stack(&b, hot, 2), build_stack(&b, cold, 2)};
    build_event(&b, worker, AT(1050), SMK_EV_CPU_SAMPLE, stacks[1], 0);
    build_event(&b, worker, AT(1100), SMK_EV_REQUEST_BEGIN, route, REQUEST);
    for (int i = 0; i < 3; i++)
        build_event(&b, worker, AT(1110 + 10 * i), SMK_EV_CPU_SAMPLE, stacks[0], 0);
    build_event(&b, worker, AT(1190), SMK_EV_CPU_SAMPLE, stacks[1], 0);
    build_event(&b, worker, AT(1200), SMK_EV_REQUEST_END, route, REQUEST, AT(100), 200);
    smk_trace *trace = build_open(&b);
    struct smk_report *report = make(trace);
    assert_int_equal(report->running.samples, 5);
    char *text = text_of(report);
    check_says(text, " 4   0x1010 75 %, 0x3010 25 %\n");
    check_says(text, "(in no request)                       -          -          -          1   0x3010 100 %\n");
    free(text);
    smk_report_free(report);
    smk_trace_close(trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_request_on_one_thread), cmocka_unit_test(test_a_request_that_moves),
        cmocka_unit_test(test_parts_with_their_cpu),    cmocka_unit_test(test_more_times_off_than_are_kept),
        cmocka_unit_test(test_lost_records),            cmocka_unit_test(test_a_source_without_switches),
        cmocka_unit_test(test_a_source_that_is_given_up),
        cmocka_unit_test(test_samples_by_route),
    };
    return SMK_RUN(tests);
}
