/* store_table.c: requests, and what the overview shows, put into a store. */
#include "base/crc32c.h"
#include "view/store.h"

#define ROUTES_MAX 4096u

/* ---- requests ------------------------------------------------------------------------------------------- */

uint64_t smk_view_latency_edge(uint32_t bucket)
{
    uint32_t octave = bucket / 8, part = bucket % 8;
    return octave < 3 ? smk_min_u64(bucket, 8) : (uint64_t)(8 + part) << (octave - 3);
}

uint32_t smk_view_latency_bucket(uint64_t ns)
{
    if (ns < 8)
        return (uint32_t)ns; /* each its own, and the rest of the first three octaves is empty */
    uint32_t octave = 63u - (uint32_t)__builtin_clzll(ns);
    uint32_t bucket = octave * 8 + (uint32_t)(ns >> (octave - 3) & 7);
    return bucket < SMK_VIEW_LATENCY_BUCKETS ? bucket : SMK_VIEW_LATENCY_BUCKETS - 1;
}

uint32_t smk_view_store_route(struct smk_view_store *store, uint32_t route)
{
    struct smk_view_table *table = &store->table;
    uint32_t index = smk_map_get(&table->by_route, route);
    if (index != SMK_MAP_NONE)
        return index;
    if (table->route_count >= ROUTES_MAX ||
        !smk_mem_grow(&store->mem, &table->routes, &table->route_capacity, table->route_count + 1u) ||
        !smk_map_put(&table->by_route, &store->mem, route, table->route_count))
        return SMK_MAP_NONE;
    table->routes[table->route_count] = (struct smk_view_route){.route = route};
    return table->route_count++;
}

void smk_view_store_table_end(struct smk_view_store *store)
{
    struct smk_view_table *table = &store->table;
    if (table->pending_count == 0)
        return;
    if (!smk_mem_grow(&store->mem, &table->blocks, &table->block_capacity, table->block_count + 1u))
        return;
    struct smk_view_request_block *block = &table->blocks[table->block_count];
    size_t size = table->pending_count * sizeof(*table->pending);
    *block = (struct smk_view_request_block){.from = UINT64_MAX, .id_low = UINT64_MAX, .count = table->pending_count};
    for (uint32_t i = 0; i < table->pending_count; i++) {
        const struct smk_view_request *request = &table->pending[i];
        block->from = smk_min_u64(block->from, request->from);
        block->to = smk_max_u64(block->to, request->to);
        block->id_low = smk_min_u64(block->id_low, request->id);
        block->id_high = smk_max_u64(block->id_high, request->id);
        block->longest = smk_max_u64(block->longest, request->to - request->from);
    }
    block->crc = smk_crc32c(0, table->pending, size);
    block->offset = smk_view_file_put(&store->file, table->pending, size);
    if (block->offset != UINT64_MAX)
        table->block_count++;
    table->pending_count = 0;
}

void smk_view_store_request(struct smk_view_store *store, const struct smk_view_request *request)
{
    struct smk_view_table *table = &store->table;
    uint32_t route = smk_view_store_route(store, request->route);
    if (route == SMK_MAP_NONE) {
        store->refused++;
    } else {
        table->routes[route].count++;
        if (!request->open && !request->begin_unseen) {
            table->routes[route].counts[smk_view_latency_bucket(request->to - request->from)]++;
            table->routes[route].max_ns = smk_max_u64(table->routes[route].max_ns, request->to - request->from);
        }
    }
    table->pending[table->pending_count++] = *request;
    table->count++;
    if (table->pending_count == SMK_VIEW_TABLE_ITEMS)
        smk_view_store_table_end(store);
}

/* ---- the overview --------------------------------------------------------------------------------------- */

void smk_view_store_dense(struct smk_view_store *store, uint32_t class_number, uint64_t from, uint64_t to)
{
    struct smk_view_density_sums *density = &store->density;
    uint64_t *part = density->part + (size_t)class_number * SMK_VIEW_COLUMNS;
    int64_t *whole = density->whole + (size_t)class_number * SMK_VIEW_COLUMNS;
    from = smk_min_u64(smk_max_u64(from, store->origin), store->end) - store->origin;
    to = smk_min_u64(smk_max_u64(to, store->origin), store->end) - store->origin;
    if (from >= to)
        return;
    uint64_t first = from / density->width, last = to / density->width;
    if (first == last) {
        part[first] += to - from;
        return;
    }
    part[first] += (first + 1) * density->width - from;
    if (last < SMK_VIEW_COLUMNS) {
        part[last] += to - last * density->width;
        whole[last]--;
    }
    if (first + 1 < SMK_VIEW_COLUMNS)
        whole[first + 1]++;
}
