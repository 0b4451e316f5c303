/* stack.h: the stack of a thread, as a number of the stacks table.
 *
 * Walks are done by tables of our own, made from each module's unwind information when something is
 * armed (cfi.h), so that code without frame pointers is walked as well; where a module has none, by
 * frame pointers. No third party's unwinder runs in the host: libunwind owns descriptors that the host
 * may close, and libgcc's takes the loader's lock.
 *
 * What is interned: the return addresses, innermost first. So whoever names them looks up pc - 1; a pc
 * that a signal interrupted is stored plus 1, and the same rule holds for it.
 */
#ifndef SMK_SOURCE_STACK_H
#define SMK_SOURCE_STACK_H

#include "base/compiler.h"

/* Frames of one stack; deeper ones lose their outermost frames, which is counted (stacks_cut). */
#define SMK_STACK_DEPTH 64u

/* Interns the calling thread's stack as seen from a frame of the host: (pc, sp, fp) is its state right
 * after the call that led to us. 0: none could be taken. Signal handlers too: takes no lock, allocates
 * nothing, leaves errno alone. */
uint32_t smk_stack_here(uint64_t pc, uint64_t sp, uint64_t fp);

/* The same for another thread that waits in a call which published (pc, sp, fp). Its memory is copied
 * by the kernel, so a thread that runs on or ends meanwhile gives a wrong stack, never a fault: whoever
 * calls must then check that the wait is still the same. */
uint32_t smk_stack_of_blocked(uint64_t pc, uint64_t sp, uint64_t fp);

/* A stack that the kernel copied when it interrupted a thread at pc: `data` has the `len` bytes from sp on.
 * Aligned to 8. */
uint32_t smk_stack_of_copy(uint64_t pc, uint64_t sp, uint64_t fp, const uint8_t *data, uint32_t len);

/* Makes the map of modules and their tables, or brings them up to date. After smk_probe_calls. Opens and
 * maps, so not for a signal handler; takes neither the loader's lock nor the host's allocator. */
void smk_stack_prepare(void);

/* In a fork's child, before anything is taken there. */
void smk_stack_reset_in_child(void);

#endif
