/* stack_test.h: a stack of ours beside libc's. */
#ifndef SMK_TESTS_STACK_TEST_H
#define SMK_TESTS_STACK_TEST_H

#include <execinfo.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/intern.h"
#include "unit/source/stack_here.h"

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

/* How many frames are the same in ours and libc's, or -1, and says where not. Both were taken in the
 * same function, whose own frame only libc's has, and a sanitizer's that stands in front of backtrace().
 * A frame that a signal interrupted is one more in ours. */
static inline int stack_compare(uint32_t id, void **theirs, int count)
{
    uint64_t ours[STACK_MAX];
    int depth = (int)stack_get(id, ours);
    int skip = 1;
    while (skip < 3 && depth > 0 && (uint64_t)theirs[skip] != ours[0])
        skip++;
    int i = 0;
    while (i < depth && i + skip < count &&
           (ours[i] == (uint64_t)theirs[i + skip] || ours[i] == (uint64_t)theirs[i + skip] + 1))
        i++;
    if (i == depth && (i + skip == count || depth == (int)SMK_STACK_DEPTH))
        return depth;
    char **names = backtrace_symbols(theirs, count);
    for (int k = 0; k < count; k++)
        fprintf(stderr, "%2d  theirs %s   ours %#llx\n", k, names[k],
                k >= skip && k - skip < depth ? (unsigned long long)ours[k - skip] : 0ull);
    free(names);
    return -1;
}

#endif
