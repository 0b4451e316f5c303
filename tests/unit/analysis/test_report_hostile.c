/* Traces that somebody made to do harm, and too little of everything. */
#include "unit/analysis/report_checks.h"

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
            const struct smk_finding *finding = &report->findings.array[i];
            const struct smk_holders *h = &finding->holders;
            if (smk_finding_is_of_lock(finding->kind))
                assert_int_equal(h->charged + h->unknown + h->wake, finding->cost);
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
        cmocka_unit_test(test_values_without_sense),
        cmocka_unit_test(test_events_in_any_order),
        cmocka_unit_test(test_memory_that_ends),
        cmocka_unit_test(test_the_caller_can_give_up),
    };
    return SMK_RUN(tests);
}
