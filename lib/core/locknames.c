#include "core/locknames.h"

#include "base/atomic.h"
#include "base/errors.h"
#include "base/hash.h"
#include "base/sys.h"
#include "core/box.h"
#include "core/limits.h"
#include "core/stats.h"

struct smk_stats smk_stats;

/* Open addressing, twice the entries; an address is never removed, only renamed. */
#define SLOTS (2 * SMK_LOCKNAMES_MAX)

static struct {
    uint64_t address; /* 0: free; set once */
    uint32_t name;
    uint32_t unused;
} *table;

static uint32_t used;

int smk_locknames_init(void)
{
    table = smk_sys_map(SLOTS * sizeof *table);
    return table ? 0 : smk_fail(SMK_E_NOMEM, "no memory for lock names");
}

void smk_locknames_set(uint64_t address, uint32_t name)
{
    if (!table)
        return;
    for (uint32_t probe = 0; probe < SLOTS; probe++) {
        uint32_t i = (uint32_t)(smk_hash_word(address) + probe) % SLOTS;
        uint64_t there = smk_load_acquire(&table[i].address);
        if (there == 0) {
            if (smk_add_relaxed(&used, 1) >= smk_load_relaxed(&smk_limits.lock_names)) {
                smk_sub_relaxed(&used, 1);
                smk_add_relaxed(&smk_stats.locknames_full, 1);
                return;
            }
            if (smk_cas_acq_rel(&table[i].address, &there, address))
                there = address;
            else
                smk_sub_relaxed(&used, 1);
        }
        if (there == address) {
            smk_store_release(&table[i].name, name); /* pairs with: smk_locknames_each */
            smk_box_add(SMK_BOX_LOCK, name, &address, sizeof address);
            return;
        }
    }
}

void smk_locknames_forget(uint64_t address)
{
    if (!table || smk_load_relaxed(&used) == 0)
        return;
    for (uint32_t probe = 0; probe < SLOTS; probe++) {
        uint32_t i = (uint32_t)(smk_hash_word(address) + probe) % SLOTS;
        uint64_t there = smk_load_acquire(&table[i].address);
        if (there == address)
            smk_store_release(&table[i].name, 0); /* pairs with: smk_locknames_each */
        if (there == address || there == 0)
            return;
    }
}

uint32_t smk_locknames_count(void) { return smk_load_relaxed(&used); }

void smk_locknames_each(bool (*visit)(uint64_t address, uint32_t name, void *arg), void *arg)
{
    for (uint32_t i = 0; table && i < SLOTS; i++) {
        uint64_t address = smk_load_acquire(&table[i].address);
        uint32_t name = smk_load_acquire(&table[i].name); /* pairs with: smk_locknames_set */
        if (address && name && !visit(address, name, arg))
            return;
    }
}
