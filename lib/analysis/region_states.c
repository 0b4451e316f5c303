#include "analysis/region_states.h"

#include <string.h>

#include "base/sort.h"

/* It enters a region, or leaves the innermost of this site and all in it. */
struct turn {
    uint64_t time;
    uint32_t site;
    uint32_t leaves;
};

struct smk_region_thread {
    uint32_t process, depth;
    uint32_t path[SMK_REGION_DEPTH]; /* number + 1 of each region that it is in */
    struct turn *turns;
    uint32_t first, end, capacity;   /* those that wait are [first, end) */
    uint64_t told_to;                /* to here its time is told */
    uint32_t last;                   /* enum smk_does of what ran last */
};

const char *smk_does_name(unsigned does)
{
    static const char *const names[] = {"running", "running or runnable", "runnable", "idle", "unknown", "waiting"};
    return does < SMK_ARRAY_LEN(names) ? names[does] : smk_wait_kind_name(does - SMK_DOES_WAITING);
}

void smk_region_states_init(struct smk_region_states *states, struct smk_mem *mem)
{
    *states = (struct smk_region_states){.mem = mem};
}

void smk_region_states_free(struct smk_region_states *states)
{
    struct smk_mem *mem = states->mem;
    if (!mem)
        return;
    for (uint32_t i = 0; i < states->thread_count; i++)
        smk_mem_free(mem, states->threads[i].turns, states->threads[i].capacity * sizeof(struct turn));
    smk_mem_free(mem, states->threads, states->thread_capacity * sizeof(*states->threads));
    smk_mem_free(mem, states->paths, states->capacity * sizeof(*states->paths));
    smk_mem_free(mem, states->by_time, states->count * sizeof(*states->by_time));
    smk_map_free(&states->by_step, mem);
    smk_map_free(&states->by_serial, mem);
    *states = (struct smk_region_states){0};
}

static struct smk_region_thread *find(const struct smk_region_states *states, uint32_t serial)
{
    uint32_t index = smk_map_get(&states->by_serial, serial);
    return index == SMK_MAP_NONE ? NULL : &states->threads[index];
}

static struct smk_region_thread *thread_of(struct smk_region_states *states, uint32_t serial, uint32_t process)
{
    struct smk_region_thread *thread = find(states, serial);
    if (thread || !smk_mem_grow(states->mem, &states->threads, &states->thread_capacity, states->thread_count + 1u))
        return thread;
    if (!smk_map_put(&states->by_serial, states->mem, serial, states->thread_count))
        return NULL;
    thread = &states->threads[states->thread_count++];
    memset(thread, 0, sizeof(*thread));
    thread->process = process;
    thread->last = SMK_DOES_EITHER;
    return thread;
}

/* ---- paths ---------------------------------------------------------------------------------------------- */

/* Its number + 1; that of the path around it where there is no room. */
static uint32_t path_of(struct smk_region_states *states, uint32_t parent, uint32_t site)
{
    uint64_t key = smk_map_pair(parent, site);
    uint32_t index = smk_map_get(&states->by_step, key);
    if (index != SMK_MAP_NONE)
        return index + 1;
    if (states->count >= SMK_REGION_PATHS ||
        !smk_mem_grow(states->mem, &states->paths, &states->capacity, states->count + 1u) ||
        !smk_map_put(&states->by_step, states->mem, key, states->count)) {
        states->too_many++;
        return parent;
    }
    memset(&states->paths[states->count], 0, sizeof(*states->paths));
    states->paths[states->count].parent = parent;
    states->paths[states->count].site = site;
    return ++states->count;
}

static uint32_t innermost(const struct smk_region_thread *thread)
{
    return thread->depth ? thread->path[thread->depth - 1] : 0;
}

static uint32_t site_at(const struct smk_region_states *states, const struct smk_region_thread *thread, uint32_t depth)
{
    uint32_t path = thread->path[depth];
    return path ? states->paths[path - 1].site : 0;
}

static void take_turn(struct smk_region_states *states, struct smk_region_thread *thread, const struct turn *turn)
{
    if (!turn->leaves) {
        if (thread->depth == SMK_REGION_DEPTH) {
            states->too_many++;
            return;
        }
        uint32_t path = path_of(states, innermost(thread), turn->site);
        thread->path[thread->depth++] = path;
        if (path)
            states->paths[path - 1].times++;
        return;
    }
    uint32_t at = thread->depth;
    while (at > 0 && site_at(states, thread, at - 1) != turn->site)
        at--;
    if (at > 0)
        thread->depth = at - 1;
}

/* ---- the pass ------------------------------------------------------------------------------------------- */

static void add(struct smk_region_states *states, const struct smk_region_thread *thread, uint32_t does, uint64_t from,
                uint64_t to)
{
    uint32_t path = innermost(thread);
    uint64_t since = states->from ? states->from[thread->process] : 0;
    from = smk_max_u64(from, since);
    if (path && to > from)
        states->paths[path - 1].own[does] += to - from;
}

static const struct turn *next_turn(const struct smk_region_thread *thread)
{
    return thread->first < thread->end ? &thread->turns[thread->first] : NULL;
}

/* It did this up to `to`; turns on the way are taken. */
static void tell(struct smk_region_states *states, struct smk_region_thread *thread, uint32_t does, uint64_t from,
                 uint64_t to)
{
    const struct turn *turn;
    from = smk_max_u64(from, thread->told_to);
    while ((turn = next_turn(thread)) != NULL && turn->time < to) {
        uint64_t until = smk_max_u64(turn->time, from);
        add(states, thread, does, from, until);
        take_turn(states, thread, turn);
        thread->first++;
        from = until;
    }
    if (to > from)
        add(states, thread, does, from, to);
    thread->told_to = smk_max_u64(thread->told_to, to);
}

static uint32_t does_of(const struct smk_span *span)
{
    switch (span->state) {
    case SMK_SPAN_RUNNING:
        if (span->flags & SMK_SPAN_OR_RUNNABLE)
            return SMK_DOES_EITHER;
        return span->kind == SMK_WAIT_MEMORY ? SMK_DOES_WAITING + SMK_WAIT_MEMORY : SMK_DOES_RUNNING;
    case SMK_SPAN_RUNNABLE:
        return SMK_DOES_RUNNABLE;
    case SMK_SPAN_WAITING:
        return SMK_DOES_WAITING + (span->kind <= SMK_WAIT_OTHER ? span->kind : 0u);
    case SMK_SPAN_IDLE:
        return SMK_DOES_IDLE;
    default:
        return SMK_DOES_UNKNOWN;
    }
}

void smk_region_states_span(struct smk_region_states *states, const struct smk_span *span)
{
    struct smk_region_thread *thread = find(states, span->thread);
    if (!thread)
        return;
    uint32_t does = does_of(span);
    if (does <= SMK_DOES_EITHER)
        thread->last = does;
    tell(states, thread, does, span->from, span->to);
}

/* For one more turn. */
static bool has_room(struct smk_region_states *states, struct smk_region_thread *thread)
{
    if (thread->end - thread->first == SMK_REGION_QUEUE)
        tell(states, thread, thread->last, thread->told_to, thread->turns[thread->first + SMK_REGION_QUEUE / 2].time);
    if (thread->end - thread->first == SMK_REGION_QUEUE) /* all of one moment */
        take_turn(states, thread, &thread->turns[thread->first++]);
    if (thread->first == thread->end)
        thread->first = thread->end = 0;
    if (thread->end == SMK_REGION_QUEUE) {
        memmove(thread->turns, thread->turns + thread->first, (thread->end - thread->first) * sizeof(*thread->turns));
        thread->end -= thread->first;
        thread->first = 0;
    }
    return smk_mem_grow(states->mem, &thread->turns, &thread->capacity, thread->end + 1u);
}

void smk_region_states_event(struct smk_region_states *states, const smk_event *event)
{
    if (event->id != SMK_EV_REGION_BEGIN && event->id != SMK_EV_REGION_END && event->id != SMK_EV_SCHED_SOURCE)
        return;
    struct smk_region_thread *thread = thread_of(states, event->thread, event->process);
    if (!thread)
        return;
    if (event->id == SMK_EV_SCHED_SOURCE) {
        bool switches = event->arg_count && event->args[0] == SMK_SCHED_PERF;
        thread->last = switches ? SMK_DOES_RUNNING : SMK_DOES_EITHER;
        return;
    }
    if (thread->told_to == 0)
        thread->told_to = event->time; /* before its first region it was in none */
    if (!has_room(states, thread))
        return;
    thread->turns[thread->end++] = (struct turn){event->time, event->arg_count ? (uint32_t)event->args[0] : 0,
                                                 event->id == SMK_EV_REGION_END};
}

void smk_region_states_gap(struct smk_region_states *states, const smk_gap *gap)
{
    if ((gap->category & SMK_CAT_REGION) == 0)
        return;
    for (uint32_t i = 0; i < states->thread_count; i++)
        if (states->threads[i].process == gap->process)
            states->threads[i].depth = states->threads[i].first = states->threads[i].end = 0;
}

/* ---- sums ----------------------------------------------------------------------------------------------- */

static bool longer(const void *a, const void *b)
{
    return ((const struct smk_path_time *)a)->ns > ((const struct smk_path_time *)b)->ns;
}

bool smk_region_states_finish(struct smk_region_states *states)
{
    states->by_time = states->count ? smk_mem_new(states->mem, states->count * sizeof(*states->by_time)) : NULL;
    if (!states->by_time)
        return states->count == 0;
    for (uint32_t i = states->count; i-- > 0;) { /* a path is behind the one around it */
        struct smk_region_path *path = &states->paths[i];
        for (unsigned does = 0; does < SMK_DOES_COUNT; does++) {
            path->whole[does] += path->own[does];
            path->own_ns += path->own[does];
            path->whole_ns += path->whole[does];
            if (path->parent)
                states->paths[path->parent - 1].whole[does] += path->whole[does];
        }
        states->by_time[i] = (struct smk_path_time){path->whole_ns, i};
    }
    smk_sort(states->by_time, states->count, sizeof(*states->by_time), longer);
    return true;
}

uint32_t smk_region_path_sites(const struct smk_region_states *states, uint32_t path, uint32_t *sites, uint32_t max)
{
    uint32_t depth = 0, at;
    for (at = path + 1; at; at = states->paths[at - 1].parent)
        depth++;
    uint32_t count = depth < max ? depth : max;
    for (at = path + 1; at; at = states->paths[at - 1].parent)
        if (--depth < count)
            sites[depth] = states->paths[at - 1].site;
    return count;
}

static bool is_in_itself(const struct smk_region_states *states, const struct smk_region_path *path)
{
    for (uint32_t at = path->parent; at; at = states->paths[at - 1].parent)
        if (states->paths[at - 1].site == path->site)
            return true;
    return false;
}

void smk_region_states_of(const struct smk_region_states *states, uint32_t site, uint64_t does[SMK_DOES_COUNT])
{
    memset(does, 0, SMK_DOES_COUNT * sizeof(*does));
    for (uint32_t i = 0; i < states->count; i++)
        if (states->paths[i].site == site && !is_in_itself(states, &states->paths[i]))
            for (unsigned k = 0; k < SMK_DOES_COUNT; k++)
                does[k] += states->paths[i].whole[k];
}
