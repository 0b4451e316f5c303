/* gotrace_stream.c: what a thread did, in order: gotrace.h says how.
 *
 * A thread that does not run is on no P, and what is said on its P then is goroutine 0's. Wakes and logs may be: the
 * reader takes it as the network poller's. Regions may not, and are put off until the thread runs.
 */
#include <string.h>

#include "export/gotrace.h"

/* ---- writing -------------------------------------------------------------------------------------------- */

static void put(struct gotrace *to, struct gotrace_thread *thread, uint64_t time, enum gotrace_event event,
                unsigned count, const uint64_t *numbers)
{
    uint64_t all[6] = {time - thread->written};
    for (unsigned i = 0; i < count; i++)
        all[i + 1] = numbers[i];
    thread->written = time;
    gotrace_put(to, event, count + 1, all);
}

static void put_region(struct gotrace *to, struct gotrace_thread *thread, uint64_t time,
                       const struct gotrace_region *region, uint64_t mode)
{
    put(to, thread, time, GO_REGION, 4, (uint64_t[]){region->task, mode, region->name, region->stack});
}

static void begin_region(struct gotrace *to, struct gotrace_thread *thread, const struct gotrace_record *record)
{
    if (!thread->regions)
        thread->regions = smk_mem_new(&to->exporter->mem, GOTRACE_REGIONS * sizeof(*thread->regions));
    if (thread->depth >= GOTRACE_REGIONS || !thread->regions)
        return;
    struct gotrace_region *region = &thread->regions[thread->depth++];
    *region = (struct gotrace_region){record->number, record->name, record->stack, thread->runs};
    if (thread->runs)
        put_region(to, thread, record->time, region, 0);
}

static void end_region(struct gotrace *to, struct gotrace_thread *thread, uint64_t time)
{
    if (thread->depth == 0)
        return;
    const struct gotrace_region *region = &thread->regions[--thread->depth];
    if (region->written)
        put_region(to, thread, time, region, 1);
}

static void end_regions(struct gotrace *to, struct gotrace_thread *thread, uint64_t time)
{
    for (; thread->late > 0; thread->late--)
        end_region(to, thread, time);
}

static void start(struct gotrace *to, struct gotrace_thread *thread, uint64_t time)
{
    put(to, thread, time, GO_START, 1, (uint64_t[]){thread->goroutine});
    thread->sequence += thread->blocks ? 2 : 1; /* the wake, whoever wrote it, and this */
    thread->blocks = false;
    thread->runs = true;
    end_regions(to, thread, time);
}

static void wake(struct gotrace *to, struct gotrace_thread *thread, const struct gotrace_record *record)
{
    if (record->by_syscall)
        put(to, thread, record->time, GO_SYSCALL_EXIT, 3, (uint64_t[]){record->number, thread->sequence, 0});
    else
        put(to, thread, record->time, GO_UNBLOCK, 2, (uint64_t[]){record->number, record->stack});
}

static void stop(struct gotrace *to, struct gotrace_thread *thread, const struct gotrace_record *record)
{
    uint64_t stack = record->stack;
    thread->runs = false;
    thread->blocks = record->event != GO_PREEMPT;
    if (record->event == GO_SYSCALL) {
        put(to, thread, record->time, GO_SYSCALL, 1, &stack);
        put(to, thread, record->time, GO_SYSCALL_BLOCK, 0, NULL);
    } else {
        put(to, thread, record->time, (enum gotrace_event)record->event, record->event == GO_END ? 0 : 1, &stack);
    }
}

static void begin(struct gotrace *to, struct gotrace_thread *thread, uint64_t time)
{
    put(to, thread, time, GO_PROC_START, 1, (uint64_t[]){thread->tid});
    put(to, thread, time, GO_CREATE, 3, (uint64_t[]){thread->goroutine, thread->name_stack, thread->name_stack});
    thread->sequence = 1;
}

static void write_log(struct gotrace *to, struct gotrace_thread *thread, const struct gotrace_record *record)
{
    static const uint8_t no_text = 0;
    put(to, thread, record->time, GO_LOG, 3, (uint64_t[]){record->number, record->name, record->stack});
    smk_out_bytes(&to->exporter->out, &no_text, 1);
}

static void write_record(struct gotrace *to, struct gotrace_thread *thread, const struct gotrace_record *record)
{
    switch (record->event) {
    case GO_CREATE:
        begin(to, thread, record->time);
        break;
    case GO_PROC_STOP:
        put(to, thread, record->time, GO_PROC_STOP, 0, NULL);
        break;
    case GO_RECORD_WAKE:
    case GO_UNBLOCK:
        wake(to, thread, record);
        break;
    case GO_START:
        start(to, thread, record->time);
        break;
    case GO_RECORD_REGION_BEGIN:
        begin_region(to, thread, record);
        break;
    case GO_RECORD_REGION_END:
        thread->late++;
        if (thread->runs)
            end_regions(to, thread, record->time);
        break;
    case GO_RECORD_MET: /* its wait's end was not told in time */
        break;
    case GO_LOG:
        write_log(to, thread, record);
        break;
    default:
        stop(to, thread, record);
    }
}

/* The oldest `count` records, as a batch. */
static void flush(struct gotrace *to, struct gotrace_thread *thread, uint32_t count)
{
    if (count == 0)
        return;
    uint64_t from = smk_max_u64(thread->written, thread->queue[0].time);
    gotrace_put(to, GO_BATCH, 2, (uint64_t[]){thread->proc, from});
    thread->written = from;
    for (uint32_t i = 0; i < count; i++)
        write_record(to, thread, &thread->queue[i]);
    thread->count -= count;
    memmove(thread->queue, thread->queue + count, thread->count * sizeof(*thread->queue));
}

static void let_go(struct gotrace *to, struct gotrace_thread *thread)
{
    struct smk_mem *mem = &to->exporter->mem;
    to->records -= thread->capacity;
    smk_mem_free(mem, thread->queue, thread->capacity * sizeof(*thread->queue));
    smk_mem_free(mem, thread->regions, thread->regions ? GOTRACE_REGIONS * sizeof(*thread->regions) : 0);
    thread->closed = true;
    thread->count = thread->capacity = 0;
    thread->queue = NULL;
    thread->regions = NULL;
}

void gotrace_close(struct gotrace *to, struct gotrace_thread *thread)
{
    flush(to, thread, thread->count);
    let_go(to, thread);
}

/* ---- the queue ------------------------------------------------------------------------------------------ */

/* Half of them, but not what may still have a state before it. */
static void write_half(struct gotrace *to, struct gotrace_thread *thread)
{
    uint32_t count = thread->count / 2;
    while (count > 0 && thread->queue[count - 1].time > thread->told)
        count--;
    if (count == 0) {
        thread->assumes = true;
        gotrace_assume_running(to, thread);
        thread->assumes = false;
        count = thread->count / 2;
    }
    flush(to, thread, count);
}

/* False: there is no memory. */
static bool make_room(struct gotrace *to, struct gotrace_thread *thread)
{
    uint32_t before = thread->capacity;
    if (thread->count + (thread->assumes ? 0 : GOTRACE_SPARE) < before)
        return true;
    if (before >= GOTRACE_QUEUE || (before >= GOTRACE_LEAST && to->records >= GOTRACE_RECORDS)) {
        write_half(to, thread);
        return true;
    }
    bool grown = smk_mem_grow(&to->exporter->mem, &thread->queue, &thread->capacity, before + GOTRACE_LEAST);
    to->records += thread->capacity - before;
    return grown;
}

static void insert(struct gotrace_thread *thread, const struct gotrace_record *record)
{
    uint32_t at = thread->count;
    while (at > 0 && (thread->queue[at - 1].time > record->time ||
                      (thread->queue[at - 1].time == record->time && thread->queue[at - 1].rank > record->rank)))
        at--;
    memmove(thread->queue + at + 1, thread->queue + at, (thread->count - at) * sizeof(*thread->queue));
    thread->queue[at] = *record;
    thread->count++;
}

void gotrace_record(struct gotrace *to, struct gotrace_thread *thread, struct gotrace_record record)
{
    if (thread->closed || !make_room(to, thread))
        return;
    record.time = smk_max_u64(record.time, thread->written);
    insert(thread, &record);
}

/* The first record at that time or later. */
static uint32_t record_at(const struct gotrace_thread *thread, uint64_t time)
{
    uint32_t low = 0, high = thread->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (thread->queue[middle].time < time)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool can_take(const struct gotrace_thread *waker, uint64_t time)
{
    return waker && waker->count + GOTRACE_SPARE < waker->capacity && time >= waker->written;
}

static void take_out(struct gotrace_thread *thread, uint32_t at)
{
    thread->count--;
    memmove(thread->queue + at, thread->queue + at + 1, (thread->count - at) * sizeof(*thread->queue));
}

/* From when the other let go the thread was ready; what told of its wait knows only when it ran again. */
static void give_wake(struct gotrace *to, struct gotrace_thread *sleeper, uint32_t at,
                      const struct gotrace_record *met)
{
    struct gotrace_record given = sleeper->queue[at];
    uint32_t index = smk_map_get(&to->by_serial, met->number);
    struct gotrace_thread *waker = index != SMK_MAP_NONE ? to->threads[index] : NULL;
    take_out(sleeper, at);
    given.stack = met->stack;
    given.event = GO_UNBLOCK;
    given.time = smk_min_u64(given.time, smk_max_u64(met->time, given.blocked));
    if (waker == sleeper || !can_take(waker, given.time)) {
        gotrace_record(to, sleeper, given);
        return;
    }
    given.rank = GO_RANK_RUNS;
    insert(waker, &given);
}

/* A thread may be woken for nothing before, and sleep on. */
void gotrace_met(struct gotrace *to, struct gotrace_thread *sleeper, const struct gotrace_record *met)
{
    for (uint32_t i = record_at(sleeper, met->time); i < sleeper->count; i++) {
        const struct gotrace_record *record = &sleeper->queue[i];
        if (record->event == GO_RECORD_WAKE && record->wait == met->wait && !record->by_syscall) {
            give_wake(to, sleeper, i, met);
            return;
        }
    }
    gotrace_record(to, sleeper, *met);
}

void gotrace_wake(struct gotrace *to, struct gotrace_thread *sleeper, const struct gotrace_record *wake)
{
    gotrace_record(to, sleeper, *wake);
    for (uint32_t i = record_at(sleeper, wake->wait); i < sleeper->count; i++) {
        struct gotrace_record met = sleeper->queue[i];
        if (met.time > wake->time)
            return;
        if (met.event != GO_RECORD_MET || met.wait != wake->wait || wake->by_syscall)
            continue;
        take_out(sleeper, i);
        gotrace_met(to, sleeper, &met);
        return;
    }
}

/* ---- threads -------------------------------------------------------------------------------------------- */

static struct gotrace_thread *add_thread(struct gotrace *to, uint32_t serial, uint32_t process)
{
    struct smk_mem *mem = &to->exporter->mem;
    struct smk_export_text name;
    struct gotrace_thread *thread = smk_mem_new(mem, sizeof(*thread));
    if (!thread)
        return NULL;
    if (!smk_mem_grow(mem, &to->threads, &to->thread_capacity, to->thread_count + 1u) ||
        !smk_map_put(&to->by_serial, mem, serial, to->thread_count)) {
        smk_mem_free(mem, thread, sizeof(*thread));
        return NULL;
    }
    thread->serial = serial;
    thread->process = process;
    thread->tid = smk_export_tid_of(to->exporter, serial);
    thread->proc = to->thread_count;
    thread->exit = UINT64_MAX;
    bool own_tid = thread->tid && smk_map_get(&to->goroutines, thread->tid) == SMK_MAP_NONE;
    if (own_tid)
        smk_map_put(&to->goroutines, mem, thread->tid, 0);
    thread->goroutine = own_tid ? thread->tid : (UINT64_C(1) << 32) + serial;
    thread->name_stack = gotrace_place(to, smk_export_thread(to->exporter, &name, serial), "", 0);
    to->threads[to->thread_count++] = thread;
    return thread;
}

struct gotrace_thread *gotrace_thread_of(struct gotrace *to, uint32_t serial, uint32_t process)
{
    uint32_t index = smk_map_get(&to->by_serial, serial);
    return index != SMK_MAP_NONE ? to->threads[index] : add_thread(to, serial, process);
}

void gotrace_threads_free(struct gotrace *to)
{
    struct smk_mem *mem = &to->exporter->mem;
    for (uint32_t i = 0; i < to->thread_count; i++) {
        let_go(to, to->threads[i]);
        smk_mem_free(mem, to->threads[i], sizeof(*to->threads[i]));
    }
    smk_mem_free(mem, to->threads, to->thread_capacity * sizeof(*to->threads));
    smk_map_free(&to->by_serial, mem);
    smk_map_free(&to->goroutines, mem);
}
