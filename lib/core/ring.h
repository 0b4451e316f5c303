/* ring.h: a bounded queue of small numbers for many producers and consumers, without locks.
 *
 * Dmitry Vyukov's bounded MPMC queue (1024cores.net). Each cell carries the position for which it is
 * ready, so a producer and a consumer meet only at a cell:
 *
 *     cell[pos & mask].turn == pos        free for the producer of pos
 *                           == pos + 1    holds the value of pos
 *                           == pos + cap  taken; free for the producer of pos + cap
 *
 * It never waits: where another thread has claimed a cell and not finished it, the caller is told
 * "not now". So it may be used in a signal handler that interrupted an operation on the same queue.
 * The queue has no order of its own for entries whose producers overlap.
 */
#ifndef SMK_CORE_RING_H
#define SMK_CORE_RING_H

#include "base/atomic.h"
#include "base/compiler.h"

struct smk_ring_cell {
    uint64_t turn;
    uint32_t value;
    uint32_t unused;
};

struct smk_ring {
    struct smk_ring_cell *cells;
    uint64_t mask;
    SMK_ALIGNED(SMK_CACHE_LINE) uint64_t tail; /* next position to fill */
    SMK_ALIGNED(SMK_CACHE_LINE) uint64_t head; /* next position to take */
};

SMK_INLINE void smk_ring_init(struct smk_ring *ring, struct smk_ring_cell *cells, uint64_t capacity)
{
    ring->cells = cells;
    ring->mask = capacity - 1; /* a power of two */
    ring->head = ring->tail = 0;
    for (uint64_t i = 0; i < capacity; i++)
        cells[i].turn = i;
}

/* Claims a position for the caller, who then calls smk_ring_publish. False: full, or not now. */
SMK_INLINE bool smk_ring_claim(struct smk_ring *ring, uint64_t *pos)
{
    uint64_t at = smk_load_relaxed(&ring->tail);
    for (;;) {
        struct smk_ring_cell *cell = &ring->cells[at & ring->mask];
        /* pairs with: smk_ring_pop, which gives the cell back */
        int64_t ahead = (int64_t)(smk_load_acquire(&cell->turn) - at);
        if (ahead < 0)
            return false;
        if (ahead == 0 && smk_cas_relaxed(&ring->tail, &at, at + 1)) {
            *pos = at;
            return true;
        }
        if (ahead > 0)
            at = smk_load_relaxed(&ring->tail);
    }
}

SMK_INLINE void smk_ring_publish(struct smk_ring *ring, uint64_t pos, uint32_t value)
{
    struct smk_ring_cell *cell = &ring->cells[pos & ring->mask];
    smk_store_relaxed(&cell->value, value);
    smk_store_release(&cell->turn, pos + 1); /* pairs with: smk_ring_pop, smk_ring_peek */
}

SMK_INLINE bool smk_ring_push(struct smk_ring *ring, uint32_t value)
{
    uint64_t pos;
    if (!smk_ring_claim(ring, &pos))
        return false;
    smk_ring_publish(ring, pos, value);
    return true;
}

/* Takes the oldest entry. False: empty, or not now. */
SMK_INLINE bool smk_ring_pop(struct smk_ring *ring, uint64_t *pos, uint32_t *value)
{
    uint64_t at = smk_load_relaxed(&ring->head);
    for (;;) {
        struct smk_ring_cell *cell = &ring->cells[at & ring->mask];
        /* pairs with: smk_ring_publish */
        int64_t ahead = (int64_t)(smk_load_acquire(&cell->turn) - (at + 1));
        if (ahead < 0)
            return false;
        if (ahead == 0 && smk_cas_relaxed(&ring->head, &at, at + 1)) {
            *pos = at;
            *value = smk_load_relaxed(&cell->value);
            smk_store_release(&cell->turn, at + ring->mask + 1); /* pairs with: smk_ring_claim */
            return true;
        }
        if (ahead > 0)
            at = smk_load_relaxed(&ring->head);
    }
}

enum smk_peek { SMK_PEEK_VALUE, SMK_PEEK_TAKEN, SMK_PEEK_PENDING };

/* Looks at a position without taking it: its value, or that it was taken, or that its producer has
 * not finished. */
SMK_INLINE enum smk_peek smk_ring_peek(struct smk_ring *ring, uint64_t pos, uint32_t *value)
{
    struct smk_ring_cell *cell = &ring->cells[pos & ring->mask];
    uint64_t turn = smk_load_acquire(&cell->turn); /* pairs with: smk_ring_publish */
    if (turn == pos + 1) {
        *value = smk_load_relaxed(&cell->value);
        return SMK_PEEK_VALUE; /* it may be taken meanwhile: the caller's own state word decides */
    }
    return (int64_t)(turn - pos) > 0 ? SMK_PEEK_TAKEN : SMK_PEEK_PENDING;
}

#endif
