/* Go's trace: each P's events are in order, whatever came late, and who let go wakes who waited. */
#include "unit/export/export_checks.h"

#include "base/varint.h"

enum { PROCS = 16, BATCH = 1, STRING = 37, STACK = 3, UNBLOCK = 39, SAMPLE = 49, REGION = 47, LOG = 48 };

/* What is in a trace. */
struct go {
    uint64_t last[PROCS], events[64];
    uint64_t given, regions[2]; /* wakes on another's P */
    uint64_t goroutine[PROCS];
};

static const uint8_t *number(const uint8_t *at, const uint8_t *end, uint64_t *value)
{
    at = smk_varint_get(at, end, value);
    assert_non_null(at);
    return at;
}

static void take(struct go *go, unsigned event, const uint64_t *args, uint32_t *proc, uint64_t *time)
{
    go->events[event]++;
    if (event == BATCH) {
        *proc = (uint32_t)args[0];
        *time = args[1];
    } else if (event != 2 && event != STACK && event != SAMPLE && *proc < PROCS) {
        *time += args[0];
        assert_true(*time >= go->last[*proc] && *time < AT(3000));
        go->last[*proc] = *time;
        if (event == 38)
            go->goroutine[*proc] = args[1];
        go->given += event == UNBLOCK && args[1] != go->goroutine[*proc];
        if (event == REGION)
            go->regions[args[2]]++;
    }
}

static const uint8_t *read_event(struct go *go, const uint8_t *at, const uint8_t *end, uint32_t *proc, uint64_t *time)
{
    uint64_t args[8] = {0}, len = 0;
    unsigned event = *at & 63, few = *at >> 6, count = 0;
    at++;
    if (event == STRING) {
        at = number(number(at, end, &args[0]), end, &len);
        return at + len;
    }
    const uint8_t *until = few == 3 ? number(at, end, &len) + len : end;
    if (few == 3)
        at = until - len;
    while (few == 3 ? at < until : count <= few) {
        uint64_t value;
        at = number(at, end, &value);
        if (count < 8)
            args[count] = value;
        count++;
    }
    take(go, event, args, proc, time);
    return event == LOG ? at + 1 : at;
}

static struct go read_go(smk_trace *trace)
{
    struct go go = {.given = 0};
    struct build_output output = export_all(trace, "go");
    const uint8_t *at = (const uint8_t *)output.text + 16, *end = (const uint8_t *)output.text + output.len;
    uint32_t proc = 0;
    uint64_t time = 0;
    assert_memory_equal(output.text, "go 1.19 trace\0\0\0", 16);
    while (at < end)
        at = read_event(&go, at, end, &proc, &time);
    assert_ptr_equal(at, end);
    free(output.text);
    return go;
}

/* The wait is told long after the unlock. */
static void test_who_let_go_wakes(void **state)
{
    (void)state;
    struct build b;
    begin_build(&b);
    uint32_t holder = build_thread(&b, 101, "holder"), waiter = build_thread(&b, 102, "waiter");
    build_event(&b, holder, AT(1001), SMK_EV_SLEEP_WAIT, 0, 1000, 0, 0, 0);
    build_event(&b, holder, AT(1500), SMK_EV_LOCK_RELEASE, 0, 1000, 0xa0, AT(300));
    build_event(&b, holder, AT(1600), SMK_EV_SLEEP_WAIT, 0, AT(50), 0, 0, 0);
    build_event(&b, waiter, AT(1501), SMK_EV_LOCK_WAIT, 0, AT(300), 0xa0, 101, 101, 0, 0);
    smk_trace *trace = build_open(&b);
    struct go go = read_go(trace);
    assert_int_equal(go.given, 1);
    assert_int_equal(go.events[UNBLOCK], 3); /* and of two sleeps */
    assert_int_equal(go.events[25], 1);
    assert_int_equal(go.events[19], 2);
    smk_trace_close(trace);
}

/* More than a queue holds, behind one wait that is told last of all. */
static void test_a_queue_that_is_full(void **state)
{
    (void)state;
    struct build b;
    begin_build(&b);
    uint32_t worker = build_thread(&b, 101, "worker"), waiter = build_thread(&b, 102, "waiter");
    uint32_t site = build_site(&b, "load", "a.c", 7);
    build_event(&b, worker, AT(1001), SMK_EV_LOCK_RELEASE, 0, 1000, 0xa0, 0);
    for (uint64_t i = 0; i < 20000; i++) {
        build_event(&b, worker, AT(1002) + i * 20000, SMK_EV_REGION_BEGIN, site);
        build_event(&b, worker, AT(1002) + i * 20000 + 10000, SMK_EV_REGION_END, site);
    }
    build_event(&b, worker, AT(1800), SMK_EV_SLEEP_WAIT, 0, AT(100), 0, 0, 0);
    build_event(&b, waiter, AT(1900), SMK_EV_LOCK_WAIT, 0, AT(899), 0xa0, 101, 101, 0, 0);
    smk_trace *trace = build_open(&b);
    struct go go = read_go(trace);
    assert_int_equal(go.regions[0], 20000);
    assert_int_equal(go.regions[1], 20000);
    assert_int_equal(go.given, 0); /* it came too late for that */
    assert_int_equal(go.events[UNBLOCK], 2);
    smk_trace_close(trace);
}

/* What is open when regions are not recorded any more ends there, and its end finds nothing. */
static void test_regions_and_a_gap(void **state)
{
    (void)state;
    struct build b;
    begin_build(&b);
    build_fact(&b, SMK_FACT_GAPS, "region 1200000000 1400000000 budget\n");
    uint32_t worker = build_thread(&b, 101, "worker"), site = build_site(&b, "load", "a.c", 7);
    build_event(&b, worker, AT(1100), SMK_EV_REGION_BEGIN, site);
    build_event(&b, worker, AT(1110), SMK_EV_REGION_BEGIN, site);
    build_event(&b, worker, AT(1450), SMK_EV_REGION_END, site);
    build_event(&b, worker, AT(1500), SMK_EV_REGION_BEGIN, site);
    smk_trace *trace = build_open(&b);
    struct go go = read_go(trace);
    assert_int_equal(go.regions[0], 3);
    assert_int_equal(go.regions[1], 3);
    smk_trace_close(trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_let_go_wakes),
        cmocka_unit_test(test_a_queue_that_is_full),
        cmocka_unit_test(test_regions_and_a_gap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
