/* The whole answer on traces whose every event is known. */
#include "unit/analysis/trace_builder.h"

#include "analysis/report_state.h"

#define MS UINT64_C(1000000)
#define AT(ms) ((uint64_t)(ms) * MS)

enum { CART_LOCK = 0x5000, LOG_LOCK = 0x6000 };

static struct smk_report *make(smk_trace *trace)
{
    struct smk_report_options options = {.no_symbols = true};
    struct smk_report *report;
    if (smk_report_make(&report, trace, &options) != 0)
        fail_msg("%s", smk_last_error());
    return report;
}

static char *text_of(const struct smk_report *report)
{
    struct build_output output = {0};
    assert_int_equal(smk_report_text(report, build_take, &output), 0);
    return output.text;
}

static char *json_of(const struct smk_report *report)
{
    struct build_output output = {0};
    assert_int_equal(smk_report_json(report, build_take, &output), 0);
    return output.text;
}

static void check_says(const char *text, const char *words)
{
    if (!strstr(text, words))
        fail_msg("'%s' is not in:\n%s", words, text);
}

static void check_silent(const char *text, const char *words)
{
    if (strstr(text, words))
        fail_msg("'%s' is in:\n%s", words, text);
}

/* A request of 100 ms on `thread`, 80 of them waiting for the cart's lock. */
static void slow_request(struct build *b, uint32_t thread, uint64_t begin, uint64_t id, uint32_t route,
                         uint32_t stack, uint32_t holder)
{
    uint64_t wait[] = {stack, AT(80), CART_LOCK, holder, holder, SMK_LOCK_ACQUIRED};
    build_event(b, thread, begin, SMK_EV_REQUEST_BEGIN, route, id);
    build_event_args(b, thread, begin + AT(90), SMK_EV_LOCK_WAIT, wait, SMK_ARRAY_LEN(wait));
    build_event(b, thread, begin + AT(100), SMK_EV_REQUEST_END, route, id, AT(100), 200);
}

/* Ten slow requests on two threads in a second; a third holds the lock in one function. */
static void build_shop(struct build *b)
{
    static const uint64_t wait_pcs[] = {0x1011, 0x2011}, hold_pcs[] = {0x3011, 0x4011};
    build_init(b);
    build_window(b, AT(1000), AT(1000), AT(2000));
    uint32_t one = build_thread(b, 101, "worker-1"), two = build_thread(b, 102, "worker-2");
    uint32_t holder = build_thread(b, 103, "flusher");
    uint32_t route = build_string(b, "GET /cart"), item = build_string(b, "GET /item/:id");
    uint32_t waiting = build_stack(b, wait_pcs, 2), holding = build_stack(b, hold_pcs, 2);
    uint32_t flush = build_site(b, "flush", "log.c", 118);
    build_lock_name(b, CART_LOCK, "cart_lock");
    for (uint64_t i = 0; i < 5; i++) {
        uint64_t begin = AT(1000 + i * 200);
        slow_request(b, one, begin, 10 + i, route, waiting, 103);
        slow_request(b, two, begin, 20 + i, route, waiting, 103);
        build_event(b, holder, begin + AT(5), SMK_EV_REGION_BEGIN, flush);
        build_event(b, holder, begin + AT(89), SMK_EV_LOCK_RELEASE, holding, 2000, CART_LOCK, AT(84));
        build_event(b, holder, begin + AT(95), SMK_EV_REGION_END, flush);
        build_event(b, one, begin + AT(150), SMK_EV_REQUEST_BEGIN, item, 30 + i);
        build_event(b, one, begin + AT(151), SMK_EV_REQUEST_END, item, 30 + i, AT(1), 200);
    }
}

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

static const char *skip_value(const char *p);

static const char *skip_blanks(const char *p) { return p + strspn(p, " \n"); }

static const char *skip_string(const char *p)
{
    assert_int_equal(*p, '"');
    for (p++; *p != '"'; p++) {
        assert_true((unsigned char)*p >= 0x20);
        if (*p == '\\')
            assert_non_null(strchr("\"\\", *++p));
    }
    return p + 1;
}

static const char *skip_list(const char *p, char last)
{
    for (p = skip_blanks(p + 1); *p != last; p = skip_blanks(p)) {
        if (last == '}') {
            p = skip_blanks(skip_string(p));
            assert_int_equal(*p, ':');
            p = skip_blanks(p + 1);
        }
        p = skip_blanks(skip_value(p));
        if (*p == ',')
            p = skip_blanks(p + 1);
        else
            assert_int_equal(*p, last);
    }
    return p + 1;
}

static const char *skip_value(const char *p)
{
    if (*p == '{' || *p == '[')
        return skip_list(p, *p == '{' ? '}' : ']');
    if (*p == '"')
        return skip_string(p);
    size_t len = strspn(p, "0123456789.");
    if (len == 0)
        for (const char *const *word = (const char *const[]){"true", "false", "null", NULL}; *word; word++)
            if (strncmp(p, *word, strlen(*word)) == 0)
                len = strlen(*word);
    assert_true(len > 0);
    return p + len;
}

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
                     "5.78 ms together; nothing lost.\n");
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
    check_says(text, "mutex 0x5000, first contended in 0x1010");
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
    check_says(text, "2 of them were still waiting when the capture ended, and count up to there.");
    assert_string_equal(skip_value(json), "\n");
    free(text);
    free(json);
    smk_report_free(report);
    smk_trace_close(trace);
}

/* ---- hostile -------------------------------------------------------------------------------------------- */

static void test_values_without_sense(void **state)
{
    (void)state;
    struct build b;
    build_init(&b);
    build_window(&b, 0, 0, AT(2000));
    uint32_t thread = build_thread(&b, 0, "\x1b[31m\xe2\x80\xae");
    static const uint64_t times[] = {0, 1, 5, UINT64_MAX / 2, UINT64_MAX - 1};
    for (size_t t = 0; t < SMK_ARRAY_LEN(times); t++)
        for (uint32_t id = 1; id < SMK_EV_LIMIT; id++) {
            const struct smk_event_spec *spec = smk_event_spec(id);
            uint64_t args[SMK_EVENT_ARGS];
            if (!spec || id == SMK_EV_LOG)
                continue;
            for (size_t i = 0; i < SMK_EVENT_ARGS; i++)
                args[i] = i == 0 ? 7 * t : UINT64_MAX - t;
            build_event_args(&b, thread, times[t], id, args, SMK_EVENT_ARGS);
        }
    build_open_wait(&b, thread, UINT64_MAX, 0, UINT64_MAX, 99, 5);
    build_open_wait(&b, thread, 8, 0, 0, 99, 5);
    smk_trace *trace = build_open(&b);
    struct smk_report *report = make(trace);
    char *text = text_of(report), *json = json_of(report);
    assert_string_equal(skip_value(json), "\n");
    check_silent(text, "\x1b");
    check_silent(json, "\x1b");
    free(text);
    free(json);
    smk_report_free(report);
    smk_trace_close(trace);
}

static uint64_t next_random(uint64_t *random)
{
    *random = *random * 6364136223846793005u + 1442695040888963407u;
    return *random >> 33;
}

/* All kinds of events with arguments that meet each other: few threads, requests, locks and sites. */
static void test_events_in_any_order(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct build b;
        uint64_t random = seed, time = AT(1000);
        static const uint64_t pcs[] = {0x1011, 0x2011};
        build_init(&b);
        build_window(&b, AT(1000), AT(1000), AT(1500));
        for (uint32_t i = 1; i <= 4; i++) {
            build_thread(&b, 100 + i, "t");
            build_string(&b, "GET /");
            build_site(&b, "s", "f.c", i);
            build_stack(&b, pcs, i % 2 + 1);
        }
        for (int i = 0; i < 5000; i++) {
            uint64_t args[SMK_EVENT_ARGS];
            uint32_t id = (uint32_t)(next_random(&random) % 51);
            const struct smk_event_spec *spec = smk_event_spec(id);
            time += next_random(&random) % 200000;
            if (!spec || id == SMK_EV_LOG)
                continue;
            for (size_t a = 0; a < SMK_EVENT_ARGS; a++)
                args[a] = spec->args[a].type == SMK_ARG_TICKS    ? next_random(&random) % AT(3)
                          : spec->args[a].type == SMK_ARG_THREAD ? 100 + next_random(&random) % 5
                                                                 : next_random(&random) % 6;
            build_event_args(&b, 1 + (uint32_t)(next_random(&random) % 4), time, id, args, SMK_EVENT_ARGS);
        }
        smk_trace *trace = build_open(&b);
        struct smk_report *report = make(trace);
        for (uint32_t i = 0; i < report->findings.count; i++) {
            const struct smk_holders *h = &report->findings.array[i].holders;
            assert_int_equal(h->charged + h->unknown + h->wake, report->findings.array[i].cost);
        }
        char *text = text_of(report), *json = json_of(report);
        assert_string_equal(skip_value(json), "\n");
        free(text);
        free(json);
        smk_report_free(report);
        smk_trace_close(trace);
    }
}

static void test_memory_that_ends(void **state)
{
    (void)state;
    int refused = 0;
    for (size_t max = 512; max < 400000; max += 1500) {
        struct build b;
        build_shop(&b);
        smk_trace *trace = build_open(&b);
        struct smk_report_options options = {.no_symbols = true, .max_memory = max};
        struct smk_report *report;
        int result = smk_report_make(&report, trace, &options);
        if (result == 0) {
            char *text = text_of(report);
            check_says(text, "cart_lock made GET /cart slow");
            free(text);
        } else {
            assert_true(result == SMK_E_LIMIT || result == SMK_E_NOMEM);
            assert_null(report);
            refused++;
        }
        smk_report_free(report);
        smk_trace_close(trace);
    }
    assert_true(refused > 0);
}

static bool give_up(void *arg, uint64_t done, uint64_t total)
{
    (void)done;
    (void)total;
    return ++*(int *)arg < 1;
}

static void test_the_caller_can_give_up(void **state)
{
    (void)state;
    struct build b;
    int calls = 0;
    build_init(&b);
    build_window(&b, 0, 0, AT(2000));
    uint32_t thread = build_thread(&b, 1, "t"), site = build_site(&b, "n", "a.c", 1);
    for (uint64_t i = 0; i < 200000; i++)
        build_event(&b, thread, i, SMK_EV_COUNTER, site, i);
    smk_trace *trace = build_open(&b);
    struct smk_report_options options = {
        .no_symbols = true, .progress = give_up, .progress_arg = &calls};
    struct smk_report *report;
    assert_int_equal(smk_report_make(&report, trace, &options), SMK_E_LIMIT);
    assert_int_equal(calls, 1);
    options = (struct smk_report_options){.no_symbols = true, .max_ns = 1};
    assert_int_equal(smk_report_make(&report, trace, &options), SMK_E_LIMIT);
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
        cmocka_unit_test(test_values_without_sense),
        cmocka_unit_test(test_events_in_any_order),
        cmocka_unit_test(test_memory_that_ends),
        cmocka_unit_test(test_the_caller_can_give_up),
    };
    return SMK_RUN(tests);
}
