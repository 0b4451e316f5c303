/* look.h: what each thread of this process is at now, seen from another one: no signal, no wait, no lock.
 *
 *                      state   wait, object, holder       since when            stack from
 *   published wait     /proc   the slot's (core/thread.h) exact                 the wrapper's caller
 *   else               /proc   the system call's number   since it ran last,    the kernel's sp and pc
 *                              and arguments              estimated
 *
 * Waits are published only while something is armed, so the second row is what a program gives that nobody armed,
 * and threads that were waiting before somebody did. The kernel says of a thread that sleeps which call it is in, with
 * arguments, sp and pc (/proc/self/task/TID/syscall); its stack is copied and walked from there. What the kernel does
 * not say is the frame pointer: where a frame can only be left by it, it is looked for (look_stack.c).
 *
 * On threads of ours; takes neither the loader's lock nor the host's allocator. Everything is a moment's, and
 * looked at twice where a mix of two would be wrong.
 */
#ifndef SMK_SOURCE_LOOK_H
#define SMK_SOURCE_LOOK_H

#include "core/thread.h"
#include "source/stack.h"

#define SMK_LOOK_WHAT 160

enum smk_look_state {
    SMK_LOOK_RUNNING,
    SMK_LOOK_RUNNABLE, /* ready, and on no CPU */
    SMK_LOOK_WAITING,
    SMK_LOOK_STOPPED, /* by a signal or a debugger */
    SMK_LOOK_ENDED,   /* it is about to be gone */
};

enum smk_look_since { SMK_SINCE_UNKNOWN, SMK_SINCE_ESTIMATED, SMK_SINCE_EXACT };

struct smk_look {
    uint32_t tid;
    uint8_t state;             /* enum smk_look_state */
    uint8_t kind;              /* enum smk_wait_kind of its wait */
    uint8_t since;             /* enum smk_look_since */
    bool published;            /* its wait is what its wrapper said */
    bool uninterruptible;      /* not even a signal ends the kernel's wait */
    bool cut;                  /* the stack goes on, and is not known */
    char name[SMK_NAME_MAX];
    const char *call;          /* of the system call, "fdatasync"; "" where it is in none; NULL: not known */
    char what[SMK_LOOK_WHAT];  /* what its descriptor is: a path, a peer; "" */
    uint64_t object;           /* address of the lock or other word; 0 */
    uint32_t holder;           /* tid: who holds it, or is waited for; 0: not known */
    uint64_t waited_ns;        /* since its wait began */
    uint64_t request;          /* that it serves, 0: none */
    uint32_t depth;
    const char *stack_why;     /* static: why there is no stack; NULL: there is one */
    uint64_t pcs[SMK_STACK_DEPTH];
};

struct smk_look_options {
    uint32_t max;      /* threads that are looked at; those of the lowest numbers */
    uint32_t only;     /* this one alone; 0: all */
    uint64_t until_ns; /* of CLOCK_MONOTONIC: then what was not looked at is left out */
};

struct smk_look_result {
    uint32_t threads;  /* of the host's, all of them */
    uint32_t looked;   /* in the array, ascending by tid */
    bool late;         /* `until_ns` came first */
    const char *why;   /* static: what could not be looked at, for no thread; NULL */
};

/* 0, or -errno where not even the list of threads can be read. One caller at a time. */
int smk_look_threads(const struct smk_look_options *options, struct smk_look *looks, struct smk_look_result *result);

/* Who writes under the pthread_rwlock_t in which somebody waits at this word; 0: not known, or readers. For a wait that
 * is known to be one. */
uint32_t smk_look_rwlock_writer(uint64_t futex);

/* ---- look's own files ------------------------------------------------------------------------------------------ */

/* What the kernel says of a thread's system call. */
struct smk_look_call {
    bool asleep;     /* else it ran, and nothing of the rest is known */
    int64_t number;  /* -1: in none */
    uint64_t args[6];
    uint64_t sp, pc;
};

/* "running", or numbers as in /proc/PID/syscall. False: it is neither. For the tests. */
bool smk_look_parse_call(const char *text, struct smk_look_call *call);

/* Fills kind, call, object, what and holder from a call. `is_thread` says whether a number is a thread's of
 * this process. */
void smk_look_at_call(struct smk_look *look, const struct smk_look_call *call, bool (*is_thread)(uint32_t tid));

/* Is this the number of a thread of this process? */
bool smk_look_is_thread(uint32_t tid);

/* Whether the word that a futex waits at begins a pthread_mutex_t, as far as its words say; its holder. */
bool smk_look_is_mutex(const uint32_t words[6], bool (*is_thread)(uint32_t tid), uint32_t *holder);

/* Walks from (pc, sp); fp 0: not known. Fills pcs, depth and cut. */
void smk_look_at_stack(struct smk_look *look, uint64_t pc, uint64_t sp, uint64_t fp);

#endif
