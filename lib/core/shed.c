#include "core/shed.h"

#include <string.h>

#include "base/atomic.h"
#include "base/lock.h"
#include "base/sys.h"
#include "core/budget.h"
#include "core/capture_state.h"
#include "core/clock.h"

#define LOOK_EVERY_NS UINT64_C(200000000)
/* With very many threads a look takes long: it is to cost at most one part of so many. */
#define LOOK_PART 500u

static struct smk_lock lock = SMK_LOCK_INIT(SMK_RANK_COST);
static struct smk_shed_budget limits; /* lock */
static struct smk_shed_status shown;  /* lock */

static uint64_t charged; /* atomic: ns */

static struct {
    struct smk_budget budget;
    uint32_t era;       /* of captures.c, in which the budget's words are valid */
    uint64_t next_look; /* CLOCK_MONOTONIC ns */
} looking;              /* the writer's */

void smk_shed_set_budget(const struct smk_shed_budget *budget)
{
    smk_lock(&lock);
    limits = *budget;
    smk_unlock(&lock);
}

void smk_shed_charge(uint64_t cpu_ns) { smk_add_relaxed(&charged, cpu_ns); }

static void show(uint32_t share, uint32_t before, uint32_t categories)
{
    smk_lock(&lock);
    shown.share = share;
    shown.categories = categories;
    shown.window_ns = looking.budget.window_ns;
    shown.cost_ns = looking.budget.cost_ns;
    shown.allowed_ns = looking.budget.allowed_ns;
    shown.shed += (uint64_t)__builtin_popcount(categories & ~before);
    shown.taken_back += (uint64_t)__builtin_popcount(before & ~categories);
    smk_unlock(&lock);
}

static void look(uint64_t now)
{
    struct smk_cost cost;
    struct smk_wanted wanted;
    struct smk_budget_look next = {.now = now};
    smk_captures_wanted(&wanted);
    smk_cost_read(&cost);
    smk_cost_keep(&cost);
    smk_lock(&lock);
    next.share = wanted.armed ? limits.armed : limits.recorder;
    next.floor_ns = limits.floor_ns;
    smk_unlock(&lock);
    if (looking.era != wanted.era) {
        smk_budget_reset(&looking.budget);
        looking.era = wanted.era;
    }
    next.wanted = wanted.categories;
    next.process_ns = cost.process_ns;
    next.shared_ns = smk_load_relaxed(&charged);
    memcpy(next.cost_ns, cost.ns, sizeof next.cost_ns);
    uint32_t categories = smk_budget_decide(&looking.budget, &next);
    if (categories == wanted.shed || smk_captures_shed(categories, wanted.era))
        show(next.share, wanted.shed, categories);
}

void smk_shed_look(void)
{
    uint64_t now = smk_sys_clock(CLOCK_MONOTONIC);
    if (now < looking.next_look)
        return;
    smk_cost_measure();
    uint64_t cpu = smk_sys_clock(CLOCK_THREAD_CPUTIME_ID);
    look(now);
    uint64_t took = smk_sys_clock(CLOCK_THREAD_CPUTIME_ID) - cpu;
    looking.next_look = now + smk_max_u64(LOOK_EVERY_NS, took * LOOK_PART);
}

void smk_shed_get_status(struct smk_shed_status *status)
{
    smk_lock(&lock);
    *status = shown;
    smk_unlock(&lock);
    status->categories = smk_captures_are_shed();
}

void smk_shed_reset_in_child(void)
{
    smk_lock_reset(&lock);
    memset(&looking, 0, sizeof looking);
    memset(&shown, 0, sizeof shown);
}
