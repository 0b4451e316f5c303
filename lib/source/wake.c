#define _GNU_SOURCE
#include "source/wake.h"

#include "source/contended.h"

void smk_wake_begin(struct smk_wake *wake, enum smk_call call, const void *object, struct smk_caller from)
{
    struct smk_thread *t = smk_tls.quiet ? NULL : smk_thread_self();
    wake->t = t;
    if (!t)
        return;
    wake->object = (uint64_t)(uintptr_t)object;
    wake->from = from;
    wake->call = call;
    wake->before = smk_ticks();
    smk_contended_release(wake->object, t->tid, wake->before);
}

void smk_wake_end(const struct smk_wake *wake, uint64_t waiters)
{
    if (!wake->t || !smk_gate_open(SMK_CAT_COND))
        return;
    uint64_t now = smk_ticks();
    uint32_t stack = smk_stack_here(wake->from.pc, wake->from.sp, wake->from.fp);
    smk_local_count(&wake->t->counted.stacks[smk_event_category_number(SMK_EV_COND_WAKE)]);
    uint64_t *rec = smk_reserve(wake->t, 6, SMK_EV_COND_WAKE);
    if (!rec)
        return;
    rec[1] = now;
    rec[2] = now - wake->before;
    rec[3] = wake->object;
    rec[4] = waiters;
    rec[5] = smk_call_name(wake->call);
    smk_commit(wake->t, rec, smk_record_head(SMK_EV_COND_WAKE, 6, 0, stack));
}

uint32_t smk_wake_waker(const struct smk_seen *seen, const void *object, uint64_t now)
{
    return smk_contended_releaser((uint64_t)(uintptr_t)object, seen->since, now);
}
