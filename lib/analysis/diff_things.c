/* diff_things.c: locks by name, and waits by call and function, of both sides: how long was waited for them in each
 * 20th of the time. */
#include "analysis/diff_state.h"

#include <stdio.h>
#include <string.h>

#include "base/sort.h"
#include "format/events.h"

/* More than so few events lost, and sums of the two sides cannot be compared. */
#define LOST_MOST_MILLE 1u

static const char *why_not_of(const struct smk_report *report, unsigned category, bool after)
{
    uint32_t bit = category < SMK_CATEGORY_COUNT ? 1u << category : 0;
    if (bit && !(report->info->categories & bit))
        return after ? "AFTER did not record it" : "BEFORE did not record it";
    if (smk_per_mille(report->info->lost, report->info->lost + report->events) >= LOST_MOST_MILLE)
        return after ? "AFTER lost events" : "BEFORE lost events";
    for (uint32_t i = 0; bit && i < report->gaps.count; i++)
        if (report->gaps.array[i].category == bit)
            return after ? "AFTER did not record it all the time" : "BEFORE did not record it all the time";
    if (smk_trace_problem(report->trace, 0))
        return after ? "AFTER is damaged" : "BEFORE is damaged";
    return NULL;
}

const char *smk_diff_why_not(const struct smk_diff *diff, unsigned category)
{
    const char *why = why_not_of(diff->report[0], category, false);
    return why ? why : why_not_of(diff->report[1], category, true);
}

/* ---- names ----------------------------------------------------------------------------------------------- */

/* Processes have other numbers the next time: " in nginx 4711" is no part of what a lock is. */
static void forget_process(char name[SMK_NAME_MAX], const struct smk_report *report, uint32_t process)
{
    char process_name[SMK_NAME_MAX], end[SMK_NAME_MAX + 8];
    if (report->info->processes < 2)
        return;
    smk_name_of_process(process_name, report->trace, process);
    snprintf(end, sizeof(end), " in %s", process_name);
    size_t len = strlen(name), cut = strlen(end);
    if (len > cut && strcmp(name + len - cut, end) == 0)
        name[len - cut] = '\0';
}

static void name_lock(char name[SMK_NAME_MAX], const struct smk_report *report, const struct smk_lock *lock)
{
    if (smk_name_of_lock(name, report->symbols, lock) == SMK_LOCK_ADDRESS)
        snprintf(name, SMK_NAME_MAX, "locks without a name"); /* an address says nothing the next time */
    else
        forget_process(name, report, lock->process);
}

/* "fdatasync in write_and_flush". */
static void name_wait(char name[SMK_NAME_MAX], const struct smk_report *report, const struct smk_call_wait *wait)
{
    char call[SMK_NAME_MAX];
    const smk_stack_info *stack;
    uint32_t frame = 0;
    const struct smk_place *place = wait->stack ? smk_report_own_place(report, wait->stack, &stack, &frame) : NULL;
    smk_name_of_call(call, report->trace, wait->call);
    if (place && place->named)
        snprintf(name, SMK_NAME_MAX, "%.200s in %.300s", call, place->function);
    else
        snprintf(name, SMK_NAME_MAX, "%.200s", call);
}

/* ---- sums ------------------------------------------------------------------------------------------------ */

static uint32_t thing_of(struct smk_diff *diff, struct smk_diff_things *things, const char *name, uint32_t kind,
                         uint64_t call)
{
    uint64_t key = smk_hash_bytes(name, strlen(name)) ^ smk_hash_word(kind + 1);
    uint32_t index = smk_map_get(&things->by_key, key);
    if (index != SMK_MAP_NONE)
        return index;
    if (!smk_mem_grow(diff->mem, &things->array, &things->capacity, things->count + 1u) ||
        !smk_map_put(&things->by_key, diff->mem, key, things->count))
        return SMK_MAP_NONE;
    struct smk_diff_thing *thing = &things->array[things->count];
    *thing = (struct smk_diff_thing){.kind = kind, .key = key, .call = call};
    snprintf(thing->name, sizeof(thing->name), "%.*s", (int)sizeof(thing->name) - 1, name);
    return things->count++;
}

/* A wait may reach over several slices. */
static void add_wait(const struct smk_diff *diff, unsigned side, struct smk_diff_thing *thing, uint64_t begin,
                     uint64_t end)
{
    uint64_t from = diff->report[side]->from, length = smk_diff_length(diff, side);
    thing->count[side]++;
    thing->max[side] = smk_max_u64(thing->max[side], end - begin);
    begin = smk_max_u64(begin, from) - from;
    end = end > from ? smk_min_u64(end - from, length) : 0;
    for (uint32_t i = 0; i < SMK_RANK_MAX && begin < end; i++) {
        uint64_t to = i + 1 == SMK_RANK_MAX ? length : smk_diff_scale(length, i + 1, SMK_RANK_MAX);
        if (begin >= to)
            continue;
        uint64_t here = smk_min_u64(end, to);
        thing->slices[side][i] += here - begin;
        begin = here;
    }
}

static void take_locks(struct smk_diff *diff, unsigned side)
{
    const struct smk_report *report = diff->report[side];
    char name[SMK_NAME_MAX];
    size_t bytes = report->locks.count * sizeof(uint32_t);
    uint32_t *index = report->locks.count ? smk_mem_new(diff->mem, bytes) : NULL;
    if (!index)
        return;
    for (uint32_t i = 0; i < report->locks.count; i++) {
        index[i] = SMK_MAP_NONE;
        if (report->locks.array[i].waits.count == 0)
            continue; /* it was only unlocked */
        name_lock(name, report, &report->locks.array[i]);
        index[i] = thing_of(diff, &diff->locks, name, SMK_WAIT_LOCK, 0);
    }
    for (uint32_t i = 0; i < report->locks.wait_count; i++) {
        const struct smk_lock_wait *wait = &report->locks.waits[i];
        if (wait->lock < report->locks.count && index[wait->lock] != SMK_MAP_NONE && wait->begin <= wait->end)
            add_wait(diff, side, &diff->locks.array[index[wait->lock]], wait->begin, wait->end);
    }
    smk_mem_free(diff->mem, index, bytes);
}

static uint64_t call_hash(const struct smk_report *report, uint32_t kind, uint32_t call)
{
    char name[SMK_NAME_MAX];
    smk_name_of_call(name, report->trace, call);
    return smk_hash_bytes(name, strlen(name)) ^ kind;
}

static void take_waits(struct smk_diff *diff, unsigned side)
{
    const struct smk_report *report = diff->report[side];
    const struct smk_call_waits *waits = &report->locks.others;
    char name[SMK_NAME_MAX];
    struct smk_map by_place = {0}; /* a name is looked up once for each call and stack */
    for (uint32_t i = 0; i < waits->count; i++) {
        const struct smk_call_wait *wait = &waits->array[i];
        if (wait->idle || wait->begin > wait->end)
            continue;
        uint64_t place = smk_hash_word(smk_map_pair(wait->call, wait->stack)) ^ wait->kind;
        uint32_t index = smk_map_get(&by_place, place);
        if (index == SMK_MAP_NONE) {
            name_wait(name, report, wait);
            index = thing_of(diff, &diff->waits, name, wait->kind, call_hash(report, wait->kind, wait->call));
            if (index == SMK_MAP_NONE || !smk_map_put(&by_place, diff->mem, place, index))
                continue;
        }
        add_wait(diff, side, &diff->waits.array[index], wait->begin, wait->end);
    }
    smk_map_free(&by_place, diff->mem);
}

/* ---- tests ----------------------------------------------------------------------------------------------- */

uint64_t smk_diff_waited(const struct smk_diff_thing *thing, unsigned side)
{
    uint64_t ns = 0;
    for (uint32_t i = 0; i < SMK_RANK_MAX; i++)
        ns += thing->slices[side][i];
    return ns;
}

static void test_thing(struct smk_diff *diff, struct smk_diff_thing *thing, bool refused)
{
    struct smk_diff_figure *rate = &thing->rate;
    const char *why = smk_diff_why_not(diff, smk_wait_category_number(thing->kind));
    uint64_t slices[2][SMK_RANK_MAX];
    for (unsigned side = 0; side < 2; side++) {
        uint64_t length = smk_diff_length(diff, side);
        for (uint32_t i = 0; i < SMK_RANK_MAX; i++)
            slices[side][i] = smk_diff_scale(thing->slices[side][i], SMK_RANK_MAX * UINT64_C(1000000000), length);
        rate->value[side] = smk_diff_scale(smk_diff_waited(thing, side), 1000000000, length);
    }
    uint64_t requests[2] = {diff->report[0]->latency.ended, diff->report[1]->latency.ended};
    for (unsigned side = 0; side < 2 && smk_min_u64(requests[0], requests[1]) >= SMK_DIFF_REQUESTS_LEAST; side++)
        thing->a_request[side] = smk_diff_scale(smk_diff_waited(thing, side), 1000, requests[side]);
    if (refused)
        why = "there were more waits than are kept";
    if (why) {
        rate->verdict = SMK_DIFF_UNKNOWN;
        rate->why = why;
    } else if (smk_max_u64(rate->value[0], rate->value[1]) < SMK_DIFF_RATE_LEAST ||
               smk_max_u64(thing->count[0], thing->count[1]) < SMK_DIFF_WAITS_LEAST ||
               smk_min_u64(smk_diff_length(diff, 0), smk_diff_length(diff, 1)) < SMK_DIFF_WINDOW_LEAST) {
        rate->verdict = SMK_DIFF_FEW;
    } else {
        smk_diff_test(diff, rate, slices[0], SMK_RANK_MAX, slices[1], SMK_RANK_MAX);
    }
}

static bool more_waiting(const void *a, const void *b)
{
    const struct smk_diff_thing *x = a, *y = b;
    uint64_t of_x = smk_max_u64(x->rate.value[0], x->rate.value[1]);
    uint64_t of_y = smk_max_u64(y->rate.value[0], y->rate.value[1]);
    return of_x != of_y ? of_x > of_y : x->key < y->key;
}

static void test_things(struct smk_diff *diff, struct smk_diff_things *things, bool refused)
{
    for (uint32_t i = 0; i < things->count; i++)
        test_thing(diff, &things->array[i], refused);
    smk_sort(things->array, things->count, sizeof(*things->array), more_waiting);
    smk_map_free(&things->by_key, diff->mem); /* the numbers in it are no more */
}

void smk_diff_things_make(struct smk_diff *diff)
{
    const struct smk_locks *before = &diff->report[0]->locks, *after = &diff->report[1]->locks;
    for (unsigned side = 0; side < 2; side++) {
        take_locks(diff, side);
        take_waits(diff, side);
    }
    test_things(diff, &diff->locks, before->waits_refused || after->waits_refused);
    test_things(diff, &diff->waits, before->others.refused || after->others.refused);
}
