#include "unit/smk_test.h"

#include "base/crc32c.h"
#include "base/endian.h"
#include "format/chunk.h"
#include "stallmark/error.h"
#include "stallmark/version.h"

static const struct smk_chunk example = {.version = SMK_FORMAT_VERSION,
                                         .kind = SMK_CHUNK_EVENTS,
                                         .flags = SMK_CHUNK_ZSTD,
                                         .payload_crc = 0x11223344,
                                         .stored_size = 1000,
                                         .plain_size = 4000,
                                         .count = 77,
                                         .sequence = 5,
                                         .process = 0x0000123400005678,
                                         .first = 1000000,
                                         .last = 2000000,
                                         .tid = 4711,
                                         .thread = 3,
                                         .capture = 0xcafecafecafecafe};

static void test_there_and_back(void **state)
{
    uint8_t header[SMK_CHUNK_HEADER];
    struct smk_chunk back;
    const char *why = "?";
    (void)state;
    smk_chunk_pack(&example, header);
    assert_memory_equal(header, "SMK\x89", 4);
    assert_int_equal(smk_chunk_unpack(&back, header, &why), 0);
    assert_null(why);
    assert_memory_equal(&back, &example, sizeof back);
}

/* Any one bit: found. */
static void test_every_bit_is_checked(void **state)
{
    uint8_t header[SMK_CHUNK_HEADER];
    struct smk_chunk back;
    const char *why;
    (void)state;
    smk_chunk_pack(&example, header);
    for (unsigned bit = 0; bit < 8 * SMK_CHUNK_HEADER; bit++) {
        header[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(smk_chunk_unpack(&back, header, &why), SMK_E_FORMAT);
        assert_non_null(why);
        header[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void refuse(struct smk_chunk chunk, int code)
{
    uint8_t header[SMK_CHUNK_HEADER];
    struct smk_chunk back;
    const char *why = NULL;
    smk_chunk_pack(&chunk, header);
    assert_int_equal(smk_chunk_unpack(&back, header, &why), code);
    assert_non_null(why);
}

static void test_bounds(void **state)
{
    struct smk_chunk chunk;
    (void)state;
    chunk = example, chunk.stored_size = SMK_CHUNK_STORED_MAX + 1, refuse(chunk, SMK_E_FORMAT);
    chunk = example, chunk.plain_size = SMK_CHUNK_PLAIN_MAX + 1, refuse(chunk, SMK_E_FORMAT);
    chunk = example, chunk.count = SMK_CHUNK_COUNT_MAX + 1, refuse(chunk, SMK_E_FORMAT);
    chunk = example, chunk.flags = 0, refuse(chunk, SMK_E_FORMAT); /* two sizes, not compressed */
    chunk = example, chunk.first = chunk.last + 1, refuse(chunk, SMK_E_FORMAT);
    chunk = example, chunk.version = (uint16_t)(SMK_FORMAT_VERSION + 0x100), refuse(chunk, SMK_E_VERSION);
}

static void test_kind_names(void **state)
{
    (void)state;
    assert_string_equal(smk_chunk_kind_name(SMK_CHUNK_EVENTS), "events");
    assert_string_equal(smk_chunk_kind_name(SMK_CHUNK_LOCKS), "locks");
    assert_null(smk_chunk_kind_name(0));
    assert_null(smk_chunk_kind_name(200));
}

static void test_column_keys_do_not_meet(void **state)
{
    (void)state;
    assert_int_equal(smk_column_of_arg(0, 0), SMK_COLUMN_ARGS);
    assert_true(SMK_COLUMN_TEXT < SMK_COLUMN_ARGS);
    assert_int_equal(smk_column_of_arg(1, 0) - smk_column_of_arg(0, 0), 8);
    assert_true(smk_column_of_arg(127, 7) < SMK_COLUMN_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_every_bit_is_checked),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_kind_names),
        cmocka_unit_test(test_column_keys_do_not_meet),
    };
    return SMK_RUN(tests);
}
