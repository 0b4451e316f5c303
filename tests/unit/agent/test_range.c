#include "unit/smk_test.h"

#include "range.h"

static void part(const char *text, uint64_t size, uint64_t from, uint64_t len)
{
    uint64_t got_from = 77, got_len = 77;
    assert_int_equal(smk_range_parse(text, size, &got_from, &got_len), SMK_RANGE_PART);
    assert_int_equal(got_from, from);
    assert_int_equal(got_len, len);
}

static void other(const char *text, uint64_t size, enum smk_range expected)
{
    uint64_t from = 77, len = 77;
    assert_int_equal(smk_range_parse(text, size, &from, &len), expected);
    assert_int_equal(from, 77);
    assert_int_equal(len, 77);
}

static void test_parts(void **state)
{
    (void)state;
    part("bytes=0-0", 100, 0, 1);
    part("bytes=0-99", 100, 0, 100);
    part("bytes=99-", 100, 99, 1);
    part("bytes=50-1000", 100, 50, 50);
    part("bytes=-1", 100, 99, 1);
    part("bytes=-1000", 100, 0, 100);
    part("bytes=5-99999999999999999999999999", 100, 5, 95);
    part("bytes=-99999999999999999999999999", 100, 0, 100);
}

static void test_behind_the_end(void **state)
{
    (void)state;
    other("bytes=100-", 100, SMK_RANGE_NONE);
    other("bytes=100-200", 100, SMK_RANGE_NONE);
    other("bytes=99999999999999999999999999-", 100, SMK_RANGE_NONE);
    other("bytes=-0", 100, SMK_RANGE_NONE);
    other("bytes=0-", 0, SMK_RANGE_NONE);
    other("bytes=-5", 0, SMK_RANGE_NONE);
}

static void test_others_mean_all(void **state)
{
    (void)state;
    static const char *const texts[] = {"",          "bytes",      "bytes=",      "bytes=-",     "bytes=a-b", "bytes=5",
                                        "bytes=5-4", "bytes=0-0,2-3", "bytes=0-0 ", "items=0-1", "bytes= 0-1",
                                        "bytes=0--1", "bytes=--1", "BYTES=0-1"};
    other(NULL, 100, SMK_RANGE_ALL);
    for (size_t i = 0; i < SMK_ARRAY_LEN(texts); i++)
        other(texts[i], 100, SMK_RANGE_ALL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_behind_the_end),
        cmocka_unit_test(test_others_mean_all),
    };
    return SMK_RUN(tests);
}
