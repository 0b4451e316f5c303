/* cpu_samples.h: where threads are while they run, 99 times a second of CPU time.
 *
 * The kernel copies the registers and the top of the stack when a thread's CPU clock says so (a perf
 * task-clock event); the copy is walked by our own tables on the writer's thread. No signal, and nothing
 * that the host's thread does itself. At most SMK_SAMPLED_MAX threads at once: those that use CPU; who has
 * used none for a while gives its place up. For sched.c only, under its lock.
 */
#ifndef SMK_SOURCE_CPU_SAMPLES_H
#define SMK_SOURCE_CPU_SAMPLES_H

#include "source/sched_look.h"

#define SMK_SAMPLES_HZ  99u
#define SMK_SAMPLED_MAX 64u

/* Finds out what is allowed. NULL, or why there are none. */
const char *smk_cpu_samples_try(void);
/* How they are taken. Static. */
const char *smk_cpu_samples_how(void);

/* Begins for a thread unless it is sampled; ends. */
void smk_cpu_samples_open(struct smk_sched_thread *thread);
void smk_cpu_samples_close(struct smk_sched_thread *thread);
void smk_cpu_samples_read(struct smk_sched_reading *reading);

struct smk_cpu_samples_stats {
    uint64_t taken, lost, refused; /* refused: threads for which there was no place or no memory */
    uint32_t sampled; /* threads now */
};
extern struct smk_cpu_samples_stats smk_cpu_samples_stats;

#endif
