/* The Firefox Profiler's format: what there is no room for, and CPU time in its buckets. */
#include "unit/export/export_checks.h"

/* The sum of a column of numbers, over all threads. */
static uint64_t sum_of(const struct build_output *output, const char *column)
{
    uint64_t sum = 0;
    char head[64];
    snprintf(head, sizeof(head), "\"%s\":[", column);
    for (const char *at = output->text; (at = strstr(at, head)) != NULL;) {
        char *end;
        at += strlen(head);
        while (*at != ']') {
            sum += strtoull(at, &end, 10);
            at = *end == ',' ? end + 1 : end;
        }
    }
    return sum;
}

/* 300 ms of 1000 it slept; what it ran stands in the samples to the nanosecond. */
static void test_cpu_time(void **state)
{
    (void)state;
    struct build b;
    begin_build(&b);
    uint32_t worker = build_thread(&b, 101, "worker");
    build_event(&b, worker, AT(1000), SMK_EV_SCHED_SOURCE, SMK_SCHED_PERF, 0);
    build_event(&b, worker, AT(1500) + 7, SMK_EV_OFF_CPU, SMK_OFF_WAITED, AT(300), 0);
    build_event(&b, worker, AT(1600) + 3, SMK_EV_CPU_SAMPLE, 0, 1);
    smk_trace *trace = build_open(&b);
    struct build_output output = export_all(trace, "firefox");
    check_json(&output);
    assert_int_equal(sum_of(&output, "threadCPUDelta"), AT(700));
    free(output.text);
    smk_trace_close(trace);
}

/* Of more markers than there may be the longest are there, and how many are not is said. */
static void test_too_many(void **state)
{
    (void)state;
    enum { WAITS = 600000 };
    struct build b;
    begin_build(&b);
    uint32_t worker = build_thread(&b, 101, "worker"), call = build_string(&b, "nanosleep");
    build_event(&b, worker, AT(1001), SMK_EV_SLEEP_WAIT, 0, 500000, call, 0);
    for (uint64_t i = 0; i < WAITS; i++)
        build_event(&b, worker, AT(1002) + i * 1000, SMK_EV_SLEEP_WAIT, 0, 900, call, 0);
    build_event(&b, worker, AT(1900), SMK_EV_SLEEP_WAIT, 0, AT(200), call, 0);
    smk_trace *trace = build_open(&b);
    struct build_output output = export_all(trace, "firefox");
    check_json(&output);
    check_has(&output, "600000 left out: markers shorter than 1024 ns");
    check_has(&output, "\"startTime\":[0.500000,700.000000]");
    free(output.text);
    smk_trace_close(trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cpu_time),
        cmocka_unit_test(test_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
