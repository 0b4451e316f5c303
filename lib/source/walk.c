#include "source/walk.h"

#include "source/peek.h"

/* A frame that only its frame pointer tells of is believed when it is not larger than this. */
#define FP_FRAME_MAX (UINT64_C(1) << 20)

/* ---- reading the stack ----------------------------------------------------------------------------------------- */

static SMK_COLD bool move_window(struct smk_walk *w, uint64_t addr)
{
    if (!w->window || addr < w->sp || addr > w->limit - 8 || addr % 8 != 0)
        return false;
    ssize_t n = smk_peek(addr, w->window, w->window_size);
    if (n < 8)
        return false;
    w->low = addr;
    w->high = addr + (uint64_t)n;
    w->shift = (uint64_t)w->window - addr;
    return true;
}

/* The alignment is asked for because a frame that is not aligned is no frame. */
SMK_NO_SANITIZE static inline bool load(struct smk_walk *w, uint64_t addr, uint64_t *value)
{
    if (SMK_UNLIKELY(addr < w->low || addr > w->high - 8 || addr % 8 != 0) && !move_window(w, addr))
        return false;
    *value = *(const uint64_t *)(addr + w->shift);
    return true;
}

/* ---- one frame ------------------------------------------------------------------------------------------------- */

/* The CFA is known: the return address is below it, and the caller's fp at `saved` unless that is 0. */
static inline bool leave(struct smk_walk *w, uint64_t cfa, uint64_t saved)
{
    uint64_t fp = w->fp;
    if (cfa <= w->sp || (saved && !load(w, saved, &fp)) || !load(w, cfa - 8, &w->pc))
        return false;
    w->sp = cfa;
    w->fp = fp;
    return true;
}

/* Nothing is known of the code: believed only when it looks like a frame in every way. Code without
 * frame pointers keeps other things in the register. */
static SMK_COLD bool leave_by_frame_pointer(struct smk_walk *w)
{
    uint64_t fp, pc;
    if (w->fp < w->sp || w->fp - w->sp > FP_FRAME_MAX || !load(w, w->fp, &fp) || !load(w, w->fp + 8, &pc))
        return false;
    if (SMK_RULE_WHAT(smk_map_rule(&w->modules, pc - 1)) == SMK_RULE_OUTSIDE &&
        SMK_RULE_KIND(smk_map_rule(&w->modules, pc - 1)) == SMK_RULE_SPECIAL)
        return false;
    w->sp = w->fp + 16;
    w->fp = fp;
    w->pc = pc;
    return true;
}

#if defined(__x86_64__)

/* The kernel's frame begins with a ucontext: flags, link, the alternate stack (24 bytes), then the
 * registers r8 to r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip. */
#define UCONTEXT_REGISTERS 40u
#define UCONTEXT_RBP       (UCONTEXT_REGISTERS + 10 * 8)
#define UCONTEXT_RSP       (UCONTEXT_REGISTERS + 15 * 8)
#define UCONTEXT_RIP       (UCONTEXT_REGISTERS + 16 * 8)

static SMK_COLD bool leave_signal(struct smk_walk *w)
{
    uint64_t pc, sp, fp;
    uint64_t at = w->sp;
    if (!load(w, at + UCONTEXT_RBP, &fp) || !load(w, at + UCONTEXT_RSP, &sp) || !load(w, at + UCONTEXT_RIP, &pc))
        return false;
    /* A handler on a stack of its own interrupted a frame elsewhere, above or below. A window goes
     * there; in place that stack is not known. The number of frames bounds such jumps. */
    if (w->window) {
        w->low = w->high = 8;
        w->limit = sp + SMK_WALK_REACH;
    } else if (sp <= at || sp >= w->high) {
        return false;
    }
    w->sp = sp;
    w->fp = fp;
    w->pc = pc + 1; /* not a return address: see stack.h */
    return true;
}

static SMK_COLD bool leave_odd(struct smk_walk *w, const struct smk_rule_odd *odd)
{
    uint64_t base = odd->base == SMK_ODD_SP ? w->sp : w->fp;
    uint64_t cfa = base + (uint64_t)(int64_t)odd->offset;
    if (odd->stored) {
        if (!load(w, cfa, &cfa))
            return false;
        cfa += (uint64_t)(int64_t)odd->add;
    }
    uint64_t offset = (uint64_t)(int64_t)odd->saved_offset;
    uint64_t saved = odd->saved == SMK_ODD_AT_CFA  ? cfa + offset
                     : odd->saved == SMK_ODD_AT_FP ? w->fp + offset
                     : odd->saved == SMK_ODD_AT_SP ? w->sp + offset
                                                   : 0;
    return leave(w, cfa, saved);
}

static SMK_COLD bool leave_special(struct smk_walk *w, uint16_t rule)
{
    switch (SMK_RULE_WHAT(rule)) {
    case SMK_RULE_END:
        return false;
    case SMK_RULE_SIGNAL:
        return leave_signal(w);
    case SMK_RULE_PLT:
        return leave(w, w->sp + 8 + (((w->pc - 1) & 15) >= SMK_RULE_NUMBER(rule) ? 8 : 0), 0);
    default:
        return leave_by_frame_pointer(w);
    }
}

static SMK_COLD bool step(struct smk_walk *w)
{
    uint16_t rule = smk_map_rule(&w->modules, w->pc - 1);
    unsigned kind = SMK_RULE_KIND(rule);
    if (kind == SMK_RULE_ODD)
        return leave_odd(w, smk_rule_odd(rule));
    if (kind == SMK_RULE_SPECIAL)
        return leave_special(w, rule);
    uint64_t cfa = (kind == SMK_RULE_SP ? w->sp : w->fp) + SMK_RULE_CFA(rule);
    uint64_t saved = SMK_RULE_SAVED(rule);
    return leave(w, cfa, saved ? cfa - saved : 0);
}

/* What the walks that began at the same place last found, frame by frame: only guesses. */
#define GUESSES 256u
static uint16_t guesses[GUESSES][SMK_STACK_DEPTH]; /* atomic */

/* The rule again, but as the walk before had it. To compute with the guess and to compare it beside that
 * lets the CPU run ahead: else each frame waits for the frame before, whose return address says where in
 * the cache the rule is. 181 to 114 ns for 22 frames. The empty instructions keep the compiler from
 * seeing that both are the same. */
SMK_NO_SANITIZE static inline uint16_t guess_rule(uint16_t *guess, uint16_t rule)
{
    uint16_t value = smk_load_relaxed(guess);
    uint16_t compared = value;
    __asm__("" : "+r"(compared));
    if (SMK_UNLIKELY(compared != rule)) {
        smk_store_relaxed(guess, rule);
        value = rule;
        __asm__ volatile("" : "+r"(value));
    }
    return value;
}

/* Frames whose rule is in the cache and plain, of a stack that can be read here: nearly all of them. The
 * registers stay in registers. Stops before the first frame that is not so; returns the depth. */
SMK_NO_SANITIZE static inline uint32_t run_plain(struct smk_walk *w, uint64_t *pcs, uint32_t depth)
{
    uint64_t pc = w->pc, sp = w->sp, fp = w->fp, hash = w->hash;
    const uint64_t low = w->low, high = w->high, shift = w->shift;
    uint16_t *guess = guesses[(pcs[0] ^ pcs[0] >> 8) % GUESSES];
    while (depth < SMK_STACK_DEPTH) {
        uint16_t rule;
        if (!smk_map_cached(&w->modules, pc - 1, &rule) || SMK_RULE_KIND(rule) > SMK_RULE_FP)
            break;
        rule = guess_rule(&guess[depth], rule);
        uint64_t cfa = (SMK_RULE_KIND(rule) == SMK_RULE_SP ? sp : fp) + SMK_RULE_CFA(rule);
        uint64_t saved = cfa - SMK_RULE_SAVED(rule);
        if (SMK_UNLIKELY(cfa <= sp || cfa > high || saved < low || cfa % 8 != 0 || cfa < 8 + low))
            break;
        if (saved != cfa)
            fp = *(const uint64_t *)(saved + shift);
        pc = *(const uint64_t *)(cfa - 8 + shift);
        sp = cfa;
        if (SMK_UNLIKELY(pc == 0))
            break;
        pcs[depth++] = pc;
        hash += pc * smk_walk_weight(depth);
    }
    w->pc = pc;
    w->sp = sp;
    w->fp = fp;
    w->hash = hash;
    return depth;
}

#else

/* Frame records of arm64 are what the platform's calling convention asks for; tables of unwind
 * information are not made there yet (docs/design.md). */
static bool step(struct smk_walk *w) { return leave_by_frame_pointer(w); }
static uint32_t run_plain(struct smk_walk *w, uint64_t *pcs, uint32_t depth)
{
    (void)w, (void)pcs;
    return depth;
}

#endif

uint32_t smk_walk(struct smk_walk *w, uint64_t pcs[SMK_STACK_DEPTH])
{
    uint32_t depth = 0;
    w->cut = false;
    w->hash = 0;
    bool more = w->pc != 0;
    while (more && depth < SMK_STACK_DEPTH) {
        pcs[depth++] = w->pc;
        w->hash += w->pc * smk_walk_weight(depth);
        depth = run_plain(w, pcs, depth);
        more = w->pc != 0 && step(w) && w->pc != 0;
    }
    w->cut = more;
    return depth;
}
