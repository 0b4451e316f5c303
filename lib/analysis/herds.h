/* herds.h: threads that are woken together, find nothing to do, and wait again.
 *
 * A wake of a condition that 3 threads or more wait for is remembered for a while; a thread whose wait it ended, and
 * that waits for the same condition again at once, was woken for nothing.
 *
 * Bounds: SMK_HERDS_MAX conditions with SMK_HERD_WAKES wakes each; what is beyond is not looked at.
 *
 * One thread at a time. Since 0.1.
 */
#ifndef SMK_ANALYSIS_HERDS_H
#define SMK_ANALYSIS_HERDS_H

#include "analysis/call_waits.h"
#include "analysis/map.h"
#include "base/mem.h"

#define SMK_HERDS_MAX  4096u
#define SMK_HERD_WAKES 32u

struct smk_herd_wake {
    uint64_t time;
    uint32_t stack, thread;
};

struct smk_herd {
    uint64_t object;
    uint32_t process, wake_count; /* of big ones, ever */
    struct smk_herd_wake wakes[SMK_HERD_WAKES]; /* the last ones, a ring */
    uint64_t woken, useless; /* waits that such wakes ended; of these those for nothing */
    uint64_t cost;           /* ns from the wake until the thread waited again, of these */
    uint64_t most_waiters, first, last; /* times of the first and the last useless one */
    uint32_t wait_stack, wake_stack, waker; /* of the last one */
};

/* The last wait of a thread for a condition. */
struct smk_herd_thread {
    uint64_t begin, end;
    uint32_t herd, stack;
};

struct smk_herds {
    struct smk_herd *array;
    uint32_t count, capacity;
    struct smk_map by_object;
    struct smk_herd_thread *threads;
    uint32_t thread_count, thread_capacity;
    struct smk_map by_thread;
};

/* A call woke, in [time - duration, time]; `waiters` waited then. */
void smk_herds_wake(struct smk_herds *herds, struct smk_mem *mem, const smk_event *event);
/* A wait for a condition ended. */
void smk_herds_wait(struct smk_herds *herds, struct smk_mem *mem, const struct smk_call_wait *wait);
/* Conditions are not recorded for a while: what a thread waited for last is not known any more. */
void smk_herds_forget(struct smk_herds *herds);
void smk_herds_free(struct smk_herds *herds, struct smk_mem *mem);

#endif
