#include "unit/smk_test.h"

#include "core/histogram.h"

static void test_buckets_have_no_gap(void **state)
{
    uint64_t low, high, before = 0;
    (void)state;
    for (unsigned i = 0; i < SMK_HISTOGRAM_BUCKETS; i++) {
        smk_histogram_bounds(i, &low, &high);
        assert_int_equal(low, before);
        assert_int_equal(smk_histogram_bucket(low), i);
        assert_int_equal(smk_histogram_bucket(high - 1), i);
        if (i > 0 && i < SMK_HISTOGRAM_BUCKETS - 1)
            assert_true((high - low) * 8 <= low); /* known to an eighth */
        before = high;
    }
    assert_true(high == UINT64_MAX);
    assert_true(low >= UINT64_C(3600) * 1000000000); /* an hour has a bucket of its own kind */
}

static void add(struct smk_histogram *h, uint64_t ns, unsigned times)
{
    while (times--)
        smk_histogram_add(h, ns, 1);
}

static void assert_in(struct smk_range range, uint64_t value, uint64_t error)
{
    assert_in_range(value, range.low, range.high);
    assert_true(range.high - range.low <= error);
}

static void test_quantiles(void **state)
{
    static struct smk_histogram h;
    (void)state;
    assert_int_equal(smk_histogram_quantile(&h, 500).high, 0);
    add(&h, 100000, 900);
    add(&h, 2000000, 99);
    add(&h, 300000000, 1);
    assert_int_equal(smk_histogram_count(&h), 1000);
    assert_in(smk_histogram_quantile(&h, 500), 100000, 100000 / 8);
    assert_in(smk_histogram_quantile(&h, 900), 100000, 100000 / 8);
    assert_in(smk_histogram_quantile(&h, 901), 2000000, 2000000 / 8);
    assert_in(smk_histogram_quantile(&h, 990), 2000000, 2000000 / 8);
    assert_in(smk_histogram_quantile(&h, 1000), 300000000, 300000000 / 8);
    assert_int_equal(smk_histogram_quantile(&h, 1000).high, 300000000); /* the longest is exact */
    assert_in(smk_histogram_quantile(&h, 0), 100000, 100000 / 8);
}

static void test_above(void **state)
{
    static struct smk_histogram h;
    (void)state;
    add(&h, 100000, 10);
    add(&h, 250000000, 3);
    add(&h, 400000000, 2);
    struct smk_range above = smk_histogram_above(&h, 1000000);
    assert_int_equal(above.low, 5);
    assert_int_equal(above.high, 5);
    above = smk_histogram_above(&h, 249000000); /* in one bucket with 250 ms: nobody knows */
    assert_int_equal(above.low, 2);
    assert_int_equal(above.high, 5);
    assert_int_equal(smk_histogram_above(&h, 400000000).high, 0); /* none was longer than the longest */
}

static void test_difference(void **state)
{
    static struct smk_histogram h, before, now;
    (void)state;
    add(&h, 5000000, 4);
    add(&h, 900000000, 1);
    smk_histogram_collect(&before, &h);
    add(&h, 1000000, 6);
    smk_histogram_collect(&now, &h);
    smk_histogram_subtract(&now, &before);
    assert_int_equal(smk_histogram_count(&now), 6);
    assert_int_equal(now.sum_ns, 6000000);
    assert_in_range(now.max_ns, 1000000, 1125000); /* not that of the time before */
    assert_in(smk_histogram_quantile(&now, 990), 1000000, 125000);
    memset(&now, 0, sizeof now);
    smk_histogram_collect(&now, &h);
    smk_histogram_subtract(&now, &now);
    assert_int_equal(now.max_ns, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buckets_have_no_gap),
        cmocka_unit_test(test_quantiles),
        cmocka_unit_test(test_above),
        cmocka_unit_test(test_difference),
    };
    return SMK_RUN(tests);
}
