/* losses.c: what was recycled before the writer saw it, by capture and thread. */
#include "core/losses.h"

#include "core/readers.h"

void smk_capture_add_loss(struct smk_capture *capture, uint32_t serial, uint32_t tid, uint64_t events)
{
    if (events == 0)
        return;
    for (uint32_t i = 0; i < capture->loss_count; i++) {
        if (capture->losses[i].serial == serial) {
            capture->losses[i].events += events;
            return;
        }
    }
    if (serial != 0 && capture->loss_count < SMK_LOSS_ENTRIES)
        capture->losses[capture->loss_count++] = (struct smk_loss_entry){serial, tid, events};
    else
        capture->loss_rest += events;
}

void smk_capture_collect_thread(struct smk_capture *capture, struct smk_thread *t, uint32_t serial)
{
    if (smk_load_relaxed(&t->lost[capture->reader]) > 0)
        smk_capture_add_loss(capture, serial, smk_load_relaxed(&t->tid),
                             smk_exchange_acq_rel(&t->lost[capture->reader], 0));
}

static bool collect_losses_of(struct smk_thread *t, void *arg)
{
    smk_capture_collect_thread(arg, t, smk_load_relaxed(&t->serial));
    return true;
}

void smk_capture_collect_losses(struct smk_capture *capture)
{
    smk_threads_each_slot(collect_losses_of, capture);
    capture->loss_rest +=
        smk_exchange_acq_rel(&smk_readers[capture->reader].lost_elsewhere, 0);
}

uint64_t smk_capture_total_lost(const struct smk_capture *capture)
{
    uint64_t total = capture->loss_rest;
    for (uint32_t i = 0; i < capture->loss_count; i++)
        total += capture->losses[i].events;
    return total;
}
