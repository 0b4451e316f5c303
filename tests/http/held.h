/* held.h: a thread of the host's that is stopped in the middle of its work, from outside, as long as the test wants.
 *
 * By ptrace, which a child may always be looked at with where nothing forbids the call. A thread of the test's own does
 * it: only who attached may let go.
 */
#ifndef SMK_TESTS_HTTP_HELD_H
#define SMK_TESTS_HTTP_HELD_H

#include <pthread.h>

#include "client.h"

struct held {
    pid_t tid; /* of the thread that is held */
    pthread_t holder;
    uint32_t state, release; /* atomic */
};

/* The thread of this name is stopped as soon as it works: at its next system call that neither waits nor maps memory.
 * False where ptrace is forbidden. */
bool held_begin(struct held *held, const struct host *host, const char *name);
/* Waits until it is. */
void held_await(const struct held *held);
/* It goes on. */
void held_end(struct held *held);
/* Its thread is gone. */
bool held_is_gone(const struct held *held, const struct host *host);

#endif
