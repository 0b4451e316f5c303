/* capture_state.h: the inside of a capture; for capture.c and the writer's files only.
 *
 * Written by: [S] whoever starts it, before the writer sees it · [L] under the captures' lock ·
 * [A] anybody, atomically · [W] the writer alone.
 */
#ifndef SMK_CORE_CAPTURE_STATE_H
#define SMK_CORE_CAPTURE_STATE_H

#include "core/capture.h"
#include "core/cost.h"
#include "core/init.h"
#include "core/output.h"
#include "core/refs.h"
#include "core/thread.h"

#define SMK_CAPTURE_NAME_MAX 64
#define SMK_CAPTURE_RULE_MAX 600
#define SMK_CAPTURE_CAUSE_MAX 256
#define SMK_KNOWN_THREADS    32768u /* slots; a power of two */
#define SMK_LOSS_ENTRIES     4096u

/* A thread whose entry stands in this segment's THREADS. */
struct smk_known_thread {
    uint32_t serial; /* 0: free */
    uint32_t name_hash;
};

struct smk_loss_entry {
    uint32_t serial, tid;
    uint64_t events;
};

struct smk_batch;

struct smk_capture {
    struct smk_capture_spec spec;    /* [S] */
    char name[SMK_CAPTURE_NAME_MAX]; /* [S] */
    char rule[SMK_CAPTURE_RULE_MAX], cause[SMK_CAPTURE_CAUSE_MAX]; /* [S]; "" */
    uint64_t number;                 /* [S] random: the chunks' `capture` */
    int reader;                      /* [S] slot in smk_readers */
    uint64_t armed;                  /* [S] tick: the first that it wants */
    uint64_t complete_from;          /* [S]; [W] of a snapshot: tick */
    uint64_t deadline;               /* [S] CLOCK_MONOTONIC ns; UINT64_MAX: none */
    uint64_t started_unix;           /* [S] */

    uint32_t references; /* [A] */
    uint32_t state;      /* [A] enum smk_capture_state; a futex word */
    uint32_t ending;     /* [A] enum smk_reason of who asked first; 0: nobody */
    uint64_t stopped;    /* [L] tick; 0: not yet */

    uint64_t bytes, events, lost; /* [A] for smk_capture_get_progress */
    uint32_t segments;            /* [A] */
    uint32_t reason;              /* [A] final */
    uint32_t io_error;            /* [A] */
    uint64_t ended_unix;          /* [A] */

    bool retained_done;           /* [W] snapshot: the buffer was copied */
    bool kept_done;               /* [W] snapshot: what the sources had said before was given */
    bool finishing;               /* [W] it ends with this pass */
    bool waits_to_end;            /* [W] its gate is closed, and others are waited for */
    bool over;                    /* [W] no more events go into the file: they count as lost */
    uint64_t from;                /* [W] tick of the earliest event that is wanted */
    uint64_t segment_started;     /* [W] CLOCK_MONOTONIC ns */
    uint64_t last_clock;          /* [W] tick of the last clock pair written */
    uint64_t modules_seen;        /* [W] what the list of modules answered */
    uint64_t writer_cpu;          /* [W] ns */
    uint64_t gaps_seen;           /* [W] smk_gaps_version of those that the file knows */
    uint64_t open_waits_refused;  /* [W] for which there was no room */
    bool no_memory;               /* [W] snapshot: some of the buffer, or all of it, could not be copied … */
    uint64_t left_out;            /* [W] … so many events */
    struct smk_cost cost;         /* [W] of the process when it began */
    bool cost_known;              /* [W] */
    struct smk_source_base base;  /* [W] */
    struct smk_output output;     /* [W] */
    struct smk_refs refs;         /* [W] */
    struct smk_known_thread known[SMK_KNOWN_THREADS]; /* [W] */
    uint32_t known_count;                             /* [W] */
    struct smk_loss_entry losses[SMK_LOSS_ENTRIES];   /* [W] */
    uint32_t loss_count;                              /* [W] */
    uint64_t loss_rest;                               /* [W] of threads that found no entry */
};

/* ---- what the writer needs of capture.c ------------------------------------------------------------------ */

/* The running captures, with a reference each; returns how many. *as_of: which version of the list. */
int smk_captures_list(struct smk_capture *list[SMK_CAPTURES_MAX], uint64_t *as_of);

/* Runs `copy` while no capture can begin: all that it copies is then older than any capture that is not
 * in that version of the list. False, and nothing is copied, where one has begun since. What is copied
 * counts as consumed, so a capture that were not given it would miss it without knowing. */
bool smk_captures_copy(uint64_t as_of, void (*copy)(struct smk_batch *batch), struct smk_batch *batch);

/* Closes the gate for it, once: nothing after the tick that is kept in `stopped` is wanted. */
void smk_capture_close_gate(struct smk_capture *capture);

/* What is to be recorded, and what of it the budget has put off. */
struct smk_wanted {
    uint32_t categories; /* of all that records */
    uint32_t shed;
    uint32_t era;        /* changes when all was taken back: something new began */
    bool armed;          /* a capture runs that is not a snapshot */
};
void smk_captures_wanted(struct smk_wanted *wanted);
/* These are not recorded from now on, the others are again. False, and nothing changes, in another era. */
bool smk_captures_shed(uint32_t categories, uint32_t era);
uint32_t smk_captures_are_shed(void);

/* The writer is through with it. */
void smk_capture_done(struct smk_capture *capture, enum smk_reason reason);

void smk_captures_reset_in_child(void);

void smk_capture_set_state(struct smk_capture *capture, enum smk_capture_state state);

#endif
