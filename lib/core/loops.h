/* loops.h: the event loops of the process, and what each is busy with, while it is: for rules, live views and the
 * agent's watch.
 *
 * A loop is a thread that polls from one place again and again (source/loop.h), or one whose callbacks the program
 * names (stallmark/libevent.h). It is busy since its poll returned, or since its callback began; while it is in
 * its own poll it is not. Nothing is recorded for that: the slot has it anyway.
 *
 * A thread that polls now and then and otherwise waits for work in another way is not held when it waits: without
 * names and without a request its conditions, joins and polls are taken for rest.
 */
#ifndef SMK_CORE_LOOPS_H
#define SMK_CORE_LOOPS_H

#include "core/histogram.h"
#include "core/thread.h"

#define SMK_LOOP_LOOKS_LEAST 8u /* from one place: then it is a loop */

/* ---- the record paths ------------------------------------------------------------------------------------ */

/* The gate is about to be `to`; under the lock that it changes under. */
void smk_loops_gate_changes(uint32_t from, uint32_t to);

/* Polls have been seen without a gap since this tick: what a loop said of itself before is out of date. */
extern uint64_t smk_loops_since; /* atomic */
SMK_INLINE uint64_t smk_loops_seen_since(void) { return smk_load_relaxed(&smk_loops_since); }

/* The loop looks again after having been away for so long, which is long. Its own thread. */
SMK_COLD void smk_loops_away(struct smk_loop_now *loop, uint64_t ticks);

/* ---- to look at ------------------------------------------------------------------------------------------
 *
 * From any thread of ours. */

struct smk_loop_view {
    struct smk_thread *thread;
    uint32_t serial, tid;
    uint64_t since;   /* ticks: busy since then; 0: it is not, or since when is not known */
    uint32_t site;    /* of the callback that it is in; 0: in none that has a name */
    uint64_t entered; /* ticks: when that began */
    bool waits;       /* it is busy waiting: … */
    struct smk_wait_now wait; /* … for this */
    uint64_t longest; /* ticks: that it did not look */
};

/* Calls visit for each loop until it returns false. `view` is the caller's room, used again for each. */
void smk_loops_each(struct smk_loop_view *view, bool (*visit)(const struct smk_loop_view *view, void *arg), void *arg);

/* One thread of them; false where it is none, or has ended. */
bool smk_loop_get(struct smk_thread *thread, uint32_t serial, struct smk_loop_view *view);

/* How long loops were away, as often as that was 5 ms and more; and how long callbacks that have a name took, and
 * began late. */
enum smk_loop_figure { SMK_LOOP_AWAY, SMK_LOOP_CALLBACKS, SMK_LOOP_LATE, SMK_LOOP_FIGURES };
void smk_loop_figure_get(enum smk_loop_figure figure, struct smk_histogram *histogram);

void smk_loops_reset_in_child(void);

/* ---- the watch ------------------------------------------------------------------------------------------- */

/* Where a loop is that is held, for the file: a record of the thread `own`, which is the watch's. */
void smk_loops_record_stall(struct smk_thread *own, const struct smk_loop_view *view, uint32_t stack, uint32_t how,
                            uint64_t now);

#endif
