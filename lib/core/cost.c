#include "core/cost.h"

#include "base/sys.h"
#include "core/record.h"

#define ROUNDS 16
#define EVENTS (SMK_SUB_SIZE / 16)

static uint64_t event_ns; /* atomic */

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

void smk_cost_measure(void)
{
    static struct smk_thread scratch;
    uint8_t *memory = smk_sys_map(SMK_SUB_SIZE);
    uint64_t best = UINT64_MAX;
    if (!memory)
        return;
    for (int round = 0; round < ROUNDS; round++)
        best = smk_min_u64(best, round_of_events(&scratch, (uint64_t)memory));
    smk_sys_unmap(memory, SMK_SUB_SIZE);
    smk_store_relaxed(&event_ns, (smk_ticks_to_ns(best) + EVENTS - 1) / EVENTS);
}

uint64_t smk_cost_event_ns(void) { return smk_load_relaxed(&event_ns); }
