#include "view/directory.h"

#include <string.h>

#include "base/errors.h"

/* ---- writing -------------------------------------------------------------------------------------------- */

void smk_view_put(struct smk_view_bytes *bytes, const void *data, size_t size)
{
    smk_view_mem(&bytes->mem);
    if (size == 0 || size > UINT32_MAX / 2 - bytes->size ||
        !smk_mem_grow(&bytes->mem, &bytes->data, &bytes->capacity, bytes->size + size))
        return;
    memcpy(bytes->data + bytes->size, data, size);
    bytes->size += (uint32_t)size;
}

void smk_view_bytes_free(struct smk_view_bytes *bytes)
{
    smk_view_mem(&bytes->mem);
    smk_mem_free(&bytes->mem, bytes->data, bytes->capacity);
    bytes->data = NULL;
    bytes->size = bytes->capacity = 0;
}

/* How many there are, and they. */
static void put_array(struct smk_view_bytes *bytes, const void *array, uint32_t count, size_t size)
{
    smk_view_put(bytes, &count, sizeof(count));
    smk_view_put(bytes, array, count * size);
}

static void put_blocks(struct smk_view_bytes *bytes, const struct smk_view_blocks *blocks)
{
    put_array(bytes, blocks->array, blocks->count, sizeof(*blocks->array));
}

static void put_row(const struct smk_view_store *store, const struct smk_view_line *line, struct smk_view_bytes *bytes)
{
    smk_view_put(bytes, &line->is, sizeof(line->is));
    put_array(bytes, line->sums, line->sums ? SMK_VIEW_CLASSES : 0, sizeof(*line->sums));
    put_blocks(bytes, &line->blocks);
    for (uint32_t i = 0; i < store->level_count; i++)
        put_blocks(bytes, line->levels ? &line->levels[i].stretches : &(struct smk_view_blocks){0});
}

/* Most classes are nowhere. */
static void put_density(const struct smk_view_density_sums *sums, struct smk_view_bytes *bytes)
{
    for (size_t i = 0; i < SMK_VIEW_CLASSES; i++) {
        const uint64_t *part = sums->part + i * SMK_VIEW_COLUMNS;
        const int64_t *whole = sums->whole + i * SMK_VIEW_COLUMNS;
        uint8_t any = 0;
        for (size_t j = 0; j < SMK_VIEW_COLUMNS && !any; j++)
            any = part[j] || whole[j];
        smk_view_put(bytes, &any, sizeof(any));
        smk_view_put(bytes, part, any ? SMK_VIEW_COLUMNS * sizeof(*part) : 0);
        smk_view_put(bytes, whole, any ? SMK_VIEW_COLUMNS * sizeof(*whole) : 0);
    }
}

int smk_view_directory_put(const struct smk_view_store *store, struct smk_view_bytes *bytes)
{
    const struct smk_view_table *table = &store->table;
    smk_view_put(bytes, &store->origin, sizeof(store->origin));
    smk_view_put(bytes, &store->end, sizeof(store->end));
    smk_view_put(bytes, &store->level_count, sizeof(store->level_count));
    smk_view_put(bytes, &store->refused, sizeof(store->refused));
    smk_view_put(bytes, &store->row_count, sizeof(store->row_count));
    for (uint32_t i = 0; i < store->row_count; i++)
        put_row(store, store->rows[i], bytes);
    smk_view_put(bytes, &store->object_count, sizeof(store->object_count));
    for (uint32_t i = 0; i < store->object_count; i++) {
        smk_view_put(bytes, &store->objects[i].address, sizeof(store->objects[i].address));
        smk_view_put(bytes, &store->objects[i].process, sizeof(store->objects[i].process));
        put_blocks(bytes, &store->objects[i].blocks);
    }
    smk_view_put(bytes, &table->count, sizeof(table->count));
    put_array(bytes, table->blocks, table->block_count, sizeof(*table->blocks));
    put_array(bytes, table->routes, table->route_count, sizeof(*table->routes));
    put_array(bytes, store->waits, store->wait_count, sizeof(*store->waits));
    put_array(bytes, store->locks, store->lock_count, sizeof(*store->locks));
    put_density(&store->density, bytes);
    return smk_mem_failed(&bytes->mem);
}

/* ---- reading -------------------------------------------------------------------------------------------- */

struct source {
    struct smk_view_store *store;
    const uint8_t *at, *end;
    bool bad;
};

static bool take(struct source *source, void *to, size_t size)
{
    if (source->bad || (size_t)(source->end - source->at) < size) {
        source->bad = true;
        return false;
    }
    memcpy(to, source->at, size);
    source->at += size;
    return true;
}

/* An array of `count` elements in memory of the store; *array NULL: there are none. */
static bool take_array(struct source *source, void **array, uint32_t *count, size_t size)
{
    *array = NULL;
    if (!take(source, count, sizeof(*count)) || *count == 0)
        return !source->bad;
    if (*count > (size_t)(source->end - source->at) / size) {
        *count = 0;
        source->bad = true;
        return false;
    }
    *array = smk_mem_new(&source->store->mem, *count * size);
    if (!*array) {
        *count = 0;
        source->bad = true;
        return false;
    }
    return take(source, *array, *count * size);
}

static bool take_blocks(struct source *source, struct smk_view_blocks *blocks)
{
    void *array;
    take_array(source, &array, &blocks->count, sizeof(*blocks->array));
    blocks->array = array;
    blocks->capacity = blocks->count;
    uint64_t size = source->store->file.size;
    for (uint32_t i = 0; i < blocks->count; i++) {
        const struct smk_view_block *block = &blocks->array[i];
        source->bad |= block->bytes > SMK_VIEW_BYTES_MAX || block->offset > size || block->bytes > size - block->offset;
    }
    return !source->bad;
}

/* Who looks for a time, or for a number, halves them. */
static void check_order(struct source *source, const struct smk_view_line *line)
{
    uint64_t items = 0, last = 0;
    for (uint32_t i = 0; i < line->blocks.count; i++) {
        const struct smk_view_block *block = &line->blocks.array[i];
        source->bad |= block->first != items || block->from < last || block->to < block->from || block->count == 0;
        items += block->count;
        last = block->from;
    }
    source->bad |= items != line->is.items;
    for (uint32_t i = 0; line->levels && i < source->store->level_count; i++)
        for (uint32_t j = 1; j < line->levels[i].stretches.count; j++)
            source->bad |= line->levels[i].stretches.array[j].to <= line->levels[i].stretches.array[j - 1].to;
}

static bool take_sums(struct source *source, struct smk_view_line *line)
{
    void *array;
    uint32_t count = 0;
    take_array(source, &array, &count, sizeof(*line->sums));
    if (count == (line->is.kind == SMK_VIEW_THREAD ? SMK_VIEW_CLASSES : 0)) {
        line->sums = array;
        return !source->bad;
    }
    smk_mem_free(&source->store->mem, array, count * sizeof(*line->sums));
    source->bad = true;
    return false;
}

static void take_row(struct source *source, uint32_t number, uint32_t rows)
{
    struct smk_view_store *store = source->store;
    struct smk_view_line *line = NULL;
    if (smk_mem_grow(&store->mem, &store->rows, &store->row_capacity, number + 1u))
        line = smk_mem_new(&store->mem, sizeof(*line));
    if (!line) {
        source->bad = true;
        return;
    }
    store->rows[store->row_count++] = line;
    if (!take(source, &line->is, sizeof(line->is)))
        return;
    const struct smk_view_row *is = &line->is;
    source->bad |= is->id != number || (unsigned)is->kind >= SMK_VIEW_ROW_KIND_COUNT ||
                   is->process >= source->store->processes || (is->parent >= rows && is->parent != SMK_VIEW_NONE);
    line->last = is->to;
    take_sums(source, line);
    take_blocks(source, &line->blocks);
    line->levels = source->bad ? NULL : smk_mem_new(&store->mem, store->level_count * sizeof(*line->levels));
    for (uint32_t i = 0; line->levels && i < store->level_count; i++)
        take_blocks(source, &line->levels[i].stretches);
    source->bad |= !line->levels;
    check_order(source, line);
    if (!source->bad && is->kind == SMK_VIEW_THREAD)
        source->bad |= !smk_map_put(&store->by_thread, &store->mem, is->thread, number);
}

static void take_objects(struct source *source)
{
    struct smk_view_store *store = source->store;
    uint32_t count = 0;
    take(source, &count, sizeof(count));
    for (uint32_t i = 0; i < count && !source->bad; i++) {
        if (i >= SMK_VIEW_OBJECTS_MAX ||
            !smk_mem_grow(&store->mem, &store->objects, &store->object_capacity, i + 1u)) {
            source->bad = true;
            return;
        }
        struct smk_view_object *object = &store->objects[store->object_count++];
        *object = (struct smk_view_object){0};
        take(source, &object->address, sizeof(object->address));
        take(source, &object->process, sizeof(object->process));
        take_blocks(source, &object->blocks);
        source->bad |= !smk_map_put(&store->by_object, &store->mem, smk_map_own(object->process, object->address), i);
    }
}

static void take_table(struct source *source)
{
    struct smk_view_store *store = source->store;
    struct smk_view_table *table = &store->table;
    void *array;
    take(source, &table->count, sizeof(table->count));
    take_array(source, &array, &table->block_count, sizeof(*table->blocks));
    table->blocks = array;
    table->block_capacity = table->block_count;
    for (uint32_t i = 0; i < table->block_count; i++) {
        const struct smk_view_request_block *block = &table->blocks[i];
        source->bad |= block->count > SMK_VIEW_TABLE_ITEMS || block->offset > store->file.size;
    }
    take_array(source, &array, &table->route_count, sizeof(*table->routes));
    table->routes = array;
    table->route_capacity = table->route_count;
    for (uint32_t i = 0; i < table->route_count && !source->bad; i++)
        source->bad |= !smk_map_put(&table->by_route, &store->mem, table->routes[i].route, i);
}

/* A byte that is neither 0 nor 1 is no bool to look at. */
static void take_truth(struct source *source, struct smk_span_wait *wait)
{
    uint8_t open, idle;
    memcpy(&open, &wait->open, sizeof(open));
    memcpy(&idle, &wait->idle, sizeof(idle));
    source->bad |= open > 1 || idle > 1 || wait->process >= source->store->processes;
}

static void take_names(struct source *source)
{
    struct smk_view_store *store = source->store;
    void *array;
    take_array(source, &array, &store->wait_count, sizeof(*store->waits));
    store->waits = array;
    store->wait_capacity = store->wait_count;
    for (uint32_t i = 0; i < store->wait_count; i++)
        take_truth(source, &store->waits[i]);
    take_array(source, &array, &store->lock_count, sizeof(*store->locks));
    store->locks = array;
    store->lock_capacity = store->lock_count;
    for (uint32_t i = 0; i < store->lock_count; i++)
        source->bad |= store->locks[i].process >= source->store->processes || store->locks[i].to < store->locks[i].from;
}

static void take_density(struct source *source)
{
    const struct smk_view_density_sums *sums = &source->store->density;
    for (size_t i = 0; i < SMK_VIEW_CLASSES; i++) {
        uint8_t any = 0;
        take(source, &any, sizeof(any));
        take(source, sums->part + i * SMK_VIEW_COLUMNS, any ? SMK_VIEW_COLUMNS * sizeof(*sums->part) : 0);
        take(source, sums->whole + i * SMK_VIEW_COLUMNS, any ? SMK_VIEW_COLUMNS * sizeof(*sums->whole) : 0);
    }
}

bool smk_view_directory_get(struct smk_view_store *store, const uint8_t *data, size_t size)
{
    struct source source = {.store = store, .at = data, .end = data + size};
    uint64_t origin = 0, end = 0;
    uint32_t levels = 0, rows = 0;
    take(&source, &origin, sizeof(origin));
    take(&source, &end, sizeof(end));
    take(&source, &levels, sizeof(levels));
    take(&source, &store->refused, sizeof(store->refused));
    take(&source, &rows, sizeof(rows));
    source.bad |= origin != store->origin || end != store->end || levels != store->level_count ||
                  rows > SMK_VIEW_ROWS_MAX;
    for (uint32_t i = 0; i < rows && !source.bad; i++)
        take_row(&source, i, rows);
    take_objects(&source);
    take_table(&source);
    take_names(&source);
    take_density(&source);
    store->known_to = store->end;
    return !source.bad && source.at == source.end;
}
