/* faults.h: major page faults, each with the address and the stack that touched it: of a thread, read by the
 * writer on its behalf, from a perf event that costs nothing where there are none. What is behind a fault has
 * waited for a disk, so a copy of some stack is little beside it. For sched*.c only, under its lock.
 */
#ifndef SMK_SOURCE_FAULTS_H
#define SMK_SOURCE_FAULTS_H

#include "source/sched_look.h"

#define SMK_FAULT_RINGS_MAX 128u /* threads whose faults are seen at once */

struct smk_faults_stats {
    uint64_t seen, lost;
    uint64_t refused; /* threads for which there was no ring */
    uint32_t rings;
};

extern struct smk_faults_stats smk_faults_stats;

/* Tries it for the calling thread. NULL, or why not. */
const char *smk_faults_try(void);
/* How they are taken, where they can be. Static. */
const char *smk_faults_how(void);

void smk_faults_open(struct smk_sched_thread *thread);
void smk_faults_close(struct smk_sched_thread *thread);
/* Puts what came since the last time. */
void smk_faults_read(struct smk_sched_reading *reading);

#endif
