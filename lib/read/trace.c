#include "read/trace.h"

#include <stdio.h>
#include <string.h>

#include "base/errors.h"

#define INPUTS_MAX 65536u

int smk_trace_no_memory(struct smk_trace *trace)
{
    int failure = trace->mem.failure;
    trace->mem.failure = 0;
    if (failure == SMK_E_LIMIT)
        return smk_fail(SMK_E_LIMIT, "%s: would take more than the %zu MiB of memory that it may",
                        trace->inputs[0].name, trace->mem.max >> 20);
    return smk_fail(SMK_E_NOMEM, "%s: not enough memory", trace->inputs[0].name);
}

const char *smk_ref_file(const struct smk_trace *trace, const struct smk_chunk_ref *ref)
{
    return trace->inputs[ref->file].name;
}

/* ---- info ----------------------------------------------------------------------------------------------- */

static void add_process(smk_trace_info *info, const smk_process_info *process)
{
    bool said = info->complete_from != UINT64_MAX && process->complete_from != UINT64_MAX;
    info->categories |= process->categories;
    info->first = smk_min_u64(info->first, process->first);
    info->last = smk_max_u64(info->last, process->last);
    info->complete_from =
        said ? smk_max_u64(info->complete_from, process->complete_from) : UINT64_MAX;
    info->events += process->events;
    info->lost += process->lost;
    info->bytes += process->bytes;
    info->segments += process->segments;
    info->chunks += process->chunks;
    info->from_start &= process->from_start;
    info->to_end &= process->to_end;
}

static void fill_info(struct smk_trace *trace)
{
    const smk_process_info *first = &trace->processes[0].info;
    smk_trace_info *info = &trace->info;
    *info = (smk_trace_info){.capture_id = first->capture_id,
                             .name = first->capture_name,
                             .kind = first->kind,
                             .reason = first->reason,
                             .format_version = trace->version,
                             .first = UINT64_MAX,
                             .from_start = true,
                             .to_end = true,
                             .threads = trace->tables.threads.count,
                             .sites = trace->tables.sites.count,
                             .strings = trace->tables.strings.count,
                             .stacks = trace->tables.stacks.count,
                             .modules = trace->tables.modules.count,
                             .symbols = trace->tables.symbols.count,
                             .processes = trace->process_count};
    const smk_process_info *earliest = first;
    for (uint32_t i = 0; i < trace->process_count; i++) {
        const smk_process_info *process = &trace->processes[i].info;
        add_process(info, process);
        if (process->first < earliest->first)
            earliest = process;
    }
    info->realtime_offset = earliest->realtime_offset;
    info->complete = info->from_start && info->to_end && trace->problems.total == 0;
}

/* ---- opening -------------------------------------------------------------------------------------------- */

static int open_inputs(struct smk_trace *trace, const char *const *paths, size_t count, int fd)
{
    trace->inputs = smk_mem_new(&trace->mem, count * sizeof *trace->inputs);
    trace->input_room = trace->inputs ? (uint32_t)count : 0;
    if (!trace->inputs)
        return smk_fail(trace->mem.failure, "no memory for %zu files", count);
    for (size_t i = 0; i < count; i++) {
        char number[32];
        snprintf(number, sizeof number, "descriptor %d", fd);
        const char *name = paths ? paths[i] : number;
        name = smk_arena_text(&trace->arena, &trace->mem, name, strlen(name));
        if (!name)
            return smk_fail(trace->mem.failure, "no memory for %zu files", count);
        int rc = smk_input_open(&trace->inputs[i], paths ? name : NULL, fd, name);
        if (rc < 0)
            return rc;
        trace->input_count++;
    }
    return 0;
}

static int read_all(struct smk_trace *trace)
{
    int rc = 0;
    if (!smk_loader_init(&trace->loader, &trace->mem))
        return smk_trace_no_memory(trace);
    smk_tables_init(&trace->tables);
    for (uint32_t i = 0; i < trace->input_count && rc == 0; i++)
        rc = smk_scan(trace, i);
    if (rc < 0)
        return rc;
    trace->several = trace->process_count > 1;
    smk_order(trace);
    rc = smk_segments_read(trace);
    if (rc < 0)
        return rc;
    if (!smk_processes_align(trace) || !smk_tables_finish(trace))
        return smk_trace_no_memory(trace);
    smk_order_events(trace);
    smk_processes_describe(trace);
    fill_info(trace);
    return 0;
}

static int open_trace(smk_trace **out, const char *const *paths, size_t count, int fd,
                      const smk_open_options *options)
{
    smk_open_options chosen = {.size = sizeof chosen};
    struct smk_mem mem;
    *out = NULL;
    if (options && options->size == 0)
        return smk_fail(SMK_E_INVALID, "the options' size is 0; sizeof(smk_open_options) is right");
    if (options)
        memcpy(&chosen, options, options->size < sizeof chosen ? options->size : sizeof chosen);
    if (chosen.max_processes > SMK_PROCESSES_MAX)
        return smk_fail(SMK_E_INVALID, "max_processes %u; from 1 to %u are allowed, 0 is %u",
                        chosen.max_processes, SMK_PROCESSES_MAX, SMK_PROCESSES_DEFAULT);
    if (count == 0 || count > INPUTS_MAX)
        return smk_fail(SMK_E_INVALID, "%zu files; from 1 to %u are allowed", count, INPUTS_MAX);
    smk_mem_init(&mem, chosen.resize, chosen.resize_arg,
                 (size_t)(chosen.max_memory ? chosen.max_memory : SMK_MAX_MEMORY_DEFAULT));
    smk_trace *trace = smk_mem_new(&mem, sizeof *trace);
    if (!trace)
        return smk_fail(mem.failure, "no memory for a trace");
    trace->mem = mem;
    trace->verify = chosen.verify;
    trace->progress = chosen.progress;
    trace->progress_arg = chosen.progress_arg;
    trace->max_processes = chosen.max_processes ? chosen.max_processes : SMK_PROCESSES_DEFAULT;
    int rc = open_inputs(trace, paths, count, fd);
    if (rc == 0)
        rc = read_all(trace);
    if (rc < 0) {
        smk_trace_close(trace);
        return rc;
    }
    *out = trace;
    return 0;
}

int smk_trace_open(smk_trace **trace, const char *path, const smk_open_options *options)
{
    return open_trace(trace, &path, 1, -1, options);
}

int smk_trace_open_segments(smk_trace **trace, const char *const *paths, size_t count,
                            const smk_open_options *options)
{
    return open_trace(trace, paths, count, -1, options);
}

int smk_trace_open_fd(smk_trace **trace, int fd, const smk_open_options *options)
{
    return open_trace(trace, NULL, 1, fd, options);
}

void smk_trace_close(smk_trace *trace)
{
    if (!trace)
        return;
    struct smk_mem *mem = &trace->mem;
    for (uint32_t i = 0; i < trace->input_count; i++)
        smk_input_close(&trace->inputs[i]);
    smk_mem_free(mem, trace->inputs, trace->input_room * sizeof *trace->inputs);
    smk_mem_free(mem, trace->chunks, trace->chunk_capacity * sizeof *trace->chunks);
    smk_tables_free(trace);
    smk_processes_free(trace);
    smk_loader_free(&trace->loader, mem);
    smk_problems_free(&trace->problems, mem);
    smk_arena_free(&trace->arena, mem);
    struct smk_mem last = *mem;
    smk_mem_free(&last, trace, sizeof *trace);
}

/* ---- what it is ----------------------------------------------------------------------------------------- */

const smk_trace_info *smk_trace_get_info(const smk_trace *trace) { return &trace->info; }

const smk_process_info *smk_trace_process_at(const smk_trace *trace, size_t number)
{
    return number < trace->process_count ? &trace->processes[number].info : NULL;
}

const char *smk_trace_problem(const smk_trace *trace, size_t number)
{
    return smk_problem_at(&trace->problems, number);
}
