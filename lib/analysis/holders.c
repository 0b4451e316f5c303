#include "analysis/holders.h"

#include "base/sort.h"

#define CLOCK_SLACK    1000u   /* ns by which times of two threads may be apart */
#define STRETCHES_MAX  100000u /* of one wait that are looked at one by one */
#define MEANWHILE_LOOK 5000000u /* waits, in all, that are searched for the holders' own */

struct cut {
    struct smk_lock_release release;
    uint64_t partial; /* ns of waits that began after the unlock before */
    int64_t whole;    /* change, at this stretch, of the waits that span it whole */
    uint32_t holder;  /* index in holding */
    uint32_t locked_stack; /* where its thread got the lock after a wait; 0: not known */
    bool looked;      /* at what its thread waited for before */
};

struct work {
    struct smk_holders *holders;
    struct smk_mem *mem;
    const struct smk_locks *locks;
    struct smk_symbols *symbols;
    uint32_t lock;
    struct cut *cuts; /* in order of time */
    uint32_t cut_count, cut_capacity;
    struct smk_map by_function[2]; /* holding, waiting */
    struct smk_map by_stack;       /* stack to function_id + 1 */
    uint32_t looks;                /* of MEANWHILE_LOOK */
};

/* ---- functions ------------------------------------------------------------------------------------------ */

/* The function that a program would say a stack is in; SMK_MAP_NONE: no stack was taken. */
static uint32_t function_of(struct work *work, uint32_t stack_id)
{
    if (stack_id == 0)
        return SMK_MAP_NONE;
    uint32_t known = smk_map_get(&work->by_stack, stack_id);
    if (known != SMK_MAP_NONE)
        return known - 1;
    const struct smk_place *place = smk_symbols_stack_place(work->symbols, stack_id);
    if (!place)
        return SMK_MAP_NONE;
    smk_map_put(&work->by_stack, work->mem, stack_id, place->function_id + 1);
    return place->function_id;
}

static void note_thread(struct smk_at_function *at, uint32_t thread)
{
    for (uint32_t i = 0; i < at->thread_count; i++)
        if (at->threads[i] == thread)
            return;
    if (at->thread_count < SMK_THREADS_SHOWN)
        at->threads[at->thread_count++] = thread;
}

/* The entry of a stack's function; its index, or SMK_MAP_NONE when there is no memory. */
static uint32_t entry_of(struct work *work, bool waiting, uint32_t stack)
{
    struct smk_holders *h = work->holders;
    struct smk_at_function **array = waiting ? &h->waiting : &h->holding;
    uint32_t *count = waiting ? &h->waiting_count : &h->holding_count;
    uint32_t *capacity = waiting ? &h->waiting_capacity : &h->holding_capacity;
    uint32_t function = function_of(work, stack);
    uint32_t index = smk_map_get(&work->by_function[waiting], function);
    if (index != SMK_MAP_NONE)
        return index;
    if (!smk_mem_grow(work->mem, array, capacity, *count + 1u) ||
        !smk_map_put(&work->by_function[waiting], work->mem, function, *count))
        return SMK_MAP_NONE;
    (*array)[*count] = (struct smk_at_function){.function_id = function, .stack = stack};
    return (*count)++;
}

static void charge(struct smk_at_function *at, uint32_t stack, uint32_t thread, uint64_t ns)
{
    at->ns += ns;
    at->count++;
    if (ns > at->stack_ns) {
        at->stack = stack;
        at->stack_ns = ns;
    }
    note_thread(at, thread);
}

/* ---- cuts ----------------------------------------------------------------------------------------------- */

static bool cut_before(const void *a, const void *b)
{
    return ((const struct cut *)a)->release.time < ((const struct cut *)b)->release.time;
}

/* Unlocks come in the order in which their calls returned, which is nearly that in which they began:
 * few steps put them right. Where they are many the file is a strange one, and is sorted. */
static void sort_cuts(struct work *work)
{
    uint64_t steps = 8 * (uint64_t)work->cut_count;
    for (uint32_t i = 1; i < work->cut_count; i++) {
        struct cut cut = work->cuts[i];
        uint32_t at = i;
        for (; at > 0 && cut_before(&cut, &work->cuts[at - 1]) && steps > 0; at--, steps--)
            work->cuts[at] = work->cuts[at - 1];
        work->cuts[at] = cut;
    }
    if (steps == 0)
        smk_sort(work->cuts, work->cut_count, sizeof(*work->cuts), cut_before);
}

static bool collect_cuts(struct work *work)
{
    for (uint32_t i = 0; i < work->locks->release_count; i++) {
        const struct smk_lock_release *release = &work->locks->releases[i];
        if (release->lock != work->lock)
            continue;
        if (!smk_mem_grow(work->mem, &work->cuts, &work->cut_capacity, work->cut_count + 1u))
            return false;
        work->cuts[work->cut_count++] = (struct cut){.release = *release, .holder = SMK_MAP_NONE};
    }
    sort_cuts(work);
    return true;
}

/* The first unlock at or after `time`; cut_count when there is none. */
static uint32_t first_cut(const struct work *work, uint64_t time)
{
    uint32_t low = 0, high = work->cut_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (work->cuts[middle].release.time < time)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The first unlock behind a wait. Clocks of two threads differ by a little: where there is no unlock in
 * the wait, one right behind it counts. */
static uint32_t cut_behind(const struct work *work, const struct smk_lock_wait *wait)
{
    uint64_t left = UINT64_MAX - wait->end;
    uint32_t behind = first_cut(work, wait->end + smk_min_u64(1, left));
    if (behind == first_cut(work, wait->begin))
        behind = first_cut(work, wait->end + smk_min_u64(CLOCK_SLACK, left));
    return behind;
}

static void cut_wait(struct work *work, const struct smk_lock_wait *wait)
{
    struct smk_holders *h = work->holders;
    uint32_t first = first_cut(work, wait->begin);
    uint32_t behind = cut_behind(work, wait);
    if (first == behind) {
        h->unknown += wait->end - wait->begin;
        return;
    }
    uint64_t last = smk_min_u64(work->cuts[behind - 1].release.time, wait->end);
    work->cuts[first].partial +=
        smk_min_u64(work->cuts[first].release.time, wait->end) - wait->begin;
    if (first + 1 < behind) {
        work->cuts[first + 1].whole++;
        if (behind < work->cut_count)
            work->cuts[behind].whole--;
    }
    /* Who never got it waited for somebody who has not unlocked yet. */
    *(wait->got_it ? &h->wake : &h->unknown) += wait->end - last;
}

static void keep_if_long(struct smk_holders *h, const struct smk_lock_wait *wait)
{
    uint32_t at = h->longest;
    uint64_t length = wait->end - wait->begin;
    if (at == SMK_LONGEST) {
        const struct smk_lock_wait *least = &h->longest_waits[at - 1];
        if (least->end - least->begin >= length)
            return;
        at--;
    } else {
        h->longest++;
    }
    for (; at > 0 && h->longest_waits[at - 1].end - h->longest_waits[at - 1].begin < length; at--)
        h->longest_waits[at] = h->longest_waits[at - 1];
    h->longest_waits[at] = *wait;
}

static bool take_waits(struct work *work)
{
    for (uint32_t i = 0; i < work->locks->wait_count; i++) {
        const struct smk_lock_wait *wait = &work->locks->waits[i];
        if (wait->lock != work->lock)
            continue;
        uint32_t entry = entry_of(work, true, wait->stack);
        if (entry == SMK_MAP_NONE)
            return false;
        charge(&work->holders->waiting[entry], wait->stack, wait->thread, wait->end - wait->begin);
        cut_wait(work, wait);
        keep_if_long(work->holders, wait);
    }
    return true;
}

static void note_hold(struct smk_at_function *at, const struct cut *cut)
{
    if (at->stack == cut->release.stack) {
        at->locked_stack = cut->locked_stack ? cut->locked_stack : at->locked_stack;
        at->region = cut->release.region;
    }
    if (cut->release.held == 0)
        return;
    at->held += cut->release.held;
    at->held_max = smk_max_u64(at->held_max, cut->release.held);
    at->held_count++;
}

/* Where the threads that unlocked had got the lock: by the wait of theirs that ended last before. */
static bool find_where_locked(struct work *work)
{
    struct smk_map waited = {0}; /* thread to the number of its last wait */
    bool ok = true;
    uint32_t at = 0;
    for (uint32_t i = 0; ok && i < work->cut_count; i++) {
        struct cut *cut = &work->cuts[i];
        for (; ok && at < work->locks->wait_count &&
               work->locks->waits[at].end <= cut->release.time; at++)
            if (work->locks->waits[at].lock == work->lock && work->locks->waits[at].got_it)
                ok = smk_map_put(&waited, work->mem, work->locks->waits[at].thread, at);
        uint32_t wait = smk_map_get(&waited, cut->release.thread);
        if (wait == SMK_MAP_NONE)
            continue;
        cut->locked_stack = work->locks->waits[wait].stack;
        smk_map_remove(&waited, cut->release.thread); /* the next time it may get it without waiting */
    }
    smk_map_free(&waited, work->mem);
    return ok;
}

static bool charge_cuts(struct work *work)
{
    int64_t whole = 0;
    for (uint32_t i = 0; i < work->cut_count; i++) {
        struct cut *cut = &work->cuts[i];
        whole += cut->whole;
        uint64_t stretch = i ? cut->release.time - work->cuts[i - 1].release.time : 0;
        uint64_t ns = cut->partial + (uint64_t)whole * stretch;
        cut->holder = entry_of(work, false, cut->release.stack);
        if (cut->holder == SMK_MAP_NONE)
            return false;
        if (ns > 0) {
            charge(&work->holders->holding[cut->holder], cut->release.stack, cut->release.thread, ns);
            note_hold(&work->holders->holding[cut->holder], cut);
        }
        work->holders->charged += ns;
    }
    return true;
}

/* ---- the longest waits one by one ----------------------------------------------------------------------- */

static struct smk_meanwhile *note_meanwhile(struct smk_holders *h, uint32_t lock, uint32_t sum, uint64_t ns)
{
    uint32_t i = 0;
    while (i < h->meanwhile_count && (h->meanwhile[i].lock != lock || h->meanwhile[i].sum != sum))
        i++;
    if (i == SMK_ARRAY_LEN(h->meanwhile))
        return NULL;
    if (i == h->meanwhile_count)
        h->meanwhile[h->meanwhile_count++] = (struct smk_meanwhile){.lock = lock, .sum = sum};
    h->meanwhile[i].ns += ns;
    h->meanwhile[i].count++;
    return &h->meanwhile[i];
}

/* Waits of the holder in calls up to its unlock at `to`, as far as they lie in a wait for the lock that began
 * at `began`. Who unlocks first in that wait had the lock when it began; who does later got it after the unlock
 * before, at `since`, and a wait that is older was none while it held the lock. */
static void look_at_calls(struct work *work, uint32_t thread, uint64_t since, uint64_t began, uint64_t to)
{
    uint64_t from = smk_max_u64(since, began);
    const struct smk_call_waits *others = &work->locks->others;
    for (uint32_t i = smk_call_waits_first(others, from);
         i < others->count && others->array[i].end <= to && work->looks < MEANWHILE_LOOK; i++) {
        const struct smk_call_wait *wait = &others->array[i];
        work->looks++;
        if (wait->thread != thread || wait->end == from || (wait->begin < since && since > began))
            continue;
        uint32_t sum = smk_call_waits_sum(others, wait);
        if (sum == SMK_MAP_NONE)
            continue;
        uint64_t ns = wait->end - smk_max_u64(wait->begin, from);
        struct smk_meanwhile *meanwhile = note_meanwhile(work->holders, SMK_MAP_NONE, sum, ns);
        if (meanwhile && ns > meanwhile->longest) {
            meanwhile->longest = ns;
            meanwhile->stack = wait->stack;
            meanwhile->what = wait->what;
        }
    }
}

/* Waits of the holder for other locks, in [from, to] while it held this one. */
static void look_at_holder(struct work *work, uint32_t thread, uint64_t from, uint64_t to)
{
    const struct smk_locks *locks = work->locks;
    uint32_t low = 0, high = locks->wait_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (locks->waits[middle].end < from)
            low = middle + 1;
        else
            high = middle;
    }
    for (uint32_t i = low; i < locks->wait_count && work->looks < MEANWHILE_LOOK; i++) {
        work->looks++;
        const struct smk_lock_wait *wait = &locks->waits[i];
        if (wait->end > to)
            return;
        if (wait->thread == thread && wait->lock != work->lock)
            note_meanwhile(work->holders, wait->lock, SMK_MAP_NONE,
                           wait->end - smk_max_u64(wait->begin, from));
    }
}

/* ns in [from, to] that the thread was ready, after its CPU had been taken from it. */
static uint64_t preempted_in(struct work *work, uint32_t thread, uint64_t from, uint64_t to)
{
    const struct smk_locks *locks = work->locks;
    uint64_t ns = 0;
    uint32_t low = 0, high = locks->preempted_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (locks->preempted[middle].end < from)
            low = middle + 1;
        else
            high = middle;
    }
    for (uint32_t i = low; i < locks->preempted_count && work->looks < MEANWHILE_LOOK; i++) {
        const struct smk_lock_preempted *span = &locks->preempted[i];
        work->looks++;
        if (span->end > to)
            break; /* it ran when it unlocked */
        if (span->thread == thread)
            ns += span->end - smk_max_u64(span->begin, from);
    }
    return ns;
}

/* What those who held the lock during a wait waited for themselves; each stretch counts once. */
static void look_at_wait(struct work *work, const struct smk_lock_wait *wait)
{
    uint32_t first = first_cut(work, wait->begin);
    uint32_t behind = cut_behind(work, wait);
    if (behind - first > STRETCHES_MAX)
        return;
    for (uint32_t i = first; i < behind; i++) {
        struct cut *cut = &work->cuts[i];
        uint64_t since = i ? work->cuts[i - 1].release.time : wait->begin;
        if (!cut->looked) {
            uint64_t from = smk_max_u64(since, wait->begin);
            work->holders->looked += cut->release.time - from;
            work->holders->preempted += preempted_in(work, cut->release.thread, from, cut->release.time);
            look_at_holder(work, cut->release.thread, since, cut->release.time);
            look_at_calls(work, cut->release.thread, since, wait->begin, cut->release.time);
        }
        cut->looked = true;
    }
}

/* The function that kept a wait most: stretches of one function are added up. */
static uint32_t kept_most(struct work *work, const struct smk_lock_wait *wait, uint64_t *sums)
{
    uint32_t first = first_cut(work, wait->begin);
    uint32_t behind = cut_behind(work, wait);
    if (first == behind || behind - first > STRETCHES_MAX)
        return SMK_MAP_NONE;
    uint32_t best = work->cuts[first].holder;
    uint64_t since = wait->begin;
    for (uint32_t i = first; i < behind; i++)
        sums[work->cuts[i].holder] = 0;
    for (uint32_t i = first; i < behind; i++) {
        const struct cut *cut = &work->cuts[i];
        sums[cut->holder] += cut->release.time - since;
        since = cut->release.time;
        if (sums[cut->holder] > sums[best])
            best = cut->holder;
    }
    return best;
}

static bool take_longest(struct work *work)
{
    struct smk_holders *h = work->holders;
    size_t bytes = h->holding_count * sizeof(uint64_t);
    uint64_t *sums = bytes ? smk_mem_new(work->mem, bytes) : NULL;
    if (bytes && !sums)
        return false;
    for (uint32_t i = 0; i < h->longest; i++) {
        uint32_t holder = kept_most(work, &h->longest_waits[i], sums);
        if (holder != SMK_MAP_NONE)
            h->holding[holder].longest++;
        look_at_wait(work, &h->longest_waits[i]);
    }
    smk_mem_free(work->mem, sums, bytes);
    return true;
}

/* ---- all ------------------------------------------------------------------------------------------------ */

static bool more_time(const void *a, const void *b)
{
    return ((const struct smk_at_function *)a)->ns > ((const struct smk_at_function *)b)->ns;
}

static bool longer_meanwhile(const void *a, const void *b)
{
    return ((const struct smk_meanwhile *)a)->ns > ((const struct smk_meanwhile *)b)->ns;
}

bool smk_holders_make(struct smk_holders *holders, struct smk_mem *mem, const struct smk_locks *locks,
                      struct smk_symbols *symbols, uint32_t lock)
{
    *holders = (struct smk_holders){0};
    struct work work = {
        .holders = holders, .mem = mem, .locks = locks, .symbols = symbols, .lock = lock};
    bool ok = collect_cuts(&work) && take_waits(&work) && find_where_locked(&work) &&
              charge_cuts(&work) && take_longest(&work);
    smk_sort(holders->holding, holders->holding_count, sizeof(*holders->holding), more_time);
    smk_sort(holders->waiting, holders->waiting_count, sizeof(*holders->waiting), more_time);
    smk_sort(holders->meanwhile, holders->meanwhile_count, sizeof(holders->meanwhile[0]),
             longer_meanwhile);
    holders->estimated = locks->waits_refused > 0 || locks->releases_refused > 0;
    smk_mem_free(mem, work.cuts, work.cut_capacity * sizeof(*work.cuts));
    smk_map_free(&work.by_function[0], mem);
    smk_map_free(&work.by_function[1], mem);
    smk_map_free(&work.by_stack, mem);
    return ok;
}

void smk_holders_free(struct smk_holders *holders, struct smk_mem *mem)
{
    smk_mem_free(mem, holders->holding, holders->holding_capacity * sizeof(*holders->holding));
    smk_mem_free(mem, holders->waiting, holders->waiting_capacity * sizeof(*holders->waiting));
    *holders = (struct smk_holders){0};
}
