/* stack_here.h: a stack as an interposer takes it. */
#ifndef SMK_TESTS_STACK_HERE_H
#define SMK_TESTS_STACK_HERE_H

#include "core/init.h"
#include "source/stack.h"

/* The stack from the frame that called the function in which this stands. */
#define STACK_OF_CALLER()                                                                                    \
    smk_stack_here((uint64_t)__builtin_return_address(0), (uint64_t)__builtin_frame_address(0) + 16,         \
                   *(uint64_t *)__builtin_frame_address(0))

#endif
