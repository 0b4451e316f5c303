#include "analysis/call_waits.h"

#include <string.h>

#include "format/events.h"

#define INSIDE_MAX 10000u /* waits that are looked at for those inside another */
#define AGAIN      1u     /* what by_thread has of a thread: 0, or this if it was counted again */

/* Where an event keeps its call and what it waited for; all have stack and duration first. 0: nowhere. */
struct shape {
    uint8_t kind, call, what;
    uint32_t least; /* ns: below that it is no wait, but only what the event says */
};

#define ALLOCATED_NS 20000u /* as long as a system call that does not sleep may take */

static const struct shape shapes[SMK_EV_LIMIT] = {
    [SMK_EV_COND_WAIT] = {SMK_WAIT_COND, 5, 0, 0},     [SMK_EV_NET_WAIT] = {SMK_WAIT_NET, 2, 5, 0},
    [SMK_EV_POLL_WAIT] = {SMK_WAIT_POLL, 2, 0, 0},     [SMK_EV_DISK_WAIT] = {SMK_WAIT_DISK, 2, 5, 0},
    [SMK_EV_SLEEP_WAIT] = {SMK_WAIT_SLEEP, 2, 0, 0},   [SMK_EV_JOIN_WAIT] = {SMK_WAIT_JOIN, 2, 0, 0},
    [SMK_EV_MEMORY_WAIT] = {SMK_WAIT_MEMORY, 2, 0, 0}, [SMK_EV_ALLOC_WAIT] = {SMK_WAIT_MEMORY, 2, 0, 0},
    [SMK_EV_ALLOC_LARGE] = {SMK_WAIT_MEMORY, 2, 0, ALLOCATED_NS},
    [SMK_EV_FREE_LARGE] = {SMK_WAIT_MEMORY, 2, 0, ALLOCATED_NS},
};

/* 0 stands for none: the first of an event's is its stack. */
static uint64_t arg(const smk_event *event, unsigned number)
{
    return number > 0 && number < event->arg_count ? event->args[number] : 0;
}

/* A thread that waits so, and works for no request, waits for work. */
static bool waits_for_work(const struct smk_call_waits *waits, const struct smk_call_wait *wait)
{
    if (wait->kind == SMK_WAIT_POLL || wait->kind == SMK_WAIT_COND || wait->kind == SMK_WAIT_SLEEP)
        return true;
    const char *call = wait->kind == SMK_WAIT_NET && waits->trace ? smk_trace_string(waits->trace, wait->call) : NULL;
    return call && strncmp(call, "accept", 6) == 0;
}

/* The request waited, from its question until the call that read the answer. */
static bool answer_of(const struct smk_call_waits *waits, const smk_event *event, struct smk_call_wait *wait)
{
    uint64_t end = event->time - smk_min_u64(arg(event, 6), event->time), request = arg(event, 4);
    if (end < waits->from || request == 0)
        return false;
    *wait = (struct smk_call_wait){
        .begin = smk_max_u64(end - smk_min_u64(arg(event, 1), end), waits->from),
        .end = end,
        .thread = event->thread,
        .stack = event->arg_count ? (uint32_t)event->args[0] : 0,
        .kind = SMK_WAIT_NET,
        .call = (uint32_t)arg(event, 2),
        .what = (uint32_t)arg(event, 5),
        .process = event->process,
        .request = smk_map_own(event->process, request),
        .answer = true,
    };
    return true;
}

bool smk_call_wait_of(const struct smk_call_waits *waits, const smk_event *event, uint64_t request,
                      struct smk_call_wait *wait)
{
    const struct shape *shape = event->id < SMK_EV_LIMIT ? &shapes[event->id] : &shapes[0];
    if (event->id == SMK_EV_ANSWER_WAIT)
        return answer_of(waits, event, wait);
    if (shape->kind == SMK_WAIT_NONE || event->time < waits->from)
        return false;
    uint64_t duration = smk_min_u64(arg(event, 1), event->time);
    if (duration < shape->least)
        return false;
    *wait = (struct smk_call_wait){
        .begin = smk_max_u64(event->time - duration, waits->from),
        .end = event->time,
        .thread = event->thread,
        .stack = event->arg_count ? (uint32_t)event->args[0] : 0,
        .kind = shape->kind,
        .call = (uint32_t)arg(event, shape->call),
        .what = (uint32_t)arg(event, shape->what),
        .process = event->process,
        .request = request,
    };
    if (event->id == SMK_EV_COND_WAIT) {
        wait->object = arg(event, 2);
        wait->waker = (uint32_t)arg(event, 4);
    }
    wait->idle = request == 0 && waits_for_work(waits, wait);
    return true;
}

static uint64_t key_of(const struct smk_call_wait *wait)
{
    return (uint64_t)(wait->kind | (uint32_t)wait->idle << 8 | (uint32_t)wait->answer << 9) << 32 | wait->call;
}

uint32_t smk_call_waits_sum(const struct smk_call_waits *waits, const struct smk_call_wait *wait)
{
    return smk_map_get(&waits->by_call, key_of(wait));
}

static uint32_t sum_of(struct smk_call_waits *waits, struct smk_mem *mem, const struct smk_call_wait *wait)
{
    uint64_t key = key_of(wait);
    uint32_t index = smk_map_get(&waits->by_call, key);
    if (index != SMK_MAP_NONE)
        return index;
    if (!smk_mem_grow(mem, &waits->sums, &waits->sum_capacity, waits->sum_count + 1u) ||
        !smk_map_put(&waits->by_call, mem, key, waits->sum_count))
        return SMK_MAP_NONE;
    waits->sums[waits->sum_count] =
        (struct smk_call_sum){
        .kind = wait->kind, .call = wait->call, .idle = wait->idle, .answer = wait->answer};
    return waits->sum_count++;
}

static uint32_t add_sum(struct smk_call_waits *waits, struct smk_mem *mem, const struct smk_call_wait *wait)
{
    uint64_t ns = wait->end - wait->begin;
    uint32_t index = sum_of(waits, mem, wait);
    if (index == SMK_MAP_NONE)
        return SMK_MAP_NONE;
    struct smk_call_sum *sum = &waits->sums[index];
    uint64_t pair = smk_map_pair(index, wait->thread);
    sum->ns += ns;
    sum->count++;
    sum->max = smk_max_u64(sum->max, ns);
    if (smk_map_get(&waits->by_thread, pair) == SMK_MAP_NONE && smk_map_put(&waits->by_thread, mem, pair, 0))
        sum->threads++;
    return index;
}

/* The place of a wait in this sum, empty. */
static struct smk_wait_place place_like(uint32_t sum, const struct smk_call_wait *wait)
{
    return (struct smk_wait_place){.sum = sum,
                                   .stack = wait->stack,
                                   .what = wait->what,
                                   .process = wait->process,
                                   .object = wait->object};
}

static struct smk_wait_place *place_of(struct smk_call_waits *waits, struct smk_mem *mem,
                                       const struct smk_wait_place *like)
{
    uint64_t thing = smk_map_pair(like->process, like->what) ^ smk_hash_word(like->object);
    uint64_t key = smk_hash_word(smk_map_pair(like->sum, like->stack)) ^ thing;
    uint32_t index = smk_map_get(&waits->by_place, key);
    if (index != SMK_MAP_NONE)
        return &waits->places[index];
    if (waits->place_count >= SMK_WAIT_PLACES_MAX && (like->stack || like->what || like->object)) {
        struct smk_wait_place rest = {.sum = like->sum, .process = like->process};
        return place_of(waits, mem, &rest);
    }
    if (!smk_mem_grow(mem, &waits->places, &waits->place_capacity, waits->place_count + 1u) ||
        !smk_map_put(&waits->by_place, mem, key, waits->place_count))
        return NULL;
    waits->places[waits->place_count] = *like;
    return &waits->places[waits->place_count++];
}

static void note_longest(struct smk_wait_place *place, const struct smk_call_wait *wait)
{
    if (wait->end - wait->begin < place->max)
        return;
    place->max = wait->end - wait->begin;
    place->max_begin = wait->begin;
    place->max_request = wait->request;
    place->max_thread = wait->thread;
}

static void add_place(struct smk_call_waits *waits, struct smk_mem *mem, uint32_t sum,
                      const struct smk_call_wait *wait)
{
    uint64_t ns = wait->end - wait->begin;
    struct smk_wait_place like = place_like(sum, wait);
    struct smk_wait_place *place = place_of(waits, mem, &like);
    if (!place)
        return;
    place->ns += ns;
    place->count++;
    place->in_ns += wait->request ? ns : 0;
    place->in_count += wait->request ? 1 : 0;
    note_longest(place, wait);
    if (wait->waker && ns >= place->waker_ns) {
        place->waker = wait->waker;
        place->waker_ns = ns;
    }
}

uint32_t smk_call_waits_add(struct smk_call_waits *waits, struct smk_mem *mem, const struct smk_call_wait *wait)
{
    uint32_t sum = add_sum(waits, mem, wait);
    if (sum != SMK_MAP_NONE)
        add_place(waits, mem, sum, wait);
    if (wait->answer)
        return sum; /* those that are kept are what threads did */
    if (waits->count >= waits->keep ||
        !smk_mem_grow(mem, &waits->array, &waits->capacity, waits->count + 1u)) {
        waits->refused++;
        return sum;
    }
    waits->array[waits->count++] = *wait;
    return sum;
}

/* ---- what turns out later ------------------------------------------------------------------------------- */

/* It counts in its sum, and at its place, no more. */
static void take_out(struct smk_call_waits *waits, struct smk_mem *mem, const struct smk_call_wait *wait)
{
    uint32_t index = smk_call_waits_sum(waits, wait);
    struct smk_wait_place like = place_like(index, wait);
    struct smk_wait_place *place = index != SMK_MAP_NONE ? place_of(waits, mem, &like) : NULL;
    uint64_t ns = wait->end - wait->begin;
    if (!place)
        return;
    waits->sums[index].ns -= ns;
    waits->sums[index].count--;
    waits->sums[index].recount = true;
    place->ns -= smk_min_u64(ns, place->ns);
    place->count -= place->count ? 1 : 0;
    place->in_ns -= wait->request ? smk_min_u64(ns, place->in_ns) : 0;
    place->in_count -= wait->request && place->in_count ? 1 : 0;
}

static void change(struct smk_call_waits *waits, struct smk_mem *mem, uint32_t index, uint64_t request, bool idle)
{
    struct smk_call_wait *wait = &waits->array[index];
    take_out(waits, mem, wait);
    wait->request = request;
    wait->idle = idle;
    uint32_t sum = add_sum(waits, mem, wait);
    if (sum != SMK_MAP_NONE)
        add_place(waits, mem, sum, wait);
}

void smk_call_waits_called(struct smk_call_waits *waits, struct smk_mem *mem, uint32_t thread, uint64_t from,
                           uint64_t to)
{
    for (uint32_t looks = 0, i = waits->count; i > 0 && looks < INSIDE_MAX; i--, looks++) {
        const struct smk_call_wait *wait = &waits->array[i - 1];
        if (wait->end < from)
            return;
        if (wait->thread == thread && wait->idle && wait->begin >= from && wait->end <= to)
            change(waits, mem, i - 1, wait->request, false);
    }
}

void smk_call_waits_of_none(struct smk_call_waits *waits, struct smk_mem *mem, uint32_t index)
{
    change(waits, mem, index, 0, waits_for_work(waits, &waits->array[index]));
}

static void count_again(struct smk_call_waits *waits, struct smk_mem *mem, uint32_t sum,
                        const struct smk_call_wait *wait)
{
    struct smk_wait_place like = place_like(sum, wait), *place = place_of(waits, mem, &like);
    uint64_t pair = smk_map_pair(sum, wait->thread);
    waits->sums[sum].max = smk_max_u64(waits->sums[sum].max, wait->end - wait->begin);
    waits->sums[sum].threads += smk_map_get(&waits->by_thread, pair) != AGAIN;
    smk_map_put(&waits->by_thread, mem, pair, AGAIN);
    if (place)
        note_longest(place, wait);
}

/* Where not all were kept, what they were before is the most that they can be. */
void smk_call_waits_finish(struct smk_call_waits *waits, struct smk_mem *mem)
{
    bool any = false;
    for (uint32_t i = 0; i < waits->sum_count; i++) {
        struct smk_call_sum *sum = &waits->sums[i];
        sum->recount = sum->recount && waits->refused == 0;
        any = any || sum->recount;
        if (sum->recount)
            sum->max = sum->threads = 0;
    }
    for (uint32_t i = 0; any && i < waits->place_count; i++)
        if (waits->sums[waits->places[i].sum].recount)
            waits->places[i].max = 0;
    for (uint32_t i = 0; any && i < waits->count; i++) {
        uint32_t sum = smk_call_waits_sum(waits, &waits->array[i]);
        if (sum != SMK_MAP_NONE && waits->sums[sum].recount)
            count_again(waits, mem, sum, &waits->array[i]);
    }
}

uint64_t smk_call_waits_inside(const struct smk_call_waits *waits, uint32_t thread, uint64_t begin)
{
    uint64_t ns = 0;
    for (uint32_t looks = 0, i = waits->count; i > 0 && looks < INSIDE_MAX; i--, looks++) {
        const struct smk_call_wait *wait = &waits->array[i - 1];
        if (wait->end < begin)
            break;
        if (wait->thread == thread && wait->begin >= begin)
            ns += wait->end - wait->begin;
    }
    return ns;
}

uint32_t smk_call_waits_first(const struct smk_call_waits *waits, uint64_t time)
{
    uint32_t low = 0, high = waits->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (waits->array[middle].end < time)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void smk_call_waits_free(struct smk_call_waits *waits, struct smk_mem *mem)
{
    smk_mem_free(mem, waits->array, waits->capacity * sizeof(*waits->array));
    smk_mem_free(mem, waits->sums, waits->sum_capacity * sizeof(*waits->sums));
    smk_mem_free(mem, waits->places, waits->place_capacity * sizeof(*waits->places));
    smk_map_free(&waits->by_call, mem);
    smk_map_free(&waits->by_thread, mem);
    smk_map_free(&waits->by_place, mem);
    *waits = (struct smk_call_waits){0};
}
