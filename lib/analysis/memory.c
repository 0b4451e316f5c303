#include "analysis/memory.h"

#include <string.h>

#include "base/sort.h"
#include "format/events.h"

static uint64_t arg(const smk_event *event, unsigned number)
{
    return number < event->arg_count ? event->args[number] : 0;
}

/* The number of the key's entry in an array that grows, a new one if need be; SMK_MAP_NONE: no memory. */
#define INDEX(map, mem, key, array, count, capacity, ...)                                          \
    __extension__({                                                                                \
        uint32_t at_ = smk_map_get((map), (key));                                                  \
        if (at_ == SMK_MAP_NONE && smk_mem_grow((mem), &(array), &(capacity), (count) + 1u) &&     \
            smk_map_put((map), (mem), (key), (count))) {                                           \
            at_ = (count)++;                                                                       \
            (array)[at_] = (__typeof__((array)[0])){__VA_ARGS__};                                  \
        }                                                                                          \
        at_;                                                                                       \
    })

static struct smk_alloc_sum *alloc_of(struct smk_memory *m, struct smk_mem *mem, uint32_t stack, uint32_t call)
{
    uint32_t at = INDEX(&m->alloc_by_stack, mem, stack, m->allocs, m->alloc_count, m->alloc_capacity,
                        .stack = stack, .call = call);
    return at == SMK_MAP_NONE ? NULL : &m->allocs[at];
}

static void on_alloc(struct smk_memory *m, struct smk_mem *mem, const smk_event *event)
{
    struct smk_alloc_sum *sum = alloc_of(m, mem, (uint32_t)arg(event, 0), (uint32_t)arg(event, 2));
    if (!sum)
        return;
    sum->count++;
    sum->bytes += arg(event, 4);
    sum->largest = smk_max_u64(sum->largest, arg(event, 4));
    sum->ns += arg(event, 1);
    sum->longest = smk_max_u64(sum->longest, arg(event, 1));
    m->blocks++;
    m->bytes += arg(event, 4);
}

/* The block's begin may lie before the window: then nobody asked for it in it. */
static void on_free(struct smk_memory *m, const smk_event *event)
{
    uint32_t at = smk_map_get(&m->alloc_by_stack, (uint32_t)arg(event, 0));
    if (at == SMK_MAP_NONE || m->allocs[at].ended == m->allocs[at].count)
        return;
    m->allocs[at].ended++;
    m->allocs[at].lived += arg(event, 5);
}

static void on_fault(struct smk_memory *m, struct smk_mem *mem, const smk_event *event)
{
    uint32_t stack = (uint32_t)arg(event, 0);
    uint32_t at = INDEX(&m->fault_by_stack, mem, stack, m->faults, m->fault_count, m->fault_capacity,
                        .stack = stack);
    if (at == SMK_MAP_NONE)
        return;
    m->faults[at].count++;
    m->major_faults++;
}

static void on_counter(struct smk_memory *m, struct smk_mem *mem, const smk_event *event)
{
    uint32_t name = (uint32_t)arg(event, 0);
    int64_t value = (int64_t)arg(event, 1);
    uint64_t key = smk_map_pair(event->process, name);
    uint32_t at = INDEX(&m->counter_by_name, mem, key, m->counters, m->counter_count, m->counter_capacity,
                        .name = name, .process = event->process, .first = value, .least = value, .most = value);
    if (at == SMK_MAP_NONE)
        return;
    struct smk_counter_sum *sum = &m->counters[at];
    sum->count++;
    sum->last = value;
    sum->least = value < sum->least ? value : sum->least;
    sum->most = value > sum->most ? value : sum->most;
}

static void on_cost(struct smk_memory *m, struct smk_mem *mem, const smk_event *event, uint32_t route)
{
    uint32_t at = route == SMK_MAP_NONE ? SMK_MAP_NONE
                                        : INDEX(&m->cost_by_route, mem, route, m->costs, m->cost_count,
                                                m->cost_capacity, .route = route);
    if (at == SMK_MAP_NONE)
        return;
    struct smk_cost_sum *sum = &m->costs[at];
    sum->requests++;
    sum->bounds += arg(event, 0) == SMK_COST_BOUND;
    sum->minor += arg(event, 3);
    sum->major += arg(event, 4);
    sum->system += arg(event, 5);
    sum->user += arg(event, 6);
    sum->most_minor = smk_max_u64(sum->most_minor, arg(event, 3));
    sum->most_system = smk_max_u64(sum->most_system, arg(event, 5));
}

void smk_memory_event(struct smk_memory *memory, struct smk_mem *mem, const smk_event *event, uint32_t route)
{
    if (event->time < memory->from)
        return;
    switch (event->id) {
    case SMK_EV_ALLOC_LARGE:
        on_alloc(memory, mem, event);
        break;
    case SMK_EV_FREE_LARGE:
        on_free(memory, event);
        break;
    case SMK_EV_MAJOR_FAULT:
        on_fault(memory, mem, event);
        break;
    case SMK_EV_PROCESS_COUNTER:
        on_counter(memory, mem, event);
        break;
    case SMK_EV_REQUEST_COST:
        on_cost(memory, mem, event, route);
        break;
    default:
        break;
    }
}

static bool more_bytes(const void *a, const void *b)
{
    const struct smk_alloc_sum *x = a, *y = b;
    return x->bytes > y->bytes;
}

static bool more_faults(const void *a, const void *b)
{
    const struct smk_fault_sum *x = a, *y = b;
    return x->count > y->count;
}

static bool more_system(const void *a, const void *b)
{
    const struct smk_cost_sum *x = a, *y = b;
    return x->system + x->user > y->system + y->user;
}

void smk_memory_sort(struct smk_memory *memory)
{
    smk_sort(memory->allocs, memory->alloc_count, sizeof(*memory->allocs), more_bytes);
    smk_sort(memory->faults, memory->fault_count, sizeof(*memory->faults), more_faults);
    smk_sort(memory->costs, memory->cost_count, sizeof(*memory->costs), more_system);
}

uint32_t smk_memory_counter(const struct smk_memory *memory, smk_trace *trace, const char *name,
                            struct smk_counter_sum *sum)
{
    uint32_t processes = 0;
    *sum = (struct smk_counter_sum){0};
    for (uint32_t i = 0; i < memory->counter_count; i++) {
        const struct smk_counter_sum *one = &memory->counters[i];
        const char *text = smk_trace_string(trace, one->name);
        if (!text || strcmp(text, name) != 0)
            continue;
        processes++;
        sum->count += one->count;
        sum->first += one->first;
        sum->last += one->last;
        sum->least += one->least;
        sum->most += one->most;
    }
    return processes;
}

void smk_memory_free(struct smk_memory *memory, struct smk_mem *mem)
{
    smk_mem_free(mem, memory->allocs, memory->alloc_capacity * sizeof(*memory->allocs));
    smk_mem_free(mem, memory->faults, memory->fault_capacity * sizeof(*memory->faults));
    smk_mem_free(mem, memory->counters, memory->counter_capacity * sizeof(*memory->counters));
    smk_mem_free(mem, memory->costs, memory->cost_capacity * sizeof(*memory->costs));
    smk_map_free(&memory->alloc_by_stack, mem);
    smk_map_free(&memory->fault_by_stack, mem);
    smk_map_free(&memory->counter_by_name, mem);
    smk_map_free(&memory->cost_by_route, mem);
    *memory = (struct smk_memory){0};
}
