/* timeline.h: what each thread did with its time: the events of a trace as spans without holes.
 *
 * The time of a thread, from its start, or that of its process's capture, to its exit, or the end of that, is cut
 * into spans: each is running, runnable, waiting, idle or unknown, the next begins where the one before ended, and
 * their lengths add up to the thread's life. (Where the file does not say when a thread started, its life begins with
 * what it says first; one that says nothing has no spans.) Beside them come the things that overlap: waits as they
 * were recorded, whole; regions, requests, handoffs, samples, counters.
 *
 *     thread ──running──┬────────waiting (lock)────────┬running┬─runnable─┬──running──┬──idle (poll)──▶
 *     wait              └───────── lock_wait ──────────┘       │ preempted│           └ begun in no request
 *
 * How a stretch is told, in this order:
 *
 *   unknown    the thread was not known yet; or nothing was said while a category was not recorded (a gap)
 *   runnable   off its CPU since it was taken from it (perf switch records)
 *   waiting    off its CPU by itself, and ready again for an unknown part of it. kind: of the innermost wait that
 *              an event tells of; SMK_WAIT_NONE: no event does, so it is not known what for
 *   idle       the same in a poll, a condition, a sleep or an accept that began while the thread worked for no request,
 *              and was in no callback of a loop that the program names; nor held a lock that others waited for
 *   running    on a CPU. In a wait that is the call's own work; `wait` says so where it is 20 us and more
 *
 * A call that wakes others is a wait, too, where switch records say that it gave its CPU up: libc's pthread_cond_signal
 * waits for those that were woken before and have not come out yet. Without switch records it is running with
 * SMK_SPAN_OR_RUNNABLE, and `wait` says so where it is 20 us and more.
 *
 * Without switch records a wait is waiting from its begin to its end, and the rest is running with
 * SMK_SPAN_OR_RUNNABLE: nobody knows whether it had a CPU; where the kernel counted for 300 ms that it was neither on
 * one nor ready, but for a twentieth at most, it waited. So did, by the same count, who was never switched while
 * switches were recorded; and who was off its CPU since before the record, for 300 ms and more. Of waits inside waits
 * the innermost counts.
 *
 * Order. Spans of one thread come in order. A span comes when it is known, which is when its thread says something
 * later: until then the time may turn out to be part of a wait, which is recorded when it ends. So spans of several
 * threads are not in order; what a thread did before a wait comes when the wait is over. All else comes at its event,
 * in the order of the events: waits, regions and requests by their ends.
 *
 * Memory: some KiB for each thread that lives, and SMK_TIMELINE_FLIGHTS requests in flight; nothing grows with
 * the length of the trace. A wait around more than SMK_TIMELINE_PIECES pieces of its thread's time is told of the
 * last of them alone (SMK_SPAN_CUT); with switch records the states are right all the same.
 *
 * One thread at a time. Since 0.1.
 */
#ifndef SMK_ANALYSIS_TIMELINE_H
#define SMK_ANALYSIS_TIMELINE_H

#include "base/mem.h"
#include "format/events.h"
#include "stallmark/reader.h"

#define SMK_TIMELINE_PIECES  64u
#define SMK_TIMELINE_FLIGHTS 65536u
#define SMK_TIMELINE_DEPTH   256u /* regions inside regions */

#define SMK_CPU_NONE UINT32_MAX

/* ---- spans ---------------------------------------------------------------------------------------------- */

enum smk_span_state {
    SMK_SPAN_UNKNOWN,
    SMK_SPAN_RUNNING,
    SMK_SPAN_RUNNABLE,
    SMK_SPAN_WAITING,
    SMK_SPAN_IDLE,
    SMK_SPAN_STATES
};

/* "running". */
const char *smk_span_state_name(enum smk_span_state state);

enum smk_span_flag {
    SMK_SPAN_OR_RUNNABLE = 1, /* running, or ready without a CPU: no switch records say which */
    SMK_SPAN_WHOLE_CALL = 2,  /* waiting from a call's begin to its return: the call's own work is in it */
    SMK_SPAN_CUT = 4,         /* its wait began earlier, in spans that were told without it */
    SMK_SPAN_OPEN = 8,        /* it went on when the record ended */
    SMK_SPAN_IN_GAP = 16      /* something was not recorded meanwhile: it may have waited for something */
};

/* A wait as an event tells it, whole; or, open, as the end of the record found it. */
struct smk_span_wait {
    uint64_t from, to;
    uint64_t request;    /* that its thread worked for when it began; as its process knows it; 0: none */
    uint64_t object;     /* address of the lock, condition, memory; 0: none */
    uint64_t mutex;      /* of a condition wait */
    uint64_t amount;     /* bytes of memory; ns that a sleep was to be */
    int64_t result;      /* of the call; of a lock enum smk_lock_result */
    uint32_t process, thread;
    uint32_t event;      /* enum smk_event_id; SMK_EV_NONE: open */
    uint32_t stack;      /* where it began; 0: none */
    uint32_t call;       /* string: the function; 0: not told */
    uint32_t what;       /* string: the peer or file; 0: none */
    uint32_t site;       /* of a wait that the source marks; 0: none */
    uint32_t holder, releaser, waker; /* tids; 0: not known. waker: of a join the thread that ended */
    int32_t fd;          /* -1: none */
    uint8_t kind;        /* enum smk_wait_kind */
    bool open;
    bool idle;           /* it began outside of requests, in a call that waits for work */
};

/* A lock that was waited for is its own in the end. */
static inline bool smk_span_got_lock(const struct smk_span_wait *wait)
{
    return !wait->open && (wait->result == SMK_LOCK_ACQUIRED || wait->result == SMK_LOCK_OWNERDEAD);
}

/* The next unlock began at `unlock`, when the one that waited had the lock already: so it was free, and that one was
 * ready and had no CPU yet. */
static inline bool smk_span_lock_was_free(const struct smk_span_wait *wait, uint64_t unlock)
{
    return smk_span_got_lock(wait) && unlock > wait->to;
}

struct smk_span {
    uint64_t from, to;   /* ns; from < to */
    uint64_t request;    /* that the thread worked for, as its process knows it; 0: none */
    const struct smk_span_wait *wait; /* what it is part of, or NULL; valid in the call */
    uint32_t process, thread; /* thread: serial */
    uint32_t cpu;        /* of running, where a record says so; of runnable: that was taken from it; SMK_CPU_NONE */
    uint8_t state;       /* enum smk_span_state */
    uint8_t kind;        /* of waiting and idle: enum smk_wait_kind */
    uint8_t flags;       /* enum smk_span_flag */
};

/* ---- beside them ---------------------------------------------------------------------------------------- */

struct smk_span_region {
    uint64_t from, to, request; /* request: of the thread at its end, or whose region it is */
    uint32_t process, thread, site;
    uint32_t depth;      /* 0: the outermost; of a thread */
    uint32_t number;     /* of a region of a request: its number there */
    bool of_request;     /* it belongs to the request, may end on another thread, and overlaps others */
    bool open;           /* it went on when the record, or its thread, ended */
    bool begin_unseen;   /* a region of a request that began before the record */
};

struct smk_span_request {
    uint64_t id;
    uint64_t from, to;   /* from: the arrival of its bytes, where that is known */
    uint64_t read;       /* when they were read, and work began; `from` where it was not found on a socket */
    uint64_t trace_high, trace_low, parent; /* of its traceparent; 0: none */
    uint32_t process;
    uint32_t route;      /* string; 0: not known (open, and it began before the record) */
    uint32_t status;
    uint32_t first_thread, last_thread; /* serials that worked for it */
    uint32_t end_thread; /* that said it ended; 0: open */
    uint32_t more;       /* others that came, and were answered, with it */
    bool open;           /* it had not ended when the record did */
    bool begin_unseen;   /* it began before the record */
};

/* Its thread begins to work for it, or leaves it: `request` is what it works for from now on, 0: nothing. */
struct smk_span_turn {
    uint64_t time, request, before;
    uint32_t process, thread;
};

struct smk_span_handoff {
    uint64_t from, to, request; /* in the queue */
    uint32_t process, thread, site;
    uint32_t giver;      /* tid; 0: not known */
    uint32_t giver_thread; /* its serial; 0: not known */
};

/* A request waited for a peer's answer while no thread did. */
struct smk_span_answer {
    uint64_t from, to, request; /* from the question to the call that read the answer */
    uint32_t process, thread;   /* thread: that read it */
    uint32_t call, what;        /* strings: that call, and the peer; 0: not known */
    uint32_t stack;             /* of that call; 0: none */
};

struct smk_span_sample {
    uint64_t time, request;
    uint32_t process, thread, stack, cpu;
};

struct smk_span_counter {
    uint64_t time;
    int64_t value;
    uint32_t process, thread;
    uint32_t site;       /* of the program's own; 0: */
    uint32_t name;       /* string: of a figure of the process */
};

/* An unlock that somebody waited for, or a call that woke. */
struct smk_span_release {
    uint64_t from, to, object;
    uint64_t held;       /* ns; 0: not known */
    uint32_t process, thread, stack;
    uint32_t waiters;    /* of a wake */
    uint32_t call;       /* string, of a wake */
    bool wake;
};

/* In [from, to] the kernel counted. */
struct smk_span_count {
    uint64_t from, to, running, runnable, switches;
    uint32_t process, thread;
    uint8_t source;      /* enum smk_sched_source that the thread has at its end */
};

struct smk_timeline_calls {
    void (*span)(void *arg, const struct smk_span *span);
    void (*wait)(void *arg, const struct smk_span_wait *wait);
    void (*region)(void *arg, const struct smk_span_region *region);
    void (*request)(void *arg, const struct smk_span_request *request);
    void (*turn)(void *arg, const struct smk_span_turn *turn);
    void (*handoff)(void *arg, const struct smk_span_handoff *handoff);
    void (*answer)(void *arg, const struct smk_span_answer *answer);
    void (*sample)(void *arg, const struct smk_span_sample *sample);
    void (*counter)(void *arg, const struct smk_span_counter *counter);
    void (*release)(void *arg, const struct smk_span_release *release);
    void (*count)(void *arg, const struct smk_span_count *count);
    void (*gap)(void *arg, const smk_gap *gap); /* when it begins */
    /* Every event, before what it means; `request`: that its thread works for before it. */
    void (*event)(void *arg, const smk_event *event, uint64_t request);
    /* False: it is enough. Asked every 4,096 events, with the time that was come to; what is pending is then
     * not told. */
    bool (*go_on)(void *arg, uint64_t time);
};

/* ---- the run -------------------------------------------------------------------------------------------- */

struct smk_timeline_options {
    smk_resize_fn resize; /* NULL: malloc */
    void *resize_arg;
    size_t max_memory;    /* bytes; 0: no limit */
    /* Events are read from here to there; to 0: without end. What threads were in the middle of at `from` is
     * not known then. */
    uint64_t from, to;
    uint32_t process;     /* its number + 1; 0: all */
    /* Progress, about ten times a second; returns false to give up (SMK_E_LIMIT). May be NULL. */
    bool (*progress)(void *arg, uint64_t done, uint64_t total);
    void *progress_arg;
};

/* Calls that are NULL are not called. `options` may be NULL. 0, also where go_on ended it; SMK_E_LIMIT,
 * SMK_E_NOMEM, the reader's errors. */
int smk_timeline_run(smk_trace *trace, const struct smk_timeline_options *options,
                     const struct smk_timeline_calls *calls, void *arg);

#endif
