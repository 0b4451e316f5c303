/* sched.h: running, runnable, waiting: what the kernel says about the host's threads, and CPU samples.
 *
 * Nothing here runs on the host's threads: the writer looks, and writes on their behalf. Three sources, the
 * first that the process is allowed and that does not cost too much:
 *
 *   perf switch records   each time that a thread leaves or gets a CPU, and whether it was preempted; about
 *                         1 us a switch, so above SMK_SCHED_SWITCHES_MAX a second they are given up
 *   schedstat             amounts of running and runnable, looked at every 10 ms; also where the first is used
 *   CPU clocks            running alone
 *
 * For the flight recorder alone it is made cheaper: it looks each 50 ms, begins with schedstat, and takes switch
 * records while there are at most SMK_SCHED_SWITCHES_ALONE a second, a quarter of one per cent of a CPU; where they
 * were too many, it looks again in a minute.
 */
#ifndef SMK_SOURCE_SCHED_H
#define SMK_SOURCE_SCHED_H

#include "core/drain.h"
#include "core/init.h"

/* Of which there are records of the kernel's: the threads themselves, CPU samples, major faults, figures of the
 * process. */
#define SMK_SCHED_CATEGORIES (SMK_CAT_SCHED | SMK_CAT_CPU | SMK_CAT_MEMORY | SMK_CAT_OTHER)

#define SMK_SCHED_THREADS_MAX  4096u
#define SMK_SCHED_SWITCHES_MAX 10000u /* a second, of the process */
#define SMK_SCHED_SWITCHES_ALONE 2000u
#define SMK_SAMPLES_SWITCHES_MAX 20000u /* the same for CPU samples, which cost 1 us a switch, too */
#define SMK_SCHED_TICK_NS      UINT64_C(10000000)
#define SMK_SCHED_TICK_ALONE_NS UINT64_C(50000000)

/* Finds out what is allowed, at each arming; after smk_probe_calls. */
void smk_sched_prepare(void);

/* Of struct smk_source_calls. */
void smk_sched_base(uint32_t categories, struct smk_source_base *base);
void smk_sched_begin(void);
uint32_t smk_sched_collect(const struct smk_collecting *what, const struct smk_piece **pieces);
uint32_t smk_sched_stand(uint64_t from, const struct smk_piece **pieces);
uint64_t smk_sched_tick(void);
void smk_sched_cost(uint64_t ns[]);
void smk_sched_facts(const struct smk_source_base *base, smk_add_fact add, void *arg);

/* The stack of a thread's last CPU sample, if it was taken at `from` or later; 0: there is none. Any thread. */
uint32_t smk_sched_last_sample(uint32_t tid, uint64_t from);

struct smk_sched_status {
    const char *source; /* "perf switch records", "schedstat", "thread CPU clocks"; static */
    char why[200];
    char samples[200]; /* how CPU samples are taken, or why not */
    char faults[200];  /* the same for major faults */
    uint64_t threads;  /* looked at now */
    uint64_t unseen, lost, switches, samples_taken, samples_lost, faults_seen, faults_lost;
};
/* What is in use, or would be. Any thread. */
void smk_sched_status(struct smk_sched_status *status);

/* In a fork's child: rings and lists are the parent's. */
void smk_sched_reset_in_child(void);

#endif
