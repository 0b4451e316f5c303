/* pool.c: see pool.h.
 *
 * Nothing here waits, allocates, touches errno or calls more of libc than memset: the slow path runs in
 * the host's threads and in their signal handlers. Signals are blocked in it, twice a system call for
 * some hundred events: a handler that came in the middle could record nothing, and one that left by
 * longjmp would leave the queues as they are just then.
 */
#include "core/pool.h"

#include <string.h>

#include "base/errors.h"
#include "base/sort.h"
#include "base/sys.h"
#include "core/box.h"
#include "core/readers.h"
#include "core/record.h"

struct smk_pool smk_pool;

#define STATE(pos, kind) ((uint64_t)(pos) << SMK_SUB_POS_SHIFT | (kind))
#define RECYCLE_TRIES    16
/* Events that find an unfinished record in the way before it is taken for abandoned: a handler that
 * interrupts the writing of one hardly records as many itself. */
#define STUCK_LIMIT      64
#define GIVEN_UP_NS      UINT64_C(10000000000)

/* ---- making it --------------------------------------------------------------------------------------- */

static uint64_t power_of_two_above(uint64_t n)
{
    uint64_t p = 1;
    while (p < n)
        p <<= 1;
    return p;
}

/* Room for more than the entries: a producer or consumer that is descheduled inside the queue then stops
 * nobody until the others have gone once around. */
static uint64_t ring_capacity(uint64_t count) { return power_of_two_above(smk_max_u64(2 * count, 4096)); }

int smk_pool_init(uint64_t bytes)
{
    if (bytes < SMK_POOL_BYTES_MIN || bytes > SMK_POOL_BYTES_LIMIT)
        return smk_fail(SMK_E_INVALID, "a buffer of %llu bytes: from 512 KiB to 4 GiB",
                        (unsigned long long)bytes);
    uint32_t count = (uint32_t)(bytes / SMK_SUB_SIZE);
    size_t ring_bytes = ring_capacity(count) * sizeof(struct smk_ring_cell);
    uint8_t *memory = NULL;
    struct smk_sub *subs = NULL;
    if (!smk_box_map(count, &subs, &memory)) {
        memory = smk_sys_map_dumpless((size_t)count * SMK_SUB_SIZE);
        subs = smk_sys_map((size_t)count * sizeof *subs);
    }
    struct smk_ring_cell *free_cells = smk_sys_map(ring_bytes);
    struct smk_ring_cell *closed_cells = smk_sys_map(ring_bytes);
    if (!memory || !subs || !free_cells || !closed_cells) {
        if (memory)
            smk_sys_unmap(memory, (size_t)count * SMK_SUB_SIZE);
        if (subs)
            smk_sys_unmap(subs, (size_t)count * sizeof *subs);
        if (free_cells)
            smk_sys_unmap(free_cells, ring_bytes);
        if (closed_cells)
            smk_sys_unmap(closed_cells, ring_bytes);
        return smk_fail(SMK_E_NOMEM, "no memory for a buffer of %llu bytes",
                        (unsigned long long)bytes);
    }
    smk_sys_prefault(memory, (size_t)count * SMK_SUB_SIZE);
    smk_ring_init(&smk_pool.free_ring, free_cells, ring_capacity(count));
    smk_ring_init(&smk_pool.closed, closed_cells, ring_capacity(count));
    smk_pool.subs = subs;
    smk_pool.count = count;
    smk_pool.ring_bytes = ring_bytes;
    for (uint32_t i = 0; i < count; i++)
        smk_ring_push(&smk_pool.free_ring, i);
    smk_store_release(&smk_pool.memory, memory); /* pairs with: smk_pool_ready */
    return 0;
}

static bool position_before(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return x[0] < y[0];
}

/* Open ones, which are the newest of their threads, behind all that were closed. */
static uint64_t *in_order(struct smk_sub *subs, uint32_t count, uint32_t *used)
{
    uint64_t *order = smk_sys_map((uint64_t)count * 2 * sizeof *order);
    *used = 0;
    for (uint32_t i = 0; order && i < count; i++) {
        uint64_t kind = subs[i].state & SMK_SUB_KIND;
        if (kind == SMK_SUB_FREE)
            continue;
        order[2 * *used] = kind == SMK_SUB_CLOSED ? subs[i].state >> SMK_SUB_POS_SHIFT : UINT64_MAX;
        order[2 * (*used)++ + 1] = i;
    }
    if (order)
        smk_sort(order, *used, 2 * sizeof *order, position_before);
    return order;
}

/* What cannot be a record is a hole, as one that was never finished. */
static void make_holes(uint8_t *memory, uint32_t used)
{
    for (uint32_t at = 0; at + 16 <= used;) {
        uint64_t *record = (uint64_t *)(memory + at);
        if (*record == 0)
            at = smk_records_after_hole(memory, at, used);
        else if (smk_record_fits(record, used - at))
            at += smk_record_words(*record) * 8;
        else
            *record = 0;
    }
}

int smk_pool_restore(struct smk_sub *subs, uint8_t *memory, uint32_t count)
{
    uint32_t used;
    size_t ring_bytes = ring_capacity(count) * sizeof(struct smk_ring_cell);
    struct smk_ring_cell *free_cells = smk_sys_map(ring_bytes);
    struct smk_ring_cell *closed_cells = smk_sys_map(ring_bytes);
    uint64_t *order = in_order(subs, count, &used);
    if (!free_cells || !closed_cells || !order)
        return smk_fail(SMK_E_NOMEM, "no memory for the queues of the buffer");
    smk_ring_init(&smk_pool.free_ring, free_cells, ring_capacity(count));
    smk_ring_init(&smk_pool.closed, closed_cells, ring_capacity(count));
    for (uint32_t i = 0; i < used; i++) {
        struct smk_sub *sub = &subs[order[2 * i + 1]];
        bool closed = (sub->state & SMK_SUB_KIND) == SMK_SUB_CLOSED;
        sub->used = closed ? (uint32_t)smk_min_u64(sub->used, SMK_SUB_SIZE) : SMK_SUB_SIZE;
        make_holes(memory + order[2 * i + 1] * SMK_SUB_SIZE, sub->used);
        sub->state = STATE(i, SMK_SUB_CLOSED);
        sub->owner = NULL;
        sub->consumed = 0;
        sub->name[SMK_NAME_MAX - 1] = '\0';
        smk_ring_push(&smk_pool.closed, (uint32_t)order[2 * i + 1]);
    }
    smk_sys_unmap(order, (uint64_t)count * 2 * sizeof *order);
    smk_pool.subs = subs;
    smk_pool.count = count;
    smk_pool.ring_bytes = ring_bytes;
    smk_store_release(&smk_pool.memory, memory); /* pairs with: smk_pool_ready */
    return 0;
}

bool smk_pool_ready(void) { return smk_load_acquire(&smk_pool.memory) != NULL; }

void smk_pool_forget(void) { memset(&smk_pool, 0, sizeof smk_pool); }

uint64_t smk_pool_bytes(void) { return (uint64_t)smk_pool.count * SMK_SUB_SIZE; }

/* Thread sanitizers take the words of a record that is being written for a race, which they are: what is read of them
 * is used only where it is a finished record. There no signal comes inside a record, so behind a hole is nothing. */
uint32_t smk_records_after_hole(const uint8_t *memory, uint32_t at, uint32_t to)
{
    if (SMK_TSAN)
        return to;
    uint64_t epoch = smk_clock_epoch(), now = smk_ticks();
    for (at += 8; at + 16 <= to; at += 8) {
        const uint64_t *record = (const uint64_t *)(memory + at);
        uint64_t tick = smk_load_relaxed(record + 1);
        if (smk_record_fits(record, to - at) && tick >= epoch && tick <= now)
            return at;
    }
    return to;
}

/* ---- recycling ---------------------------------------------------------------------------------------- */

void smk_pool_note_incomplete_until(uint64_t tick)
{
    uint64_t known = smk_load_relaxed(&smk_pool.complete_from);
    while (known < tick && !smk_cas_relaxed(&smk_pool.complete_from, &known, tick)) {
    }
    if (smk_box())
        smk_store_relaxed(&smk_box()->complete_from, smk_load_relaxed(&smk_pool.complete_from));
}

/* The sub-buffer is ours and its records were not copied for the captures that run: count them. Only one
 * that was given up has unfinished records in it, and those are not counted: their calls never ended. */
static void count_loss(const struct smk_sub *sub, const uint8_t *memory)
{
    if (!smk_readers_any())
        return;
    for (uint32_t at = sub->consumed; at + 16 <= sub->used;) {
        const uint64_t *record = (const uint64_t *)(memory + at);
        uint64_t head = smk_load_acquire(record); /* pairs with: smk_commit */
        if (head == 0) {
            at = smk_records_after_hole(memory, at, sub->used);
            continue;
        }
        smk_readers_count_loss(sub->owner, sub->serial, smk_record_event(head), record[1]);
        at += smk_record_words(head) * 8;
    }
}

/* The oldest closed sub-buffer becomes ours, unless the drain is reading it: then the drain frees it
 * when it is done, and nothing of it is lost. */
static bool take_closed(uint64_t pos, uint32_t index, uint64_t generation)
{
    struct smk_sub *sub = &smk_pool.subs[index];
    uint64_t state = smk_load_acquire(&sub->state);
    bool taken = false, left = false;
    while (!taken && !left) {
        if (state == STATE(pos, SMK_SUB_CLOSED))
            /* pairs with: smk_pool_end_reading, close_sub */
            taken = smk_cas_acq_rel(&sub->state, &state, STATE(generation, SMK_SUB_OPEN));
        else if (state == STATE(pos, SMK_SUB_CLOSED | SMK_SUB_READING))
            left = smk_cas_acq_rel(&sub->state, &state, state | SMK_SUB_TAKEN);
        else
            left = true;
    }
    if (taken) {
        smk_pool_note_incomplete_until(sub->last);
        count_loss(sub, smk_sub_memory(index));
        smk_add_relaxed(&smk_pool.recycled, 1);
    }
    return taken;
}

static bool take_sub(uint32_t *index, uint64_t generation)
{
    uint64_t pos;
    if (smk_ring_pop(&smk_pool.free_ring, &pos, index)) {
        smk_store_relaxed(&smk_pool.subs[*index].state, STATE(generation, SMK_SUB_OPEN));
        return true;
    }
    for (int tries = 0; tries < RECYCLE_TRIES; tries++) {
        if (!smk_ring_pop(&smk_pool.closed, &pos, index))
            return false;
        if (take_closed(pos, *index, generation))
            return true;
    }
    return false;
}

/* ---- closing ------------------------------------------------------------------------------------------ */

/* From here on the writer leaves the thread's sub-buffer alone; false where it has taken it already. */
static bool begin_closing(struct smk_thread *t, struct smk_sub *sub)
{
    uint64_t state = smk_load_acquire(&sub->state);
    while ((state & ~(uint64_t)SMK_SUB_READING) == t->sub_state)
        if (smk_cas_acq_rel(&sub->state, &state, state | SMK_SUB_CLOSING)) /* pairs with: smk_pool_steal */
            return true;
    return false;
}

/* Ends the sub-buffer that this thread has open, after `used` bytes. False: it was not ours any more
 * (the writer took it while we were idle), or the queue is busy (`*keep`: it stays open). */
static bool close_sub(struct smk_thread *t, uint32_t used, bool *keep)
{
    struct smk_sub *sub = &smk_pool.subs[t->sub];
    uint64_t pos, next;
    *keep = false;
    if (!begin_closing(t, sub))
        return false;
    if (!smk_ring_claim(&smk_pool.closed, &pos)) {
        smk_and_acq_rel(&sub->state, ~(uint64_t)SMK_SUB_CLOSING);
        *keep = true;
        return false;
    }
    smk_store_relaxed(&sub->used, used);
    sub->last = smk_ticks();
    smk_name_load(&t->name, sub->name);
    uint64_t state = smk_load_relaxed(&sub->state);
    do
        next = STATE(pos, SMK_SUB_CLOSED) | (state & SMK_SUB_READING);
    while (!smk_cas_acq_rel(&sub->state, &state, next)); /* pairs with: take_closed, drain.c */
    smk_ring_publish(&smk_pool.closed, pos, t->sub);
    return true;
}

static void forget_sub(struct smk_thread *t)
{
    smk_store_relaxed(&t->end, 0);
    smk_store_relaxed(&t->sub, SMK_NO_SUB);
    smk_store_relaxed(&t->cur, 0);
    smk_store_relaxed(&t->committed, 0);
}

/* A record was reserved and never finished: a handler that came in between left by longjmp. Should its
 * writer come back after all, it must not write into memory that somebody else owns by then. So the
 * sub-buffer is given up, for long, and what the writer has not copied of it is lost. */
static void abandon_sub(struct smk_thread *t, uint64_t reserved)
{
    struct smk_sub *sub = &smk_pool.subs[t->sub];
    uint8_t *memory = smk_sub_memory(t->sub);
    uint64_t state = smk_load_acquire(&sub->state);
    bool ours = true, done = false;
    smk_store_relaxed(&sub->last, smk_ticks());
    smk_store_relaxed(&sub->used, (uint32_t)smk_min_u64(reserved - (uint64_t)memory, SMK_SUB_SIZE));
    while (ours && !done) {
        ours = (state & ~(uint64_t)SMK_SUB_READING) == t->sub_state;
        if (ours) /* pairs with: smk_pool_end_reading, which then counts the loss */
            done = smk_cas_acq_rel(&sub->state, &state, state | SMK_SUB_KIND);
    }
    if (done) {
        smk_add_relaxed(&smk_pool.torn, 1);
        smk_add_relaxed(&smk_pool.given_up, 1);
        if (!(state & SMK_SUB_READING))
            count_loss(sub, memory);
    }
    smk_store_relaxed(&t->torn, t->torn + 1);
    forget_sub(t);
}

/* ---- the slow path ------------------------------------------------------------------------------------ */

static bool open_sub(struct smk_thread *t)
{
    uint32_t index;
    /* Unique in the process, so that no compare and swap takes one owner's word for another's. */
    uint64_t generation = (uint64_t)t->serial << 24 | ((t->ordinal + 1) & 0xffffff);
    if (!take_sub(&index, generation))
        return false;
    struct smk_sub *sub = &smk_pool.subs[index];
    uint8_t *memory = smk_sub_memory(index);
    /* A finished record is known by a head that is not 0. It costs little: the lines are wanted in our
     * cache anyway, in a moment. */
    memset(memory, 0, SMK_SUB_SIZE);
    sub->ordinal = ++t->ordinal;
    sub->serial = t->serial;
    sub->tid = t->tid;
    smk_name_load(&t->name, sub->name);
    sub->owner = t;
    sub->consumed = 0;
    smk_store_relaxed(&sub->used, 0);
    smk_store_relaxed(&t->sub_state, STATE(generation, SMK_SUB_OPEN));
    smk_store_relaxed(&t->committed, (uint64_t)memory);
    smk_store_relaxed(&t->cur, (uint64_t)memory);
    smk_store_release(&t->sub, index); /* pairs with: copy_open in drain.c */
    smk_store_relaxed(&t->end, (uint64_t)memory + SMK_SUB_SIZE - SMK_SUB_SLACK);
    return true;
}

/* The time first: who starts a capture at a tick makes sure that every thread sees it by then. */
static uint64_t *drop(struct smk_thread *t, unsigned event)
{
    uint64_t now = smk_ticks();
    smk_local_add(&t->dropped, 1);
    if (smk_readers_any())
        smk_readers_count_loss(t, t->serial, event, now);
    return NULL;
}

/* Closes the sub-buffer, which is full, whose room at `pos` was asked for, and in which nothing is
 * unfinished. False: it stays, since the queue is busy. */
static bool leave_sub(struct smk_thread *t, uint64_t pos)
{
    bool keep;
    smk_store_relaxed(&t->end, 0);
    smk_store_relaxed(&t->cur, pos);
    close_sub(t, (uint32_t)(pos - (uint64_t)smk_sub_memory(t->sub)), &keep);
    if (!keep)
        forget_sub(t);
    return !keep;
}

/* A frame below us is between its reservation and its commit, so the sub-buffer cannot be closed. NULL:
 * no room is left, the event is dropped. After many of those the record is taken for abandoned, and the
 * sub-buffer with it: *gone. */
static uint64_t *reserve_in_slack(struct smk_thread *t, uint64_t pos, unsigned words, bool *gone)
{
    uint64_t limit = (uint64_t)smk_sub_memory(t->sub) + SMK_SUB_SIZE;
    bool topmost = t->cur == pos + words * 8; /* else a handler has got room above ours: it stays */
    /* With an end of 0 the writer may be taking the sub-buffer away: pairs with smk_pool_steal. */
    if ((smk_load_relaxed(&t->end) != 0 || !topmost) && pos + words * 8 <= limit)
        return (uint64_t *)pos;
    smk_local_add(&t->cur, -(uint64_t)(words * 8));
    *gone = ++t->stuck > STUCK_LIMIT && smk_load_relaxed(&smk_pool.given_up) < smk_pool.count / 8;
    if (*gone)
        abandon_sub(t, pos);
    return NULL;
}

/* True when the addition that got `pos` still stands: it was made in the sub-buffer that is open now. */
static bool is_inside(const struct smk_thread *t, uint64_t pos, unsigned words)
{
    return t->sub != SMK_NO_SUB && pos >= (uint64_t)smk_sub_memory(t->sub) &&
           t->cur >= pos + words * 8;
}

/* Signals are blocked. Between the failed reservation and that a handler may have run: if it opened
 * another sub-buffer, the addition of ours is gone with the old one and `pos` is not inside. */
static uint64_t *reserve_anew(struct smk_thread *t, uint64_t pos, unsigned words, unsigned event)
{
    if (is_inside(t, pos, words)) {
        bool gone = t->committed == pos;
        uint64_t *rec = gone ? NULL : reserve_in_slack(t, pos, words, &gone);
        if (rec)
            return rec;
        if (!gone || (t->sub != SMK_NO_SUB && !leave_sub(t, pos)))
            return drop(t, event);
    }
    t->stuck = 0;
    if (t->sub == SMK_NO_SUB && !open_sub(t)) {
        forget_sub(t); /* the addition too */
        return drop(t, event);
    }
    uint64_t at = smk_local_add(&t->cur, words * 8);
    if (at + words * 8 <= smk_load_relaxed(&t->end))
        return (uint64_t *)at;
    smk_local_add(&t->cur, -(uint64_t)(words * 8)); /* the handler has left too little of it */
    return drop(t, event);
}

uint64_t *smk_pool_reserve_slow(struct smk_thread *t, uint64_t pos, unsigned words, unsigned event)
{
    uint64_t signals;
    if (smk_load_relaxed(&t->state) == SMK_THREAD_FREE) { /* in a child that no handler of ours was told of: box.h */
        smk_local_add(&t->cur, -(uint64_t)(words * 8));
        return NULL;
    }
    if (t->in_slow) { /* a sanitizer's handlers come in spite of the mask */
        smk_local_add(&t->cur, -(uint64_t)(words * 8));
        return drop(t, event);
    }
    smk_sys_block_signals(&signals);
    smk_store_relaxed(&t->in_slow, 1);
    smk_signal_fence();
    uint64_t *rec;
    if (smk_pool_ready()) {
        rec = reserve_anew(t, pos, words, event);
    } else {
        forget_sub(t);
        rec = drop(t, event);
    }
    smk_store_release(&t->in_slow, 0); /* pairs with: is_settled */
    smk_sys_restore_signals(signals);
    return rec;
}

void smk_pool_thread_exit(struct smk_thread *t)
{
    uint64_t signals;
    bool keep = true;
    if (t->sub == SMK_NO_SUB || !smk_pool_ready())
        return;
    smk_sys_block_signals(&signals);
    smk_store_relaxed(&t->in_slow, 1);
    smk_store_relaxed(&t->end, 0);
    smk_signal_fence();
    uint32_t used = (uint32_t)(t->cur - (uint64_t)smk_sub_memory(t->sub));
    for (int tries = 0; t->committed == t->cur && keep && tries < RECYCLE_TRIES; tries++)
        close_sub(t, used, &keep);
    if (keep) /* cancelled in the middle of a record, or the queue is not to be had */
        abandon_sub(t, t->cur);
    forget_sub(t);
    smk_store_release(&t->in_slow, 0); /* pairs with: is_settled */
    smk_sys_restore_signals(signals);
}

/* ---- for the drain ------------------------------------------------------------------------------------- */

static void free_sub(uint32_t index)
{
    smk_store_relaxed(&smk_pool.subs[index].state, SMK_SUB_FREE);
    smk_ring_push(&smk_pool.free_ring, index); /* has room for all of them, twice */
}

void smk_pool_end_reading(uint32_t index)
{
    struct smk_sub *sub = &smk_pool.subs[index];
    /* pairs with: take_closed, close_sub, abandon_sub */
    uint64_t before = smk_and_acq_rel(&sub->state, ~(uint64_t)SMK_SUB_READING);
    if ((before & SMK_SUB_KIND) == SMK_SUB_KIND)
        count_loss(sub, smk_sub_memory(index));
    if (!(before & SMK_SUB_TAKEN))
        return;
    smk_pool_note_incomplete_until(sub->last);
    count_loss(sub, smk_sub_memory(index)); /* nothing, unless the drain had no room */
    smk_add_relaxed(&smk_pool.recycled, 1);
    free_sub(index);
}

void smk_pool_reclaim(uint64_t now)
{
    uint64_t age = smk_ns_to_ticks(GIVEN_UP_NS);
    for (uint32_t i = 0; i < smk_pool.count && smk_load_relaxed(&smk_pool.given_up) > 0; i++) {
        struct smk_sub *sub = &smk_pool.subs[i];
        uint64_t state = smk_load_acquire(&sub->state); /* pairs with: abandon_sub */
        if ((state & (SMK_SUB_KIND | SMK_SUB_READING)) != SMK_SUB_KIND ||
            now - smk_load_relaxed(&sub->last) < age)
            continue;
        free_sub(i);
        smk_sub_relaxed(&smk_pool.given_up, 1);
    }
}

bool smk_pool_steal(struct smk_thread *t, uint32_t index, uint64_t state, uint64_t quiet_since)
{
    struct smk_sub *sub = &smk_pool.subs[index];
    uint64_t committed = smk_load_acquire(&t->committed);
    uint64_t expected = state;
    if (smk_load_acquire(&t->cur) != committed || smk_load_acquire(&t->sub_state) != state ||
        smk_load_acquire(&t->sub) != index)
        return false;
    /* pairs with: begin_closing */
    if (!smk_cas_acq_rel(&sub->state, &expected, SMK_SUB_FREE))
        return false;
    sub->used = (uint32_t)(committed - (uint64_t)smk_sub_memory(index));
    smk_pool_note_incomplete_until(quiet_since);
    count_loss(sub, smk_sub_memory(index));
    smk_add_relaxed(&smk_pool.stolen, 1);
    free_sub(index);
    return true;
}
