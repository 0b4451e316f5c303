/* epochs.h: when an address begins to mean another lock.
 *
 * Of interest are the locks that somebody waited for, and those with a name: a table of 4096 addresses, by
 * cache line, and beside it a count of them for each 64 KiB of address space (modulo 256 MiB), which is all that
 * a free() looks at where none is near:
 *
 *     wait for a lock ─► noted        init, destroy, free, munmap ─► lock_epoch, its name ends, not noted any more
 *
 * What is freed while nothing is armed is not seen: there a free costs a load and a branch. Nor are locks on
 * a stack that is left, nor those in blocks that the program's own allocator gives out again; their
 * init and destroy are.
 *
 * Bounded (limits.h) and without a lock. A lock for which there is no room is counted, and is one lock whatever
 * happens to it.
 */
#ifndef SMK_SOURCE_EPOCHS_H
#define SMK_SOURCE_EPOCHS_H

#include "base/atomic.h"
#include "core/limits.h"
#include "format/events.h"

#define SMK_EPOCH_PLACES   SMK_LOCK_EPOCHS_MAX
#define SMK_EPOCH_GRANULES 4096u
#define SMK_EPOCH_GRANULE  16 /* as a power of two */

struct smk_epochs {
    uint16_t near[SMK_EPOCH_GRANULES];  /* noted locks of the granule; atomic, like all here */
    uint64_t places[SMK_EPOCH_PLACES];  /* addresses; 0: free */
};

extern struct smk_epochs smk_epochs;
extern uint64_t smk_epoch_filter; /* atomic: each granule that ever had one has set a bit */

/* Somebody waits for it, or it has a name. */
void smk_epoch_note(uint64_t lock);

/* The bits of a granule and the one behind it. */
SMK_INLINE uint64_t smk_epoch_bits(uint64_t granule)
{
    return UINT64_C(3) << (granule & 63) | UINT64_C(3) >> (-granule & 63);
}

/* There may be noted locks in a block that begins here, of less than 64 KiB. */
SMK_INLINE bool smk_epoch_is_near(uint64_t address)
{
    uint64_t granule = address >> SMK_EPOCH_GRANULE;
    if (SMK_LIKELY(!(smk_load_relaxed(&smk_epoch_filter) & smk_epoch_bits(granule))))
        return false;
    return smk_load_relaxed(&smk_epochs.near[granule % SMK_EPOCH_GRANULES]) +
               smk_load_relaxed(&smk_epochs.near[(granule + 1) % SMK_EPOCH_GRANULES]) >
           0;
}

/* The lock at this address ends, or begins anew. */
void smk_epoch_end(uint64_t lock, enum smk_lock_epoch why);

/* All locks in [from, from + bytes) end. */
void smk_epoch_end_range(uint64_t from, uint64_t bytes, enum smk_lock_epoch why);

#endif
