#include "core/cost.h"

#include <string.h>

#include "base/lock.h"
#include "base/sys.h"
#include "core/hidden.h"
#include "core/init.h"
#include "core/record.h"

#define ROUNDS    16
#define EVENTS    (SMK_SUB_SIZE / 16)
#define KEPT      64u
#define KEPT_EACH UINT64_C(900000000)

static uint64_t event_ps, stamp_ps; /* atomic */

/* ---- what one takes ----------------------------------------------------------------------------------------- */

/* The same steps as in mark.c, into memory that nobody reads. */
static uint64_t round_of_events(struct smk_thread *scratch, uint64_t base)
{
    scratch->cur = scratch->committed = base;
    scratch->end = base + SMK_SUB_SIZE;
    uint64_t start = smk_ticks();
    for (unsigned i = 0; i < EVENTS; i++) {
        uint64_t *rec = smk_reserve(scratch, 2, SMK_EV_REGION_BEGIN);
        rec[1] = smk_ticks();
        smk_commit(scratch, rec, smk_record_head(SMK_EV_REGION_BEGIN, 2, 0, i));
    }
    return smk_ticks() - start;
}

static uint64_t round_of_stamps(void)
{
    uint64_t start = smk_ticks(), now = start;
    for (unsigned i = 0; i < EVENTS; i++)
        now = smk_ticks();
    return now - start;
}

static uint64_t each_ps(uint64_t ticks) { return smk_ticks_to_ns(ticks * 1000) / EVENTS; }

void smk_cost_measure(void)
{
    static struct smk_thread scratch;
    uint8_t *memory = smk_load_relaxed(&event_ps) ? NULL : smk_sys_map(SMK_SUB_SIZE);
    uint64_t event = UINT64_MAX, stamp = UINT64_MAX;
    if (!memory)
        return;
    for (int round = 0; round < ROUNDS; round++) {
        event = smk_min_u64(event, round_of_events(&scratch, (uint64_t)memory));
        stamp = smk_min_u64(stamp, round_of_stamps());
    }
    smk_sys_unmap(memory, SMK_SUB_SIZE);
    smk_store_relaxed(&stamp_ps, each_ps(stamp));
    smk_store_relaxed(&event_ps, each_ps(event));
}

uint64_t smk_cost_event_ns(void) { return (smk_load_relaxed(&event_ps) + 999) / 1000; }

/* ---- our own threads ---------------------------------------------------------------------------------------- */

static struct smk_lock lock = SMK_LOCK_INIT(SMK_RANK_COST);
static struct {
    uint32_t tid;
    uint64_t ns;
} own[SMK_HIDDEN_MAX];    /* lock: by number, what each had used when we looked last */
static uint64_t ended_ns; /* lock: of those that are gone */

/* A clock that is gone, or that went back, is not that of our thread any more. */
static uint64_t own_threads(void)
{
    smk_lock(&lock);
    uint64_t sum = 0;
    for (unsigned i = 0; i < SMK_HIDDEN_MAX; i++) {
        uint32_t tid = smk_hidden_at(i);
        if (tid != own[i].tid) {
            ended_ns += own[i].ns;
            own[i].tid = tid;
            own[i].ns = 0;
        }
        uint64_t ns = tid ? smk_sys_thread_cpu((int)tid) : 0;
        if (tid && ns < own[i].ns)
            smk_hidden_strike(UINT64_C(1) << i);
        own[i].ns = smk_max_u64(ns, own[i].ns);
        sum += own[i].ns;
    }
    sum += ended_ns;
    smk_unlock(&lock);
    return sum;
}

/* ---- all of it ---------------------------------------------------------------------------------------------- */

static bool add_counts(struct smk_thread *t, void *arg)
{
    struct smk_cost *cost = arg;
    for (unsigned i = 0; i < SMK_CATEGORY_COUNT; i++) {
        cost->events[i] += smk_load_relaxed(&t->counted.events[i]);
        cost->calls[i] += smk_load_relaxed(&t->counted.calls[i]);
        cost->stacks[i] += smk_load_relaxed(&t->counted.stacks[i]);
    }
    for (unsigned i = 0; i < SMK_PASSING; i++)
        cost->passed += smk_load_relaxed(&t->passed[i]);
    cost->found += smk_load_relaxed(&t->requests.found);
    return true;
}

void smk_cost_read(struct smk_cost *cost)
{
    const struct smk_source_calls *sources = smk_core_sources();
    uint64_t event = smk_load_relaxed(&event_ps), stamp = smk_load_relaxed(&stamp_ps);
    memset(cost, 0, sizeof *cost);
    cost->tick = smk_ticks();
    cost->process_ns = smk_sys_clock(CLOCK_PROCESS_CPUTIME_ID);
    cost->own_ns = own_threads();
    smk_threads_each_slot(add_counts, cost);
    for (unsigned i = 0; i < SMK_CATEGORY_COUNT; i++)
        cost->ns[i] = (cost->events[i] * event + cost->calls[i] * stamp / 10 * SMK_COST_CALL +
                       cost->stacks[i] * stamp / 10 * SMK_COST_STACK) /
                      1000;
    cost->passing_ns = (cost->passed * stamp / 10 * SMK_COST_PASSED + cost->found * stamp / 10 * SMK_COST_FOUND) / 1000;
    if (sources && sources->cost)
        sources->cost(cost->ns);
}

uint64_t smk_cost_between(const struct smk_cost *begin, const struct smk_cost *end, uint64_t *error_ns)
{
    uint64_t estimated = end->passing_ns - begin->passing_ns;
    for (unsigned i = 0; i < SMK_CATEGORY_COUNT; i++)
        estimated += end->ns[i] - begin->ns[i];
    *error_ns = estimated * SMK_COST_ERROR / 100;
    return estimated + end->own_ns - begin->own_ns;
}

/* ---- the last minute ---------------------------------------------------------------------------------------- */

static struct smk_cost kept[KEPT]; /* the writer's; round and round */
static uint64_t kept_count;

void smk_cost_keep(const struct smk_cost *cost)
{
    const struct smk_cost *last = kept_count ? &kept[(kept_count - 1) % KEPT] : NULL;
    if (!last || smk_ticks_to_ns(cost->tick - last->tick) >= KEPT_EACH)
        kept[kept_count++ % KEPT] = *cost;
}

bool smk_cost_at(uint64_t tick, struct smk_cost *cost)
{
    for (uint64_t back = 1; back <= smk_min_u64(kept_count, KEPT); back++) {
        const struct smk_cost *older = &kept[(kept_count - back) % KEPT];
        if (older->tick > tick)
            continue;
        *cost = *older;
        return true;
    }
    return false;
}

void smk_cost_reset_in_child(void)
{
    smk_lock_reset(&lock);
    memset(own, 0, sizeof own);
    ended_ns = kept_count = 0;
}
