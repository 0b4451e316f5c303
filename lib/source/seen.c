#define _GNU_SOURCE
#include "source/seen.h"

#include "source/fd.h"
#include "source/held.h"

struct smk_slept smk_slept = {1, 1, 1};

void smk_seen_prepare(void)
{
    smk_store_relaxed(&smk_slept.lock, smk_ns_to_ticks(SMK_LOCK_SLEPT_NS));
    smk_store_relaxed(&smk_slept.fd, smk_ns_to_ticks(SMK_FD_SLEPT_NS));
    smk_store_relaxed(&smk_slept.stack, smk_ns_to_ticks(SMK_STACK_WAIT_NS));
    smk_add_relaxed(&smk_held_arming, 1);
    smk_calls_prepare();
    smk_fd_prepare();
}

void smk_seen_record(const struct smk_seen *seen, uint64_t now, enum smk_event_id event, const uint64_t *args,
                     unsigned count)
{
    uint32_t stack = smk_seen_stack(seen, now);
    unsigned words = 3 + count;
    uint64_t *rec = smk_reserve(seen->t, words, event);
    if (!rec)
        return;
    rec[1] = now;
    rec[2] = now - seen->since;
    for (unsigned i = 0; i < count; i++)
        rec[3 + i] = args[i];
    smk_commit(seen->t, rec, smk_record_head(event, words, 0, stack));
}
