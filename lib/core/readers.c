#include "core/readers.h"

#include "format/events.h"

struct smk_reader_slot smk_readers[SMK_CAPTURES_MAX];
uint32_t smk_readers_active;

static bool wants(const struct smk_reader_slot *reader, uint32_t category, uint64_t tick)
{
    return (smk_load_relaxed(&reader->categories) & category) && tick >= smk_load_acquire(&reader->first) &&
           tick < smk_load_relaxed(&reader->last);
}

void smk_readers_count_loss(struct smk_thread *owner, uint32_t serial, unsigned event, uint64_t tick)
{
    const struct smk_event_spec *spec = smk_event_spec(event);
    if (!spec)
        return;
    uint32_t active = smk_load_acquire(&smk_readers_active); /* pairs with: smk_reader_add */
    for (; active; active &= active - 1) {
        int slot = __builtin_ctz(active);
        if (!wants(&smk_readers[slot], spec->category, tick))
            continue;
        if (owner && smk_load_relaxed(&owner->serial) == serial)
            smk_add_relaxed(&owner->lost[slot], 1);
        else
            smk_add_relaxed(&smk_readers[slot].lost_elsewhere, 1);
    }
}

static bool zero_lost(struct smk_thread *thread, void *arg)
{
    smk_store_relaxed(&thread->lost[*(int *)arg], 0);
    return true;
}

int smk_reader_add(uint32_t categories)
{
    uint32_t taken = smk_load_relaxed(&smk_readers_active);
    for (int slot = 0; slot < SMK_CAPTURES_MAX; slot++) {
        if (taken & (1u << slot))
            continue;
        struct smk_reader_slot *reader = &smk_readers[slot];
        smk_store_relaxed(&reader->categories, categories);
        smk_store_relaxed(&reader->first, UINT64_MAX);
        smk_store_relaxed(&reader->last, UINT64_MAX);
        smk_or_acq_rel(&smk_readers_active, 1u << slot); /* pairs with: smk_readers_count_loss */
        return slot;
    }
    return -1;
}

void smk_reader_start(int slot, uint64_t first)
{
    smk_store_relaxed(&smk_readers[slot].lost_elsewhere, 0);
    smk_threads_each_slot(zero_lost, &slot);
    smk_store_release(&smk_readers[slot].first, first); /* pairs with: wants */
}

void smk_reader_stop(int slot, uint64_t last) { smk_store_relaxed(&smk_readers[slot].last, last); }

void smk_reader_remove(int slot) { smk_and_acq_rel(&smk_readers_active, ~(1u << slot)); }

void smk_readers_reset_in_child(void) { smk_store_relaxed(&smk_readers_active, 0); }
