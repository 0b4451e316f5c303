#include "source/epochs.h"

#include "base/hash.h"
#include "core/gate.h"
#include "core/limits.h"
#include "core/locknames.h"
#include "core/record.h"
#include "core/stats.h"

#define PROBES 8u
#define LINE   6 /* of the cache, as a power of two: locks of one object are found at once */

struct smk_epochs smk_epochs;
uint64_t smk_epoch_filter SMK_HOT_DATA;

static uint64_t *place(uint64_t line, uint32_t probe)
{
    return &smk_epochs.places[(smk_hash_word(line) + probe) % SMK_EPOCH_PLACES];
}

static uint16_t *near(uint64_t lock)
{
    return &smk_epochs.near[(lock >> SMK_EPOCH_GRANULE) % SMK_EPOCH_GRANULES];
}

/* Two threads may note one lock twice; its end takes both away. */
void smk_epoch_note(uint64_t lock)
{
    uint64_t line = lock >> LINE;
    uint64_t *room = NULL;
    for (uint32_t probe = 0; probe < PROBES; probe++) {
        uint64_t *at = place(line, probe), there = smk_load_relaxed(at);
        if (there == lock)
            return;
        if (there == 0 && !room)
            room = at;
    }
    uint64_t none = 0;
    if (smk_add_relaxed(&smk_stats.lock_epochs, 1) >= smk_load_relaxed(&smk_limits.lock_epochs))
        room = NULL;
    smk_or_relaxed(&smk_epoch_filter, UINT64_C(1) << (lock >> SMK_EPOCH_GRANULE & 63));
    smk_add_relaxed(near(lock), 1); /* first, so that it is never less than what is there */
    if (room && smk_cas_relaxed(room, &none, lock))
        return;
    smk_sub_relaxed(near(lock), 1);
    smk_sub_relaxed(&smk_stats.lock_epochs, 1);
    if (!room)
        smk_add_relaxed(&smk_stats.lock_epochs_full, 1);
}

static void end_at(uint64_t *at, uint64_t lock, enum smk_lock_epoch why)
{
    struct smk_thread *t = smk_gate_open(SMK_CAT_LOCK) && !smk_tls.quiet ? smk_thread_self() : NULL;
    if (!smk_cas_relaxed(at, &lock, 0))
        return;
    smk_sub_relaxed(near(lock), 1);
    smk_sub_relaxed(&smk_stats.lock_epochs, 1);
    smk_locknames_forget(lock);
    uint64_t *rec = t ? smk_reserve(t, 3, SMK_EV_LOCK_EPOCH) : NULL;
    if (!rec)
        return;
    rec[1] = smk_ticks();
    rec[2] = lock;
    smk_commit(t, rec, smk_record_head(SMK_EV_LOCK_EPOCH, 3, 0, why));
}

void smk_epoch_end(uint64_t lock, enum smk_lock_epoch why)
{
    for (uint32_t probe = 0; probe < PROBES; probe++) {
        uint64_t *at = place(lock >> LINE, probe);
        if (smk_load_relaxed(at) == lock)
            end_at(at, lock, why);
    }
}

static void end_line(uint64_t line, uint64_t from, uint64_t to, enum smk_lock_epoch why)
{
    for (uint32_t probe = 0; probe < PROBES; probe++) {
        uint64_t *at = place(line, probe), there = smk_load_relaxed(at);
        if (there >> LINE == line && there >= from && there < to)
            end_at(at, there, why);
    }
}

void smk_epoch_end_range(uint64_t from, uint64_t bytes, enum smk_lock_epoch why)
{
    uint64_t to = from + bytes;
    if (bytes >> LINE < SMK_EPOCH_PLACES / PROBES) {
        for (uint64_t line = from >> LINE; line << LINE < to; line++)
            end_line(line, from, to, why);
        return;
    }
    for (uint32_t i = 0; i < SMK_EPOCH_PLACES; i++) {
        uint64_t there = smk_load_relaxed(&smk_epochs.places[i]);
        if (there >= from && there < to)
            end_at(&smk_epochs.places[i], there, why);
    }
}
