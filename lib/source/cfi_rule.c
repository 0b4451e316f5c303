#include "source/cfi_rule.h"

#include <string.h>

#include "base/hash.h"

/* 4,096 of 16 bytes: libLLVM, the largest user seen, has 700. */
#define ODDS       4096u
#define ODD_PROBES 64u

static struct smk_rule_odd odds[ODDS]; /* an index is a place in it, found by hash */

const struct smk_rule_odd *smk_rule_odd(uint16_t rule) { return &odds[rule & (ODDS - 1)]; }

static uint16_t encode_odd(struct smk_rule_odd odd)
{
    odd.used = 1;
    uint64_t hash = smk_hash_bytes(&odd, sizeof odd);
    for (uint32_t probe = 0; probe < ODD_PROBES; probe++) {
        uint32_t index = (uint32_t)(hash + probe) & (ODDS - 1);
        if (!odds[index].used)
            odds[index] = odd;
        if (memcmp(&odds[index], &odd, sizeof odd) == 0)
            return (uint16_t)(SMK_RULE_ODD << 14 | index);
    }
    return SMK_RULE_MAKE(SMK_RULE_UNKNOWN, 0);
}

uint16_t smk_rule_encode(const struct smk_rule_odd *odd)
{
    bool cfa_fits = !odd->stored && odd->add == 0 && odd->offset > 0 && odd->offset < 512 * 8 &&
                    odd->offset % 8 == 0;
    bool saved_fits = odd->saved == SMK_ODD_SAME ||
                      (odd->saved == SMK_ODD_AT_CFA && odd->saved_offset <= -16 &&
                       odd->saved_offset > -32 * 8 && odd->saved_offset % 8 == 0);
    if (!cfa_fits || !saved_fits)
        return encode_odd(*odd);
    unsigned saved = odd->saved == SMK_ODD_SAME ? 0 : (unsigned)-odd->saved_offset / 8;
    unsigned kind = odd->base == SMK_ODD_SP ? SMK_RULE_SP : SMK_RULE_FP;
    return SMK_RULE_OF(kind, (unsigned)odd->offset / 8, saved);
}
