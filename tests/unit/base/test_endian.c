#include "unit/smk_test.h"

#include "base/endian.h"

static void test_low_byte_first_at_any_address(void **state)
{
    uint8_t bytes[16];
    (void)state;
    for (size_t at = 0; at < 8; at++) {
        memset(bytes, 0xaa, sizeof bytes);
        smk_put_le64(bytes + at, 0x0102030405060708u);
        assert_memory_equal(bytes + at, "\x08\x07\x06\x05\x04\x03\x02\x01", 8);
        assert_int_equal(smk_get_le64(bytes + at), 0x0102030405060708u);
        smk_put_le32(bytes + at, 0xa1b2c3d4u);
        assert_memory_equal(bytes + at, "\xd4\xc3\xb2\xa1\x04", 5);
        assert_int_equal(smk_get_le32(bytes + at), 0xa1b2c3d4u);
        smk_put_le16(bytes + at, 0xbeef);
        assert_memory_equal(bytes + at, "\xef\xbe\xb2", 3);
        assert_int_equal(smk_get_le16(bytes + at), 0xbeef);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_low_byte_first_at_any_address)};
    return SMK_RUN(tests);
}
