/* drain.h: copies records out of the buffer, for whoever writes them.
 *
 * The drain is one thread at a time (the writer). It takes what is new since its last pass, or for a
 * snapshot everything that is still there, into memory of its own, sorted by thread and age. Copying
 * is quick and holds each sub-buffer for a microsecond or two; encoding, which is not, works on the
 * copy.
 */
#ifndef SMK_CORE_DRAIN_H
#define SMK_CORE_DRAIN_H

#include "base/compiler.h"
#include "core/thread.h"

/* Records of one thread, in the order in which it reserved them. */
struct smk_piece {
    const uint8_t *data;
    uint32_t len;
    uint32_t fresh; /* offset in data: what stands before it was copied by an earlier pass */
    uint32_t serial;
    uint32_t tid;
    uint64_t started; /* ticks; 0: the thread has ended */
    uint64_t ordinal; /* of the sub-buffer among its thread's */
    uint32_t offset;  /* in the sub-buffer */
    char name[SMK_NAME_MAX];
};

struct smk_batch {
    struct smk_piece *pieces;
    uint32_t count, capacity;
    uint8_t **blocks; /* memory that the data lies in */
    uint32_t block_count, block_limit;
    uint32_t block_used; /* of the last block */
    bool full;           /* there was more than the limit: call again */
    bool past_holes;     /* copy what stands behind records that are not finished, too */
    bool closed_only;    /* leave the sub-buffers that their threads are still writing for another time */
    /* Called for what there is no memory to copy, the data being the sub-buffer itself, unfinished records
     * among it; NULL: it stays for another time. */
    void (*left_out)(void *arg, const struct smk_piece *piece);
    void *left_out_arg;
    uint64_t limit;      /* bytes that it was made for */
    uint64_t bytes;
};

/* A batch for at most `bytes` of records. 0 or SMK_E_NOMEM. */
int smk_batch_init(struct smk_batch *batch, uint64_t bytes);
void smk_batch_clear(struct smk_batch *batch);
void smk_batch_free(struct smk_batch *batch);

/* Sub-buffers closed before this tick are passed over by smk_drain_new: nobody wants them. */
void smk_drain_skip_before(uint64_t tick);

/* In a fork's child, whose buffer is new. */
void smk_drain_reset_in_child(void);

/* Copies what is new. With batch->full set there is more. */
void smk_drain_new(struct smk_batch *batch);

/* Copies all that the buffer still holds, oldest first. */
void smk_drain_retained(struct smk_batch *batch);

/* Waits, at most `ns`, until each thread was seen neither between reserving and committing a record nor in
 * the slow path of a reservation: what was begun before this call is then in the buffer, or counted as
 * lost. True when each was. */
bool smk_drain_settle(uint64_t ns);
/* The same for the slow path alone, in which losses are counted. */
bool smk_drain_settle_losses(uint64_t ns);

/* Gives sub-buffers of idle threads back when theirs are the oldest of all. Does nothing while there
 * are free ones. */
void smk_drain_steal_idle(void);

/* Closed sub-buffers that wait for the drain, and how many there are in all. */
void smk_drain_backlog(uint32_t *waiting, uint32_t *total);

#endif
