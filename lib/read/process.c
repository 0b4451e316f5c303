/* process.c: the processes of a trace: which chunk is of which, their clocks on one time, what is told of
 * each. */
#include "base/errors.h"
#include "read/trace.h"

#include <string.h>

#define SAME_BOOT_NS 1000000000 /* how far the clocks' offsets may be apart where no boot's id is said */

/* ---- whose a chunk is ------------------------------------------------------------------------------------ */

static bool is_process(const struct smk_process *process, const struct smk_chunk *chunk)
{
    return process->id == chunk->process && process->capture == chunk->capture;
}

/* Two processes of one key are one in a million million, or made so: then each is looked at. */
static uint32_t find(const struct smk_trace *trace, const struct smk_chunk *chunk, uint64_t key)
{
    uint32_t place = smk_idmap_get(&trace->by_process, key);
    if (place == SMK_IDMAP_NONE ||
        (place < trace->process_count && is_process(&trace->processes[place], chunk)))
        return place;
    for (place = 0; place < trace->process_count; place++)
        if (is_process(&trace->processes[place], chunk))
            return place;
    return SMK_IDMAP_NONE;
}

static int add(struct smk_trace *trace, const struct smk_chunk *chunk, uint64_t key)
{
    uint32_t place = trace->process_count;
    if (!smk_mem_grow(&trace->mem, &trace->processes, &trace->process_capacity, (size_t)place + 1) ||
        !smk_idmap_put(&trace->by_process, &trace->mem, key, place))
        return smk_trace_no_memory(trace);
    trace->processes[place] = (struct smk_process){
        .capture = chunk->capture, .id = chunk->process, .info = {.process = place, .id = chunk->process}};
    trace->process_count++;
    return 0;
}

int smk_process_of(struct smk_trace *trace, const struct smk_chunk *chunk, uint32_t file, uint64_t offset,
                   uint16_t *process)
{
    uint32_t place = trace->last_process;
    if (SMK_UNLIKELY(place >= trace->process_count || !is_process(&trace->processes[place], chunk))) {
        uint64_t key = smk_hash_word(chunk->capture) ^ chunk->process;
        place = find(trace, chunk, key);
        if (place == SMK_IDMAP_NONE && trace->process_count == trace->max_processes)
            return smk_fail(SMK_E_LIMIT, "%s: offset %llu: a process beyond the %u that a trace may have",
                            trace->inputs[file].name, (unsigned long long)offset, trace->max_processes);
        if (place == SMK_IDMAP_NONE) {
            place = trace->process_count;
            int rc = add(trace, chunk, key);
            if (rc < 0)
                return rc;
        }
        trace->last_process = place;
    }
    trace->processes[place].info.chunks++;
    *process = (uint16_t)place;
    return 0;
}

void smk_process_drop(struct smk_trace *trace, const struct smk_chunk_ref *ref)
{
    /* The last chunk that was found goes; where it was its process's first, so does that. */
    if (--trace->processes[ref->process].info.chunks == 0)
        trace->process_count--;
}

void smk_processes_free(struct smk_trace *trace)
{
    for (uint32_t i = 0; i < trace->process_count; i++)
        smk_clocks_free(&trace->processes[i].clocks, &trace->mem);
    smk_mem_free(&trace->mem, trace->processes, trace->process_capacity * sizeof *trace->processes);
    smk_idmap_free(&trace->by_process, &trace->mem);
}

/* ---- facts ----------------------------------------------------------------------------------------------- */

static const char *text_of(const struct smk_trace *trace, const struct smk_process *process, const char *key)
{
    const char *text = smk_trace_process_fact(trace, process->info.process, key);
    return text ? text : "";
}

static bool number_of(const struct smk_trace *trace, const struct smk_process *process, const char *key,
                      uint64_t *value)
{
    const char *text = text_of(trace, process, key);
    uint64_t number = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        unsigned digit = (unsigned)(*text - '0');
        if (digit > 9 || number > (UINT64_MAX - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    *value = number;
    return true;
}

/* ns */
static double unit_length(const struct smk_trace *trace, const struct smk_process *process)
{
    uint64_t hz, shift;
    if (!number_of(trace, process, SMK_FACT_CLOCK_HZ, &hz) || hz == 0)
        hz = 1000000000u;
    if (!number_of(trace, process, SMK_FACT_CLOCK_SHIFT, &shift) || shift > 32)
        shift = 0;
    return (double)(UINT64_C(1) << shift) * 1e9 / (double)hz;
}

/* ---- one time for all ------------------------------------------------------------------------------------ */

/* CLOCK_REALTIME - CLOCK_MONOTONIC, ns; false: no clock pair says it. */
static bool clock_offset(const struct smk_process *process, int64_t *offset)
{
    if (process->clocks.count == 0)
        return false;
    *offset = (int64_t)(process->clocks.points[0].realtime - process->clocks.points[0].monotonic);
    return true;
}

/* By the boot's id; where one of them does not say it, by what the two clocks show: two boots come out
 * more than a second apart unless somebody set the clock. */
static bool same_boot(const struct smk_process *a, const struct smk_process *b)
{
    int64_t x, y;
    if (a->boot && b->boot)
        return strcmp(a->boot, b->boot) == 0;
    if (a->info.host[0] && b->info.host[0] && strcmp(a->info.host, b->info.host) != 0)
        return false;
    if (!clock_offset(a, &x) || !clock_offset(b, &y))
        return true;
    uint64_t apart = x > y ? (uint64_t)x - (uint64_t)y : (uint64_t)y - (uint64_t)x;
    return apart <= SAME_BOOT_NS;
}

static void find_boots(struct smk_trace *trace)
{
    struct smk_process *list = trace->processes;
    for (uint32_t i = 0; i < trace->process_count; i++) {
        const char *boot = text_of(trace, &list[i], SMK_FACT_BOOT);
        list[i].boot = boot[0] ? boot : NULL;
        list[i].info.host = text_of(trace, &list[i], SMK_FACT_HOST);
        list[i].leader = i;
        for (uint32_t k = 0; k < i && list[i].leader == i; k++)
            if (list[k].leader == k && same_boot(&list[k], &list[i]))
                list[i].leader = k;
    }
}

/* Time goes by the clock of the boot that began first, so that no process is moved to before it. */
static void move_clocks(struct smk_trace *trace)
{
    struct smk_process *list = trace->processes;
    int64_t first = 0, offset;
    uint32_t reference = SMK_IDMAP_NONE;
    for (uint32_t i = 0; i < trace->process_count; i++)
        if (list[i].leader == i && clock_offset(&list[i], &offset) &&
            (reference == SMK_IDMAP_NONE || offset < first)) {
            reference = i;
            first = offset;
        }
    for (uint32_t i = 0; i < trace->process_count; i++) {
        struct smk_clocks *clocks = &list[i].clocks;
        if (list[i].leader == reference || !clock_offset(&list[list[i].leader], &offset))
            continue;
        list[i].info.by_realtime = true;
        for (uint32_t k = 0; k < clocks->count; k++)
            clocks->points[k].monotonic += (uint64_t)offset - (uint64_t)first;
    }
}

bool smk_processes_align(struct smk_trace *trace)
{
    uint32_t wrong = 0;
    find_boots(trace);
    move_clocks(trace);
    for (uint32_t i = 0; i < trace->process_count; i++) {
        struct smk_process *process = &trace->processes[i];
        if (!smk_clocks_finish(&process->clocks, &trace->mem, unit_length(trace, process)))
            return false;
        wrong += process->clocks.wrong;
        process->problems += process->clocks.wrong;
    }
    if (wrong)
        smk_trace_problem_add(trace, "%s: %u clock pairs go backwards and are not used",
                              trace->inputs[0].name, wrong);
    return true;
}

/* ---- what is told of it ---------------------------------------------------------------------------------- */

static uint32_t categories_of(const char *list)
{
    uint32_t categories = 0;
    while (*list) {
        size_t len = strcspn(list, ",");
        categories |= smk_category_by_name(list, len);
        list += len + (list[len] == ',');
    }
    return categories;
}

static uint64_t to_ns(const struct smk_process *process, uint64_t time)
{
    const struct smk_clock_stretch *stretch = NULL;
    return smk_clocks_ns(&process->clocks, &stretch, time);
}

static void fill_times(const struct smk_trace *trace, struct smk_process *process)
{
    smk_process_info *info = &process->info;
    uint64_t first = process->first_event, last = process->last_event, complete = 0;
    number_of(trace, process, SMK_FACT_FIRST, &first);
    if (!number_of(trace, process, SMK_FACT_LAST, &last) && info->events == 0)
        last = first;
    info->first = to_ns(process, first);
    info->last = to_ns(process, smk_max_u64(first, last));
    /* A snapshot knows it at its end only: before that it says 0. */
    bool said = number_of(trace, process, SMK_FACT_COMPLETE_FROM, &complete) && complete > 0;
    info->complete_from = said ? smk_max_u64(to_ns(process, complete), info->first) : UINT64_MAX;
    info->realtime_offset = smk_clocks_realtime_offset(&process->clocks, first);
}

static void fill_lost(const struct smk_trace *trace, struct smk_process *process)
{
    uint64_t sum = process->lost_others, said = 0;
    for (uint32_t i = 0; i < process->threads.count; i++)
        sum += trace->tables.threads.list[process->threads.from + i].info.lost;
    number_of(trace, process, SMK_FACT_LOST, &said);
    process->info.lost = smk_max_u64(smk_max_u64(sum, said), process->ends ? process->end.lost : 0);
}

static void describe(const struct smk_trace *trace, struct smk_process *process)
{
    smk_process_info *info = &process->info;
    uint64_t pid = process->id >> 32, parent = 0;
    number_of(trace, process, SMK_FACT_PID, &pid);
    number_of(trace, process, SMK_FACT_PARENT, &parent);
    info->pid = pid <= UINT32_MAX ? (uint32_t)pid : 0;
    info->parent = parent <= UINT32_MAX ? (uint32_t)parent : 0;
    info->name = text_of(trace, process, SMK_FACT_PROCESS_NAME);
    info->exe = text_of(trace, process, SMK_FACT_EXE);
    info->capture_id = text_of(trace, process, SMK_FACT_CAPTURE_ID);
    info->capture_name = text_of(trace, process, SMK_FACT_CAPTURE_NAME);
    info->kind = text_of(trace, process, SMK_FACT_CAPTURE_KIND);
    info->reason = text_of(trace, process, SMK_FACT_REASON);
    if (!info->reason[0] && info->to_end)
        info->reason = smk_reason_name(process->end.reason);
    info->categories = categories_of(text_of(trace, process, SMK_FACT_CATEGORIES));
    number_of(trace, process, SMK_FACT_CLOCK_ERROR, &info->clock_error);
    info->threads = process->threads.count;
    info->stacks = process->stacks.count;
    info->modules = process->modules.count;
    info->complete = info->from_start && info->to_end && process->problems == 0;
    fill_times(trace, process);
    fill_lost(trace, process);
}

/* The recorder's snapshot beside a timed capture, say: its events are there twice. */
static void note_overlaps(struct smk_trace *trace)
{
    for (uint32_t i = 1; i < trace->process_count; i++) {
        const struct smk_process *process = &trace->processes[i], *other = trace->processes;
        while (other < process && !(other->id == process->id && other->leader == process->leader &&
                                    other->info.first < process->info.last &&
                                    process->info.first < other->info.last))
            other++;
        if (other < process)
            smk_trace_problem_add(trace,
                                  "two captures of process %u, %s and %s, overlap in time: what both have "
                                  "is counted twice",
                                  process->info.pid, other->info.capture_id, process->info.capture_id);
    }
}

void smk_processes_describe(struct smk_trace *trace)
{
    for (uint32_t i = 0; i < trace->process_count; i++)
        describe(trace, &trace->processes[i]);
    note_overlaps(trace);
}
