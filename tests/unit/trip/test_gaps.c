/* A storm of events, a budget, and what the file says: when what was not recorded, nothing else missing, and that
 * it was recorded again when the storm was over. */
#include "unit/trip/trip.h"

#include "analysis/report.h"
#include "core/capture_state.h"
#include "core/gate.h"
#include "core/shed.h"
#include "format/tables.h"

#define STORMS 2
#define CALM   1000

static uint32_t storm; /* atomic */

/* What it emits it counts itself; the gate is asked once, as by the macro. */
static uint64_t emit(uint64_t n)
{
    uint64_t emitted = 0;
    static smk_site site = {.name = "storm", .file = __FILE__, .line = __LINE__};
    for (uint64_t i = 0; i < n; i++)
        if (smk_gate_open(SMK_CAT_OTHER)) {
            smk_abi_counter(&site, (int64_t)i);
            emitted++;
        }
    return emitted;
}

static void *storm_main(void *arg)
{
    uint64_t *emitted = arg;
    while (smk_load_relaxed(&storm))
        *emitted += emit(1000);
    return NULL;
}

static bool comes(bool shed)
{
    uint64_t until = trip_now() + UINT64_C(60000000000);
    while ((smk_captures_are_shed() != 0) != shed && trip_now() < until)
        usleep(1000);
    if ((smk_captures_are_shed() != 0) == shed)
        return true;
    struct smk_shed_status status;
    smk_shed_get_status(&status);
    print_error("in %llu ns it cost %llu, and %llu were allowed\n", (unsigned long long)status.window_ns,
                (unsigned long long)status.cost_ns, (unsigned long long)status.allowed_ns);
    return false;
}

static uint64_t run(struct trip *trip)
{
    uint64_t emitted[STORMS] = {0}, sum = 0;
    pthread_t threads[STORMS];
    smk_shed_set_budget(&(struct smk_shed_budget){.recorder = 200, .armed = 1000, .floor_ns = 500000000});
    trip_begin(trip, (struct smk_capture_spec){.kind = SMK_CAPTURE_TIMED, .categories = SMK_CAT_OTHER,
                                               .max_bytes = UINT64_C(1) << 30});
    smk_store_relaxed(&storm, 1);
    for (unsigned i = 0; i < STORMS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, storm_main, &emitted[i]), 0);
    assert_true(comes(true));
    assert_int_equal(smk_captures_are_shed(), SMK_CAT_OTHER);
    assert_int_equal(smk_load_relaxed(&smk_gate), 0);
    usleep(200000);
    smk_store_relaxed(&storm, 0);
    for (unsigned i = 0; i < STORMS; i++) {
        pthread_join(threads[i], NULL);
        sum += emitted[i];
    }
    assert_true(comes(false));
    uint64_t calm = emit(CALM);
    assert_int_equal(calm, CALM);
    trip_end(trip);
    smk_shed_set_budget(&(struct smk_shed_budget){0});
    return sum + calm;
}

static int keep(void *arg, const char *text, size_t len)
{
    struct trip_bytes *said = arg;
    trip_append(said, text, len);
    return 0;
}

static void check_report(smk_trace *trace)
{
    struct smk_report *report;
    struct trip_bytes said = {0};
    const struct smk_report_options options = {.no_symbols = true};
    assert_int_equal(smk_report_make(&report, trace, &options), 0);
    assert_int_equal(smk_report_text(report, keep, &said), 0);
    trip_append(&said, "", 1);
    assert_non_null(strstr((const char *)said.data, "\nother was not recorded from "));
    assert_non_null(strstr((const char *)said.data, " (budget): nothing is said of it in that time.\n"));
    assert_non_null(strstr((const char *)said.data, " % of CPU (estimated \u00b1 "));
    assert_null(strstr((const char *)said.data, "nothing lost"));
    smk_report_free(report);
    free(said.data);
}

static void check_events(smk_trace *trace, const smk_gap *gap, uint64_t emitted)
{
    const smk_event *event;
    smk_cursor *cursor;
    uint64_t before = 0, inside = 0, after = 0;
    assert_int_equal(smk_cursor_open(&cursor, trace, NULL), 0);
    while (smk_cursor_next(cursor, &event) == 1) {
        before += event->time < gap->from;
        inside += event->time >= gap->from + 100000000 && event->time < gap->to;
        after += event->time >= gap->to;
    }
    smk_cursor_close(cursor);
    assert_true(before > 0);
    assert_int_equal(inside, 0); /* but for threads that raced with the gate */
    assert_int_equal(after, CALM);
    assert_int_equal(smk_trace_get_info(trace)->events + smk_trace_get_info(trace)->lost, emitted);
}

static void test_a_storm_is_shed_and_the_file_says_when(void **state)
{
    struct trip trip;
    smk_gap gap, another;
    int fd;
    (void)state;
    uint64_t emitted = run(&trip);
    smk_trace *trace = trip_read(trip.segments[0].data, trip.segments[0].size, true, &fd);
    assert_non_null(trace);
    trip_print_problems(trace);
    assert_true(smk_trace_get_info(trace)->complete);
    assert_true(smk_trace_gap_at(trace, 0, &gap));
    assert_false(smk_trace_gap_at(trace, 1, &another));
    assert_int_equal(gap.category, SMK_CAT_OTHER);
    assert_string_equal(gap.reason, "budget");
    assert_in_range(gap.to - gap.from, UINT64_C(2000000000), UINT64_C(60000000000));
    check_events(trace, &gap, emitted);
    check_report(trace);
    assert_non_null(strstr(smk_trace_fact(trace, SMK_FACT_COST_CATEGORIES), "other "));
    smk_trace_close(trace);
    close(fd);
    trip_free(&trip);
}

/* Without a budget, as the library alone has none, the same storm is recorded. */
static void test_no_budget_no_gap(void **state)
{
    struct trip trip;
    smk_gap gap;
    int fd;
    (void)state;
    trip_begin(&trip, (struct smk_capture_spec){.kind = SMK_CAPTURE_TIMED, .categories = SMK_CAT_OTHER});
    uint64_t until = trip_now() + UINT64_C(1500000000);
    while (trip_now() < until)
        emit(1000);
    assert_int_equal(smk_captures_are_shed(), 0);
    trip_end(&trip);
    smk_trace *trace = trip_read(trip.segments[0].data, trip.segments[0].size, false, &fd);
    assert_non_null(trace);
    assert_false(smk_trace_gap_at(trace, 0, &gap));
    smk_trace_close(trace);
    close(fd);
    trip_free(&trip);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_storm_is_shed_and_the_file_says_when),
        cmocka_unit_test(test_no_budget_no_gap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
