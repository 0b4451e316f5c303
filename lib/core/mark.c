/* mark.c: what the macros of trace.h call for regions, waits, logs, counters and names. Requests are
 * in request.c. */
#include <string.h>

#include "core/gate.h"
#include "core/init.h"
#include "core/locknames.h"
#include "core/record.h"
#include "core/routes.h"
#include "core/site.h"
#include "core/stats.h"
#include "stallmark/version.h"

uint32_t smk_gate SMK_HOT_DATA;

uint32_t smk_abi_version(void) { return SMK_ABI_VERSION; }
SMK_EXPORT const char *smk_version(void) { return SMK_VERSION_STRING; }

/* The hot one: 2 words, no call, one time stamp. */
SMK_INLINE void record_site(smk_site *site, unsigned event)
{
    struct smk_thread *t = smk_thread_self();
    if (SMK_UNLIKELY(!t))
        return;
    uint32_t id = smk_site_id(site);
    uint64_t *rec = smk_reserve(t, 2, event);
    if (SMK_UNLIKELY(!rec))
        return;
    rec[1] = smk_ticks();
    smk_commit(t, rec, smk_record_head(event, 2, 0, id));
}

void smk_abi_region_begin(smk_site *site) { record_site(site, SMK_EV_REGION_BEGIN); }

void smk_abi_region_end(smk_site *site)
{
    if (smk_gate_open(SMK_CAT_REGION))
        record_site(site, SMK_EV_REGION_END);
}

void smk_abi_counter(smk_site *site, int64_t value)
{
    struct smk_thread *t = smk_thread_self();
    uint32_t id = smk_site_id(site);
    uint64_t *rec = t ? smk_reserve(t, 3, SMK_EV_COUNTER) : NULL;
    if (!rec)
        return;
    rec[1] = smk_ticks();
    rec[2] = (uint64_t)value;
    smk_commit(t, rec, smk_record_head(SMK_EV_COUNTER, 3, 0, id));
}

void smk_abi_log(smk_site *site, int64_t value, const char *text, size_t len)
{
    struct smk_thread *t = smk_thread_self();
    if (!t)
        return;
    if (len > SMK_TEXT_MAX) {
        len = SMK_TEXT_MAX;
        smk_add_relaxed(&smk_stats.texts_cut, 1);
    }
    unsigned words = 3 + (unsigned)(len + 7) / 8;
    uint32_t id = smk_site_id(site);
    uint64_t *rec = smk_reserve(t, words, SMK_EV_LOG);
    if (!rec)
        return;
    rec[1] = smk_ticks();
    rec[2] = (uint64_t)value;
    if (len)
        memcpy(rec + 3, text, len);
    smk_commit(t, rec, smk_record_head(SMK_EV_LOG, words, (unsigned)len, id));
}

smk_wait smk_abi_wait_begin(smk_site *site, uint32_t kind, const void *object)
{
    smk_wait wait = {0};
    struct smk_thread *t = smk_thread_self();
    if (!t)
        return wait;
    wait = (smk_wait){site, smk_ticks(), (uint64_t)(uintptr_t)object, kind, 0};
    smk_wait_publish(t, kind, wait.object, 0, wait.begin, (uint64_t)__builtin_return_address(0),
                     (uint64_t)__builtin_frame_address(0), 0); /* fp 0: source/seen.h */
    return wait;
}

void smk_abi_wait_end(const smk_wait *wait)
{
    struct smk_thread *t = smk_thread_self();
    if (!t)
        return;
    smk_wait_clear(t);
    if (!smk_gate_open(SMK_CAT_OTHER))
        return;
    uint32_t id = smk_site_id(wait->site);
    uint64_t *rec = smk_reserve(t, 6, SMK_EV_USER_WAIT);
    uint64_t now = smk_ticks();
    smk_wait_ended(t, wait->kind < SMK_WAIT_OTHER ? wait->kind : SMK_WAIT_OTHER, now - wait->begin);
    if (!rec)
        return;
    rec[1] = now;
    rec[2] = now - wait->begin;
    rec[3] = wait->kind;
    rec[4] = wait->object;
    rec[5] = 0;
    smk_commit(t, rec, smk_record_head(SMK_EV_USER_WAIT, 6, 0, id));
}

void smk_abi_thread_name(const char *name)
{
    struct smk_thread *t = smk_thread_self();
    if (!t || !name)
        return;
    smk_name_store(&t->name, name);
    if (!smk_gate_open(SMK_CAT_SCHED))
        return;
    uint32_t id = smk_string_id(name);
    uint64_t *rec = smk_reserve(t, 2, SMK_EV_THREAD_NAME);
    if (!rec)
        return;
    rec[1] = smk_ticks();
    smk_commit(t, rec, smk_record_head(SMK_EV_THREAD_NAME, 2, 0, id));
}

void smk_abi_lock_name(const void *lock, const char *name)
{
    uint32_t id = smk_string_id(name);
    if (!lock || !id)
        return;
    const struct smk_source_calls *sources = smk_core_sources();
    smk_locknames_set((uint64_t)(uintptr_t)lock, id);
    if (sources && sources->lock_named)
        sources->lock_named((uint64_t)(uintptr_t)lock);
    struct smk_thread *t = smk_gate_open(SMK_CAT_LOCK) ? smk_thread_self() : NULL;
    uint64_t *rec = t ? smk_reserve(t, 3, SMK_EV_LOCK_NAME) : NULL;
    if (!rec)
        return;
    rec[1] = smk_ticks();
    rec[2] = (uint64_t)(uintptr_t)lock;
    smk_commit(t, rec, smk_record_head(SMK_EV_LOCK_NAME, 3, 0, id));
}
