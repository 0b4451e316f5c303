#include "analysis/request_parts.h"

#include <string.h>

#include "base/sort.h"

#define ACTIVE_MAX 64u /* threads that work for one request at one moment */
#define COUNT_LEAST_NS 10000000u /* a thread that runs is counted at ticks of the kernel's, of 1 to 10 ms */

/* What is worked on. */
struct making {
    struct smk_request_parts *parts;
    const struct smk_span_index *index;
    struct smk_locks *locks;
    const struct smk_span_request *request;
    uint32_t last_thread; /* that worked for it, before the step that is made … */
    uint32_t next_thread; /* … and that does so after it; 0: none */
    bool handed; /* from one thread to another */
    bool failed;
};

/* ---- sums ----------------------------------------------------------------------------------------------- */

static struct smk_time_part *part_of(struct smk_request_parts *parts, uint32_t kind, uint32_t lock)
{
    for (uint32_t i = 0; i < parts->part_count; i++)
        if (parts->parts[i].kind == kind && parts->parts[i].lock == lock)
            return &parts->parts[i];
    if (parts->part_count + SMK_TIMES_COUNT >= SMK_TIME_PARTS_MAX && lock != SMK_MAP_NONE)
        return part_of(parts, kind, SMK_MAP_NONE); /* of more locks than that the rest is one */
    parts->parts[parts->part_count] = (struct smk_time_part){.kind = kind, .lock = lock};
    return &parts->parts[parts->part_count++];
}

static void add_detail(struct smk_time_part *part, uint32_t type, uint32_t id, uint64_t ns)
{
    for (uint32_t i = 0; i < part->detail_count; i++)
        if (part->details[i].type == type && part->details[i].id == id) {
            part->details[i].ns += ns;
            part->details[i].count++;
            return;
        }
    if (part->detail_count < SMK_DETAILS_MAX)
        part->details[part->detail_count++] = (struct smk_time_detail){ns, type, id, 1};
}

/* A step; one that goes on with the last is one with it. Its part, for details. */
static struct smk_time_part *add_step(struct making *making, uint32_t kind, uint32_t lock, uint64_t from, uint64_t to,
                                      uint32_t thread, uint32_t wait)
{
    struct smk_request_parts *parts = making->parts;
    struct smk_time_part *part = part_of(parts, kind, lock);
    uint32_t number = (uint32_t)(part - parts->parts);
    struct smk_request_step *last = parts->step_count ? &parts->steps[parts->step_count - 1] : NULL;
    part->ns += to - from;
    if (last && last->part == number && last->thread == thread && last->wait == wait && last->to == from) {
        last->to = to;
        return part;
    }
    part->count++;
    if (!smk_mem_grow(making->index->mem, &parts->steps, &parts->step_capacity, parts->step_count + 1u)) {
        making->failed = true;
        return part;
    }
    parts->steps[parts->step_count++] = (struct smk_request_step){from, to, number, thread, wait};
    return part;
}

static void unexplained(struct making *making, uint64_t from, uint64_t to, uint32_t thread, enum smk_why why)
{
    struct smk_time_part *part = add_step(making, SMK_TIME_UNEXPLAINED, SMK_MAP_NONE, from, to, thread, 0);
    add_detail(part, SMK_DETAIL_WHY, why, to - from);
}

/* ---- a thread worked for it ----------------------------------------------------------------------------- */

/* In which regions, and in which calls. */
static void on_cpu(struct making *making, const struct smk_kept_span *span, uint64_t from, uint64_t to)
{
    struct smk_time_part *part = add_step(making, SMK_TIME_CPU, SMK_MAP_NONE, from, to, span->thread, 0);
    const struct smk_span_wait *wait = smk_span_index_wait(making->index, span);
    if (wait && wait->call) {
        add_detail(part, SMK_DETAIL_CALL, wait->call, to - from);
        return;
    }
    while (from < to) {
        uint64_t until;
        const struct smk_span_region *region = smk_span_index_region(making->index, span->thread, from, &until);
        until = smk_min_u64(until, to);
        if (region)
            add_detail(part, SMK_DETAIL_REGION, region->site, until - from);
        from = until;
    }
}

/* Nothing says whether it had a CPU but the kernel's counts: of the time of a count in which the thread was in no
 * call, so much was on a CPU, and so much ready. */
static uint64_t in_no_call(const struct making *making, const struct smk_span_count *count)
{
    uint64_t ns = 0;
    struct smk_span_place place = smk_span_index_from(making->index, count->thread, count->from);
    const struct smk_kept_span *span;
    while ((span = smk_span_index_next(&place)) != NULL && span->from < count->to)
        if (span->state == SMK_SPAN_RUNNING)
            ns += smk_min_u64(span->to, count->to) - smk_max_u64(span->from, count->from);
    return ns;
}

static uint64_t share(uint64_t ns, uint64_t of, uint64_t all)
{
    return all == 0 ? 0 : (uint64_t)((double)ns * ((double)smk_min_u64(of, all) / (double)all));
}

/* The counts that [from, to] lies in, and the one behind them: what a thread was ready is counted when it is over. */
static struct smk_span_count counts_around(const struct making *making, uint32_t thread, uint64_t from, uint64_t to,
                                           uint64_t *in_none)
{
    const struct smk_span_index *index = making->index;
    struct smk_span_count sum = {.from = UINT64_MAX};
    *in_none = 0;
    for (uint32_t i = 0; i < index->counts_count; i++) {
        const struct smk_span_count *count = &index->counts[i];
        if (count->thread != thread || count->to <= from)
            continue;
        if (count->from >= to && (sum.to == 0 || count->from > sum.to || sum.to > to))
            break;
        sum.from = smk_min_u64(sum.from, count->from);
        sum.to = smk_max_u64(sum.to, count->to);
        sum.running += count->running;
        sum.runnable += count->runnable;
        *in_none += in_no_call(making, count);
    }
    return sum;
}

/* As the kernel counts it was neither on a CPU nor ready: in a call that wakes it waited, for those it woke before. */
static void neither(struct making *making, const struct smk_kept_span *span, uint64_t from, uint64_t to)
{
    const struct smk_span_wait *wait = smk_span_index_wait(making->index, span);
    if (!wait) {
        unexplained(making, from, to, span->thread, SMK_WHY_NOT_COUNTED);
        return;
    }
    struct smk_time_part *part = add_step(making, SMK_TIME_COND, SMK_MAP_NONE, from, to, span->thread, span->wait);
    part->estimated += to - from;
    add_detail(part, SMK_DETAIL_CALL, wait->call, to - from);
}

static void maybe_on_cpu(struct making *making, const struct smk_kept_span *span, uint64_t from, uint64_t to)
{
    uint64_t all, ns = to - from;
    struct smk_span_count count = counts_around(making, span->thread, from, to, &all);
    all = smk_max_u64(all, ns);
    uint64_t ran = share(ns, count.running, all), ready = smk_min_u64(share(ns, count.runnable, all), ns - ran);
    if (count.to == 0 || count.to - count.from < COUNT_LEAST_NS) {
        unexplained(making, from, to, span->thread, SMK_WHY_NO_SOURCE);
        return;
    }
    if (ran)
        add_step(making, SMK_TIME_CPU, SMK_MAP_NONE, from, from + ran, span->thread, 0)->estimated += ran;
    if (ready)
        add_step(making, SMK_TIME_RUNNABLE, SMK_MAP_NONE, from + ran, from + ran + ready, span->thread, 0)->estimated +=
            ready;
    if (ran + ready < ns)
        neither(making, span, from + ran + ready, to);
    making->parts->estimated = true;
}

/* Who had the CPUs meanwhile: of our threads those that ran then. */
static void not_on_cpu(struct making *making, const struct smk_kept_span *span, uint64_t from, uint64_t to)
{
    const struct smk_span_index *index = making->index;
    struct smk_time_part *part = add_step(making, SMK_TIME_RUNNABLE, SMK_MAP_NONE, from, to, span->thread, 0);
    uint64_t most = 0;
    uint32_t thread = 0;
    for (uint32_t i = 0; i < index->threads_count; i++) {
        struct smk_span_place place = smk_span_index_from(index, index->threads[i].serial, from);
        const struct smk_kept_span *other;
        uint64_t ns = 0;
        while ((other = smk_span_index_next(&place)) != NULL && other->from < to)
            if (other->state == SMK_SPAN_RUNNING && other->cpu == span->cpu && span->cpu != SMK_CPU_NONE)
                ns += smk_min_u64(other->to, to) - smk_max_u64(other->from, from);
        if (ns > most) {
            most = ns;
            thread = index->threads[i].serial;
        }
    }
    if (most > (to - from) / 2)
        add_detail(part, SMK_DETAIL_THREAD, thread, to - from);
    else
        add_detail(part, SMK_DETAIL_WHY, SMK_WHY_OTHERS, to - from);
}

static const uint8_t times_of_kinds[] = {
    [SMK_WAIT_LOCK] = SMK_TIME_LOCK,     [SMK_WAIT_COND] = SMK_TIME_COND,   [SMK_WAIT_NET] = SMK_TIME_NET,
    [SMK_WAIT_POLL] = SMK_TIME_POLL,     [SMK_WAIT_DISK] = SMK_TIME_DISK,   [SMK_WAIT_SLEEP] = SMK_TIME_SLEEP,
    [SMK_WAIT_MEMORY] = SMK_TIME_MEMORY, [SMK_WAIT_JOIN] = SMK_TIME_JOIN,   [SMK_WAIT_OTHER] = SMK_TIME_OTHER,
};

static void waited(struct making *making, const struct smk_kept_span *span, uint64_t from, uint64_t to)
{
    const struct smk_span_wait *wait = smk_span_index_wait(making->index, span);
    uint32_t kind = wait && wait->kind < SMK_ARRAY_LEN(times_of_kinds) ? times_of_kinds[wait->kind] : 0;
    if (!wait || kind == 0) {
        unexplained(making, from, to, span->thread, SMK_WHY_UNSEEN);
        return;
    }
    uint32_t lock = SMK_MAP_NONE;
    if (kind == SMK_TIME_LOCK)
        lock = smk_locks_index(making->locks, making->index->mem, wait->process, wait->object, wait->from);
    struct smk_time_part *part = add_step(making, kind, lock, from, to, span->thread, span->wait);
    if (wait->site)
        add_detail(part, SMK_DETAIL_SITE, wait->site, to - from);
    else if (wait->what && kind != SMK_TIME_DISK)
        add_detail(part, SMK_DETAIL_WHAT, wait->what, to - from);
    else if (wait->call && kind != SMK_TIME_LOCK)
        add_detail(part, SMK_DETAIL_CALL, wait->call, to - from);
}

static void worked(struct making *making, const struct smk_kept_span *span, uint64_t from, uint64_t to)
{
    making->last_thread = span->thread;
    switch (span->state) {
    case SMK_SPAN_RUNNING:
        if (span->flags & SMK_SPAN_OR_RUNNABLE)
            maybe_on_cpu(making, span, from, to);
        else if (span->kind == SMK_WAIT_MEMORY) /* the call's own work is the pause */
            waited(making, span, from, to);
        else
            on_cpu(making, span, from, to);
        break;
    case SMK_SPAN_RUNNABLE:
        not_on_cpu(making, span, from, to);
        break;
    case SMK_SPAN_WAITING:
    case SMK_SPAN_IDLE:
        waited(making, span, from, to);
        break;
    default:
        unexplained(making, from, to, span->thread, SMK_WHY_UNKNOWN);
    }
}

/* ---- none did ------------------------------------------------------------------------------------------- */

static bool is_ours(const struct making *making, const struct smk_span_handoff *handoff)
{
    return handoff->request == making->request->id && handoff->process == making->request->process;
}

/* The handoff that it lay in at `from`; *to: until when that is so. */
static const struct smk_span_handoff *handoff_at(const struct making *making, uint64_t from, uint64_t *to)
{
    const struct smk_span_handoff *found = NULL;
    for (uint32_t i = 0; i < making->index->handoffs_count; i++) {
        const struct smk_span_handoff *handoff = &making->index->handoffs[i];
        if (!is_ours(making, handoff) || handoff->to <= from)
            continue;
        if (handoff->from > from) {
            *to = smk_min_u64(*to, handoff->from);
        } else {
            found = handoff;
            *to = smk_min_u64(*to, handoff->to);
        }
    }
    return found;
}

static uint32_t route_of(const struct making *making, const struct smk_kept_span *span)
{
    const struct smk_span_index *index = making->index;
    for (uint32_t i = 0; span->request && i < index->requests_count; i++)
        if (index->requests[i].id == span->request && index->requests[i].process == span->process)
            return index->requests[i].route;
    return 0;
}

/* Its thread was at something else: another request, a call, or what is not known. */
static void thread_is_busy(struct making *making, const struct smk_kept_span *span, uint64_t from, uint64_t to)
{
    const struct smk_span_wait *wait = smk_span_index_wait(making->index, span);
    struct smk_time_part *part = add_step(making, SMK_TIME_LOOP, SMK_MAP_NONE, from, to, 0, 0);
    uint32_t route = route_of(making, span);
    making->parts->loop_thread = span->thread;
    if (route)
        add_detail(part, SMK_DETAIL_ROUTE, route, to - from);
    else if (wait && wait->call && span->state == SMK_SPAN_WAITING)
        add_detail(part, SMK_DETAIL_CALL, wait->call, to - from);
    else
        add_detail(part, SMK_DETAIL_THREAD, span->thread, to - from);
}

/* It is in nobody's hands, and the thread that has it next is at this. */
static void on_its_way(struct making *making, const struct smk_kept_span *span, uint64_t from, uint64_t to)
{
    const struct smk_span_wait *wait = smk_span_index_wait(making->index, span);
    struct smk_time_part *part;
    if (span->state == SMK_SPAN_UNKNOWN) {
        unexplained(making, from, to, 0, SMK_WHY_UNKNOWN);
    } else if (span->state != SMK_SPAN_IDLE || from < making->request->read) {
        thread_is_busy(making, span, from, to);
    } else if (span->thread != making->last_thread) {
        part = add_step(making, SMK_TIME_QUEUE, SMK_MAP_NONE, from, to, 0, 0);
        add_detail(part, SMK_DETAIL_WHY, SMK_WHY_WOKEN, to - from);
    } else {
        part = add_step(making, SMK_TIME_OUTSIDE, SMK_MAP_NONE, from, to, 0, span->wait);
        add_detail(part, SMK_DETAIL_CALL, wait ? wait->call : 0, to - from);
    }
}

/* Who reads many requests, flushes once and then answers all waits for each of them, until it looks for other work. */
static void left_to(struct making *making, uint32_t thread, uint64_t from, uint64_t to)
{
    struct smk_span_place place = smk_span_index_from(making->index, thread, from);
    bool among_others = thread == making->last_thread && from >= making->request->read;
    const struct smk_kept_span *span;
    while (from < to && (span = smk_span_index_next(&place)) != NULL && span->from <= from) {
        uint64_t until = smk_min_u64(to, span->to);
        among_others = among_others && span->request != 0;
        if (among_others && span->state == SMK_SPAN_WAITING && span->kind != SMK_WAIT_NONE)
            waited(making, span, from, until);
        else
            on_its_way(making, span, from, until);
        from = until;
    }
    if (from < to)
        unexplained(making, from, to, 0, SMK_WHY_NOBODY);
}

/* The answer that it waited for at `from`; *to: until when that is so. */
static const struct smk_span_answer *answer_at(const struct making *making, uint64_t from, uint64_t *to)
{
    const struct smk_span_answer *found = NULL;
    for (uint32_t i = 0; i < making->index->answers_count; i++) {
        const struct smk_span_answer *answer = &making->index->answers[i];
        if (answer->request != making->request->id || answer->process != making->request->process ||
            answer->to <= from)
            continue;
        if (answer->from > from) {
            *to = smk_min_u64(*to, answer->from);
        } else {
            found = answer;
            *to = smk_min_u64(*to, answer->to);
        }
    }
    return found;
}

/* Until then it had not come: its thread had nothing to do. Behind it that may have been busy while it lay there. */
static uint64_t had_not_come(const struct making *making, const struct smk_span_answer *answer)
{
    struct smk_span_place place = smk_span_index_from(making->index, answer->thread, answer->from);
    const struct smk_kept_span *span;
    uint64_t until = 0;
    while ((span = smk_span_index_next(&place)) != NULL && span->from < answer->to)
        if (span->state == SMK_SPAN_IDLE)
            until = smk_min_u64(span->to, answer->to);
    return until;
}

static void waits_for_peer(struct making *making, const struct smk_span_answer *answer, uint64_t from, uint64_t to)
{
    struct smk_time_part *part = add_step(making, SMK_TIME_NET, SMK_MAP_NONE, from, to, 0, 0);
    if (answer->what)
        add_detail(part, SMK_DETAIL_WHAT, answer->what, to - from);
    else
        add_detail(part, SMK_DETAIL_CALL, answer->call, to - from);
}

/* Others of the same queue that were in it before, and came out before. */
static uint32_t ahead_of(const struct making *making, const struct smk_span_handoff *handoff)
{
    uint32_t ahead = 0;
    for (uint32_t i = 0; i < making->index->handoffs_count; i++) {
        const struct smk_span_handoff *other = &making->index->handoffs[i];
        ahead += other->process == handoff->process && other->site == handoff->site && other->from < handoff->from &&
                 other->to > handoff->from && other->to <= handoff->to;
    }
    return ahead;
}

static void in_a_queue(struct making *making, const struct smk_span_handoff *handoff, uint64_t from, uint64_t to)
{
    struct smk_time_part *part = add_step(making, SMK_TIME_QUEUE, SMK_MAP_NONE, from, to, 0, 0);
    add_detail(part, SMK_DETAIL_SITE, handoff->site, to - from);
    part->ahead = (uint32_t)smk_max_u64(part->ahead, ahead_of(making, handoff));
}

static void nobody_worked(struct making *making, uint64_t from, uint64_t to)
{
    while (from < to) {
        uint64_t until = to;
        const struct smk_span_handoff *handoff = handoff_at(making, from, &until);
        const struct smk_span_answer *answer = answer_at(making, from, &until);
        uint64_t rested = answer ? had_not_come(making, answer) : 0;
        if (from < making->request->read) {
            until = smk_min_u64(until, making->request->read);
            left_to(making, making->request->first_thread, from, until);
        } else if (handoff) {
            in_a_queue(making, handoff, from, until);
        } else if (from < rested) {
            until = smk_min_u64(until, rested);
            waits_for_peer(making, answer, from, until);
        } else if (making->next_thread || making->last_thread) {
            left_to(making, making->next_thread ? making->next_thread : making->last_thread, from, until);
        } else {
            unexplained(making, from, until, 0, SMK_WHY_NOBODY);
        }
        from = until;
    }
}

/* ---- the sweep ------------------------------------------------------------------------------------------ */

static bool spans_before(const void *a, const void *b)
{
    const struct smk_kept_span *const *x = a, *const *y = b;
    return (*x)->from < (*y)->from;
}

static unsigned urgency(const struct smk_kept_span *span)
{
    static const uint8_t of_states[] = {[SMK_SPAN_UNKNOWN] = 0, [SMK_SPAN_IDLE] = 1, [SMK_SPAN_WAITING] = 2,
                                        [SMK_SPAN_RUNNABLE] = 3, [SMK_SPAN_RUNNING] = 4};
    return of_states[span->state];
}

/* Its thread put the request into a queue before `time`, and has not taken it out of one since. */
static bool gave_it_away(const struct making *making, uint32_t thread, uint64_t time)
{
    uint64_t gave = 0, took = 0;
    for (uint32_t i = 0; i < making->index->handoffs_count; i++) {
        const struct smk_span_handoff *handoff = &making->index->handoffs[i];
        if (!is_ours(making, handoff))
            continue;
        if (handoff->giver_thread == thread && handoff->from <= time)
            gave = smk_max_u64(gave, handoff->from);
        if (handoff->thread == thread && handoff->to <= time)
            took = smk_max_u64(took, handoff->to);
    }
    return gave > took;
}

/* Of the threads that work for it: the one that counts. Who gave it away may still say that it works for it (who makes
 * a request does, until the next), and may wait for the others' part: it counts where nobody else has it. */
static const struct smk_kept_span *leading(const struct making *making, const struct smk_kept_span *const *active,
                                           uint32_t count, uint64_t time)
{
    const struct smk_kept_span *best = NULL;
    bool queued = false, best_gave = false;
    uint64_t until = UINT64_MAX;
    if (making->handed && count > 0)
        queued = handoff_at(making, time, &until) != NULL;
    for (uint32_t i = 0; i < count; i++) {
        bool gave = making->handed && gave_it_away(making, active[i]->thread, time);
        if (gave && queued)
            continue;
        bool more = best && gave == best_gave &&
                    (urgency(active[i]) > urgency(best) ||
                     (urgency(active[i]) == urgency(best) && active[i]->to > best->to));
        if (!best || (best_gave && !gave) || more) {
            best = active[i];
            best_gave = gave;
        }
    }
    return best;
}

/* `list`: its spans by their begins. */
static void sweep(struct making *making, const struct smk_kept_span **list, uint32_t count)
{
    const struct smk_kept_span *active[ACTIVE_MAX];
    uint32_t active_count = 0, next = 0;
    uint64_t at = making->request->from, end = making->request->to;
    while (at < end) {
        uint32_t kept = 0;
        uint64_t until = end;
        for (; next < count && list[next]->from <= at; next++)
            if (active_count < ACTIVE_MAX)
                active[active_count++] = list[next];
        for (uint32_t i = 0; i < active_count; i++)
            if (active[i]->to > at)
                active[kept++] = active[i];
        active_count = kept;
        for (uint32_t i = 0; i < active_count; i++)
            until = smk_min_u64(until, active[i]->to);
        if (next < count)
            until = smk_min_u64(until, list[next]->from);
        if (making->handed) /* a step lies in a queue, or in none */
            handoff_at(making, at, &until);
        const struct smk_kept_span *span = leading(making, active, active_count, at);
        making->next_thread = next < count ? list[next]->thread : making->request->end_thread;
        if (span)
            worked(making, span, at, until);
        else
            nobody_worked(making, at, until);
        at = until;
    }
}

static void note_server(struct smk_request_parts *parts, const struct smk_kept_span *span)
{
    uint32_t i = 0;
    while (i < parts->server_count && parts->servers[i].thread != span->thread)
        i++;
    if (i == SMK_SERVERS_MAX) {
        parts->servers_more++;
        return;
    }
    if (i == parts->server_count)
        parts->servers[parts->server_count++] = (struct smk_request_server){span->thread, span->from, span->to, 0};
    parts->servers[i].last = span->to;
    parts->servers[i].ns += span->to - span->from;
}

/* ---- the whole ------------------------------------------------------------------------------------------ */

static bool more_detail(const void *a, const void *b)
{
    return ((const struct smk_time_detail *)a)->ns > ((const struct smk_time_detail *)b)->ns;
}

/* By kind, of locks most first. The steps know their parts by number, so an order is worked out first. */
static bool part_before(const struct smk_time_part *a, const struct smk_time_part *b)
{
    return a->kind != b->kind ? a->kind < b->kind : a->ns > b->ns;
}

static void order_parts(struct smk_request_parts *parts)
{
    static const struct smk_time_part none = {0};
    uint32_t place[SMK_TIME_PARTS_MAX] = {0};
    for (uint32_t i = 0; i < parts->part_count; i++) {
        smk_sort(parts->parts[i].details, parts->parts[i].detail_count, sizeof(struct smk_time_detail), more_detail);
        for (uint32_t j = 0; j < parts->part_count; j++)
            place[i] += part_before(&parts->parts[j], &parts->parts[i]) ||
                        (j < i && !part_before(&parts->parts[i], &parts->parts[j]));
    }
    for (uint32_t i = 0; i < parts->step_count; i++)
        parts->steps[i].part = place[parts->steps[i].part];
    for (uint32_t i = 0; i < parts->part_count; i++)
        while (place[i] != i) {
            struct smk_time_part moved = none;
            uint32_t to = place[i];
            moved = parts->parts[to];
            parts->parts[to] = parts->parts[i];
            parts->parts[i] = moved;
            place[i] = place[to];
            place[to] = to;
        }
}

bool smk_request_parts_make(struct smk_request_parts *parts, const struct smk_span_index *index,
                            struct smk_locks *locks, const struct smk_span_request *request)
{
    struct making making = {.parts = parts, .index = index, .locks = locks, .request = request};
    uint32_t count = 0, room = index->spans_count;
    memset(parts, 0, sizeof(*parts));
    parts->request = *request;
    parts->total = request->to > request->from ? request->to - request->from : 0;
    const struct smk_kept_span **list = smk_mem_new(index->mem, room * sizeof(*list) + 1);
    if (!list)
        return false;
    for (uint32_t i = 0; i < room; i++) {
        const struct smk_kept_span *span = &index->spans[i];
        if (span->request != request->id || span->process != request->process)
            continue;
        list[count++] = span;
        note_server(parts, span);
    }
    for (uint32_t i = 0; i < index->handoffs_count && !making.handed; i++)
        making.handed = is_ours(&making, &index->handoffs[i]);
    smk_sort(list, count, sizeof(*list), spans_before);
    sweep(&making, list, count);
    smk_mem_free(index->mem, list, room * sizeof(*list) + 1);
    order_parts(parts);
    return !making.failed;
}

void smk_request_parts_free(struct smk_request_parts *parts, struct smk_mem *mem)
{
    smk_mem_free(mem, parts->steps, parts->step_capacity * sizeof(*parts->steps));
    parts->steps = NULL;
}

const struct smk_time_part *smk_request_part(const struct smk_request_parts *parts, uint32_t kind, uint32_t lock)
{
    for (uint32_t i = 0; i < parts->part_count; i++)
        if (parts->parts[i].kind == kind && parts->parts[i].lock == lock)
            return &parts->parts[i];
    return NULL;
}
