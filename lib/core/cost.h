/* cost.h: what the tracer costs this process, by category, and how that is known.
 *
 *   estimated  what the host's own threads do for us: events, wrapped calls and stacks, counted by each thread
 *              itself, times what one takes; and what the sources cost them in the kernel
 *   measured   CPU time of our own threads
 *
 * Calls that pass and requests that are found belong to no category: to follow requests is what the recorder is for,
 * and the budget (budget.h), which sheds categories, does not count them.
 *
 * What one takes is told in time stamps, since two of those are most of an event, and a stamp is measured here,
 * with an event, when something is armed for the first time. A call and a stack would need a thread of the
 * host's to be measured on, so bench/lock_cost and bench/stack_cost have measured these; a machine that is twice
 * as slow is so with a stamp, too. All of that runs in a loop, with everything in the cache: in a program it
 * costs more, or less where it fills time in which the CPU waits anyway. SMK_COST_ERROR is what that may be.
 */
#ifndef SMK_CORE_COST_H
#define SMK_CORE_COST_H

#include "base/compiler.h"
#include "format/events.h"

/* In time stamps, tenths. */
#define SMK_COST_CALL  25u  /* two stamps, and to publish a wait: 28 ns where a stamp is 11 */
#define SMK_COST_STACK 102u /* of 24 frames: 114 ns where a stamp is 11 */

/* Of a server's main way, measured in redis, memcached and nginx with the gate open and closed in turns: behind each
 * system call its code and data come from the second cache, so it takes three times what it takes in a loop. */
#define SMK_COST_PASSED 35u  /* a call that never waits, and passes (source/io.h) */
#define SMK_COST_FOUND  150u /* a request on a connection, found, followed and counted; without its events and calls */

/* The error of what is estimated, per cent of it. */
#define SMK_COST_ERROR 40u

/* Measures, once; some 50 us. The writer. */
void smk_cost_measure(void);

/* ns, rounded up; 0 before the measurement. Any thread. */
uint64_t smk_cost_event_ns(void);

/* Sums since the process began; they only grow. */
struct smk_cost {
    uint64_t tick;
    uint64_t process_ns;                 /* CPU time of the process */
    uint64_t own_ns;                     /* of our own threads */
    uint64_t events[SMK_CATEGORY_COUNT]; /* by number of the category: recorded, or dropped */
    uint64_t calls[SMK_CATEGORY_COUNT];  /* wrapped calls between two time stamps */
    uint64_t stacks[SMK_CATEGORY_COUNT];
    uint64_t ns[SMK_CATEGORY_COUNT];     /* of these, and in the kernel; estimated */
    uint64_t passed, found;              /* calls that pass, requests found on connections … */
    uint64_t passing_ns;                 /* … and what these took; estimated */
};

/* What it is now. Some microseconds and 60 ns a thread. Any thread of ours. */
void smk_cost_read(struct smk_cost *cost);

/* What lies between two readings: all of it, and by how much that may be wrong. */
uint64_t smk_cost_between(const struct smk_cost *begin, const struct smk_cost *end, uint64_t *error_ns);

/* ---- the last minute, for snapshots, which begin before anybody thinks of them ------------------------- */

/* Keeps a reading, one a second. The writer. */
void smk_cost_keep(const struct smk_cost *cost);
/* The newest kept reading that is not younger than the tick; false: there is none. The writer. */
bool smk_cost_at(uint64_t tick, struct smk_cost *cost);

void smk_cost_reset_in_child(void);

#endif
