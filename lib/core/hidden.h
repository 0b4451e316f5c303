/* hidden.h: which threads of the process are ours, by number, for whoever lists threads from outside.
 *
 * A thread of ours puts itself down when it begins (smk_thread_hide) and is struck off when it is found
 * gone: its number may be a host's thread's next.
 */
#ifndef SMK_CORE_HIDDEN_H
#define SMK_CORE_HIDDEN_H

#include "base/compiler.h"

#define SMK_HIDDEN_MAX 64

/* The calling thread is ours. */
void smk_hidden_add(void);

/* A bit for this thread, 0: it is not one of ours. */
uint64_t smk_hidden_bit(uint32_t tid);
/* The thread of a bit's number, 0: none. */
uint32_t smk_hidden_at(unsigned number);
/* The bits of all. */
uint64_t smk_hidden_all(void);
/* These are gone. */
void smk_hidden_strike(uint64_t bits);

void smk_hidden_reset_in_child(void);

#endif
