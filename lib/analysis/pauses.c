#include "analysis/pauses_state.h"

#include <stdlib.h>

#include "base/errors.h"
#include "format/tables.h"

#define WORST_DEFAULT 10u
#define LONG_NS       UINT64_C(5000000)

const char *smk_pause_kind_name(enum smk_pause_kind kind)
{
    static const char *const names[] = {"memory", "fault", "loop", "throttled"};
    return kind < SMK_PAUSE_KINDS ? names[kind] : "?";
}

/* ---- one is over ---------------------------------------------------------------------------------------- */

static void keep_if_long(struct smk_pauses *pauses, const struct smk_pause *pause)
{
    uint64_t ns = pause->to - pause->from;
    uint32_t at = pauses->worst_count;
    if (at == pauses->worst_max) {
        if (at == 0 || pauses->worst[at - 1].to - pauses->worst[at - 1].from >= ns)
            return;
        at--;
    } else {
        pauses->worst_count++;
    }
    for (; at > 0 && pauses->worst[at - 1].to - pauses->worst[at - 1].from < ns; at--)
        pauses->worst[at] = pauses->worst[at - 1];
    pauses->worst[at] = *pause;
}

static void add(struct smk_pauses *pauses, const struct smk_pause *pause)
{
    struct smk_pause_sum *sum = &pauses->sums[pause->kind];
    uint64_t ns = pause->to > pause->from ? pause->to - pause->from : 0, us = ns / 1000;
    unsigned bucket = us == 0 ? 0 : (unsigned)(64 - __builtin_clzll(us));
    if (ns == 0)
        return;
    smk_dist_add(&sum->dist, &pauses->mem, ns);
    sum->buckets[bucket < SMK_PAUSE_BUCKETS ? bucket : SMK_PAUSE_BUCKETS - 1]++;
    keep_if_long(pauses, pause);
}

/* ---- loops ---------------------------------------------------------------------------------------------- */

static void close_loop(struct smk_pauses *pauses, struct smk_pause_open *loop)
{
    struct smk_pause pause = {.from = loop->from, .to = loop->to, .process = loop->process, .thread = loop->thread,
                              .kind = SMK_PAUSE_LOOP};
    add(pauses, &pause);
    loop->from = loop->to = 0;
}

/* The loop of a thread was away in [from, to]. Delays come by their ends, or nearly so. */
static void was_away(struct smk_pauses *pauses, const smk_event *event, uint64_t from, uint64_t to)
{
    uint32_t number = smk_map_get(&pauses->loop_by_thread, event->thread);
    if (to < from + LONG_NS)
        return;
    if (number == SMK_MAP_NONE) {
        number = pauses->loop_count;
        if (!smk_mem_grow(&pauses->mem, &pauses->loops, &pauses->loop_capacity, number + 1u) ||
            !smk_map_put(&pauses->loop_by_thread, &pauses->mem, event->thread, number))
            return;
        pauses->loops[pauses->loop_count++] =
            (struct smk_pause_open){.process = event->process, .thread = event->thread};
    }
    struct smk_pause_open *loop = &pauses->loops[number];
    if (loop->to && (from > loop->to || to < loop->from))
        close_loop(pauses, loop);
    loop->from = loop->to ? smk_min_u64(loop->from, from) : from;
    loop->to = smk_max_u64(loop->to, to);
}

/* A delay is told where its bytes are read, and with the answer, of which one may not be recorded. Where it is not
 * known when they arrived it is known since when the loop had not looked. */
static void on_delay(struct smk_pauses *pauses, const smk_event *event)
{
    uint64_t away = event->args[0] == SMK_LOOP_RANGE ? event->args[3] : event->args[2];
    uint64_t to = event->time, from = to - smk_min_u64(away, to);
    if (event->id == SMK_EV_REQUEST_ANSWERED) {
        from = to - smk_min_u64(event->args[4], to);
        from -= smk_min_u64(event->args[2], from);
        to = from + smk_min_u64(event->args[5], event->args[2]);
    }
    was_away(pauses, event, from, to);
}

/* ---- the first pass ------------------------------------------------------------------------------------- */

static void on_event(void *arg, const smk_event *event, uint64_t request)
{
    struct smk_pauses *pauses = arg;
    (void)request;
    smk_request_pick_event(&pauses->pick, event);
    if (event->id == SMK_EV_LOOP_DELAY || event->id == SMK_EV_REQUEST_ANSWERED)
        on_delay(pauses, event);
}

static void on_wait(void *arg, const struct smk_span_wait *wait)
{
    struct smk_pauses *pauses = arg;
    struct smk_pause pause = {.from = wait->from,
                              .to = wait->to,
                              .request = wait->request,
                              .process = wait->process,
                              .thread = wait->thread,
                              .kind = wait->event == SMK_EV_MAJOR_FAULT ? SMK_PAUSE_FAULT : SMK_PAUSE_MEMORY,
                              .has_wait = true,
                              .wait = *wait};
    smk_request_pick_wait(&pauses->pick, wait);
    if (wait->kind == SMK_WAIT_MEMORY)
        add(pauses, &pause);
}

static void on_span(void *arg, const struct smk_span *span)
{
    struct smk_pauses *pauses = arg;
    struct smk_pause pause = {.from = span->from,
                              .to = span->to,
                              .request = span->request,
                              .process = span->process,
                              .thread = span->thread,
                              .kind = SMK_PAUSE_THROTTLED};
    if (pauses->throttled && span->state == SMK_SPAN_RUNNABLE && span->to - span->from >= LONG_NS)
        add(pauses, &pause);
}

static void on_gap(void *arg, const smk_gap *gap)
{
    struct smk_pauses *pauses = arg;
    pauses->gaps += gap->category == SMK_CAT_MEMORY || gap->category == SMK_CAT_LOOP;
}

static int count_all(struct smk_pauses *pauses, const struct smk_timeline_options *pass)
{
    static const struct smk_timeline_calls calls = {.span = on_span, .wait = on_wait, .event = on_event,
                                                    .gap = on_gap};
    int result = smk_timeline_run(pauses->trace, pass, &calls, pauses);
    for (uint32_t i = 0; result == 0 && i < pauses->loop_count; i++)
        close_loop(pauses, &pauses->loops[i]);
    return result;
}

/* ---- life ----------------------------------------------------------------------------------------------- */

static uint64_t fact(smk_trace *trace, uint32_t process, const char *key)
{
    const char *text = smk_trace_process_fact(trace, process, key);
    return text ? strtoull(text, NULL, 10) : 0;
}

static int make(struct smk_pauses *pauses, unsigned worst, const struct smk_request_view_options *options)
{
    struct smk_timeline_options pass = {.resize = options->resize,
                                        .resize_arg = options->resize_arg,
                                        .max_memory = options->max_memory,
                                        .progress = options->progress,
                                        .progress_arg = options->progress_arg};
    pauses->worst_max = (uint32_t)smk_min_u64(worst ? worst : WORST_DEFAULT, SMK_PAUSES_WORST);
    pauses->worst = smk_mem_new(&pauses->mem, pauses->worst_max * sizeof(*pauses->worst));
    if (!pauses->worst)
        return smk_mem_failed(&pauses->mem);
    for (uint32_t i = 0; i < smk_trace_get_info(pauses->trace)->processes; i++) {
        pauses->throttled += fact(pauses->trace, i, SMK_FACT_CGROUP_THROTTLED);
        pauses->throttled_ns += fact(pauses->trace, i, SMK_FACT_CGROUP_THROTTLED_NS);
    }
    int result = count_all(pauses, &pass);
    if (result == 0)
        result = smk_mem_failed(&pauses->mem);
    return result == 0 && pauses->worst_count ? smk_pauses_look(pauses, &pass) : result;
}

int smk_pauses_make(struct smk_pauses **made, smk_trace *trace, unsigned worst,
                    const struct smk_request_view_options *options)
{
    struct smk_mem mem;
    *made = NULL;
    smk_mem_init(&mem, options->resize, options->resize_arg, options->max_memory);
    struct smk_pauses *pauses = smk_mem_new(&mem, sizeof(*pauses));
    if (!pauses)
        return smk_fail(SMK_E_NOMEM, "no memory for the analysis");
    pauses->mem = mem;
    pauses->trace = trace;
    smk_symbols_init(&pauses->symbols, &pauses->mem, trace, options->lines, options->no_symbols);
    pauses->symbols.debug_dir = options->debug_dir;
    smk_request_pick_init(&pauses->pick, &pauses->mem, trace, NULL);
    smk_span_index_init(&pauses->index, &pauses->mem);
    int result = make(pauses, worst, options);
    if (result == 0)
        *made = pauses;
    else
        smk_pauses_free(pauses);
    return result;
}

void smk_pauses_free(struct smk_pauses *pauses)
{
    if (!pauses)
        return;
    struct smk_mem *mem = &pauses->mem;
    for (unsigned i = 0; i < SMK_PAUSE_KINDS; i++)
        smk_dist_free(&pauses->sums[i].dist, mem);
    smk_mem_free(mem, pauses->worst, pauses->worst_max * sizeof(*pauses->worst));
    smk_mem_free(mem, pauses->loops, pauses->loop_capacity * sizeof(*pauses->loops));
    smk_map_free(&pauses->loop_by_thread, mem);
    smk_span_index_free(&pauses->index);
    smk_request_pick_free(&pauses->pick);
    smk_symbols_free(&pauses->symbols);
    struct smk_mem last = *mem; /* lies in what is freed now */
    smk_mem_free(&last, pauses, sizeof(*pauses));
}
