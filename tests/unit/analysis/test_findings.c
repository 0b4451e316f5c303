/* Findings on traces whose every event is known; each with a twin that lies below the threshold. */
#include "unit/analysis/report_checks.h"

static const struct smk_finding *only(const struct smk_report *report, enum smk_finding_kind kind)
{
    assert_int_equal(smk_report_findings(report), 1);
    assert_int_equal(report->findings.array[0].kind, kind);
    return &report->findings.array[0];
}

static struct smk_report *begin_report(struct build *b, smk_trace **trace)
{
    *trace = build_open(b);
    return make(*trace);
}

static void end_report(struct smk_report *report, smk_trace *trace)
{
    char *json = json_of(report);
    assert_string_equal(skip_value(json), "\n");
    free(json);
    smk_report_free(report);
    smk_trace_close(trace);
}

/* ---- cpu ------------------------------------------------------------------------------------------------ */

/* Two CPUs, and four threads that each ran for `ran` ms of a second and were ready for the rest. */
static struct smk_report *starved(smk_trace **trace, uint64_t ran, uint64_t ready)
{
    struct build b;
    build_init(&b);
    build_window(&b, AT(1000), AT(1000), AT(2000));
    for (uint32_t i = 0; i < 4; i++) {
        uint32_t thread = build_thread(&b, 101 + i, "busy");
        build_event(&b, thread, AT(2000), SMK_EV_CPU_TIME, 100, AT(1000), AT(ran), AT(ready));
    }
    return begin_report(&b, trace);
}

static void test_too_many_threads(void **state)
{
    (void)state;
    smk_trace *trace;
    struct smk_report *report = starved(&trace, 500, 500);
    const struct smk_finding *finding = only(report, SMK_FINDING_CPU);
    assert_int_equal(finding->rule, SMK_RULE_OWN);
    assert_int_equal(finding->cost, 4 * AT(500));
    assert_int_equal(finding->lasted, AT(1000));
    char *text = text_of(report);
    check_says(text, "1  4 threads were ready to run and had no CPU: 2 are allowed");
    check_says(text, "meanwhile its threads ran for 2.00 s of the 2.00 s of its CPUs.\n");
    free(text);
    end_report(report, trace);
}

static void test_others_have_the_cpus(void **state)
{
    (void)state;
    smk_trace *trace;
    struct smk_report *report = starved(&trace, 200, 300);
    assert_int_equal(only(report, SMK_FINDING_CPU)->rule, SMK_RULE_OTHERS);
    end_report(report, trace);
    report = starved(&trace, 500, 200); /* less than one thread is ready at a moment */
    assert_int_equal(smk_report_findings(report), 0);
    end_report(report, trace);
}

static struct smk_report *throttled(smk_trace **trace, uint64_t ns)
{
    struct build b;
    build_init(&b);
    build_window(&b, AT(1000), AT(1000), AT(2000));
    build_fact_number(&b, SMK_FACT_CGROUP_THROTTLED, 8);
    build_fact_number(&b, SMK_FACT_CGROUP_THROTTLED_NS, ns);
    build_fact(&b, SMK_FACT_CGROUP_CPU_MAX, "50000000/100000000");
    uint32_t thread = build_thread(&b, 101, "main");
    build_event(&b, thread, AT(1000), SMK_EV_SCHED_SOURCE, SMK_SCHED_PERF, 0);
    for (uint32_t i = 0; i < 8; i++) /* and 24 ms that somebody else had its CPU */
        build_event(&b, thread, AT(1100 * i / 10 + 1080), SMK_EV_OFF_CPU, SMK_OFF_PREEMPTED, AT(i == 7 ? 24 : 50), 1);
    return begin_report(&b, trace);
}

static void test_throttling(void **state)
{
    (void)state;
    smk_trace *trace;
    struct smk_report *report = throttled(&trace, AT(400));
    assert_int_equal(only(report, SMK_FINDING_THROTTLING)->cost, AT(400));
    char *text = text_of(report);
    check_says(text, "In 8 periods the group had used up its time (50.0 ms of CPU in each 100 ms)");
    check_says(text, " threads stood still 7 times, 50.0 ms on average.");
    free(text);
    end_report(report, trace);
    report = throttled(&trace, AT(20));
    assert_int_equal(smk_report_findings(report), 0);
    end_report(report, trace);
}

/* ---- sequence ------------------------------------------------------------------------------------------- */

/* Four requests of 60 ms: 20 and 30 ms for two peers, `between` ms apart. */
static struct smk_report *in_sequence(smk_trace **trace, uint64_t between, const char *other)
{
    struct build b;
    build_init(&b);
    build_window(&b, AT(1000), AT(1000), AT(2000));
    uint32_t thread = build_thread(&b, 101, "worker"), route = build_string(&b, "GET /page");
    uint32_t call = build_string(&b, "recv"), users = build_string(&b, "10.0.0.1:80");
    uint32_t stock = strcmp(other, "10.0.0.1:80") == 0 ? users : build_string(&b, other);
    for (uint32_t i = 0; i < 4; i++) {
        uint64_t at = AT(1000 + 100 * i);
        build_event(&b, thread, at, SMK_EV_REQUEST_BEGIN, route, i + 1);
        build_event(&b, thread, at + AT(20), SMK_EV_NET_WAIT, 0, AT(20), call, 5, 1, users);
        build_event(&b, thread, at + AT(50 + between), SMK_EV_NET_WAIT, 0, AT(30), call, 6, 1, stock);
        build_event(&b, thread, at + AT(60 + between), SMK_EV_REQUEST_END, route, i + 1, AT(60 + between), 200);
    }
    return begin_report(&b, trace);
}

static void test_waits_in_sequence(void **state)
{
    (void)state;
    smk_trace *trace;
    struct smk_report *report = in_sequence(&trace, 1, "10.0.0.2:80");
    const struct smk_finding *finding = only(report, SMK_FINDING_SEQUENCE);
    assert_int_equal(finding->cost, 4 * AT(20));
    assert_int_equal(smk_per_mille(finding->shares[0].ns, finding->shares[0].of), 327);
    char *text = text_of(report);
    check_says(text, "4 of 4 requests waited for 50.0 ms on average, one peer after the other; if independent, side");
    check_says(text, "30.0 ms on average, for 10.0.0.2:80\n");
    free(text);
    end_report(report, trace);
    report = in_sequence(&trace, 20, "10.0.0.2:80"); /* it computed between them */
    assert_int_equal(smk_report_findings(report), 0);
    end_report(report, trace);
    report = in_sequence(&trace, 1, "10.0.0.1:80"); /* the same peer, which is slow */
    assert_int_equal(only(report, SMK_FINDING_PEER)->cost, 4 * AT(50));
    end_report(report, trace);
}

/* ---- peers ---------------------------------------------------------------------------------------------- */

/* Five requests of 60 ms whose loop leaves them at once; it reads the answer of a peer after `ms`, and that of another,
 * asked `behind` ms after the first, 10 ms later. */
static struct smk_report *asked(smk_trace **trace, uint64_t ms, uint64_t behind)
{
    struct build b;
    build_init(&b);
    build_window(&b, AT(1000), AT(1000), AT(2000));
    uint32_t loop = build_thread(&b, 101, "loop"), route = build_string(&b, "GET /page");
    uint32_t call = build_string(&b, "recv"), users = build_string(&b, "10.0.0.1:80");
    uint32_t stock = build_string(&b, "10.0.0.2:80");
    for (uint32_t i = 0; i < 5; i++) {
        uint64_t at = AT(1000 + 100 * i), second = at + AT(ms + 10);
        uint64_t first[] = {0, AT(ms), call, 5, i + 1, users, 0};
        uint64_t other[] = {0, AT(ms + 10 - behind), call, 6, i + 1, stock, 1000};
        build_event(&b, loop, at, SMK_EV_REQUEST_BEGIN, route, i + 1);
        build_event(&b, loop, at, SMK_EV_REQUEST_LEAVE, 0, i + 1);
        build_event_args(&b, loop, at + AT(ms), SMK_EV_ANSWER_WAIT, first, SMK_ARRAY_LEN(first));
        build_event_args(&b, loop, second + 1000, SMK_EV_ANSWER_WAIT, other, SMK_ARRAY_LEN(other));
        build_event(&b, loop, at + AT(60), SMK_EV_REQUEST_END, route, i + 1, AT(60), 200);
    }
    return begin_report(&b, trace);
}

static void test_a_slow_peer(void **state)
{
    (void)state;
    smk_trace *trace;
    struct smk_report *report = asked(&trace, 45, 30); /* side by side */
    const struct smk_finding *finding = only(report, SMK_FINDING_PEER);
    const struct smk_peer *peer = &report->peers.array[finding->peer];
    assert_string_equal(smk_trace_string(trace, peer->what), "10.0.0.1:80");
    assert_int_equal(finding->cost, 5 * AT(45));
    assert_int_equal(peer->requests, 5);
    assert_int_equal(report->locks.others.count, 0); /* no thread waited */
    char *text = text_of(report);
    check_says(text, "1  10.0.0.1:80 made GET /page slow");
    check_says(text, "5 of 5 requests waited for its answer, 45.0 ms on average, 45.0 ms at most, 225 ms together.");
    check_says(text, "net     answer, by recv");
    free(text);
    end_report(report, trace);
    report = asked(&trace, 19, 10);
    assert_int_equal(smk_report_findings(report), 0);
    end_report(report, trace);
    report = asked(&trace, 15, 15); /* a loop's waits are in sequence as a thread's are */
    assert_int_equal(only(report, SMK_FINDING_SEQUENCE)->cost, 5 * AT(10));
    end_report(report, trace);
}

/* ---- flushes -------------------------------------------------------------------------------------------- */

/* A hundred times a loop reads two requests, waits in a call for `us` and answers both after 1 ms; `looks`: it looked
 * for other work between the second and the call. */
static struct smk_report *flushing(smk_trace **trace, const char *name, uint64_t us, bool looks)
{
    struct build b;
    build_init(&b);
    build_window(&b, AT(1000), AT(1000), AT(2000));
    uint32_t thread = build_thread(&b, 101, "loop"), route = build_string(&b, "SET");
    uint32_t call = build_string(&b, name), file = build_string(&b, "log");
    for (uint32_t i = 0; i < 100; i++) {
        uint64_t at = AT(1000 + 2 * i);
        build_event(&b, thread, at, SMK_EV_REQUEST_BEGIN, route, 2 * i + 1);
        if (looks)
            build_event(&b, thread, at + 500, SMK_EV_REQUEST_LEAVE, 0, 2 * i + 1);
        build_event(&b, thread, at + 1000, SMK_EV_REQUEST_BEGIN, route, 2 * i + 2);
        build_event(&b, thread, at + 2000 + us * 1000, SMK_EV_DISK_WAIT, 0, us * 1000, call, 5, 0, file);
        for (uint32_t k = 2; k > 0; k--)
            build_event(&b, thread, at + AT(1), SMK_EV_REQUEST_END, route, 2 * i + k, AT(1), 0);
    }
    return begin_report(&b, trace);
}

static void test_one_flush_for_all(void **state)
{
    (void)state;
    smk_trace *trace;
    struct smk_report *report = flushing(&trace, "fdatasync", 300, false);
    const struct smk_finding *finding = only(report, SMK_FINDING_DISK);
    assert_int_equal(finding->cost, 200 * 300 * 1000);
    assert_int_equal(finding->shares[0].requests, 200);
    end_report(report, trace);
    report = flushing(&trace, "fdatasync", 300, true); /* the first of each pair went on without its thread */
    assert_int_equal(smk_report_findings(report), 0);
    end_report(report, trace);
    report = flushing(&trace, "write", 300, false); /* that is no flush, and never long */
    assert_int_equal(smk_report_findings(report), 0);
    end_report(report, trace);
    report = flushing(&trace, "fdatasync", 100, false);
    assert_int_equal(smk_report_findings(report), 0);
    end_report(report, trace);
}

/* ---- pool ----------------------------------------------------------------------------------------------- */

/* One worker, and five requests that come at once; each takes 20 ms, of which it waits for `waited`. */
static struct smk_report *pooled(smk_trace **trace, uint64_t waited)
{
    struct build b;
    build_init(&b);
    build_window(&b, AT(1000), AT(1000), AT(2000));
    uint32_t thread = build_thread(&b, 101, "worker"), route = build_string(&b, "GET /price");
    uint32_t giver = build_thread(&b, 102, "loop");
    uint32_t site = build_site(&b, "workers", "pool.c", 7), call = build_string(&b, "recv");
    for (uint32_t i = 0; i < 5; i++)
        build_event(&b, giver, AT(1000), SMK_EV_REQUEST_BEGIN, route, i + 1);
    for (uint32_t i = 0; i < 5; i++) {
        uint64_t at = AT(1001 + 20 * i);
        build_event(&b, thread, at, SMK_EV_HANDOFF, site, i + 1, at - AT(1000), 102);
        build_event(&b, thread, at + 1, SMK_EV_REQUEST_ENTER, 0, i + 1);
        build_event(&b, thread, at + AT(19), SMK_EV_NET_WAIT, 0, AT(waited), call, 5, 1, 0);
        build_event(&b, thread, at + AT(20) - 1, SMK_EV_REQUEST_END, route, i + 1, at + AT(20) - AT(1000), 200);
    }
    return begin_report(&b, trace);
}

static void test_a_pool_that_waits(void **state)
{
    (void)state;
    smk_trace *trace;
    struct smk_report *report = pooled(&trace, 15);
    const struct smk_finding *finding = only(report, SMK_FINDING_POOL);
    const struct smk_pool *pool = &report->pools.array[finding->pool];
    assert_int_equal(finding->cost, AT(1 + 21 + 41 + 61 + 81));
    assert_int_equal(pool->workers, 1);
    assert_int_equal(pool->lasted, AT(81));
    assert_in_range(pool->busy, AT(80) - 10, AT(80));
    char *text = text_of(report);
    check_says(text, "1  the queue of workers made GET /price slow");
    check_says(text, "5 requests stood in it, 41.0 ms on average, 81.0 ms at most, 205 ms together.\n");
    check_says(text, "its worker was busy for 99 % of the time, and waited for 75 % of that.\n");
    check_says(text, "mostly for net recv, 75.0 ms in all\n");
    free(text);
    end_report(report, trace);
    report = pooled(&trace, 5); /* it works: that is another thing */
    assert_int_equal(smk_report_findings(report), 0);
    end_report(report, trace);
}

/* ---- herd ----------------------------------------------------------------------------------------------- */

/* 30 wakes of 4 workers, three of whom wait again after `looks` ns. */
static struct smk_report *woken(smk_trace **trace, uint64_t looks)
{
    struct build b;
    build_init(&b);
    build_window(&b, AT(1000), AT(1000), AT(2000));
    uint32_t threads[4], call = build_string(&b, "pthread_cond_wait"), waker = build_thread(&b, 100, "main");
    for (uint32_t i = 0; i < 4; i++)
        threads[i] = build_thread(&b, 101 + i, "worker");
    for (uint32_t n = 0; n < 30; n++) {
        uint64_t at = AT(1010 + 20 * n);
        uint64_t wake[] = {0, 1000, 0x7000, 4, call};
        build_event_args(&b, waker, at, SMK_EV_COND_WAKE, wake, SMK_ARRAY_LEN(wake));
        for (uint32_t i = 0; i < 4; i++) {
            /* Each came back from its look, or from 5 ms of work, after the wake before. */
            uint64_t away = i == 0 ? AT(5) : looks;
            uint64_t end = at + AT(1), slept = n ? AT(20) - away : AT(5);
            uint64_t wait[] = {0, slept, 0x7000, 0, 100, call, 0};
            build_event_args(&b, threads[i], end, SMK_EV_COND_WAIT, wait, SMK_ARRAY_LEN(wait));
        }
    }
    return begin_report(&b, trace);
}

static void test_a_herd(void **state)
{
    (void)state;
    smk_trace *trace;
    struct smk_report *report = woken(&trace, 50000);
    const struct smk_finding *finding = only(report, SMK_FINDING_HERD);
    const struct smk_herd *herd = &report->herds.array[finding->herd];
    assert_int_equal(herd->woken, 29 * 4);
    assert_int_equal(herd->useless, 29 * 3);
    assert_int_equal(finding->cost, 29 * 3 * (AT(1) + 1000 + 50000));
    end_report(report, trace);
    report = woken(&trace, AT(3)); /* all of them work */
    assert_int_equal(smk_report_findings(report), 0);
    end_report(report, trace);
}

/* ---- a worker that nobody marks -------------------------------------------------------------------------------- */

/* `round`th request: the reader reads it, the worker waits 5 ms for a file in it, writes the answer, and then sleeps
 * and waits for a lock until there is another; that the answer was over the reader sees 60 ms later. */
static void unmarked_round(struct build *b, const uint32_t threads[2], const uint32_t strings[3], uint64_t round)
{
    uint64_t at = AT(1000 + 100 * round), end = at + AT(20);
    uint32_t route = strings[0], call = strings[1], sync = strings[2];
    uint64_t wait[] = {0, AT(5), CART_LOCK, 0, 0, SMK_LOCK_ACQUIRED};
    build_event(b, threads[0], at, SMK_EV_REQUEST_BEGIN, route, round + 1);
    build_event(b, threads[0], at + AT(1), SMK_EV_REQUEST_LEAVE, 0, round + 1);
    build_event(b, threads[1], at + AT(5), SMK_EV_REQUEST_ENTER, 0, round + 1);
    build_event(b, threads[1], at + AT(15), SMK_EV_DISK_WAIT, 0, AT(5), sync, 6, 0, 0);
    for (uint64_t i = 0; i < 3; i++)
        build_event(b, threads[1], end + AT(15 + 15 * i), SMK_EV_SLEEP_WAIT, 0, AT(14), call, AT(14));
    build_event_args(b, threads[1], end + AT(58), SMK_EV_LOCK_WAIT, wait, SMK_ARRAY_LEN(wait));
    build_event(b, threads[0], end + AT(60), SMK_EV_REQUEST_ANSWERED, route, round + 1, AT(20), 200, AT(60), 0, 0);
    build_event(b, threads[1], end + AT(75), SMK_EV_SLEEP_WAIT, 0, AT(14), call, AT(14));
}

/* What it did behind the answer is none of the request, whenever that is known; what it did before is. */
static void test_worker_that_is_not_marked(void **state)
{
    (void)state;
    struct build b;
    build_init(&b);
    build_window(&b, AT(1000), AT(1000), AT(2000));
    uint32_t threads[] = {build_thread(&b, 101, "reader"), build_thread(&b, 102, "worker")};
    uint32_t strings[] = {build_string(&b, "GET /cart"), build_string(&b, "usleep"), build_string(&b, "fdatasync")};
    for (uint64_t i = 0; i < 10; i++)
        unmarked_round(&b, threads, strings, i);
    smk_trace *trace = build_open(&b);
    struct smk_report *report = make(trace);
    char *text = text_of(report);
    assert_int_equal(smk_report_findings_of(report, 1u << SMK_FINDING_SLEEP | 1u << SMK_FINDING_LOCK), 0);
    assert_int_equal(smk_report_findings_of(report, 1u << SMK_FINDING_DISK), 1);
    check_says(text, "sleep   usleep                   40     560 ms");
    check_says(text, "disk    fdatasync                10    50.0 ms");
    assert_int_equal(report->locks.array[0].outside, AT(50));
    for (uint32_t i = 0; i < report->locks.others.count; i++) {
        const struct smk_call_wait *wait = &report->locks.others.array[i];
        assert_int_equal(wait->idle, wait->kind == SMK_WAIT_SLEEP);
        assert_int_equal(wait->request != 0, wait->kind == SMK_WAIT_DISK);
    }
    free(text);
    smk_report_free(report);
    smk_trace_close(trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_too_many_threads),
        cmocka_unit_test(test_others_have_the_cpus),
        cmocka_unit_test(test_throttling),
        cmocka_unit_test(test_waits_in_sequence),
        cmocka_unit_test(test_a_slow_peer),
        cmocka_unit_test(test_one_flush_for_all),
        cmocka_unit_test(test_a_pool_that_waits),
        cmocka_unit_test(test_a_herd),
        cmocka_unit_test(test_worker_that_is_not_marked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
