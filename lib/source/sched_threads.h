/* sched_threads.h: the host's threads as the scheduler source sees them, and what is to be written about
 * each. For sched*.c only, under its lock. */
#ifndef SMK_SOURCE_SCHED_THREADS_H
#define SMK_SOURCE_SCHED_THREADS_H

#include "core/drain.h"
#include "core/record.h"
#include "source/perf_ring.h"
#include "source/sched.h"

struct smk_sched_thread {
    uint32_t tid, serial;
    struct smk_thread *slot;
    uint32_t round; /* of the last list of threads that it stood in */
    char name[SMK_NAME_MAX];
    struct smk_perf_ring switches, samples, faults;
    bool dead;      /* it has ended: its rings are read once more */
    bool attached;  /* looked at since `since` */
    bool seen_run;  /* a switch was seen since then */
    bool off;       /* off its CPU since `off_since` */
    uint32_t how;   /* enum smk_off_cpu of that */
    uint64_t off_since; /* ticks */
    uint64_t since;     /* ticks: what comes after is complete, and not all of it is told yet */
    uint64_t whole_since; /* ticks: what comes after is complete */
    uint64_t running, runnable, switches_kernel; /* ns and count, as the kernel had them at `counted` */
    uint64_t counted;                            /* ticks */
    uint64_t cpu;       /* its CPU clock when we last looked, ns */
    uint32_t switched;  /* switches since `counted` */
    uint32_t sampled;   /* the stack of its last CPU sample … */
    uint64_t sampled_at; /* … and when; ticks */
    uint32_t idle;      /* looks in a row that found its CPU clock unchanged */
    uint32_t first, last; /* of its records, in the order in which they were put; 0: none */
};

struct smk_sched_list {
    struct smk_sched_thread *array; /* SMK_SCHED_THREADS_MAX, mapped at the first use */
    uint32_t count;
    uint32_t round;
    uint64_t unseen; /* threads for which there was no room, or no slot */
};

extern struct smk_sched_list smk_sched_list;

/* Brings the list up to date with /proc/self/task: `begins` is called for each new thread, and those that
 * have ended are marked dead. Our own threads are left out. 0 or -errno. */
int smk_sched_list_update(void (*begins)(struct smk_sched_thread *thread));
/* Takes dead threads out; their rings are closed. Returns the bytes that their switch rings had. */
uint32_t smk_sched_list_tidy(void);
void smk_sched_list_clear(void);
/* The stack of a thread's last CPU sample, if that is not older than `from`; else 0. */
uint32_t smk_sched_list_sample(uint32_t tid, uint64_t from);

/* A record of a thread, kept until the next smk_sched_pieces. `words` with head and time. */
void smk_sched_put(struct smk_sched_thread *thread, const uint64_t *record, unsigned words);
/* All that was put, as pieces in order of serials. */
uint32_t smk_sched_pieces(const struct smk_piece **pieces);
/* Records for which there was no room, so far. */
uint64_t smk_sched_refused(void);
void smk_sched_threads_reset_in_child(void);

#endif
