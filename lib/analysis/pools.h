/* pools.h: pools of threads that take requests out of a queue: how long requests stood in it, and what the threads did
 * meanwhile.
 *
 * A pool is a site of handoffs; its workers are the threads that took one. From a handoff on a worker is busy, until it
 * leaves the request. Handoffs come in order of their ends.
 *
 * Bounds: SMK_POOLS_MAX pools, `keep` handoffs and stretches; what is beyond is not looked at.
 *
 * One thread at a time. Since 0.1.
 */
#ifndef SMK_ANALYSIS_POOLS_H
#define SMK_ANALYSIS_POOLS_H

#include "analysis/map.h"
#include "base/mem.h"

#define SMK_POOLS_MAX  256u
#define SMK_POOL_WAITS 16u

/* What workers waited for in requests. */
struct smk_pool_wait {
    bool is_lock;
    uint32_t id; /* of the lock, or of the sum of calls */
    uint64_t ns;
};

struct smk_pool {
    uint32_t site, workers;
    uint64_t queued, count, max, max_begin, max_request; /* of the handoffs; max_request with its process */
    uint32_t wait_count;
    struct smk_pool_wait waits[SMK_POOL_WAITS];
    /* Worked out: */
    uint64_t lasted;        /* ns in which at least one request stood in the queue */
    uint64_t busy, waited;  /* ns of all workers in that time; of it they waited */
};

struct smk_pool_span {
    uint64_t begin, end;
    uint64_t waited; /* of a busy one */
    uint32_t pool, unused;
};

struct smk_pool_worker {
    uint32_t pool; /* that its request came from; SMK_MAP_NONE: it has none */
    uint64_t since, waited;
};

struct smk_pools {
    uint64_t from; /* the window's begin */
    uint32_t keep;
    struct smk_pool *array;
    uint32_t count, capacity;
    struct smk_map by_site;
    struct smk_map by_worker; /* pool and thread */
    struct smk_pool_worker *threads;
    uint32_t thread_count, thread_capacity;
    struct smk_map by_thread;
    struct smk_pool_span *queued, *busy;
    uint32_t queued_count, queued_capacity, busy_count, busy_capacity;
};

/* The thread took a request that had stood in the queue of this site in [time - ns, time]. */
void smk_pools_take(struct smk_pools *pools, struct smk_mem *mem, uint32_t thread, uint32_t site, uint64_t time,
                    uint64_t ns, uint64_t request);
/* It waited for a lock or in a call. */
void smk_pools_waited(struct smk_pools *pools, uint32_t thread, bool is_lock, uint32_t id, uint64_t ns);
/* It works for no request any more. */
void smk_pools_done(struct smk_pools *pools, struct smk_mem *mem, uint32_t thread, uint64_t time);
/* Requests are not recorded for a while: whom threads work for is not known any more. */
void smk_pools_forget(struct smk_pools *pools);
/* After the last event. */
void smk_pools_conclude(struct smk_pools *pools);
void smk_pools_free(struct smk_pools *pools, struct smk_mem *mem);

#endif
