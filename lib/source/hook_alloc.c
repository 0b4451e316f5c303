/* hook_alloc.c: the allocator. Two things are seen of it:
 *
 *   memory   blocks of 64 KiB and more, with the stack that asked for them, and how long they lived
 *   alloc    (off by default) calls that stopped their thread for longer than a threshold
 *
 * Disarmed, a call is one load, one branch and a jump to the real one; armed, a small block costs one more
 * comparison, and its free a look at two small tables (blocks.h, epochs.h): a lock in it ends with it.
 *
 * What the real function is, is the loader's matter: libc's, or that of another allocator that stands
 * behind us. Nothing of ours is allocated here. A block is looked at before it is given back and never
 * afterwards: its address may be another's by then.
 */
#define _GNU_SOURCE
#include "source/alloc.h"

#include "source/blocks.h"
#include "source/epochs.h"
#include "source/seen.h"

static uint64_t slow_ns = SMK_ALLOC_SLOW_NS; /* atomic */
static uint64_t slow = 1;                    /* the same in ticks; atomic */

void smk_alloc_set_slow(uint64_t ns) { smk_store_relaxed(&slow_ns, ns); }

void smk_alloc_prepare(void)
{
    smk_store_relaxed(&slow, smk_ns_to_ticks(smk_load_relaxed(&slow_ns)));
    if (!smk_gate_open(SMK_CAT_MEMORY))
        smk_blocks_forget();
}

#if !SMK_TSAN && !SMK_ASAN /* their run-time libraries are the allocator, before they can follow anybody */

#define GIVING_BACK (SMK_CAT_MEMORY | SMK_CAT_ALLOC | SMK_CAT_LOCK)

/* ---- blocks that are given ------------------------------------------------------------------------------------- */

SMK_INLINE bool is_seen(uint64_t bytes)
{
    uint32_t gate = smk_load_relaxed(&smk_gate) & (SMK_CAT_MEMORY | SMK_CAT_ALLOC);
    return SMK_UNLIKELY(gate) && ((gate & SMK_CAT_ALLOC) || bytes >= SMK_LARGE_BYTES);
}

static void record_large(struct smk_seen *seen, const void *block, uint64_t bytes, uint64_t now)
{
    uint32_t stack = smk_stack_here(seen->from.pc, seen->from.sp, seen->from.fp);
    struct smk_block large = {(uint64_t)(uintptr_t)block, bytes, now, stack};
    smk_local_count(&seen->t->counted.stacks[smk_event_category_number(SMK_EV_ALLOC_LARGE)]);
    smk_block_put(&large);
    uint64_t *rec = smk_reserve(seen->t, 6, SMK_EV_ALLOC_LARGE);
    if (!rec)
        return;
    rec[1] = now;
    rec[2] = now - seen->since;
    rec[3] = smk_call_name(seen->call);
    rec[4] = large.address;
    rec[5] = bytes;
    smk_commit(seen->t, rec, smk_record_head(SMK_EV_ALLOC_LARGE, 6, 0, stack));
}

static void end_alloc(struct smk_seen *seen, const void *block, uint64_t bytes)
{
    bool large = block && bytes >= SMK_LARGE_BYTES && smk_gate_open(SMK_CAT_MEMORY);
    uint64_t now = smk_seen_end(seen, large ? SMK_CAT_MEMORY : SMK_CAT_ALLOC, large ? 0 : smk_load_relaxed(&slow));
    if (!now)
        return;
    if (large)
        record_large(seen, block, bytes, now);
    else
        SMK_SEEN_RECORD(seen, now, SMK_EV_ALLOC_WAIT, smk_call_name(seen->call), (uint64_t)(uintptr_t)block,
                        bytes);
}

/* `given`: the block, in terms of `result`. */
#define ALLOC(type, name, args, bytes, given)                                                      \
    if (SMK_LIKELY(!is_seen(bytes)))                                                               \
        return SMK_REAL(name) args;                                                                \
    struct smk_seen seen;                                                                          \
    smk_seen_begin(&seen, SMK_CALL_##name, SMK_WAIT_MEMORY, 0, SMK_CALLER);                        \
    type result = SMK_REAL(name) args;                                                             \
    end_alloc(&seen, (given), (bytes));                                                            \
    return result

static inline uint64_t product(size_t count, size_t size)
{
    uint64_t bytes;
    return __builtin_mul_overflow(count, size, &bytes) ? UINT64_MAX : bytes;
}

SMK_EXPORT void *malloc(size_t size) { ALLOC(void *, malloc, (size), size, result); }

SMK_EXPORT void *calloc(size_t count, size_t size)
{
    ALLOC(void *, calloc, (count, size), product(count, size), result);
}

SMK_EXPORT void *aligned_alloc(size_t align, size_t size)
{
    ALLOC(void *, aligned_alloc, (align, size), size, result);
}

SMK_EXPORT int posix_memalign(void **block, size_t align, size_t size)
{
    ALLOC(int, posix_memalign, (block, align, size), size, result == 0 ? *block : NULL);
}

SMK_EXPORT void *memalign(size_t align, size_t size) { ALLOC(void *, memalign, (align, size), size, result); }
SMK_EXPORT void *valloc(size_t size) { ALLOC(void *, valloc, (size), size, result); }
SMK_EXPORT void *pvalloc(size_t size) { ALLOC(void *, pvalloc, (size), size, result); }

/* ---- blocks that are given back -------------------------------------------------------------------------------- */

static void record_end(struct smk_seen *seen, const struct smk_block *block, uint64_t now)
{
    uint64_t *rec = smk_reserve(seen->t, 7, SMK_EV_FREE_LARGE);
    if (!rec)
        return;
    rec[1] = now;
    rec[2] = now - seen->since;
    rec[3] = smk_call_name(seen->call);
    rec[4] = block->address;
    rec[5] = block->bytes;
    rec[6] = now - block->since;
    smk_commit(seen->t, rec, smk_record_head(SMK_EV_FREE_LARGE, 7, 0, block->stack));
}

/* Nothing is known of a block that is not large and near no lock. */
SMK_INLINE bool is_of_interest(const void *block)
{
    return smk_block_may_be_large(block) || smk_epoch_is_near((uint64_t)(uintptr_t)block);
}

static void end_locks(void *block)
{
    if (block && smk_gate_open(SMK_CAT_LOCK) && smk_epoch_is_near((uint64_t)(uintptr_t)block))
        smk_epoch_end_range((uint64_t)(uintptr_t)block, SMK_REAL(malloc_usable_size)(block), SMK_EPOCH_FREE);
}

static SMK_NOINLINE void free_seen(void *block, struct smk_caller from)
{
    struct smk_seen seen;
    struct smk_block large;
    bool is_large = smk_block_may_be_large(block) && smk_block_take(block, &large);
    end_locks(block);
    if (!is_large && !smk_gate_open(SMK_CAT_ALLOC)) {
        SMK_REAL(free)(block);
        return;
    }
    smk_seen_begin(&seen, SMK_CALL_free, SMK_WAIT_MEMORY, 0, from);
    SMK_REAL(free)(block);
    uint64_t now = smk_seen_end(&seen, is_large ? SMK_CAT_MEMORY : SMK_CAT_ALLOC,
                                is_large ? 0 : smk_load_relaxed(&slow));
    if (!now)
        return;
    if (is_large)
        record_end(&seen, &large, now);
    else
        SMK_SEEN_RECORD(&seen, now, SMK_EV_ALLOC_WAIT, smk_call_name(seen.call), (uint64_t)(uintptr_t)block, 0);
}

SMK_EXPORT void free(void *block)
{
    uint32_t gate = smk_load_relaxed(&smk_gate) & GIVING_BACK;
    if (SMK_LIKELY(!gate) || (!(gate & SMK_CAT_ALLOC) && SMK_LIKELY(!is_of_interest(block)))) {
        SMK_REAL(free)(block);
        return;
    }
    free_seen(block, SMK_CALLER);
}

/* ---- both at once ------------------------------------------------------------------------------------------------ */

/* The end of one block and the begin of another, in place or not; one that could not be had lives on. */
static SMK_NOINLINE void *realloc_seen(void *block, uint64_t bytes, struct smk_caller from)
{
    struct smk_seen seen;
    struct smk_block large;
    bool was_large = block && smk_block_may_be_large(block) && smk_block_take(block, &large);
    smk_seen_begin(&seen, SMK_CALL_realloc, SMK_WAIT_MEMORY, 0, from);
    void *result = SMK_REAL(realloc)(block, bytes);
    if (was_large && !result && bytes > 0)
        smk_block_put(&large);
    else if (was_large && seen.t && smk_gate_open(SMK_CAT_MEMORY))
        record_end(&seen, &large, smk_ticks());
    end_alloc(&seen, result, bytes);
    return result;
}

SMK_EXPORT void *realloc(void *block, size_t size)
{
    if (SMK_LIKELY(!smk_gate_open(SMK_CAT_MEMORY | SMK_CAT_ALLOC)) ||
        (SMK_LIKELY(!is_seen(size)) && !smk_block_may_be_large(block)))
        return SMK_REAL(realloc)(block, size);
    return realloc_seen(block, size, SMK_CALLER);
}

SMK_EXPORT void *reallocarray(void *block, size_t count, size_t size)
{
    uint64_t bytes = product(count, size);
    if (SMK_LIKELY(!smk_gate_open(SMK_CAT_MEMORY | SMK_CAT_ALLOC)) || bytes == UINT64_MAX ||
        (SMK_LIKELY(!is_seen(bytes)) && !smk_block_may_be_large(block)))
        return SMK_REAL(reallocarray)(block, count, size);
    return realloc_seen(block, bytes, SMK_CALLER);
}

#endif
