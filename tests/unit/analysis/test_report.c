/* The whole answer on traces whose every event is known. */
#include "unit/analysis/report_checks.h"

static void test_the_lock_is_named(void **state)
{
    (void)state;
    struct build b;
    build_shop(&b);
    smk_trace *trace = build_open(&b);
    struct smk_report *report = make(trace);
    assert_int_equal(smk_report_findings(report), 1);
    const struct smk_finding *finding = &report->findings.array[0];
    assert_int_equal(finding->kind, SMK_FINDING_LOCK);
    assert_int_equal(finding->rule, SMK_RULE_ROUTE);
    assert_int_equal(finding->cost, 10 * AT(80));
    assert_int_equal(finding->share_count, 1);
    assert_int_equal(smk_per_mille(finding->shares[0].ns, finding->shares[0].of), 800);
    const struct smk_holders *h = &finding->holders;
    assert_int_equal(h->holding_count, 1);
    /* The unlock began at 89 ms less 2 us; the waits began at 10 ms. */
    assert_int_equal(h->holding[0].ns, 10 * (AT(79) - 2000));
    assert_int_equal(h->wake, 10 * (AT(1) + 2000));
    assert_int_equal(h->unknown, 0);
    assert_int_equal(h->longest, 10);
    assert_int_equal(h->holding[0].longest, 10);
    assert_int_equal(h->waiting[0].thread_count, 2);
    smk_report_free(report);
    smk_trace_close(trace);
}

static void test_text(void **state)
{
    (void)state;
    struct build b;
    build_shop(&b);
    smk_trace *trace = build_open(&b);
    struct smk_report *report = make(trace);
    char *text = text_of(report);
    check_says(text, "checkout[4711]  2025-11-23 14:00:01.000 to 14:00:02.000 UTC (1.00 s)   3 threads, 2 "
                     "CPUs allowed, 15 requests\n");
    check_says(text, "complete from 14:00:01.000 · 0 events lost · tracer 0.3 % of one CPU (estimated) · "
                     "scheduler: not recorded\n");
    check_says(text, "1  cart_lock made GET /cart slow ");
    check_says(text, "80 % of its time");
    check_says(text, "exact\n");
    check_says(text, "2 threads waited 10 times, 80.0 ms on average, 80.0 ms at most, 800 ms together.\n");
    check_says(text, "Waiting in   0x1010");
    check_says(text, "10 x, 800 ms (worker-1, worker-2)\n");
    check_says(text, "Held in      0x3010");
    check_says(text, "99 % of that time, by flusher\n");
    check_says(text, "held 84.0 ms on average, 84.0 ms at most; in region flush\n");
    check_says(text, "kept 10 of the 10 longest waits most\n");
    check_says(text, "GET /cart            10    100 ms    100 ms    100 ms    100 ms   lock cart_lock 80 %\n");
    check_says(text, "GET /item/:id         5   1.00 ms   1.00 ms   1.00 ms   1.00 ms   unexplained 100 %\n");
    check_says(text, "  10  GET /cart  200  100 ms  from 14:00:01.000, last on worker-1\n");
    check_says(text, "20.0 ms    20 %   unexplained\n");
    check_says(text, "flush                5    450 ms   90.0 ms");
    check_says(text, "log.c:118\n");
    check_silent(text, "no findings");
    free(text);
    smk_report_free(report);
    smk_trace_close(trace);
}

/* ---- JSON ----------------------------------------------------------------------------------------------- */

static void test_json(void **state)
{
    (void)state;
    struct build b;
    build_shop(&b);
    smk_trace *trace = build_open(&b);
    struct smk_report *report = make(trace);
    char *json = json_of(report);
    assert_string_equal(skip_value(json), "\n");
    check_says(json, "\"kind\": \"lock contention\"");
    check_says(json, "\"certainty\": \"exact\"");
    check_says(json, "\"lock\": \"cart_lock\"");
    check_says(json, "\"share\": 0.800");
    check_says(json, "\"total_ns\": 800000000");
    check_says(json, "\"route\": \"GET /item/:id\"");
    check_says(json, "\"thread\": \"worker-2\"");
    check_says(json, "\"holder\": \"flusher\"");
    check_says(json, "\"first\": \"2025-11-23T14:00:01.000Z\"");
    check_says(json, "\"see\": {\n");
    check_says(json, "\"text\": [\n    \"1  cart_lock made GET /cart slow ");
    check_says(json, "\"no_findings\": []");
    free(json);
    smk_report_free(report);
    smk_trace_close(trace);
}

/* ---- silence -------------------------------------------------------------------------------------------- */

static void test_short_waits_are_no_finding(void **state)
{
    (void)state;
    struct build b;
    build_init(&b);
    build_window(&b, AT(1000), AT(1000), AT(2000));
    uint32_t thread = build_thread(&b, 101, "worker-1");
    uint32_t route = build_string(&b, "GET /cart");
    build_lock_name(&b, CART_LOCK, "queue_lock");
    for (uint64_t i = 0; i < 90; i++) {
        uint64_t begin = AT(1000 + i * 11), wait = i == 50 ? AT(4) : 20000; /* a holder lost its CPU once */
        build_event(&b, thread, begin, SMK_EV_REQUEST_BEGIN, route, i + 1);
        build_event(&b, thread, begin + AT(5), SMK_EV_LOCK_WAIT, 0, wait, CART_LOCK, 102, 102, 0);
        build_event(&b, thread, begin + AT(10), SMK_EV_REQUEST_END, route, i + 1, AT(10), 200);
    }
    smk_trace *trace = build_open(&b);
    struct smk_report *report = make(trace);
    char *text = text_of(report);
    assert_int_equal(smk_report_findings(report), 0);
    check_says(text, "no findings: 90 requests, p50 10.0 ms, p99 10.0 ms, max 10.0 ms; 90 waits for locks, "
                     "5.78 ms together; nothing lost.\n"
                     "To catch a slow one: stallmark rules 4711 add 'when request > 40ms'\n");
    check_says(text, "queue_lock          90   5.78 ms");
    free(text);
    smk_report_free(report);
    smk_trace_close(trace);
}

/* ---- without requests ----------------------------------------------------------------------------------- */

/* The article's program: thread k waits k times 100 ms for one lock that all the others had before. */
static void test_a_queue_of_threads(void **state)
{
    (void)state;
    static const uint64_t pcs[] = {0x1011};
    struct build b;
    build_init(&b);
    build_window(&b, AT(1000), AT(1000), AT(2100));
    uint32_t stack = build_stack(&b, pcs, 1), first = build_thread(&b, 200, "article");
    for (uint32_t k = 1; k <= 10; k++)
        build_thread(&b, 200 + k, "article");
    for (uint64_t k = 0; k < 10; k++) {
        uint64_t release = AT(1100 + k * 100);
        build_event(&b, first + (uint32_t)k, release + 5000, SMK_EV_LOCK_RELEASE, stack, 5000, CART_LOCK,
                    AT(100));
        build_event(&b, first + (uint32_t)k + 1, release + 8000, SMK_EV_LOCK_WAIT, stack,
                    AT(100 + k * 100) + 8000, CART_LOCK, 200, 200 + k, 0);
    }
    smk_trace *trace = build_open(&b);
    struct smk_report *report = make(trace);
    assert_int_equal(smk_report_findings(report), 1);
    const struct smk_finding *finding = &report->findings.array[0];
    assert_int_equal(finding->rule, SMK_RULE_THREAD);
    assert_int_equal(finding->holders.holding_count, 1);
    assert_int_equal(finding->holders.holding[0].thread_count, 10);
    assert_int_equal(finding->holders.holding[0].ns, AT(5500));
    assert_int_equal(finding->holders.wake, 10 * 8000);
    char *text = text_of(report);
    check_says(text, "held up 10 threads");
    check_says(text, "5.50 s in 1.10 s");
    check_says(text, "10 threads waited 10 times, 550 ms on average, 1.00 s at most, 5.50 s together.");
    check_says(text, "mutex first waited for in 0x1010 (0x5000)");
    free(text);
    smk_report_free(report);
    smk_trace_close(trace);
}

/* ---- what is missing ------------------------------------------------------------------------------------ */

static void test_losses_make_figures_at_least(void **state)
{
    (void)state;
    struct build b;
    build_shop(&b);
    build_loss(&b, 1, 12);
    smk_trace *trace = build_open(&b);
    struct smk_report *report = make(trace);
    char *text = text_of(report);
    check_says(text, "12 events lost");
    check_says(text, "Events were lost: all counts and times are at least so much.\n");
    check_says(text, "at least\n");
    check_silent(text, "exact\n");
    free(text);
    smk_report_free(report);
    smk_trace_close(trace);
}

static void test_nothing_is_concluded_before_it_is_complete(void **state)
{
    (void)state;
    struct build b;
    build_init(&b);
    build_window(&b, AT(1000), AT(1500), AT(2000));
    uint32_t thread = build_thread(&b, 101, "worker-1");
    build_event(&b, thread, AT(1400), SMK_EV_LOCK_WAIT, 0, AT(300), CART_LOCK, 0, 0, 0);
    build_event(&b, thread, AT(1505), SMK_EV_LOCK_WAIT, 0, AT(90), CART_LOCK, 0, 0, 0); /* 5 ms in it */
    smk_trace *trace = build_open(&b);
    struct smk_report *report = make(trace);
    assert_int_equal(smk_report_findings(report), 0);
    assert_int_equal(report->locks.total_waits, 1);
    assert_int_equal(report->locks.total_ns, AT(5));
    smk_report_free(report);
    smk_trace_close(trace);
}

static void test_a_cut_file(void **state)
{
    (void)state;
    struct build b;
    build_shop(&b);
    b.cut = true;
    smk_trace *trace = build_open(&b);
    struct smk_report *report = make(trace);
    char *text = text_of(report);
    check_says(text, "not complete: its end is missing");
    check_says(text, "cart_lock made GET /cart slow");
    check_says(text, "at least\n");
    free(text);
    smk_report_free(report);
    smk_trace_close(trace);
}

/* ---- still waiting -------------------------------------------------------------------------------------- */

static void test_a_deadlock_is_named(void **state)
{
    (void)state;
    static const uint64_t pcs[] = {0x1011};
    struct build b;
    build_init(&b);
    build_window(&b, AT(1000), AT(1000), AT(4000));
    uint32_t stack = build_stack(&b, pcs, 1);
    uint32_t one = build_thread(&b, 101, "worker-1"), two = build_thread(&b, 102, "worker-2");
    uint32_t three = build_thread(&b, 103, "worker-3");
    build_lock_name(&b, CART_LOCK, "cart_lock");
    build_lock_name(&b, LOG_LOCK, "log_lock");
    build_event(&b, one, AT(1001), SMK_EV_COUNTER, build_site(&b, "n", "a.c", 1), 1);
    build_open_wait(&b, one, LOG_LOCK, 102, AT(1500), stack, 0);
    build_open_wait(&b, two, CART_LOCK, 101, AT(2000), stack, 0);
    build_open_wait(&b, three, CART_LOCK, 101, AT(2500), stack, 0);
    smk_trace *trace = build_open(&b);
    struct smk_report *report = make(trace);
    assert_true(smk_report_findings(report) >= 1);
    const struct smk_finding *finding = &report->findings.array[0];
    assert_int_equal(finding->kind, SMK_FINDING_DEADLOCK);
    assert_int_equal(finding->steps, 2);
    char *text = text_of(report), *json = json_of(report);
    check_says(text, "1  deadlock: 2 threads wait for each other");
    check_says(text, "worker-1 waits for log_lock, held by worker-2, since 2.50 s");
    check_says(text, "worker-2 waits for cart_lock, held by worker-1, since 2.00 s");
    check_says(text, "unknown for 100 % of that time: no unlock of it was seen; worker-1 had it when the longest");
    check_says(text, "2 of them were still waiting when the capture ended, and count up to there.");
    assert_string_equal(skip_value(json), "\n");
    free(text);
    free(json);
    smk_report_free(report);
    smk_trace_close(trace);
}

/* ---- requests ------------------------------------------------------------------------------------------- */

/* Taken in by the loop, worked on by a worker, answered by the loop: 100 ms, of which 10 in the queue, 30 in
 * a region with 20 of them waiting for a disk, 5 for a lock, 40 in a region of the request beside all that. */
static void build_moving_request(struct build *b)
{
    build_init(b);
    build_window(b, AT(1000), AT(1000), AT(2000));
    uint32_t loop = build_thread(b, 101, "loop"), worker = build_thread(b, 102, "worker");
    uint32_t route = build_string(b, "GET /cart"), pool = build_site(b, "pool", "pool.c", 5);
    uint32_t work = build_site(b, "work", "work.c", 6), disk = build_site(b, "flush", "log.c", 7);
    uint32_t render = build_site(b, "render", "work.c", 8);
    build_event(b, loop, AT(1000), SMK_EV_REQUEST_BEGIN, route, 7);
    build_event(b, loop, AT(1000), SMK_EV_REQUEST_TRACE, 1, 7, 0xabcd, 0x1234, 9);
    build_event(b, loop, AT(1001), SMK_EV_REQUEST_LEAVE, 0, 7);
    build_event(b, loop, AT(1001), SMK_EV_LOCK_WAIT, 0, AT(0), LOG_LOCK, 0, 0, 0); /* not the request's */
    build_event(b, worker, AT(1011), SMK_EV_HANDOFF, pool, 7, AT(10), 101);
    build_event(b, worker, AT(1011), SMK_EV_REQUEST_ENTER, 0, 7);
    build_event(b, worker, AT(1012), SMK_EV_REQUEST_REGION_BEGIN, render, 7, 70);
    build_event(b, worker, AT(1020), SMK_EV_REGION_BEGIN, work);
    build_event(b, worker, AT(1045), SMK_EV_USER_WAIT, disk, AT(20), SMK_WAIT_DISK, 0, 0);
    build_event(b, worker, AT(1050), SMK_EV_REGION_END, work);
    build_event(b, worker, AT(1060), SMK_EV_LOCK_WAIT, 0, AT(5), CART_LOCK, 0, 0, 0);
    build_event(b, worker, AT(1070), SMK_EV_REQUEST_LEAVE, 0, 7);
    build_event(b, worker, AT(1080), SMK_EV_LOCK_WAIT, 0, AT(8), CART_LOCK, 0, 0, 0); /* nor this */
    build_event(b, loop, AT(1052), SMK_EV_REQUEST_REGION_END, render, 7, 70, AT(40));
    build_event(b, loop, AT(1100), SMK_EV_REQUEST_END, route, 7, AT(100), 200);
    build_event(b, loop, AT(1500), SMK_EV_REQUEST_BEGIN, route, 8); /* runs on */
}

/* What a request waited for in calls; those inside a wait that the source marks are counted once. */
static void test_waits_in_calls(void **state)
{
    (void)state;
    struct build b;
    build_init(&b);
    build_window(&b, AT(1000), AT(1000), AT(2000));
    uint32_t thread = build_thread(&b, 101, "worker"), route = build_string(&b, "GET /cart");
    uint32_t sync = build_string(&b, "fdatasync"), read = build_string(&b, "read");
    uint32_t file = build_string(&b, "/var/audit.log"), flush = build_site(&b, "flush", "log.c", 7);
    build_event(&b, thread, AT(1000), SMK_EV_REQUEST_BEGIN, route, 1);
    build_event(&b, thread, AT(1030), SMK_EV_NET_WAIT, 0, AT(10), read, 5, 100, 0);
    build_event(&b, thread, AT(1070), SMK_EV_DISK_WAIT, 0, AT(25), sync, 6, 0, file);
    build_event(&b, thread, AT(1075), SMK_EV_USER_WAIT, flush, AT(35), SMK_WAIT_DISK, 0, 0);
    build_event(&b, thread, AT(1100), SMK_EV_REQUEST_END, route, 1, AT(100), 200);
    build_event(&b, thread, AT(1200), SMK_EV_SLEEP_WAIT, 0, AT(50), build_string(&b, "usleep"), AT(50));
    smk_trace *trace = build_open(&b);
    struct smk_report *report = make(trace);
    char *text = text_of(report);
    check_says(text, "25.0 ms    25 %   disk fdatasync\n");
    check_says(text, "10.0 ms    10 %   net read\n");
    check_says(text, "10.0 ms    10 %   disk flush\n");
    check_says(text, "55.0 ms    55 %   unexplained\n");
    assert_int_equal(smk_report_findings(report), 1);
    assert_int_equal(smk_report_findings_of(report, 1u << SMK_FINDING_DISK), 1);
    assert_int_equal(smk_report_findings_of(report, 1u << SMK_FINDING_SLEEP | 1u << SMK_FINDING_LOCK), 0);
    assert_int_equal(report->findings.array[0].cost, AT(25));
    check_says(text, "1  fdatasync made GET /cart slow                                25 % of its time        exact\n"
                     "   Requests waited 1 time for disk, 25.0 ms together, 25.0 ms on average.\n");
    check_says(text, "   Longest      from 14:00:01.045, 25.0 ms, by worker, in request 1\n");
    check_says(text, "\nwaits                         times      total       mean        max    threads\n"
                     "disk    fdatasync                 1    25.0 ms    25.0 ms    25.0 ms          1\n"
                     "    100 % in a place unknown (no stack was taken), for /var/audit.log\n"
                     "net     read                      1    10.0 ms");
    check_says(text, "\nidle waits                    times      total       mean        max    threads   begun in no "
                     "request: waiting for work\n"
                     "sleep   usleep                    1    50.0 ms    50.0 ms    50.0 ms          1\n");
    free(text);
    char *json = json_of(report);
    assert_string_equal(skip_value(json), "\n");
    check_says(json, "\"kind\": \"sleep\"");
    check_says(json, "\"idle\": true");
    check_says(json, "\"what\": \"/var/audit.log\"");
    free(json);
    smk_report_free(report);
    smk_trace_close(trace);
}

/* Two workers wait for one condition, and one of them in a request: that is no waiting for work. */
static void test_idle_waits_stand_apart(void **state)
{
    (void)state;
    struct build b;
    build_init(&b);
    build_window(&b, AT(1000), AT(1000), AT(2000));
    uint32_t one = build_thread(&b, 101, "worker-1"), two = build_thread(&b, 102, "worker-2");
    uint32_t route = build_string(&b, "GET /cart"), call = build_string(&b, "sem_wait");
    uint64_t wait[] = {0, AT(100), 0x7000, 0, 102, call, 0};
    build_event_args(&b, one, AT(1200), SMK_EV_COND_WAIT, wait, SMK_ARRAY_LEN(wait));
    build_event_args(&b, two, AT(1250), SMK_EV_COND_WAIT, wait, SMK_ARRAY_LEN(wait));
    build_event(&b, one, AT(1300), SMK_EV_REQUEST_BEGIN, route, 1);
    build_event_args(&b, one, AT(1450), SMK_EV_COND_WAIT, wait, SMK_ARRAY_LEN(wait));
    build_event(&b, one, AT(1500), SMK_EV_REQUEST_END, route, 1, AT(200), 200);
    smk_trace *trace = build_open(&b);
    struct smk_report *report = make(trace);
    char *text = text_of(report);
    check_says(text, "cond    sem_wait                  1     100 ms     100 ms     100 ms          1\n"
                     "    100 % in a place unknown (no stack was taken), for 0x7000; the longest was ended by "
                     "worker-2\n");
    check_says(text, "cond    sem_wait                  2     200 ms     100 ms     100 ms          2\n");
    check_says(text, "cond sem_wait 50 %\n");
    free(text);
    smk_report_free(report);
    smk_trace_close(trace);
}

static void test_a_request_that_moves(void **state)
{
    (void)state;
    struct build b;
    build_moving_request(&b);
    smk_trace *trace = build_open(&b);
    struct smk_report *report = make(trace);
    const struct smk_latency *latency = &report->latency;
    assert_int_equal(latency->ended, 1);
    assert_int_equal(latency->running, 1);
    assert_int_equal(latency->slowest_count, 2);
    const struct smk_request_record *request = &latency->slowest[1];
    assert_int_equal(request->id, 7);
    assert_int_equal(smk_report_unexplained(request), AT(100 - 10 - 10 - 20 - 5));
    char *text = text_of(report);
    check_says(text, "  8  GET /cart  still running after  500 ms  from 14:00:01.500, last on loop\n");
    check_says(text, "  7  GET /cart  200  100 ms  from 14:00:01.000, last on worker  trace "
                     "000000000000abcd0000000000001234\n");
    check_says(text, "20.0 ms    20 %   disk flush\n");
    check_says(text, "10.0 ms    10 %   queue pool\n");
    check_says(text, "10.0 ms    10 %   region work\n");
    check_says(text, "5.00 ms   5.0 %   lock mutex 0x5000\n");
    check_says(text, "40.0 ms    40 %   region render (beside the others)\n");
    check_says(text, "55.0 ms    55 %   unexplained\n");
    check_says(text, ", 1 still running\n");
    free(text);
    smk_report_free(report);
    smk_trace_close(trace);
}

/* A lock of the program's own make, told by SMK_WAIT_BEGIN. */
static void test_an_own_lock(void **state)
{
    (void)state;
    struct build b;
    build_init(&b);
    build_window(&b, AT(1000), AT(1000), AT(2000));
    uint32_t one = build_thread(&b, 101, "spinner"), spin = build_site(&b, "spin_lock", "spin.c", 3);
    build_event(&b, one, AT(1500), SMK_EV_USER_WAIT, spin, AT(200), SMK_WAIT_LOCK, CART_LOCK, 0);
    smk_trace *trace = build_open(&b);
    struct smk_report *report = make(trace);
    char *text = text_of(report);
    check_says(text, "1  spin_lock held up spinner");
    check_says(text, "200 ms in 1.00 s");
    check_says(text, "a place unknown (no stack was taken)");
    free(text);
    smk_report_free(report);
    smk_trace_close(trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_lock_is_named),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_short_waits_are_no_finding),
        cmocka_unit_test(test_a_queue_of_threads),
        cmocka_unit_test(test_losses_make_figures_at_least),
        cmocka_unit_test(test_nothing_is_concluded_before_it_is_complete),
        cmocka_unit_test(test_a_cut_file),
        cmocka_unit_test(test_a_deadlock_is_named),
        cmocka_unit_test(test_waits_in_calls),
        cmocka_unit_test(test_idle_waits_stand_apart),
        cmocka_unit_test(test_a_request_that_moves),
        cmocka_unit_test(test_an_own_lock),
    };
    return SMK_RUN(tests);
}
