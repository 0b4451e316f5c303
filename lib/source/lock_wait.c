#define _GNU_SOURCE
#include "source/lock_wait.h"

#include <string.h>

#include "core/stats.h"
#include "source/contended.h"
#include "source/epochs.h"
#include "source/held.h"

struct smk_contended smk_contended[SMK_CONTENDED_PLACES];

void smk_contended_reset_in_child(void) { memset(smk_contended, 0, sizeof smk_contended); }

enum smk_lock_result smk_lock_result_of(int code)
{
    switch (code) {
    case 0:
        return SMK_LOCK_ACQUIRED;
    case EOWNERDEAD:
        return SMK_LOCK_OWNERDEAD;
    case ETIMEDOUT:
        return SMK_LOCK_TIMEDOUT;
    default:
        return SMK_LOCK_FAILED;
    }
}

/* ---- waiting ------------------------------------------------------------------------------------------ */

void smk_lock_wait_begin(struct smk_lock_call *wait, enum smk_call call, const void *lock, uint32_t holder,
                         struct smk_caller from)
{
    wait->lock = (uint64_t)(uintptr_t)lock;
    wait->holder = holder;
    smk_seen_begin_held(&wait->seen, call, SMK_WAIT_LOCK, wait->lock, holder, from);
    if (!wait->seen.t)
        return;
    smk_epoch_note(wait->lock);
    smk_contended_begin_wait(wait->lock);
}

void smk_lock_wait_end(struct smk_lock_call *wait, enum smk_lock_result result)
{
    bool got = result == SMK_LOCK_ACQUIRED || result == SMK_LOCK_OWNERDEAD;
    if (!wait->seen.t)
        return;
    smk_contended_end_wait(wait->lock);
    uint64_t now = smk_seen_end(&wait->seen, SMK_CAT_LOCK, smk_load_relaxed(&smk_slept.lock));
    smk_add_relaxed(&smk_stats.lock_waits, 1);
    if (got && smk_gate_open(SMK_CAT_LOCK))
        smk_held_begin(wait->lock, now ? now : smk_ticks());
    if (!now)
        return;
    SMK_SEEN_RECORD(&wait->seen, now, SMK_EV_LOCK_WAIT, wait->lock, wait->holder,
                    got ? smk_contended_releaser(wait->lock, wait->seen.since, now) : 0, result,
                    smk_call_name(wait->seen.call));
}

/* ---- giving up ---------------------------------------------------------------------------------------- */

void smk_lock_release_begin(struct smk_lock_release *release, struct smk_thread *t, uint64_t lock,
                            uint64_t since, struct smk_caller from)
{
    *release = (struct smk_lock_release){t, lock, smk_ticks(), since, from};
    smk_contended_release(lock, t->tid, release->before);
}

void smk_lock_release_end(const struct smk_lock_release *release)
{
    uint64_t now = smk_ticks();
    uint32_t stack = smk_stack_here(release->from.pc, release->from.sp, release->from.fp);
    smk_local_count(&release->t->counted.stacks[smk_event_category_number(SMK_EV_LOCK_RELEASE)]);
    uint64_t *rec = smk_reserve(release->t, 5, SMK_EV_LOCK_RELEASE);
    if (!rec)
        return;
    rec[1] = now;
    rec[2] = now - release->before;
    rec[3] = release->lock;
    rec[4] = release->since ? release->before - release->since : 0;
    smk_commit(release->t, rec, smk_record_head(SMK_EV_LOCK_RELEASE, 5, 0, stack));
}
