#include "analysis/report_state.h"

#include <string.h>

#include "base/errors.h"
#include "base/sort.h"
#include "base/sys.h"
#include "format/events.h"
#include "format/tables.h"

#define LOOK_EVERY   65536u    /* events between two looks at clock, memory and the caller */
#define KEEP_DEFAULT 4000000u  /* waits, and unlocks, that are kept */
#define KEEP_LEAST   1000u
#define KEEP_BYTES   256u      /* a wait, an unlock and its cut, and what tables grow ahead */
#define PROGRESS_NS  100000000u

/* ---- the pass ------------------------------------------------------------------------------------------- */

struct pass {
    const struct smk_report_options *options;
    uint64_t begun, last_progress;
};

/* 0, or why the pass is to end. */
static int look_around(struct smk_report *report, struct pass *pass)
{
    int result = smk_mem_failed(&report->mem);
    if (result != 0)
        return result;
    uint64_t now = smk_sys_clock(CLOCK_MONOTONIC);
    if (pass->options->max_ns && now - pass->begun > pass->options->max_ns)
        return smk_fail(SMK_E_LIMIT, "the analysis takes longer than the %llu ms that it may take",
                        (unsigned long long)(pass->options->max_ns / 1000000));
    if (pass->options->progress && now - pass->last_progress > PROGRESS_NS) {
        pass->last_progress = now;
        if (!pass->options->progress(pass->options->progress_arg, report->events,
                                     report->info->events))
            return smk_fail(SMK_E_LIMIT, "the analysis was given up");
    }
    return 0;
}

static int read_events(struct smk_report *report, const struct smk_report_options *options)
{
    struct pass pass = {options, smk_sys_clock(CLOCK_MONOTONIC), 0};
    const smk_event *event;
    smk_cursor *cursor;
    int result = smk_cursor_open(&cursor, report->trace, NULL);
    if (result != 0)
        return result;
    while ((result = smk_cursor_next(cursor, &event)) == 1) {
        report->to = smk_max_u64(report->to, event->time);
        if (!smk_report_event(report, event))
            result = smk_mem_failed(&report->mem);
        if (++report->events % LOOK_EVERY == 0 && result == 1) {
            result = look_around(report, &pass);
            result = result == 0 ? 1 : result;
        }
        if (result != 1)
            break;
    }
    smk_cursor_close(cursor);
    return result;
}

/* ---- life ----------------------------------------------------------------------------------------------- */

/* How many waits may be kept: half of the memory is for them, their unlocks and what is worked out of
 * both. */
static uint32_t waits_kept(const struct smk_report_options *options)
{
    uint64_t keep = KEEP_DEFAULT;
    if (options->max_memory)
        keep = smk_min_u64(keep, options->max_memory / 2 / KEEP_BYTES);
    return (uint32_t)smk_max_u64(keep, KEEP_LEAST);
}

/* Each process counts from where it is complete to its end; all of them together from where the first is.
 * One that does not say from where it is complete counts nowhere. */
static bool make_windows(struct smk_report *report)
{
    uint32_t count = report->info->processes;
    report->windows = smk_mem_new(&report->mem, count * sizeof(*report->windows));
    if (!report->windows)
        return false;
    report->from = UINT64_MAX;
    for (uint32_t i = 0; i < count; i++) {
        const smk_process_info *info = smk_trace_process_at(report->trace, i);
        struct smk_window *window = &report->windows[i];
        window->from = smk_max_u64(info->first, info->complete_from);
        window->to = smk_max_u64(window->from, info->last);
        report->from = smk_min_u64(report->from, window->from);
    }
    report->to = smk_max_u64(report->from, report->info->last);
    return true;
}

static struct smk_report *new_report(smk_trace *trace, const struct smk_report_options *options)
{
    struct smk_mem mem;
    smk_mem_init(&mem, options->resize, options->resize_arg, options->max_memory);
    struct smk_report *report = smk_mem_new(&mem, sizeof(*report));
    if (!report)
        return NULL;
    report->mem = mem;
    report->trace = trace;
    report->info = smk_trace_get_info(trace);
    report->top = options->top ? options->top : SMK_TOP_DEFAULT;
    report->locks.keep = report->locks.others.keep = report->pools.keep = waits_kept(options);
    report->locks.others.trace = trace;
    report->symbols = smk_mem_new(&report->mem, sizeof(*report->symbols));
    if (!report->symbols || !make_windows(report) ||
        !smk_latency_init(&report->latency, &report->mem, report->from, report->top)) {
        smk_report_free(report);
        return NULL;
    }
    report->latency.samples_max = options->samples;
    smk_report_enter_process(report, 0);
    report->starved.from = report->from;
    smk_throttled_init(&report->throttled, trace);
    smk_gaps_load(&report->gaps, &report->mem, trace);
    smk_symbols_init(report->symbols, &report->mem, trace, options->lines, options->no_symbols);
    report->symbols->debug_dir = options->debug_dir;
    return report;
}

static int conclude(struct smk_report *report)
{
    smk_report_open_waits(report);
    for (uint32_t i = 0; i < report->info->processes; i++) {
        smk_report_enter_process(report, i);
        smk_latency_stop(&report->latency, &report->mem, report->windows[i].to);
    }
    smk_latency_finish(&report->latency, &report->mem, report->to);
    smk_regions_finish(&report->regions, &report->states);
    smk_callbacks_finish(&report->callbacks, &report->mem);
    smk_call_waits_finish(&report->locks.others, &report->mem);
    smk_report_memory_conclude(report);
    smk_pools_conclude(&report->pools);
    struct smk_evidence evidence = {
        .mem = &report->mem,
        .trace = report->trace,
        .symbols = report->symbols,
        .locks = &report->locks,
        .latency = &report->latency,
        .loops = &report->loops,
        .memory = &report->memory,
        .starved = &report->starved,
        .throttled = &report->throttled,
        .sequences = &report->sequences,
        .peers = &report->peers,
        .pools = &report->pools,
        .herds = &report->herds,
        .from = report->from,
        .to = report->to,
        .windows = report->windows,
    };
    smk_findings_make(&report->findings, &evidence);
    smk_report_order(report);
    return smk_mem_failed(&report->mem);
}

int smk_report_make(struct smk_report **made, smk_trace *trace,
                    const struct smk_report_options *options)
{
    *made = NULL;
    struct smk_report *report = new_report(trace, options);
    if (!report)
        return smk_fail(SMK_E_NOMEM, "no memory for the analysis");
    uint64_t begun = smk_sys_clock(CLOCK_MONOTONIC);
    int result = read_events(report, options);
    if (result == 0)
        result = conclude(report);
    if (result == 0)
        smk_report_region_states(report, options, begun);
    if (result == 0)
        *made = report;
    else
        smk_report_free(report);
    return result;
}

void smk_report_free(struct smk_report *report)
{
    if (!report)
        return;
    struct smk_mem *mem = &report->mem;
    smk_mem_free(mem, report->regions_by_total, report->regions.count * sizeof(void *));
    smk_mem_free(mem, report->locks_by_total, report->locks.count * sizeof(void *));
    smk_mem_free(mem, report->calls_by_total, report->locks.others.sum_count * sizeof(void *));
    smk_mem_free(mem, report->routes_by_total, report->latency.route_count * sizeof(void *));
    smk_findings_free(&report->findings, mem);
    if (report->symbols && report->symbols->mem)
        smk_symbols_free(report->symbols);
    smk_mem_free(mem, report->symbols, sizeof(*report->symbols));
    smk_states_free(&report->states, mem);
    smk_latency_free(&report->latency, mem);
    smk_regions_free(&report->regions, mem);
    smk_region_states_free(&report->region_states);
    smk_mem_free(mem, report->regions_from, report->info->processes * sizeof(*report->regions_from));
    smk_running_free(&report->running, mem);
    smk_loops_free(&report->loops, mem);
    smk_callbacks_free(&report->callbacks, mem);
    smk_locks_free(&report->locks, mem);
    smk_memory_free(&report->memory, mem);
    smk_sequences_free(&report->sequences, mem);
    smk_peers_free(&report->peers, mem);
    smk_pools_free(&report->pools, mem);
    smk_herds_free(&report->herds, mem);
    smk_starved_free(&report->starved, mem);
    smk_map_free(&report->wait_kinds, mem);
    smk_mem_free(mem, report->windows, report->info->processes * sizeof(*report->windows));
    smk_gaps_free(&report->gaps, mem);
    struct smk_mem last = *mem; /* lies in what is freed now */
    smk_mem_free(&last, report, sizeof(*report));
}
