/* readers.h: who reads the buffer now, and what each of them lost.
 *
 * A reader is a capture that is being written: it wants some categories, from a first tick to a last
 * one. The table has SMK_CAPTURES_MAX slots; the record path looks at it only where something is
 * thrown away. The flight recorder is not a reader: overwriting is what it does.
 */
#ifndef SMK_CORE_READERS_H
#define SMK_CORE_READERS_H

#include "base/atomic.h"
#include "core/thread.h"

struct smk_reader_slot {
    uint32_t categories;
    uint64_t first; /* ticks, inclusive; UINT64_MAX until it starts */
    uint64_t last;  /* ticks, exclusive; UINT64_MAX while it runs */
    uint64_t lost_elsewhere; /* lost by threads whose slot was given to another meanwhile */
};

extern struct smk_reader_slot smk_readers[SMK_CAPTURES_MAX];
extern uint32_t smk_readers_active; /* bit per slot */

SMK_INLINE bool smk_readers_any(void) { return smk_load_acquire(&smk_readers_active) != 0; }

/* Counts an event as lost for each reader that wanted it. */
void smk_readers_count_loss(struct smk_thread *owner, uint32_t serial, unsigned event, uint64_t tick);

/* Adds a reader, which wants nothing yet, and returns its slot, or -1. The capture manager's lock, here
 * and below. */
int smk_reader_add(uint32_t categories);
/* From this tick on it wants; its losses begin at zero. */
void smk_reader_start(int slot, uint64_t first);
void smk_reader_stop(int slot, uint64_t last);
void smk_reader_remove(int slot);
void smk_readers_reset_in_child(void);

#endif
