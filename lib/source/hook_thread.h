/* hook_thread.h: threads that start while they are not yet known. */
#ifndef SMK_SOURCE_HOOK_THREAD_H
#define SMK_SOURCE_HOOK_THREAD_H

#include "base/compiler.h"

/* Threads between pthread_create and their first instruction; more at once start unseen, and are known
 * from their first event on. */
#define SMK_THREADS_STARTING_MAX 1024u

/* How many started unseen. */
uint64_t smk_hook_thread_unseen(void);

void smk_hook_thread_reset_in_child(void);

/* The calling thread has a new name. */
void smk_hook_thread_named(const char *name);

#endif
