#include "core/drain.h"

#include <string.h>

#include "base/errors.h"
#include "base/sort.h"
#include "base/sys.h"
#include "core/clock.h"
#include "core/pool.h"

#define BLOCK_SIZE (1u << 20)

static uint64_t skip_before; /* ticks */
static uint64_t cursor; /* position in smk_pool.closed; all before it is consumed or was recycled */

/* What each slot's sub-buffer looked like when we last saw it change. */
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
    batch->block_limit = blocks;
    batch->capacity = pieces;
    return 0;
}

void smk_batch_clear(struct smk_batch *batch)
{
    for (uint32_t i = 1; i < batch->block_count; i++)
        smk_sys_unmap(batch->blocks[i], BLOCK_SIZE);
    batch->block_count = batch->block_count ? 1 : 0;
    batch->block_used = 0;
    batch->count = 0;
    batch->bytes = 0;
    batch->full = false;
}

void smk_batch_free(struct smk_batch *batch)
{
    for (uint32_t i = 0; i < batch->block_count; i++)
        smk_sys_unmap(batch->blocks[i], BLOCK_SIZE);
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
        batch->blocks[batch->block_count++] = block;
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

/* False when the batch has no room: the sub-buffer stays as it is. */
static bool batch_add(struct smk_batch *batch, uint32_t index, uint32_t from, uint32_t to,
                      const char *name)
{
    const struct smk_sub *sub = &smk_pool.subs[index];
    if (from == to)
        return true;
    uint8_t *room = batch->count < batch->capacity ? batch_room(batch, to - from) : NULL;
    if (!room)
        return false;
    memcpy(room, smk_sub_memory(index) + from, to - from);
    struct smk_piece *piece = &batch->pieces[batch->count++];
    *piece = (struct smk_piece){.data = room,
                                .len = to - from,
                                .fresh = smk_max_u64(sub->consumed, from) - from,
                                .serial = sub->serial,
                                .tid = sub->tid,
                                .started = started_of(sub),
                                .ordinal = sub->ordinal,
                                .offset = from};
    memcpy(piece->name, name, sizeof piece->name);
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

static bool copy_closed(struct smk_batch *batch, uint64_t pos, uint32_t index, bool whole)
{
    struct smk_sub *sub = &smk_pool.subs[index];
    if (!begin_reading(sub, pos << SMK_SUB_POS_SHIFT | SMK_SUB_CLOSED))
        return true; /* recycled: counted by who did it */
    uint32_t used = smk_load_relaxed(&sub->used);
    bool skip = !whole && sub->last < skip_before;
    bool ok = skip || batch_add(batch, index, whole ? 0 : sub->consumed, used, sub->name);
    if (ok)
        sub->consumed = used;
    smk_pool_end_reading(index);
    return ok;
}

/* How far an open sub-buffer may be read. `committed` first: what was reserved at that moment was all
 * committed if `cur`, read later, is still the same. Pairs with: smk_commit. */
static bool read_bounds(const struct smk_thread *t, uint32_t index, uint64_t state, uint32_t *used)
{
    uint64_t base = (uint64_t)smk_sub_memory(index);
    for (int tries = 0; tries < 1000; tries++) {
        uint64_t committed = smk_load_acquire(&t->committed);
        uint64_t reserved = smk_load_acquire(&t->cur);
        uint64_t now = smk_load_acquire(&smk_pool.subs[index].state);
        if ((now & ~(uint64_t)(SMK_SUB_READING | SMK_SUB_TAKEN)) != state) {
            *used = smk_load_relaxed(&smk_pool.subs[index].used); /* closed meanwhile */
            return (now & SMK_SUB_KIND) == SMK_SUB_CLOSED;
        }
        if (committed == reserved) {
            *used = (uint32_t)(committed - base);
            return true;
        }
        smk_cpu_pause();
    }
    return false;
}

struct copy_open {
    struct smk_batch *batch;
    bool whole;
};

static bool copy_open(struct smk_thread *t, void *arg)
{
    const struct copy_open *copy = arg;
    char name[SMK_NAME_MAX];
    uint32_t index = smk_load_acquire(&t->sub); /* pairs with: open_sub in pool.c */
    uint64_t state = smk_load_acquire(&t->sub_state);
    if (index == SMK_NO_SUB || !begin_reading(&smk_pool.subs[index], state))
        return true;
    struct smk_sub *sub = &smk_pool.subs[index];
    uint32_t used;
    if (read_bounds(t, index, state, &used) && used >= sub->consumed && used <= SMK_SUB_SIZE) {
        smk_name_load(&t->name, name);
        if (batch_add(copy->batch, index, copy->whole ? 0 : sub->consumed, used, name))
            sub->consumed = used;
        else
            copy->batch->full = true;
    }
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
    /* While there is more than a batch holds, only closed ones: they are in order by themselves. */
    if ((uint64_t)waiting * SMK_SUB_SIZE >
        (uint64_t)(batch->block_limit - 2) * (BLOCK_SIZE - SMK_SUB_SIZE)) {
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

static bool is_settled(struct smk_thread *t, void *arg)
{
    bool *settled = arg;
    uint64_t committed = smk_load_acquire(&t->committed);
    if (smk_load_relaxed(&t->state) == SMK_THREAD_LIVE && smk_load_acquire(&t->cur) != committed)
        *settled = false;
    return *settled;
}

bool smk_drain_settle(uint64_t ns)
{
    uint64_t until = smk_sys_clock(CLOCK_MONOTONIC) + ns;
    /* After the barrier each reservation that was made before it is visible here. */
    if (smk_sys_barrier() < 0)
        smk_sys_sleep(1000000);
    for (;;) {
        bool settled = true;
        smk_threads_each(is_settled, &settled);
        if (settled || smk_sys_clock(CLOCK_MONOTONIC) > until)
            return settled;
        smk_sys_sleep(50000);
    }
}

/* ---- idle threads -------------------------------------------------------------------------------------- */

static bool look_for_idle(struct smk_thread *t, void *arg)
{
    uint64_t oldest = *(uint64_t *)arg;
    if (!seen || seen_count >= SMK_THREADS_DEFAULT)
        return false;
    struct seen *s = &seen[seen_count++];
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
    uint64_t free_ones = smk_load_relaxed(&smk_pool.free_ring.tail) -
                         smk_load_relaxed(&smk_pool.free_ring.head);
    uint64_t oldest = oldest_closed();
    if (!seen)
        seen = smk_sys_map(SMK_THREADS_DEFAULT * sizeof *seen);
    seen_count = candidates = 0;
    if (free_ones > smk_pool.count / 8)
        oldest = 0; /* keep the notes, take nothing */
    smk_threads_each(look_for_idle, &oldest);
    if (candidates == 0 || smk_sys_barrier() < 0)
        return;
    for (uint32_t i = 0; i < seen_count; i++) {
        struct seen *s = &seen[i];
        if (s->index != SMK_NO_SUB && s->since < oldest)
            smk_pool_steal(s->thread, s->index, s->state, s->since);
    }
}
