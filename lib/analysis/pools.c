#include "analysis/pools.h"

#include "base/sort.h"

static uint32_t pool_of(struct smk_pools *pools, struct smk_mem *mem, uint32_t site)
{
    uint32_t index = smk_map_get(&pools->by_site, site);
    if (index != SMK_MAP_NONE)
        return index;
    if (pools->count >= SMK_POOLS_MAX || !smk_mem_grow(mem, &pools->array, &pools->capacity, pools->count + 1u) ||
        !smk_map_put(&pools->by_site, mem, site, pools->count))
        return SMK_MAP_NONE;
    pools->array[pools->count] = (struct smk_pool){.site = site};
    return pools->count++;
}

static struct smk_pool_worker *worker_of(struct smk_pools *pools, struct smk_mem *mem, uint32_t thread)
{
    uint32_t index = smk_map_get(&pools->by_thread, thread);
    if (index != SMK_MAP_NONE)
        return &pools->threads[index];
    if (!mem || !smk_mem_grow(mem, &pools->threads, &pools->thread_capacity, pools->thread_count + 1u) ||
        !smk_map_put(&pools->by_thread, mem, thread, pools->thread_count))
        return NULL;
    pools->threads[pools->thread_count] = (struct smk_pool_worker){.pool = SMK_MAP_NONE};
    return &pools->threads[pools->thread_count++];
}

void smk_pools_take(struct smk_pools *pools, struct smk_mem *mem, uint32_t thread, uint32_t site, uint64_t time,
                    uint64_t ns, uint64_t request)
{
    if (time < pools->from)
        return;
    smk_pools_done(pools, mem, thread, time);
    uint64_t begin = smk_max_u64(time - smk_min_u64(ns, time), pools->from);
    uint32_t index = pool_of(pools, mem, site);
    struct smk_pool_worker *worker = worker_of(pools, mem, thread);
    if (index == SMK_MAP_NONE || !worker)
        return;
    struct smk_pool *pool = &pools->array[index];
    uint64_t pair = smk_map_pair(index, thread);
    if (smk_map_get(&pools->by_worker, pair) == SMK_MAP_NONE && smk_map_put(&pools->by_worker, mem, pair, 0))
        pool->workers++;
    *worker = (struct smk_pool_worker){.pool = index, .since = time};
    pool->count++;
    pool->queued += time - begin;
    if (time - begin >= pool->max) {
        pool->max = time - begin;
        pool->max_begin = begin;
        pool->max_request = request;
    }
    if (pools->queued_count < pools->keep &&
        smk_mem_grow(mem, &pools->queued, &pools->queued_capacity, pools->queued_count + 1u))
        pools->queued[pools->queued_count++] = (struct smk_pool_span){begin, time, 0, index, 0};
}

void smk_pools_waited(struct smk_pools *pools, uint32_t thread, bool is_lock, uint32_t id, uint64_t ns)
{
    struct smk_pool_worker *worker = pools->count ? worker_of(pools, NULL, thread) : NULL;
    if (!worker || worker->pool == SMK_MAP_NONE)
        return;
    struct smk_pool *pool = &pools->array[worker->pool];
    uint32_t i = 0;
    worker->waited += ns;
    while (i < pool->wait_count && (pool->waits[i].id != id || pool->waits[i].is_lock != is_lock))
        i++;
    if (i == SMK_POOL_WAITS)
        return;
    if (i == pool->wait_count)
        pool->waits[pool->wait_count++] = (struct smk_pool_wait){is_lock, id, 0};
    pool->waits[i].ns += ns;
}

void smk_pools_done(struct smk_pools *pools, struct smk_mem *mem, uint32_t thread, uint64_t time)
{
    struct smk_pool_worker *worker = pools->count ? worker_of(pools, NULL, thread) : NULL;
    if (!worker || worker->pool == SMK_MAP_NONE)
        return;
    if (pools->busy_count < pools->keep &&
        smk_mem_grow(mem, &pools->busy, &pools->busy_capacity, pools->busy_count + 1u))
        pools->busy[pools->busy_count++] =
            (struct smk_pool_span){worker->since, time, smk_min_u64(worker->waited, time - worker->since),
                                   worker->pool, 0};
    worker->pool = SMK_MAP_NONE;
}

void smk_pools_forget(struct smk_pools *pools)
{
    for (uint32_t i = 0; i < pools->thread_count; i++)
        pools->threads[i].pool = SMK_MAP_NONE;
}

/* ---- what the workers did while requests queued --------------------------------------------------------- */

static bool earlier(const void *a, const void *b)
{
    const struct smk_pool_span *x = a, *y = b;
    return x->pool != y->pool ? x->pool < y->pool : x->begin < y->begin;
}

/* Spans that overlap become one: how many are left. */
static uint32_t unite(struct smk_pool_span *spans, uint32_t count)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct smk_pool_span *last = kept ? &spans[kept - 1] : NULL;
        if (last && last->pool == spans[i].pool && spans[i].begin <= last->end)
            last->end = smk_max_u64(last->end, spans[i].end);
        else
            spans[kept++] = spans[i];
    }
    return kept;
}

/* The first of a pool's united spans that ends behind `time`. */
static uint32_t first_behind(const struct smk_pools *pools, uint32_t pool, uint64_t time)
{
    uint32_t low = 0, high = pools->queued_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct smk_pool_span *span = &pools->queued[middle];
        if (span->pool < pool || (span->pool == pool && span->end <= time))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void smk_pools_conclude(struct smk_pools *pools)
{
    smk_sort(pools->queued, pools->queued_count, sizeof(*pools->queued), earlier);
    pools->queued_count = unite(pools->queued, pools->queued_count);
    for (uint32_t i = 0; i < pools->queued_count; i++)
        pools->array[pools->queued[i].pool].lasted += pools->queued[i].end - pools->queued[i].begin;
    for (uint32_t i = 0; i < pools->busy_count; i++) {
        const struct smk_pool_span *busy = &pools->busy[i];
        struct smk_pool *pool = &pools->array[busy->pool];
        uint64_t length = busy->end - busy->begin, inside = 0;
        for (uint32_t k = first_behind(pools, busy->pool, busy->begin);
             k < pools->queued_count && pools->queued[k].pool == busy->pool && pools->queued[k].begin < busy->end; k++)
            inside += smk_min_u64(pools->queued[k].end, busy->end) - smk_max_u64(pools->queued[k].begin, busy->begin);
        pool->busy += inside;
        pool->waited += length ? (uint64_t)((__uint128_t)busy->waited * inside / length) : 0;
    }
}

void smk_pools_free(struct smk_pools *pools, struct smk_mem *mem)
{
    smk_mem_free(mem, pools->array, pools->capacity * sizeof(*pools->array));
    smk_mem_free(mem, pools->threads, pools->thread_capacity * sizeof(*pools->threads));
    smk_mem_free(mem, pools->queued, pools->queued_capacity * sizeof(*pools->queued));
    smk_mem_free(mem, pools->busy, pools->busy_capacity * sizeof(*pools->busy));
    smk_map_free(&pools->by_site, mem);
    smk_map_free(&pools->by_worker, mem);
    smk_map_free(&pools->by_thread, mem);
    *pools = (struct smk_pools){0};
}
