/* memory.h: what a trace says of memory: large blocks by who asked for them, major faults by where they
 * were, the process's own counters, and what the kernel counted for slow requests, by route.
 *
 * One thread at a time. Since 0.1.
 */
#ifndef SMK_ANALYSIS_MEMORY_H
#define SMK_ANALYSIS_MEMORY_H

#include "analysis/map.h"
#include "base/mem.h"
#include "stallmark/reader.h"

/* Large blocks that one stack asked for. */
struct smk_alloc_sum {
    uint32_t stack, call;
    uint64_t count, bytes, largest;
    uint64_t ns, longest;          /* of the calls */
    uint64_t ended, lived;         /* blocks whose end was seen, and ns that they lived together */
};

struct smk_fault_sum {
    uint32_t stack;
    uint64_t count;
};

/* A figure of the process. */
struct smk_counter_sum {
    uint32_t name, process;
    uint64_t count;
    int64_t first, last, least, most;
};

struct smk_cost_sum {
    uint32_t route; /* index in smk_latency.routes */
    uint64_t requests, bounds; /* bounds: of which only a bound is known */
    uint64_t minor, major, system, user; /* ns */
    uint64_t most_minor, most_system;
};

struct smk_memory {
    uint64_t from; /* the window's begin */
    struct smk_alloc_sum *allocs;
    uint32_t alloc_count, alloc_capacity;
    struct smk_map alloc_by_stack;
    struct smk_fault_sum *faults;
    uint32_t fault_count, fault_capacity;
    struct smk_map fault_by_stack;
    struct smk_counter_sum *counters;
    uint32_t counter_count, counter_capacity;
    struct smk_map counter_by_name;
    struct smk_cost_sum *costs;
    uint32_t cost_count, cost_capacity;
    struct smk_map cost_by_route;
    uint64_t blocks, bytes, major_faults;
};

void smk_memory_free(struct smk_memory *memory, struct smk_mem *mem);

/* Takes up what is about memory; `route`: of the request that a request_cost is about, SMK_MAP_NONE: unknown. */
void smk_memory_event(struct smk_memory *memory, struct smk_mem *mem, const smk_event *event, uint32_t route);

/* In order of bytes, and of faults. After the last event. */
void smk_memory_sort(struct smk_memory *memory);

/* The counter of that name, of all processes together: sums, so that of several `least` and `most` bound what
 * they had at one moment. Returns how many processes have it; 0: none, and `sum` is zero. */
uint32_t smk_memory_counter(const struct smk_memory *memory, smk_trace *trace, const char *name,
                            struct smk_counter_sum *sum);

#endif
