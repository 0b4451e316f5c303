#include "analysis/moment_state.h"

#include <string.h>

#include "base/errors.h"
#include "base/sort.h"

#define AROUND_NS   UINT64_C(50000000) /* in which a sample says where a thread ran */
#define UNLOCKS_MAX 65536u

/* ---- the pass ------------------------------------------------------------------------------------------- */

static void on_span(void *arg, const struct smk_span *span)
{
    smk_span_index_calls.span(&((struct smk_moment *)arg)->index, span);
}

static void on_region(void *arg, const struct smk_span_region *region)
{
    smk_span_index_calls.region(&((struct smk_moment *)arg)->index, region);
}

static void on_sample(void *arg, const struct smk_span_sample *sample)
{
    smk_span_index_calls.sample(&((struct smk_moment *)arg)->index, sample);
}

static void on_request(void *arg, const struct smk_span_request *request)
{
    smk_span_index_calls.request(&((struct smk_moment *)arg)->index, request);
}

static void on_wait(void *arg, const struct smk_span_wait *wait)
{
    smk_request_pick_wait(&((struct smk_moment *)arg)->pick, wait);
}

static void on_event(void *arg, const smk_event *event, uint64_t request)
{
    (void)request;
    smk_request_pick_event(&((struct smk_moment *)arg)->pick, event);
}

/* All unlocks that somebody waits for are told: who unlocks next held it. */
static void on_release(void *arg, const struct smk_span_release *release)
{
    struct smk_moment *moment = arg;
    uint64_t key = smk_map_own(release->process, release->object);
    if (release->wake || release->from < moment->time)
        return;
    struct smk_moment_unlock unlock = {release->object, release->from, release->process, release->thread};
    uint32_t number = smk_map_get(&moment->by_object, key);
    if (number != SMK_MAP_NONE) {
        if (release->from < moment->unlocks[number].from)
            moment->unlocks[number] = unlock;
        return;
    }
    if (moment->unlock_count < UNLOCKS_MAX &&
        smk_mem_grow(&moment->mem, &moment->unlocks, &moment->unlock_capacity, moment->unlock_count + 1u) &&
        smk_map_put(&moment->by_object, &moment->mem, key, moment->unlock_count))
        moment->unlocks[moment->unlock_count++] = unlock;
}

/* ---- each thread ---------------------------------------------------------------------------------------- */

static uint32_t holder_of(const struct smk_moment *moment, const struct smk_span_wait *wait)
{
    uint32_t number = smk_map_get(&moment->by_object, smk_map_own(wait->process, wait->object));
    const struct smk_moment_unlock *next = number == SMK_MAP_NONE ? NULL : &moment->unlocks[number];
    bool known = next && next->object == wait->object && next->process == wait->process;
    if (known && smk_span_lock_was_free(wait, next->from))
        return 0;
    if (known && next->thread != wait->thread)
        return next->thread;
    const smk_thread_info *info =
        wait->holder ? smk_trace_process_tid(moment->trace, wait->process, wait->holder, wait->from) : NULL;
    return info && info->serial != wait->thread ? info->serial : 0;
}

static void take_sample(const struct smk_moment *moment, struct smk_moment_thread *thread)
{
    for (uint32_t i = 0; i < moment->index.samples_count; i++) {
        const struct smk_span_sample *sample = &moment->index.samples[i];
        int64_t distance = (int64_t)sample->time - (int64_t)moment->time;
        int64_t size = distance < 0 ? -distance : distance;
        if (sample->thread != thread->span->thread || (uint64_t)size > AROUND_NS)
            continue;
        if (thread->sample && size >= (thread->sample_at < 0 ? -thread->sample_at : thread->sample_at))
            continue;
        thread->sample = sample->stack;
        thread->sample_at = distance;
    }
}

/* Those that it was in, outermost first: depths tell the order. */
static void take_regions(const struct smk_moment *moment, struct smk_moment_thread *thread)
{
    for (uint32_t i = 0; i < moment->index.regions_count; i++) {
        const struct smk_span_region *region = &moment->index.regions[i];
        if (region->thread != thread->span->thread || region->of_request || region->from > moment->time ||
            region->to <= moment->time || region->depth >= SMK_MOMENT_REGIONS)
            continue;
        thread->regions[region->depth] = region->site;
        thread->region_count = (uint32_t)smk_max_u64(thread->region_count, region->depth + 1);
    }
}

static uint32_t route_of(const struct smk_moment *moment, const struct smk_kept_span *span)
{
    for (uint32_t i = 0; span->request && i < moment->index.requests_count; i++) {
        const struct smk_span_request *request = &moment->index.requests[i];
        if (request->id == span->request && request->process == span->process)
            return request->route;
    }
    return 0;
}

static void take_thread(struct smk_moment *moment, const struct smk_index_thread *known)
{
    struct smk_span_place place = smk_span_index_from(&moment->index, known->serial, moment->time);
    const struct smk_kept_span *span = smk_span_index_next(&place);
    if (!span || span->from > moment->time ||
        !smk_mem_grow(&moment->mem, &moment->threads, &moment->thread_capacity, moment->thread_count + 1u))
        return;
    struct smk_moment_thread *thread = &moment->threads[moment->thread_count++];
    bool waits = span->state == SMK_SPAN_WAITING || span->state == SMK_SPAN_IDLE;
    *thread = (struct smk_moment_thread){.span = span, .wait = smk_span_index_wait(&moment->index, span)};
    thread->since = thread->wait && waits ? thread->wait->from : span->from;
    thread->until = thread->wait && waits ? thread->wait->to : span->to;
    thread->route = route_of(moment, span);
    if (thread->wait && waits && thread->wait->kind == SMK_WAIT_LOCK)
        thread->holder = holder_of(moment, thread->wait);
    if (span->state == SMK_SPAN_RUNNING || span->state == SMK_SPAN_RUNNABLE)
        take_sample(moment, thread);
    take_regions(moment, thread);
    moment->by_state[span->state]++;
}

static bool shown_before(const void *a, const void *b)
{
    static const uint8_t places[] = {[SMK_SPAN_RUNNING] = 0, [SMK_SPAN_RUNNABLE] = 1, [SMK_SPAN_WAITING] = 2,
                                     [SMK_SPAN_IDLE] = 3,    [SMK_SPAN_UNKNOWN] = 4};
    const struct smk_moment_thread *x = a, *y = b;
    if (x->span->state != y->span->state)
        return places[x->span->state] < places[y->span->state];
    return x->since < y->since;
}

/* ---- life ----------------------------------------------------------------------------------------------- */

static int look(struct smk_moment *moment, const struct smk_request_view_options *options)
{
    static const struct smk_timeline_calls calls = {.span = on_span,
                                                    .region = on_region,
                                                    .sample = on_sample,
                                                    .request = on_request,
                                                    .wait = on_wait,
                                                    .event = on_event,
                                                    .release = on_release};
    struct smk_timeline_options pass = {.resize = options->resize,
                                        .resize_arg = options->resize_arg,
                                        .max_memory = options->max_memory,
                                        .progress = options->progress,
                                        .progress_arg = options->progress_arg};
    smk_span_index_add(&moment->index, moment->time - smk_min_u64(moment->time, AROUND_NS), moment->time + AROUND_NS);
    int result = smk_timeline_run(moment->trace, &pass, &calls, moment);
    if (result != 0)
        return result;
    if (!smk_span_index_order(&moment->index))
        return smk_mem_failed(&moment->mem);
    for (uint32_t i = 0; i < moment->index.threads_count; i++)
        take_thread(moment, &moment->index.threads[i]);
    smk_sort(moment->threads, moment->thread_count, sizeof(*moment->threads), shown_before);
    return smk_mem_failed(&moment->mem);
}

int smk_moment_make(struct smk_moment **made, smk_trace *trace, uint64_t time,
                    const struct smk_request_view_options *options)
{
    struct smk_mem mem;
    *made = NULL;
    smk_mem_init(&mem, options->resize, options->resize_arg, options->max_memory);
    struct smk_moment *moment = smk_mem_new(&mem, sizeof(*moment));
    if (!moment)
        return smk_fail(SMK_E_NOMEM, "no memory for the analysis");
    moment->mem = mem;
    moment->trace = trace;
    moment->time = time;
    smk_symbols_init(&moment->symbols, &moment->mem, trace, options->lines, options->no_symbols);
    moment->symbols.debug_dir = options->debug_dir;
    smk_request_pick_init(&moment->pick, &moment->mem, trace, NULL);
    smk_span_index_init(&moment->index, &moment->mem);
    int result = look(moment, options);
    if (result == 0)
        *made = moment;
    else
        smk_moment_free(moment);
    return result;
}

void smk_moment_free(struct smk_moment *moment)
{
    if (!moment)
        return;
    smk_mem_free(&moment->mem, moment->threads, moment->thread_capacity * sizeof(*moment->threads));
    smk_mem_free(&moment->mem, moment->unlocks, moment->unlock_capacity * sizeof(*moment->unlocks));
    smk_map_free(&moment->by_object, &moment->mem);
    smk_span_index_free(&moment->index);
    smk_request_pick_free(&moment->pick);
    smk_symbols_free(&moment->symbols);
    struct smk_mem last = moment->mem; /* lies in what is freed now */
    smk_mem_free(&last, moment, sizeof(*moment));
}
