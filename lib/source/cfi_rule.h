/* cfi_rule.h: how one frame is left, in 16 bits.
 *
 * On x86-64 nearly every row of unwind information says the same thing with other numbers: the frame
 * ends (the canonical frame address, CFA) at sp or fp plus a multiple of 8, the return address lies
 * just below it, and the caller's fp is untouched or lies a little lower.
 *
 *     15 14 13        5 4     0
 *     +----+-----------+------+
 *     | 0  | CFA-sp /8 |  fp  |   CFA = sp + 8 * a      fp: 0 unchanged, else at CFA - 8 * n
 *     | 1  | CFA-fp /8 |  fp  |   CFA = fp + 8 * a
 *     | 2  |     index        |   into a table of the odd ones
 *     | 3  | what             |   enum smk_rule_special; upper bits: its number
 *     +----+------------------+
 *
 * A rule of this size fits with its address into one word of a cache (modules.h), so that a reader can
 * never see half of one.
 */
#ifndef SMK_SOURCE_CFI_RULE_H
#define SMK_SOURCE_CFI_RULE_H

#include "base/compiler.h"

enum smk_rule_kind { SMK_RULE_SP = 0, SMK_RULE_FP = 1, SMK_RULE_ODD = 2, SMK_RULE_SPECIAL = 3 };

enum smk_rule_special {
    SMK_RULE_END,     /* the outermost frame: it has no return address */
    SMK_RULE_UNKNOWN, /* nothing is known: try the frame pointer */
    SMK_RULE_SIGNAL,  /* the kernel's signal frame */
    SMK_RULE_PLT,     /* sp + 8, and 8 more from byte `number` of the 16-byte PLT slot on */
    SMK_RULE_OUTSIDE  /* no module has this address; never in a table */
};

#define SMK_RULE_OF(kind, a, n)    ((uint16_t)((kind) << 14 | (a) << 5 | (n)))
#define SMK_RULE_MAKE(what, number) ((uint16_t)(SMK_RULE_SPECIAL << 14 | (number) << 4 | (what)))

#define SMK_RULE_KIND(rule)   ((unsigned)(rule) >> 14)
#define SMK_RULE_CFA(rule)    (((unsigned)(rule) >> 5 & 0x1ff) * 8u)
#define SMK_RULE_SAVED(rule)  (((unsigned)(rule)&0x1f) * 8u)
#define SMK_RULE_WHAT(rule)   ((unsigned)(rule)&0xf)
#define SMK_RULE_NUMBER(rule) ((unsigned)(rule) >> 4 & 0x3ff)

enum smk_odd_base { SMK_ODD_SP, SMK_ODD_FP };
enum smk_odd_saved { SMK_ODD_SAME, SMK_ODD_AT_CFA, SMK_ODD_AT_FP, SMK_ODD_AT_SP };

/* What does not fit: large frames, and frames whose stack was realigned, where the CFA was stored in
 * memory: CFA = *(base + offset) + add. */
struct smk_rule_odd {
    uint8_t used;
    uint8_t base;   /* enum smk_odd_base */
    uint8_t stored; /* the CFA is what lies there */
    uint8_t saved;  /* enum smk_odd_saved: where the caller's fp is */
    int32_t offset;
    int32_t add;
    int32_t saved_offset;
};

/* The rule for these, in 16 bits; SMK_RULE_UNKNOWN when the table of odd ones is full. Whoever compiles
 * tables, one at a time. */
uint16_t smk_rule_encode(const struct smk_rule_odd *odd);

/* Odd ones never move and never change once a rule names them. */
const struct smk_rule_odd *smk_rule_odd(uint16_t rule);

#endif
