/* gotrace.h: streams, stacks and strings of Go's execution trace, version 1.19; for gotrace*.c.
 *
 * A reader of that format takes the events of each P in the order of the file, merges the Ps by time, and refuses what
 * is out of order. A thread is a P here, and the one goroutine that runs on it: which CPU it had is not known of all of
 * its time. So there is one order to keep for each thread and none between them, but that who waits is woken in the P
 * of the one that woke it.
 *
 * What a thread did comes in order, but may be told late; who woke whom is known when the sleeper tells of it. So what
 * is to be written of a thread waits in its queue, in order of time:
 *
 *     written ──▶ │ oldest … GOTRACE_QUEUE records … latest │ ◀── put in by time
 *
 * A full queue writes its older half as one batch, up to where the thread's states are known. Where all of it is of a
 * time that nothing is known of yet, the thread is taken to have run since what is known: it said something. What
 * comes for a time that is written already is moved to the end of that; a wake that comes too late is nobody's.
 */
#ifndef SMK_EXPORT_GOTRACE_H
#define SMK_EXPORT_GOTRACE_H

#include "export/exporter.h"
#include "export/handover.h"

#define GOTRACE_QUEUE   4096u   /* records of a thread */
#define GOTRACE_RECORDS 524288u /* of all; what comes behind has GOTRACE_LEAST a thread */
#define GOTRACE_LEAST   256u
#define GOTRACE_SPARE   4u      /* of them, for what a thread is taken to have done */
#define GOTRACE_ENDED   64u     /* threads that have ended and are not written yet: they may have woken somebody */
#define GOTRACE_REGIONS SMK_TIMELINE_DEPTH

/* Events, as in internal/trace/parser.go of Go 1.19. */
enum gotrace_event {
    GO_BATCH = 1,
    GO_FREQUENCY = 2,
    GO_STACK = 3,
    GO_PROC_START = 5,
    GO_PROC_STOP = 6,
    GO_CREATE = 13,
    GO_END = 15,
    GO_SCHED = 17,
    GO_PREEMPT = 18,
    GO_SLEEP = 19,
    GO_BLOCK = 20,
    GO_BLOCK_RECEIVE = 23,
    GO_BLOCK_SELECT = 24,
    GO_BLOCK_SYNC = 25,
    GO_BLOCK_COND = 26,
    GO_BLOCK_NET = 27,
    GO_SYSCALL = 28,
    GO_SYSCALL_EXIT = 29,
    GO_SYSCALL_BLOCK = 30,
    GO_STRING = 37,
    GO_START = 38,      /* GoStartLocal: without a number in sequence */
    GO_UNBLOCK = 39,    /* GoUnblockLocal */
    GO_TASK_CREATE = 45,
    GO_TASK_END = 46,
    GO_REGION = 47,
    GO_LOG = 48,
    GO_SAMPLE = 49
};

/* Of records of one moment those come first that make their thread run, last those that end that. */
enum gotrace_rank { GO_RANK_BEGIN, GO_RANK_MET, GO_RANK_WAKE, GO_RANK_START, GO_RANK_RUNS, GO_RANK_STOP, GO_RANK_END };

/* Not events of Go, but kinds of records that become one of several: */
enum { GO_RECORD_REGION_BEGIN = 100, GO_RECORD_REGION_END, GO_RECORD_WAKE, GO_RECORD_MET };

struct gotrace_record {
    uint64_t time;
    uint64_t number; /* goroutine that is woken; task of a region or log; serial of who let go */
    uint64_t wait;   /* of a wake of itself, and of who let go: when the wait began, as its event says */
    uint64_t blocked; /* of the same: when it stopped the thread */
    uint32_t stack;  /* a stack's number in the file */
    uint32_t name;   /* a string's */
    uint8_t event;   /* enum gotrace_event, or the record's own */
    uint8_t rank;
    bool by_syscall; /* of a wake of itself: the wait is a system call */
};

struct gotrace_region {
    uint64_t task;
    uint32_t name, stack;
    bool written;
};

enum gotrace_state { GO_NONE, GO_RUNNABLE, GO_RUNNING, GO_WAITING };

struct gotrace_thread {
    uint32_t serial, process, tid;
    uint64_t goroutine;
    uint32_t proc;
    uint32_t name_stack;  /* whose one frame is the thread's name */
    struct gotrace_record *queue; /* by time and rank */
    uint32_t count, capacity;
    bool ended, closed;   /* closed: all is written */
    bool assumes;         /* the spare room is being used */
    uint64_t told;        /* up to here its states are known */

    /* As it is told: */
    uint8_t state;        /* enum gotrace_state */
    uint8_t stopped_by;   /* enum gotrace_event of the wait that it is in */
    uint64_t wait;        /* when it began, as its event says */
    uint64_t blocked;     /* when it stopped the thread */
    uint64_t exit;        /* when the thread ended; UINT64_MAX: it did not yet */
    uint32_t open;        /* regions that have begun */

    /* As it is written: */
    uint64_t written;     /* time of the last event */
    uint64_t sequence;    /* of the goroutine's wakes and starts, as the reader counts them */
    bool runs, blocks;
    struct gotrace_region *regions; /* GOTRACE_REGIONS; NULL: there was none yet */
    uint32_t depth, late; /* late: regions that ended while it did not run */
};

struct gotrace {
    struct smk_exporter *exporter; /* first: smk_export_timeline */
    struct gotrace_thread **threads;
    uint32_t thread_count, thread_capacity;
    struct smk_map by_serial, goroutines; /* goroutines: tids that are one */
    struct smk_map strings, stacks, places; /* to their numbers; places: stacks of one frame */
    uint32_t stack_count;
    struct smk_handovers handovers;
    struct gotrace_thread *ended[GOTRACE_ENDED]; /* NULL: none */
    uint32_t next_ended;
    uint32_t records;        /* room for so many in all queues */
    uint64_t *lanes;         /* of tasks: when what was last in each ended */
    uint32_t lane_count, lane_capacity;
};

/* gotrace_names.c. Numbers of strings and stacks, written when they are met first; not within an event. "" is 0. */
uint32_t gotrace_string(struct gotrace *to, const char *text);
/* A stack of one frame that is a name and no code. */
uint32_t gotrace_place(struct gotrace *to, const char *function, const char *file, uint32_t line);
/* A stack of the trace; one that says so where there is none: a stack without a frame is in no profile. */
uint32_t gotrace_stack(struct gotrace *to, uint32_t stack);

/* An event with `count` numbers. */
void gotrace_put(struct gotrace *to, enum gotrace_event event, unsigned count, const uint64_t *numbers);

/* gotrace_stream.c */
struct gotrace_thread *gotrace_thread_of(struct gotrace *to, uint32_t serial, uint32_t process);
void gotrace_record(struct gotrace *to, struct gotrace_thread *thread, struct gotrace_record record);
/* Writes all that waits; there will be no more of it. */
void gotrace_close(struct gotrace *to, struct gotrace_thread *thread);
/* A thread is woken by itself, as far as is known; and who let go, at its time. Once both are told the wake is the
 * other thread's, if it is not too late for that. */
void gotrace_wake(struct gotrace *to, struct gotrace_thread *sleeper, const struct gotrace_record *wake);
void gotrace_met(struct gotrace *to, struct gotrace_thread *sleeper, const struct gotrace_record *met);
/* gotrace.c: it runs, since what is known of it. */
void gotrace_assume_running(struct gotrace *to, struct gotrace_thread *thread);
void gotrace_threads_free(struct gotrace *to);

#endif
