/* timeline_requests.c: requests in flight, and which thread works for which. */
#include "analysis/timeline_state.h"

/* ---- in flight ------------------------------------------------------------------------------------------ */

static struct smk_span_request *find(struct smk_timeline *timeline, uint32_t process, uint64_t id)
{
    uint32_t index = id ? smk_map_get(&timeline->by_request, smk_map_own(process, id)) : SMK_MAP_NONE;
    return index == SMK_MAP_NONE ? NULL : &timeline->flights[index].request;
}

static void let_go(struct smk_timeline *timeline, struct smk_span_request *request)
{
    struct smk_timeline_flight *flight = (struct smk_timeline_flight *)request;
    smk_map_remove(&timeline->by_request, flight->key);
    flight->key = 0;
    flight->next_free = timeline->free_flight;
    timeline->free_flight = (uint32_t)(flight - timeline->flights) + 1;
}

static uint32_t take_slot(struct smk_timeline *timeline)
{
    if (timeline->free_flight) {
        uint32_t index = timeline->free_flight - 1;
        timeline->free_flight = timeline->flights[index].next_free;
        return index;
    }
    if (timeline->flight_count == SMK_TIMELINE_FLIGHTS ||
        !smk_mem_grow(&timeline->mem, &timeline->flights, &timeline->flight_capacity, timeline->flight_count + 1u))
        return SMK_MAP_NONE;
    return timeline->flight_count++;
}

/* One that began at `time`; NULL: there is no room. */
static struct smk_span_request *take_up(struct smk_timeline *timeline, const smk_event *event, uint64_t id)
{
    uint32_t index = id ? take_slot(timeline) : SMK_MAP_NONE;
    if (index == SMK_MAP_NONE)
        return NULL;
    struct smk_timeline_flight *flight = &timeline->flights[index];
    *flight = (struct smk_timeline_flight){.key = smk_map_own(event->process, id),
                                           .request = {.id = id,
                                                       .from = event->time,
                                                       .read = event->time,
                                                       .process = event->process,
                                                       .first_thread = event->thread,
                                                       .last_thread = event->thread}};
    if (!smk_map_put(&timeline->by_request, &timeline->mem, flight->key, index)) {
        let_go(timeline, &flight->request);
        return NULL;
    }
    return &flight->request;
}

/* ---- turns ---------------------------------------------------------------------------------------------- */

void smk_timeline_turn(struct smk_timeline *timeline, struct smk_timeline_thread *thread, uint64_t time,
                       uint64_t request)
{
    uint64_t before = thread->request;
    if (before == request)
        return;
    thread->request = request;
    if (!timeline->calls->turn)
        return;
    struct smk_span_turn turn = {time, request, before, thread->process, thread->serial};
    timeline->calls->turn(timeline->arg, &turn);
}

static void leave(struct smk_timeline *timeline, struct smk_timeline_thread *thread, uint64_t time, uint64_t id)
{
    if (thread->request == id)
        smk_timeline_turn(timeline, thread, time, 0);
}

/* It ended at `time`: who is at it, this thread or another, leaves it, and is at it no more from then on. */
static void leave_all(struct smk_timeline *timeline, struct smk_timeline_thread *thread,
                      const struct smk_span_request *request, uint64_t time)
{
    bool alone = request->first_thread == thread->serial && request->last_thread == thread->serial;
    uint32_t count = alone ? 1 : timeline->thread_count;
    for (uint32_t i = 0; i < count; i++) {
        struct smk_timeline_thread *who = alone ? thread : &timeline->threads[i];
        if (who->process != request->process || who->request != request->id || who->ended)
            continue;
        smk_pieces_extend(timeline, who, time);
        smk_pieces_left(timeline, who, request->id, time);
        smk_timeline_turn(timeline, who, time, 0);
    }
}

/* ---- events --------------------------------------------------------------------------------------------- */

static void on_begin(struct smk_timeline *timeline, struct smk_timeline_thread *thread, const smk_event *event,
                     uint64_t id)
{
    struct smk_span_request *request = find(timeline, event->process, id);
    if (!request) /* an id is begun once; a second begin is the file's fault */
        request = take_up(timeline, event, id);
    if (request)
        request->route = (uint32_t)smk_timeline_arg(event, 0);
    smk_timeline_turn(timeline, thread, event->time, id);
}

static void on_enter(struct smk_timeline *timeline, struct smk_timeline_thread *thread, const smk_event *event,
                     uint64_t id)
{
    struct smk_span_request *request = find(timeline, event->process, id);
    if (!request) {
        request = take_up(timeline, event, id);
        if (request) {
            request->begin_unseen = true;
            request->from = request->read = timeline->windows[event->process].from;
        }
    }
    if (request)
        request->last_thread = event->thread;
    smk_timeline_turn(timeline, thread, event->time, id);
}

/* Both kinds of end: one that the source marks has neither `ago` nor a delay. */
static void on_end(struct smk_timeline *timeline, struct smk_timeline_thread *thread, const smk_event *event,
                   uint64_t id)
{
    struct smk_span_request unlisted = {.id = id, .process = event->process, .first_thread = event->thread,
                                        .begin_unseen = true};
    struct smk_span_request *known = find(timeline, event->process, id);
    struct smk_span_request *request = known ? known : &unlisted;
    bool found = event->id == SMK_EV_REQUEST_ANSWERED;
    request->to = event->time - (found ? smk_min_u64(smk_timeline_arg(event, 4), event->time) : 0);
    request->from = request->to - smk_min_u64(smk_timeline_arg(event, 2), request->to);
    request->read = request->from + (found ? smk_min_u64(smk_timeline_arg(event, 5), request->to - request->from) : 0);
    request->more = found ? (uint32_t)smk_timeline_arg(event, 6) : 0;
    request->route = (uint32_t)smk_timeline_arg(event, 0);
    request->status = (uint32_t)smk_timeline_arg(event, 3);
    request->end_thread = event->thread;
    request->begin_unseen = request->from < timeline->windows[event->process].from;
    if (!known || !request->last_thread)
        request->last_thread = event->thread;
    if (id)
        leave_all(timeline, thread, request, request->to);
    if (timeline->calls->request)
        timeline->calls->request(timeline->arg, request);
    if (known)
        let_go(timeline, known);
}

static void on_trace(struct smk_span_request *request, const smk_event *event)
{
    request->trace_high = smk_timeline_arg(event, 2);
    request->trace_low = smk_timeline_arg(event, 3);
    request->parent = smk_timeline_arg(event, 4);
}

static void on_handoff(struct smk_timeline *timeline, const smk_event *event, uint64_t id)
{
    uint64_t from = smk_timeline_began(event, smk_timeline_arg(event, 2));
    uint32_t giver = (uint32_t)smk_timeline_arg(event, 3);
    const smk_thread_info *gave = giver ? smk_trace_process_tid(timeline->trace, event->process, giver, from) : NULL;
    struct smk_span_handoff handoff = {.from = from,
                                       .to = event->time,
                                       .request = id,
                                       .process = event->process,
                                       .thread = event->thread,
                                       .site = (uint32_t)smk_timeline_arg(event, 0),
                                       .giver = giver,
                                       .giver_thread = gave ? gave->serial : 0};
    if (timeline->calls->handoff)
        timeline->calls->handoff(timeline->arg, &handoff);
}

static void on_answer(struct smk_timeline *timeline, const smk_event *event)
{
    uint64_t to = smk_timeline_began(event, smk_timeline_arg(event, 6));
    struct smk_span_answer answer = {.from = to - smk_min_u64(smk_timeline_arg(event, 1), to),
                                     .to = to,
                                     .request = smk_timeline_arg(event, 4),
                                     .process = event->process,
                                     .thread = event->thread,
                                     .call = (uint32_t)smk_timeline_arg(event, 2),
                                     .what = (uint32_t)smk_timeline_arg(event, 5),
                                     .stack = (uint32_t)smk_timeline_arg(event, 0)};
    if (timeline->calls->answer)
        timeline->calls->answer(timeline->arg, &answer);
}

static void on_region_of_request(struct smk_timeline *timeline, const smk_event *event, uint64_t id)
{
    uint64_t from = smk_timeline_began(event, smk_timeline_arg(event, 3));
    struct smk_span_region region = {.from = from,
                                     .to = event->time,
                                     .request = id,
                                     .process = event->process,
                                     .thread = event->thread,
                                     .site = (uint32_t)smk_timeline_arg(event, 0),
                                     .number = (uint32_t)smk_timeline_arg(event, 2),
                                     .of_request = true,
                                     .begin_unseen = from < timeline->windows[event->process].from};
    if (timeline->calls->region)
        timeline->calls->region(timeline->arg, &region);
}

bool smk_timeline_on_request(struct smk_timeline *timeline, struct smk_timeline_thread *thread,
                             const smk_event *event)
{
    uint64_t id = smk_timeline_arg(event, 1);
    struct smk_span_request *request;
    switch (event->id) {
    case SMK_EV_REQUEST_BEGIN:
        on_begin(timeline, thread, event, id);
        return true;
    case SMK_EV_REQUEST_ENTER:
        on_enter(timeline, thread, event, id);
        return true;
    case SMK_EV_REQUEST_LEAVE:
        smk_timeline_turn(timeline, thread, event->time, 0);
        return true;
    case SMK_EV_REQUEST_END:
    case SMK_EV_REQUEST_ANSWERED:
        on_end(timeline, thread, event, id);
        return true;
    case SMK_EV_REQUEST_DROPPED:
        if ((request = find(timeline, event->process, id)) != NULL) {
            leave_all(timeline, thread, request, event->time);
            let_go(timeline, request);
        }
        leave(timeline, thread, event->time, id);
        return true;
    case SMK_EV_REQUEST_TRACE:
        if ((request = find(timeline, event->process, id)) != NULL)
            on_trace(request, event);
        return true;
    case SMK_EV_LOOP_DELAY:
        request = find(timeline, event->process, id);
        if (request && request->from == request->read)
            request->from -= smk_min_u64(smk_timeline_arg(event, 2), request->from);
        return true;
    case SMK_EV_HANDOFF:
        on_handoff(timeline, event, id);
        return true;
    case SMK_EV_ANSWER_WAIT:
        on_answer(timeline, event);
        return true;
    case SMK_EV_REQUEST_REGION_END:
        on_region_of_request(timeline, event, id);
        return true;
    default:
        return false;
    }
}

void smk_timeline_forget_flights(struct smk_timeline *timeline, uint32_t process)
{
    for (uint32_t i = 0; i < timeline->flight_count; i++)
        if (timeline->flights[i].key && timeline->flights[i].request.process == process)
            let_go(timeline, &timeline->flights[i].request);
}

void smk_timeline_finish_flights(struct smk_timeline *timeline)
{
    for (uint32_t i = 0; i < timeline->flight_count; i++) {
        struct smk_span_request *request = &timeline->flights[i].request;
        if (timeline->flights[i].key == 0)
            continue;
        request->open = true;
        request->to = smk_max_u64(request->from, timeline->windows[request->process].to);
        if (timeline->calls->request)
            timeline->calls->request(timeline->arg, request);
        let_go(timeline, request);
    }
}
