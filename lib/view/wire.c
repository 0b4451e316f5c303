/* wire.c: tiles and windows as bytes (docs/viewer-api.md, "Items in a tile"). */
#include <string.h>

#include "base/endian.h"
#include "base/errors.h"
#include "view/directory.h"

#define MAGIC   0x544b4d53u /* "SMKT" */
#define VERSION 1u
#define NOT_FINAL 1u

static void put32(struct smk_view_bytes *bytes, uint32_t value)
{
    uint8_t data[4];
    smk_put_le32(data, value);
    smk_view_put(bytes, data, sizeof(data));
}

static void put_double(struct smk_view_bytes *bytes, double value)
{
    uint8_t data[8];
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    smk_put_le64(data, bits);
    smk_view_put(bytes, data, sizeof(data));
}

/* ns since the trace's first moment. */
static double since(const struct smk_view *view, uint64_t time) { return (double)(int64_t)(time - view->first); }

enum column { COLUMN_ITEM, COLUMN_LOOK, COLUMN_LABEL, COLUMN_MERGED, COLUMNS };

static uint32_t word_of(const struct smk_view_unit *unit, enum column column)
{
    switch (column) {
    case COLUMN_ITEM:
        return unit->item;
    case COLUMN_LOOK:
        return unit->look;
    case COLUMN_LABEL:
        return unit->label;
    default:
        return unit->merged;
    }
}

static void put_row(const struct smk_view *view, const struct smk_view_line *line, const struct smk_view_units *units,
                    struct smk_view_bytes *bytes)
{
    const struct smk_view_unit *array = units->array;
    put32(bytes, line->is.id);
    put32(bytes, units->count);
    for (uint32_t i = 0; i < units->count; i++)
        put_double(bytes, since(view, array[i].from));
    for (uint32_t i = 0; i < units->count; i++)
        put_double(bytes, since(view, array[i].to));
    for (unsigned column = 0; column < COLUMNS; column++)
        for (uint32_t i = 0; i < units->count; i++)
            put32(bytes, word_of(&array[i], (enum column)column));
    if (line->is.kind != SMK_VIEW_COUNTER)
        return;
    for (uint32_t i = 0; i < units->count; i++)
        put_double(bytes, (double)array[i].low);
    for (uint32_t i = 0; i < units->count; i++)
        put_double(bytes, (double)array[i].high);
    for (uint32_t i = 0; i < units->count; i++)
        put_double(bytes, (double)array[i].last);
}

struct ask {
    unsigned level;
    uint64_t from, to;
    const uint32_t *rows;
    uint32_t count;
};

static int put_rows(struct smk_view *view, struct smk_view_reader *reader, const struct ask *ask,
                    struct smk_view_bytes *bytes, bool *final)
{
    struct smk_view_units units = {0};
    int result = 0;
    smk_view_mem(&units.mem);
    for (uint32_t i = 0; i < ask->count && result == 0; i++) {
        const struct smk_view_line *line = smk_view_line_of(reader->store, ask->rows[i]);
        result = line ? smk_view_units_of(reader, line, ask->level, ask->from, ask->to, &units) : SMK_E_INVALID;
        if (result == 0)
            put_row(view, line, &units, bytes);
        *final &= units.final;
    }
    smk_view_units_free(&units);
    return result;
}

static int put_answer(struct smk_view *view, const struct ask *ask, struct smk_view_bytes *bytes)
{
    struct smk_view_reader reader;
    uint32_t begin = bytes->size;
    bool final = true;
    if (ask->count > SMK_VIEW_TILE_ROWS)
        return smk_fail(SMK_E_INVALID, "%u rows; allowed: at most %u", ask->count, SMK_VIEW_TILE_ROWS);
    put32(bytes, MAGIC);
    put32(bytes, VERSION);
    put32(bytes, ask->count);
    put32(bytes, 0);
    put_double(bytes, since(view, ask->from));
    put_double(bytes, since(view, ask->to));
    smk_view_read_begin(&reader, view);
    int result = put_rows(view, &reader, ask, bytes, &final);
    result = smk_view_read_end(&reader, view, result);
    if (result == 0)
        result = smk_mem_failed(&bytes->mem);
    if (result == 0 && !final)
        smk_put_le32(bytes->data + begin + 12, NOT_FINAL);
    if (result != 0)
        bytes->size = begin;
    return result;
}

static int is_level(const struct smk_view *view, unsigned level)
{
    if (level <= view->level_max)
        return 0;
    return smk_fail(SMK_E_INVALID, "level %u; allowed: 0 to %u", level, view->level_max);
}

int smk_view_tile(struct smk_view *view, unsigned level, uint64_t tile, const uint32_t *rows, uint32_t count,
                  struct smk_view_bytes *bytes)
{
    int result = is_level(view, level);
    if (result != 0)
        return result;
    uint64_t tiles = (view->duration >> level) / SMK_VIEW_TILE_BUCKETS + 1;
    if (tile >= tiles)
        return smk_fail(SMK_E_INVALID, "tile %llu; allowed: 0 to %llu", (unsigned long long)tile,
                        (unsigned long long)(tiles - 1));
    struct ask ask = {.level = level,
                      .from = view->first + ((tile * SMK_VIEW_TILE_BUCKETS) << level),
                      .rows = rows,
                      .count = count};
    ask.to = ask.from + ((uint64_t)SMK_VIEW_TILE_BUCKETS << level);
    return put_answer(view, &ask, bytes);
}

/* The least level of which a bucket is no shorter than a pixel. */
static unsigned level_of(const struct smk_view *view, uint64_t ns, uint32_t pixels)
{
    unsigned level = 0;
    while (level < view->level_max && (uint64_t)pixels << level < ns)
        level++;
    return level;
}

int smk_view_window(struct smk_view *view, uint64_t from, uint64_t to, uint32_t pixels, const uint32_t *rows,
                    uint32_t count, struct smk_view_bytes *bytes)
{
    if (pixels < 1 || pixels > SMK_VIEW_PIXELS_MAX)
        return smk_fail(SMK_E_INVALID, "%u pixels; allowed: 1 to %u", pixels, SMK_VIEW_PIXELS_MAX);
    uint64_t last = view->first + view->duration + 1;
    from = smk_min_u64(smk_max_u64(from, view->first), last);
    to = smk_min_u64(to, last);
    if (from >= to)
        return smk_fail(SMK_E_INVALID, "a window of no length; allowed: t0 before t1, and both in the trace");
    struct ask ask = {.level = level_of(view, to - from, pixels), .from = from, .to = to, .rows = rows, .count = count};
    return put_answer(view, &ask, bytes);
}

int smk_view_units_in(struct smk_view *view, uint32_t row, unsigned level, uint64_t from, uint64_t to,
                      struct smk_view_units *units)
{
    struct smk_view_reader reader;
    int result = is_level(view, level);
    smk_view_mem(&units->mem);
    units->count = 0;
    if (result != 0)
        return result;
    smk_view_read_begin(&reader, view);
    const struct smk_view_line *line = smk_view_line_of(reader.store, row);
    result = line ? smk_view_units_of(&reader, line, level, from, to, units) : SMK_E_INVALID;
    return smk_view_read_end(&reader, view, result);
}

void smk_view_units_free(struct smk_view_units *units)
{
    smk_view_mem(&units->mem);
    smk_mem_free(&units->mem, units->array, units->capacity * sizeof(*units->array));
    units->array = NULL;
    units->count = units->capacity = 0;
}
