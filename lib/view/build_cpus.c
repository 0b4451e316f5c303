/* build_cpus.c: which thread ran on a CPU, as rows.
 *
 * A thread's time is told when it is known, so what ran on one CPU comes in no order: it is gathered into runs that are
 * sorted and written, and the runs are merged when the pass is over (Knuth, volume 3, 5.4: multiway merging).
 */
#include <string.h>

#include "base/sort.h"
#include "view/builder.h"

/* Processes of one machine share its CPUs: they go by the first one of it. */
static uint32_t machine_of(const struct smk_view_builder *builder, uint32_t process)
{
    const smk_process_info *info = smk_trace_process_at(builder->trace, process), *other;
    for (uint32_t i = 0; i < process && (other = smk_trace_process_at(builder->trace, i)) != NULL; i++)
        if (strcmp(other->host, info->host) == 0)
            return i;
    return process;
}

static struct smk_view_cpu *cpu_of(struct smk_view_builder *builder, uint32_t process, uint32_t number)
{
    if (builder->last_cpu && builder->last_cpu->number == number && builder->last_cpu->process == process)
        return builder->last_cpu;
    uint32_t machine = builder->several ? machine_of(builder, process) : 0;
    for (uint32_t i = 0; i < builder->cpu_count; i++)
        if (builder->cpus[i].number == number && builder->cpus[i].machine == machine) {
            builder->cpus[i].process = process;
            return builder->last_cpu = &builder->cpus[i];
        }
    if (builder->cpu_count == SMK_VIEW_CPUS_MAX ||
        !smk_mem_grow(&builder->store->mem, &builder->cpus, &builder->cpu_capacity, builder->cpu_count + 1u)) {
        builder->store->refused++;
        return NULL;
    }
    struct smk_view_cpu *cpu = &builder->cpus[builder->cpu_count++];
    *cpu = (struct smk_view_cpu){.number = number, .machine = machine, .process = process};
    return builder->last_cpu = cpu;
}

/* ---- runs ----------------------------------------------------------------------------------------------- */

static void entry_of(struct smk_view_entry *entry, const struct smk_view_ran *ran, uint64_t after)
{
    uint64_t from = smk_max_u64(ran->from, after);
    *entry = (struct smk_view_entry){.from = from,
                                     .to = smk_max_u64(ran->to, from),
                                     .request = ran->request,
                                     .label = smk_view_label_of(SMK_VIEW_LABEL_THREAD, ran->thread),
                                     .look = SMK_SPAN_RUNNING};
}

/* Two that are in order, behind each other, become one. */
static void merge_two(const struct smk_view_ran *from, uint32_t left, uint32_t right, uint32_t end,
                      struct smk_view_ran *to)
{
    for (uint32_t a = left, b = right, i = left; i < end; i++)
        to[i] = b >= end || (a < right && from[a].from <= from[b].from) ? from[a++] : from[b++];
}

/* By merging, which is several times as fast here as smk_sort, and has room. Where they are is returned. */
static struct smk_view_ran *sort_run(struct smk_view_ran *array, struct smk_view_ran *other, uint32_t count)
{
    for (uint32_t size = 1; size < count; size *= 2) {
        for (uint32_t left = 0; left < count; left += 2 * size) {
            uint32_t right = (uint32_t)smk_min_u64(left + size, count);
            uint32_t end = (uint32_t)smk_min_u64(right + size, count);
            merge_two(array, left, right, end, other);
        }
        struct smk_view_ran *sorted = other;
        other = array;
        array = sorted;
    }
    return array;
}

/* Blocks as a row has them, and the number of the run in their `first`. */
static void write_run(struct smk_view_builder *builder, struct smk_view_cpu *cpu)
{
    uint8_t data[1 + SMK_VIEW_BLOCK_ITEMS * SMK_VIEW_ENTRY_MAX];
    uint64_t after = 0;
    struct smk_mem *mem = &builder->store->mem;
    struct smk_view_ran *other = smk_mem_new(mem, cpu->count * sizeof(*other));
    const struct smk_view_ran *array = other ? sort_run(cpu->array, other, cpu->count) : cpu->array;
    for (uint32_t i = 0; i < cpu->count;) {
        struct smk_view_before before = {.to = smk_max_u64(array[i].from, after)};
        struct smk_view_block is = {.from = before.to, .first = i};
        uint8_t *at = data;
        *at++ = 0; /* no sums */
        for (; is.count < SMK_VIEW_BLOCK_ITEMS && i < cpu->count; i++, is.count++) {
            struct smk_view_entry entry;
            entry_of(&entry, &array[i], after);
            after = is.to = entry.to;
            at = smk_view_entry_put(at, &before, &entry);
        }
        smk_view_block_put(builder->store, &cpu->runs, data, (uint32_t)(at - data), &is);
    }
    smk_mem_free(mem, other, cpu->count * sizeof(*other));
    cpu->count = 0;
}

void smk_view_cpus_add(struct smk_view_builder *builder, const struct smk_span *span)
{
    struct smk_view_cpu *cpu = cpu_of(builder, span->process, span->cpu);
    if (!cpu || !smk_mem_grow(&builder->store->mem, &cpu->array, &cpu->capacity, cpu->count + 1u))
        return;
    cpu->array[cpu->count++] = (struct smk_view_ran){span->from, span->to, span->request, span->process, span->thread};
    if (cpu->count == SMK_VIEW_RUN_ITEMS)
        write_run(builder, cpu);
}

/* ---- merging -------------------------------------------------------------------------------------------- */

struct run {
    struct smk_view_line line; /* its blocks alone */
    struct smk_view_reader reader;
    struct smk_view_items items;
    struct smk_view_entry next;
};

static bool later(struct run *const *heap, uint32_t a, uint32_t b)
{
    return heap[a]->next.from > heap[b]->next.from;
}

static void sift(struct run **heap, uint32_t count, uint32_t root)
{
    for (uint32_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && later(heap, child, child + 1))
            child++;
        if (!later(heap, root, child))
            return;
        struct run *other = heap[root];
        heap[root] = heap[child];
        heap[child] = other;
    }
}

static uint32_t open_runs(struct smk_view_builder *builder, struct smk_view_cpu *cpu, struct run *runs,
                          struct run **heap)
{
    uint32_t count = 0, live = 0;
    for (uint32_t i = 0; i < cpu->runs.count;) {
        struct run *run = &runs[count++];
        uint32_t first = i++;
        while (i < cpu->runs.count && cpu->runs.array[i].first != 0)
            i++;
        run->line.blocks = (struct smk_view_blocks){&cpu->runs.array[first], i - first, i - first};
        smk_view_reader_begin(&run->reader, builder->store);
        smk_view_items_at(&run->items, &run->reader, &run->line, 0);
        if (smk_view_items_next(&run->items, &run->next))
            heap[live++] = run;
    }
    for (uint32_t i = live / 2; i > 0; i--)
        sift(heap, live, i - 1);
    return live;
}

/* Called by who holds the turn; others get it now and then. */
static int merge(struct smk_view_builder *builder, struct smk_view_line *line, struct run **heap, uint32_t live)
{
    struct smk_view_store *store = builder->store;
    for (uint64_t i = 1; live > 0; i++) {
        struct smk_view_entry entry = heap[0]->next;
        smk_view_store_item(store, line, &entry);
        if (!smk_view_items_next(&heap[0]->items, &heap[0]->next))
            heap[0] = heap[--live];
        sift(heap, live, 0);
        if (i % SMK_VIEW_BATCH != 0)
            continue;
        smk_view_store_relieve(store);
        smk_view_turn_offer(&store->turns);
        int result = smk_view_store_failed(store);
        if (result != 0)
            return result;
    }
    return 0;
}

static uint32_t run_count(const struct smk_view_cpu *cpu)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < cpu->runs.count; i++)
        count += cpu->runs.array[i].first == 0;
    return count;
}

static int end_cpu(struct smk_view_builder *builder, struct smk_view_cpu *cpu)
{
    struct smk_mem *mem = &builder->store->mem;
    struct smk_view_row is = {.process = cpu->machine, .parent = SMK_VIEW_NONE, .depth = cpu->number,
                              .kind = SMK_VIEW_CPU};
    write_run(builder, cpu);
    uint32_t count = run_count(cpu);
    struct run *runs = smk_mem_new(mem, count * sizeof(*runs));
    struct run **heap = smk_mem_new(mem, count * sizeof(struct run *));
    struct smk_view_line *line = smk_view_store_row(builder->store, &is);
    int result = 0;
    if (runs && heap && line) {
        uint32_t live = open_runs(builder, cpu, runs, heap);
        result = merge(builder, line, heap, live);
    }
    for (uint32_t i = 0; runs && i < count; i++) {
        int read = smk_view_reader_end(&runs[i].reader);
        result = result == 0 ? read : result;
    }
    smk_mem_free(mem, heap, count * sizeof(struct run *));
    smk_mem_free(mem, runs, count * sizeof(*runs));
    return result != 0 ? result : smk_mem_failed(mem);
}

static bool cpu_before(const void *a, const void *b)
{
    const struct smk_view_cpu *x = a, *y = b;
    return x->machine != y->machine ? x->machine < y->machine : x->number < y->number;
}

int smk_view_cpus_end(struct smk_view_builder *builder)
{
    int result = 0;
    smk_sort(builder->cpus, builder->cpu_count, sizeof(*builder->cpus), cpu_before);
    for (uint32_t i = 0; i < builder->cpu_count && result == 0; i++)
        result = end_cpu(builder, &builder->cpus[i]);
    return result;
}

void smk_view_cpus_free(struct smk_view_builder *builder)
{
    struct smk_mem *mem = &builder->store->mem;
    for (uint32_t i = 0; i < builder->cpu_count; i++) {
        struct smk_view_cpu *cpu = &builder->cpus[i];
        smk_mem_free(mem, cpu->array, cpu->capacity * sizeof(*cpu->array));
        smk_mem_free(mem, cpu->runs.array, cpu->runs.capacity * sizeof(*cpu->runs.array));
    }
    smk_mem_free(mem, builder->cpus, builder->cpu_capacity * sizeof(*builder->cpus));
}
