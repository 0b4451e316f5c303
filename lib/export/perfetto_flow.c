/* perfetto_flow.c: arrows from who let go to who waited.
 *
 * Perfetto draws a flow from the earlier event with its number to the later one. So the number stands on the unlock
 * first, at the moment in which its call began, and ends on an event of its own, "acquired", where the wait ended:
 * on the wait itself, which begins before the unlock, the arrow would point the other way. handover.h says which
 * unlock it was.
 */
#include "export/perfetto.h"

#define UNLOCK_TAKERS 4u   /* readers of one lock that may go on after one unlock */
#define WAKE_TAKERS 32u

void perfetto_met(void *arg, const struct smk_handover_wait *wait, struct smk_handover_release *release)
{
    struct perfetto *to = arg;
    perfetto_event(to, PF_INSTANT, wait->to, perfetto_track(PT_THREAD, 0, wait->thread), "handover", "acquired");
    smk_proto_fixed64(&to->proto, PF_EVENT_FLOW_END, release->flow++);
    perfetto_event_end(to);
}

void perfetto_release(struct perfetto *to, const struct smk_span_release *release)
{
    struct smk_export_text name;
    uint64_t stack = perfetto_callstack(to, release->stack);
    uint32_t takers = release->wake ? (uint32_t)smk_min_u64(smk_max_u64(release->waiters, 1), WAKE_TAKERS)
                                    : UNLOCK_TAKERS;
    if (!perfetto_thread_of(to, release->thread, release->process))
        return;
    perfetto_event(to, PF_INSTANT, release->from, perfetto_track(PT_THREAD, 0, release->thread), "handover",
                   smk_export_release(to->exporter, &name, release));
    for (uint32_t i = 0; i < takers; i++)
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
    struct smk_handover_release said = {.from = release->from,
                                        .flow = to->flows + 1,
                                        .tid = smk_export_tid_of(to->exporter, release->thread),
                                        .left = takers};
    to->flows += takers;
    smk_handovers_release(&to->handovers, release->process, release->object, &said);
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
