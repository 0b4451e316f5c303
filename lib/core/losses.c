/* losses.c: what was recycled before the writer saw it, by capture and thread. */
#include "core/losses.h"

#include "core/drain.h"
#include "core/readers.h"
#include "core/record.h"

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

bool smk_capture_wants(const struct smk_capture *capture, const uint64_t *record)
{
    const struct smk_event_spec *spec = smk_event_spec(smk_record_event(record[0]));
    return spec && (spec->category & capture->spec.categories) && record[1] >= capture->from &&
           (capture->stopped == 0 || record[1] < capture->stopped);
}

void smk_capture_leave_out(struct smk_capture *capture, const struct smk_piece *piece)
{
    uint64_t events = 0;
    for (uint32_t at = 0; at + 16 <= piece->len;) {
        const uint64_t *record = (const uint64_t *)(piece->data + at);
        uint64_t head = smk_load_acquire(record); /* pairs with: smk_commit */
        events += head && smk_capture_wants(capture, record);
        at = head ? at + smk_record_words(head) * 8 : smk_records_after_hole(piece->data, at, piece->len);
    }
    capture->no_memory = true;
    capture->left_out += events;
    smk_capture_add_loss(capture, piece->serial, piece->tid, events);
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
