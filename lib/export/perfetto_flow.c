/* perfetto_flow.c: arrows from who let go to who waited.
 *
 * Perfetto draws a flow from the earlier event with its number to the later one. So the number stands on the unlock
 * first, at the moment in which its call began, and ends on an event of its own, "acquired", where the wait ended:
 * on the wait itself, which begins before the unlock, the arrow would point the other way. An unlock is recorded
 * behind its call, so who was woken may have recorded the end of its wait before: it is kept until the unlock comes.
 */
#include "export/perfetto.h"

#define OBJECTS_MAX 65536u /* of more only the first have arrows */
#define UNLOCK_TAKERS 4u   /* readers of one lock that may go on after one unlock */
#define WAKE_TAKERS 32u

static struct perfetto_handover *handover_of(struct perfetto *to, uint32_t process, uint64_t object)
{
    struct smk_mem *mem = &to->exporter->mem;
    uint64_t key = smk_map_own(process, object);
    uint32_t index = smk_map_get(&to->by_object, key);
    if (index != SMK_MAP_NONE)
        return &to->handovers[index];
    index = to->handover_count;
    if (!object || index >= OBJECTS_MAX ||
        !smk_mem_grow(mem, &to->handovers, &to->handover_capacity, index + 1u) ||
        !smk_map_put(&to->by_object, mem, key, index))
        return NULL;
    to->handover_count++;
    to->handovers[index] = (struct perfetto_handover){0};
    return &to->handovers[index];
}

static void put_end(struct perfetto *to, uint32_t thread, uint64_t time, uint64_t flow, const char *name)
{
    perfetto_event(to, PF_INSTANT, time, perfetto_track(PT_THREAD, 0, thread), "handover", name);
    smk_proto_fixed64(&to->proto, PF_EVENT_FLOW_END, flow);
    perfetto_event_end(to);
}

static void take(struct perfetto *to, struct perfetto_handover *handover, uint32_t thread, uint64_t time)
{
    handover->left--;
    put_end(to, thread, time, handover->flow++, "acquired");
}

void perfetto_release(struct perfetto *to, const struct smk_span_release *release)
{
    struct smk_export_text name;
    struct perfetto_handover *handover = handover_of(to, release->process, release->object);
    uint64_t stack = perfetto_callstack(to, release->stack);
    uint32_t takers = release->wake ? (uint32_t)smk_min_u64(smk_max_u64(release->waiters, 1), WAKE_TAKERS)
                                    : UNLOCK_TAKERS;
    if (!perfetto_thread_of(to, release->thread, release->process))
        return;
    perfetto_event(to, PF_INSTANT, release->from, perfetto_track(PT_THREAD, 0, release->thread), "handover",
                   smk_export_release(to->exporter, &name, release));
    for (uint32_t i = 0; handover && i < takers; i++)
        smk_proto_fixed64(&to->proto, PF_EVENT_FLOW, to->flows + 1 + i);
    if (stack)
        smk_proto_number(&to->proto, PF_EVENT_CALLSTACK, stack);
    perfetto_pointer(to, "object", release->object);
    perfetto_number(to, "call_ns", release->to - release->from);
    if (release->held)
        perfetto_number(to, "held_ns", release->held);
    if (release->wake)
        perfetto_number(to, "waiters", release->waiters);
    perfetto_event_end(to);
    if (!handover)
        return;
    handover->from = release->from;
    handover->flow = to->flows + 1;
    handover->left = takers;
    handover->tid = smk_export_tid_of(to->exporter, release->thread);
    to->flows += takers;
    if (handover->waiter && handover->wanted_tid == handover->tid && release->from <= handover->waited_to)
        take(to, handover, handover->waiter, handover->waited_to);
    handover->waiter = 0;
}

void perfetto_wait_over(struct perfetto *to, const struct smk_span_wait *wait)
{
    uint32_t who = wait->kind == SMK_WAIT_COND ? wait->waker : wait->releaser;
    struct perfetto_handover *handover = who && !wait->open ? handover_of(to, wait->process, wait->object) : NULL;
    if (!handover)
        return;
    if (handover->tid == who && handover->left && handover->from >= wait->from && handover->from <= wait->to) {
        take(to, handover, wait->thread, wait->to);
    } else {
        handover->waiter = wait->thread;
        handover->waited_to = wait->to;
        handover->wanted_tid = who;
    }
}

void perfetto_handoff(struct perfetto *to, const struct smk_span_handoff *handoff)
{
    struct smk_export_text name;
    const smk_thread_info *giver =
        handoff->giver ? smk_trace_process_tid(to->exporter->trace, handoff->process, handoff->giver, handoff->from)
                       : NULL;
    uint64_t flow = ++to->flows;
    smk_export_site(to->exporter, &name, handoff->site);
    if (giver && perfetto_thread_of(to, giver->serial, handoff->process)) {
        perfetto_event(to, PF_INSTANT, handoff->from, perfetto_track(PT_THREAD, 0, giver->serial), "handoff",
                       name.text);
        smk_proto_fixed64(&to->proto, PF_EVENT_FLOW, flow);
        perfetto_event_end(to);
    }
    perfetto_event(to, PF_INSTANT, handoff->to, perfetto_track(PT_THREAD, 0, handoff->thread), "handoff", name.text);
    smk_proto_fixed64(&to->proto, PF_EVENT_FLOW_END, flow);
    perfetto_number(to, "queued_ns", handoff->to - handoff->from);
    if (handoff->request)
        perfetto_number(to, "request", handoff->request);
    perfetto_event_end(to);
}
