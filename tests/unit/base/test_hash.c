#include "unit/smk_test.h"

#include "base/hash.h"

static void test_same_bytes_same_hash(void **state)
{
    char a[40] = "0123456789012345678901234567890123456", b[48];
    (void)state;
    for (size_t shift = 0; shift < 8; shift++) {
        memcpy(b + shift, a, sizeof a);
        for (size_t len = 0; len < sizeof a; len++)
            assert_int_equal(smk_hash_bytes(a, len), smk_hash_bytes(b + shift, len));
    }
}

/* Numbered names, as programs have them, fall apart in the low bits, which choose the slot, and in the
 * high half, which is the tag. */
static void test_names_spread(void **state)
{
    enum { NAMES = 20000, SLOTS = 1 << 16 };
    static uint8_t hit[SLOTS];
    unsigned used = 0;
    (void)state;
    for (int i = 0; i < NAMES; i++) {
        char name[24];
        int len = snprintf(name, sizeof name, "worker-%d", i);
        uint64_t h = smk_hash_bytes(name, (size_t)len);
        used += !hit[h % SLOTS];
        hit[h % SLOTS] = 1;
        assert_int_not_equal(h >> 32, smk_hash_bytes(name, (size_t)len - 1) >> 32);
    }
    /* At random 17,239 slots would be used. */
    assert_in_range(used, 16800, 17700);
}

static void test_a_zero_byte_counts(void **state)
{
    (void)state;
    assert_int_not_equal(smk_hash_bytes("\0\0", 1), smk_hash_bytes("\0\0", 2));
    assert_int_not_equal(smk_hash_bytes("", 0), smk_hash_bytes("\0", 1));
}

static void test_words(void **state)
{
    (void)state;
    unsigned differ = 0;
    for (uint64_t i = 0; i < 64; i++)
        differ += (unsigned)__builtin_popcountll(smk_hash_word(1000) ^ smk_hash_word(1000 ^ UINT64_C(1) << i));
    assert_in_range(differ, 64 * 28, 64 * 36); /* a bit of the word changes half of the hash */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_bytes_same_hash),
        cmocka_unit_test(test_names_spread),
        cmocka_unit_test(test_a_zero_byte_counts),
        cmocka_unit_test(test_words),
    };
    return SMK_RUN(tests);
}
