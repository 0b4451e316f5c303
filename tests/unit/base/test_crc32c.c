#include "unit/smk_test.h"

#include "base/crc32c.h"

/* RFC 3720 B.4, and the check value of the CRC catalogue. */
static void test_known_answers(void **state)
{
    uint8_t bytes[32];
    (void)state;
    assert_int_equal(smk_crc32c(0, "123456789", 9), 0xe3069283u);
    assert_int_equal(smk_crc32c(0, "", 0), 0);
    memset(bytes, 0, sizeof bytes);
    assert_int_equal(smk_crc32c(0, bytes, sizeof bytes), 0x8a9136aau);
    memset(bytes, 0xff, sizeof bytes);
    assert_int_equal(smk_crc32c(0, bytes, sizeof bytes), 0x62a8ab43u);
    for (int i = 0; i < 32; i++)
        bytes[i] = (uint8_t)i;
    assert_int_equal(smk_crc32c(0, bytes, sizeof bytes), 0x46dd794eu);
    for (int i = 0; i < 32; i++)
        bytes[i] = (uint8_t)(31 - i);
    assert_int_equal(smk_crc32c(0, bytes, sizeof bytes), 0x113fdb5cu);
}

/* All lengths and alignments around the hardware's eight bytes. */
static void test_hardware_is_table(void **state)
{
    uint8_t bytes[300];
    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 167 + 13);
    for (size_t from = 0; from < 9; from++)
        for (size_t len = 0; from + len < sizeof bytes; len++)
            assert_int_equal(smk_crc32c(7, bytes + from, len), smk_crc32c_table(7, bytes + from, len));
}

static void test_in_parts(void **state)
{
    (void)state;
    const char text[] = "chunks of one thread or of one table";
    uint32_t whole = smk_crc32c(0, text, sizeof text);
    for (size_t cut = 0; cut <= sizeof text; cut++)
        assert_int_equal(smk_crc32c(smk_crc32c(0, text, cut), text + cut, sizeof text - cut), whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answers),
        cmocka_unit_test(test_hardware_is_table),
        cmocka_unit_test(test_in_parts),
    };
    return SMK_RUN(tests);
}
