/* What threads did in their regions, by path, out of traces written by hand. */
#include "unit/analysis/report_checks.h"

#include "format/tables.h"

static uint64_t of(const struct smk_region_path *path, unsigned does) { return path->whole[does] / 1000000; }

static const struct smk_region_path *path_at(const struct smk_report *report, uint32_t depth, uint32_t site)
{
    const struct smk_region_states *states = &report->region_states;
    uint32_t sites[SMK_REGION_DEPTH];
    for (uint32_t i = 0; i < states->count; i++)
        if (smk_region_path_sites(states, i, sites, SMK_REGION_DEPTH) == depth + 1 && sites[depth] == site)
            return &states->paths[i];
    fail_msg("no path to site %u at depth %u", site, depth);
    return NULL;
}

static uint64_t sum_of(const uint64_t *does)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < SMK_DOES_COUNT; i++)
        sum += does[i];
    return sum;
}

/* handle of 100 ms: read 10, a lock 20, write of 50 in it: 30 in fsync, 5 preempted; and write again, by itself. */
static void test_paths(void **state)
{
    (void)state;
    struct build b;
    build_init(&b);
    build_window(&b, AT(1000), AT(1000), AT(2000));
    build_fact(&b, SMK_FACT_SCHED_SOURCE, "perf switch records");
    uint32_t thread = build_thread(&b, 101, "main"), fsync_call = build_string(&b, "fsync");
    uint32_t handle = build_site(&b, "handle", "a.c", 1), writes = build_site(&b, "write", "a.c", 2);
    build_event(&b, thread, AT(1000), SMK_EV_SCHED_SOURCE, SMK_SCHED_PERF, 0);
    build_event(&b, thread, AT(1100), SMK_EV_REGION_BEGIN, handle);
    build_event(&b, thread, AT(1130), SMK_EV_OFF_CPU, SMK_OFF_WAITED, AT(20), 1);
    build_event(&b, thread, AT(1130), SMK_EV_LOCK_WAIT, 0, AT(20), 0xa0, 0, 0, 0, 0);
    build_event(&b, thread, AT(1140), SMK_EV_REGION_BEGIN, writes);
    build_event(&b, thread, AT(1145), SMK_EV_OFF_CPU, SMK_OFF_PREEMPTED, AT(5), 1);
    build_event(&b, thread, AT(1180), SMK_EV_OFF_CPU, SMK_OFF_WAITED, AT(30), 1);
    build_event(&b, thread, AT(1180), SMK_EV_DISK_WAIT, 0, AT(30), fsync_call, 5, 0, 0);
    build_event(&b, thread, AT(1190), SMK_EV_REGION_END, writes);
    build_event(&b, thread, AT(1200), SMK_EV_REGION_END, handle);
    build_event(&b, thread, AT(1300), SMK_EV_REGION_BEGIN, writes);
    build_event(&b, thread, AT(1310), SMK_EV_REGION_BEGIN, writes); /* in itself */
    build_event(&b, thread, AT(1320), SMK_EV_REGION_END, handle);   /* of nothing */
    build_event(&b, thread, AT(1330), SMK_EV_REGION_END, writes);
    build_event(&b, thread, AT(1340), SMK_EV_REGION_END, writes);
    smk_trace *trace = build_open(&b);
    struct smk_report *report = make(trace);
    const struct smk_region_path *outer = path_at(report, 0, handle), *inner = path_at(report, 1, writes);
    assert_int_equal(report->region_states.count, 4);
    assert_int_equal(outer->whole_ns, AT(100));
    assert_int_equal(outer->own_ns, AT(50));
    assert_int_equal(sum_of(outer->whole), AT(100));
    assert_int_equal(of(outer, SMK_DOES_RUNNING), 45);
    assert_int_equal(of(outer, SMK_DOES_RUNNABLE), 5);
    assert_int_equal(of(outer, SMK_DOES_WAITING + SMK_WAIT_LOCK), 20);
    assert_int_equal(of(outer, SMK_DOES_WAITING + SMK_WAIT_DISK), 30);
    assert_int_equal(inner->whole_ns, AT(50));
    assert_int_equal(of(inner, SMK_DOES_WAITING + SMK_WAIT_LOCK), 0);
    uint64_t does[SMK_DOES_COUNT];
    smk_region_states_of(&report->region_states, writes, does);
    assert_int_equal(sum_of(does), AT(50 + 40)); /* inside itself it is counted once */
    char *text = text_of(report), *json = json_of(report);
    check_says(text, "100 ms   50.0 ms   running 45 %, disk 30 %, lock 20 %, runnable 5.0 %\n");
    check_says(text, "handle / write ");
    check_says(json, "\"region_paths\": [");
    assert_string_equal(skip_value(json), "\n");
    free(text);
    free(json);
    smk_report_free(report);
    smk_trace_close(trace);
}

/* More turns than wait at a time, in a stretch of which nothing else is said; and it waits at the end of it. */
static void many(unsigned source, unsigned runs)
{
    struct build b;
    build_init(&b);
    build_window(&b, AT(1000), AT(1000), AT(2000));
    uint32_t thread = build_thread(&b, 101, "main"), site = build_site(&b, "step", "a.c", 1);
    uint32_t sleep = build_string(&b, "usleep");
    build_event(&b, thread, AT(1000), SMK_EV_SCHED_SOURCE, source, 0);
    for (uint32_t i = 0; i < 3 * SMK_REGION_QUEUE; i++) {
        build_event(&b, thread, AT(1000) + i * 10000, SMK_EV_REGION_BEGIN, site);
        build_event(&b, thread, AT(1000) + i * 10000 + 5000, SMK_EV_REGION_END, site);
    }
    build_event(&b, thread, AT(1200), SMK_EV_REGION_BEGIN, site);
    if (source == SMK_SCHED_PERF)
        build_event(&b, thread, AT(1300), SMK_EV_OFF_CPU, SMK_OFF_WAITED, AT(50), 1);
    build_event(&b, thread, AT(1300), SMK_EV_SLEEP_WAIT, 0, AT(50), sleep, 0);
    build_event(&b, thread, AT(1400), SMK_EV_REGION_END, site);
    smk_trace *trace = build_open(&b);
    struct smk_report *report = make(trace);
    const struct smk_region_path *path = path_at(report, 0, site);
    assert_int_equal(path->times, 3 * SMK_REGION_QUEUE + 1);
    assert_int_equal(path->whole_ns, 3 * SMK_REGION_QUEUE * 5000 + AT(200));
    assert_int_equal(path->whole[SMK_DOES_WAITING + SMK_WAIT_SLEEP] + path->whole[SMK_DOES_IDLE], AT(50));
    assert_int_equal(path->whole[runs], path->whole_ns - AT(50));
    smk_report_free(report);
    smk_trace_close(trace);
}

static void test_more_turns_than_wait(void **state)
{
    (void)state;
    many(SMK_SCHED_PERF, SMK_DOES_RUNNING);
    many(SMK_SCHED_NONE, SMK_DOES_EITHER);
}

/* Deeper than is kept: it counts for those around it. */
static void test_too_deep(void **state)
{
    (void)state;
    struct build b;
    build_init(&b);
    build_window(&b, AT(1000), AT(1000), AT(2000));
    uint32_t thread = build_thread(&b, 101, "main"), site = build_site(&b, "down", "a.c", 1);
    for (uint32_t i = 0; i < SMK_REGION_DEPTH + 10; i++)
        build_event(&b, thread, AT(1100 + i), SMK_EV_REGION_BEGIN, site);
    smk_trace *trace = build_open(&b);
    struct smk_report *report = make(trace);
    assert_int_equal(report->region_states.count, SMK_REGION_DEPTH);
    assert_int_equal(report->region_states.too_many, 10);
    smk_report_free(report);
    smk_trace_close(trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_more_turns_than_wait),
        cmocka_unit_test(test_too_deep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
