/* caller.h: where in the host a wrapper was called from: the state right after the call, from which
 * stack.h begins its walk. */
#ifndef SMK_SOURCE_CALLER_H
#define SMK_SOURCE_CALLER_H

#include "base/compiler.h"

struct smk_caller {
    uint64_t pc; /* the return address */
    uint64_t sp; /* as it is after the return */
    uint64_t fp; /* the caller's frame pointer register, whatever it keeps there */
};

/* In the wrapper itself, and in nothing that it calls. What a frame begins with is the same on x86-64 and
 * arm64: the caller's frame pointer, and the address at which the frame that called it ends is the one
 * that unwind tables call CFA. */
#define SMK_CALLER                                                                                 \
    ((struct smk_caller){(uint64_t)(uintptr_t)__builtin_return_address(0),                         \
                         (uint64_t)(uintptr_t)__builtin_dwarf_cfa(),                               \
                         *(const uint64_t *)__builtin_frame_address(0)})

#endif
