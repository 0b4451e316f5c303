/* blocks.h: large blocks that were given while something was armed, so that their end can say how long they
 * lived. 4096 of them, in 1024 rows of four by the address; each has a byte of its hash in its row's word, so
 * that a free() of any other block is one load and a few instructions. The fifth of a row takes the place of the
 * oldest, whose end is then not recorded.
 *
 * Bounded and without a lock: who sets or takes an address owns the place meanwhile.
 */
#ifndef SMK_SOURCE_BLOCKS_H
#define SMK_SOURCE_BLOCKS_H

#include "base/atomic.h"
#include "base/hash.h"

#define SMK_BLOCK_ROWS 1024u
#define SMK_BLOCK_WAYS 4u

union smk_block_tags {
    uint32_t word;
    uint8_t tag[SMK_BLOCK_WAYS]; /* 0: free */
};

extern union smk_block_tags smk_block_tags[SMK_BLOCK_ROWS]; /* atomic */
extern uint64_t smk_block_filter; /* atomic: each that was put since all were forgotten has set a bit */

/* One multiplication: rows by the middle bits, tags by the upper ones. */
SMK_INLINE uint64_t smk_block_hash(const void *block)
{
    return ((uint64_t)(uintptr_t)block >> 4) * UINT64_C(0x9e3779b97f4a7c15);
}

SMK_INLINE uint32_t smk_block_row(uint64_t hash) { return (uint32_t)(hash >> 40) % SMK_BLOCK_ROWS; }
SMK_INLINE uint8_t smk_block_tag(uint64_t hash) { return (uint8_t)(hash >> 57 | 1); }

/* False: it is none of them, by one word that is at hand or by that of its row. (A byte that is 0 in a word: Mycroft
 * 1987.) */
SMK_INLINE bool smk_block_may_be_large(const void *block)
{
    uint64_t hash = smk_block_hash(block);
    if (SMK_LIKELY(!(smk_load_relaxed(&smk_block_filter) >> (hash >> 34 & 63) & 1)))
        return false;
    uint32_t tags = smk_load_relaxed(&smk_block_tags[smk_block_row(hash)].word);
    uint32_t x = tags ^ smk_block_tag(hash) * 0x01010101u;
    return ((x - 0x01010101u) & ~x & 0x80808080u) != 0;
}

struct smk_block {
    uint64_t address; /* atomic; 0: free, 1: owned by somebody */
    uint64_t bytes, since; /* since: ticks */
    uint32_t stack;
};

void smk_block_put(const struct smk_block *block);
/* Takes it out; false: it is none of them. Before the real call that ends it: behind it the address may be
 * another's. */
bool smk_block_take(const void *address, struct smk_block *block);

/* At each arming: those of an earlier one are forgotten, since what was freed meanwhile is not known. */
void smk_blocks_forget(void);

#endif
