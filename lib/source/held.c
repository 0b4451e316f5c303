#include "source/held.h"

#include "base/atomic.h"

SMK_TLS struct smk_held smk_held;
uint32_t smk_held_arming;

static void forget_other_armings(void)
{
    uint32_t arming = smk_load_relaxed(&smk_held_arming);
    if (smk_held.arming == arming)
        return;
    smk_held = (struct smk_held){.arming = arming};
}

void smk_held_begin(uint64_t lock, uint64_t now)
{
    forget_other_armings();
    uint32_t at = smk_held.lock[0] == lock ? 0 : smk_held.lock[1] == lock ? 1 : smk_held.next;
    smk_held.lock[at] = lock;
    smk_held.since[at] = now;
    smk_held.next = 1 - at;
}

uint64_t smk_held_end(uint64_t lock)
{
    forget_other_armings();
    for (uint32_t at = 0; at < SMK_ARRAY_LEN(smk_held.lock); at++) {
        if (smk_held.lock[at] != lock)
            continue;
        smk_held.lock[at] = 0;
        smk_held.next = at;
        return smk_held.since[at];
    }
    return 0;
}
