/* pool.c: see pool.h.
 *
 * Nothing here waits, allocates, calls libc or touches errno: the slow path runs in the host's
 * threads and in their signal handlers.
 */
#include "core/pool.h"

#include <string.h>

#include "base/errors.h"
#include "base/sys.h"
#include "core/readers.h"
#include "core/record.h"

struct smk_pool smk_pool;

#define STATE(pos, kind) ((uint64_t)(pos) << SMK_SUB_POS_SHIFT | (kind))
#define RECYCLE_TRIES    16
/* Events that find an unfinished record in the way before it is taken for abandoned: a handler that
 * interrupts the writing of one hardly records as many itself. */
#define STUCK_LIMIT      64

/* ---- making it --------------------------------------------------------------------------------------- */

static uint64_t power_of_two_above(uint64_t n)
{
    uint64_t p = 1;
    while (p < n)
        p <<= 1;
    return p;
}

/* Room for twice the entries: a producer or consumer that is descheduled inside the queue then stops
 * nobody until the others have gone once around. */
static struct smk_ring_cell *ring_memory(uint64_t count, size_t *bytes)
{
    uint64_t capacity = power_of_two_above(2 * count);
    *bytes = capacity * sizeof(struct smk_ring_cell);
    return smk_sys_map(*bytes);
}

int smk_pool_init(uint64_t bytes)
{
    if (bytes < SMK_POOL_BYTES_MIN || bytes > SMK_POOL_BYTES_LIMIT)
        return smk_fail(SMK_E_INVALID, "a buffer of %llu bytes: from 512 KiB to 4 GiB",
                        (unsigned long long)bytes);
    uint32_t count = (uint32_t)(bytes / SMK_SUB_SIZE);
    size_t ring_bytes;
    uint8_t *memory = smk_sys_map_dumpless((size_t)count * SMK_SUB_SIZE);
    struct smk_sub *subs = smk_sys_map((size_t)count * sizeof *subs);
    struct smk_ring_cell *free_cells = ring_memory(count, &ring_bytes);
    struct smk_ring_cell *closed_cells = ring_memory(count, &ring_bytes);
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
    smk_ring_init(&smk_pool.free_ring, free_cells, power_of_two_above(2 * (uint64_t)count));
    smk_ring_init(&smk_pool.closed, closed_cells, power_of_two_above(2 * (uint64_t)count));
    smk_pool.subs = subs;
    smk_pool.count = count;
    smk_pool.ring_bytes = ring_bytes;
    for (uint32_t i = 0; i < count; i++)
        smk_ring_push(&smk_pool.free_ring, i);
    smk_store_release(&smk_pool.memory, memory); /* pairs with: smk_pool_ready */
    return 0;
}

bool smk_pool_ready(void) { return smk_load_acquire(&smk_pool.memory) != NULL; }

void smk_pool_forget(void) { memset(&smk_pool, 0, sizeof smk_pool); }

uint64_t smk_pool_bytes(void) { return (uint64_t)smk_pool.count * SMK_SUB_SIZE; }

/* ---- recycling ---------------------------------------------------------------------------------------- */

void smk_pool_note_incomplete_until(uint64_t tick)
{
    uint64_t known = smk_load_relaxed(&smk_pool.complete_from);
    while (known < tick && !smk_cas_relaxed(&smk_pool.complete_from, &known, tick)) {
    }
}

/* The sub-buffer is ours and its records were not copied for the captures that run: count them. */
static void count_loss(const struct smk_sub *sub, const uint8_t *memory)
{
    if (!smk_readers_any())
        return;
    for (uint32_t at = sub->consumed; at < sub->used;) {
        uint64_t head, tick;
        memcpy(&head, memory + at, 8);
        memcpy(&tick, memory + at + 8, 8);
        smk_readers_count_loss(sub->owner, sub->serial, smk_record_event(head), tick);
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
    smk_add_acq_rel(&smk_pool.counting, 1);
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
    smk_sub_acq_rel(&smk_pool.counting, 1); /* pairs with: whoever reads the losses (writer) */
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

/* Ends the sub-buffer that this thread has open, after `used` bytes. False: it was not ours any more
 * (the writer took it while we were idle), or the queue is busy (`*keep`: it stays open). */
static bool close_sub(struct smk_thread *t, uint32_t used, bool *keep)
{
    struct smk_sub *sub = &smk_pool.subs[t->sub];
    uint64_t pos;
    *keep = false;
    uint64_t state = smk_load_acquire(&sub->state);
    if ((state & ~(uint64_t)SMK_SUB_READING) != t->sub_state)
        return false;
    if (!smk_ring_claim(&smk_pool.closed, &pos)) {
        *keep = true;
        return false;
    }
    smk_store_relaxed(&sub->used, used);
    sub->last = smk_ticks();
    smk_name_load(&t->name, sub->name);
    uint64_t next;
    do {
        if ((state & ~(uint64_t)SMK_SUB_READING) != t->sub_state) {
            /* Taken between the look and now: the claimed place in the queue points at nothing, its
             * position does not match and whoever takes it passes on. */
            smk_ring_publish(&smk_pool.closed, pos, t->sub);
            return false;
        }
        next = STATE(pos, SMK_SUB_CLOSED) | (state & SMK_SUB_READING);
    } while (!smk_cas_acq_rel(&sub->state, &state, next)); /* pairs with: take_closed, drain.c */
    smk_ring_publish(&smk_pool.closed, pos, t->sub);
    return true;
}

static uint32_t bytes_used(const struct smk_thread *t, uint64_t pos)
{
    uint64_t base = (uint64_t)smk_sub_memory(t->sub);
    return (uint32_t)smk_min_u64(pos - base, SMK_SUB_SIZE);
}

static void forget_sub(struct smk_thread *t)
{
    smk_store_relaxed(&t->end, 0);
    smk_store_relaxed(&t->sub, SMK_NO_SUB);
}

/* A record was reserved and never finished: a handler that came in between left by longjmp. Where it
 * ends is unknown, so what follows cannot be read; and should its writer come back after all, it must
 * not write into memory that somebody else owns by then. So the sub-buffer is given up for good. */
static void abandon_sub(struct smk_thread *t)
{
    struct smk_sub *sub = &smk_pool.subs[t->sub];
    uint64_t state = t->sub_state;
    if (smk_cas_acq_rel(&sub->state, &state, t->sub_state | SMK_SUB_KIND))
        smk_add_relaxed(&smk_pool.torn, 1);
    smk_add_relaxed(&t->torn, 1);
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
    uint64_t base = (uint64_t)smk_sub_memory(index);
    sub->ordinal = ++t->ordinal;
    sub->serial = t->serial;
    sub->tid = t->tid;
    sub->owner = t;
    sub->consumed = 0;
    smk_store_relaxed(&sub->used, 0);
    smk_store_relaxed(&t->sub_state, STATE(generation, SMK_SUB_OPEN));
    /* A handler that comes between these sees end == 0 and in_slow, and undoes its own addition. */
    smk_store_relaxed(&t->committed, base);
    smk_store_relaxed(&t->cur, base);
    smk_signal_fence();
    smk_store_release(&t->sub, index); /* pairs with: drain.c, read_bounds */
    smk_store_relaxed(&t->end, base + SMK_SUB_SIZE);
    return true;
}

/* What a failed reservation added is taken back: nested handlers do so in reverse order, so the word
 * is then what it was. */
static uint64_t *drop(struct smk_thread *t, unsigned words, unsigned event)
{
    smk_local_add(&t->cur, -(uint64_t)(words * 8));
    smk_add_relaxed(&t->dropped, 1);
    if (smk_readers_any())
        smk_readers_count_loss(t, t->serial, event, smk_ticks());
    return NULL;
}

/* True when it is safe to change this thread's sub-buffer: no frame below is in the slow path itself,
 * or between its reservation and its commit. */
static bool may_change_sub(struct smk_thread *t, uint64_t pos)
{
    if (t->in_slow || !smk_pool_ready())
        return false;
    if (t->sub == SMK_NO_SUB || t->committed == pos) {
        t->stuck = 0;
        return true;
    }
    return ++t->stuck > STUCK_LIMIT && smk_load_relaxed(&smk_pool.torn) < smk_pool.count / 8;
}

uint64_t *smk_pool_reserve_slow(struct smk_thread *t, uint64_t pos, unsigned words, unsigned event)
{
    bool keep = false;
    if (!may_change_sub(t, pos))
        return drop(t, words, event);
    t->in_slow = 1;
    smk_store_relaxed(&t->end, 0); /* before the next line: a smaller record must not fit now */
    smk_signal_fence();
    smk_local_add(&t->cur, -(uint64_t)(words * 8));
    if (t->stuck > STUCK_LIMIT)
        abandon_sub(t);
    else if (t->sub != SMK_NO_SUB && (close_sub(t, bytes_used(t, pos), &keep) || !keep))
        forget_sub(t);
    bool opened = !keep && open_sub(t);
    uint64_t at = smk_local_add(&t->cur, words * 8);
    smk_signal_fence();
    t->in_slow = 0;
    t->stuck = 0;
    return opened ? (uint64_t *)at : drop(t, words, event);
}

void smk_pool_thread_exit(struct smk_thread *t)
{
    if (t->sub == SMK_NO_SUB || !smk_pool_ready())
        return;
    t->in_slow = 1;
    smk_store_relaxed(&t->end, 0);
    smk_signal_fence();
    bool keep = true;
    if (t->committed != t->cur)
        abandon_sub(t);
    else
        for (int tries = 0; keep && tries < RECYCLE_TRIES; tries++)
            close_sub(t, bytes_used(t, t->cur), &keep);
    forget_sub(t);
    smk_signal_fence();
    t->in_slow = 0;
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
    /* pairs with: take_closed, close_sub */
    uint64_t before = smk_and_acq_rel(&sub->state, ~(uint64_t)SMK_SUB_READING);
    if (before & SMK_SUB_TAKEN) {
        smk_pool_note_incomplete_until(sub->last);
        smk_add_relaxed(&smk_pool.recycled, 1);
        free_sub(index);
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
    /* pairs with: close_sub, which then leaves it alone */
    if (!smk_cas_acq_rel(&sub->state, &expected, SMK_SUB_FREE))
        return false;
    sub->used = (uint32_t)(committed - (uint64_t)smk_sub_memory(index));
    smk_pool_note_incomplete_until(quiet_since);
    count_loss(sub, smk_sub_memory(index));
    smk_add_relaxed(&smk_pool.stolen, 1);
    free_sub(index);
    return true;
}
