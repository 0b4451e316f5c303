#include "analysis/request_view_state.h"

#include <string.h>

#include "base/errors.h"
#include "base/sort.h"
#include "format/tables.h"

#define AROUND_NS    UINT64_C(150000000) /* of a count of the kernel's, where that is all that is known of a CPU */
#define CHAIN_LEAST_MILLE 20u /* of the request's time: waits of less have no chain */
#define FUNCTIONS_MAX 64u

const char *smk_request_view_source(const struct smk_request_view *view)
{
    const char *source = smk_trace_process_fact(view->trace, view->request.request.process, SMK_FACT_SCHED_SOURCE);
    return source ? source : "";
}

int64_t smk_request_view_more(const struct smk_request_view *view, const struct smk_time_part *part, uint64_t *normal)
{
    const struct smk_time_part *other =
        view->has_normal ? smk_request_part(&view->normal, part->kind, part->lock) : NULL;
    *normal = other ? other->ns : 0;
    return (int64_t)part->ns - (int64_t)*normal;
}

/* ---- samples -------------------------------------------------------------------------------------------- */

static bool more_samples(const void *a, const void *b)
{
    return ((const struct smk_view_function *)a)->count > ((const struct smk_view_function *)b)->count;
}

static uint32_t function_of(struct smk_request_view *view, uint32_t stack_id)
{
    const struct smk_place *place = smk_symbols_stack_place(&view->symbols, stack_id);
    return place ? place->function_id : SMK_MAP_NONE;
}

static void take_samples(struct smk_request_view *view)
{
    struct smk_view_function list[FUNCTIONS_MAX];
    const struct smk_span_request *request = &view->request.request;
    uint32_t count = 0;
    for (uint32_t i = 0; i < view->index.samples_count; i++) {
        const struct smk_span_sample *sample = &view->index.samples[i];
        if (sample->request != request->id || sample->process != request->process)
            continue;
        view->samples++;
        uint32_t at = 0, function = function_of(view, sample->stack);
        while (at < count && list[at].function != function)
            at++;
        if (at == FUNCTIONS_MAX)
            continue;
        if (at == count)
            list[count++] = (struct smk_view_function){function, sample->stack, 0};
        list[at].count++;
    }
    smk_sort(list, count, sizeof(*list), more_samples);
    view->function_count = count < SMK_SAMPLED_SHOWN ? count : SMK_SAMPLED_SHOWN;
    memcpy(view->functions, list, view->function_count * sizeof(*list));
}

/* ---- the two passes ------------------------------------------------------------------------------------- */

static const struct smk_span_request *kept_request(const struct smk_request_view *view,
                                                   const struct smk_pick_entry *entry)
{
    for (uint32_t i = 0; entry->to && i < view->index.requests_count; i++) {
        const struct smk_span_request *request = &view->index.requests[i];
        if (request->id == entry->id && request->process == entry->process && request->to == entry->to)
            return request;
    }
    return NULL;
}

static void add_interval(struct smk_request_view *view, uint64_t from, uint64_t to, uint64_t around)
{
    if (to)
        smk_span_index_add(&view->index, from - smk_min_u64(from, around), to + around);
}

static int look(struct smk_request_view *view, const struct smk_timeline_options *options)
{
    struct smk_request_pick *pick = &view->pick;
    int result = smk_request_pick_run(pick, options);
    if (result != 0)
        return result;
    view->request.request = pick->request;
    uint64_t around = strncmp(smk_request_view_source(view), "perf", 4) == 0 ? 0 : AROUND_NS;
    add_interval(view, pick->request.from, pick->request.to, around);
    add_interval(view, pick->normal.from, pick->normal.to, around);
    result = smk_span_index_fill(&view->index, view->trace, options);
    if (result != 0)
        return result;
    const struct smk_span_request *normal = kept_request(view, &pick->normal);
    smk_request_parts_make(&view->request, &view->index, &pick->locks, &pick->request);
    if (normal)
        view->has_normal = smk_request_parts_make(&view->normal, &view->index, &pick->locks, normal);
    struct smk_chain_evidence evidence = {&view->index, &pick->locks, &view->symbols, view->trace};
    smk_chain_make(&view->chain, &evidence, &view->request, view->request.total / 1000 * CHAIN_LEAST_MILLE);
    take_samples(view);
    return smk_mem_failed(&view->mem);
}

int smk_request_view_make(struct smk_request_view **made, smk_trace *trace, const char *wanted,
                          const struct smk_request_view_options *options)
{
    struct smk_timeline_options pass = {.resize = options->resize,
                                        .resize_arg = options->resize_arg,
                                        .max_memory = options->max_memory,
                                        .progress = options->progress,
                                        .progress_arg = options->progress_arg};
    struct smk_mem mem;
    *made = NULL;
    smk_mem_init(&mem, options->resize, options->resize_arg, options->max_memory);
    struct smk_request_view *view = smk_mem_new(&mem, sizeof(*view));
    if (!view)
        return smk_fail(SMK_E_NOMEM, "no memory for the analysis");
    view->mem = mem;
    view->trace = trace;
    smk_symbols_init(&view->symbols, &view->mem, trace, options->lines, options->no_symbols);
    view->symbols.debug_dir = options->debug_dir;
    smk_request_pick_init(&view->pick, &view->mem, trace, wanted);
    view->pick.process = options->process;
    smk_span_index_init(&view->index, &view->mem);
    int result = look(view, &pass);
    if (result == 0)
        *made = view;
    else
        smk_request_view_free(view);
    return result;
}

void smk_request_view_free(struct smk_request_view *view)
{
    if (!view)
        return;
    smk_chain_free(&view->chain, &view->mem);
    smk_request_parts_free(&view->request, &view->mem);
    smk_request_parts_free(&view->normal, &view->mem);
    smk_span_index_free(&view->index);
    smk_request_pick_free(&view->pick);
    smk_symbols_free(&view->symbols);
    struct smk_mem last = view->mem; /* lies in what is freed now */
    smk_mem_free(&last, view, sizeof(*view));
}
