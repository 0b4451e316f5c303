/* ownthread.h: starting threads of ours. */
#ifndef SMK_CORE_OWNTHREAD_H
#define SMK_CORE_OWNTHREAD_H

#include "base/compiler.h"

/* Starts a detached thread that is never traced, gets no signal of the host's, and has a small stack.
 * 0 or -errno. */
int smk_start_own_thread(void *(*run)(void *), void *arg);

#endif
