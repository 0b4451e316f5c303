/* cfi_program.h: runs the little programs of unwind information (DWARF 5, section 6.4) once, and keeps
 * what matters to a walk: where the frame ends, where the caller's frame pointer is, whether there is a
 * return address. */
#ifndef SMK_SOURCE_CFI_PROGRAM_H
#define SMK_SOURCE_CFI_PROGRAM_H

#include "source/cfi_read.h"
#include "source/cfi_rule.h"

/* Registers by DWARF's numbers on x86-64. */
enum { SMK_CFI_RBP = 6, SMK_CFI_RSP = 7, SMK_CFI_RA = 16 };

enum smk_cfa_kind { SMK_CFA_UNKNOWN, SMK_CFA_REGISTER, SMK_CFA_STORED, SMK_CFA_PLT };
enum smk_fp_kind { SMK_FP_SAME, SMK_FP_AT_CFA, SMK_FP_AT_FP, SMK_FP_AT_SP, SMK_FP_UNKNOWN };
enum smk_ra_kind { SMK_RA_BELOW_CFA, SMK_RA_NONE, SMK_RA_UNKNOWN };

struct smk_cfi_state {
    uint8_t cfa; /* enum smk_cfa_kind */
    uint8_t fp;  /* enum smk_fp_kind */
    uint8_t ra;  /* enum smk_ra_kind */
    uint64_t cfa_register;
    int64_t cfa_offset;
    int64_t cfa_add; /* STORED: added to what lies there; PLT: the byte */
    int64_t fp_offset;
};

/* Rows of a table being made, ascending: a rule holds from its offset to the next one's. */
struct smk_cfi_rows {
    uint32_t *offsets;
    uint16_t *rules;
    uint32_t count, capacity;
};

/* What a group of functions has in common (a CIE). */
struct smk_cfi_common {
    uint64_t code_align;
    int64_t data_align;
    unsigned pointers; /* encoding of addresses */
    bool sized;        /* has a part for extensions, whose size is told */
    bool signal;       /* a signal frame */
    struct smk_cfi_state initial;
};

/* Adds a row; one with the rule of the row before is left out. */
void smk_cfi_add_row(struct smk_cfi_rows *rows, uint64_t offset, uint16_t rule);

/* Runs a program for [start, end), offsets in the table; adds rows when `rows` is not NULL. The state
 * begins as *state and is left as it ends. False when it has an instruction that we do not know: what
 * was added before it holds. */
bool smk_cfi_run(const struct smk_cfi_common *common, struct smk_cfi_reader program, uint64_t start,
                 uint64_t end, struct smk_cfi_state *state, struct smk_cfi_rows *rows);

#endif
