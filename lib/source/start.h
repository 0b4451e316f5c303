/* start.h: when threads of ours may begin.
 *
 * Never in the constructor: capabilities, system-call filters and namespaces belong to threads, so a
 * thread that is older than the moment at which the host drops its privileges would keep them, and
 * unshare(CLONE_NEWUSER) fails where there is a second thread. A host that serves has set itself up when
 * it first waits for something to happen: then, on its thread, before its call, what was given to
 * smk_source_on_first_wait() runs once.
 *
 *   trigger                            in an exec'd process   in a fork's child
 *   poll, select, epoll_wait, accept …        yes                   yes
 *   pthread_create, sleep, sigsuspend …       yes                   only in a daemon
 *
 * The second row is for programs that never poll. A child of fork often lives for a moment only, between
 * fork and exec or for one snapshot, and sleeps in it; one that is a daemon, with a session of its own or
 * without the parent that forked it, is there to stay (nginx's master does nothing but sigsuspend). A child
 * of vfork, which has its parent's memory, never
 * triggers anything.
 */
#ifndef SMK_SOURCE_START_H
#define SMK_SOURCE_START_H

#include "base/atomic.h"
#include "base/compiler.h"

enum { SMK_START_AT_WAIT = 1, SMK_START_AT_LIFE = 2 };

/* What would trigger the start now; 0: it happened, or nobody asked. Atomic. */
extern uint32_t smk_start_at;

/* `start` is called once, on a thread of the host that is about to wait; on a thread that is not traced
 * meanwhile, with cancellation off and errno kept. Again in each child of fork that comes so far. Until
 * then the library starts no thread. */
void smk_source_on_first_wait(void (*start)(void));

/* True from that moment on; always where nobody asked. */
bool smk_start_happened(void);

SMK_COLD void smk_start_now(uint32_t trigger);

/* Called by the wrappers of the table above. */
SMK_INLINE void smk_start_check(uint32_t trigger)
{
    if (SMK_UNLIKELY(smk_load_relaxed(&smk_start_at) & trigger))
        smk_start_now(trigger);
}

void smk_start_after_fork_in_child(void);

#endif
