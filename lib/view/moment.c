/* moment.c: what threads were doing at one instant. */
#include "base/errors.h"
#include "view/moment.h"

#define AROUND_NS UINT64_C(50000000) /* in which a sample says where a thread ran, as in `stallmark at` */

/* ---- what lies beside a thread -------------------------------------------------------------------------- */

/* The sample that is nearest to `time`, the earlier one of two. */
static void take_sample(struct smk_view_reader *reader, const struct smk_view_line *line, uint64_t time,
                        struct smk_view_at *at)
{
    struct smk_view_items items;
    struct smk_view_entry entry;
    uint64_t best = AROUND_NS + 1;
    uint64_t from = time - smk_min_u64(time, AROUND_NS);
    smk_view_items_from(&items, reader, line, from > 0 ? from - 1 : 0);
    while (smk_view_items_next(&items, &entry) && entry.from <= time + AROUND_NS) {
        uint64_t distance = entry.from < time ? time - entry.from : entry.from - time;
        if (distance >= best)
            continue;
        best = distance;
        at->sample = entry.label & ((1u << 28) - 1);
        at->sample_at = (int64_t)(entry.from - time);
    }
}

static void take_region(struct smk_view_reader *reader, const struct smk_view_line *line, uint64_t time,
                        struct smk_view_at *at)
{
    struct smk_view_entry entry;
    if (line->is.depth >= SMK_VIEW_REGIONS_TOLD || !smk_view_entry_at(reader, line, time, &entry))
        return;
    at->regions[line->is.depth] = entry.label & ((1u << 28) - 1);
    at->region_count = (uint32_t)smk_max_u64(at->region_count, line->is.depth + 1);
}

/* Rows of regions and samples name their thread's: one look at all rows finds them for all threads. */
static void take_beside(struct smk_view_reader *reader, uint64_t time, struct smk_view_at *const *by_row)
{
    const struct smk_view_store *store = reader->store;
    for (uint32_t i = 0; i < store->row_count && reader->result == 0; i++) {
        const struct smk_view_line *line = store->rows[i];
        struct smk_view_at *at = line->is.parent < store->row_count ? by_row[line->is.parent] : NULL;
        unsigned state = at ? SMK_VIEW_LOOK_STATE(at->look) : SMK_SPAN_UNKNOWN;
        if (at && line->is.kind == SMK_VIEW_REGIONS)
            take_region(reader, line, time, at);
        if (at && line->is.kind == SMK_VIEW_SAMPLES && (state == SMK_SPAN_RUNNING || state == SMK_SPAN_RUNNABLE))
            take_sample(reader, line, time, at);
    }
}

/* ---- a thread ------------------------------------------------------------------------------------------- */

static bool waits(const struct smk_view_at *at)
{
    unsigned state = SMK_VIEW_LOOK_STATE(at->look);
    return state == SMK_SPAN_WAITING || state == SMK_SPAN_IDLE;
}

void smk_view_at_of(const struct smk_view_line *line, const struct smk_view_entry *entry, struct smk_view_at *at)
{
    *at = (struct smk_view_at){.row = line->is.id,
                               .item = entry->number,
                               .process = line->is.process,
                               .thread = line->is.thread,
                               .look = entry->look | 255u << 16,
                               .label = entry->label,
                               .from = entry->from,
                               .to = entry->to,
                               .since = entry->from,
                               .until = entry->to,
                               .request = entry->request,
                               .holder = SMK_VIEW_NONE,
                               .has_wait = entry->wait_to != 0};
    if (at->has_wait && waits(at)) {
        at->since = entry->wait_from;
        at->until = entry->wait_to;
    }
}

bool smk_view_lock_wait(struct smk_view_reader *reader, const struct smk_view_at *at, struct smk_span_wait *wait)
{
    uint32_t number = at->label & ((1u << 28) - 1);
    if (!at->has_wait || !waits(at) || SMK_VIEW_LOOK_KIND(at->look) != SMK_WAIT_LOCK)
        return false;
    *wait = (struct smk_span_wait){.from = at->since, .to = at->until, .process = at->process, .thread = at->thread,
                                   .kind = SMK_WAIT_LOCK, .fd = -1};
    if (at->label >> 28 == SMK_VIEW_LABEL_WAIT && number < reader->store->wait_count)
        wait->object = reader->store->waits[number].object;
    return true;
}

void smk_view_take_holder(struct smk_view *view, struct smk_view_reader *reader, uint64_t time, struct smk_view_at *at)
{
    struct smk_span_wait wait, whole;
    bool sure;
    if (!smk_view_lock_wait(reader, at, &wait))
        return;
    at->holder = smk_view_holder_at(view, reader, &wait, time, &sure);
    if (!sure && smk_view_wait_of(view, reader->store->rows[at->row], wait.from, wait.to, &whole))
        at->holder = smk_view_holder_at(view, reader, &whole, time, &sure);
}

static void take_route(struct smk_view_reader *reader, struct smk_view_at *at)
{
    struct smk_view_request request;
    if (at->request && smk_view_request_of(reader, at->process, at->request, &request))
        at->route = request.route;
}

/* ---- all of them ---------------------------------------------------------------------------------------- */

static void take_threads(struct smk_view_reader *reader, uint64_t time, struct smk_view_moment *moment)
{
    const struct smk_view_store *store = reader->store;
    struct smk_view_entry entry;
    for (uint32_t i = 0; i < store->row_count && reader->result == 0; i++) {
        const struct smk_view_line *line = store->rows[i];
        if (line->is.kind != SMK_VIEW_THREAD || !line->levels || line->is.from > time || line->last <= time ||
            !smk_view_entry_at(reader, line, time, &entry) ||
            !smk_mem_grow(&moment->mem, &moment->array, &moment->capacity, moment->count + 1u))
            continue;
        smk_view_at_of(line, &entry, &moment->array[moment->count++]);
    }
}

int smk_view_moment_at(struct smk_view *view, uint64_t time, struct smk_view_moment *moment)
{
    struct smk_view_reader reader;
    smk_view_mem(&moment->mem);
    moment->count = 0;
    smk_view_enter(view); /* before the store's turn, as everybody does it */
    smk_view_read_begin(&reader, view);
    uint32_t rows = reader.store->row_count;
    moment->final = smk_view_is_sealed(reader.store);
    take_threads(&reader, time, moment);
    struct smk_view_at **by_row = smk_mem_new(&moment->mem, rows * sizeof(*by_row));
    for (uint32_t i = 0; by_row && i < moment->count; i++)
        by_row[moment->array[i].row] = &moment->array[i];
    if (by_row)
        take_beside(&reader, time, by_row);
    smk_mem_free(&moment->mem, by_row, rows * sizeof(*by_row));
    for (uint32_t i = 0; i < moment->count; i++) {
        take_route(&reader, &moment->array[i]);
        smk_view_take_holder(view, &reader, time, &moment->array[i]);
    }
    int result = smk_view_read_end(&reader, view, smk_mem_failed(&moment->mem));
    smk_view_leave(view);
    return result;
}

void smk_view_moment_free(struct smk_view_moment *moment)
{
    smk_view_mem(&moment->mem);
    smk_mem_free(&moment->mem, moment->array, moment->capacity * sizeof(*moment->array));
    moment->array = NULL;
    moment->count = moment->capacity = 0;
}

bool smk_view_state_at(struct smk_view_reader *reader, const struct smk_view_line *line, uint64_t time,
                       struct smk_view_at *at)
{
    struct smk_view_entry entry;
    if (line->is.kind != SMK_VIEW_THREAD || !line->levels || !smk_view_entry_at(reader, line, time, &entry))
        return false;
    smk_view_at_of(line, &entry, at);
    return true;
}

void smk_view_beside_of(struct smk_view_reader *reader, uint64_t time, struct smk_view_at *at)
{
    for (uint32_t i = 0; i < reader->store->row_count && reader->result == 0; i++) {
        const struct smk_view_line *line = reader->store->rows[i];
        unsigned state = SMK_VIEW_LOOK_STATE(at->look);
        if (line->is.parent != at->row)
            continue;
        if (line->is.kind == SMK_VIEW_REGIONS)
            take_region(reader, line, time, at);
        if (line->is.kind == SMK_VIEW_SAMPLES && (state == SMK_SPAN_RUNNING || state == SMK_SPAN_RUNNABLE))
            take_sample(reader, line, time, at);
    }
}

int smk_view_thread_at(struct smk_view *view, uint32_t row, uint64_t time, struct smk_view_at *at)
{
    struct smk_view_reader reader;
    smk_view_enter(view);
    smk_view_read_begin(&reader, view);
    const struct smk_view_line *line = smk_view_line_of(reader.store, row);
    int result = line ? 0 : SMK_E_INVALID;
    if (line && !smk_view_state_at(&reader, line, time, at))
        result = smk_fail(SMK_E_NOTFOUND, "nothing is told of row %u at this time", row);
    if (result == 0) {
        smk_view_beside_of(&reader, time, at);
        take_route(&reader, at);
        smk_view_take_holder(view, &reader, time, at);
    }
    result = smk_view_read_end(&reader, view, result);
    smk_view_leave(view);
    return result;
}
