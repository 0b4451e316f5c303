#include "core/drain.h"

#include <string.h>

#include "base/errors.h"
#include "base/sort.h"
#include "base/sys.h"
#include "core/clock.h"
#include "core/pool.h"
#include "core/record.h"

#define BLOCK_SIZE (1u << 20)

static uint64_t skip_before; /* ticks */
static uint64_t cursor; /* position in smk_pool.closed; all before it is consumed or was recycled */

/* What each slot's sub-buffer looked like when we last saw it change; by number of the slot. */
struct seen {
    uint64_t state, committed, since;
    struct smk_thread *thread;
    uint32_t index;
};

static struct seen *seen;
static uint32_t seen_count;
static uint32_t candidates;

/* ---- batches ------------------------------------------------------------------------------------------ */

int smk_batch_init(struct smk_batch *batch, uint64_t bytes)
{
    /* A piece may leave the end of a block unused. */
    uint32_t blocks = (uint32_t)(bytes / (BLOCK_SIZE - SMK_SUB_SIZE)) + 2;
    uint32_t pieces = (uint32_t)(bytes / SMK_SUB_SIZE) + SMK_THREADS_DEFAULT;
    memset(batch, 0, sizeof *batch);
    batch->blocks = smk_sys_map(blocks * sizeof *batch->blocks);
    batch->pieces = smk_sys_map(pieces * sizeof *batch->pieces);
    if (!batch->blocks || !batch->pieces) {
        smk_batch_free(batch);
        return smk_fail(SMK_E_NOMEM, "no memory to copy %llu bytes of the buffer",
                        (unsigned long long)bytes);
    }
    batch->limit = bytes;
    batch->block_limit = blocks;
    batch->capacity = pieces;
    return 0;
}

/* Taken off the list before it is unmapped: a fork may come between, and its child clears the batch too. */
static void drop_blocks(struct smk_batch *batch, uint32_t down_to)
{
    while (batch->block_count > down_to) {
        uint8_t *block = batch->blocks[batch->block_count - 1];
        smk_store_relaxed(&batch->block_count, batch->block_count - 1);
        smk_signal_fence();
        smk_sys_unmap(block, BLOCK_SIZE);
    }
}

void smk_batch_clear(struct smk_batch *batch)
{
    drop_blocks(batch, 1);
    batch->block_used = 0;
    batch->count = 0;
    batch->bytes = 0;
    batch->full = false;
}

void smk_batch_free(struct smk_batch *batch)
{
    drop_blocks(batch, 0);
    if (batch->blocks)
        smk_sys_unmap(batch->blocks, batch->block_limit * sizeof *batch->blocks);
    if (batch->pieces)
        smk_sys_unmap(batch->pieces, batch->capacity * sizeof *batch->pieces);
    memset(batch, 0, sizeof *batch);
}

static uint8_t *batch_room(struct smk_batch *batch, uint32_t len)
{
    if (batch->block_count == 0 || batch->block_used + len > BLOCK_SIZE) {
        if (batch->block_count == batch->block_limit)
            return NULL;
        uint8_t *block = smk_sys_map(BLOCK_SIZE);
        if (!block)
            return NULL;
        smk_sys_prefault(block, BLOCK_SIZE);
        batch->blocks[batch->block_count] = block;
        smk_signal_fence(); /* as in drop_blocks */
        smk_store_relaxed(&batch->block_count, batch->block_count + 1);
        batch->block_used = 0;
    }
    uint8_t *room = batch->blocks[batch->block_count - 1] + batch->block_used;
    batch->block_used += (uint32_t)smk_align_up(len, 8);
    return room;
}

static uint64_t started_of(const struct smk_sub *sub)
{
    bool same = sub->owner && smk_load_relaxed(&sub->owner->serial) == sub->serial;
    return same ? smk_load_relaxed(&sub->owner->started) : 0;
}

/* Once something was left out, all that follows is: what a reader counts as lost is then in one piece. */
static bool is_out_of_room(const struct smk_batch *batch)
{
    return batch->count == batch->capacity || (batch->full && batch->left_out);
}

static struct smk_piece piece_of(uint32_t index, uint32_t from, uint32_t to, const char *name)
{
    const struct smk_sub *sub = &smk_pool.subs[index];
    struct smk_piece piece = {.data = smk_sub_memory(index) + from,
                              .len = to - from,
                              .fresh = smk_min_u64(smk_max_u64(sub->consumed, from), to) - from,
                              .serial = sub->serial,
                              .tid = sub->tid,
                              .started = started_of(sub),
                              .ordinal = sub->ordinal,
                              .offset = from};
    memcpy(piece.name, name, sizeof piece.name);
    return piece;
}

/* False when the batch has no room: the sub-buffer stays as it is. */
static bool batch_add(struct smk_batch *batch, uint32_t index, uint32_t from, uint32_t to,
                      const char *name)
{
    if (from == to)
        return true;
    uint8_t *room = is_out_of_room(batch) ? NULL : batch_room(batch, to - from);
    if (!room)
        return false;
    struct smk_piece *piece = &batch->pieces[batch->count++];
    *piece = piece_of(index, from, to, name);
    memcpy(room, piece->data, to - from);
    piece->data = room;
    batch->bytes += to - from;
    return true;
}

static bool piece_before(const void *a, const void *b)
{
    const struct smk_piece *x = a, *y = b;
    if (x->serial != y->serial)
        return x->serial < y->serial;
    if (x->ordinal != y->ordinal)
        return x->ordinal < y->ordinal;
    return x->offset < y->offset;
}

/* ---- sub-buffers -------------------------------------------------------------------------------------- */

/* Takes hold of a sub-buffer whose state word is `state`; nobody recycles or frees it until
 * smk_pool_end_reading. */
static bool begin_reading(struct smk_sub *sub, uint64_t state)
{
    /* pairs with: close_sub and take_closed in pool.c */
    return smk_cas_acq_rel(&sub->state, &state, state | SMK_SUB_READING);
}

/* Copies the finished records in [from, to). Stops before one that is not finished, unless holes are to
 * be passed over: behind a hole at the very end nothing stands, so it stays for another time. *done is
 * where it stopped; false when the batch had no room. */
static bool copy_records(struct smk_batch *batch, uint32_t index, uint32_t from, uint32_t to,
                         bool past_holes, const char *name, uint32_t *done)
{
    const uint8_t *memory = smk_sub_memory(index);
    for (;;) {
        uint32_t end = smk_records_end(memory, from, to);
        bool ok = batch_add(batch, index, from, end, name);
        uint32_t next = ok && past_holes && end < to ? smk_records_after_hole(memory, end, to) : to;
        *done = ok ? end : from;
        if (next == to)
            return ok;
        from = next;
    }
}

/* What copy_records had no room for. True: somebody was told, and the copy goes on without it. */
static bool leave_out(struct smk_batch *batch, uint32_t index, uint32_t from, uint32_t to, const char *name)
{
    if (!batch->left_out)
        return false;
    struct smk_piece piece = piece_of(index, from, to, name);
    batch->full = true;
    batch->left_out(batch->left_out_arg, &piece);
    return true;
}

/* What was copied for the captures does not go back when a later copy, of all for a snapshot, had no
 * room for as much. */
static void note_consumed(struct smk_sub *sub, uint32_t done)
{
    if (done > sub->consumed)
        sub->consumed = done;
}

static bool copy_closed(struct smk_batch *batch, uint64_t pos, uint32_t index, bool whole)
{
    struct smk_sub *sub = &smk_pool.subs[index];
    if (!begin_reading(sub, pos << SMK_SUB_POS_SHIFT | SMK_SUB_CLOSED))
        return true; /* recycled: counted by who did it */
    uint32_t used = smk_load_relaxed(&sub->used);
    uint32_t done = used;
    bool ok = true;
    if (whole || sub->last >= skip_before)
        ok = copy_records(batch, index, whole ? 0 : sub->consumed, used, true, sub->name, &done);
    note_consumed(sub, ok ? used : done);
    if (!ok)
        ok = leave_out(batch, index, done, used, sub->name);
    smk_pool_end_reading(index);
    return ok;
}

struct copy_open {
    struct smk_batch *batch;
    bool whole;
};

/* The owner goes on writing meanwhile, and may close the sub-buffer: what is finished stays where it is
 * until smk_pool_end_reading. */
static bool copy_open(struct smk_thread *t, void *arg)
{
    const struct copy_open *copy = arg;
    char name[SMK_NAME_MAX];
    uint32_t index = smk_load_acquire(&t->sub); /* pairs with: open_sub in pool.c */
    uint64_t state = smk_load_acquire(&t->sub_state);
    if (index == SMK_NO_SUB || !begin_reading(&smk_pool.subs[index], state))
        return true;
    struct smk_sub *sub = &smk_pool.subs[index];
    smk_name_load(&t->name, name);
    uint32_t done;
    if (!copy_records(copy->batch, index, copy->whole ? 0 : sub->consumed, SMK_SUB_SIZE,
                      copy->batch->past_holes, name, &done) &&
        !leave_out(copy->batch, index, done, SMK_SUB_SIZE, name))
        copy->batch->full = true;
    note_consumed(sub, done);
    smk_pool_end_reading(index);
    return true;
}

/* From `from` to the end of the queue. Returns the first position that must be visited again. */
static uint64_t copy_queue(struct smk_batch *batch, uint64_t from, bool whole)
{
    uint64_t tail = smk_load_acquire(&smk_pool.closed.tail);
    uint64_t again = tail;
    for (uint64_t pos = from; pos < tail; pos++) {
        uint32_t index;
        enum smk_peek peek = smk_ring_peek(&smk_pool.closed, pos, &index);
        bool done = peek == SMK_PEEK_TAKEN;
        if (peek == SMK_PEEK_VALUE) {
            done = copy_closed(batch, pos, index, whole);
            if (!done) {
                batch->full = true;
                return pos < again ? pos : again;
            }
        }
        if (!done && pos < again)
            again = pos; /* its owner is just publishing it */
    }
    return again;
}

/* Open ones before closed ones: whatever a thread closed before it opened the one that we see is then
 * in the queue by the time we walk it, so a thread's records never overtake each other. */
static void copy_all(struct smk_batch *batch, uint64_t from, bool whole)
{
    struct copy_open copy = {batch, whole};
    smk_threads_each(copy_open, &copy);
    cursor = copy_queue(batch, from, whole);
    smk_sort(batch->pieces, batch->count, sizeof *batch->pieces, piece_before);
}

void smk_drain_skip_before(uint64_t tick) { skip_before = tick; }

void smk_drain_reset_in_child(void)
{
    cursor = skip_before = 0;
    if (seen)
        smk_sys_discard(seen, SMK_THREADS_DEFAULT * sizeof *seen);
}

void smk_drain_new(struct smk_batch *batch)
{
    uint32_t waiting, total;
    smk_drain_backlog(&waiting, &total);
    if (batch->closed_only) {
        cursor = copy_queue(batch, cursor, false);
        smk_sort(batch->pieces, batch->count, sizeof *batch->pieces, piece_before);
        return;
    }
    /* While there is more than a batch holds, only closed ones: they are in order by themselves. */
    if ((uint64_t)waiting * SMK_SUB_SIZE > batch->limit) {
        cursor = copy_queue(batch, cursor, false);
        batch->full = true;
        smk_sort(batch->pieces, batch->count, sizeof *batch->pieces, piece_before);
        return;
    }
    copy_all(batch, cursor, false);
}

void smk_drain_retained(struct smk_batch *batch)
{
    copy_all(batch, smk_load_acquire(&smk_pool.closed.head), true);
}

void smk_drain_backlog(uint32_t *waiting, uint32_t *total)
{
    uint64_t head = smk_load_relaxed(&smk_pool.closed.head);
    uint64_t tail = smk_load_relaxed(&smk_pool.closed.tail);
    *waiting = (uint32_t)(tail - smk_max_u64(head, cursor));
    *total = smk_pool.count;
}

/* ---- settling ------------------------------------------------------------------------------------------ */

static bool is_settled(struct smk_thread *t, bool records)
{
    if (smk_load_relaxed(&t->state) != SMK_THREAD_LIVE)
        return true;
    if (smk_load_acquire(&t->in_slow)) /* pairs with: smk_pool_reserve_slow */
        return false;
    if (!records)
        return true;
    uint64_t committed = smk_load_acquire(&t->committed); /* pairs with: smk_commit */
    return smk_load_acquire(&t->cur) == committed;
}

struct settle {
    uint64_t until;
    bool records, all;
};

/* Once is enough: what the thread begins after that is not what we wait for. */
static bool settle_thread(struct smk_thread *t, void *arg)
{
    struct settle *settle = arg;
    for (unsigned tries = 0; !is_settled(t, settle->records); tries++) {
        if (smk_sys_clock(CLOCK_MONOTONIC) > settle->until) {
            settle->all = false;
            break;
        }
        if (tries < 100)
            smk_cpu_pause();
        else
            smk_sys_sleep(50000);
    }
    return true;
}

static bool settle_all(uint64_t ns, bool records)
{
    struct settle settle = {smk_sys_clock(CLOCK_MONOTONIC) + ns, records, true};
    /* After the barrier each reservation that was made before it is visible here. */
    if (smk_sys_barrier() < 0)
        smk_sys_sleep(1000000);
    smk_threads_each(settle_thread, &settle);
    return settle.all;
}

bool smk_drain_settle(uint64_t ns) { return settle_all(ns, true); }
bool smk_drain_settle_losses(uint64_t ns) { return settle_all(ns, false); }

/* ---- idle threads -------------------------------------------------------------------------------------- */

static bool look_for_idle(struct smk_thread *t, void *arg)
{
    uint64_t oldest = *(uint64_t *)arg;
    if (!seen || seen_count >= SMK_THREADS_DEFAULT)
        return false;
    struct seen *s = &seen[seen_count++];
    if (smk_load_acquire(&t->state) != SMK_THREAD_LIVE) { /* pairs with: smk_thread_register */
        s->index = SMK_NO_SUB;
        return true;
    }
    uint64_t state = smk_load_acquire(&t->sub_state);
    uint64_t committed = smk_load_acquire(&t->committed);
    uint32_t index = smk_load_acquire(&t->sub);
    if (s->thread != t || s->state != state || s->committed != committed || s->index != index) {
        *s = (struct seen){state, committed, smk_ticks(), t, index};
        return true;
    }
    if (index != SMK_NO_SUB && s->since < oldest && smk_load_relaxed(&t->end) != 0) {
        smk_store_relaxed(&t->end, 0); /* pairs with: smk_reserve, through the barrier */
        candidates++;
    }
    return true;
}

static uint64_t oldest_closed(void)
{
    uint64_t head = smk_load_acquire(&smk_pool.closed.head);
    uint32_t index;
    if (smk_ring_peek(&smk_pool.closed, head, &index) != SMK_PEEK_VALUE)
        return 0;
    return smk_load_relaxed(&smk_pool.complete_from);
}

void smk_drain_steal_idle(void)
{
    smk_pool_reclaim(smk_ticks());
    uint64_t free_ones = smk_load_relaxed(&smk_pool.free_ring.tail) -
                         smk_load_relaxed(&smk_pool.free_ring.head);
    uint64_t oldest = oldest_closed();
    if (!seen)
        seen = smk_sys_map(SMK_THREADS_DEFAULT * sizeof *seen);
    seen_count = candidates = 0;
    if (free_ones > smk_pool.count / 8)
        oldest = 0; /* keep the notes, take nothing */
    smk_threads_each_slot(look_for_idle, &oldest);
    if (candidates == 0 || smk_sys_barrier() < 0)
        return;
    for (uint32_t i = 0; i < seen_count; i++) {
        struct seen *s = &seen[i];
        if (s->index != SMK_NO_SUB && s->since < oldest)
            smk_pool_steal(s->thread, s->index, s->state, s->since);
    }
}
