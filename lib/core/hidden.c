#include "core/hidden.h"

#include "base/atomic.h"
#include "base/sys.h"

static uint32_t hidden[SMK_HIDDEN_MAX]; /* atomic: thread ids; 0: free */

void smk_hidden_add(void)
{
    uint32_t tid = (uint32_t)smk_sys_gettid();
    if (smk_hidden_bit(tid))
        return;
    for (int i = 0; i < SMK_HIDDEN_MAX; i++) {
        uint32_t nobody = 0;
        if (smk_cas_relaxed(&hidden[i], &nobody, tid))
            return;
    }
}

uint64_t smk_hidden_bit(uint32_t tid)
{
    for (int i = 0; i < SMK_HIDDEN_MAX; i++)
        if (smk_load_relaxed(&hidden[i]) == tid)
            return UINT64_C(1) << i;
    return 0;
}

uint32_t smk_hidden_at(unsigned number) { return smk_load_relaxed(&hidden[number]); }

uint64_t smk_hidden_all(void)
{
    uint64_t bits = 0;
    for (int i = 0; i < SMK_HIDDEN_MAX; i++)
        if (smk_load_relaxed(&hidden[i]))
            bits |= UINT64_C(1) << i;
    return bits;
}

void smk_hidden_strike(uint64_t bits)
{
    for (int i = 0; i < SMK_HIDDEN_MAX; i++)
        if (bits >> i & 1)
            smk_store_relaxed(&hidden[i], 0);
}

void smk_hidden_reset_in_child(void) { smk_hidden_strike(UINT64_MAX); }
