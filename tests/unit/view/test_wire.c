/* The bytes of tiles and windows, as docs/viewer-api.md has them. */
#include "unit/view/random_trace.h"

#include "unit/view/model.h"

struct source {
    const struct smk_view_bytes *bytes;
    uint32_t at;
};

static uint32_t take32(struct source *source)
{
    assert_true(source->at + 4 <= source->bytes->size);
    source->at += 4;
    return smk_get_le32(source->bytes->data + source->at - 4);
}

static double take_double(struct source *source)
{
    double value;
    assert_true(source->at + 8 <= source->bytes->size);
    uint64_t bits = smk_get_le64(source->bytes->data + source->at);
    memcpy(&value, &bits, sizeof(value));
    source->at += 8;
    return value;
}

static void check_row(struct source *source, struct smk_view *view, const struct smk_view_units *units, uint32_t row)
{
    struct smk_view_row is;
    double first = (double)smk_view_first(view);
    assert_true(smk_view_get_row(view, row, &is));
    assert_int_equal(source->at % 8, 0);
    assert_int_equal(take32(source), row);
    assert_int_equal(take32(source), units->count);
    for (uint32_t i = 0; i < units->count; i++)
        assert_true(take_double(source) == (double)units->array[i].from - first);
    for (uint32_t i = 0; i < units->count; i++)
        assert_true(take_double(source) == (double)units->array[i].to - first);
    for (uint32_t i = 0; i < units->count; i++)
        assert_int_equal(take32(source), units->array[i].item);
    for (uint32_t i = 0; i < units->count; i++)
        assert_int_equal(take32(source), units->array[i].look);
    for (uint32_t i = 0; i < units->count; i++)
        assert_int_equal(take32(source), units->array[i].label);
    for (uint32_t i = 0; i < units->count; i++)
        assert_int_equal(take32(source), units->array[i].merged);
    for (unsigned column = 0; is.kind == SMK_VIEW_COUNTER && column < 3; column++)
        for (uint32_t i = 0; i < units->count; i++) {
            const struct smk_view_unit *unit = &units->array[i];
            int64_t value = column == 0 ? unit->low : column == 1 ? unit->high : unit->last;
            assert_true(take_double(source) == (double)value);
        }
}

static void check(struct smk_view *view, const struct smk_view_bytes *bytes, const uint32_t *rows, uint32_t count,
                  unsigned level, uint64_t from, uint64_t to)
{
    struct smk_view_units units = {0};
    struct source source = {.bytes = bytes};
    assert_memory_equal(bytes->data, "SMKT", 4);
    source.at = 4;
    assert_int_equal(take32(&source), 1);
    assert_int_equal(take32(&source), count);
    assert_int_equal(take32(&source), 0);
    assert_true(take_double(&source) == (double)(from - smk_view_first(view)));
    assert_true(take_double(&source) == (double)(to - smk_view_first(view)));
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(smk_view_units_in(view, rows[i], level, from, to, &units), 0);
        check_row(&source, view, &units, rows[i]);
    }
    assert_int_equal(source.at, bytes->size);
    smk_view_units_free(&units);
}

static void test_tiles(void **state)
{
    struct smk_view *view = *state;
    struct smk_view_bytes bytes = {0};
    uint32_t rows[SMK_VIEW_TILE_ROWS], count = smk_view_row_count(view);
    count = count < SMK_VIEW_TILE_ROWS ? count : SMK_VIEW_TILE_ROWS;
    for (uint32_t i = 0; i < count; i++)
        rows[i] = i;
    for (unsigned level = 0; level <= smk_view_level_max(view); level += 3) {
        uint64_t length = (uint64_t)SMK_VIEW_TILE_BUCKETS << level, tile = smk_view_duration(view) / length / 2;
        uint64_t from = smk_view_first(view) + tile * length;
        bytes.size = 0;
        assert_int_equal(smk_view_tile(view, level, tile, rows, count, &bytes), 0);
        check(view, &bytes, rows, count, level, from, from + length);
    }
    smk_view_bytes_free(&bytes);
}

/* A bucket is a pixel at least, and two at most. */
static void test_windows(void **state)
{
    struct smk_view *view = *state;
    struct smk_view_bytes bytes = {0};
    uint32_t rows[] = {2, 0, 2};
    for (unsigned i = 0; i < 20; i++) {
        uint64_t length = smk_view_duration(view) >> i, from = smk_view_first(view) + length / 3;
        uint32_t pixels = 100 + i * 77;
        unsigned level = 0;
        while (level < smk_view_level_max(view) && (uint64_t)pixels << level < length)
            level++;
        bytes.size = 0;
        if (!length)
            break;
        assert_int_equal(smk_view_window(view, from, from + length, pixels, rows, 3, &bytes), 0);
        uint64_t end = smk_view_first(view) + smk_view_duration(view) + 1;
        check(view, &bytes, rows, 3, level, from, from + length < end ? from + length : end);
    }
    smk_view_bytes_free(&bytes);
}

static void test_what_is_none(void **state)
{
    struct smk_view *view = *state;
    struct smk_view_bytes bytes = {0};
    uint32_t rows[SMK_VIEW_TILE_ROWS + 1] = {0}, none = 100000;
    uint64_t first = smk_view_first(view);
    assert_int_equal(smk_view_tile(view, 64, 0, rows, 1, &bytes), SMK_E_INVALID);
    assert_non_null(strstr(smk_last_error(), "64"));
    assert_int_equal(smk_view_tile(view, 3, UINT64_MAX / 2, rows, 1, &bytes), SMK_E_INVALID);
    assert_int_equal(smk_view_tile(view, 3, 0, rows, SMK_VIEW_TILE_ROWS + 1, &bytes), SMK_E_INVALID);
    assert_int_equal(smk_view_tile(view, 3, 0, &none, 1, &bytes), SMK_E_INVALID);
    assert_non_null(strstr(smk_last_error(), "100000"));
    assert_int_equal(smk_view_window(view, first, first + 100, 0, rows, 1, &bytes), SMK_E_INVALID);
    assert_int_equal(smk_view_window(view, first, first + 100, 8193, rows, 1, &bytes), SMK_E_INVALID);
    assert_int_equal(smk_view_window(view, first + 100, first, 10, rows, 1, &bytes), SMK_E_INVALID);
    assert_int_equal(bytes.size, 0);
    assert_int_equal(smk_view_tile(view, 3, 0, NULL, 0, &bytes), 0);
    assert_int_equal(bytes.size, 32);
    smk_view_bytes_free(&bytes);
}

static char path[] = "/tmp/smk-view-XXXXXX";

static int setup(void **state)
{
    random_file(path, &(struct random_trace){.seed = 17, .threads = 4, .events = 3000, .perf = true}, 1);
    *state = model_open(path, "", true);
    return 0;
}

static int teardown(void **state)
{
    smk_view_close(*state);
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tiles),
        cmocka_unit_test(test_windows),
        cmocka_unit_test(test_what_is_none),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
