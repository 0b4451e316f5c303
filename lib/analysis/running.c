#include "analysis/running.h"

#include <string.h>

#include "base/sort.h"
#include "format/events.h"

void smk_running_free(struct smk_running *running, struct smk_mem *mem)
{
    smk_mem_free(mem, running->array, running->capacity * sizeof(*running->array));
    smk_map_free(&running->by_key, mem);
    *running = (struct smk_running){0};
}

/* ---- switches ------------------------------------------------------------------------------------------- */

/* The thread ran from where the last account ended until `time`. */
static void account(struct smk_latency *latency, struct smk_state *state, uint64_t time)
{
    if (time <= state->on_since)
        return;
    state->ran += state->cpu_known ? time - state->on_since : 0;
    if (state->request && state->cpu_known)
        smk_latency_cpu(latency, state->request, time, time - state->on_since, 0, state->depth == 0);
    else if (state->request)
        smk_latency_cpu_unknown(latency, state->request);
}

/* What the thread had run and been preempted at `time`, up to on_since. Before all that are kept the least is said:
 * what lies in a part since then is never too little, and what lies in none never too much. */
static void sums_at(const struct smk_state *state, uint64_t time, uint64_t *ran, uint64_t *preempted)
{
    struct smk_off first = {.begin = state->on_since, .ran = state->ran, .preempted = state->preempted};
    for (uint32_t i = state->off_count; i > 0 && i + SMK_OFFS_KEPT > state->off_count; i--) {
        first = state->offs[(i - 1) % SMK_OFFS_KEPT];
        if (time >= first.begin) {
            uint64_t left = first.end - smk_min_u64(first.end, time);
            *ran = first.ran + (time - smk_min_u64(time, first.end));
            *preempted = smk_max_u64(first.preempted, first.preempted_after - smk_min_u64(first.preempted_after, left));
            return;
        }
    }
    uint64_t before = first.begin - smk_min_u64(first.begin, time);
    *ran = first.ran - smk_min_u64(first.ran, before);
    *preempted = first.preempted - smk_min_u64(first.preempted, before);
}

void smk_running_part(struct smk_latency *latency, struct smk_state *state, uint64_t end, uint64_t ns)
{
    uint64_t since = smk_max_u64(state->works_since, latency->from), ran, preempted, ran_before, preempted_before;
    if (!state->request || !state->cpu_known || state->depth || end <= since)
        return;
    account(latency, state, end);
    state->on_since = smk_max_u64(state->on_since, end);
    sums_at(state, end, &ran, &preempted);
    sums_at(state, smk_max_u64(end - smk_min_u64(ns, end), since), &ran_before, &preempted_before);
    smk_latency_cpu_in_part(latency, state->request, ran - ran_before, preempted - preempted_before);
}

void smk_running_source(struct smk_latency *latency, struct smk_state *state, uint64_t time, uint64_t source,
                        uint64_t lost)
{
    bool known = source == SMK_SCHED_PERF;
    if (state->cpu_known && known && !lost)
        return; /* another capture began: nothing is lost for this one */
    if (state->request && (lost || state->cpu_known != known))
        smk_latency_cpu_unknown(latency, state->request);
    state->cpu_known = known;
    state->on_since = time;
    state->ran = state->preempted = state->off_count = 0;
}

static void keep_off(struct smk_state *state, uint64_t begin, uint64_t end, uint64_t preempted)
{
    state->offs[state->off_count++ % SMK_OFFS_KEPT] = (struct smk_off){
        .begin = begin,
        .end = end,
        .ran = state->ran,
        .preempted = state->preempted,
        .preempted_after = state->preempted + preempted,
    };
    state->preempted += preempted;
}

void smk_running_off(struct smk_running *running, struct smk_latency *latency, struct smk_state *state,
                     uint64_t time, uint64_t duration, uint64_t how)
{
    uint64_t began = time - smk_min_u64(duration, time);
    uint64_t since = smk_max_u64(began, state->on_since);
    uint64_t off = time > since ? time - since : 0;
    bool preempted = (how & 3) == SMK_OFF_PREEMPTED;
    account(latency, state, began);
    if (preempted && time > running->from)
        running->preempted += smk_min_u64(duration, time - running->from);
    if (preempted && state->request && state->cpu_known)
        smk_latency_cpu(latency, state->request, time, 0, off, state->depth == 0);
    if (state->cpu_known && off)
        keep_off(state, since, time, preempted ? off : 0);
    state->on_since = smk_max_u64(state->on_since, time);
}

void smk_running_turn(struct smk_latency *latency, struct smk_state *state, uint64_t time)
{
    account(latency, state, time);
    state->on_since = smk_max_u64(state->on_since, time);
}

void smk_running_count(struct smk_running *running, uint64_t time, uint64_t duration, uint64_t ran,
                       uint64_t runnable)
{
    if (time <= running->from || duration == 0)
        return;
    uint64_t in_window = smk_min_u64(duration, time - running->from);
    running->ran += smk_min_u64(ran, in_window);
    running->runnable += smk_min_u64(runnable, in_window);
}

/* ---- samples -------------------------------------------------------------------------------------------- */

void smk_running_sample(struct smk_running *running, struct smk_mem *mem, uint64_t time, uint32_t route,
                        uint32_t stack)
{
    if (time < running->from)
        return;
    running->samples++;
    uint64_t key = smk_map_pair(route, stack);
    uint32_t index = smk_map_get(&running->by_key, key);
    if (index == SMK_MAP_NONE) {
        index = running->count;
        if (index == SMK_SAMPLED_STACKS_MAX ||
            !smk_mem_grow(mem, &running->array, &running->capacity, index + 1u) ||
            !smk_map_put(&running->by_key, mem, key, index)) {
            running->unlisted++;
            return;
        }
        running->array[running->count++] = (struct smk_sampled){route, stack, 0};
    }
    running->array[index].count++;
}

#define FUNCTIONS_MAX 256u

static bool more_samples(const void *a, const void *b)
{
    return ((const struct smk_sampled_function *)a)->count > ((const struct smk_sampled_function *)b)->count;
}

/* Code without symbols is one function for each module: its addresses would be hundreds. */
static void add_function(struct smk_sampled_function *list, uint32_t *count, const struct smk_place *place,
                         uint64_t samples)
{
    char name[SMK_SYMBOL_NAME_MAX] = {0};
    uint32_t i = 0;
    size_t len = strnlen(place->function, SMK_SYMBOL_NAME_MAX - 1);
    if (!place->named)
        len = smk_min_u64(len, strcspn(place->function, "+"));
    memcpy(name, place->function, len);
    while (i < *count && strcmp(list[i].name, name) != 0)
        i++;
    if (i == FUNCTIONS_MAX)
        return;
    if (i == *count)
        memcpy(list[(*count)++].name, name, sizeof(name));
    list[i].count += samples;
}

uint32_t smk_running_functions(const struct smk_running *running, struct smk_symbols *symbols, uint32_t route,
                               struct smk_sampled_function *functions, uint32_t max, uint64_t *of)
{
    size_t bytes = FUNCTIONS_MAX * sizeof(struct smk_sampled_function);
    struct smk_sampled_function *list = smk_mem_new(symbols->mem, bytes);
    uint32_t count = 0;
    *of = 0;
    for (uint32_t i = 0; list && i < running->count; i++) {
        const struct smk_sampled *sampled = &running->array[i];
        if (sampled->route != route)
            continue;
        *of += sampled->count;
        const struct smk_place *place = smk_symbols_stack_place(symbols, sampled->stack);
        if (place)
            add_function(list, &count, place, sampled->count);
    }
    if (list)
        smk_sort(list, count, sizeof(*list), more_samples);
    count = count < max ? count : max;
    if (count)
        memcpy(functions, list, count * sizeof(*list));
    smk_mem_free(symbols->mem, list, bytes);
    return count;
}
