#include "view/store.h"

#include <string.h>

#include "base/crc32c.h"
#include "base/errors.h"
#include "base/varint.h"

#define ENTRY_ROOM   (SMK_VIEW_BLOCK_BYTES + SMK_VIEW_ENTRY_MAX + SUMS_MAX)
#define SUMS_MAX     (1u + SMK_VIEW_CLASSES * 21u)
#define RELIEF_LEAST 512u /* bytes of a stretch that is open, below which letting go of it saves nothing */
#define WORTH_FACTOR 2u  /* a stretch is written where it is so many times cheaper to read than what is below it … */
#define WORTH_LEAST  32u /* … and by so many at least */

/* ---- blocks --------------------------------------------------------------------------------------------- */

bool smk_view_block_put(struct smk_view_store *store, struct smk_view_blocks *blocks, const void *data, uint32_t size,
                        const struct smk_view_block *is)
{
    if (!smk_mem_grow(&store->mem, &blocks->array, &blocks->capacity, blocks->count + 1u))
        return false;
    struct smk_view_block *block = &blocks->array[blocks->count];
    *block = *is;
    block->offset = smk_view_file_put(&store->file, data, size);
    block->bytes = size;
    block->crc = smk_crc32c(0, data, size);
    if (block->offset == UINT64_MAX)
        return false;
    blocks->count++;
    return true;
}

/* Room for one more; NULL: there is no memory. */
static uint8_t *room(struct smk_view_store *store, struct smk_view_pending *pending, uint32_t bytes)
{
    if (!smk_mem_grow(&store->mem, &pending->data, &pending->capacity, pending->size + bytes))
        return NULL;
    return pending->data + pending->size;
}

static void let_go(struct smk_view_store *store, struct smk_view_pending *pending)
{
    smk_mem_free(&store->mem, pending->data, pending->capacity);
    *pending = (struct smk_view_pending){0};
}

/* ---- levels --------------------------------------------------------------------------------------------- */

static void push(struct smk_view_store *store, struct smk_view_line *line, uint32_t number,
                 const struct smk_view_many *many);

static void keep_unit(struct smk_view_store *store, struct smk_view_level *level, const struct smk_view_many *many)
{
    struct smk_view_pending *units = &level->units;
    uint8_t *at = level->dropped ? NULL : room(store, units, SMK_VIEW_MANY_MAX);
    if (!at)
        return;
    if (units->count == 0) {
        units->from = many->from;
        units->before = (struct smk_view_before){.to = many->from};
    }
    units->size = (uint32_t)(smk_view_many_put(at, &units->before, many) - units->data);
    units->count++;
}

static void close_bucket(struct smk_view_store *store, struct smk_view_line *line, uint32_t number)
{
    struct smk_view_level *level = &line->levels[number];
    uint64_t end = store->origin + ((level->open.number + 1) << smk_view_level_log(number));
    uint32_t count = smk_view_bucket_close(&level->open, end);
    if (count > 0)
        keep_unit(store, level, &level->open.first);
    if (count > 1)
        keep_unit(store, level, &level->open.second);
    if (number + 1 >= store->level_count)
        return;
    if (count > 0)
        push(store, line, number + 1, &level->open.first);
    if (count > 1)
        push(store, line, number + 1, &level->open.second);
}

/* What is read instead of it costs the level above as much as this level does. */
static void close_stretch(struct smk_view_store *store, struct smk_view_line *line, uint32_t number)
{
    struct smk_view_level *level = &line->levels[number];
    struct smk_view_pending *units = &level->units;
    uint32_t cost = level->cost;
    if (!level->dropped && cost >= WORTH_FACTOR * units->count + WORTH_LEAST) {
        uint64_t begin = store->origin + (level->stretch << (smk_view_level_log(number) + SMK_VIEW_STRETCH_LOG));
        struct smk_view_block is = {.from = units->from, .to = begin, .count = units->count};
        smk_view_block_put(store, &level->stretches, units->data, units->size, &is);
        cost = units->count;
    }
    if (number + 1 < store->level_count)
        line->levels[number + 1].cost += cost;
    units->size = units->count = 0;
    level->cost = 0;
    level->dropped = false;
}

static void push(struct smk_view_store *store, struct smk_view_line *line, uint32_t number,
                 const struct smk_view_many *many)
{
    struct smk_view_level *level = &line->levels[number];
    uint64_t bucket = smk_view_bucket_of(many->from, store->origin, smk_view_level_log(number));
    if (level->open.taken > 0 && bucket != level->open.number)
        close_bucket(store, line, number);
    if (bucket >> SMK_VIEW_STRETCH_LOG != level->stretch) {
        close_stretch(store, line, number);
        level->stretch = bucket >> SMK_VIEW_STRETCH_LOG;
    }
    level->open.number = bucket;
    smk_view_bucket_take(&level->open, many);
    if (number == 0)
        level->cost++;
}

/* ---- items ---------------------------------------------------------------------------------------------- */

/* Before the items: the sums of what lies before them, by class. */
static bool begin_block(struct smk_view_store *store, struct smk_view_line *line, const struct smk_view_entry *entry)
{
    struct smk_view_pending *pending = &line->pending;
    uint8_t *at = room(store, pending, ENTRY_ROOM), *count = at;
    if (!at)
        return false;
    *at++ = 0;
    for (uint32_t i = 0; line->sums && i < SMK_VIEW_CLASSES; i++) {
        if (line->sums[i].count == 0)
            continue;
        *at++ = (uint8_t)i;
        at = smk_varint_put(at, line->sums[i].ns);
        at = smk_varint_put(at, line->sums[i].count);
        ++*count;
    }
    pending->size = (uint32_t)(at - pending->data);
    pending->from = entry->from;
    pending->before = (struct smk_view_before){.to = entry->from};
    return true;
}

static void end_block(struct smk_view_store *store, struct smk_view_line *line)
{
    struct smk_view_pending *pending = &line->pending;
    if (pending->count == 0)
        return;
    struct smk_view_block is = {.from = pending->from,
                                .to = line->last,
                                .first = line->is.items - pending->count,
                                .count = pending->count};
    smk_view_block_put(store, &line->blocks, pending->data, pending->size, &is);
    pending->size = pending->count = 0;
}

static bool make_levels(struct smk_view_store *store, struct smk_view_line *line, const struct smk_view_entry *entry)
{
    if (line->levels)
        return true;
    line->levels = smk_mem_new(&store->mem, store->level_count * sizeof(*line->levels));
    for (uint32_t i = 0; line->levels && i < store->level_count; i++)
        line->levels[i].stretch = smk_view_bucket_of(entry->from, store->origin, smk_view_level_log(i)) >>
                                  SMK_VIEW_STRETCH_LOG;
    line->is.from = entry->from;
    return line->levels != NULL;
}

static void sum_up(struct smk_view_line *line, const struct smk_view_entry *entry)
{
    struct smk_view_sum *sum =
        &line->sums[smk_view_class(SMK_VIEW_LOOK_STATE(entry->look), SMK_VIEW_LOOK_KIND(entry->look))];
    sum->ns += entry->to - entry->from;
    sum->count++;
    line->is.state_ns[SMK_VIEW_LOOK_STATE(entry->look)] += entry->to - entry->from;
}

void smk_view_store_item(struct smk_view_store *store, struct smk_view_line *line, struct smk_view_entry *entry)
{
    struct smk_view_many many;
    struct smk_view_pending *pending = &line->pending;
    entry->from = smk_max_u64(entry->from, smk_max_u64(line->last, store->origin));
    entry->to = smk_max_u64(entry->to, entry->from);
    entry->number = line->is.items;
    if (!make_levels(store, line, entry) || line->is.items == UINT32_MAX - 1)
        return;
    if (pending->count == 0 && !begin_block(store, line, entry))
        return;
    uint8_t *at = room(store, pending, SMK_VIEW_ENTRY_MAX);
    if (!at)
        return;
    pending->size = (uint32_t)(smk_view_entry_put(at, &pending->before, entry) - pending->data);
    pending->count++;
    line->is.items++;
    line->is.to = line->last = entry->to;
    if (line->sums)
        sum_up(line, entry);
    if (pending->count == SMK_VIEW_BLOCK_ITEMS || pending->size >= SMK_VIEW_BLOCK_BYTES)
        end_block(store, line);
    smk_view_many_of(&many, entry);
    push(store, line, 0, &many);
}

/* ---- rows ----------------------------------------------------------------------------------------------- */

struct smk_view_line *smk_view_store_row(struct smk_view_store *store, const struct smk_view_row *is)
{
    if (store->row_count >= SMK_VIEW_ROWS_MAX ||
        !smk_mem_grow(&store->mem, &store->rows, &store->row_capacity, store->row_count + 1u)) {
        store->refused++;
        return NULL;
    }
    struct smk_view_line *line = smk_mem_new(&store->mem, sizeof(*line));
    if (!line)
        return NULL;
    line->is = *is;
    line->is.id = store->row_count;
    if (is->kind == SMK_VIEW_THREAD) {
        line->is.parent = line->is.id;
        line->sums = smk_mem_new(&store->mem, SMK_VIEW_CLASSES * sizeof(*line->sums));
        if (!line->sums || !smk_map_put(&store->by_thread, &store->mem, is->thread, line->is.id)) {
            smk_mem_free(&store->mem, line->sums, SMK_VIEW_CLASSES * sizeof(*line->sums));
            smk_mem_free(&store->mem, line, sizeof(*line));
            return NULL;
        }
    }
    store->rows[store->row_count++] = line;
    return line;
}

static void free_blocks(struct smk_view_store *store, struct smk_view_blocks *blocks)
{
    smk_mem_free(&store->mem, blocks->array, blocks->capacity * sizeof(*blocks->array));
    *blocks = (struct smk_view_blocks){0};
}

static void free_row(struct smk_view_store *store, struct smk_view_line *line)
{
    free_blocks(store, &line->blocks);
    let_go(store, &line->pending);
    for (uint32_t i = 0; line->levels && i < store->level_count; i++) {
        free_blocks(store, &line->levels[i].stretches);
        let_go(store, &line->levels[i].units);
    }
    smk_mem_free(&store->mem, line->levels, store->level_count * sizeof(*line->levels));
    smk_mem_free(&store->mem, line->sums, SMK_VIEW_CLASSES * sizeof(*line->sums));
    smk_mem_free(&store->mem, line, sizeof(*line));
}

static void finish_row(struct smk_view_store *store, struct smk_view_line *line)
{
    end_block(store, line);
    let_go(store, &line->pending);
    for (uint32_t i = 0; line->levels && i < store->level_count; i++) {
        if (line->levels[i].open.taken > 0)
            close_bucket(store, line, i);
        close_stretch(store, line, i);
        let_go(store, &line->levels[i].units);
    }
}

static void relieve_row(struct smk_view_store *store, struct smk_view_line *line)
{
    end_block(store, line);
    let_go(store, &line->pending);
    for (uint32_t i = 0; line->levels && i < store->level_count; i++) {
        struct smk_view_level *level = &line->levels[i];
        if (level->units.capacity <= RELIEF_LEAST)
            continue;
        let_go(store, &level->units);
        level->dropped = true;
    }
}

void smk_view_store_relieve(struct smk_view_store *store)
{
    size_t max = store->mem.max;
    if (max == 0 || store->mem.used < max / 2 || store->mem.used < store->relieved + max / 8)
        return;
    for (uint32_t i = 0; i < store->row_count; i++)
        relieve_row(store, store->rows[i]);
    store->relieved = store->mem.used;
}

/* ---- unlocks -------------------------------------------------------------------------------------------- */

static struct smk_view_object *object_of(struct smk_view_store *store, uint32_t process, uint64_t address)
{
    uint64_t key = smk_map_own(process, address);
    uint32_t index = smk_map_get(&store->by_object, key);
    if (index != SMK_MAP_NONE)
        return store->objects[index].process == process && store->objects[index].address == address
                   ? &store->objects[index]
                   : NULL;
    if (store->object_count >= SMK_VIEW_OBJECTS_MAX ||
        !smk_mem_grow(&store->mem, &store->objects, &store->object_capacity, store->object_count + 1u) ||
        !smk_map_put(&store->by_object, &store->mem, key, store->object_count))
        return NULL;
    store->objects[store->object_count] = (struct smk_view_object){.address = address, .process = process};
    return &store->objects[store->object_count++];
}

static void end_releases(struct smk_view_store *store, struct smk_view_object *object)
{
    struct smk_view_pending *pending = &object->pending;
    struct smk_view_block is = {.from = pending->from, .to = pending->to, .count = pending->count};
    if (pending->count > 0)
        smk_view_block_put(store, &object->blocks, pending->data, pending->size, &is);
    pending->size = pending->count = 0;
}

void smk_view_store_release(struct smk_view_store *store, uint32_t process, uint64_t address,
                            const struct smk_view_release *release)
{
    struct smk_view_object *object = object_of(store, process, address);
    struct smk_view_pending *pending = object ? &object->pending : NULL;
    uint8_t *at = pending ? room(store, pending, sizeof(*release)) : NULL;
    if (!at) {
        store->refused++;
        return;
    }
    memcpy(at, release, sizeof(*release));
    pending->size += (uint32_t)sizeof(*release);
    pending->from = pending->count ? smk_min_u64(pending->from, release->from) : release->from;
    pending->to = pending->count ? smk_max_u64(pending->to, release->from) : release->from;
    if (++pending->count == SMK_VIEW_BLOCK_ITEMS)
        end_releases(store, object);
}

/* ---- life ----------------------------------------------------------------------------------------------- */

static uint32_t levels_for(uint64_t duration)
{
    uint32_t count = 1;
    while (count < SMK_VIEW_LEVELS && duration >> (smk_view_level_log(count - 1) + SMK_VIEW_STRETCH_LOG))
        count++;
    return count;
}

bool smk_view_store_begin(struct smk_view_store *store, int fd, uint64_t max_file, size_t max_memory, uint64_t origin,
                          uint64_t end)
{
    memset(store, 0, sizeof(*store));
    smk_view_turns_init(&store->turns);
    smk_mem_init(&store->mem, NULL, NULL, max_memory);
    store->origin = store->known_to = origin;
    store->end = smk_max_u64(end, origin + 1);
    store->level_count = levels_for(store->end - origin);
    store->density.width = (store->end - origin) / SMK_VIEW_COLUMNS + 1;
    size_t sums = (size_t)SMK_VIEW_CLASSES * SMK_VIEW_COLUMNS;
    store->density.part = smk_mem_new(&store->mem, sums * sizeof(*store->density.part));
    store->density.whole = smk_mem_new(&store->mem, sums * sizeof(*store->density.whole));
    store->table.pending = smk_mem_new(&store->mem, SMK_VIEW_TABLE_ITEMS * sizeof(*store->table.pending));
    return smk_view_file_begin(&store->file, &store->mem, fd, max_file) && store->density.part &&
           store->density.whole && store->table.pending;
}

void smk_view_store_free(struct smk_view_store *store)
{
    size_t sums = (size_t)SMK_VIEW_CLASSES * SMK_VIEW_COLUMNS;
    struct smk_mem *mem = &store->mem;
    for (uint32_t i = 0; i < store->row_count; i++)
        free_row(store, store->rows[i]);
    for (uint32_t i = 0; i < store->object_count; i++) {
        free_blocks(store, &store->objects[i].blocks);
        let_go(store, &store->objects[i].pending);
    }
    smk_mem_free(mem, store->rows, store->row_capacity * sizeof(struct smk_view_line *));
    smk_mem_free(mem, store->objects, store->object_capacity * sizeof(*store->objects));
    smk_mem_free(mem, store->waits, store->wait_capacity * sizeof(*store->waits));
    smk_mem_free(mem, store->locks, store->lock_capacity * sizeof(*store->locks));
    smk_mem_free(mem, store->density.part, sums * sizeof(*store->density.part));
    smk_mem_free(mem, store->density.whole, sums * sizeof(*store->density.whole));
    struct smk_view_table *table = &store->table;
    smk_mem_free(mem, table->pending, table->pending ? SMK_VIEW_TABLE_ITEMS * sizeof(*table->pending) : 0);
    smk_mem_free(mem, table->blocks, table->block_capacity * sizeof(*table->blocks));
    smk_mem_free(mem, table->routes, table->route_capacity * sizeof(*table->routes));
    smk_map_free(&table->by_route, mem);
    smk_map_free(&store->by_thread, mem);
    smk_map_free(&store->by_object, mem);
    smk_view_file_close(&store->file, mem);
    smk_view_turns_destroy(&store->turns);
}

int smk_view_store_failed(const struct smk_view_store *store)
{
    if (store->file.failure != 0 || store->mem.failure == 0)
        return store->file.failure;
    if (store->mem.failure == SMK_E_LIMIT)
        return smk_fail(SMK_E_LIMIT, "the view would take more than its %zu MiB of memory", store->mem.max >> 20);
    return smk_mem_failed(&store->mem);
}

int smk_view_store_finish(struct smk_view_store *store)
{
    for (uint32_t i = 0; i < store->row_count; i++)
        finish_row(store, store->rows[i]);
    for (uint32_t i = 0; i < store->object_count; i++) {
        end_releases(store, &store->objects[i]);
        let_go(store, &store->objects[i].pending);
    }
    smk_view_store_table_end(store);
    return smk_view_store_failed(store);
}
