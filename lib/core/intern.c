#include "core/intern.h"

#include <string.h>

#include "base/atomic.h"
#include "base/errors.h"
#include "base/hash.h"
#include "base/sys.h"
#include "core/box.h"

struct smk_intern smk_strings;
struct smk_intern smk_sites;
struct smk_intern smk_stacks;

#define ENTRY_ALIGN 8u
#define PROBE_LIMIT 64u

int smk_intern_init(struct smk_intern *table, uint32_t ids, uint32_t arena_bytes)
{
    uint32_t slots = 1;
    while (slots < 2 * ids)
        slots <<= 1;
    table->slots = smk_sys_map(slots * sizeof *table->slots);
    table->offsets = smk_sys_map((ids + 1) * sizeof *table->offsets);
    table->arena = smk_sys_map(arena_bytes);
    if (!table->slots || !table->offsets || !table->arena)
        return smk_fail(SMK_E_NOMEM, "no memory for a table of %u names", ids);
    table->slot_mask = slots - 1;
    table->id_limit = table->allowed = ids;
    table->arena_limit = arena_bytes;
    table->arena_used = ENTRY_ALIGN; /* offset 0 means none */
    return 0;
}

void smk_intern_allow(struct smk_intern *table, uint32_t ids)
{
    smk_store_relaxed(&table->allowed, (uint32_t)smk_min_u64(ids, table->id_limit));
}

const void *smk_intern_get(const struct smk_intern *table, uint32_t id, uint32_t *len)
{
    if (id == 0 || id > table->id_limit || !table->offsets)
        return NULL;
    uint32_t offset = smk_load_acquire(&table->offsets[id]); /* pairs with: add_entry */
    if (offset == 0)
        return NULL;
    memcpy(len, table->arena + offset, sizeof *len);
    return table->arena + offset + sizeof *len;
}

static bool is_same(const struct smk_intern *table, uint32_t id, const void *bytes, uint32_t len)
{
    uint32_t known_len;
    const void *known = smk_intern_get(table, id, &known_len);
    return known && known_len == len && memcmp(known, bytes, len) == 0;
}

static enum smk_box_kind kind_of(const struct smk_intern *table)
{
    return table == &smk_strings ? SMK_BOX_STRING : table == &smk_sites ? SMK_BOX_SITE : SMK_BOX_STACK;
}

/* Writes an entry that nobody can find yet; 0 when there is no room. */
static uint32_t add_entry(struct smk_intern *table, const void *bytes, uint32_t len)
{
    uint32_t size = (uint32_t)smk_align_up(sizeof len + len, ENTRY_ALIGN);
    if (smk_load_relaxed(&table->next_id) >= smk_load_relaxed(&table->allowed) ||
        smk_load_relaxed(&table->arena_used) + (uint64_t)size > table->arena_limit)
        return 0;
    uint32_t offset = smk_add_relaxed(&table->arena_used, size);
    uint32_t id = smk_add_relaxed(&table->next_id, 1) + 1;
    /* Several at once passed the check above: what was taken stays taken, an id that was given out
     * must never be given out again. */
    if (id > table->id_limit || offset + (uint64_t)size > table->arena_limit)
        return 0;
    memcpy(table->arena + offset, &len, sizeof len);
    memcpy(table->arena + offset + sizeof len, bytes, len);
    smk_store_release(&table->offsets[id], offset); /* pairs with: smk_intern_get */
    smk_box_add(kind_of(table), id, bytes, len);
    return id;
}

void smk_intern_restore(struct smk_intern *table, uint32_t id, const void *bytes, uint32_t len)
{
    uint32_t size = (uint32_t)smk_align_up(sizeof len + len, ENTRY_ALIGN);
    if (id == 0 || id > table->id_limit || table->offsets[id] != 0 ||
        table->arena_used + (uint64_t)size > table->arena_limit)
        return;
    memcpy(table->arena + table->arena_used, &len, sizeof len);
    memcpy(table->arena + table->arena_used + sizeof len, bytes, len);
    table->offsets[id] = table->arena_used;
    table->arena_used += size;
    table->next_id = (uint32_t)smk_max_u64(table->next_id, id);
}

uint32_t smk_intern(struct smk_intern *table, const void *bytes, uint32_t len)
{
    if (!table->slots)
        return 0;
    uint64_t hash = smk_hash_bytes(bytes, len);
    uint64_t tag = hash & 0xffffffff00000000u;
    uint32_t fresh = 0;
    for (uint32_t probe = 0; probe < PROBE_LIMIT; probe++) {
        uint64_t *slot = &table->slots[(hash + probe) & table->slot_mask];
        uint64_t word = smk_load_acquire(slot); /* pairs with: the compare and swap below */
        if (word == 0) {
            if (fresh == 0)
                fresh = add_entry(table, bytes, len);
            if (fresh == 0)
                break;
            if (smk_cas_acq_rel(slot, &word, tag | fresh))
                return fresh;
        }
        /* Occupied, perhaps by somebody who added the same bytes just now: then our entry stays in
         * the arena without a slot, which costs its room and no more. */
        if ((word & 0xffffffff00000000u) == tag && is_same(table, (uint32_t)word, bytes, len))
            return (uint32_t)word;
    }
    smk_add_relaxed(&table->refused, 1);
    return 0;
}

uint32_t smk_intern_find(const struct smk_intern *table, const void *bytes, uint32_t len)
{
    uint64_t hash = smk_hash_bytes(bytes, len);
    uint64_t tag = hash & 0xffffffff00000000u;
    for (uint32_t probe = 0; table->slots && probe < PROBE_LIMIT; probe++) {
        uint64_t word = smk_load_acquire(&table->slots[(hash + probe) & table->slot_mask]); /* pairs with: smk_intern */
        if (word == 0)
            break;
        if ((word & 0xffffffff00000000u) == tag && is_same(table, (uint32_t)word, bytes, len))
            return (uint32_t)word;
    }
    return 0;
}

uint32_t smk_intern_count(const struct smk_intern *table)
{
    return smk_load_relaxed(&table->next_id);
}
