/* The answer on several processes: what is whose, and that nothing of one is taken for another's. */
#include "unit/analysis/report_checks.h"

/* The shop as process `pid`, in a window of its own. */
static void build_process(struct build *b, uint32_t pid, uint64_t capture)
{
    build_shop(b);
    b->process = (uint64_t)pid << 32 | 5;
    b->capture = capture;
    build_fact_number(b, SMK_FACT_PID, pid);
}

static smk_trace *open_two(void)
{
    struct build b[2];
    build_process(&b[0], 4711, 77);
    build_process(&b[1], 4712, 77);
    return build_open_all(b, 2);
}

/* The same address in both is two locks, the same route is one, the same request id is two requests. */
static void test_what_is_whose(void **state)
{
    (void)state;
    smk_trace *trace = open_two();
    struct smk_report *report = make(trace);
    assert_int_equal(report->locks.count, 2);
    assert_int_equal(report->locks.array[0].address, report->locks.array[1].address);
    assert_int_not_equal(report->locks.array[0].process, report->locks.array[1].process);
    assert_int_equal(report->locks.array[0].waits.count, 10);
    assert_int_equal(report->latency.route_count, 2);
    assert_int_equal(report->latency.ended, 30);
    assert_int_equal(report->latency.running, 0);
    assert_int_equal(report->regions.count, 1);
    assert_int_equal(smk_report_findings(report), 2);
    for (unsigned i = 0; i < 2; i++) {
        const struct smk_finding *finding = &report->findings.array[i];
        assert_int_equal(finding->cost, 10 * AT(80));
        assert_int_equal(finding->holders.holding[0].ns, 10 * (AT(79) - 2000));
        assert_int_equal(finding->holders.holding[0].thread_count, 1);
        assert_int_equal(finding->holders.waiting[0].thread_count, 2);
        /* Each of the two made the route half as slow as one alone did. */
        assert_int_equal(smk_per_mille(finding->shares[0].ns, finding->shares[0].of), 400);
    }
    for (uint32_t i = 0; i < report->latency.slowest_count; i++)
        assert_in_range(smk_report_request_id(&report->latency.slowest[i]), 10, 24);
    smk_report_free(report);
    smk_trace_close(trace);
}

static void test_text(void **state)
{
    (void)state;
    smk_trace *trace = open_two();
    struct smk_report *report = make(trace);
    char *text = text_of(report);
    check_says(text, "checkout: 2 processes [4711 4712]  2025-11-23 14:00:01.000 to 14:00:02.000 UTC (1.00 s)   "
                     "6 threads");
    check_says(text, "complete from 14:00:01.000 · 0 events lost · tracer 0.6 % of one CPU (estimated)");
    check_says(text, "cart_lock in checkout 4711 made GET /cart slow ");
    check_says(text, "cart_lock in checkout 4712 made GET /cart slow ");
    check_says(text, "10 x, 800 ms (worker-1, worker-2)\n");
    check_says(text, "by 4711/flusher\n");
    check_says(text, "by 4712/flusher\n");
    check_says(text, "80.0 ms, in request 10\n");
    check_silent(text, "in request 281"); /* 1 << 48 */
    check_says(text, "GET /cart            20    100 ms");
    check_says(text, ", last on 4712/worker-1\n");
    free(text);
    text = json_of(report);
    assert_int_equal(*skip_blanks(skip_value(text)), '\0');
    check_says(text, "\"lock\": \"cart_lock in checkout 4712\"");
    check_says(text, "\"pid\": 4712");
    free(text);
    smk_report_free(report);
    smk_trace_close(trace);
}

/* In one process a thread waits for the second, in the other the second for it: no circle. */
static void test_no_deadlock_over_processes(void **state)
{
    (void)state;
    struct build b[2];
    for (unsigned i = 0; i < 2; i++) {
        build_process(&b[i], 4711 + i, 77);
        build_open_wait(&b[i], i ? 2 : 1, CART_LOCK, i ? 101 : 102, AT(1900), 0, 0);
    }
    smk_trace *trace = build_open_all(b, 2);
    struct smk_report *report = make(trace);
    assert_int_equal(report->findings.array[0].kind, SMK_FINDING_LOCK);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(report->locks.array[i].open, 1);
    smk_report_free(report);
    smk_trace_close(trace);
}

static void test_a_deadlock_names_its_process(void **state)
{
    (void)state;
    struct build b[2];
    for (unsigned i = 0; i < 2; i++)
        build_process(&b[i], 4711 + i, 77);
    build_open_wait(&b[1], 1, CART_LOCK, 102, AT(1900), 0, 0);
    build_open_wait(&b[1], 2, LOG_LOCK, 101, AT(1950), 0, 0);
    smk_trace *trace = build_open_all(b, 2);
    struct smk_report *report = make(trace);
    char *text = text_of(report);
    assert_int_equal(report->findings.array[0].kind, SMK_FINDING_DEADLOCK);
    check_says(text, "4712/worker-1 waits for cart_lock in checkout 4712, held by 4712/worker-2, since 100 ms");
    free(text);
    smk_report_free(report);
    smk_trace_close(trace);
}

/* Two captures of one process, an hour apart: each counts in its own window, and what was running when the first
 * one ended did not run for an hour. */
static void test_windows_of_their_own(void **state)
{
    (void)state;
    struct build b[2];
    build_process(&b[0], 4711, 77);
    build_event(&b[0], 1, AT(1990), SMK_EV_REQUEST_BEGIN, 1, 99);
    build_init(&b[1]);
    b[1].capture = 78;
    b[1].process = UINT64_C(4711) << 32 | 5;
    build_window(&b[1], AT(3600000), AT(3600500), AT(3601000));
    uint32_t thread = build_thread(&b[1], 101, "worker-1"), route = build_string(&b[1], "GET /cart");
    for (unsigned i = 0; i < 2; i++) { /* the first ends before the capture is complete */
        build_event(&b[1], thread, AT(3600100 + i * 500), SMK_EV_REQUEST_BEGIN, route, 10 + i);
        build_event(&b[1], thread, AT(3600300 + i * 500), SMK_EV_REQUEST_END, route, 10 + i, AT(200), 200);
    }
    smk_trace *trace = build_open_all(b, 2);
    struct smk_report *report = make(trace);
    assert_int_equal(report->latency.ended, 16);
    assert_int_equal(report->latency.running, 1);
    assert_int_equal(report->latency.all.max, AT(200));
    assert_int_equal(report->latency.slowest[0].duration, AT(200));
    assert_int_equal(report->latency.slowest[1].duration, AT(100));
    assert_int_equal(smk_report_findings(report), 1);
    char *text = text_of(report);
    check_says(text, "cart_lock in checkout 4711 made GET /cart slow");
    check_says(text, "last on 4711#2/worker-1");
    free(text);
    smk_report_free(report);
    smk_trace_close(trace);
}

static void test_another_machine_is_said(void **state)
{
    (void)state;
    struct build b[2];
    for (unsigned i = 0; i < 2; i++) {
        build_process(&b[i], 4711, 77 + i);
        build_fact(&b[i], SMK_FACT_BOOT, i ? "two" : "one");
        build_fact(&b[i], SMK_FACT_HOST, i ? "b.example" : "a.example");
    }
    smk_trace *trace = build_open_all(b, 2);
    struct smk_report *report = make(trace);
    char *text = text_of(report);
    check_says(text, "checkout 4711#2 on b.example is of another boot or machine: its times are set beside");
    check_silent(text, "Damaged");
    free(text);
    smk_report_free(report);
    smk_trace_close(trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_whose),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_no_deadlock_over_processes),
        cmocka_unit_test(test_a_deadlock_names_its_process),
        cmocka_unit_test(test_windows_of_their_own),
        cmocka_unit_test(test_another_machine_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
