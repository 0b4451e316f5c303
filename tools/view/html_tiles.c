#include "html_tiles.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/endian.h"
#include "base/errors.h"

#define HEAD_BYTES 32u
#define LOOK_WAITS(look) (SMK_VIEW_LOOK_STATE(look) == SMK_SPAN_WAITING)

static double get_f64(const uint8_t *from)
{
    uint64_t bits = smk_get_le64(from);
    double value;
    memcpy(&value, &bits, sizeof(value));
    return value;
}

/* ---- what is in them ------------------------------------------------------------------------------------ */

static bool see_label(struct smk_web_tiles *tiles, uint32_t label)
{
    if (!label || smk_map_get(&tiles->labels, label) != SMK_MAP_NONE)
        return true;
    if (!smk_mem_grow(&tiles->mem, &tiles->label_ids, &tiles->label_capacity, tiles->label_count + 1u))
        return false;
    tiles->label_ids[tiles->label_count++] = label;
    return smk_map_put(&tiles->labels, &tiles->mem, label, 1);
}

static bool see_item(struct smk_web_tiles *tiles, uint32_t row, uint32_t item, double ns)
{
    if (!smk_mem_grow(&tiles->mem, &tiles->shown, &tiles->shown_capacity, tiles->shown_count + 1u))
        return false;
    tiles->shown[tiles->shown_count++] = (struct smk_web_shown){(uint64_t)ns, row, item};
    return true;
}

/* One row of an answer; returns how long it is, 0 where memory is short. */
static size_t see_row(struct smk_web_tiles *tiles, const uint8_t *at)
{
    uint32_t row = smk_get_le32(at), count = smk_get_le32(at + 4);
    const uint8_t *from = at + 8, *to = from + 8u * count, *item = to + 8u * count;
    const uint8_t *look = item + 4u * count, *label = look + 4u * count, *merged = label + 4u * count;
    size_t len = (size_t)(merged + 4u * count - at);
    struct smk_view_row is;
    bool counter = smk_view_get_row(tiles->web->view, row, &is) && is.kind == SMK_VIEW_COUNTER;
    for (uint32_t i = 0; i < count; i++) {
        bool waits = LOOK_WAITS(smk_get_le32(look + 4 * i));
        if (!see_label(tiles, smk_get_le32(label + 4 * i)) ||
            (waits && !see_item(tiles, row, smk_get_le32(item + 4 * i), get_f64(to + 8 * i) - get_f64(from + 8 * i))))
            return 0;
    }
    len = (len + 7) & ~(size_t)7;
    return len + (counter ? 24u * count : 0);
}

static bool see_all(struct smk_web_tiles *tiles, const uint8_t *data, size_t size)
{
    for (size_t at = HEAD_BYTES; at + 8 <= size;) {
        size_t len = see_row(tiles, data + at);
        if (len == 0)
            return false;
        at += len;
    }
    return true;
}

/* ---- tiles ---------------------------------------------------------------------------------------------- */

/* A tile with all rows, which the view gives for 256 at once: one head, then the rows of all answers. */
static int make_tile(struct smk_web_tiles *tiles, unsigned level, uint64_t tile, struct smk_view_bytes *whole)
{
    uint32_t rows[SMK_VIEW_TILE_ROWS], all = smk_view_row_count(tiles->web->view);
    struct smk_view_bytes some = {0};
    int rc = 0;
    whole->size = 0;
    for (uint32_t row = 0; rc == 0 && row < all;) {
        uint32_t count = 0;
        while (count < SMK_VIEW_TILE_ROWS && row < all)
            rows[count++] = row++;
        some.size = 0;
        rc = smk_view_tile(tiles->web->view, level, tile, rows, count, whole->size ? &some : whole);
        if (rc == 0 && some.size > HEAD_BYTES) {
            uint32_t more = some.size - HEAD_BYTES;
            if (!smk_mem_grow(&whole->mem, &whole->data, &whole->capacity, whole->size + more))
                rc = smk_fail(SMK_E_NOMEM, "there is no memory for the tiles");
            else
                memcpy(whole->data + whole->size, some.data + HEAD_BYTES, more);
            whole->size += rc == 0 ? more : 0;
        }
    }
    if (rc == 0 && whole->size >= HEAD_BYTES)
        smk_put_le32(whole->data + 8, all);
    smk_view_bytes_free(&some);
    return rc;
}

/* 1: it is in the page; 0: it does not fit; or SMK_E_…. */
static int add_tile(struct smk_web_tiles *tiles, unsigned level, uint64_t number, uint64_t max,
                    struct smk_view_bytes *tile)
{
    char name[64];
    int rc = make_tile(tiles, level, number, tile);
    if (rc < 0)
        return rc;
    snprintf(name, sizeof(name), "/api/tiles?level=%u&tile=%llu", level, (unsigned long long)number);
    if (!smk_web_answers_add(tiles->answers, name, tile->data, tile->size))
        return tiles->answers->no_memory ? smk_fail(SMK_E_NOMEM, "there is no memory for the tiles") : 0;
    if (tiles->answers->used > max)
        return 0;
    return see_all(tiles, tile->data, tile->size) ? 1 : smk_mem_failed(&tiles->mem);
}

/* 1: all of the level's tiles are in the page; 0: they do not fit, and none is; or SMK_E_…. */
static int make_level(struct smk_web_tiles *tiles, unsigned level, uint64_t max)
{
    uint64_t length = (uint64_t)SMK_VIEW_TILE_BUCKETS << level, duration = smk_view_duration(tiles->web->view);
    struct smk_view_bytes tile = {0};
    uint32_t before = tiles->answers->count, shown = tiles->shown_count;
    int rc = 1;
    for (uint64_t i = 0; rc > 0 && i * length <= duration; i++)
        rc = add_tile(tiles, level, i, max, &tile);
    smk_view_bytes_free(&tile);
    if (rc <= 0) {
        smk_web_answers_cut(tiles->answers, before);
        tiles->shown_count = shown;
        return rc;
    }
    tiles->shown_count -= shown; /* those of the level before are among them */
    memmove(tiles->shown, tiles->shown + shown, tiles->shown_count * sizeof(*tiles->shown));
    return rc;
}

static int longest_first(const void *a, const void *b)
{
    const struct smk_web_shown *x = a, *y = b;
    if (x->ns != y->ns)
        return x->ns < y->ns ? 1 : -1;
    if (x->row != y->row)
        return x->row < y->row ? -1 : 1;
    return x->item < y->item ? -1 : x->item > y->item;
}

int smk_web_tiles_make(struct smk_web_tiles *tiles, uint64_t max)
{
    unsigned level = smk_view_level_max(tiles->web->view), least = smk_view_level_min(tiles->web->view);
    int rc = make_level(tiles, level, tiles->answers->max);
    if (rc == 0)
        return smk_fail(SMK_E_LIMIT, "the coarsest picture of all threads does not fit");
    while (rc > 0) {
        tiles->level = level;
        if (level == least)
            break;
        rc = make_level(tiles, --level, max);
    }
    if (rc < 0)
        return rc;
    if (tiles->shown_count)
        qsort(tiles->shown, tiles->shown_count, sizeof(*tiles->shown), longest_first);
    return 0;
}

int smk_web_tiles_labels(struct smk_web_tiles *tiles)
{
    struct smk_web_reply reply;
    struct smk_json_text json;
    char key[16], text[SMK_NAME_MAX];
    smk_web_reply_init(&reply);
    smk_web_begin(&reply, &json);
    for (uint32_t i = 0; i < tiles->label_count; i++) {
        snprintf(key, sizeof(key), "%u", tiles->label_ids[i]);
        smk_view_label(tiles->web->view, tiles->label_ids[i], text);
        smk_put_json_string(&json, key, text);
    }
    smk_web_end(&reply, &json);
    bool kept = smk_web_answers_add(tiles->answers, "/api/labels", reply.data, reply.len);
    smk_web_reply_free(&reply);
    return kept ? 0 : smk_fail(SMK_E_LIMIT, "the names of what threads waited for do not fit");
}

void smk_web_tiles_free(struct smk_web_tiles *tiles)
{
    smk_map_free(&tiles->labels, &tiles->mem);
    smk_mem_free(&tiles->mem, tiles->label_ids, tiles->label_capacity * sizeof(*tiles->label_ids));
    smk_mem_free(&tiles->mem, tiles->shown, tiles->shown_capacity * sizeof(*tiles->shown));
}
