/* slots.h: gives out the indexes of an array and takes them back, without a lock. Header only.
 *
 * Fresh indexes come from a counter; returned ones wait on a stack, linked through an array of their
 * own, whose top carries a counter against ABA (Treiber, 1986). Any thread, signal handlers too.
 */
#ifndef SMK_CORE_SLOTS_H
#define SMK_CORE_SLOTS_H

#include "base/atomic.h"
#include "base/compiler.h"

#define SMK_NO_SLOT UINT32_MAX

struct smk_slots {
    uint64_t top;   /* changes << 32 | index of the last one returned, or SMK_NO_SLOT */
    uint32_t *next; /* by index: the one returned before it */
    uint32_t used;  /* indexes below this were given out at least once */
    uint32_t capacity;
};

SMK_INLINE void smk_slots_init(struct smk_slots *slots, uint32_t *next, uint32_t capacity)
{
    *slots = (struct smk_slots){.top = SMK_NO_SLOT, .next = next, .capacity = capacity};
}

/* SMK_NO_SLOT when all are out. */
SMK_INLINE uint32_t smk_slots_take(struct smk_slots *slots)
{
    uint64_t top = smk_load_acquire(&slots->top);
    while ((uint32_t)top != SMK_NO_SLOT) {
        uint32_t index = (uint32_t)top;
        uint64_t next = ((top >> 32) + 1) << 32 | smk_load_relaxed(&slots->next[index]);
        if (smk_cas_acq_rel(&slots->top, &top, next)) /* pairs with: smk_slots_give */
            return index;
    }
    uint32_t used = smk_load_relaxed(&slots->used);
    while (used < slots->capacity)
        if (smk_cas_acq_rel(&slots->used, &used, used + 1)) /* pairs with: whoever walks the array */
            return used;
    return SMK_NO_SLOT;
}

SMK_INLINE void smk_slots_give(struct smk_slots *slots, uint32_t index)
{
    uint64_t top = smk_load_acquire(&slots->top);
    uint64_t next;
    do {
        smk_store_relaxed(&slots->next[index], (uint32_t)top);
        next = ((top >> 32) + 1) << 32 | index;
    } while (!smk_cas_acq_rel(&slots->top, &top, next)); /* pairs with: smk_slots_take */
}

#endif
