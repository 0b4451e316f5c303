/* stack.c: see stack.h. Where a walk may read, and the number that it gets.
 *
 * A thread's own stack is read in place when it is known to be one piece from sp up to a fixed point:
 * the thread's descriptor, which libc puts at the top of each thread's stack, or for the first thread
 * the random bytes that the kernel puts there. Each page between is asked for once (smk_sys_is_readable);
 * what was found good is remembered per thread, since a stack only grows downwards. A page that cannot
 * be read (the guard page of a thread's stack, say) means that sp is on another stack, a coroutine's or
 * a signal's: then the kernel copies what is read, some hundred ns a piece.
 */
#include "source/stack.h"

#include <errno.h>
#include <pthread.h>
#include <sys/auxv.h>

#include "base/atomic.h"
#include "base/hash.h"
#include "base/sys.h"
#include "core/intern.h"
#include "core/stats.h"
#include "core/thread.h"
#include "source/modules.h"
#include "source/peek.h"
#include "source/walk.h"

#define PAGE      4096u
#define PAGES_MAX 256u   /* asked for at once; a thread deeper than that when first seen is copied */
#define WINDOW    512u   /* of a thread's own odd stacks: signal stacks may be small */
#define COPY      8192u  /* of other threads' */

/* What is known of this thread's stack: [low, high) can be read. high 0: nothing yet. */
static SMK_TLS struct {
    uint64_t low, high;
} bounds;

static uint64_t first_thread_top; /* atomic; set when something is armed first */

/* ---- bounds ---------------------------------------------------------------------------------------------------- */

static uint64_t stack_top(void)
{
    uint64_t top = (uint64_t)pthread_self() & ~UINT64_C(7);
    return smk_sys_gettid() == smk_sys_getpid() ? smk_load_relaxed(&first_thread_top) : top;
}

static bool are_readable(uint64_t from, uint64_t to)
{
    if (to - from > PAGES_MAX * PAGE)
        return false;
    for (uint64_t page = from & ~(uint64_t)(PAGE - 1); page < to; page += PAGE)
        if (!smk_sys_is_readable(page))
            return false;
    return true;
}

/* Finds or widens the bounds so that they hold sp; false when sp is on another stack. A handler that
 * comes between sees bounds that hold, if smaller ones. */
static SMK_COLD bool find_bounds(uint64_t sp)
{
    uint64_t top = bounds.high;
    uint64_t known = bounds.low;
    if (top == 0)
        known = top = stack_top();
    if (sp >= known || !are_readable(sp, known))
        return false;
    bounds.low = sp & ~(uint64_t)(PAGE - 1);
    smk_signal_fence();
    bounds.high = top;
    return true;
}

/* ---- numbers --------------------------------------------------------------------------------------------------- */

/* The last stacks interned, by a hash that is quicker than the table's: threads of a server wait in the
 * same few places. Entries are hints: what they name is compared. */
#define MEMO 2048u
static uint32_t memo[MEMO]; /* atomic */

static uint32_t number_of(uint64_t hash, const uint64_t *pcs, uint32_t depth)
{
    uint32_t *slot = &memo[hash >> 53];
    uint32_t id = smk_load_relaxed(slot);
    uint32_t len = 0;
    const void *bytes = smk_intern_get(&smk_stacks, id, &len);
    if (bytes && len == depth * 8 && memcmp(bytes, pcs, len) == 0)
        return id;
    id = smk_intern(&smk_stacks, pcs, depth * 8);
    smk_store_relaxed(slot, id);
    return id;
}
SMK_STATIC_ASSERT(MEMO == 1u << (64 - 53), "the memo is indexed by the upper bits of a hash");

static uint32_t take(struct smk_walk *walk)
{
    uint64_t pcs[SMK_STACK_DEPTH];
    if (!smk_map_enter(&walk->modules))
        return 0;
    uint32_t depth = smk_walk(walk, pcs);
    smk_add_relaxed(&smk_stats.stacks_taken, 1);
    if (walk->cut)
        smk_add_relaxed(&smk_stats.stacks_cut, 1);
    return depth ? number_of(walk->hash, pcs, depth) : 0;
}

/* ---- what others call ------------------------------------------------------------------------------------------ */

static SMK_NOINLINE uint32_t take_copied(uint64_t pc, uint64_t sp, uint64_t fp)
{
    uint8_t window[WINDOW] SMK_ALIGNED(8);
    struct smk_walk walk = smk_walk_copied(pc, sp, fp, window, sizeof window);
    return take(&walk);
}

uint32_t smk_stack_here(uint64_t pc, uint64_t sp, uint64_t fp)
{
    bool known = sp >= bounds.low && sp < bounds.high;
    if (SMK_UNLIKELY(!known) && !find_bounds(sp))
        return take_copied(pc, sp, fp);
    struct smk_walk walk = {.pc = pc, .sp = sp, .fp = fp, .low = sp, .high = bounds.high};
    return take(&walk);
}

uint32_t smk_stack_of_blocked(uint64_t pc, uint64_t sp, uint64_t fp)
{
    uint8_t window[COPY] SMK_ALIGNED(8);
    struct smk_walk walk = smk_walk_copied(pc, sp, fp, window, sizeof window);
    return take(&walk);
}

uint32_t smk_stack_of_copy(uint64_t pc, uint64_t sp, uint64_t fp, const uint8_t *data, uint32_t len)
{
    if (len < 8 || sp % 8 != 0 || sp + len < sp)
        len = 0;
    struct smk_walk walk = {.pc = pc + 1, .sp = sp, .fp = fp, .low = len ? sp : 8, .high = len ? sp + len : 8,
                            .shift = (uint64_t)(uintptr_t)data - sp};
    return take(&walk);
}

void smk_stack_prepare(void)
{
    int saved = errno;
    smk_store_relaxed(&first_thread_top, getauxval(AT_RANDOM) & ~7ul);
    errno = saved;
    smk_peek_prepare();
    smk_modules_refresh();
}

void smk_stack_reset_in_child(void)
{
    smk_peek_reset_in_child();
    smk_modules_reset_in_child();
}
