#include "unit/smk_test.h"

#include "format/tables.h"

static void test_segment_end(void **state)
{
    const struct smk_segment_end end = {.bytes = 1,
                                        .index_offset = 2,
                                        .events = UINT64_MAX,
                                        .lost = 4,
                                        .number = 5,
                                        .flags = SMK_SEGMENT_LAST,
                                        .reason = SMK_REASON_TIMER,
                                        .chunks = 8,
                                        .first = 9,
                                        .last = 10};
    struct smk_segment_end back;
    uint8_t bytes[SMK_SEGMENT_END_SIZE + 1];
    (void)state;
    bytes[SMK_SEGMENT_END_SIZE] = 0x5a;
    smk_segment_end_pack(&end, bytes);
    smk_segment_end_unpack(&back, bytes);
    assert_memory_equal(&back, &end, sizeof end);
    assert_int_equal(bytes[SMK_SEGMENT_END_SIZE], 0x5a);
    assert_memory_equal(bytes + 32, "\5\0\0\0\1\0\0\0\1\0\0\0\10\0\0\0", 16); /* as the header says */
}

static void test_reasons(void **state)
{
    (void)state;
    for (unsigned reason = SMK_REASON_RUNNING; reason <= SMK_REASON_SHED; reason++)
        for (unsigned other = 0; other < reason; other++)
            assert_string_not_equal(smk_reason_name(reason), smk_reason_name(other));
    assert_string_equal(smk_reason_name(SMK_REASON_MAX_BYTES), "max_bytes");
    assert_string_equal(smk_reason_name(77), "?");
}

static void test_fact_keys_are_unique(void **state)
{
    static const char *const keys[] = {
#define X(NAME, key, what) key,
        SMK_FACT_KEYS(X)
#undef X
    };
    (void)state;
    for (size_t i = 0; i < SMK_ARRAY_LEN(keys); i++)
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(keys[i], keys[k]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_segment_end),
        cmocka_unit_test(test_reasons),
        cmocka_unit_test(test_fact_keys_are_unique),
    };
    return SMK_RUN(tests);
}
