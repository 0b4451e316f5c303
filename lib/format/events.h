/* events.h: THE table of events. Writer, reader, text dump, checker and documentation are driven by
 * it; nothing else knows what an event carries.
 *
 * An event has one category, the moment at which it was recorded, and up to seven arguments. Waits
 * and handoffs are recorded once, when they end, and carry how long they lasted: a wait that is still
 * open when the record ends is in a chunk of its own kind (chunk.h, open waits).
 *
 * To add an event: take the next free number of its group, never reuse one, note the format version
 * that brought it. A reader skips numbers that it does not know, and says so.
 */
#ifndef SMK_FORMAT_EVENTS_H
#define SMK_FORMAT_EVENTS_H

#include "base/compiler.h"

/* ---- categories ---------------------------------------------------------------------------------- */

/*        bit NAME     name        in timed captures by default   in the flight recorder */
#define SMK_CATEGORIES(X)                                                                          \
    X(0, SCHED, "sched", 1, 1)                                                                     \
    X(1, LOCK, "lock", 1, 1)                                                                       \
    X(2, COND, "cond", 1, 1)                                                                       \
    X(3, NET, "net", 1, 1)                                                                         \
    X(4, POLL, "poll", 1, 1)                                                                       \
    X(5, DISK, "disk", 1, 1)                                                                       \
    X(6, SLEEP, "sleep", 1, 1)                                                                     \
    X(7, MEMORY, "memory", 1, 1)                                                                   \
    X(8, JOIN, "join", 1, 1)                                                                       \
    X(9, ALLOC, "alloc", 0, 0)                                                                     \
    X(10, CPU, "cpu", 1, 0)                                                                        \
    X(11, LOOP, "loop", 1, 1)                                                                      \
    X(12, REQUEST, "request", 1, 1)                                                                \
    X(13, REGION, "region", 1, 1)                                                                  \
    X(14, OTHER, "other", 1, 1)

enum smk_category {
#define X(bit, NAME, name, timed, recorder) SMK_CAT_##NAME = 1u << (bit),
    SMK_CATEGORIES(X)
#undef X
};

#define SMK_CATEGORY_COUNT 15
#define SMK_CAT_ALL        ((1u << SMK_CATEGORY_COUNT) - 1)

/* What a timed capture and the flight recorder record when nobody says otherwise. */
uint32_t smk_categories_timed(void);
uint32_t smk_categories_recorder(void);
/* "lock" for SMK_CAT_LOCK; NULL for no or several bits. */
const char *smk_category_name(uint32_t category);
/* The bit of a name of `len` bytes; 0 when there is none. */
uint32_t smk_category_by_name(const char *name, size_t len);

/* ---- kinds of wait ------------------------------------------------------------------------------- */

/*        value NAME   name */
#define SMK_WAIT_KINDS(X)                                                                          \
    X(1, LOCK, "lock")                                                                             \
    X(2, COND, "cond")                                                                             \
    X(3, NET, "net")                                                                               \
    X(4, POLL, "poll")                                                                             \
    X(5, DISK, "disk")                                                                             \
    X(6, SLEEP, "sleep")                                                                           \
    X(7, MEMORY, "memory")                                                                         \
    X(8, JOIN, "join")                                                                             \
    X(9, OTHER, "other")

enum smk_wait_kind {
    SMK_WAIT_NONE = 0,
#define X(value, NAME, name) SMK_WAIT_##NAME = (value),
    SMK_WAIT_KINDS(X)
#undef X
};

/* "lock" for SMK_WAIT_LOCK; "?" for any other number. */
const char *smk_wait_kind_name(unsigned kind);

/* ---- arguments ----------------------------------------------------------------------------------- */

/* How an argument is stored in a chunk, and how a reader shows it. "delta" is the zigzag difference
 * to the last value in the same column, that is of the same argument of the same event in the chunk. */
enum smk_arg_type {
    SMK_ARG_NONE = 0,
    SMK_ARG_SITE,    /* a call site, id of the sites table; plain */
    SMK_ARG_STRING,  /* id of the strings table; plain */
    SMK_ARG_STACK,   /* id of the stacks table, 0: none was taken; plain */
    SMK_ARG_TICKS,   /* a length of time in units of the file; plain */
    SMK_ARG_ADDRESS, /* of an object in memory; delta */
    SMK_ARG_THREAD,  /* a kernel thread id, 0: unknown; delta */
    SMK_ARG_REQUEST, /* a request's id, 0: none; delta */
    SMK_ARG_NUMBER,  /* unsigned; plain */
    SMK_ARG_SIGNED,  /* zigzag */
    SMK_ARG_VALUE,   /* signed, close to the last one; delta */
    SMK_ARG_BITS,    /* 64 bits without order; 8 bytes */
    SMK_ARG_TEXT,    /* bytes; its length, and the bytes in a column of their own; last argument only */
    SMK_ARG_TYPES
};

#define SMK_EVENT_ARGS 7

/* Blocks that are so large are events of the category memory. */
#define SMK_LARGE_BYTES UINT64_C(65536)

/* ---- the table ----------------------------------------------------------------------------------- */

/* The first argument travels in 32 bits of the record's head (core/record.h), so it is an id, a kind
 * or a small number; the others have 64 bits each.
 *
 *        id NAME          name            category since   arguments (type, name) …  */
#define SMK_EVENTS(X)                                                                              \
    X(1, THREAD_START, "thread_start", SCHED, 0x0001, (STRING, "name"), (THREAD, "parent"))        \
    X(2, THREAD_EXIT, "thread_exit", SCHED, 0x0001, (NUMBER, "reserved"))                          \
    X(3, THREAD_NAME, "thread_name", SCHED, 0x0001, (STRING, "name"))                              \
    X(4, SCHED_SOURCE, "sched_source", SCHED, 0x0001, (NUMBER, "source"), (NUMBER, "lost"))        \
    X(5, OFF_CPU, "off_cpu", SCHED, 0x0001, (NUMBER, "how"), (TICKS, "duration"), (NUMBER, "cpu")) \
    X(6, CPU_TIME, "cpu_time", SCHED, 0x0001, (NUMBER, "switches"), (TICKS, "duration"),           \
      (TICKS, "running"), (TICKS, "runnable"))                                                     \
    X(7, CPU_SAMPLE, "cpu_sample", CPU, 0x0001, (STACK, "stack"), (NUMBER, "cpu"))                 \
    X(8, REGION_BEGIN, "region_begin", REGION, 0x0001, (SITE, "site"))                             \
    X(9, REGION_END, "region_end", REGION, 0x0001, (SITE, "site"))                                 \
    X(10, REQUEST_REGION_BEGIN, "request_region_begin", REGION, 0x0001, (SITE, "site"), (REQUEST, "request"),          \
      (NUMBER, "region"))                                                                            \
    X(11, REQUEST_REGION_END, "request_region_end", REGION, 0x0001, (SITE, "site"), (REQUEST, "request"),              \
      (NUMBER, "region"), (TICKS, "duration"))                                                       \
    X(16, REQUEST_BEGIN, "request_begin", REQUEST, 0x0001, (STRING, "route"),                      \
      (REQUEST, "request"))                                                                        \
    X(17, REQUEST_END, "request_end", REQUEST, 0x0001, (STRING, "route"), (REQUEST, "request"),    \
      (TICKS, "duration"), (NUMBER, "status"))                                                     \
    X(18, REQUEST_ENTER, "request_enter", REQUEST, 0x0001, (NUMBER, "reserved"),                   \
      (REQUEST, "request"))                                                                        \
    X(19, REQUEST_LEAVE, "request_leave", REQUEST, 0x0001, (NUMBER, "reserved"),                   \
      (REQUEST, "request"))                                                                        \
    X(20, REQUEST_TRACE, "request_trace", REQUEST, 0x0001, (NUMBER, "flags"),                      \
      (REQUEST, "request"), (BITS, "trace_high"), (BITS, "trace_low"), (BITS, "parent"))           \
    X(21, HANDOFF, "handoff", REQUEST, 0x0001, (SITE, "site"), (REQUEST, "request"),               \
      (TICKS, "duration"), (THREAD, "from"))                                                       \
    X(22, REQUEST_ANSWERED, "request_answered", REQUEST, 0x0001, (STRING, "route"),                \
      (REQUEST, "request"), (TICKS, "duration"), (NUMBER, "status"), (TICKS, "ago"),               \
      (TICKS, "delay"), (NUMBER, "more"))                                                          \
    X(23, REQUEST_DROPPED, "request_dropped", REQUEST, 0x0001, (NUMBER, "reserved"),               \
      (REQUEST, "request"))                                                                        \
    X(26, LOOP_CALLBACK, "loop_callback", LOOP, 0x0001, (SITE, "site"), (TICKS, "duration"),       \
      (TICKS, "delay"), (NUMBER, "why"), (ADDRESS, "base"))                                        \
    X(28, LOOP_STALL, "loop_stall", LOOP, 0x0001, (STACK, "stack"), (TICKS, "since"),              \
      (THREAD, "thread"), (SITE, "callback"), (NUMBER, "how"))                                     \
    X(32, LOCK_WAIT, "lock_wait", LOCK, 0x0001, (STACK, "stack"), (TICKS, "duration"),             \
      (ADDRESS, "lock"), (THREAD, "holder"), (THREAD, "releaser"), (NUMBER, "result"),             \
      (STRING, "call"))                                                                            \
    X(33, LOCK_RELEASE, "lock_release", LOCK, 0x0001, (STACK, "stack"), (TICKS, "duration"),       \
      (ADDRESS, "lock"), (TICKS, "held"))                                                          \
    X(34, LOCK_NAME, "lock_name", LOCK, 0x0001, (STRING, "name"), (ADDRESS, "lock"))               \
    X(35, COND_WAIT, "cond_wait", COND, 0x0001, (STACK, "stack"), (TICKS, "duration"),             \
      (ADDRESS, "object"), (ADDRESS, "mutex"), (THREAD, "waker"), (STRING, "call"),                \
      (SIGNED, "result"))                                                                          \
    X(36, COND_WAKE, "cond_wake", COND, 0x0001, (STACK, "stack"), (TICKS, "duration"),             \
      (ADDRESS, "object"), (NUMBER, "waiters"), (STRING, "call"))                                  \
    X(37, NET_WAIT, "net_wait", NET, 0x0001, (STACK, "stack"), (TICKS, "duration"),                \
      (STRING, "call"), (SIGNED, "fd"), (SIGNED, "result"), (STRING, "peer"))                      \
    X(38, POLL_WAIT, "poll_wait", POLL, 0x0001, (STACK, "stack"), (TICKS, "duration"),             \
      (STRING, "call"), (SIGNED, "fd"), (SIGNED, "result"))                                        \
    X(39, DISK_WAIT, "disk_wait", DISK, 0x0001, (STACK, "stack"), (TICKS, "duration"),             \
      (STRING, "call"), (SIGNED, "fd"), (SIGNED, "result"), (STRING, "file"))                      \
    X(40, SLEEP_WAIT, "sleep_wait", SLEEP, 0x0001, (STACK, "stack"), (TICKS, "duration"),          \
      (STRING, "call"), (TICKS, "asked"))                                                          \
    X(41, JOIN_WAIT, "join_wait", JOIN, 0x0001, (STACK, "stack"), (TICKS, "duration"),             \
      (STRING, "call"), (THREAD, "thread"), (SIGNED, "result"))                                    \
    X(42, MEMORY_WAIT, "memory_wait", MEMORY, 0x0001, (STACK, "stack"), (TICKS, "duration"),       \
      (STRING, "call"), (ADDRESS, "address"), (NUMBER, "bytes"))                                   \
    X(43, ALLOC_LARGE, "alloc_large", MEMORY, 0x0001, (STACK, "stack"), (TICKS, "duration"),       \
      (STRING, "call"), (ADDRESS, "address"), (NUMBER, "bytes"))                                   \
    X(44, FREE_LARGE, "free_large", MEMORY, 0x0001, (STACK, "stack"), (TICKS, "duration"),         \
      (STRING, "call"), (ADDRESS, "address"), (NUMBER, "bytes"), (TICKS, "lived"))                 \
    X(45, ALLOC_WAIT, "alloc_wait", ALLOC, 0x0001, (STACK, "stack"), (TICKS, "duration"),          \
      (STRING, "call"), (ADDRESS, "address"), (NUMBER, "bytes"))                                   \
    X(46, MAJOR_FAULT, "major_fault", MEMORY, 0x0001, (STACK, "stack"), (ADDRESS, "address"))      \
    X(47, ANSWER_WAIT, "answer_wait", NET, 0x0001, (STACK, "stack"), (TICKS, "duration"),          \
      (STRING, "call"), (SIGNED, "fd"), (REQUEST, "request"), (STRING, "peer"), (TICKS, "ago"))    \
    X(48, LOG, "log", OTHER, 0x0001, (SITE, "site"), (SIGNED, "value"), (TEXT, "text"))            \
    X(49, COUNTER, "counter", OTHER, 0x0001, (SITE, "site"), (VALUE, "value"))                     \
    X(50, USER_WAIT, "user_wait", OTHER, 0x0001, (SITE, "site"), (TICKS, "duration"),              \
      (NUMBER, "kind"), (ADDRESS, "object"), (STACK, "stack"))                                     \
    X(51, LOOP_DELAY, "loop_delay", LOOP, 0x0001, (NUMBER, "how"), (REQUEST, "request"),           \
      (TICKS, "delay"), (TICKS, "at_most"), (SIGNED, "fd"))                                          \
    X(58, REQUEST_COST, "request_cost", REQUEST, 0x0001, (NUMBER, "how"), (REQUEST, "request"),    \
      (TICKS, "over"), (NUMBER, "minor_faults"), (NUMBER, "major_faults"), (TICKS, "system"),      \
      (TICKS, "user"))                                                                             \
    X(59, PROCESS_COUNTER, "process_counter", OTHER, 0x0001, (STRING, "name"), (VALUE, "value"))   \
    X(60, LOCK_EPOCH, "lock_epoch", LOCK, 0x0001, (NUMBER, "why"), (ADDRESS, "lock"))

enum smk_event_id {
    SMK_EV_NONE = 0,
#define X(id, NAME, ...) SMK_EV_##NAME = (id),
    SMK_EVENTS(X)
#undef X
    SMK_EV_LIMIT = 128 /* numbers are below this */
};

struct smk_arg_spec {
    uint8_t type; /* enum smk_arg_type */
    const char *name;
};

struct smk_event_spec {
    uint8_t id;
    uint8_t arg_count;
    uint16_t since;    /* format version */
    uint32_t category; /* one bit */
    const char *name;
    struct smk_arg_spec args[SMK_EVENT_ARGS];
};

/* Indexed by id; an unused id has no name. */
extern const struct smk_event_spec smk_event_specs[SMK_EV_LIMIT];

/* NULL for a number that this version does not know. */
const struct smk_event_spec *smk_event_spec(unsigned id);

/* The number of an event's category, which for an event known at compile time is a constant;
 * SMK_CATEGORY_COUNT for a number that is no event's. */
SMK_INLINE unsigned smk_event_category_number(unsigned id)
{
    switch (id) {
#define X(event, NAME, name, category, ...)                                                        \
    case event:                                                                                    \
        return (unsigned)__builtin_ctz(SMK_CAT_##category);
        SMK_EVENTS(X)
#undef X
    default:
        return SMK_CATEGORY_COUNT;
    }
}

/* The category that waits of this kind belong to, as a number: "lock" for SMK_WAIT_LOCK. */
SMK_INLINE unsigned smk_wait_category_number(unsigned kind)
{
    switch (kind) {
#define X(value, NAME, name)                                                                       \
    case value:                                                                                    \
        return (unsigned)__builtin_ctz(SMK_CAT_##NAME);
        SMK_WAIT_KINDS(X)
#undef X
    default:
        return SMK_CATEGORY_COUNT;
    }
}

/* lock_wait: recorded when the wait ends. stack: where it waited; duration: of the wait; holder: who
 * held the lock when the wait began; releaser: who gave it up last before we got it; result: below.
 * lock_release: recorded behind an unlock that somebody was waiting for, so rare. stack: of the holder
 * in the unlock, which says what it was doing; duration: of the unlocking call itself, so that the wake
 * lies in [time - duration, time]; held: since it got the lock, 0 where that is not known (it got it
 * without waiting, and such a lock costs no time stamp).
 *
 * The other waits are recorded when they end, too, and only where the call slept. call: the function, by
 * its name; result: what it returned, for a negative one of -1 the negative errno; fd: -1 where the call
 * has none; asked: how long it was to sleep; thread: the thread that was waited for, or the process;
 * bytes: of memory.
 * cond_wait: condition variables, semaphores, barriers, futexes. waker: the thread whose call, that we saw,
 * woke somebody who waited for the object last before this wait ended; 0: none.
 * cond_wake: recorded behind a call that woke, where somebody waited; waiters: how many that were, for a
 * futex how many were woken. */

/* alloc_large: a block of SMK_LARGE_BYTES and more was given; stack: where. duration: of the call, which may
 * have stopped the thread.
 * free_large: such a block was given back, whose allocation was seen; stack: of its allocation, and `lived`
 * since then.
 * alloc_wait: a call of the allocator took longer than a threshold (the category is off by default); bytes: 0
 * for free. What made an alloc_large makes none.
 * major_fault: the thread touched a page that had to be read from a disk, recorded when it was there.
 * lock_epoch: what was at this address is gone, and what is there from now on is another lock. Recorded where
 * the old one was ever waited for, or had a name. */

/* lock_epoch: why. */
enum smk_lock_epoch {
    SMK_EPOCH_INIT = 1,
    SMK_EPOCH_DESTROY = 2,
    SMK_EPOCH_FREE = 3, /* its block was given back to the allocator */
    SMK_EPOCH_UNMAP = 4
};

/* request_cost: what the kernel counted for the thread in [time - over, time], in which it worked for the request:
 * `over` is as long as that, or longer. Recorded before the event of its end, for slow requests that one thread
 * served from begin to end. system, user: CPU time as the kernel tells it. */
enum smk_request_cost {
    SMK_COST_EXACT = 0, /* counted from the request's begin */
    SMK_COST_BOUND = 1  /* counted from a moment before it: at most so much */
};

/* process_counter: a figure of the whole process, by name: rss_bytes, threads; and sums since the process
 * began: minor_faults, major_faults, user_us, system_us. */

/* request_begin of a request that was recognised on a socket (lib/source/conn.h): its bytes were read at this
 * time; a loop_delay or its end says how long before that they had arrived.
 * request_answered: the end of such a request, which is known only later: its last byte was written `ago`
 * before this record, and its first had arrived `duration` before that. delay: the part of duration from the
 * arrival to the read. more: how many other requests came with it (pipelined) and were answered with it: they
 * count like it.
 * request_dropped: what began was no request after all, or one that the program marks itself.
 * loop_delay: recorded at a read of a descriptor whose bytes had lain there for 5 ms or more, because the
 * thread was busy with something else: `delay` before this record they arrived, or at the earliest `at_most`
 * before it. request: that which begins with them. */

/* loop_callback: a callback that the program names (stallmark/libevent.h) ended. Only those that took 20 us, or
 * began 1 ms late. delay: from when it was ready to its begin; why: what it was ready for, and so what `delay`
 * is counted from. base: whose callback it is; 0: not told.
 * loop_stall: recorded by the tracer itself while a loop is held: `thread` last looked for work `since` before
 * this record, and has been in `callback` for most of it, if that is known. stack: where it is. */

enum smk_callback_why {
    SMK_CALLBACK_READY = 0, /* from the poll's return that reported it; 0 where that was not seen */
    SMK_CALLBACK_TIMER = 1, /* from the time for which it was asked */
    SMK_CALLBACK_UNDUE = 2  /* a timer that was set while nothing recorded: delay is 0 and means nothing */
};

/* loop_stall: how the stack is known. */
enum smk_stall_how {
    SMK_STALL_WAITS = 0,   /* it waits, there */
    SMK_STALL_SAMPLED = 1, /* it runs, and was there at its last CPU sample */
    SMK_STALL_NAMED = 2    /* it runs, and nothing but the callback is known */
};

/* loop_delay: how the moment of arrival is known. */
enum smk_loop_how {
    SMK_LOOP_POLLED = 0, /* from the poll that reported it; exact */
    SMK_LOOP_KERNEL = 1, /* the kernel's word, in steps of 4 ms */
    SMK_LOOP_RANGE = 2   /* not at all: delay is 0, at_most the time since the thread last looked */
};

/* sched_source: from here on the kernel's words about this thread are complete, as far as this source can
 * tell; between the thread's event before it and this one nothing is known. lost: switch records that were
 * lost there.
 * off_cpu: recorded when the thread runs again, of perf switch records only; duration: that it did not
 * run; cpu: where it runs now.
 * cpu_time: in [time - duration, time] the kernel counted that the thread ran for `running` and was ready
 * without a CPU for `runnable`; the rest it waited. Both sources; cpu clocks know no runnable. Where a
 * thread was off its CPU by itself, how much of that it was ready again stands here alone.
 * cpu_sample: the thread was on a CPU, here. */

enum smk_sched_source {
    SMK_SCHED_NONE = 0,
    SMK_SCHED_PERF = 1,      /* perf switch records, and schedstat for the amounts */
    SMK_SCHED_STAT = 2,      /* /proc/self/task/TID/schedstat */
    SMK_SCHED_CPU_CLOCKS = 3 /* CPU clocks of threads: running alone */
};

/* off_cpu: how. */
enum smk_off_cpu {
    SMK_OFF_WAITED = 0,    /* it gave the CPU up */
    SMK_OFF_PREEMPTED = 1, /* it was taken from it: runnable all the time */
    SMK_OFF_UNKNOWN = 2,   /* it was off when the record began */
    SMK_OFF_GOES_ON = 4    /* added: it had not run again when the record ended; another may continue it */
};

/* What ended a lock wait: the call's result, in few words. */
enum smk_lock_result {
    SMK_LOCK_ACQUIRED = 0,
    SMK_LOCK_TIMEDOUT = 1,
    SMK_LOCK_OWNERDEAD = 2, /* acquired, and the owner had died (robust mutex) */
    SMK_LOCK_FAILED = 3     /* any other error */
};

#endif
