/* futex.h: futexes through syscall(): std::atomic's wait, std::counting_semaphore, allocators and runtimes of
 * languages come this way. */
#ifndef SMK_SOURCE_FUTEX_H
#define SMK_SOURCE_FUTEX_H

#include "source/caller.h"

/* Makes the call with these arguments; seen where it waits or wakes. */
long smk_futex_call(const long a[6], struct smk_caller from);

#endif
