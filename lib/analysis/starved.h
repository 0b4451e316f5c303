/* starved.h: when threads were ready without a CPU, and which: what the kernel counted for each thread, spread over
 * the time that it counted, in slots of 100 ms.
 *
 * Bounds: SMK_STARVED_SLOTS slots; what is beyond counts for the threads alone.
 *
 * One thread at a time. Since 0.1.
 */
#ifndef SMK_ANALYSIS_STARVED_H
#define SMK_ANALYSIS_STARVED_H

#include "analysis/map.h"
#include "base/mem.h"

#define SMK_STARVED_NS    100000000u
#define SMK_STARVED_SLOTS 36000u

struct smk_starved_slot {
    uint64_t ran, runnable; /* ns of all threads */
};

struct smk_starved_thread {
    uint32_t serial, unused;
    uint64_t ran, runnable;
};

struct smk_starved {
    uint64_t from; /* the window's begin, and that of the first slot */
    struct smk_starved_slot *slots;
    uint32_t slot_count, slot_capacity;
    struct smk_starved_thread *threads;
    uint32_t thread_count, thread_capacity;
    struct smk_map by_serial;
};

/* In [time - duration, time] the kernel counted so for the thread. */
void smk_starved_count(struct smk_starved *starved, struct smk_mem *mem, uint32_t thread, uint64_t time,
                       uint64_t duration, uint64_t ran, uint64_t runnable);
void smk_starved_free(struct smk_starved *starved, struct smk_mem *mem);

#endif
