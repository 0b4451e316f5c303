/* pool.h: the one buffer: sub-buffers from one prefaulted pool, the globally oldest recycled.
 *
 * A thread owns at most one sub-buffer, writes records into it from front to back, and closes it when
 * it is full. Closed ones queue in the order in which they were closed; a thread that needs one takes
 * a free one, else the oldest closed one. So the pool always holds the latest of everything: one busy
 * thread does not set the window of the others, and an idle thread's sub-buffer is taken away once it
 * is the oldest (smk_pool_steal).
 *
 *     free ──take──▶ open (owner writes) ──close──▶ closed ──recycle──▶ open of another thread
 *      ▲                │                             │  ▲
 *      └────────────────┴── steal when idle           └──┘ reading: the drain copies it
 *
 * State word of a sub-buffer, 64 bits, changed only by compare and swap:
 *
 *     63 … 8  position in the queue of closed ones; while open, the generation
 *          4  CLOSING: its owner is about to close it; the drain neither reads nor steals it now
 *          3  TAKEN: recycled while it was being read; the reader frees it
 *          2  READING: the drain holds it
 *       1, 0  0 free, 1 open, 2 closed, 3 given up: not used for ten seconds, smk_pool_reclaim
 *
 * The last SMK_SUB_SLACK bytes of a sub-buffer are left for signal handlers that come when it is full and
 * a record in it is not finished: until it is, nobody can close the sub-buffer.
 *
 * There is one drain at a time (drain.c, on the writer thread). What it has copied for the running
 * captures is `consumed`; who recycles a sub-buffer that is not consumed counts each event in it as
 * lost for each capture that wanted it. The state word decides between the two, so an event is in the
 * file or in the count, never both or neither.
 */
#ifndef SMK_CORE_POOL_H
#define SMK_CORE_POOL_H

#include "base/compiler.h"
#include "core/ring.h"
#include "core/thread.h"

#define SMK_SUB_SIZE         8192u
#define SMK_SUB_SLACK        512u
#define SMK_POOL_BYTES_MIN   (64u * SMK_SUB_SIZE)
#define SMK_POOL_BYTES_LIMIT (UINT64_C(4) << 30)

enum {
    SMK_SUB_FREE = 0,
    SMK_SUB_OPEN = 1,
    SMK_SUB_CLOSED = 2,
    SMK_SUB_KIND = 3,
    SMK_SUB_READING = 4,
    SMK_SUB_TAKEN = 8,
    SMK_SUB_CLOSING = 16,
    SMK_SUB_POS_SHIFT = 8
};

struct smk_sub {
    uint64_t state;
    uint32_t used;     /* bytes of records; final once closed */
    uint32_t consumed; /* bytes that the drain has copied; written while it holds READING */
    uint64_t last;     /* ticks when it was closed */
    uint64_t ordinal;  /* of its owner's sub-buffers, from 1 */
    uint32_t serial;   /* its owner's */
    uint32_t tid;
    struct smk_thread *owner; /* its losses are counted there, while the serial still matches */
    char name[SMK_NAME_MAX];  /* the owner's name when it was closed: it may be gone when we write */
};

struct smk_pool {
    struct smk_sub *subs;
    uint8_t *memory;
    uint32_t count;
    struct smk_ring free_ring;
    struct smk_ring closed;
    size_t ring_bytes;
    uint64_t complete_from; /* ticks: all that was recorded after this is still in the pool */
    uint64_t recycled;      /* sub-buffers recycled */
    uint64_t stolen;        /* taken from idle threads */
    uint64_t torn;          /* given up, because a record in them was never finished; so far */
    uint64_t given_up;      /* and now */
};

/* The pool; all zero until smk_pool_init. */
extern struct smk_pool smk_pool;

/* Makes a pool of about `bytes`, all pages faulted in. 0, SMK_E_INVALID, SMK_E_NOMEM; the pool is
 * made once in a process (again in a fork's child). */
int smk_pool_init(uint64_t bytes);
/* In the watcher of a crash box: the buffer of a process that has ended. */
int smk_pool_restore(struct smk_sub *subs, uint8_t *memory, uint32_t count);
bool smk_pool_ready(void);
/* Forgets it in a fork's child, where its memory reads as zeroes. */
void smk_pool_forget(void);
uint64_t smk_pool_bytes(void);

SMK_INLINE uint8_t *smk_sub_memory(uint32_t index)
{
    return smk_pool.memory + (size_t)index * SMK_SUB_SIZE;
}

/* The slow path of a reservation: closes the full sub-buffer, takes another, and reserves in it; NULL
 * when the event is dropped, which is counted for each capture that wants it. `pos` is what the
 * failed reservation got. errno is not touched. */
SMK_COLD uint64_t *smk_pool_reserve_slow(struct smk_thread *t, uint64_t pos, unsigned words,
                                         unsigned event);

/* Closes the sub-buffer of a thread that ends. Own thread only. */
void smk_pool_thread_exit(struct smk_thread *t);

/* Takes the open sub-buffer of a thread that is idle. The caller has set the thread's `end` to 0 and
 * has then made all threads pass a barrier, so that no reservation can succeed in it any more; it has
 * seen nothing new there since `quiet_since`. False when the thread was not idle after all. The
 * drain's thread only. */
bool smk_pool_steal(struct smk_thread *t, uint32_t index, uint64_t state, uint64_t quiet_since);

/* Frees the sub-buffers that were given up more than ten seconds before `now`: a handler that interrupted
 * the writing of a record, recorded as much as it takes to give up, and ran on for so long, has left it
 * for good. The drain's thread only. */
void smk_pool_reclaim(uint64_t now);

/* What was recorded before this tick is not all in the pool. Any thread. */
void smk_pool_note_incomplete_until(uint64_t tick);

/* Gives a sub-buffer that the drain copied back: to the free ones if it was TAKEN meanwhile. What the
 * drain had no room for is then counted as lost. */
void smk_pool_end_reading(uint32_t index);

#endif
