#define _GNU_SOURCE
#include "core/pass.h"

#include <errno.h>

#include "base/errors.h"
#include "base/lock.h"
#include "base/sys.h"
#include "core/box.h"
#include "core/capture_state.h"
#include "core/clock.h"
#include "core/collect.h"
#include "core/cost.h"
#include "core/drain.h"
#include "core/gaps.h"
#include "core/init.h"
#include "core/losses.h"
#include "core/pool.h"
#include "core/readers.h"
#include "core/record.h"
#include "core/segment.h"
#include "core/shed.h"
#include "core/stats.h"
#include "core/table.h"

#define BATCH_BYTES      (UINT64_C(8) << 20)
#define PASSES_IN_A_ROW  64       /* of a buffer that fills as fast as we empty it */
#define SLEEP_MIN_NS     5000000u /* between passes under load … */
#define SLEEP_MAX_NS     100000000u /* … and without */
#define TIDY_EVERY_NS    1000000000u
/* How long a capture that ends waits for a thread that lost its CPU in the middle of a record. */
#define SETTLE_NS 500000000u

static struct {
    bool ready; /* memory is there */
    bool failed;
    struct smk_encoder encoder;
    struct smk_compressor compressor;
    struct smk_batch batch;
    struct smk_segment_tools tools;
    uint64_t sleep_ns;
    uint64_t last_tidy;     /* CLOCK_MONOTONIC ns */
    uint64_t last_count;    /* captures in the last pass */
    uint64_t gaps_seen;     /* smk_gaps_version in it */
    bool once;              /* this pass did what is done once a capture: its tables, a snapshot's copy */
} writer;                /* of one pass at a time: writer.c holds the lock */

/* ---- memory ----------------------------------------------------------------------------------------------- */

static bool make_ready(void)
{
    if (writer.ready || writer.failed)
        return writer.ready;
    smk_clock_calibrate();
    uint8_t *scratch = smk_sys_map(SMK_TABLE_ROOM);
    if (!scratch || smk_encoder_init(&writer.encoder, smk_clock_epoch(), smk_clock_shift()) < 0 ||
        smk_compressor_init(&writer.compressor) < 0 ||
        smk_batch_init(&writer.batch, BATCH_BYTES) < 0) {
        writer.failed = true;
        return false;
    }
    writer.tools = (struct smk_segment_tools){&writer.encoder, scratch};
    writer.sleep_ns = SLEEP_MAX_NS;
    smk_cost_measure();
    return writer.ready = true;
}

/* Of a thread that has ended: its first event that we see. */
static uint64_t started_of(const struct smk_piece *piece)
{
    return piece->started ? piece->started
                          : writer.encoder.epoch + (writer.encoder.first << writer.encoder.shift);
}

/* ---- events ------------------------------------------------------------------------------------------------- */

static void rotate_if_due(struct smk_capture *capture)
{
    const struct smk_capture_spec *spec = &capture->spec;
    uint64_t now = smk_sys_clock(CLOCK_MONOTONIC);
    uint64_t size = capture->output.segment.bytes + smk_output_tail(&capture->output);
    bool due = (spec->rotate_bytes && size >= spec->rotate_bytes) ||
               (spec->rotate_every_ns && now - capture->segment_started >= spec->rotate_every_ns);
    if (!due || capture->finishing || capture->waits_to_end || capture->output.error)
        return;
    smk_segment_end(&writer.tools, capture, SMK_REASON_RUNNING);
    if (!capture->output.error) /* else what there is of this one is ended later */
        smk_segment_begin(&writer.tools, capture);
}

/* The events that the encoder holds go out as a chunk, or count as lost. */
static void put_chunk(struct smk_capture *capture, const struct smk_piece *piece)
{
    struct smk_encoder *encoder = &writer.encoder;
    struct smk_output_chunk chunk = {.kind = SMK_CHUNK_EVENTS,
                                     .count = encoder->events,
                                     .tid = piece->tid,
                                     .thread = piece->serial,
                                     .first = encoder->first,
                                     .last = encoder->last,
                                     .payload = encoder->plain};
    chunk.len = smk_encoder_finish(encoder);
    smk_segment_put_thread(&writer.tools, capture, piece->serial, piece->tid, piece->name,
                           started_of(piece));
    smk_segment_put_refs(&writer.tools, capture);
    if (!smk_output_put(&capture->output, &chunk))
        smk_capture_add_loss(capture, piece->serial, piece->tid, encoder->events);
    else if (!capture->output.error)
        return;
    capture->over = true;
}

static void flush_chunk(struct smk_capture *capture, const struct smk_piece *piece)
{
    struct smk_encoder *encoder = &writer.encoder;
    if (encoder->broken)
        smk_capture_add_loss(capture, piece->serial, piece->tid, encoder->events);
    else if (encoder->events > 0)
        put_chunk(capture, piece);
    smk_encoder_discard(encoder);
    rotate_if_due(capture);
}

static void encode_piece(struct smk_capture *capture, const struct smk_piece *piece, bool whole)
{
    uint32_t at = whole ? 0 : piece->fresh;
    while (at + 16 <= piece->len) {
        const uint64_t *record = (const uint64_t *)(piece->data + at);
        uint32_t size = smk_record_words(record[0]) * 8;
        if (size < 16 || at + size > piece->len) {
            smk_add_relaxed(&smk_stats.records_torn, 1);
            return;
        }
        at += size;
        if (!smk_capture_wants(capture, record))
            continue;
        if (capture->over) /* the file is full, or broken */
            smk_capture_add_loss(capture, piece->serial, piece->tid, 1);
        else if (!smk_encoder_add(&writer.encoder, record, &capture->refs)) {
            flush_chunk(capture, piece);
            smk_encoder_add(&writer.encoder, record, &capture->refs);
        }
    }
}

/* The batch is in order of threads: one thread's pieces make its chunks. */
static void encode_batch(struct smk_capture *capture, const struct smk_batch *batch, bool whole)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        encode_piece(capture, &batch->pieces[i], whole);
        if (i + 1 == batch->count || batch->pieces[i + 1].serial != batch->pieces[i].serial)
            flush_chunk(capture, &batch->pieces[i]);
    }
    if (writer.encoder.broken) {
        writer.encoder.broken = false;
        smk_capture_end(capture, SMK_REASON_SHED);
    }
}

/* ---- rotation and bounds -------------------------------------------------------------------------------------- */

static enum smk_reason reason_of_error(int error)
{
    switch (-error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return SMK_REASON_NO_SPACE;
    case ECANCELED:
        return SMK_REASON_CALLBACK;
    case ENOMEM:
        return SMK_REASON_SHED;
    default:
        return SMK_REASON_IO_ERROR;
    }
}

static void check_bounds(struct smk_capture *capture)
{
    if (capture->over && !capture->output.error)
        smk_capture_end(capture, SMK_REASON_MAX_BYTES);
    if (smk_sys_clock(CLOCK_MONOTONIC) >= capture->deadline)
        smk_capture_end(capture, capture->spec.kind == SMK_CAPTURE_SNAPSHOT ? SMK_REASON_COMPLETE
                                                                            : SMK_REASON_TIMER);
    if (capture->output.error) {
        smk_store_relaxed(&capture->io_error, (uint32_t)-capture->output.error);
        smk_capture_end(capture, reason_of_error(capture->output.error));
    }
}

static void note_progress(struct smk_capture *capture)
{
    smk_store_relaxed(&capture->bytes, capture->output.bytes);
    smk_store_relaxed(&capture->events, capture->output.events);
    smk_store_relaxed(&capture->lost, smk_capture_total_lost(capture));
}

/* The captures that run, for functions that visit threads. */
struct running {
    struct smk_capture *const *list;
    int count;
};

/* Its serial first: who counts a loss from now on counts it elsewhere, and what was counted until now is
 * this thread's. */
static bool recycle_if_exited(struct smk_thread *t, void *arg)
{
    const struct running *running = arg;
    if (smk_load_acquire(&t->state) != SMK_THREAD_EXITED) /* pairs with: thread_ended */
        return true;
    uint32_t serial = smk_load_relaxed(&t->serial);
    smk_store_release(&t->serial, 0); /* pairs with: smk_readers_count_loss */
    for (int i = 0; i < running->count; i++)
        smk_capture_collect_thread(running->list[i], t, serial);
    smk_thread_recycle(t);
    return true;
}

/* ---- the life of a capture ------------------------------------------------------------------------------------ */

static void begin_capture(struct smk_capture *capture)
{
    if (smk_output_init(&capture->output, capture->spec.sink, capture->spec.sink_arg,
                        &writer.compressor) < 0)
        smk_capture_end(capture, SMK_REASON_SHED);
    capture->output.process = smk_process_id();
    capture->output.capture = capture->number;
    capture->output.limit = capture->spec.max_bytes;
    if (capture->spec.kind != SMK_CAPTURE_SNAPSHOT) {
        smk_cost_read(&capture->cost);
        capture->cost_known = true;
    }
    smk_collect_begin(capture);
    smk_segment_begin(&writer.tools, capture);
    smk_output_flush(&capture->output);
    smk_capture_set_state(capture, SMK_CAPTURE_RECORDING);
}

static void finish_capture(struct smk_capture *capture)
{
    enum smk_reason reason = (enum smk_reason)smk_load_acquire(&capture->ending);
    if (capture->no_memory)
        reason = SMK_REASON_SHED;
    smk_drain_settle_losses(SETTLE_NS); /* who is counting what it recycled has done so now */
    smk_capture_collect_losses(capture);
    if (!capture->output.error)
        smk_segment_end(&writer.tools, capture, reason);
    if (capture->output.error) {
        smk_store_relaxed(&capture->io_error, (uint32_t)-capture->output.error);
        reason = reason_of_error(capture->output.error);
        capture->loss_rest += smk_output_untaken(&capture->output);
        smk_output_give_up(&capture->output, reason, smk_capture_total_lost(capture));
    }
    note_progress(capture);
    smk_add_relaxed(&smk_stats.bytes_written, capture->output.bytes);
    smk_add_relaxed(&smk_stats.events_written, capture->output.events);
    smk_output_free(&capture->output);
    smk_capture_done(capture, reason);
}

/* ---- a pass --------------------------------------------------------------------------------------------------- */

static uint64_t earliest_wanted(struct smk_capture *const *list, int count)
{
    uint64_t earliest = UINT64_MAX;
    for (int i = 0; i < count; i++)
        earliest = smk_min_u64(earliest, list[i]->armed);
    return earliest;
}

static void give_to_captures(struct smk_capture *const *list, int count, const struct smk_batch *batch,
                             bool retained)
{
    for (int i = 0; i < count; i++) {
        struct smk_capture *capture = list[i];
        bool snapshot = capture->spec.kind == SMK_CAPTURE_SNAPSHOT && !capture->retained_done;
        if (snapshot && !retained)
            continue;
        encode_batch(capture, batch, snapshot);
        capture->retained_done = true;
        check_bounds(capture);
        rotate_if_due(capture);
    }
}

/* A snapshot begins with the oldest event that was still there. */
static void narrow_to_batch(struct smk_capture *capture, const struct smk_batch *batch)
{
    uint64_t earliest = capture->armed;
    for (uint32_t i = 0; i < batch->count; i++)
        earliest = smk_min_u64(earliest, ((const uint64_t *)batch->pieces[i].data)[1]);
    capture->from = smk_max_u64(capture->from, earliest);
}

/* Under memory pressure a snapshot is less than the buffer: what it lacks counts as lost, and is told. */
static void count_left_out(void *arg, const struct smk_piece *piece)
{
    const struct running *running = arg;
    for (int i = 0; i < running->count; i++)
        if (!running->list[i]->retained_done)
            smk_capture_leave_out(running->list[i], piece);
}

/* A snapshot wants all that the buffer holds; what of it is new goes to the others as well. False: the
 * list is not the current one. */
static bool copy_retained(struct smk_capture *const *list, int count, uint64_t as_of)
{
    struct smk_batch whole;
    struct running running = {list, count};
    if (smk_batch_init(&whole, smk_pool_bytes()) < 0) {
        for (int i = 0; i < count; i++) {
            list[i]->no_memory |= !list[i]->retained_done;
            if (!list[i]->retained_done)
                smk_capture_end(list[i], SMK_REASON_SHED);
        }
        return true;
    }
    whole.left_out = count_left_out;
    whole.left_out_arg = &running;
    bool current = smk_captures_copy(as_of, smk_drain_retained, &whole);
    uint64_t complete = smk_load_relaxed(&smk_pool.complete_from);
    for (int i = 0; current && i < count; i++) {
        if (list[i]->spec.kind != SMK_CAPTURE_SNAPSHOT || list[i]->retained_done)
            continue;
        narrow_to_batch(list[i], &whole);
        smk_store_relaxed(&list[i]->complete_from, smk_max_u64(complete, list[i]->from));
        list[i]->cost_known = smk_cost_at(list[i]->from, &list[i]->cost);
    }
    if (current)
        give_to_captures(list, count, &whole, true);
    smk_batch_free(&whole);
    return current;
}

/* Told to end, by somebody or by its own bounds: it does in the next pass, which comes at once. */
static bool one_ends(struct smk_capture *const *list, int count)
{
    for (int i = 0; i < count; i++)
        if (!list[i]->finishing && !list[i]->waits_to_end && smk_load_relaxed(&list[i]->ending) != 0)
            return true;
    return false;
}

/* How a pass copies. */
struct how {
    bool settled;    /* no thread was seen in the middle of a record */
    bool everything; /* also what threads are still writing */
};

/* Again and again while there is more than a batch holds, and nobody waits for an end. */
static bool copy_new(struct smk_capture *const *list, int count, uint64_t as_of, bool everything, uint64_t *drained)
{
    bool current = true, full = true;
    writer.batch.closed_only = !everything;
    for (int pass = 0; current && full && pass < PASSES_IN_A_ROW; pass++) {
        current = smk_captures_copy(as_of, smk_drain_new, &writer.batch);
        *drained += writer.batch.bytes;
        give_to_captures(list, current ? count : 0, &writer.batch, false);
        full = writer.batch.full && !one_ends(list, count);
        smk_batch_clear(&writer.batch);
        smk_shed_look(); /* in a storm a pass takes seconds */
    }
    return current;
}

/* For a capture that ends: all that is new in one copy, however much that is, since while others go on
 * the buffer may fill as fast as it is emptied. */
static bool copy_rest(struct smk_capture *const *list, int count, uint64_t as_of, bool past_holes)
{
    struct smk_batch rest;
    if (smk_batch_init(&rest, smk_pool_bytes()) < 0)
        return copy_new(list, count, as_of, true, &(uint64_t){0});
    rest.past_holes = past_holes;
    bool current = smk_captures_copy(as_of, smk_drain_new, &rest);
    if (current)
        give_to_captures(list, count, &rest, false);
    smk_batch_free(&rest);
    return current;
}

/* False: a capture has begun since the list was made, so that nothing more may be copied for this one. */
static bool drain_for(struct smk_capture *const *list, int count, uint64_t as_of, struct how how,
                      uint64_t *drained)
{
    bool snapshot = false, finishing = false;
    smk_drain_skip_before(earliest_wanted(list, count));
    for (int i = 0; i < count; i++) {
        list[i]->retained_done |= list[i]->spec.kind != SMK_CAPTURE_SNAPSHOT;
        snapshot |= !list[i]->retained_done;
        finishing |= list[i]->finishing;
    }
    writer.once |= snapshot || finishing;
    if (snapshot && !copy_retained(list, count, as_of))
        return false;
    if (finishing)
        return copy_rest(list, count, as_of, !how.settled);
    return copy_new(list, count, as_of, how.everything, drained);
}

static void give_pieces(struct smk_capture *capture, const struct smk_batch *batch)
{
    encode_batch(capture, batch, true);
    check_bounds(capture);
}

/* A module that comes and goes while a capture runs is told at once: at its end nobody knows it. */
static void refresh_sources(struct smk_capture *const *list, int count)
{
    const struct smk_source_calls *sources = smk_core_sources();
    uint64_t modules = sources && sources->refresh ? sources->refresh() : 0;
    smk_box_look(modules);
    for (int i = 0; i < count && modules; i++)
        if (smk_load_acquire(&list[i]->state) == SMK_CAPTURE_RECORDING && list[i]->modules_seen)
            smk_segment_put_modules(&writer.tools, list[i], modules);
}

static bool tidy_is_due(uint64_t now) { return now - writer.last_tidy >= TIDY_EVERY_NS; }

/* Idle threads' sub-buffers are taken in the same pass in which all is copied: none has then what a capture
 * still misses. */
static void tidy(uint64_t now)
{
    if (!tidy_is_due(now))
        return;
    writer.last_tidy = now;
    smk_clock_sample();
    if (smk_pool_ready())
        smk_drain_steal_idle();
}

static bool may_end(const struct smk_capture *capture, enum smk_reason reason)
{
    return !capture->spec.may_end || capture->spec.may_end(capture->spec.finished_arg, reason);
}

/* The captures that end with this pass: their gate closes before it, so that it sees all of theirs. False:
 * some thread is in the middle of a record, and has been for long. */
static bool close_gates(struct smk_capture *const *list, int count)
{
    bool any = false;
    for (int i = 0; i < count; i++) {
        enum smk_reason reason = (enum smk_reason)smk_load_acquire(&list[i]->ending);
        if (reason != SMK_REASON_RUNNING) {
            smk_capture_close_gate(list[i]);
            smk_capture_set_state(list[i], SMK_CAPTURE_FINISHING);
            list[i]->finishing = may_end(list[i], reason);
            list[i]->waits_to_end = !list[i]->finishing;
        }
        any |= list[i]->finishing;
    }
    return !any || smk_drain_settle(SETTLE_NS);
}

/* Each pass of a thread is a chunk, with its header, its directory of columns and what zstd cannot know yet:
 * of a thread that records a little a tenth of a second is hardly more than that. So what threads are still
 * writing, less than a sub-buffer each, is copied once a second, or when somebody waits for it. */
static bool everything_is_due(struct smk_capture *const *list, int count, uint64_t now)
{
    bool due = tidy_is_due(now) || writer.last_count != (uint64_t)count || writer.gaps_seen != smk_gaps_version();
    for (int i = 0; i < count; i++) {
        const struct smk_capture *capture = list[i];
        due |= capture->finishing || !capture->retained_done || !capture->kept_done ||
               now - capture->segment_started < TIDY_EVERY_NS ||
               (capture->spec.rotate_every_ns && now - capture->segment_started >= capture->spec.rotate_every_ns);
    }
    writer.last_count = (uint64_t)count;
    writer.gaps_seen = smk_gaps_version();
    return due;
}

static void run_captures(struct smk_capture *const *list, int count, uint64_t as_of, uint64_t now)
{
    struct running running = {list, count};
    uint64_t drained = 0;
    for (int i = 0; i < count; i++)
        if (smk_load_acquire(&list[i]->state) == SMK_CAPTURE_STARTING) {
            begin_capture(list[i]);
            writer.once = true;
        }
    struct how how = {.settled = close_gates(list, count)};
    how.everything = everything_is_due(list, count, now);
    if (!drain_for(list, count, as_of, how, &drained) ||
        (how.everything && !smk_collect_for(list, count, as_of, give_pieces)))
        for (int i = 0; i < count; i++)
            list[i]->finishing = false; /* in the next pass, which comes at once */
    writer.sleep_ns = drained > smk_pool_bytes() / 64 ? SLEEP_MIN_NS : SLEEP_MAX_NS;
    for (int i = 0; i < count; i++)
        smk_capture_collect_losses(list[i]);
    smk_threads_each(recycle_if_exited, &running);
    for (int i = 0; i < count; i++) {
        smk_segment_put_clock(&writer.tools, list[i]);
        smk_segment_put_gaps(&writer.tools, list[i]);
        smk_output_flush(&list[i]->output);
        check_bounds(list[i]);
        note_progress(list[i]);
    }
}

/* Until the next pass is due, or the first of the captures' own timers. */
static uint64_t time_to_sleep(uint64_t first_deadline)
{
    uint64_t now = smk_sys_clock(CLOCK_MONOTONIC);
    uint64_t left = first_deadline > now ? first_deadline - now : 0;
    return smk_min_u64(writer.sleep_ns, left);
}

uint64_t smk_pass(void)
{
    struct smk_capture *list[SMK_CAPTURES_MAX];
    uint64_t cpu = smk_sys_clock(CLOCK_THREAD_CPUTIME_ID), now = smk_sys_clock(CLOCK_MONOTONIC);
    uint64_t as_of;
    int count = smk_captures_list(list, &as_of);
    bool ready = count == 0 || make_ready();
    writer.once = false;
    if (count > 0 && ready)
        run_captures(list, count, as_of, now);
    if (count == 0)
        smk_collect_for(NULL, 0, as_of, give_pieces);
    if (count > 0 || smk_recorder_categories()) {
        refresh_sources(list, ready ? count : 0);
        tidy(now);
        smk_shed_look();
    }
    cpu = smk_sys_clock(CLOCK_THREAD_CPUTIME_ID) - cpu;
    smk_add_relaxed(&smk_stats.writer_cpu_ns, cpu);
    if (!writer.once)
        smk_shed_charge(cpu);
    bool again = false;
    uint64_t deadline = UINT64_MAX;
    for (int i = 0; i < count; i++) {
        if (!list[i]->waits_to_end)
            deadline = smk_min_u64(deadline, list[i]->deadline);
        list[i]->writer_cpu += cpu / (uint64_t)count;
        if (!ready)
            smk_capture_done(list[i], SMK_REASON_SHED);
        else if (list[i]->finishing)
            finish_capture(list[i]);
        again |= smk_load_relaxed(&list[i]->ending) != 0 && !list[i]->finishing && !list[i]->waits_to_end;
        smk_capture_release(list[i]);
    }
    if (!smk_readers_any()) {
        struct running nobody = {NULL, 0};
        smk_threads_each(recycle_if_exited, &nobody);
    }
    if (again)
        return 0;
    return count ? time_to_sleep(deadline)
                 : smk_recorder_categories() ? TIDY_EVERY_NS : UINT64_MAX;
}

void smk_pass_reset_in_child(void)
{
    if (!writer.ready)
        return;
    smk_encoder_discard(&writer.encoder);
    smk_batch_clear(&writer.batch);
}
