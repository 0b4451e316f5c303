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

struct smk_walk {
    uint64_t pc, sp, fp; /* the frame that the walk is in; pc is a return address */
    uint64_t low, high;  /* addresses that can be read: the stack, or what the window holds */
    uint64_t shift;      /* added to such an address gives where its bytes are */
    uint8_t *window;     /* NULL: in place */
    size_t window_size;
    uint64_t limit;      /* a window goes no further */
    struct smk_map_reader modules;
    bool cut;            /* there were more frames */
};

/* Fills pcs with return addresses, innermost first; how many. The walk's fields to `limit` are set. */
uint32_t smk_walk(struct smk_walk *walk, uint64_t pcs[SMK_STACK_DEPTH]);

#endif
