/* ownthread.h: starting threads of ours. */
#ifndef SMK_CORE_OWNTHREAD_H
#define SMK_CORE_OWNTHREAD_H

#include "base/compiler.h"

/* Starts a detached thread that is never traced, gets no signal of the host's, and has a small stack.
 * 0 or -errno. */
int smk_start_own_thread(void *(*run)(void *), void *arg);

/* A thread of ours that was started in another way (by a library that serves us) says so at its beginning and
 * its end. */
void smk_own_thread_begins(void);
void smk_own_thread_ends(void);

/* In a fork's child: none of them came along, and the thread that forked is its main thread. */
void smk_own_threads_reset_in_child(void);

/* The host's main thread has ended by pthread_exit. */
void smk_host_main_ended(void);
bool smk_host_main_has_ended(void);
/* Looks in /proc: nothing says so of a main thread that the tracer never met. */
void smk_host_look_for_main(void);
/* And none of the host's other threads is left: the process ends when ours do, as it would without us, so
 * they return. Reads /proc; false while main has not ended. */
bool smk_host_is_gone(void);

#endif
