#include "core/request_cost.h"

#include "base/atomic.h"
#include "core/clock.h"
#include "core/gate.h"
#include "core/record.h"

static uint64_t slow_ns = SMK_COST_SLOW_NS; /* atomic */

struct smk_cost_bounds smk_cost_bounds SMK_HOT_DATA = {.slow = UINT64_MAX};

void smk_cost_set_slow(uint64_t ns) { smk_store_relaxed(&slow_ns, ns); }

void smk_cost_prepare(void)
{
    smk_store_relaxed(&smk_cost_bounds.fresh, smk_ns_to_ticks(SMK_COST_FRESH_NS));
    smk_store_relaxed(&smk_cost_bounds.slow, smk_ns_to_ticks(smk_load_relaxed(&slow_ns)));
}

static bool ask(struct smk_usage *usage) { return smk_sys_usage(true, usage) == 0; }

void smk_cost_ask(struct smk_thread *t, uint64_t now)
{
    if (smk_gate_open(SMK_CAT_REQUEST))
        t->cost_ticks = ask(&t->cost) ? now : 0;
}

void smk_cost_record(struct smk_thread *t, uint64_t request, bool alone, uint64_t now)
{
    struct smk_usage before = t->cost, usage;
    uint64_t since = t->cost_ticks;
    if (t->cost_request != request)
        return;
    if (since == 0 || since > t->cost_begin || !ask(&usage))
        return;
    t->cost = usage;
    t->cost_ticks = now;
    uint64_t *rec = smk_reserve(t, 8, SMK_EV_REQUEST_COST);
    if (!rec)
        return;
    rec[1] = now;
    rec[2] = request;
    rec[3] = now - since;
    rec[4] = usage.minor_faults - before.minor_faults;
    rec[5] = usage.major_faults - before.major_faults;
    rec[6] = smk_ns_to_ticks(usage.system_ns - before.system_ns);
    rec[7] = smk_ns_to_ticks(usage.user_ns - before.user_ns);
    bool exact = alone && since == t->cost_begin;
    smk_commit(t, rec, smk_record_head(SMK_EV_REQUEST_COST, 8, 0, exact ? SMK_COST_EXACT : SMK_COST_BOUND));
}
