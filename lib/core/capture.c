#include "core/capture.h"

#include <string.h>

#include "base/errors.h"
#include "base/lock.h"
#include "base/sys.h"
#include "core/capture_state.h"
#include "core/clock.h"
#include "core/drain.h"
#include "core/gaps.h"
#include "core/gate.h"
#include "core/init.h"
#include "core/loops.h"
#include "core/pool.h"
#include "core/readers.h"
#include "core/stats.h"
#include "core/writer.h"

static struct smk_lock lock = SMK_LOCK_INIT(SMK_RANK_CAPTURE);
static struct smk_capture *running[SMK_CAPTURES_MAX]; /* lock; holds a reference each */
static uint64_t version;                              /* lock: captures begun so far */
static uint32_t recorder;                             /* lock to write; atomic to read */
static uint32_t shed;                                 /* the same: what the budget has put off */
static uint32_t era;                                  /* lock */

/* How far ahead a capture's first tick lies: by then every thread sees the gate. Longer where the
 * kernel, or whoever shares our CPU, was slower. */
#define AHEAD_NS     UINT64_C(100000)
#define AHEAD_MAX_NS UINT64_C(20000000)

/* ---- the gate --------------------------------------------------------------------------------------------- */

/* Under `lock`. */
static uint32_t all_wanted(void)
{
    uint32_t categories = recorder;
    for (int i = 0; i < SMK_CAPTURES_MAX; i++)
        if (running[i] && running[i]->stopped == 0)
            categories |= running[i]->spec.categories;
    return categories;
}

/* Under `lock`. */
static void update_gate(void)
{
    uint32_t next = all_wanted() & ~shed;
    smk_loops_gate_changes(smk_load_relaxed(&smk_gate), next);
    smk_store_relaxed(&smk_gate, next);
}

/* After this every thread sees the gate as it is now. Without membarrier (Linux before 4.14) a thread
 * sees it within the time a store takes to travel, far below what we wait. */
static void publish_gate(void)
{
    if (smk_sys_barrier() < 0)
        smk_sys_sleep(1000000);
}

/* ---- the budget ------------------------------------------------------------------------------------------- */

void smk_captures_wanted(struct smk_wanted *wanted)
{
    smk_lock(&lock);
    *wanted = (struct smk_wanted){.categories = all_wanted(), .shed = shed, .era = era};
    for (int i = 0; i < SMK_CAPTURES_MAX; i++)
        wanted->armed |= running[i] && running[i]->stopped == 0 && running[i]->spec.kind != SMK_CAPTURE_SNAPSHOT;
    smk_unlock(&lock);
}

/* A gap begins before any thread can see the gate closed, and ends when each sees it open. */
bool smk_captures_shed(uint32_t categories, uint32_t as_of)
{
    smk_lock(&lock);
    bool current = era == as_of;
    if (current) {
        uint32_t back = shed & ~categories;
        smk_gaps_begin(categories & ~shed, smk_ticks());
        smk_store_relaxed(&shed, categories);
        update_gate();
        publish_gate();
        smk_gaps_end(back, smk_ticks());
    }
    smk_unlock(&lock);
    return current;
}

uint32_t smk_captures_are_shed(void) { return smk_load_relaxed(&shed); }

/* Under `lock`, before the gate is made anew: what was shed. Its gaps end when that is published. */
static uint32_t take_all_back(void)
{
    uint32_t categories = shed;
    smk_store_relaxed(&shed, 0);
    era++;
    return categories;
}

/* ---- references ------------------------------------------------------------------------------------------- */

void smk_capture_release(struct smk_capture *capture)
{
    if (capture && smk_sub_acq_rel(&capture->references, 1) == 1)
        smk_sys_unmap(capture, sizeof *capture);
}

void smk_capture_hold(struct smk_capture *capture) { smk_add_relaxed(&capture->references, 1); }

int smk_captures_list(struct smk_capture *list[SMK_CAPTURES_MAX], uint64_t *as_of)
{
    int count = 0;
    smk_lock(&lock);
    *as_of = version;
    for (int i = 0; i < SMK_CAPTURES_MAX; i++) {
        if (!running[i])
            continue;
        smk_add_relaxed(&running[i]->references, 1);
        list[count++] = running[i];
    }
    smk_unlock(&lock);
    return count;
}

/* Arming waits for the copy, some milliseconds at most; recording does not. */
bool smk_captures_copy(uint64_t as_of, void (*copy)(struct smk_batch *batch), struct smk_batch *batch)
{
    smk_lock(&lock);
    bool current = version == as_of;
    if (current)
        copy(batch);
    smk_unlock(&lock);
    return current;
}

void smk_capture_set_state(struct smk_capture *capture, enum smk_capture_state state)
{
    smk_store_release(&capture->state, state); /* pairs with: smk_capture_wait */
    smk_sys_futex_wake(&capture->state, INT32_MAX);
}

/* ---- beginning -------------------------------------------------------------------------------------------- */

static int check_spec(const struct smk_capture_spec *spec)
{
    if (smk_core_inert())
        return smk_fail(SMK_E_INERT, "stallmark is inert in this process: %s", smk_core_inert());
    bool carries_others = spec->may_end != NULL;
    if ((spec->categories == 0 && !carries_others) || (spec->categories & ~SMK_CAT_ALL))
        return smk_fail(SMK_E_INVALID, "no category to record");
    if (spec->max_bytes && spec->max_bytes < SMK_MAX_BYTES_MIN)
        return smk_fail(SMK_E_INVALID, "max_bytes is %llu; allowed are 0 and at least 262144 (256 KiB)",
                        (unsigned long long)spec->max_bytes);
    if (spec->rotate_bytes && spec->rotate_bytes < SMK_ROTATE_BYTES_MIN)
        return smk_fail(SMK_E_INVALID, "rotate_bytes is %llu; allowed are 0 and at least 262144 (256 KiB)",
                        (unsigned long long)spec->rotate_bytes);
    if (spec->rotate_every_ns && spec->rotate_every_ns < SMK_ROTATE_EVERY_MIN_NS)
        return smk_fail(SMK_E_INVALID, "rotate_every is %llu ns; allowed are 0 and at least 100ms",
                        (unsigned long long)spec->rotate_every_ns);
    return 0;
}

static struct smk_capture *make(const struct smk_capture_spec *spec)
{
    struct smk_capture *capture = smk_sys_map(sizeof *capture);
    if (!capture)
        return NULL;
    capture->spec = *spec;
    if (capture->spec.max_bytes == 0)
        capture->spec.max_bytes = SMK_MAX_BYTES_DEFAULT;
    if (spec->name)
        memcpy(capture->name, spec->name, strnlen(spec->name, SMK_CAPTURE_NAME_MAX - 1));
    if (spec->rule)
        memcpy(capture->rule, spec->rule, strnlen(spec->rule, SMK_CAPTURE_RULE_MAX - 1));
    if (spec->cause)
        memcpy(capture->cause, spec->cause, strnlen(spec->cause, SMK_CAPTURE_CAUSE_MAX - 1));
    capture->spec.name = capture->name;
    capture->spec.rule = capture->rule;
    capture->spec.cause = capture->cause;
    capture->number = spec->number;
    if (capture->number == 0)
        smk_sys_random(&capture->number, sizeof capture->number);
    capture->references = 2; /* the starter's and the list's */
    capture->started_unix = smk_sys_clock(CLOCK_REALTIME);
    return capture;
}

static void set_times(struct smk_capture *capture)
{
    const struct smk_capture_spec *spec = &capture->spec;
    uint64_t now = smk_sys_clock(CLOCK_MONOTONIC);
    uint64_t length = spec->kind == SMK_CAPTURE_SNAPSHOT ? spec->after_ns : spec->duration_ns;
    uint64_t before = smk_ns_to_ticks(spec->before_ns);
    capture->deadline = length && length < UINT64_MAX - now ? now + length : UINT64_MAX;
    capture->from = capture->armed;
    if (spec->kind == SMK_CAPTURE_SNAPSHOT)
        capture->from = before && before < capture->armed ? capture->armed - before : 0;
    if (spec->kind == SMK_CAPTURE_SNAPSHOT && !length)
        capture->ending = SMK_REASON_COMPLETE;
}

/* Under `lock`, and in the table. The first tick lies a little ahead, and is taken anew if that moment
 * passed before every thread saw the gate and the reader: so from its first tick on a capture is
 * complete, each event being in its file or in its count of losses. */
static void start_reading(struct smk_capture *capture)
{
    bool in_time = false;
    uint64_t ahead = AHEAD_NS;
    update_gate();
    if (capture->spec.kind == SMK_CAPTURE_SNAPSHOT && capture->spec.after_ns == 0) {
        capture->armed = smk_ticks(); /* of the past only */
        return;
    }
    for (; !in_time && ahead <= AHEAD_MAX_NS; ahead *= 4) {
        capture->armed = smk_ticks() + smk_ns_to_ticks(ahead);
        smk_reader_start(capture->reader, capture->armed);
        publish_gate();
        in_time = smk_ticks() < capture->armed;
    }
    if (capture->spec.kind != SMK_CAPTURE_SNAPSHOT)
        smk_store_relaxed(&capture->complete_from, in_time ? capture->armed : smk_ticks());
}

/* Beside the recorder a snapshot is no beginning: it takes what there is. */
static bool is_beginning(const struct smk_capture *capture)
{
    return capture->spec.kind != SMK_CAPTURE_SNAPSHOT || recorder == 0;
}

/* Under `lock`. */
static int enlist(struct smk_capture *capture)
{
    int slot = 0;
    while (slot < SMK_CAPTURES_MAX && running[slot])
        slot++;
    capture->reader = slot < SMK_CAPTURES_MAX ? smk_reader_add(capture->spec.categories) : -1;
    if (capture->reader < 0)
        return smk_fail(SMK_E_LIMIT, "%d captures are running already", SMK_CAPTURES_MAX);
    running[slot] = capture;
    version++;
    uint32_t back = is_beginning(capture) ? take_all_back() : 0;
    start_reading(capture);
    smk_gaps_end(back, smk_max_u64(capture->armed, capture->complete_from));
    set_times(capture);
    return 0;
}

/* What the caller does next is in the capture. */
static void wait_for_first_tick(const struct smk_capture *capture)
{
    for (uint64_t now = smk_ticks(); now < capture->armed; now = smk_ticks()) {
        uint64_t left = smk_ticks_to_ns(capture->armed - now);
        if (left > 2 * AHEAD_NS)
            smk_sys_sleep(left);
        else
            smk_cpu_pause();
    }
}

int smk_capture_begin(const struct smk_capture_spec *spec, struct smk_capture **out)
{
    int rc = check_spec(spec);
    if (rc == 0)
        rc = smk_core_ready();
    if (rc < 0)
        return rc;
    struct smk_capture *capture = make(spec);
    if (!capture)
        return smk_fail(SMK_E_NOMEM, "no memory for a capture");
    smk_clock_calibrate();
    smk_lock(&lock);
    rc = enlist(capture);
    smk_unlock(&lock);
    if (rc < 0) {
        smk_sys_unmap(capture, sizeof *capture);
        return rc;
    }
    smk_add_relaxed(&smk_stats.captures_started, 1);
    smk_writer_start(); /* without it the capture is written when it ends */
    smk_writer_wake();
    wait_for_first_tick(capture);
    *out = capture;
    return 0;
}

/* ---- ending ----------------------------------------------------------------------------------------------- */

void smk_capture_end(struct smk_capture *capture, enum smk_reason reason)
{
    uint32_t nobody = 0;
    if (smk_cas_acq_rel(&capture->ending, &nobody, reason)) /* pairs with: pass.c, close_gates */
        smk_writer_wake();
}

void smk_capture_close_gate(struct smk_capture *capture)
{
    smk_lock(&lock);
    if (capture->stopped == 0) {
        capture->stopped = capture->spec.end_tick ? capture->spec.end_tick : smk_ticks();
        if (capture->spec.kind != SMK_CAPTURE_SNAPSHOT)
            capture->stopped = smk_max_u64(capture->stopped, capture->armed);
        smk_reader_stop(capture->reader, capture->stopped);
        update_gate();
    }
    smk_unlock(&lock);
}

void smk_capture_done(struct smk_capture *capture, enum smk_reason reason)
{
    smk_capture_close_gate(capture);
    smk_lock(&lock);
    for (int i = 0; i < SMK_CAPTURES_MAX; i++)
        if (running[i] == capture)
            running[i] = NULL;
    smk_reader_remove(capture->reader);
    smk_unlock(&lock);
    bool good = reason != SMK_REASON_IO_ERROR && reason != SMK_REASON_NO_SPACE &&
                reason != SMK_REASON_SHED && reason != SMK_REASON_CALLBACK;
    smk_add_relaxed(good ? &smk_stats.captures_finished : &smk_stats.captures_failed, 1);
    smk_store_relaxed(&capture->reason, reason);
    smk_store_relaxed(&capture->ended_unix, smk_sys_clock(CLOCK_REALTIME));
    if (capture->spec.finished)
        capture->spec.finished(capture->spec.finished_arg, capture, reason);
    smk_capture_set_state(capture, SMK_CAPTURE_DONE);
    smk_capture_release(capture);
}

bool smk_capture_wait(struct smk_capture *capture, uint64_t ns)
{
    uint64_t until = smk_sys_clock(CLOCK_MONOTONIC) + ns;
    bool waits_for_itself = smk_writer_is_here();
    for (;;) {
        uint32_t state = smk_load_acquire(&capture->state);
        uint64_t now = smk_sys_clock(CLOCK_MONOTONIC);
        if (state == SMK_CAPTURE_DONE || now >= until || waits_for_itself)
            return state == SMK_CAPTURE_DONE;
        if (smk_writer_runs())
            smk_sys_futex_wait(&capture->state, state, until - now);
        else
            smk_writer_pass_here();
    }
}

void smk_captures_shutdown(uint64_t ns)
{
    struct smk_capture *list[SMK_CAPTURES_MAX];
    uint64_t until = smk_sys_clock(CLOCK_MONOTONIC) + ns;
    uint64_t as_of;
    int count = smk_captures_list(list, &as_of);
    for (int i = 0; i < count; i++)
        smk_capture_end(list[i], SMK_REASON_EXIT);
    for (int i = 0; i < count; i++) {
        uint64_t now = smk_sys_clock(CLOCK_MONOTONIC);
        smk_capture_wait(list[i], now < until ? until - now : 0);
        smk_capture_release(list[i]);
    }
}

/* ---- looking ---------------------------------------------------------------------------------------------- */

void smk_capture_get_progress(const struct smk_capture *capture, struct smk_capture_progress *progress)
{
    uint64_t complete = smk_load_relaxed(&capture->complete_from);
    uint64_t age = complete ? smk_ticks() - complete : 0;
    *progress = (struct smk_capture_progress){
        .state = (enum smk_capture_state)smk_load_acquire(&capture->state),
        .reason = (enum smk_reason)smk_load_relaxed(&capture->reason),
        .io_error = (int)smk_load_relaxed(&capture->io_error),
        .bytes = smk_load_relaxed(&capture->bytes),
        .events = smk_load_relaxed(&capture->events),
        .lost = smk_load_relaxed(&capture->lost),
        .segments = smk_load_relaxed(&capture->segments),
        .started_unix_ns = capture->started_unix,
        .ended_unix_ns = smk_load_relaxed(&capture->ended_unix),
        .complete_from_ns =
            complete ? smk_sys_clock(CLOCK_MONOTONIC) - smk_ticks_to_ns(age) : 0,
    };
}

/* ---- the flight recorder ------------------------------------------------------------------------------------ */

int smk_recorder_set(uint32_t categories)
{
    if (categories && smk_core_inert())
        return smk_fail(SMK_E_INERT, "stallmark is inert in this process: %s", smk_core_inert());
    int rc = categories ? smk_core_ready() : 0;
    if (rc < 0)
        return rc;
    smk_lock(&lock);
    bool begins = categories & ~recorder;
    uint32_t back = begins ? take_all_back() : 0;
    smk_store_relaxed(&recorder, categories);
    update_gate();
    publish_gate();
    smk_gaps_end(back, smk_ticks());
    smk_unlock(&lock);
    if (begins)
        smk_pool_note_incomplete_until(smk_ticks()); /* nothing of these was recorded before */
    if (categories)
        smk_writer_start();
    smk_writer_wake();
    return 0;
}

uint32_t smk_recorder_categories(void) { return smk_load_relaxed(&recorder); }

uint64_t smk_recorder_window_ns(void)
{
    uint64_t complete = smk_load_relaxed(&smk_pool.complete_from);
    return smk_recorder_categories() ? smk_ticks_to_ns(smk_ticks() - complete) : 0;
}

/* ---- fork ------------------------------------------------------------------------------------------------- */

/* The captures are the parent's, which goes on writing them. */
void smk_captures_reset_in_child(void)
{
    smk_lock_reset(&lock);
    memset(running, 0, sizeof running);
    recorder = shed = 0;
    smk_store_relaxed(&smk_gate, 0);
}
