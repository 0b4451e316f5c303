/* sched_look.h: one thread as the scheduler source sees it: switches, amounts. For sched.c only, under its
 * lock. */
#ifndef SMK_SOURCE_SCHED_LOOK_H
#define SMK_SOURCE_SCHED_LOOK_H

#include "core/clock.h"
#include "source/sched_threads.h"

/* ---- time of perf records: CLOCK_MONOTONIC --------------------------------------------------------------------- */

/* Records that came between two looks lie between their clock pairs, in a straight line. */
struct smk_sched_clock {
    struct smk_clock_pair before, now;
};
/* A look begins now. */
void smk_sched_clock_look(struct smk_sched_clock *clock);
uint64_t smk_sched_clock_tick(const struct smk_sched_clock *clock, uint64_t monotonic);

/* ---- switches -------------------------------------------------------------------------------------------------- */

/* Tries it for the calling thread. NULL, or why not. */
const char *smk_sched_switches_try(void);

/* Begins for a thread; `order` as for smk_perf_ring_open. NULL, or why not. */
const char *smk_sched_switches_open(struct smk_sched_thread *thread, unsigned order);

struct smk_sched_reading {
    const struct smk_sched_clock *clock;
    struct smk_sched_thread *thread;
    uint8_t *scratch; /* SMK_PERF_RECORD_MAX */
    uint64_t switches, lost;
};
/* Puts what came since the last time. */
void smk_sched_switches_read(struct smk_sched_reading *reading);

/* The stretch in which the thread is off its CPU at `stop`. `ran`: it has used CPU since it was attached. */
void smk_sched_switches_cut(struct smk_sched_thread *thread, uint64_t stop);

/* Says from when on what is known of the thread is complete, and by which source. */
void smk_sched_put_source(struct smk_sched_thread *thread, enum smk_sched_source source, uint64_t tick,
                          uint64_t lost);

/* ---- amounts --------------------------------------------------------------------------------------------------- */

/* schedstat of a thread: 0 or -errno. */
int smk_sched_stat_read(uint32_t tid, uint64_t *runnable, uint64_t *switches);

/* What the kernel has counted for the thread until now is where its counting begins. */
void smk_sched_count_from(struct smk_sched_thread *thread, bool stat);
/* True when its CPU clock went on since the last look. */
bool smk_sched_count_changed(struct smk_sched_thread *thread);
/* Puts what was counted since the last time, if `put`; at `stop` if that is not 0. Returns how many times it
 * got a CPU. */
uint64_t smk_sched_count(struct smk_sched_thread *thread, bool stat, bool put, uint64_t stop);

#endif
