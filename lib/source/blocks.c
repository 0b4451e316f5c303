#include "source/blocks.h"

#define OWNED 1u

union smk_block_tags smk_block_tags[SMK_BLOCK_ROWS];
uint64_t smk_block_filter SMK_HOT_DATA;
static struct smk_block blocks[SMK_BLOCK_ROWS][SMK_BLOCK_WAYS];

/* A free way, else the oldest; its number, owned by the caller, or SMK_BLOCK_WAYS: others are quicker. */
static uint32_t own_a_way(uint32_t row)
{
    uint32_t oldest = 0;
    for (uint32_t way = 0; way < SMK_BLOCK_WAYS; way++) {
        uint64_t none = 0;
        if (smk_cas_acq_rel(&blocks[row][way].address, &none, OWNED)) /* pairs with: smk_block_put */
            return way;
        if (smk_load_relaxed(&blocks[row][way].since) < smk_load_relaxed(&blocks[row][oldest].since))
            oldest = way;
    }
    uint64_t there = smk_load_relaxed(&blocks[row][oldest].address);
    bool owned = there > OWNED && smk_cas_acq_rel(&blocks[row][oldest].address, &there, OWNED); /* pairs with:
                                                                                                   smk_block_put */
    return owned ? oldest : SMK_BLOCK_WAYS;
}

void smk_block_put(const struct smk_block *block)
{
    uint64_t hash = smk_block_hash((const void *)(uintptr_t)block->address);
    uint32_t row = smk_block_row(hash), way = own_a_way(row);
    if (way == SMK_BLOCK_WAYS)
        return;
    struct smk_block *place = &blocks[row][way];
    place->bytes = block->bytes;
    place->stack = block->stack;
    smk_store_relaxed(&place->since, block->since);
    smk_store_relaxed(&smk_block_tags[row].tag[way], smk_block_tag(hash));
    smk_store_release(&place->address, block->address); /* pairs with: own_a_way, smk_block_take */
    smk_or_relaxed(&smk_block_filter, UINT64_C(1) << (hash >> 34 & 63)); /* behind: see smk_blocks_forget */
}

bool smk_block_take(const void *address, struct smk_block *block)
{
    uint32_t row = smk_block_row(smk_block_hash(address));
    for (uint32_t way = 0; way < SMK_BLOCK_WAYS; way++) {
        struct smk_block *place = &blocks[row][way];
        uint64_t there = (uint64_t)(uintptr_t)address;
        if (smk_load_relaxed(&place->address) != there ||
            !smk_cas_acq_rel(&place->address, &there, OWNED)) /* pairs with: smk_block_put */
            continue;
        *block = (struct smk_block){there, place->bytes, smk_load_relaxed(&place->since), place->stack};
        smk_store_relaxed(&smk_block_tags[row].tag[way], 0);
        smk_store_release(&place->address, 0); /* pairs with: own_a_way */
        return true;
    }
    return false;
}

void smk_blocks_forget(void)
{
    struct smk_block block;
    smk_store_relaxed(&smk_block_filter, 0); /* who puts one meanwhile sets its bit when it is there */
    for (uint32_t row = 0; row < SMK_BLOCK_ROWS; row++)
        for (uint32_t way = 0; way < SMK_BLOCK_WAYS; way++) {
            uint64_t there = smk_load_relaxed(&blocks[row][way].address);
            if (there > OWNED)
                smk_block_take((const void *)(uintptr_t)there, &block);
        }
}
