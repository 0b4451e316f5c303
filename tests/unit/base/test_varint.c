#include "unit/smk_test.h"

#include "base/varint.h"

static void check(uint64_t value, size_t len)
{
    uint8_t bytes[SMK_VARINT_MAX];
    uint64_t back = ~value;
    uint8_t *end = smk_varint_put(bytes, value);
    assert_int_equal(end - bytes, len);
    assert_ptr_equal(smk_varint_get(bytes, end, &back), end);
    assert_int_equal(back, value);
    for (const uint8_t *cut = bytes; cut < end; cut++) /* never reads what is not there */
        assert_null(smk_varint_get(bytes, cut, &back));
}

static void test_lengths(void **state)
{
    (void)state;
    check(0, 1);
    check(127, 1);
    check(128, 2);
    check(16383, 2);
    check(16384, 3);
    check(UINT32_MAX, 5);
    check(UINT64_C(1) << 63, 10);
    check(UINT64_MAX, 10);
    for (unsigned bit = 0; bit < 64; bit++)
        check(UINT64_C(1) << bit, bit / 7 + 1);
}

static void test_too_long_is_refused(void **state)
{
    (void)state;
    uint64_t value;
    uint8_t bytes[12];
    memset(bytes, 0x80, sizeof bytes);
    bytes[11] = 0;
    assert_null(smk_varint_get(bytes, bytes + sizeof bytes, &value)); /* 12 bytes */
    memset(bytes, 0xff, sizeof bytes);
    bytes[9] = 2; /* the 65th bit */
    assert_null(smk_varint_get(bytes, bytes + 10, &value));
    bytes[9] = 1;
    assert_ptr_equal(smk_varint_get(bytes, bytes + 10, &value), bytes + 10);
    assert_int_equal(value, UINT64_MAX);
}

static void test_zigzag(void **state)
{
    (void)state;
    assert_int_equal(smk_zigzag(0), 0);
    assert_int_equal(smk_zigzag(-1), 1);
    assert_int_equal(smk_zigzag(1), 2);
    assert_int_equal(smk_zigzag(INT64_MIN), UINT64_MAX);
    const int64_t values[] = {0, 1, -1, 63, -64, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        assert_int_equal(smk_unzigzag(smk_zigzag(values[i])), values[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_too_long_is_refused),
        cmocka_unit_test(test_zigzag),
    };
    return SMK_RUN(tests);
}
