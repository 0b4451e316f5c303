/* read.c: blocks, items and units out of a store. */
#include "view/state.h"

#include <string.h>

#include "base/crc32c.h"
#include "base/errors.h"
#include "base/varint.h"

/* ---- blocks --------------------------------------------------------------------------------------------- */

void smk_view_reader_begin(struct smk_view_reader *reader, struct smk_view_store *store)
{
    *reader = (struct smk_view_reader){.store = store};
    smk_mem_init(&reader->mem, NULL, NULL, 0);
}

int smk_view_reader_end(struct smk_view_reader *reader)
{
    smk_mem_free(&reader->mem, reader->data, reader->capacity);
    reader->data = NULL;
    reader->capacity = 0;
    return reader->result != 0 ? reader->result : smk_mem_failed(&reader->mem);
}

static void fail(struct smk_view_reader *reader, int result)
{
    if (reader->result == 0)
        reader->result = result;
}

const void *smk_view_reader_bytes(struct smk_view_reader *reader, uint64_t offset, uint32_t size, uint32_t crc)
{
    if (!smk_mem_grow(&reader->mem, &reader->data, &reader->capacity, size)) {
        fail(reader, smk_mem_failed(&reader->mem));
        return NULL;
    }
    int result = smk_view_file_get(&reader->store->file, offset, reader->data, size);
    if (result == 0 && smk_crc32c(0, reader->data, size) != crc)
        result = smk_fail(SMK_E_FORMAT, "the viewer's file is damaged at %llu", (unsigned long long)offset);
    if (result == 0)
        return reader->data;
    fail(reader, result);
    return NULL;
}

const uint8_t *smk_view_reader_get(struct smk_view_reader *reader, const struct smk_view_block *block)
{
    return smk_view_reader_bytes(reader, block->offset, block->bytes, block->crc);
}

/* ---- items ---------------------------------------------------------------------------------------------- */

/* The sums that a block begins with. */
static bool open_sums(struct smk_view_items *items)
{
    if (items->at >= items->end)
        return false;
    uint32_t count = *items->at++;
    memset(items->sums, 0, sizeof(items->sums));
    for (uint32_t i = 0; i < count; i++) {
        if (items->at >= items->end || *items->at >= SMK_VIEW_CLASSES)
            return false;
        struct smk_view_sum *sum = &items->sums[*items->at++];
        items->at = smk_varint_get(items->at, items->end, &sum->ns);
        items->at = items->at ? smk_varint_get(items->at, items->end, &sum->count) : NULL;
        if (!items->at)
            return false;
    }
    return true;
}

/* The block that comes next; false: there is none, or it cannot be read. */
static bool open_block(struct smk_view_items *items)
{
    const struct smk_view_line *line = items->line;
    const struct smk_view_pending *pending = &line->pending;
    bool in_file = items->block < line->blocks.count;
    if (items->block > line->blocks.count || (!in_file && pending->count == 0))
        return false;
    const struct smk_view_block *block = in_file ? &line->blocks.array[items->block] : NULL;
    items->at = in_file ? smk_view_reader_get(items->reader, block) : pending->data;
    items->end = items->at ? items->at + (in_file ? block->bytes : pending->size) : NULL;
    items->left = in_file ? block->count : pending->count;
    items->number = in_file ? block->first : line->is.items - pending->count;
    items->before = (struct smk_view_before){.to = in_file ? block->from : pending->from};
    items->block++;
    if (items->at && open_sums(items))
        return true;
    if (items->at)
        fail(items->reader, smk_fail(SMK_E_FORMAT, "a block of the viewer's file is none"));
    items->left = 0;
    return false;
}

/* The last block that begins at or before `time`, or the first one. */
static uint32_t block_at(const struct smk_view_line *line, uint64_t time)
{
    uint32_t low = 0, high = line->blocks.count;
    if (line->pending.count > 0 && line->pending.from <= time)
        return line->blocks.count;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (line->blocks.array[middle].from <= time)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static void begin_items(struct smk_view_items *items, struct smk_view_reader *reader, const struct smk_view_line *line,
                        uint32_t block)
{
    items->reader = reader;
    items->line = line;
    items->block = block;
    items->left = 0;
    memset(items->sums, 0, sizeof(items->sums));
    if (!open_block(items))
        items->block = line->blocks.count + 1;
}

void smk_view_items_from(struct smk_view_items *items, struct smk_view_reader *reader,
                         const struct smk_view_line *line, uint64_t time)
{
    begin_items(items, reader, line, block_at(line, time));
}

void smk_view_items_at(struct smk_view_items *items, struct smk_view_reader *reader, const struct smk_view_line *line,
                       uint32_t number)
{
    struct smk_view_entry entry;
    uint32_t low = 0, high = line->blocks.count;
    if (line->pending.count > 0 && line->is.items - line->pending.count <= number)
        low = line->blocks.count;
    while (low < high && high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (line->blocks.array[middle].first <= number)
            low = middle;
        else
            high = middle;
    }
    begin_items(items, reader, line, low);
    while (items->left > 0 && items->number < number && smk_view_items_next(items, &entry))
        ;
}

bool smk_view_items_next(struct smk_view_items *items, struct smk_view_entry *entry)
{
    if (items->left == 0 && !open_block(items))
        return false;
    items->left--;
    items->at = smk_view_entry_get(items->at, items->end, &items->before, entry);
    if (!items->at) {
        fail(items->reader, smk_fail(SMK_E_FORMAT, "an item of the viewer's file is none"));
        items->left = 0;
        items->block = items->line->blocks.count + 1;
        return false;
    }
    entry->number = items->number++;
    if (items->line->sums) {
        unsigned state = SMK_VIEW_LOOK_STATE(entry->look), kind = SMK_VIEW_LOOK_KIND(entry->look);
        struct smk_view_sum *sum = &items->sums[smk_view_class(state, kind)];
        sum->ns += entry->to - entry->from;
        sum->count++;
    }
    return true;
}

bool smk_view_entry_at(struct smk_view_reader *reader, const struct smk_view_line *line, uint64_t time,
                       struct smk_view_entry *entry)
{
    struct smk_view_items items;
    smk_view_items_from(&items, reader, line, time);
    while (smk_view_items_next(&items, entry) && entry->from <= time)
        if (entry->to > time)
            return true;
    return false;
}

/* ---- unlocks -------------------------------------------------------------------------------------------- */

static void earliest(const uint8_t *data, uint32_t count, uint64_t time, struct smk_view_release *best, bool *found)
{
    struct smk_view_release release;
    for (uint32_t i = 0; i < count; i++) {
        memcpy(&release, data + i * sizeof(release), sizeof(release));
        if (release.from >= time && (!*found || release.from < best->from)) {
            *best = release;
            *found = true;
        }
    }
}

bool smk_view_next_release(struct smk_view_reader *reader, uint32_t process, uint64_t address, uint64_t time,
                           struct smk_view_release *release)
{
    struct smk_view_store *store = reader->store;
    uint32_t index = smk_map_get(&store->by_object, smk_map_own(process, address));
    bool found = false;
    if (index == SMK_MAP_NONE || store->objects[index].address != address || store->objects[index].process != process)
        return false;
    const struct smk_view_object *object = &store->objects[index];
    for (uint32_t i = 0; i < object->blocks.count; i++) {
        const struct smk_view_block *block = &object->blocks.array[i];
        if (block->to < time || (found && block->from >= release->from))
            continue;
        const uint8_t *data =
            block->bytes == block->count * sizeof(*release) ? smk_view_reader_get(reader, block) : NULL;
        if (data)
            earliest(data, block->count, time, release, &found);
    }
    earliest(object->pending.data, object->pending.count, time, release, &found);
    return found;
}

/* ---- units ---------------------------------------------------------------------------------------------- */

/* What is asked for: buckets of a level that take what is read, and give units. Stretches are asked about in order, so
 * items are read in order too, by a reader of their own, and no block of them twice. */
struct gathering {
    struct smk_view_reader *reader;
    const struct smk_view_line *line;
    struct smk_view_bucket bucket;
    unsigned level;
    struct smk_view_units *units;
    struct smk_view_reader items_reader;
    struct smk_view_items items;
    struct smk_view_entry entry; /* the one that comes next */
    enum { ITEMS_NOT_BEGUN, ITEMS_NEXT, ITEMS_ENDED } come;
};

static void show(struct gathering *gathering, const struct smk_view_many *many)
{
    struct smk_view_units *units = gathering->units;
    if (smk_mem_grow(&units->mem, &units->array, &units->capacity, units->count + 1u))
        smk_view_many_show(many, &units->array[units->count++]);
}

static void close_gathered(struct gathering *gathering)
{
    uint64_t end = gathering->reader->store->origin + ((gathering->bucket.number + 1) << gathering->level);
    uint32_t count = smk_view_bucket_close(&gathering->bucket, end);
    if (count > 0)
        show(gathering, &gathering->bucket.first);
    if (count > 1)
        show(gathering, &gathering->bucket.second);
}

static void gather(struct gathering *gathering, const struct smk_view_many *many)
{
    uint64_t number = smk_view_bucket_of(many->from, gathering->reader->store->origin, gathering->level);
    if (gathering->bucket.taken > 0 && number != gathering->bucket.number)
        close_gathered(gathering);
    gathering->bucket.number = number;
    smk_view_bucket_take(&gathering->bucket, many);
}

/* No item begins there: the one before ended, and the next block comes later. */
static bool is_empty(const struct smk_view_line *line, uint64_t from, uint64_t to)
{
    uint32_t block = block_at(line, from);
    if (block >= line->blocks.count || line->blocks.array[block].to >= from)
        return false;
    if (block + 1 < line->blocks.count)
        return line->blocks.array[block + 1].from >= to;
    return line->pending.count == 0 || line->pending.from >= to;
}

static void next_item(struct gathering *gathering)
{
    gathering->come = smk_view_items_next(&gathering->items, &gathering->entry) ? ITEMS_NEXT : ITEMS_ENDED;
}

static void gather_items(struct gathering *gathering, uint64_t from, uint64_t to)
{
    const struct smk_view_line *line = gathering->line;
    struct smk_view_many many;
    uint64_t before = from > 0 ? from - 1 : 0;
    if (gathering->come == ITEMS_ENDED || is_empty(line, from, to))
        return;
    if (gathering->come == ITEMS_NOT_BEGUN || block_at(line, before) >= gathering->items.block) {
        smk_view_items_from(&gathering->items, &gathering->items_reader, line, before);
        next_item(gathering);
    }
    for (; gathering->come == ITEMS_NEXT && gathering->entry.from < to; next_item(gathering))
        if (gathering->entry.from >= from) {
            smk_view_many_of(&many, &gathering->entry);
            gather(gathering, &many);
        }
}

/* False: the stretch is not written. */
static bool gather_stretch(struct gathering *gathering, const struct smk_view_level *level, uint64_t begin,
                           uint64_t from, uint64_t to)
{
    uint32_t low = 0, high = level->stretches.count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (level->stretches.array[middle].to < begin)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == level->stretches.count || level->stretches.array[low].to != begin)
        return false;
    const struct smk_view_block *block = &level->stretches.array[low];
    const uint8_t *at = smk_view_reader_get(gathering->reader, block), *end = at ? at + block->bytes : NULL;
    struct smk_view_before before = {.to = block->from};
    struct smk_view_many many;
    for (uint32_t i = 0; at && i < block->count; i++) {
        at = smk_view_many_get(at, end, &before, &many);
        if (!at)
            fail(gathering->reader, smk_fail(SMK_E_FORMAT, "a stretch of the viewer's file is none"));
        else if (many.from >= from && many.from < to)
            gather(gathering, &many);
    }
    return true;
}

static uint32_t blocks_in(const struct smk_view_line *line, uint64_t from, uint64_t to)
{
    return block_at(line, to) - block_at(line, from);
}

/* Out of level `number` - 1, or what is below it where that is not written. */
static void gather_level(struct gathering *gathering, uint32_t number, uint64_t from, uint64_t to)
{
    if (gathering->reader->result != 0 || from >= to)
        return;
    if (number == 0 || blocks_in(gathering->line, from, to) == 0) {
        gather_items(gathering, from, to);
        return;
    }
    uint64_t origin = gathering->reader->store->origin;
    unsigned log = smk_view_level_log(number - 1) + SMK_VIEW_STRETCH_LOG;
    for (uint64_t stretch = smk_view_bucket_of(from, origin, log); from < to; stretch++) {
        uint64_t begin = origin + (stretch << log);
        uint64_t until = smk_min_u64(to, begin + (UINT64_C(1) << log));
        if (!gather_stretch(gathering, &gathering->line->levels[number - 1], begin, from, until))
            gather_level(gathering, number - 1, from, until);
        from = until;
    }
}

/* What reaches into the stretch from before it. */
static void gather_before(struct gathering *gathering, uint64_t from)
{
    struct smk_view_entry entry;
    struct smk_view_many many;
    if (from == 0 || !smk_view_entry_at(gathering->reader, gathering->line, from - 1, &entry) || entry.to <= from)
        return;
    smk_view_many_of(&many, &entry);
    show(gathering, &many);
}

/* Nothing of it is looked at before it is set; it is large, and there is one for each row of an answer. */
static void begin_gathering(struct gathering *gathering, struct smk_view_reader *reader,
                            const struct smk_view_line *line, struct smk_view_units *units)
{
    gathering->reader = reader;
    gathering->line = line;
    gathering->units = units;
    gathering->bucket.taken = 0;
    gathering->come = ITEMS_NOT_BEGUN;
    smk_view_reader_begin(&gathering->items_reader, reader->store);
}

static bool is_final(const struct smk_view_store *store, const struct smk_view_line *line, uint64_t to)
{
    return smk_view_is_sealed(store) || (line->is.kind == SMK_VIEW_THREAD && line->last >= to);
}

int smk_view_units_of(struct smk_view_reader *reader, const struct smk_view_line *line, unsigned level, uint64_t from,
                      uint64_t to, struct smk_view_units *units)
{
    struct smk_view_store *store = reader->store;
    struct gathering gathering;
    uint32_t number = 0;
    units->count = 0;
    units->final = is_final(store, line, smk_min_u64(to, store->end));
    from = store->origin + (smk_view_bucket_of(from, store->origin, level) << level);
    to = smk_min_u64(to, smk_max_u64(line->last, store->origin) + 1); /* no item begins behind it */
    if (!line->levels || from >= smk_max_u64(to, 1))
        return 0;
    while (number < store->level_count && smk_view_level_log(number) <= level)
        number++;
    begin_gathering(&gathering, reader, line, units);
    gathering.level = level;
    gather_before(&gathering, from);
    gather_level(&gathering, number, from, to);
    if (gathering.bucket.taken > 0)
        close_gathered(&gathering);
    int result = smk_view_reader_end(&gathering.items_reader);
    if (result != 0)
        fail(reader, result);
    return reader->result != 0 ? reader->result : smk_mem_failed(&units->mem);
}
