#define _GNU_SOURCE
#include "source/seen.h"

#include "core/routes.h"
#include "source/asked.h"
#include "source/conn.h"
#include "source/fd.h"
#include "source/held.h"
#include "source/loop.h"

struct smk_slept smk_slept SMK_HOT_DATA = {1, 1, 1, 1};

void smk_seen_prepare(void)
{
    smk_store_relaxed(&smk_slept.lock, smk_ns_to_ticks(SMK_LOCK_SLEPT_NS));
    smk_store_relaxed(&smk_slept.fd, smk_ns_to_ticks(SMK_FD_SLEPT_NS));
    smk_store_relaxed(&smk_slept.stack, smk_ns_to_ticks(SMK_STACK_WAIT_NS));
    smk_store_relaxed(&smk_slept.away, smk_ns_to_ticks(SMK_LOOP_AWAY_NS));
    smk_add_relaxed(&smk_held_arming, 1);
    smk_calls_prepare();
    if (!smk_gate_open(SMK_CAT_REQUEST)) /* closed and opened while nothing was recorded */
        smk_fd_prepare();
    smk_asked_prepare();
    smk_conns_prepare(!smk_gate_open(SMK_CAT_REQUEST));
}

/* Events of waits that a wrapped call made. */
static enum smk_wait_kind kind_of(enum smk_event_id event)
{
    static const uint8_t kinds[] = {
        [SMK_EV_LOCK_WAIT] = SMK_WAIT_LOCK,   [SMK_EV_COND_WAIT] = SMK_WAIT_COND,
        [SMK_EV_NET_WAIT] = SMK_WAIT_NET,     [SMK_EV_POLL_WAIT] = SMK_WAIT_POLL,
        [SMK_EV_DISK_WAIT] = SMK_WAIT_DISK,   [SMK_EV_SLEEP_WAIT] = SMK_WAIT_SLEEP,
        [SMK_EV_JOIN_WAIT] = SMK_WAIT_JOIN,   [SMK_EV_MEMORY_WAIT] = SMK_WAIT_MEMORY,
    };
    return event < SMK_ARRAY_LEN(kinds) && kinds[event] ? kinds[event] : SMK_WAIT_OTHER;
}

void smk_seen_record(const struct smk_seen *seen, uint64_t now, enum smk_event_id event, const uint64_t *args,
                     unsigned count)
{
    smk_wait_ended(seen->t, kind_of(event), now - seen->since);
    uint32_t stack = smk_seen_stack(seen, now);
    unsigned words = 3 + count;
    if (stack)
        smk_local_count(&seen->t->counted.stacks[smk_event_category_number(event)]);
    uint64_t *rec = smk_reserve(seen->t, words, event);
    if (!rec)
        return;
    rec[1] = now;
    rec[2] = now - seen->since;
    for (unsigned i = 0; i < count; i++)
        rec[3 + i] = args[i];
    smk_commit(seen->t, rec, smk_record_head(event, words, 0, stack));
}
