/* aside.h: what may sit in a dead disk, done on a thread of its own; the control loop waits for it as long as it says.
 *
 * One job at a time. A job that is not through in time is left to the thread, which drops it when it is; until then
 * nothing else is begun. The thread begins with the agent and waits: to start one takes the host's allocator, and
 * that may be what hangs. One that is at work when its agent ends goes when it is through.
 */
#ifndef SMK_AGENT_ASIDE_H
#define SMK_AGENT_ASIDE_H

#include "base/compiler.h"

struct smk_aside_job {
    uint32_t state;                            /* atomic, futex; aside.c's */
    void (*run)(struct smk_aside_job *job);    /* on the thread */
    void (*drop)(struct smk_aside_job *job);   /* on the thread: nobody waits any more */
};

enum smk_aside {
    SMK_ASIDE_DONE,
    SMK_ASIDE_BUSY, /* not begun: the job is the caller's as before */
    SMK_ASIDE_LATE, /* the job is the thread's from now on */
};

/* On the loop: waits until `until_ns` of CLOCK_MONOTONIC at most. */
enum smk_aside smk_aside_do(struct smk_aside_job *job, uint64_t until_ns);

/* At the loop's beginning and its end, on it. */
void smk_aside_open(void);
void smk_aside_close(void);
/* In a fork's child there is no such thread. */
void smk_aside_reset_in_child(void);

#endif
