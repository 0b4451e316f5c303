#include "analysis/span_index.h"

#include <string.h>

#include "base/sort.h"

void smk_span_index_init(struct smk_span_index *index, struct smk_mem *mem)
{
    *index = (struct smk_span_index){.mem = mem};
}

void smk_span_index_free(struct smk_span_index *index)
{
    struct smk_mem *mem = index->mem;
    smk_mem_free(mem, index->order, index->spans_count * sizeof(*index->order));
    smk_mem_free(mem, index->spans, index->spans_capacity * sizeof(*index->spans));
    smk_mem_free(mem, index->waits, index->waits_capacity * sizeof(*index->waits));
    smk_mem_free(mem, index->regions, index->regions_capacity * sizeof(*index->regions));
    smk_mem_free(mem, index->releases, index->releases_capacity * sizeof(*index->releases));
    smk_mem_free(mem, index->samples, index->samples_capacity * sizeof(*index->samples));
    smk_mem_free(mem, index->handoffs, index->handoffs_capacity * sizeof(*index->handoffs));
    smk_mem_free(mem, index->answers, index->answers_capacity * sizeof(*index->answers));
    smk_mem_free(mem, index->counts, index->counts_capacity * sizeof(*index->counts));
    smk_mem_free(mem, index->requests, index->requests_capacity * sizeof(*index->requests));
    smk_mem_free(mem, index->threads, index->threads_capacity * sizeof(*index->threads));
    smk_map_free(&index->by_serial, mem);
    *index = (struct smk_span_index){0};
}

bool smk_span_index_add(struct smk_span_index *index, uint64_t from, uint64_t to)
{
    if (index->interval_count == SMK_INDEX_INTERVALS)
        return false;
    index->intervals[index->interval_count++] = (struct smk_index_interval){from, to};
    return true;
}

/* ---- the pass ------------------------------------------------------------------------------------------- */

static bool is_wanted(const struct smk_span_index *index, uint64_t from, uint64_t to)
{
    for (uint32_t i = 0; i < index->interval_count; i++)
        if (from <= index->intervals[i].to && to >= index->intervals[i].from)
            return true;
    return false;
}

/* A place at the end of a list for what overlaps [from, to]; NULL: it is not wanted, or has no room. */
#define TAKE(index, name, from, to, most)                                                                          \
    (__extension__({                                                                                               \
        void *taken = NULL;                                                                                        \
        if (is_wanted((index), (from), (to))) {                                                                    \
            if ((index)->name##_count < (most) &&                                                                  \
                smk_mem_grow((index)->mem, &(index)->name, &(index)->name##_capacity, (index)->name##_count + 1u)) \
                taken = &(index)->name[(index)->name##_count++];                                                   \
            else                                                                                                   \
                (index)->refused++;                                                                                \
        }                                                                                                          \
        taken;                                                                                                     \
    }))

#define TAKE_CALL(call, name, type, begin, end)                                                                    \
    static void on_##call(void *arg, const type *value)                                                            \
    {                                                                                                              \
        type *kept = TAKE((struct smk_span_index *)arg, name, value->begin, value->end, SMK_INDEX_KEPT / 4);       \
        if (kept)                                                                                                  \
            *kept = *value;                                                                                        \
    }

TAKE_CALL(region, regions, struct smk_span_region, from, to)
TAKE_CALL(sample, samples, struct smk_span_sample, time, time)
TAKE_CALL(handoff, handoffs, struct smk_span_handoff, from, to)
TAKE_CALL(answer, answers, struct smk_span_answer, from, to)
TAKE_CALL(count, counts, struct smk_span_count, from, to)
TAKE_CALL(request, requests, struct smk_span_request, from, to)

static void on_release(void *arg, const struct smk_span_release *release)
{
    struct smk_span_release *kept =
        release->wake ? NULL
                      : TAKE((struct smk_span_index *)arg, releases, release->from, release->to, SMK_INDEX_KEPT / 4);
    if (kept)
        *kept = *release;
}

static struct smk_index_thread *thread_of(struct smk_span_index *index, uint32_t serial, uint32_t process)
{
    uint32_t number = smk_map_get(&index->by_serial, serial);
    if (number != SMK_MAP_NONE)
        return &index->threads[number];
    if (!smk_mem_grow(index->mem, &index->threads, &index->threads_capacity, index->threads_count + 1u) ||
        !smk_map_put(&index->by_serial, index->mem, serial, index->threads_count))
        return NULL;
    struct smk_index_thread *thread = &index->threads[index->threads_count++];
    *thread = (struct smk_index_thread){.serial = serial, .process = process};
    return thread;
}

/* A wait's number + 1; spans of one wait follow one another, but for what is inside of it. */
static uint32_t keep_wait(struct smk_span_index *index, struct smk_index_thread *thread,
                          const struct smk_span_wait *wait)
{
    const struct smk_span_wait *last = thread->last_wait ? &index->waits[thread->last_wait - 1] : NULL;
    if (last && last->from == wait->from && last->to == wait->to && last->event == wait->event)
        return thread->last_wait;
    if (!smk_mem_grow(index->mem, &index->waits, &index->waits_capacity, index->waits_count + 1u))
        return 0;
    index->waits[index->waits_count++] = *wait;
    return thread->last_wait = index->waits_count;
}

static void on_span(void *arg, const struct smk_span *span)
{
    struct smk_span_index *index = arg;
    struct smk_kept_span *kept = TAKE(index, spans, span->from, span->to, SMK_INDEX_KEPT);
    struct smk_index_thread *thread = kept ? thread_of(index, span->thread, span->process) : NULL;
    if (kept && !thread)
        index->spans_count--;
    if (!thread)
        return;
    *kept = (struct smk_kept_span){.from = span->from,
                                   .to = span->to,
                                   .request = span->request,
                                   .process = span->process,
                                   .thread = span->thread,
                                   .cpu = span->cpu,
                                   .wait = span->wait ? keep_wait(index, thread, span->wait) : 0,
                                   .state = span->state,
                                   .kind = span->kind,
                                   .flags = span->flags};
    thread->count++;
}

/* ---- orders --------------------------------------------------------------------------------------------- */

static int compare_object(const struct smk_span_release *release, uint32_t process, uint64_t object)
{
    if (release->process != process)
        return release->process < process ? -1 : 1;
    return release->object == object ? 0 : release->object < object ? -1 : 1;
}

static bool releases_before(const void *a, const void *b)
{
    const struct smk_span_release *x = a, *y = b;
    int order = compare_object(x, y->process, y->object);
    return order != 0 ? order < 0 : x->from < y->from;
}

static bool order_spans(struct smk_span_index *index)
{
    uint32_t first = 0;
    if (index->spans_count == 0)
        return true;
    index->order = smk_mem_new(index->mem, index->spans_count * sizeof(*index->order));
    if (!index->order)
        return false;
    for (uint32_t i = 0; i < index->threads_count; i++) {
        index->threads[i].first = first;
        first += index->threads[i].count;
        index->threads[i].count = 0;
    }
    for (uint32_t i = 0; i < index->spans_count; i++) {
        struct smk_index_thread *thread = thread_of(index, index->spans[i].thread, index->spans[i].process);
        index->order[thread->first + thread->count++] = i;
    }
    return true;
}

bool smk_span_index_order(struct smk_span_index *index)
{
    smk_sort(index->releases, index->releases_count, sizeof(*index->releases), releases_before);
    return order_spans(index);
}

const struct smk_timeline_calls smk_span_index_calls = {.span = on_span,
                                                        .region = on_region,
                                                        .sample = on_sample,
                                                        .handoff = on_handoff,
                                                        .answer = on_answer,
                                                        .count = on_count,
                                                        .request = on_request,
                                                        .release = on_release};

int smk_span_index_fill(struct smk_span_index *index, smk_trace *trace, const struct smk_timeline_options *options)
{
    int result = smk_timeline_run(trace, options, &smk_span_index_calls, index);
    if (result == 0 && !smk_span_index_order(index))
        result = smk_mem_failed(index->mem);
    return result;
}

/* ---- questions ------------------------------------------------------------------------------------------ */

struct smk_span_place smk_span_index_from(const struct smk_span_index *index, uint32_t serial, uint64_t time)
{
    uint32_t number = smk_map_get(&index->by_serial, serial);
    if (number == SMK_MAP_NONE || !index->order)
        return (struct smk_span_place){index, 0, 0};
    const struct smk_index_thread *thread = &index->threads[number];
    uint32_t low = thread->first, high = thread->first + thread->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (index->spans[index->order[middle]].to <= time)
            low = middle + 1;
        else
            high = middle;
    }
    return (struct smk_span_place){index, low, thread->first + thread->count};
}

const struct smk_kept_span *smk_span_index_next(struct smk_span_place *place)
{
    return place->at < place->end ? &place->index->spans[place->index->order[place->at++]] : NULL;
}

bool smk_span_index_is_release_of(const struct smk_span_index *index, const struct smk_span_release *release,
                                  uint32_t process, uint64_t object)
{
    return release < index->releases + index->releases_count && compare_object(release, process, object) == 0;
}

const struct smk_span_release *smk_span_index_release(const struct smk_span_index *index, uint32_t process,
                                                      uint64_t object, uint64_t time)
{
    uint32_t low = 0, high = index->releases_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct smk_span_release *release = &index->releases[middle];
        int order = compare_object(release, process, object);
        if (order < 0 || (order == 0 && release->from < time))
            low = middle + 1;
        else
            high = middle;
    }
    const struct smk_span_release *found = index->releases + low;
    return index->releases && smk_span_index_is_release_of(index, found, process, object) ? found : NULL;
}

const struct smk_span_region *smk_span_index_region(const struct smk_span_index *index, uint32_t thread,
                                                    uint64_t time, uint64_t *until)
{
    const struct smk_span_region *found = NULL;
    *until = UINT64_MAX;
    for (uint32_t i = 0; i < index->regions_count; i++) {
        const struct smk_span_region *region = &index->regions[i];
        if (region->thread != thread || region->of_request || region->to <= time)
            continue;
        if (region->from > time) {
            *until = smk_min_u64(*until, region->from);
            continue;
        }
        *until = smk_min_u64(*until, region->to);
        if (!found || region->depth > found->depth)
            found = region;
    }
    return found;
}
