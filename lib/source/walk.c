#include "source/walk.h"

#include "source/peek.h"

/* A frame that only its frame pointer tells of is believed when it is not larger than this. */
#define FP_FRAME_MAX (UINT64_C(1) << 20)

/* ---- reading the stack ----------------------------------------------------------------------------------------- */

static SMK_COLD bool move_window(struct smk_walk *w, uint64_t addr)
{
    if (!w->window || addr < w->sp || addr + 8 > w->limit || addr % 8 != 0)
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
    /* A handler on an alternate stack interrupted a frame elsewhere: there the walk ends for one in
     * place, and a window goes on when that stack lies above. */
    if (sp <= at)
        return false;
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

static inline bool step(struct smk_walk *w)
{
    uint16_t rule = smk_map_rule(&w->modules, w->pc - 1);
    unsigned kind = SMK_RULE_KIND(rule);
    if (SMK_LIKELY(kind <= SMK_RULE_FP)) {
        uint64_t cfa = (kind == SMK_RULE_SP ? w->sp : w->fp) + SMK_RULE_CFA(rule);
        uint64_t saved = SMK_RULE_SAVED(rule);
        return leave(w, cfa, saved ? cfa - saved : 0);
    }
    return kind == SMK_RULE_ODD ? leave_odd(w, smk_rule_odd(rule)) : leave_special(w, rule);
}

#else

/* Frame records of arm64 are what the platform's calling convention asks for; tables of unwind
 * information are not made there yet (docs/design.md). */
static inline bool step(struct smk_walk *w) { return leave_by_frame_pointer(w); }

#endif

uint32_t smk_walk(struct smk_walk *w, uint64_t pcs[SMK_STACK_DEPTH])
{
    uint32_t depth = 0;
    w->cut = false;
    if (w->pc == 0)
        return 0;
    pcs[depth++] = w->pc;
    while (step(w) && w->pc != 0) {
        if (depth == SMK_STACK_DEPTH) {
            w->cut = true;
            break;
        }
        pcs[depth++] = w->pc;
    }
    return depth;
}
