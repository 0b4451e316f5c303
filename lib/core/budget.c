#include "core/budget.h"

#include <string.h>

static const uint8_t order[] = {
#define X(NAME) (uint8_t) __builtin_ctz(SMK_CAT_##NAME),
    SMK_BUDGET_ORDER(X)
#undef X
};

_Static_assert(sizeof order == SMK_CATEGORY_COUNT, "each category has its place in the order");

/* What the last window cost, by category, each with its part of what all share. */
struct window {
    uint64_t ns, total, allowed;
    uint64_t cost[SMK_CATEGORY_COUNT];
};

void smk_budget_reset(struct smk_budget *budget)
{
    memset(budget, 0, sizeof *budget);
    budget->patience = SMK_BUDGET_PATIENCE_NS;
}

static uint32_t shed(const struct smk_budget *budget)
{
    uint32_t categories = 0;
    for (uint32_t i = 0; i < budget->depth; i++)
        categories |= 1u << budget->stack[i];
    return categories;
}

/* Nobody wants them any more, so nobody misses them. */
static void drop_unwanted(struct smk_budget *budget, uint32_t wanted)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < budget->depth; i++)
        if (wanted >> budget->stack[i] & 1)
            budget->stack[kept++] = budget->stack[i];
    budget->depth = kept;
}

/* The newest look that is a whole window old; NULL: there is none. */
static const struct smk_budget_look *begin_of_window(const struct smk_budget *budget, uint64_t now)
{
    uint32_t known = budget->count < SMK_BUDGET_LOOKS ? budget->count : SMK_BUDGET_LOOKS;
    for (uint32_t back = 1; back <= known; back++) {
        const struct smk_budget_look *look = &budget->looks[(budget->count - back) % SMK_BUDGET_LOOKS];
        if (now - look->now >= SMK_BUDGET_WINDOW_NS)
            return look;
    }
    return NULL;
}

static uint64_t times(uint64_t ns, double factor) { return (uint64_t)((double)ns * factor); }

/* False: it is too short to say anything. */
static bool measure(struct smk_budget *budget, const struct smk_budget_look *look, struct window *w)
{
    const struct smk_budget_look *begin = begin_of_window(budget, look->now);
    if (!begin)
        return false;
    uint64_t own = 0, shared = look->shared_ns - begin->shared_ns;
    w->ns = look->now - begin->now;
    for (unsigned i = 0; i < SMK_CATEGORY_COUNT; i++)
        own += w->cost[i] = look->cost_ns[i] - begin->cost_ns[i];
    for (unsigned i = 0; i < SMK_CATEGORY_COUNT && own > 0; i++)
        w->cost[i] += times(shared, (double)w->cost[i] / (double)own);
    w->total = own + shared;
    uint64_t used = smk_max_u64(look->process_ns - begin->process_ns, times(look->floor_ns, (double)w->ns / 1e9));
    w->allowed = times(used, look->share / 10000.0);
    budget->window_ns = w->ns;
    budget->cost_ns = w->total;
    budget->allowed_ns = w->allowed;
    return true;
}

/* The first in the order that costs at least so much; SMK_CATEGORY_COUNT: none does. */
static unsigned first_that_costs(const struct window *w, uint32_t among, uint64_t least)
{
    for (unsigned i = 0; i < SMK_CATEGORY_COUNT; i++)
        if ((among >> order[i] & 1) && w->cost[order[i]] >= least)
            return order[i];
    return SMK_CATEGORY_COUNT;
}

static unsigned choose(const struct window *w, uint32_t recorded)
{
    uint32_t others = recorded & ~(uint32_t)SMK_CAT_REQUEST;
    uint64_t worth = smk_max_u64((w->total - w->allowed) / 8, 1);
    unsigned category = first_that_costs(w, others, worth);
    if (category == SMK_CATEGORY_COUNT)
        category = first_that_costs(w, others, 1);
    return category == SMK_CATEGORY_COUNT ? first_that_costs(w, recorded, 1) : category;
}

static void shed_one(struct smk_budget *budget, const struct window *w, const struct smk_budget_look *look)
{
    unsigned category = choose(w, look->wanted & ~shed(budget));
    budget->low_since = 0;
    if (category == SMK_CATEGORY_COUNT)
        return; /* what is left costs by itself */
    bool at_once = budget->taken_back && look->now - budget->taken_back <= 3 * SMK_BUDGET_WINDOW_NS;
    budget->patience = at_once ? smk_min_u64(2 * budget->patience, SMK_BUDGET_PATIENT_NS) : SMK_BUDGET_PATIENCE_NS;
    budget->stack[budget->depth++] = (uint8_t)category;
    budget->changed = look->now;
}

static void take_one_back(struct smk_budget *budget, uint64_t now)
{
    if (budget->low_since == 0)
        budget->low_since = now;
    if (now - budget->low_since < budget->patience)
        return;
    budget->depth--;
    budget->low_since = 0;
    budget->changed = budget->taken_back = now;
}

uint32_t smk_budget_decide(struct smk_budget *budget, const struct smk_budget_look *look)
{
    struct window w;
    if (look->share == 0)
        smk_budget_reset(budget);
    drop_unwanted(budget, look->wanted);
    bool known = measure(budget, look, &w);
    /* After a step, a whole window in which it counts. */
    if (known && look->share && look->now - budget->changed >= SMK_BUDGET_WINDOW_NS) {
        if (w.total > w.allowed)
            shed_one(budget, &w, look);
        else if (budget->depth > 0 && w.total < w.allowed / 2)
            take_one_back(budget, look->now);
        else
            budget->low_since = 0;
    }
    budget->looks[budget->count++ % SMK_BUDGET_LOOKS] = *look;
    return shed(budget);
}
