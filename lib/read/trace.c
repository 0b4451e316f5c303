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

/* ---- facts ---------------------------------------------------------------------------------------------- */

static bool fact_number(const struct smk_trace *trace, const char *key, uint64_t *value)
{
    const char *text = smk_trace_fact(trace, key);
    uint64_t number = 0;
    if (!text || !*text)
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

static const char *fact_text(const struct smk_trace *trace, const char *key)
{
    const char *text = smk_trace_fact(trace, key);
    return text ? text : "";
}

/* ns */
static double unit_length(const struct smk_trace *trace)
{
    uint64_t hz, shift;
    if (!fact_number(trace, SMK_FACT_CLOCK_HZ, &hz) || hz == 0)
        hz = 1000000000u;
    if (!fact_number(trace, SMK_FACT_CLOCK_SHIFT, &shift) || shift > 32)
        shift = 0;
    return (double)(UINT64_C(1) << shift) * 1e9 / (double)hz;
}

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

/* ---- info ----------------------------------------------------------------------------------------------- */

static uint64_t to_ns(const struct smk_trace *trace, uint64_t time)
{
    const struct smk_clock_stretch *stretch = NULL;
    return smk_clocks_ns(&trace->clocks, &stretch, time);
}

static void fill_times(struct smk_trace *trace)
{
    smk_trace_info *info = &trace->info;
    uint64_t first = trace->first_event, last = trace->last_event, complete = 0;
    fact_number(trace, SMK_FACT_FIRST, &first);
    if (!fact_number(trace, SMK_FACT_LAST, &last) && trace->info.events == 0)
        last = first;
    info->first = to_ns(trace, first);
    info->last = to_ns(trace, smk_max_u64(first, last));
    /* A snapshot knows it at its end only: before that it says 0. */
    bool said = fact_number(trace, SMK_FACT_COMPLETE_FROM, &complete) && complete > 0;
    info->complete_from = said ? smk_max_u64(to_ns(trace, complete), info->first) : UINT64_MAX;
    info->realtime_offset = smk_clocks_realtime_offset(&trace->clocks, first);
}

static void fill_lost(struct smk_trace *trace)
{
    uint64_t sum = trace->tables.lost_others, said = 0;
    for (uint32_t i = 0; i < trace->tables.threads.count; i++)
        sum += trace->tables.threads.list[i].info.lost;
    fact_number(trace, SMK_FACT_LOST, &said);
    trace->info.lost = smk_max_u64(smk_max_u64(sum, said), trace->ends ? trace->end.lost : 0);
}

static void fill_info(struct smk_trace *trace)
{
    smk_trace_info *info = &trace->info;
    info->capture_id = fact_text(trace, SMK_FACT_CAPTURE_ID);
    info->name = fact_text(trace, SMK_FACT_CAPTURE_NAME);
    info->kind = fact_text(trace, SMK_FACT_CAPTURE_KIND);
    info->reason = fact_text(trace, SMK_FACT_REASON);
    if (!info->reason[0] && trace->to_end)
        info->reason = smk_reason_name(trace->end.reason);
    info->format_version = trace->version;
    info->categories = categories_of(fact_text(trace, SMK_FACT_CATEGORIES));
    info->threads = trace->tables.threads.count;
    info->sites = trace->tables.sites.count;
    info->strings = trace->tables.strings.count;
    info->stacks = trace->tables.stacks.count;
    info->modules = trace->tables.modules.count;
    info->symbols = trace->tables.symbols.count;
    info->from_start = trace->from_start;
    info->to_end = trace->to_end;
    info->complete = trace->from_start && trace->to_end && trace->problems.total == 0;
    fill_times(trace);
    fill_lost(trace);
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
    smk_order(trace);
    rc = smk_segments_read(trace);
    if (rc < 0)
        return rc;
    if (!smk_clocks_finish(&trace->clocks, &trace->mem, unit_length(trace)) ||
        !smk_tables_finish(trace))
        return smk_trace_no_memory(trace);
    if (trace->clocks.wrong)
        smk_trace_problem_add(trace, "%s: %u clock pairs go backwards and are not used",
                              trace->inputs[0].name, trace->clocks.wrong);
    smk_order_events(trace);
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
    smk_clocks_free(&trace->clocks, mem);
    smk_loader_free(&trace->loader, mem);
    smk_problems_free(&trace->problems, mem);
    smk_arena_free(&trace->arena, mem);
    struct smk_mem last = *mem;
    smk_mem_free(&last, trace, sizeof *trace);
}

/* ---- what it is ----------------------------------------------------------------------------------------- */

const smk_trace_info *smk_trace_get_info(const smk_trace *trace) { return &trace->info; }

const char *smk_trace_problem(const smk_trace *trace, size_t number)
{
    return smk_problem_at(&trace->problems, number);
}
