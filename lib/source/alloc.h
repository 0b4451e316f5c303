/* alloc.h: what is set of the wrappers of the allocator. */
#ifndef SMK_SOURCE_ALLOC_H
#define SMK_SOURCE_ALLOC_H

#include "base/compiler.h"

/* A call of the allocator that takes so long is a wait of the category alloc. */
#define SMK_ALLOC_SLOW_NS UINT64_C(100000)

/* Holds from the next arming on. */
void smk_alloc_set_slow(uint64_t ns);

/* At each arming. */
void smk_alloc_prepare(void);

#endif
