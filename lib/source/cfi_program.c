#include "source/cfi_program.h"

#define REMEMBER_DEPTH 8 /* compilers nest one deep */

enum {
    OP_ADVANCE = 0x40, /* these three carry an operand in their lower bits */
    OP_OFFSET = 0x80,
    OP_RESTORE = 0xc0,
    OP_NOP = 0x00,
    OP_SET_LOC = 0x01,
    OP_ADVANCE1 = 0x02,
    OP_ADVANCE2 = 0x03,
    OP_ADVANCE4 = 0x04,
    OP_OFFSET_EXTENDED = 0x05,
    OP_RESTORE_EXTENDED = 0x06,
    OP_UNDEFINED = 0x07,
    OP_SAME_VALUE = 0x08,
    OP_REGISTER = 0x09,
    OP_REMEMBER = 0x0a,
    OP_RESTORE_STATE = 0x0b,
    OP_DEF_CFA = 0x0c,
    OP_DEF_CFA_REGISTER = 0x0d,
    OP_DEF_CFA_OFFSET = 0x0e,
    OP_DEF_CFA_EXPRESSION = 0x0f,
    OP_EXPRESSION = 0x10,
    OP_OFFSET_EXTENDED_SF = 0x11,
    OP_DEF_CFA_SF = 0x12,
    OP_DEF_CFA_OFFSET_SF = 0x13,
    OP_VAL_OFFSET = 0x14,
    OP_VAL_OFFSET_SF = 0x15,
    OP_VAL_EXPRESSION = 0x16,
    OP_GNU_ARGS_SIZE = 0x2e,
    OP_GNU_NEGATIVE_OFFSET = 0x2f
};

enum { EXPR_DEREF = 0x06, EXPR_PLUS = 0x22, EXPR_PLUS_UCONST = 0x23, EXPR_LIT0 = 0x30, EXPR_BREG0 = 0x70 };

struct run {
    const struct smk_cfi_common *common;
    struct smk_cfi_reader r;
    struct smk_cfi_state *state;
    struct smk_cfi_rows *rows;
    uint64_t offset, end;
    struct smk_cfi_state saved[REMEMBER_DEPTH];
    unsigned saved_count;
};

void smk_cfi_add_row(struct smk_cfi_rows *rows, uint64_t offset, uint16_t rule)
{
    uint32_t last = rows->count - 1;
    if (rows->count > 0 && rows->offsets[last] >= offset) {
        if (rows->offsets[last] == offset)
            rows->rules[last] = rule; /* nothing lay between the two */
        return;
    }
    if ((rows->count > 0 && rows->rules[last] == rule) || rows->count == rows->capacity)
        return;
    rows->offsets[rows->count] = (uint32_t)offset;
    rows->rules[rows->count++] = rule;
}

static bool fits(int64_t n) { return n >= INT32_MIN && n <= INT32_MAX; }

static uint16_t rule_of(const struct smk_cfi_common *common, const struct smk_cfi_state *s)
{
    static const uint8_t saved[] = {[SMK_FP_SAME] = SMK_ODD_SAME,
                                    [SMK_FP_AT_CFA] = SMK_ODD_AT_CFA,
                                    [SMK_FP_AT_FP] = SMK_ODD_AT_FP,
                                    [SMK_FP_AT_SP] = SMK_ODD_AT_SP,
                                    [SMK_FP_UNKNOWN] = SMK_ODD_SAME};
    if (common->signal)
        return SMK_RULE_MAKE(SMK_RULE_SIGNAL, 0);
    if (s->ra == SMK_RA_NONE)
        return SMK_RULE_MAKE(SMK_RULE_END, 0);
    if (s->cfa == SMK_CFA_PLT)
        return SMK_RULE_MAKE(SMK_RULE_PLT, (unsigned)s->cfa_add);
    bool base_known = s->cfa_register == SMK_CFI_RSP || s->cfa_register == SMK_CFI_RBP;
    if (s->cfa == SMK_CFA_UNKNOWN || s->ra == SMK_RA_UNKNOWN || !base_known || !fits(s->cfa_offset) ||
        !fits(s->cfa_add) || !fits(s->fp_offset))
        return SMK_RULE_MAKE(SMK_RULE_UNKNOWN, 0);
    struct smk_rule_odd odd = {.base = s->cfa_register == SMK_CFI_RSP ? SMK_ODD_SP : SMK_ODD_FP,
                               .stored = s->cfa == SMK_CFA_STORED,
                               .saved = saved[s->fp],
                               .offset = (int32_t)s->cfa_offset,
                               .add = s->cfa == SMK_CFA_STORED ? (int32_t)s->cfa_add : 0,
                               .saved_offset = s->fp == SMK_FP_SAME ? 0 : (int32_t)s->fp_offset};
    return smk_rule_encode(&odd);
}

/* ---- expressions: the few forms that compilers, linkers and hand-written assembly use ----------------------- */

static bool is_plt(struct smk_cfi_reader e, int64_t *byte)
{
    /* breg7 8; breg16 0; lit15; and; litN; ge; lit3; shl; plus */
    static const uint8_t want[] = {0x77, 8, 0x80, 0, 0x3f, 0x1a, 0, 0x2a, 0x33, 0x24, 0x22};
    if (e.end - e.p != sizeof want)
        return false;
    for (size_t i = 0; i < sizeof want; i++)
        if (i != 6 && e.p[i] != want[i])
            return false;
    *byte = e.p[6] - EXPR_LIT0;
    return *byte >= 0 && *byte < 16;
}

/* base + offset, where base is rsp or rbp. */
static bool read_base(struct smk_cfi_reader *e, uint64_t *base, int64_t *offset)
{
    *base = smk_cfi_fixed(e, 1) - EXPR_BREG0;
    *offset = smk_cfi_sleb(e);
    return !e->bad && (*base == SMK_CFI_RSP || *base == SMK_CFI_RBP);
}

static void def_cfa_expression(struct smk_cfi_state *s, struct smk_cfi_reader e)
{
    s->cfa = SMK_CFA_UNKNOWN;
    s->cfa_add = 0;
    if (is_plt(e, &s->cfa_add)) {
        s->cfa = SMK_CFA_PLT;
        return;
    }
    if (!read_base(&e, &s->cfa_register, &s->cfa_offset))
        return;
    uint8_t kind = SMK_CFA_REGISTER;
    if (e.p < e.end && *e.p == EXPR_DEREF) {
        e.p++;
        kind = SMK_CFA_STORED;
    }
    if (e.p < e.end && *e.p == EXPR_PLUS_UCONST) {
        e.p++;
        s->cfa_add = (int64_t)smk_cfi_uleb(&e);
    }
    if (kind == SMK_CFA_REGISTER) {
        s->cfa_offset += s->cfa_add;
        s->cfa_add = 0;
    }
    if (!e.bad && e.p == e.end)
        s->cfa = kind;
}

static void save_at_expression(struct smk_cfi_state *s, uint64_t reg, struct smk_cfi_reader e)
{
    uint64_t base;
    int64_t offset;
    if (reg == SMK_CFI_RA)
        s->ra = SMK_RA_UNKNOWN;
    if (reg != SMK_CFI_RBP)
        return;
    s->fp = SMK_FP_UNKNOWN;
    if (read_base(&e, &base, &offset) && e.p == e.end) {
        s->fp = base == SMK_CFI_RBP ? SMK_FP_AT_FP : SMK_FP_AT_SP;
        s->fp_offset = offset;
    }
}

/* ---- registers ------------------------------------------------------------------------------------------------- */

static void save_at_cfa(struct smk_cfi_state *s, uint64_t reg, int64_t offset)
{
    if (reg == SMK_CFI_RA)
        s->ra = offset == -8 ? SMK_RA_BELOW_CFA : SMK_RA_UNKNOWN;
    if (reg == SMK_CFI_RBP) {
        s->fp = SMK_FP_AT_CFA;
        s->fp_offset = offset;
    }
}

static void set_register(struct smk_cfi_state *s, uint64_t reg, uint8_t fp, uint8_t ra)
{
    if (reg == SMK_CFI_RBP)
        s->fp = fp;
    if (reg == SMK_CFI_RA)
        s->ra = ra;
}

static void restore(struct run *run, uint64_t reg)
{
    if (reg == SMK_CFI_RBP) {
        run->state->fp = run->common->initial.fp;
        run->state->fp_offset = run->common->initial.fp_offset;
    }
    if (reg == SMK_CFI_RA)
        run->state->ra = run->common->initial.ra;
}

static void def_cfa(struct smk_cfi_state *s, uint64_t reg, int64_t offset)
{
    s->cfa = SMK_CFA_REGISTER;
    s->cfa_register = reg;
    s->cfa_offset = offset;
}

/* ---- the program ----------------------------------------------------------------------------------------------- */

static void advance(struct run *run, uint64_t delta)
{
    if (run->rows)
        smk_cfi_add_row(run->rows, run->offset, rule_of(run->common, run->state));
    delta *= run->common->code_align;
    if (delta > run->end - run->offset)
        run->r.bad = true;
    else
        run->offset += delta;
}

static bool run_state_op(struct run *run, unsigned op)
{
    if (op == OP_REMEMBER) {
        if (run->saved_count == REMEMBER_DEPTH)
            return false;
        run->saved[run->saved_count++] = *run->state;
        return true;
    }
    if (op == OP_RESTORE_STATE) {
        if (run->saved_count == 0)
            return false;
        *run->state = run->saved[--run->saved_count];
        return true;
    }
    return op == OP_NOP;
}

static bool run_cfa_op(struct run *run, unsigned op)
{
    struct smk_cfi_state *s = run->state;
    uint64_t reg;
    switch (op) {
    case OP_DEF_CFA:
        reg = smk_cfi_uleb(&run->r);
        def_cfa(s, reg, (int64_t)smk_cfi_uleb(&run->r));
        return true;
    case OP_DEF_CFA_SF:
        reg = smk_cfi_uleb(&run->r);
        def_cfa(s, reg, smk_cfi_sleb(&run->r) * run->common->data_align);
        return true;
    case OP_DEF_CFA_REGISTER:
        def_cfa(s, smk_cfi_uleb(&run->r), s->cfa_offset);
        return true;
    case OP_DEF_CFA_OFFSET:
        def_cfa(s, s->cfa_register, (int64_t)smk_cfi_uleb(&run->r));
        return true;
    case OP_DEF_CFA_OFFSET_SF:
        def_cfa(s, s->cfa_register, smk_cfi_sleb(&run->r) * run->common->data_align);
        return true;
    case OP_DEF_CFA_EXPRESSION:
        def_cfa_expression(s, smk_cfi_part(&run->r, smk_cfi_uleb(&run->r)));
        return true;
    default:
        return run_state_op(run, op);
    }
}

static bool run_register_op(struct run *run, unsigned op)
{
    struct smk_cfi_state *s = run->state;
    int64_t align = run->common->data_align;
    uint64_t reg = smk_cfi_uleb(&run->r);
    switch (op) {
    case OP_OFFSET_EXTENDED:
        save_at_cfa(s, reg, (int64_t)smk_cfi_uleb(&run->r) * align);
        return true;
    case OP_OFFSET_EXTENDED_SF:
        save_at_cfa(s, reg, smk_cfi_sleb(&run->r) * align);
        return true;
    case OP_GNU_NEGATIVE_OFFSET:
        save_at_cfa(s, reg, -(int64_t)smk_cfi_uleb(&run->r) * align);
        return true;
    case OP_RESTORE_EXTENDED:
        restore(run, reg);
        return true;
    case OP_UNDEFINED:
        set_register(s, reg, SMK_FP_UNKNOWN, SMK_RA_NONE);
        return true;
    case OP_SAME_VALUE:
        set_register(s, reg, SMK_FP_SAME, SMK_RA_UNKNOWN);
        return true;
    case OP_REGISTER:
    case OP_VAL_OFFSET:
    case OP_VAL_OFFSET_SF:
        smk_cfi_uleb(&run->r); /* its sign does not matter: it is passed over */
        set_register(s, reg, SMK_FP_UNKNOWN, SMK_RA_UNKNOWN);
        return true;
    case OP_EXPRESSION:
        save_at_expression(s, reg, smk_cfi_part(&run->r, smk_cfi_uleb(&run->r)));
        return true;
    default: /* OP_VAL_EXPRESSION */
        smk_cfi_skip(&run->r, smk_cfi_uleb(&run->r));
        set_register(s, reg, SMK_FP_UNKNOWN, SMK_RA_UNKNOWN);
        return true;
    }
}

static bool is_register_op(unsigned op)
{
    return (op >= OP_OFFSET_EXTENDED && op <= OP_REGISTER) || op == OP_EXPRESSION ||
           op == OP_OFFSET_EXTENDED_SF || (op >= OP_VAL_OFFSET && op <= OP_VAL_EXPRESSION) ||
           op == OP_GNU_NEGATIVE_OFFSET;
}

static bool run_op(struct run *run, unsigned op)
{
    unsigned low = op & 0x3f;
    switch (op & 0xc0) {
    case OP_ADVANCE:
        advance(run, low);
        return true;
    case OP_OFFSET:
        save_at_cfa(run->state, low, (int64_t)smk_cfi_uleb(&run->r) * run->common->data_align);
        return true;
    case OP_RESTORE:
        restore(run, low);
        return true;
    default:
        break;
    }
    if (op >= OP_ADVANCE1 && op <= OP_ADVANCE4) {
        advance(run, smk_cfi_fixed(&run->r, (size_t)1 << (op - OP_ADVANCE1)));
        return true;
    }
    if (op == OP_GNU_ARGS_SIZE) {
        smk_cfi_uleb(&run->r);
        return true;
    }
    return is_register_op(op) ? run_register_op(run, op) : run_cfa_op(run, op);
}

bool smk_cfi_run(const struct smk_cfi_common *common, struct smk_cfi_reader program, uint64_t start,
                 uint64_t end, struct smk_cfi_state *state, struct smk_cfi_rows *rows)
{
    struct run run = {.common = common, .r = program, .state = state, .rows = rows, .offset = start, .end = end};
    bool known = !program.bad;
    while (known && !run.r.bad && run.r.p < run.r.end)
        known = run_op(&run, (unsigned)smk_cfi_fixed(&run.r, 1));
    known = known && !run.r.bad;
    if (rows)
        smk_cfi_add_row(rows, run.offset,
                        known ? rule_of(common, state) : SMK_RULE_MAKE(SMK_RULE_UNKNOWN, 0));
    return known;
}
