/* kept.h: what others said about threads (the kernel's switches, faults, figures), kept for snapshots.
 *
 * It does not go through the buffer, since nobody writes it on a thread of the host's: the writer copies each
 * pass's pieces to the end of one ring of bytes, and the oldest parts give way. A sixteenth of the buffer's size,
 * so that the recorder's bound in bytes holds for both together (smk_kept_share).
 *
 *     head                                   tail
 *      ▼                                      ▼
 *   …  part │ part │ … │ part │ part            each of one thread, at most SMK_KEPT_PART bytes of whole records
 *
 * The writer's; nobody else reads or writes it, so a snapshot is encoded from it in place.
 */
#ifndef SMK_CORE_KEPT_H
#define SMK_CORE_KEPT_H

#include "core/drain.h"

#define SMK_KEPT_PART      4096u
#define SMK_KEPT_BYTES_MIN (16u * SMK_KEPT_PART)

/* Of a recorder's size, what is the ring's; the rest is the buffer's. */
uint64_t smk_kept_share(uint64_t bytes);

uint64_t smk_kept_bytes_beside(uint64_t pool_bytes);

/* Makes it, once, beside a buffer of so many bytes. False: no memory, and nothing is kept. */
bool smk_kept_ready(uint64_t pool_bytes);
uint64_t smk_kept_bytes(void); /* 0: there is none. Any thread. */

/* At the end of all that is kept. */
void smk_kept_put(const struct smk_piece *pieces, uint32_t count);
/* Nothing is recorded any more, or everything anew: what there is ends here. */
void smk_kept_clear(void);

/* All that is kept, in order of serials and then of age; the data stays where it is. False: no memory.
 * smk_kept_release afterwards. */
bool smk_kept_get(struct smk_batch *batch);
void smk_kept_release(struct smk_batch *batch);

/* Tick: all that was put and is younger is still there. */
uint64_t smk_kept_from(void);

/* In the watcher of a crash box: that of a process that has ended. */
struct smk_kept_state {
    uint64_t head, tail, from;
};
void smk_kept_restore(uint8_t *memory, uint64_t bytes, const struct smk_kept_state *state);

void smk_kept_reset_in_child(void);

#endif
