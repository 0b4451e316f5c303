/* walk.h: from frame to frame of one stack. Signal handlers too: reads the stack and the map of modules,
 * and writes nothing but `pcs` and the cache of rules.
 *
 * The stack is read in one of two ways:
 *
 *   in place   [low, high) is known to be the calling thread's own stack: plain loads
 *   a window   a piece that the kernel copied (peek.h), moved along as the walk climbs: stacks of other
 *              threads, coroutines, alternate signal stacks, whose ends nobody knows
 *
 * Whatever the words hold, a walk ends: each frame must lie above the one before, and there are at most
 * SMK_STACK_DEPTH of them.
 */
#ifndef SMK_SOURCE_WALK_H
#define SMK_SOURCE_WALK_H

#include "source/module_map.h"
#include "source/stack.h"

/* A window that begins at sp climbs no further. */
#define SMK_WALK_REACH (UINT64_C(1) << 20)

struct smk_walk {
    uint64_t pc, sp, fp; /* the frame that the walk is in; pc is a return address */
    uint64_t low, high;  /* addresses that can be read: the stack, or what the window holds */
    uint64_t shift;      /* added to such an address gives where its bytes are */
    uint8_t *window;     /* NULL: in place */
    size_t window_size;
    uint64_t limit;      /* a window goes no further */
    struct smk_map_reader modules;
    uint64_t hash;       /* of what was found: only for finding the same again */
    bool cut;            /* there were more frames */
};

/* The n-th address is weighed with this: products that do not wait for each other. */
SMK_INLINE uint64_t smk_walk_weight(uint32_t n) { return UINT64_C(0x9e3779b97f4a7c15) + 2 * (uint64_t)n; }

/* A walk through copies, that begins in this frame. `window` is aligned to 8. */
SMK_INLINE struct smk_walk smk_walk_copied(uint64_t pc, uint64_t sp, uint64_t fp, uint8_t *window, size_t size)
{
    return (struct smk_walk){.pc = pc, .sp = sp, .fp = fp, .low = 8, .high = 8, .window = window,
                             .window_size = size, .limit = sp + SMK_WALK_REACH};
}

/* Fills pcs with return addresses, innermost first; how many. The walk's fields to `limit` are set. */
uint32_t smk_walk(struct smk_walk *walk, uint64_t pcs[SMK_STACK_DEPTH]);

#endif
