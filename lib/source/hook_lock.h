/* hook_lock.h: what the wrappers of pthread mutexes need, and their bounds. */
#ifndef SMK_SOURCE_HOOK_LOCK_H
#define SMK_SOURCE_HOOK_LOCK_H

#include "base/compiler.h"

/* A call that did not sleep makes no event, only a count (smk_stats.lock_waits). To sleep and to be woken
 * are two system calls and two switches, which no machine does in less; what is below spun, or came just
 * as the lock was given up. */
#define SMK_LOCK_SLEPT_NS UINT64_C(1000)

/* A stack is taken where a wait lasted that long: a walk costs about a microsecond. */
#define SMK_STACK_WAIT_NS UINT64_C(20000)

/* Turns the bounds into ticks. At each arming, on no path of the host's. */
void smk_hook_lock_prepare(void);

#endif
