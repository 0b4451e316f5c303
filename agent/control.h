/* control.h: the control loop: the one thread that owns all of the agent's state.
 *
 * Others hand it jobs through a mailbox: a list under a lock, and an eventfd that wakes the loop. The loop
 * is libevent's, on the poll back end: it then has no descriptor of its own that a host could close.
 */
#ifndef SMK_AGENT_CONTROL_H
#define SMK_AGENT_CONTROL_H

#include "base/compiler.h"

struct event_base;
struct smk_exchange;

/* Not NULL in an object that has a libevent of its own, which may then be given our heap; the preload
 * defines it. A libevent that the host uses too keeps the host's allocator. */
extern const char smk_libevent_is_ours __attribute__((weak));

struct smk_job {
    void (*run)(struct smk_job *job);
    struct smk_job *next;
};

/* What runs on the loop's thread at its beginning and its end. `begin`: 0, or an error with its
 * smk_last_error(); then the loop ends at once, without `end`. After `end` no job is taken any more, the
 * last ones run, and then `closed` is called. */
struct smk_control_calls {
    int (*begin)(void);
    void (*end)(void);
    void (*closed)(void);
};

/* Starts the thread and waits for `begin`; its result. Not on the loop's thread. */
int smk_control_start(const struct smk_control_calls *calls);

/* Asks the loop to end and waits, at most `ns`. False: it has not ended yet. */
bool smk_control_stop(uint64_t ns);

bool smk_control_running(void);

/* True on the loop's own thread. */
bool smk_control_here(void);

/* On the loop's thread. */
struct event_base *smk_control_base(void);

/* Puts the job into the mailbox; it stays the caller's until it runs. False: there is no loop, and it
 * will not run. */
bool smk_control_post(struct smk_job *job);

/* Runs it on the loop and waits for its end, at most `ns` for its beginning. On the loop itself: at once.
 * 0, SMK_E_TIMEOUT: it was not begun and will not be; SMK_E_UNAVAILABLE: there is no loop. */
int smk_control_call(void (*run)(void *arg), void *arg, uint64_t ns);

/* CPU time of the loop's thread; on it. */
uint64_t smk_control_cpu_ns(void);
/* The libevent that runs here, "2.1.12-stable". */
const char *smk_control_libevent(void);
/* The loop's thread id; 0: none. */
int smk_control_tid(void);

/* In a fork's child: there is no loop. */
void smk_control_reset_in_child(void);

/* ---- exchanges that the loop holds ------------------------------------------------------------------------ */

#define SMK_EXCHANGES_MAX 64 /* open ones at once */

/* Takes an exchange out of the open ones; on the loop's thread. */
void smk_control_forget(struct smk_exchange *exchange);
uint32_t smk_control_open_exchanges(void);
/* A front gave up on one; the loop looks for it soon. Any thread. */
void smk_control_note_abandoned(void);

/* ---- descriptors, on the loop's thread ---------------------------------------------------------------------- */

struct smk_watch;

/* Calls `due` whenever there is something to read; the descriptor stays the caller's. NULL: no memory. */
struct smk_watch *smk_watch_new(int fd, void (*due)(void *arg), void *arg);
void smk_watch_free(struct smk_watch *watch); /* NULL is allowed; from within `due` too */

/* ---- timers, on the loop's thread ----------------------------------------------------------------------- */

struct smk_timer;

struct smk_timer *smk_timer_new(void (*due)(void *arg), void *arg);
void smk_timer_set(struct smk_timer *timer, uint64_t ns); /* once, in so long */
void smk_timer_clear(struct smk_timer *timer);
void smk_timer_free(struct smk_timer *timer); /* NULL is allowed */

#endif
