/* stack_test.h: a stack of ours beside libc's. */
#ifndef SMK_TESTS_STACK_TEST_H
#define SMK_TESTS_STACK_TEST_H

#include <execinfo.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/init.h"
#include "core/intern.h"
#include "source/stack.h"

#if defined(__cplusplus)
extern "C" {
#endif

#define STACK_MAX 128

/* The addresses of a stack; how many. */
static inline uint32_t stack_get(uint32_t id, uint64_t pcs[STACK_MAX])
{
    uint32_t len = 0;
    const void *bytes = smk_intern_get(&smk_stacks, id, &len);
    if (!bytes)
        return 0;
    memcpy(pcs, bytes, len);
    return len / 8;
}

/* The stack from the frame that called the function in which this stands. */
#define STACK_OF_CALLER()                                                                                    \
    smk_stack_here((uint64_t)__builtin_return_address(0), (uint64_t)__builtin_frame_address(0) + 16,         \
                   *(uint64_t *)__builtin_frame_address(0))

/* Says where ours and libc's differ; both were taken in the same function, whose own frame only libc's
 * has. Returns how many frames are the same, or -1. A frame that a signal interrupted is one more. */
static inline int stack_compare(uint32_t id, void **theirs, int count)
{
    uint64_t ours[STACK_MAX];
    int depth = (int)stack_get(id, ours);
    for (int i = 0; i < depth; i++) {
        if (i + 1 >= count || (ours[i] != (uint64_t)theirs[i + 1] && ours[i] != (uint64_t)theirs[i + 1] + 1)) {
            char **names = backtrace_symbols(theirs, count);
            for (int k = 0; k < count; k++)
                fprintf(stderr, "%2d  theirs %s   ours %#llx\n", k, names[k],
                        k > 0 && k <= depth ? (unsigned long long)ours[k - 1] : 0ull);
            free(names);
            return -1;
        }
    }
    return depth == count - 1 || depth == (int)SMK_STACK_DEPTH ? depth : -1;
}

#if defined(__cplusplus)
}
#endif

#endif
