/* sort.h: sorting in place without memory of its own: qsort of glibc may call malloc, which in
 * somebody else's process may be what hangs. Heapsort (Williams 1964), never quadratic. Header only.
 */
#ifndef SMK_BASE_SORT_H
#define SMK_BASE_SORT_H

#include <string.h>

#include "base/compiler.h"

typedef bool (*smk_before)(const void *a, const void *b);

/* By words first: elements are structures, of which most are words. */
static inline void smk_sort_swap(uint8_t *a, uint8_t *b, size_t size)
{
    for (; size >= sizeof(uint64_t); size -= sizeof(uint64_t), a += sizeof(uint64_t), b += sizeof(uint64_t)) {
        uint64_t x, y;
        memcpy(&x, a, sizeof x);
        memcpy(&y, b, sizeof y);
        memcpy(a, &y, sizeof y);
        memcpy(b, &x, sizeof x);
    }
    for (; size > 0; size--, a++, b++) {
        uint8_t byte = *a;
        *a = *b;
        *b = byte;
    }
}

static inline void smk_sort_sift(uint8_t *base, size_t root, size_t count, size_t size,
                                 smk_before before)
{
    for (;;) {
        size_t child = 2 * root + 1;
        if (child >= count)
            return;
        if (child + 1 < count && before(base + child * size, base + (child + 1) * size))
            child++;
        if (!before(base + root * size, base + child * size))
            return;
        smk_sort_swap(base + root * size, base + child * size, size);
        root = child;
    }
}

/* Sorts `count` elements of `size` bytes into the order of `before`; equal ones in any order. */
static inline void smk_sort(void *array, size_t count, size_t size, smk_before before)
{
    uint8_t *base = array;
    for (size_t i = count / 2; i > 0; i--)
        smk_sort_sift(base, i - 1, count, size, before);
    for (size_t end = count; end > 1; end--) {
        smk_sort_swap(base, base + (end - 1) * size, size);
        smk_sort_sift(base, 0, end - 1, size, before);
    }
}

#endif
