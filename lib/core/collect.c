#include "core/collect.h"

#include <string.h>

#include "base/sys.h"
#include "core/box.h"
#include "core/clock.h"
#include "core/drain.h"
#include "core/kept.h"
#include "core/pool.h"

#define BASES         64u /* a second apart, as what things cost (cost.h) */
#define BASE_EVERY_NS UINT64_C(900000000)

static struct smk_collecting collecting; /* of one pass */

/* The counters of the sources in the last minute: a snapshot begins before anybody thinks of it. */
static struct {
    uint64_t tick;
    struct smk_source_base base;
} bases[BASES];
static uint64_t base_count;

static const struct smk_source_calls *sources_that_collect(void)
{
    const struct smk_source_calls *sources = smk_core_sources();
    return sources && sources->collect ? sources : NULL;
}

/* ---- where counting begins ------------------------------------------------------------------------------------ */

static void keep_base(const struct smk_source_calls *sources)
{
    uint64_t now = smk_ticks();
    if (base_count && smk_ticks_to_ns(now - bases[(base_count - 1) % BASES].tick) < BASE_EVERY_NS)
        return;
    uint64_t at = base_count++ % BASES;
    bases[at].tick = now;
    memset(&bases[at].base, 0, sizeof bases[at].base);
    sources->base(smk_recorder_categories(), &bases[at].base);
}

/* The newest that is not younger; else the oldest that there is. */
static void base_at(uint64_t tick, struct smk_source_base *base)
{
    for (uint64_t back = 1; back <= smk_min_u64(base_count, BASES); back++) {
        uint64_t at = (base_count - back) % BASES;
        *base = bases[at].base;
        if (bases[at].tick <= tick)
            return;
    }
}

void smk_collect_begin(struct smk_capture *capture)
{
    const struct smk_source_calls *sources = sources_that_collect();
    capture->kept_done = !sources || capture->spec.kind != SMK_CAPTURE_SNAPSHOT;
    if (!sources)
        return;
    sources->base(capture->spec.categories, &capture->base);
    if (capture->spec.kind != SMK_CAPTURE_SNAPSHOT)
        sources->begin();
}

/* ---- snapshots ------------------------------------------------------------------------------------------------ */

/* Where each thread stood where the snapshot begins, and all that was said since. */
static void give_kept(struct smk_capture *capture, const struct smk_source_calls *sources, smk_collect_give give)
{
    struct smk_batch batch = {0};
    const struct smk_piece *pieces = NULL;
    uint64_t from = smk_max_u64(smk_max_u64(capture->from, capture->complete_from), smk_kept_from());
    batch.count = sources->stand(from, &pieces);
    batch.pieces = (struct smk_piece *)pieces; /* only read */
    give(capture, &batch);
    base_at(from, &capture->base);
    if (smk_kept_get(&batch)) {
        give(capture, &batch);
        smk_kept_release(&batch);
    }
    capture->kept_done = true;
}

static bool waits_for_kept(const struct smk_capture *capture)
{
    return capture->spec.kind == SMK_CAPTURE_SNAPSHOT && !capture->kept_done;
}

/* ---- a pass --------------------------------------------------------------------------------------------------- */

static void collect_pieces(struct smk_batch *batch)
{
    const struct smk_piece *pieces = NULL;
    batch->count = smk_core_sources()->collect(&collecting, &pieces);
    batch->pieces = (struct smk_piece *)pieces; /* only read */
}

static void set_collecting(struct smk_capture *const *list, int count, uint32_t recorder)
{
    collecting = (struct smk_collecting){.categories = recorder, .alone = true};
    for (int i = 0; i < count; i++) {
        collecting.categories |= list[i]->spec.categories;
        collecting.alone &= list[i]->spec.kind == SMK_CAPTURE_SNAPSHOT;
        if (list[i]->finishing)
            collecting.stop = smk_max_u64(collecting.stop, list[i]->stopped);
    }
    collecting.categories &= ~smk_captures_are_shed();
}

/* Which source it is, for the crash box; when that changes. */
static void tell_box(void *arg, const char *key, const char *value)
{
    static char told[64];
    (void)arg;
    if (strcmp(key, SMK_FACT_SCHED_SOURCE) != 0 || strncmp(told, value, sizeof told - 1) == 0)
        return;
    memcpy(told, value, strnlen(value, sizeof told - 1) + 1);
    told[sizeof told - 1] = '\0';
    smk_box_add_fact(key, value);
}

static void keep(const struct smk_batch *batch, const struct smk_source_calls *sources)
{
    if (!smk_pool_ready() || !smk_kept_ready(smk_pool_bytes()))
        return;
    keep_base(sources);
    if (smk_box() && sources->facts)
        sources->facts(&bases[(base_count - 1) % BASES].base, tell_box, NULL);
    smk_kept_put(batch->pieces, batch->count);
}

bool smk_collect_for(struct smk_capture *const *list, int count, uint64_t as_of, smk_collect_give give)
{
    struct smk_batch batch = {0};
    const struct smk_source_calls *sources = sources_that_collect();
    uint32_t recorder = smk_recorder_categories();
    if (!sources)
        return true;
    set_collecting(list, count, recorder);
    if (!smk_captures_copy(as_of, collect_pieces, &batch))
        return false;
    for (int i = 0; i < count; i++)
        if (!waits_for_kept(list[i]))
            give(list[i], &batch);
    if (recorder)
        keep(&batch, sources);
    else
        smk_kept_clear();
    for (int i = 0; i < count; i++)
        if (waits_for_kept(list[i]) && list[i]->retained_done)
            give_kept(list[i], sources, give);
    return true;
}

void smk_collect_reset_in_child(void)
{
    base_count = 0;
    smk_kept_reset_in_child();
}
