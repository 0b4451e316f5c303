#include "unit/smk_test.h"

#include "base/sys.h"
#include "core/clock.h"

#define MS UINT64_C(1000000)

static uint64_t distance(uint64_t a, uint64_t b) { return a > b ? a - b : b - a; }

/* Any times may come between two reads; so the bounds are those of the pair itself. */
static void check_rate(void)
{
    struct smk_clock_pair a = smk_clock_read_pair();
    smk_sys_sleep(60 * MS);
    smk_clock_calibrate();
    struct smk_clock_pair b = smk_clock_read_pair();
    uint64_t by_ticks = smk_ticks_to_ns(b.tick - a.tick), by_clock = b.monotonic - a.monotonic;
    /* 100 ppm and what the reads may be off */
    assert_true(distance(by_ticks, by_clock) <= by_clock / 10000 + a.error + b.error + 2000);
    assert_true(distance(smk_ns_to_ticks(smk_ticks_to_ns(1u << 30)), 1u << 30) <= 8);
    assert_true(b.monotonic > a.monotonic && b.tick > a.tick && b.realtime > UINT64_C(1700000000000000000));
}

static void test_counter(void **state)
{
    (void)state;
    smk_clock_init(false);
    smk_clock_calibrate();
    assert_true(strcmp(smk_clock_source(), "monotonic") == 0 || smk_clock_is_counter);
    assert_int_not_equal(strlen(smk_clock_reason()), 0);
    check_rate();
    /* a unit of 2^shift ticks is at most a nanosecond, and two of them are more */
    uint64_t unit = UINT64_C(1000000000) << smk_clock_shift();
    assert_true(unit <= smk_clock_hz() || smk_clock_shift() == 0);
    assert_true(2 * unit > smk_clock_hz());
}

static void test_slow_clock(void **state)
{
    (void)state;
    smk_clock_init(true);
    smk_clock_calibrate();
    assert_string_equal(smk_clock_source(), "monotonic");
    assert_string_equal(smk_clock_reason(), "asked for");
    assert_int_equal(smk_clock_hz(), 1000000000u);
    assert_int_equal(smk_clock_shift(), 0);
    uint64_t before = smk_sys_clock(CLOCK_MONOTONIC), tick = smk_ticks();
    assert_in_range(tick, before, smk_sys_clock(CLOCK_MONOTONIC));
    check_rate();
}

static void test_history_of_a_moment(void **state)
{
    struct smk_clock_pair pairs[8];
    (void)state;
    smk_clock_init(false);
    smk_clock_calibrate();
    smk_clock_sample(); /* younger than half a second: not kept */
    assert_int_equal(smk_clock_history(0, UINT64_MAX, pairs, 8), 1);
    assert_int_equal(pairs[0].tick, smk_clock_epoch());
    smk_sys_sleep(510 * MS);
    smk_clock_sample();
    assert_int_equal(smk_clock_history(0, UINT64_MAX, pairs, 8), 2);
    assert_true(pairs[1].tick > pairs[0].tick);
    uint64_t between = pairs[0].tick + (pairs[1].tick - pairs[0].tick) / 2;
    assert_int_equal(smk_clock_history(between, between + 1, pairs, 8), 2); /* one before, one after */
    assert_int_equal(smk_clock_history(pairs[1].tick + 1, UINT64_MAX, pairs, 8), 1);
    assert_int_equal(smk_clock_history(0, UINT64_MAX, pairs, 1), 1);
}

/* Days of pairs: the history gets coarser and never shorter. */
static void test_history_is_thinned(void **state)
{
    struct smk_clock_pair pairs[300];
    const int kept = 100000;
    (void)state;
    smk_clock_init(false);
    for (int i = 1; i <= kept; i++) {
        struct smk_clock_pair pair = {smk_clock_epoch() + (uint64_t)i * 1000, 0, 0, 7};
        smk_clock_keep_pair(&pair);
    }
    int count = smk_clock_history(0, UINT64_MAX, pairs, 300);
    assert_in_range(count, 128, 256);
    assert_int_equal(pairs[0].tick, smk_clock_epoch());
    assert_int_equal(pairs[count - 1].tick, smk_clock_epoch() + (uint64_t)kept * 1000);
    for (int i = 1; i < count; i++)
        assert_true(pairs[i].tick > pairs[i - 1].tick);
    assert_true(smk_clock_error_ns() >= 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counter),
        cmocka_unit_test(test_slow_clock),
        cmocka_unit_test(test_history_of_a_moment),
        cmocka_unit_test(test_history_is_thinned),
    };
    return SMK_RUN(tests);
}
