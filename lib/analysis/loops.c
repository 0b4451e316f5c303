#include "analysis/loops.h"

#include "format/events.h"

#define SAMPLES_LEAST 3u

void smk_loops_free(struct smk_loops *loops, struct smk_mem *mem)
{
    for (uint32_t i = 0; i < loops->thread_count; i++) {
        smk_mem_free(mem, loops->threads[i].past, sizeof(struct smk_loop_past));
        smk_dist_free(&loops->threads[i].delays, mem);
    }
    smk_mem_free(mem, loops->threads, loops->thread_capacity * sizeof(*loops->threads));
    smk_mem_free(mem, loops->holds, loops->hold_capacity * sizeof(*loops->holds));
    smk_map_free(&loops->by_serial, mem);
    smk_map_free(&loops->by_culprit, mem);
    *loops = (struct smk_loops){0};
}

/* ---- what threads do ------------------------------------------------------------------------------------- */

/* NULL: it has served no request yet. */
static struct smk_loop_thread *find(struct smk_loops *loops, uint32_t serial)
{
    if (loops->last && loops->threads[loops->last - 1].serial == serial)
        return &loops->threads[loops->last - 1];
    uint32_t index = smk_map_get(&loops->by_serial, serial);
    if (index == SMK_MAP_NONE)
        return NULL;
    loops->last = index + 1;
    return &loops->threads[index];
}

static struct smk_loop_thread *find_or_add(struct smk_loops *loops, struct smk_mem *mem, uint32_t serial)
{
    struct smk_loop_thread *thread = find(loops, serial);
    if (thread)
        return thread;
    if (!smk_mem_grow(mem, &loops->threads, &loops->thread_capacity, loops->thread_count + 1u) ||
        !smk_map_put(&loops->by_serial, mem, serial, loops->thread_count))
        return NULL;
    loops->threads[loops->thread_count] = (struct smk_loop_thread){.serial = serial};
    loops->last = ++loops->thread_count;
    return &loops->threads[loops->last - 1];
}

static struct smk_loop_past *past_of(struct smk_loop_thread *thread, struct smk_mem *mem)
{
    if (!thread->past)
        thread->past = smk_mem_new(mem, sizeof(*thread->past));
    return thread->past;
}

static void close_span(struct smk_loop_thread *thread, uint64_t time)
{
    if (thread->working && thread->past && time >= thread->since + SMK_LOOP_SPAN)
        thread->past->requests[thread->past->request_count++ % SMK_LOOP_KEPT] =
            (struct smk_loop_span){thread->since, time, thread->route, 0};
    thread->working = false;
}

void smk_loops_works(struct smk_loops *loops, struct smk_mem *mem, uint32_t serial, uint32_t route, uint64_t time)
{
    struct smk_loop_thread *thread = find_or_add(loops, mem, serial);
    if (!thread || !past_of(thread, mem))
        return;
    close_span(thread, time);
    thread->working = true;
    thread->since = time;
    thread->route = route;
}

void smk_loops_rests(struct smk_loops *loops, uint32_t serial, uint64_t time)
{
    struct smk_loop_thread *thread = find(loops, serial);
    if (thread)
        close_span(thread, time);
}

void smk_loops_waited(struct smk_loops *loops, struct smk_mem *mem, uint32_t serial, uint64_t begin, uint64_t end,
                      uint32_t stack)
{
    struct smk_loop_thread *thread = end >= begin + SMK_LOOP_SPAN ? find(loops, serial) : NULL;
    struct smk_loop_past *past = thread ? past_of(thread, mem) : NULL;
    if (past)
        past->waits[past->wait_count++ % SMK_LOOP_KEPT] = (struct smk_loop_span){begin, end, 0, stack};
}

void smk_loops_preempted(struct smk_loops *loops, struct smk_mem *mem, uint32_t serial, uint64_t begin, uint64_t end)
{
    struct smk_loop_thread *thread = end >= begin + SMK_LOOP_SPAN ? find(loops, serial) : NULL;
    struct smk_loop_past *past = thread ? past_of(thread, mem) : NULL;
    if (past)
        past->preempted[past->preempted_count++ % SMK_LOOP_KEPT] = (struct smk_loop_span){begin, end, 0, 0};
}

void smk_loops_called(struct smk_loops *loops, struct smk_mem *mem, uint32_t serial, uint64_t begin, uint64_t end,
                      uint32_t site)
{
    struct smk_loop_thread *thread = end >= begin + SMK_LOOP_SPAN ? find_or_add(loops, mem, serial) : NULL;
    struct smk_loop_past *past = thread ? past_of(thread, mem) : NULL;
    if (past)
        past->callbacks[past->callback_count++ % SMK_LOOP_KEPT] = (struct smk_loop_span){begin, end, site, 0};
}

void smk_loops_sampled(struct smk_loops *loops, struct smk_mem *mem, uint32_t serial, uint64_t time, uint32_t stack)
{
    struct smk_loop_thread *thread = stack ? find(loops, serial) : NULL;
    struct smk_loop_past *past = thread ? past_of(thread, mem) : NULL;
    if (past)
        past->samples[past->sample_count++ % SMK_LOOP_KEPT] = (struct smk_loop_sample){time, stack};
}

void smk_loops_read(struct smk_loops *loops, struct smk_mem *mem, uint32_t serial, uint64_t ns)
{
    struct smk_loop_thread *thread = find(loops, serial);
    if (thread)
        smk_dist_add(&thread->delays, mem, ns);
}

/* ---- culprits -------------------------------------------------------------------------------------------- */

static uint64_t overlap(const struct smk_loop_span *span, uint64_t from, uint64_t to)
{
    uint64_t begin = smk_max_u64(span->begin, from), end = smk_min_u64(span->end, to);
    return end > begin ? end - begin : 0;
}

/* The stretch that took most of [from, to]; NULL: none lies in it. */
static const struct smk_loop_span *longest_in(const struct smk_loop_span *ring, uint32_t count, uint64_t from,
                                              uint64_t to, uint64_t *ns)
{
    const struct smk_loop_span *most = NULL;
    *ns = 0;
    for (uint32_t i = 0; i < count && i < SMK_LOOP_KEPT; i++) {
        uint64_t in = overlap(&ring[i], from, to);
        if (in > *ns) {
            *ns = in;
            most = &ring[i];
        }
    }
    return most;
}

static uint32_t function_of(struct smk_symbols *symbols, uint32_t id)
{
    const struct smk_place *place = smk_symbols_stack_place(symbols, id);
    return place ? place->function_id : 0;
}

/* A stack in the function where most of the samples of [from, to] lie; 0: there are too few. */
static uint32_t sampled_most(struct smk_symbols *symbols, const struct smk_loop_past *past, uint64_t from, uint64_t to)
{
    uint32_t functions[SMK_LOOP_KEPT], stacks[SMK_LOOP_KEPT], count = 0, best = 0, stack = 0;
    for (uint32_t i = 0; i < past->sample_count && i < SMK_LOOP_KEPT; i++) {
        const struct smk_loop_sample *sample = &past->samples[i];
        if (sample->time < from || sample->time > to)
            continue;
        functions[count] = function_of(symbols, sample->stack);
        stacks[count++] = sample->stack;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t same = 0;
        for (uint32_t j = 0; j < count; j++)
            same += functions[j] == functions[i];
        if (same > best) {
            best = same;
            stack = stacks[i];
        }
    }
    return count >= SAMPLES_LEAST ? stack : 0;
}

static uint64_t preempted_in(const struct smk_loop_past *past, uint64_t from, uint64_t to)
{
    uint64_t ns = 0;
    for (uint32_t i = 0; past && i < past->preempted_count && i < SMK_LOOP_KEPT; i++)
        ns += overlap(&past->preempted[i], from, to);
    return ns;
}

struct charge {
    enum smk_culprit culprit;
    uint32_t id, stack;
    uint64_t begin, end; /* of the stretch that did it */
};

static void charge(struct charge *to, struct smk_symbols *symbols, const struct smk_loop_thread *thread,
                   uint64_t from, uint64_t until)
{
    uint64_t in_request, in_wait, in_callback;
    const struct smk_loop_past *past = thread->past;
    *to = (struct charge){.begin = from, .end = until};
    if (!past)
        return;
    const struct smk_loop_span *request =
        longest_in(past->requests, past->request_count, from, until, &in_request);
    const struct smk_loop_span *wait = longest_in(past->waits, past->wait_count, from, until, &in_wait);
    const struct smk_loop_span *callback =
        longest_in(past->callbacks, past->callback_count, from, until, &in_callback);
    bool by_wait = wait && in_wait >= (until - from) / 2 && wait->stack;
    to->stack = by_wait ? wait->stack : sampled_most(symbols, past, from, until);
    if (request && in_request >= (until - from) / 2 && request->what != SMK_MAP_NONE) {
        *to = (struct charge){SMK_CULPRIT_ROUTE, request->what, to->stack, request->begin, request->end};
    } else if (callback && in_callback >= (until - from) / 2) {
        *to = (struct charge){SMK_CULPRIT_CALLBACK, callback->what, to->stack, callback->begin, callback->end};
    } else if (by_wait) {
        *to = (struct charge){SMK_CULPRIT_WAIT, function_of(symbols, wait->stack), wait->stack, wait->begin, wait->end};
    } else if (to->stack) {
        to->culprit = SMK_CULPRIT_FUNCTION;
        to->id = function_of(symbols, to->stack);
    }
}

/* ---- holds ----------------------------------------------------------------------------------------------- */

static struct smk_hold *hold_of(struct smk_loops *loops, struct smk_mem *mem, const struct charge *to)
{
    uint64_t key = smk_map_pair(to->culprit, to->id);
    uint32_t index = smk_map_get(&loops->by_culprit, key);
    if (index != SMK_MAP_NONE)
        return &loops->holds[index];
    if (loops->hold_count >= SMK_HOLDS_MAX ||
        !smk_mem_grow(mem, &loops->holds, &loops->hold_capacity, loops->hold_count + 1u) ||
        !smk_map_put(&loops->by_culprit, mem, key, loops->hold_count))
        return NULL;
    struct smk_hold *hold = &loops->holds[loops->hold_count++];
    *hold = (struct smk_hold){.culprit = to->culprit, .id = to->id};
    return hold;
}

static void add_route(struct smk_hold *hold, uint32_t route, uint64_t ns)
{
    for (uint32_t i = 0; i < hold->route_count; i++)
        if (hold->routes[i].route == route) {
            hold->routes[i].ns += ns;
            hold->routes[i].count++;
            return;
        }
    if (hold->route_count < SMK_HELD_ROUTES && route != SMK_MAP_NONE)
        hold->routes[hold->route_count++] = (struct smk_held_route){route, ns, 1};
}

/* One stretch delays many: it counts once. */
static void add_stretch(struct smk_hold *hold, const struct charge *by)
{
    uint64_t ns = by->end - by->begin;
    if (hold->holds == 0 || by->begin >= hold->last_begin + SMK_LOOP_SPAN) {
        hold->holds++;
        hold->last_begin = by->begin;
    }
    hold->longest = smk_max_u64(hold->longest, ns);
    if (by->stack && ns > hold->stack_ns) {
        hold->stack = by->stack;
        hold->stack_ns = ns;
    }
}

void smk_loops_delay(struct smk_loops *loops, struct smk_mem *mem, struct smk_symbols *symbols,
                     const struct smk_loop_delay *delay)
{
    struct smk_loop_thread *thread = find(loops, delay->thread);
    uint64_t from = smk_max_u64(delay->time - smk_min_u64(delay->delay, delay->time), loops->from);
    struct charge by;
    if (!thread || from >= delay->time)
        return;
    charge(&by, symbols, thread, from, delay->time);
    struct smk_hold *hold = hold_of(loops, mem, &by);
    if (!hold) {
        loops->unlisted++;
        return;
    }
    uint64_t ns = delay->time - from;
    hold->ns += ns;
    hold->count++;
    if (ns > hold->max) {
        hold->max = ns;
        hold->max_begin = from;
        hold->max_thread = delay->thread;
        hold->max_request = delay->request;
    }
    uint64_t preempted = preempted_in(thread->past, from, delay->time);
    hold->max_own = smk_max_u64(hold->max_own, ns - smk_min_u64(ns, preempted));
    hold->by_kernel |= delay->how == SMK_LOOP_KERNEL;
    hold->by_range |= delay->how == SMK_LOOP_RANGE;
    add_route(hold, delay->route, ns);
    add_stretch(hold, &by);
}
