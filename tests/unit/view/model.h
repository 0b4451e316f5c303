/* model.h: a view held against what a pass of the timeline tells, item for item: every row, every level, sums, moments.
 * Nothing in it is clever: what a bucket is to show is worked out from all items of the row.
 */
#ifndef SMK_TESTS_VIEW_MODEL_H
#define SMK_TESTS_VIEW_MODEL_H

#include "unit/smk_test.h"

#include <stdlib.h>
#include <string.h>

#include "analysis/timeline.h"
#include "view/item.h"

struct model_item {
    uint64_t from, to, request;
    uint32_t look; /* state, kind, flags */
    uint32_t label_id; /* without its kind; UINT32_MAX: is not looked at */
    int64_t value;
};

struct model_row {
    enum smk_view_row_kind kind;
    uint32_t process, thread, depth, label_id;
    struct model_item *items;
    uint32_t count, room;
};

struct model {
    uint64_t first, last;
    struct model_row *rows;
    uint32_t row_count;
    struct model_item *lanes; /* of all requests, and of regions of requests */
    uint32_t lane_count, lane_room;
    uint32_t requests;
};

static inline uint32_t model_flags(const struct smk_span *span)
{
    return (span->flags & SMK_SPAN_OR_RUNNABLE ? 16u : 0) | (span->flags & SMK_SPAN_WHOLE_CALL ? 32u : 0) |
           (span->flags & SMK_SPAN_CUT ? 4u : 0) | (span->flags & SMK_SPAN_OPEN ? 2u : 0) |
           (span->flags & SMK_SPAN_IN_GAP ? 8u : 0);
}

static inline void model_append(struct model_item **items, uint32_t *count, uint32_t *room,
                                const struct model_item *item)
{
    if (*count == *room) {
        *room = *room * 2 + 16;
        *items = realloc(*items, *room * sizeof(**items));
        assert_non_null(*items);
    }
    (*items)[(*count)++] = *item;
}

static inline struct model_row *model_row(struct model *model, enum smk_view_row_kind kind, uint32_t process,
                                          uint32_t thread, uint32_t depth, uint32_t label_id)
{
    for (uint32_t i = model->row_count; i > 0; i--) {
        struct model_row *row = &model->rows[i - 1];
        if (row->kind == kind && row->process == process && row->thread == thread && row->depth == depth &&
            row->label_id == label_id)
            return row;
    }
    model->rows = realloc(model->rows, (model->row_count + 1) * sizeof(*model->rows));
    assert_non_null(model->rows);
    model->rows[model->row_count] =
        (struct model_row){.kind = kind, .process = process, .thread = thread, .depth = depth, .label_id = label_id};
    return &model->rows[model->row_count++];
}

static inline void model_add(struct model_row *row, const struct model_item *item)
{
    model_append(&row->items, &row->count, &row->room, item);
}

static inline void model_span(void *arg, const struct smk_span *span)
{
    struct model *model = arg;
    model_add(model_row(model, SMK_VIEW_THREAD, span->process, span->thread, 0, 0),
              &(struct model_item){span->from, span->to, span->request,
                                   span->state | (uint32_t)span->kind << 4 | model_flags(span) << 8, UINT32_MAX, 0});
}

static inline void model_region(void *arg, const struct smk_span_region *region)
{
    struct model *model = arg;
    uint32_t look = 15u | (region->open ? 2u : 0) << 8 | (region->begin_unseen ? 4u : 0) << 8;
    struct model_item item = {region->from, region->to, region->request, look, region->site, 0};
    if (region->of_request)
        model_append(&model->lanes, &model->lane_count, &model->lane_room, &item);
    else
        model_add(model_row(model, SMK_VIEW_REGIONS, region->process, region->thread, region->depth, 0), &item);
}

static inline void model_sample(void *arg, const struct smk_span_sample *sample)
{
    model_add(model_row(arg, SMK_VIEW_SAMPLES, sample->process, sample->thread, 0, 0),
              &(struct model_item){sample->time, sample->time, sample->request, 15u, sample->stack, 0});
}

static inline void model_request(void *arg, const struct smk_span_request *request)
{
    struct model *model = arg;
    uint32_t flags = (request->open ? 2u : 0) | (request->begin_unseen ? 4u : 0) |
                     (request->status >= 500 && request->status < 600 ? 64u : 0);
    struct model_item item = {request->from, request->to, request->id, 15u | flags << 8, request->route, 0};
    model_append(&model->lanes, &model->lane_count, &model->lane_room, &item);
    model->requests++;
}

/* The value lasts until the next one, which ends it. */
static inline void model_counter(void *arg, const struct smk_span_counter *counter)
{
    struct model *model = arg;
    struct model_row *row = model_row(model, SMK_VIEW_COUNTER, counter->process, 0, 0,
                                      counter->site ? counter->site : counter->name | 1u << 31);
    if (row->count)
        row->items[row->count - 1].to = counter->time;
    model_add(row, &(struct model_item){counter->time, model->last, 0, 15u, UINT32_MAX, counter->value});
}

static inline void model_make(struct model *model, smk_trace *trace)
{
    static const struct smk_timeline_calls calls = {.span = model_span,
                                                    .region = model_region,
                                                    .sample = model_sample,
                                                    .request = model_request,
                                                    .counter = model_counter};
    const smk_trace_info *info = smk_trace_get_info(trace);
    *model = (struct model){.first = info->first, .last = info->last > info->first ? info->last : info->first + 1};
    assert_int_equal(smk_timeline_run(trace, NULL, &calls, model), 0);
}

static inline void model_free(struct model *model)
{
    for (uint32_t i = 0; i < model->row_count; i++)
        free(model->rows[i].items);
    free(model->rows);
    free(model->lanes);
}

/* ---- units ---------------------------------------------------------------------------------------------- */

struct model_want {
    const struct model_item *items;
    uint32_t from, to; /* numbers */
};

/* What items [from, to) of a row are drawn as, together where they are several. */
static inline void model_check_unit(const struct smk_view_unit *unit, const struct model_item *items, uint32_t from,
                                    uint32_t to)
{
    uint32_t longest = from, flags = 0;
    int64_t low = items[from].value, high = low;
    uint64_t of_class = 0;
    bool classes[256] = {false};
    unsigned class_count = 0;
    for (uint32_t i = from; i < to; i++) {
        if (items[i].to - items[i].from > items[longest].to - items[longest].from)
            longest = i;
        flags |= items[i].look >> 8;
        low = items[i].value < low ? items[i].value : low;
        high = items[i].value > high ? items[i].value : high;
        class_count += !classes[items[i].look & 255];
        classes[items[i].look & 255] = true;
    }
    for (uint32_t i = from; i < to; i++)
        of_class += (items[i].look & 255) == (items[longest].look & 255) ? items[i].to - items[i].from : 0;
    uint64_t length = items[to - 1].to - items[from].from;
    assert_int_equal(unit->from, items[from].from);
    assert_int_equal(unit->to, items[to - 1].to);
    assert_int_equal(unit->merged, to - from);
    assert_int_equal(unit->item, longest);
    assert_int_equal(unit->look & 255, items[longest].look & 255);
    assert_int_equal(SMK_VIEW_LOOK_FLAGS(unit->look), flags | (to - from > 1 ? SMK_VIEW_TOGETHER : 0));
    if (items[longest].label_id != UINT32_MAX)
        assert_int_equal(unit->label & 0x0fffffff, items[longest].label_id & 0x0fffffff);
    assert_int_equal(unit->low, low);
    assert_int_equal(unit->high, high);
    assert_int_equal(unit->last, items[to - 1].value);
    if (to - from == 1 || length == 0)
        assert_int_equal(SMK_VIEW_LOOK_SHARE(unit->look), 255);
    else if (class_count <= 4)
        assert_int_equal(SMK_VIEW_LOOK_SHARE(unit->look), (uint64_t)((__uint128_t)of_class * 255 / length));
    if (to - from > 1 && class_count == 1)
        assert_int_equal(SMK_VIEW_LOOK_SECOND(unit->look), 0);
}

static inline uint64_t model_bucket(const struct model *model, uint64_t time, unsigned level)
{
    return time <= model->first ? 0 : (time - model->first) >> level;
}

/* As a store has them: cut off where they overlap what came before, or begin before the trace. */
static inline void model_clip(const struct model *model, struct model_item *items, uint32_t count)
{
    uint64_t last = model->first;
    for (uint32_t i = 0; i < count; i++) {
        items[i].from = items[i].from > last ? items[i].from : last;
        items[i].to = items[i].to > items[i].from ? items[i].to : items[i].from;
        last = items[i].to;
    }
}

static inline uint32_t model_first_from(const struct model_item *items, uint32_t count, uint64_t time)
{
    uint32_t low = 0, high = count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (items[middle].from < time)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* One stretch of one row at one level. */
static inline void model_check_stretch(const struct model *model, const struct smk_view_units *units,
                                       const struct model_item *items, uint32_t count, unsigned level, uint64_t from,
                                       uint64_t to)
{
    uint32_t i = model_first_from(items, count, from), unit = 0;
    if (i > 0 && items[i - 1].to > from) {
        assert_true(unit < units->count);
        model_check_unit(&units->array[unit++], items, i - 1, i);
    }
    while (i < count && items[i].from < to) {
        uint64_t bucket = model_bucket(model, items[i].from, level);
        uint64_t end = model->first + ((bucket + 1) << level);
        uint32_t next = i;
        while (next < count && items[next].from < to && model_bucket(model, items[next].from, level) == bucket)
            next++;
        uint32_t cut = next - i == 2 ? i + 1 : next - i > 2 && items[next - 1].to > end ? next - 1 : next;
        assert_true(unit < units->count);
        model_check_unit(&units->array[unit++], items, i, cut);
        if (cut < next) {
            assert_true(unit < units->count);
            model_check_unit(&units->array[unit++], items, cut, next);
        }
        i = next;
    }
    assert_int_equal(unit, units->count);
}

/* A row at all levels: all tiles where they are few, else some. */
static inline void model_check_row(const struct model *model, struct smk_view *view, uint32_t row,
                                   const struct model_item *items, uint32_t count)
{
    struct smk_view_units units = {0};
    for (unsigned level = 0; level <= smk_view_level_max(view); level++) {
        uint64_t length = (uint64_t)SMK_VIEW_TILE_BUCKETS << level;
        uint64_t tiles = smk_view_duration(view) / length + 1;
        for (uint64_t i = 0; i < tiles && i < 12; i++) {
            uint64_t tile = tiles <= 12 ? i : i < 2 ? i : (uint64_t)rand() % tiles;
            if (tiles > 12 && i % 2 && count) /* where something is */
                tile = (items[(uint32_t)rand() % count].from - model->first) / length;
            uint64_t from = model->first + tile * length;
            assert_int_equal(smk_view_units_in(view, row, level, from, from + length, &units), 0);
            model_check_stretch(model, &units, items, count, level, from, from + length);
        }
    }
    smk_view_units_free(&units);
}

/* ---- sums ----------------------------------------------------------------------------------------------- */

static inline void model_check_sums(const struct model *model, struct smk_view *view, uint32_t row,
                                    const struct model_item *items, uint32_t count)
{
    struct smk_view_sums sums;
    for (unsigned i = 0; i < 40; i++) {
        uint64_t span = model->last - model->first + 1;
        uint64_t from = model->first + (uint64_t)rand() * 2147483648u % span;
        uint64_t to = i == 0 ? model->last : from + (uint64_t)rand() * 2147483648u % ((span >> (i % 20)) + 1) + 1;
        from = i == 0 ? model->first : from;
        uint64_t ns[SMK_VIEW_CLASSES] = {0}, counts[SMK_VIEW_CLASSES] = {0};
        for (uint32_t j = 0; j < count; j++) {
            uint64_t begin = items[j].from > from ? items[j].from : from, end = items[j].to < to ? items[j].to : to;
            uint32_t number = smk_view_class(items[j].look & 15, items[j].look >> 4 & 15);
            if (items[j].from >= to || items[j].to <= from)
                continue;
            ns[number] += end - begin;
            counts[number]++;
        }
        assert_int_equal(smk_view_sums_in(view, row, from, to, &sums), 0);
        assert_memory_equal(sums.ns, ns, sizeof(ns));
        assert_memory_equal(sums.count, counts, sizeof(counts));
    }
}

/* ---- all of it ------------------------------------------------------------------------------------------ */

static inline int model_by_time(const void *a, const void *b)
{
    const struct model_item *x = a, *y = b;
    if (x->to != y->to)
        return x->to < y->to ? -1 : 1;
    if (x->from != y->from)
        return x->from < y->from ? -1 : 1;
    return x->label_id < y->label_id ? -1 : x->label_id > y->label_id;
}

static inline const struct model_row *model_find(const struct model *model, const struct smk_view_row *is)
{
    for (uint32_t i = 0; i < model->row_count; i++) {
        const struct model_row *row = &model->rows[i];
        uint32_t label = is->kind != SMK_VIEW_COUNTER ? 0 : (is->label & 0x0fffffff) | (is->label >> 28 == 2) << 31;
        if (row->kind == is->kind && row->process == is->process && row->thread == is->thread &&
            row->depth == is->depth && row->label_id == label)
            return row;
    }
    return NULL;
}

/* Lanes have what was told between them, each one once, and are checked by what they say at level 0. */
static inline void model_take_lane(const struct model *model, struct smk_view *view, const struct smk_view_row *is,
                                   struct model_item **all, uint32_t *count, uint32_t *room)
{
    struct smk_view_item item;
    struct model_item *items = calloc(is->items + 1u, sizeof(*items));
    for (uint32_t i = 0; i < is->items; i++) {
        assert_int_equal(smk_view_get_item(view, is->id, i, &item), 0);
        items[i] = (struct model_item){item.from, item.to, item.request, item.look & 0xffff,
                                       item.label & 0x0fffffff, 0};
        model_append(all, count, room, &items[i]);
    }
    model_check_row(model, view, is->id, items, is->items);
    free(items);
}

static inline void model_check_lanes(struct model *model, struct model_item *all, uint32_t count)
{
    assert_int_equal(count, model->lane_count);
    for (uint32_t i = 0; i < count; i++) {
        struct model_item *want = &model->lanes[i];
        want->from = want->from > model->first ? want->from : model->first;
    }
    if (count) {
        qsort(all, count, sizeof(*all), model_by_time);
        qsort(model->lanes, count, sizeof(*all), model_by_time);
    }
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(all[i].from, model->lanes[i].from);
        assert_int_equal(all[i].to, model->lanes[i].to);
        assert_int_equal(all[i].label_id, model->lanes[i].label_id);
    }
}

/* The overview, out of the same items. */
static inline void model_check_density(const struct model *model, struct smk_view *view)
{
    enum { COLUMNS = 2048 };
    static double part[SMK_VIEW_CLASSES][COLUMNS], all[COLUMNS];
    uint64_t width = (model->last - model->first) / COLUMNS + 1;
    struct smk_view_density density = {.columns = 0};
    memset(part, 0, sizeof(part));
    memset(all, 0, sizeof(all));
    for (uint32_t i = 0; i < model->row_count; i++)
        for (uint32_t j = 0; model->rows[i].kind == SMK_VIEW_THREAD && j < model->rows[i].count; j++) {
            const struct model_item *item = &model->rows[i].items[j];
            uint32_t number = smk_view_class(item->look & 15, item->look >> 4 & 15);
            for (uint64_t c = (item->from - model->first) / width; c < COLUMNS; c++) {
                uint64_t from = model->first + c * width, to = from + width;
                if (from >= item->to)
                    break;
                from = from > item->from ? from : item->from;
                to = to < item->to ? to : item->to;
                part[number][c] += (double)(to - from);
                all[c] += (double)(to - from);
            }
        }
    assert_int_equal(smk_view_density_of(view, COLUMNS, &density), 0);
    assert_true(density.final);
    for (uint32_t c = 0; c < COLUMNS; c++)
        for (uint32_t i = 0; i < SMK_VIEW_CLASSES; i++) {
            double want = all[c] > 0 ? part[i][c] / all[c] : 0, is = density.share[i] ? density.share[i][c] : 0;
            assert_true(is - want < 1e-6 && want - is < 1e-6);
        }
    smk_view_density_free(&density);
    assert_int_equal(smk_view_density_of(view, COLUMNS + 1, &density), SMK_E_INVALID);
    assert_int_equal(smk_view_density_of(view, 7, &density), 0);
    uint64_t events = 0;
    for (uint32_t c = 0; c < 7; c++)
        events += density.events[c];
    assert_int_equal(events, smk_trace_get_info(smk_view_enter(view))->events);
    smk_view_leave(view);
    smk_view_density_free(&density);
}

/* Every row of a view that is ready. */
static inline void model_check(struct model *model, struct smk_view *view)
{
    struct model_item *lanes = NULL;
    uint32_t lane_count = 0, lane_room = 0, found = 0;
    struct smk_view_row is;
    for (uint32_t row = 0; smk_view_get_row(view, row, &is); row++) {
        assert_int_equal(is.id, row);
        bool lane = is.kind == SMK_VIEW_REQUESTS || (is.kind == SMK_VIEW_REGIONS && !is.thread);
        if (lane)
            model_take_lane(model, view, &is, &lanes, &lane_count, &lane_room);
        const struct model_row *want = lane ? NULL : model_find(model, &is);
        if (!want) {
            assert_true(lane || is.kind == SMK_VIEW_CPU || is.kind >= SMK_VIEW_MARKS || is.items == 0);
            continue;
        }
        found++;
        model_clip(model, want->items, want->count);
        assert_int_equal(is.items, want->count);
        model_check_row(model, view, row, want->items, want->count);
        if (is.kind == SMK_VIEW_THREAD)
            model_check_sums(model, view, row, want->items, want->count);
    }
    assert_int_equal(found, model->row_count);
    model_check_lanes(model, lanes, lane_count);
    model_check_density(model, view);
    free(lanes);
}

static inline struct smk_view *model_open(const char *path, const char *file, bool in_turn)
{
    struct smk_view *view;
    struct smk_view_options options = {.file = file, .no_symbols = true, .in_turn = in_turn};
    struct smk_view_progress progress;
    if (smk_view_open(&view, &path, 1, &options) != 0)
        fail_msg("%s", smk_last_error());
    for (smk_view_get_progress(view, &progress); progress.phase < SMK_VIEW_READY;)
        smk_view_wait(view, progress.serial, 1000, &progress);
    if (progress.phase != SMK_VIEW_READY)
        fail_msg("%s", progress.text);
    return view;
}

#endif
