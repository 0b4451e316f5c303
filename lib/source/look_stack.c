/* look_stack.c: the stack of a thread that sleeps in a system call, from the kernel's sp and pc.
 *
 * The kernel does not say what its frame pointer register holds. Most frames are left by sp alone, and most
 * functions that use the register have kept their caller's on the stack, from where the walk takes it. What is
 * left is a frame that can only be left by it, with nobody below who kept it: then each word above sp that is a
 * return address behind a call may be that frame's, and the first one that a walk leads from to the stack's
 * beginning is taken. A walk that is wrong seldom gets there.
 */
#include "source/look.h"
#include "source/peek.h"
#include "source/walk.h"

#define WINDOW     8192u
#define NO_FP      UINT64_C(1) /* no frame pointer has that value, and it leads nowhere */
#define TRIES      64u
#define SEARCH     2048u /* bytes above sp */

static bool is_end(const struct smk_walk *w)
{
    uint16_t rule = smk_map_rule(&w->modules, w->pc - 1);
    return w->pc == 0 || (SMK_RULE_KIND(rule) == SMK_RULE_SPECIAL && SMK_RULE_WHAT(rule) == SMK_RULE_END);
}

/* Walks on from a frame, behind what is known; true when it came to the stack's beginning. */
static bool walk_from(struct smk_look *look, struct smk_walk *walk)
{
    uint64_t pcs[SMK_STACK_DEPTH];
    if (!smk_map_enter(&walk->modules))
        return false;
    uint32_t n = smk_walk(walk, pcs);
    for (uint32_t i = 0; i < n && look->depth < SMK_STACK_DEPTH; i++)
        look->pcs[look->depth++] = pcs[i];
    return is_end(walk);
}

#if defined(__x86_64__)

/* By how much the frame ends above its frame pointer, where it is left by that; 0: it is not. */
static uint64_t reach_of(const struct smk_walk *w)
{
    uint16_t rule = smk_map_rule(&w->modules, w->pc - 1);
    return SMK_RULE_KIND(rule) == SMK_RULE_FP ? SMK_RULE_CFA(rule) : 0;
}

/* Calls end in E8 and four bytes, or in FF with two to seven bytes in all. */
static bool follows_call(uint64_t pc)
{
    uint8_t code[7];
    if (!smk_peek_all(pc - sizeof code, code, sizeof code))
        return false;
    if (code[2] == 0xe8)
        return true;
    for (unsigned at = 0; at < 6; at++)
        if (code[at] == 0xff && (code[at + 1] >> 3 & 7) == 2)
            return true;
    return false;
}

static bool is_code(const struct smk_walk *w, uint64_t pc)
{
    uint16_t rule = smk_map_rule(&w->modules, pc - 1);
    return !(SMK_RULE_KIND(rule) == SMK_RULE_SPECIAL && SMK_RULE_WHAT(rule) == SMK_RULE_OUTSIDE);
}

/* From the frame in which `stuck` is, with each frame pointer that may be its own. */
static bool search(struct smk_look *look, const struct smk_walk *stuck, uint8_t *window)
{
    uint64_t words[SEARCH / 8], reach = reach_of(stuck);
    ssize_t n = reach ? smk_peek(stuck->sp, words, sizeof words) : 0;
    uint32_t depth = look->depth - 1; /* the frame itself comes again */
    unsigned tries = 0;
    for (ssize_t i = 1; i < n / 8 && tries < TRIES; i++) {
        if (words[i] < 4096 || !is_code(stuck, words[i]) || !follows_call(words[i]))
            continue;
        uint64_t fp = stuck->sp + 8 * (uint64_t)i + 8 - reach;
        struct smk_walk walk = smk_walk_copied(stuck->pc, stuck->sp, fp, window, WINDOW);
        look->depth = depth;
        tries++;
        if (walk_from(look, &walk))
            return true;
    }
    look->depth = depth + 1;
    return false;
}

#else

static bool search(struct smk_look *look, const struct smk_walk *stuck, uint8_t *window)
{
    (void)look, (void)stuck, (void)window;
    return false;
}

#endif

void smk_look_at_stack(struct smk_look *look, uint64_t pc, uint64_t sp, uint64_t fp)
{
    uint8_t window[WINDOW] SMK_ALIGNED(8);
    struct smk_walk walk = smk_walk_copied(pc, sp, fp ? fp : NO_FP, window, sizeof window);
    look->depth = 0;
    bool whole = walk_from(look, &walk);
    if (!whole && !walk.cut && walk.fp == NO_FP && look->depth > 0)
        whole = search(look, &walk, window);
    look->cut = !whole;
    look->stack_why = look->depth ? NULL : "its memory cannot be read, or no code is known at its address";
}
