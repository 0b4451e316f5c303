/* Units to nanoseconds: exact at the pairs, straight between them, sensible beyond them, never backwards. */
#include "unit/smk_test.h"

#include "read/clocks.h"

static struct smk_mem mem;
static struct smk_clocks clocks;

static void begin(void)
{
    clocks = (struct smk_clocks){0};
    smk_mem_init(&mem, NULL, NULL, 0);
}

static void add(uint64_t time, uint64_t monotonic)
{
    struct smk_clock_point point = {time, monotonic, monotonic + 1000, 10};
    assert_true(smk_clocks_add(&clocks, &mem, &point));
}

static void finish(double unit_ns) { assert_true(smk_clocks_finish(&clocks, &mem, unit_ns)); }

static uint64_t ns(uint64_t time)
{
    const struct smk_clock_stretch *stretch = NULL;
    return smk_clocks_ns(&clocks, &stretch, time);
}

static void end(void)
{
    smk_clocks_free(&clocks, &mem);
    assert_int_equal(mem.used, 0);
}

static void test_between_pairs(void **state)
{
    (void)state;
    begin();
    add(3000000000, 2000000000); /* in no order, one twice */
    add(0, 1000000000);
    add(6000000000, 3500000000);
    add(3000000000, 2000000000);
    finish(0.5);
    assert_int_equal(clocks.count, 3);
    assert_int_equal(ns(0), 1000000000);
    assert_int_equal(ns(1500000000), 1500000000);
    assert_int_equal(ns(3000000000), 2000000000);
    assert_int_equal(ns(4500000000), 2750000000);
    assert_int_equal(ns(6000000000), 3500000000);
    assert_int_equal(smk_clocks_realtime_offset(&clocks, 5000000000), 1000);
    end();
}

static void test_beyond_pairs(void **state)
{
    (void)state;
    begin();
    add(1000000000, 5000000000);
    add(3000000000, 6000000000); /* 0.5 ns a unit */
    add(3000001000, 6000000900); /* so near that it says nothing: 0.9 */
    finish(0.7);
    assert_int_equal(ns(0), 4500000000);
    assert_in_range(ns(4000001000), 6500001000, 6500001200);
    end();
    begin();
    add(1000000000, 5000000000);
    add(1000001000, 5000000900); /* nothing farther: the file's own rate counts */
    finish(0.5);
    assert_int_equal(ns(2000001000), 5500000900);
    end();
}

static void test_one_pair_and_none(void **state)
{
    (void)state;
    begin();
    add(1000, 5000000000);
    finish(0.5);
    assert_int_equal(ns(3000), 5000001000);
    assert_int_equal(ns(0), 4999999500);
    end();
    begin();
    finish(2);
    assert_int_equal(ns(1000), 2000);
    end();
}

static void test_before_the_beginning_of_time(void **state)
{
    (void)state;
    begin();
    add(1000000, 500);
    finish(1);
    assert_int_equal(ns(0), 0);
    assert_int_equal(ns(UINT64_MAX), UINT64_MAX);
    end();
}

static void test_pairs_that_go_backwards(void **state)
{
    (void)state;
    begin();
    add(1000, 5000);
    add(2000, 4000);
    add(3000, 7000);
    finish(1);
    assert_int_equal(clocks.wrong, 1);
    assert_int_equal(ns(2000), 6000);
    end();
}

/* Drift: 10 pairs a second apart, each second longer than the one before. A day of times. */
static void test_never_backwards(void **state)
{
    uint64_t monotonic = 1000000000000, last = 0;
    (void)state;
    begin();
    for (unsigned i = 0; i < 10; i++) {
        add(i * UINT64_C(2600000000) + 12345, monotonic);
        monotonic += 1000000000 + 50 * i;
    }
    finish(1 / 2.6);
    for (uint64_t time = 0; time < UINT64_C(30000000000); time += 99991) {
        uint64_t now = ns(time);
        assert_true(now >= last);
        last = now;
    }
    for (unsigned i = 0; i < 10; i++) { /* around the pairs each unit */
        uint64_t pair = i * UINT64_C(2600000000) + 12345;
        last = 0;
        for (uint64_t time = pair - 1000; time < pair + 1000; time++) {
            uint64_t now = ns(time);
            assert_true(now >= last && (last == 0 || now - last <= 1));
            last = now;
        }
    }
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_between_pairs),
        cmocka_unit_test(test_beyond_pairs),
        cmocka_unit_test(test_one_pair_and_none),
        cmocka_unit_test(test_before_the_beginning_of_time),
        cmocka_unit_test(test_pairs_that_go_backwards),
        cmocka_unit_test(test_never_backwards),
    };
    return SMK_RUN(tests);
}
