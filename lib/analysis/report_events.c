/* report_events.c: what each event, and each wait that was open at the end, adds to a report. */
#include "analysis/report_state.h"

#include "format/events.h"
#include "format/tables.h"

/* ---- events --------------------------------------------------------------------------------------------- */

static uint64_t arg(const smk_event *event, uint32_t number)
{
    return number < event->arg_count && number < SMK_READER_ARGS ? event->args[number] : 0;
}

static uint32_t id_arg(const smk_event *event, uint32_t number)
{
    return (uint32_t)arg(event, number);
}

/* A request's id, with its process. */
static uint64_t request_arg(const smk_event *event, uint32_t number)
{
    uint64_t id = arg(event, number);
    return id ? smk_map_own(event->process, id) : 0;
}

static uint64_t began(const smk_event *event, uint64_t duration)
{
    return event->time - smk_min_u64(duration, event->time);
}

/* A wait is a part of the request that its thread works for, and of all that the thread read with it and answers
 * behind it. */
static void note_part(struct smk_report *report, struct smk_state *state, uint64_t request,
                      enum smk_part_kind kind, uint32_t part, uint64_t end, uint64_t ns)
{
    smk_latency_part(&report->latency, request, kind, part, end, ns);
    if (state && request == state->request)
        smk_running_part(&report->latency, state, end, ns);
    for (uint32_t i = state ? state->read_with.first : 0; state && request && i < state->read_with.end; i++)
        if (state->read_with.requests[i] != request &&
            smk_latency_is_with(&report->latency, state->read_with.requests[i], state->serial))
            smk_latency_part(&report->latency, state->read_with.requests[i], kind, part, end, ns);
}

static void take_lock_wait(struct smk_report *report, struct smk_state *state,
                           const struct smk_lock_seen *seen)
{
    uint32_t lock = smk_locks_wait(&report->locks, &report->mem, seen);
    if (lock == SMK_MAP_NONE)
        return;
    uint64_t ns = seen->end - smk_max_u64(seen->begin, report->locks.from);
    note_part(report, state, seen->request, SMK_PART_LOCK, lock, seen->end, ns);
    smk_pools_waited(&report->pools, seen->thread, true, lock, ns);
    smk_loops_waited(&report->loops, &report->mem, seen->thread, seen->end - ns, seen->end, seen->stack);
    if (state)
        smk_regions_wait(state, seen->end, ns);
}

static void on_lock_wait(struct smk_report *report, struct smk_state *state, const smk_event *event)
{
    struct smk_lock_seen seen = {
        .address = arg(event, 2),
        .begin = began(event, arg(event, 1)),
        .end = event->time,
        .request = state->request,
        .in_request = state->request != 0,
        .process = event->process,
        .thread = event->thread,
        .stack = id_arg(event, 0),
        .holder = id_arg(event, 3),
        .releaser = id_arg(event, 4),
        .result = id_arg(event, 5),
    };
    take_lock_wait(report, state, &seen);
}

static void on_lock_release(struct smk_report *report, struct smk_state *state, const smk_event *event)
{
    struct smk_lock_release release = {
        .time = began(event, arg(event, 1)),
        .held = arg(event, 3),
        .thread = event->thread,
        .stack = id_arg(event, 0),
        .region = state->depth ? state->frames[state->depth - 1].site : 0,
    };
    smk_locks_release(&report->locks, &report->mem, event->process, arg(event, 2), &release);
}

static void on_user_wait(struct smk_report *report, struct smk_state *state, const smk_event *event)
{
    uint64_t duration = arg(event, 1);
    if (arg(event, 2) == SMK_WAIT_LOCK && arg(event, 3) != 0) {
        struct smk_lock_seen seen = {
            .address = arg(event, 3),
            .begin = began(event, duration),
            .end = event->time,
            .request = state->request,
            .in_request = state->request != 0,
            .process = event->process,
            .thread = event->thread,
            .stack = id_arg(event, 4),
            .site = id_arg(event, 0),
        };
        take_lock_wait(report, state, &seen);
        return;
    }
    duration -= smk_min_u64(duration, smk_call_waits_inside(&report->locks.others, event->thread,
                                                            began(event, duration)));
    smk_map_put(&report->wait_kinds, &report->mem, id_arg(event, 0), id_arg(event, 2) & 0xff);
    smk_latency_part(&report->latency, state->request, SMK_PART_WAIT, id_arg(event, 0), event->time,
                     duration);
    smk_running_part(&report->latency, state, event->time, arg(event, 1));
    smk_regions_wait(state, event->time, duration);
}

static void on_sched(struct smk_report *report, struct smk_state *state, const smk_event *event)
{
    switch (event->id) {
    case SMK_EV_SCHED_SOURCE:
        smk_running_source(&report->latency, state, event->time, arg(event, 0), arg(event, 1));
        break;
    case SMK_EV_OFF_CPU:
        smk_running_off(&report->running, &report->latency, state, event->time, arg(event, 1), arg(event, 0));
        if ((arg(event, 0) & SMK_OFF_UNKNOWN) == 0 && (arg(event, 0) & SMK_OFF_PREEMPTED)) {
            uint64_t begin = began(event, arg(event, 1));
            smk_loops_preempted(&report->loops, &report->mem, event->thread, begin, event->time);
            smk_locks_preempted(&report->locks, &report->mem, event->thread, begin, event->time);
            smk_throttled_off(&report->throttled, smk_max_u64(begin, report->latency.from),
                              smk_max_u64(event->time, report->latency.from));
        }
        break;
    case SMK_EV_CPU_TIME:
        smk_running_count(&report->running, event->time, arg(event, 1), arg(event, 2), arg(event, 3));
        smk_starved_count(&report->starved, &report->mem, event->thread, event->time, arg(event, 1), arg(event, 2),
                          arg(event, 3));
        break;
    default:
        smk_running_sample(&report->running, &report->mem, event->time,
                           smk_latency_route_of(&report->latency, state->request), id_arg(event, 0));
        smk_loops_sampled(&report->loops, &report->mem, event->thread, event->time, id_arg(event, 0));
    }
}

/* No thread waited: a request did, for the answer that its thread has read now. */
static bool on_peer_answer(struct smk_report *report, const struct smk_call_wait *wait, uint32_t sum)
{
    if (sum != SMK_MAP_NONE)
        smk_latency_peer(&report->latency, wait->request, sum, wait->begin, wait->end);
    smk_sequences_wait(&report->sequences, &report->mem, wait);
    smk_peers_wait(&report->peers, &report->mem, wait);
    return true;
}

/* What is inside a wait that the program's source marks is part of it, and not counted twice. */
static bool on_call_wait(struct smk_report *report, struct smk_state *state, const smk_event *event)
{
    struct smk_call_wait wait;
    if (!smk_call_wait_of(&report->locks.others, event, state->request, &wait))
        return false;
    uint32_t sum = smk_call_waits_add(&report->locks.others, &report->mem, &wait);
    if (wait.answer)
        return on_peer_answer(report, &wait, sum);
    uint64_t ns = wait.end - wait.begin;
    if (wait.kind != SMK_WAIT_POLL)
        smk_loops_waited(&report->loops, &report->mem, event->thread, wait.begin, wait.end, wait.stack);
    if (sum != SMK_MAP_NONE)
        note_part(report, state, state->request, SMK_PART_CALL, sum, wait.end, ns);
    if (wait.idle)
        smk_read_with_clear(&state->read_with);
    smk_sequences_wait(&report->sequences, &report->mem, &wait);
    smk_peers_wait(&report->peers, &report->mem, &wait);
    smk_herds_wait(&report->herds, &report->mem, &wait);
    if (sum != SMK_MAP_NONE && (wait.kind == SMK_WAIT_DISK || wait.kind == SMK_WAIT_MEMORY))
        report->locks.others.sums[sum].preempted +=
            smk_locks_preempted_in(&report->locks, event->thread, wait.begin, wait.end);
    if (sum != SMK_MAP_NONE)
        smk_pools_waited(&report->pools, event->thread, false, sum, ns);
    smk_regions_wait(state, wait.end, ns);
    return true;
}

/* What the request waited for in the network is all there. */
static void end_network(struct smk_report *report, uint64_t request, uint32_t route)
{
    smk_sequences_end(&report->sequences, &report->mem, request, route);
    smk_peers_end(&report->peers, &report->mem, request, route);
}

static uint64_t answer_end(const smk_event *event)
{
    return event->id == SMK_EV_REQUEST_ANSWERED ? began(event, arg(event, 4)) : event->time;
}

static void on_answer(struct smk_report *report, const smk_event *event)
{
    struct smk_latency_answer answer = {
        .end = answer_end(event),
        .duration = arg(event, 2),
        .delay = arg(event, 5),
        .more = arg(event, 6),
        .route = id_arg(event, 0),
        .status = id_arg(event, 3),
    };
    if (answer.end >= report->loops.from)
        smk_loops_read(&report->loops, &report->mem, event->thread, answer.delay);
    end_network(report, request_arg(event, 1), smk_latency_route_of(&report->latency, request_arg(event, 1)));
    smk_latency_answered(&report->latency, &report->mem, request_arg(event, 1), &answer, event->thread);
}

static void on_loop_delay(struct smk_report *report, const smk_event *event)
{
    uint64_t request = request_arg(event, 1);
    struct smk_loop_delay delay = {
        .time = event->time,
        .delay = arg(event, 2),
        .request = arg(event, 1),
        .thread = event->thread,
        .route = smk_latency_route_of(&report->latency, request),
        .how = id_arg(event, 0),
    };
    smk_loops_delay(&report->loops, &report->mem, report->symbols, &delay);
    smk_latency_arrived(&report->latency, request, delay.delay);
}

/* Whom the thread works for now, for the question what held its loop. */
static void note_work(struct smk_report *report, const struct smk_state *state, const smk_event *event)
{
    if (state->request)
        smk_loops_works(&report->loops, &report->mem, event->thread,
                        smk_latency_route_of(&report->latency, state->request), event->time);
    else
        smk_loops_rests(&report->loops, event->thread, event->time);
    if (state->request == 0)
        smk_pools_done(&report->pools, &report->mem, event->thread, event->time);
}

/* ---- the end of a request --------------------------------------------------------------------------------- */

#define BEHIND_MAX 10000u /* waits that are looked at for those behind a request's end */

/* What a thread waited for behind the end of its request is none of it: that an answer was over is known when somebody
 * reads the next request, and until then its threads may have done other things. */
static void take_back(struct smk_report *report, uint64_t id, uint64_t end)
{
    struct smk_locks *locks = &report->locks;
    if (!smk_latency_goes_beyond(&report->latency, id, end))
        return;
    for (uint32_t looks = 0, i = locks->others.count; i > 0 && looks < BEHIND_MAX; i--, looks++) {
        const struct smk_call_wait *wait = &locks->others.array[i - 1];
        if (wait->end <= end)
            break;
        if (wait->request != id || wait->begin < end)
            continue;
        smk_latency_part_back(&report->latency, id, SMK_PART_CALL, smk_call_waits_sum(&locks->others, wait),
                              wait->end - wait->begin);
        smk_call_waits_of_none(&locks->others, &report->mem, i - 1);
    }
    for (uint32_t looks = 0, i = locks->wait_count; i > 0 && looks < BEHIND_MAX; i--, looks++) {
        const struct smk_lock_wait *wait = &locks->waits[i - 1];
        if (wait->end <= end)
            break;
        if (wait->request != id || wait->begin < end)
            continue;
        smk_latency_part_back(&report->latency, id, SMK_PART_LOCK, wait->lock, wait->end - wait->begin);
        smk_locks_of_none(locks, i - 1);
    }
}

/* It ended at `end`, as this thread says: who else was at it is at it no more. */
static void on_end(struct smk_report *report, struct smk_state *state, const smk_event *event, uint64_t id,
                   uint64_t end)
{
    if (id == 0)
        return;
    take_back(report, id, end);
    bool shared = smk_latency_is_shared(&report->latency, id, event->thread);
    for (uint32_t i = 0; shared && i < report->states.count; i++) {
        struct smk_state *other = &report->states.array[i];
        if (other->request != id || other == state)
            continue;
        smk_running_turn(&report->latency, other, end);
        other->request = 0;
        other->works_since = end;
        smk_loops_rests(&report->loops, other->serial, end);
        smk_pools_done(&report->pools, &report->mem, other->serial, end);
    }
}

static void on_request(struct smk_report *report, struct smk_state *state, const smk_event *event)
{
    uint64_t id = request_arg(event, 1), worked_for = state->request;
    bool ends = event->id == SMK_EV_REQUEST_ANSWERED || event->id == SMK_EV_REQUEST_DROPPED ||
                event->id == SMK_EV_REQUEST_END;
    smk_running_turn(&report->latency, state, event->time);
    if (ends)
        on_end(report, state, event, id, answer_end(event));
    switch (event->id) {
    case SMK_EV_REQUEST_ANSWERED:
        on_answer(report, event);
        break;
    case SMK_EV_REQUEST_DROPPED:
        end_network(report, id, SMK_MAP_NONE);
        smk_latency_dropped(&report->latency, id);
        break;
    case SMK_EV_LOOP_DELAY:
        on_loop_delay(report, event);
        break;
    case SMK_EV_REQUEST_BEGIN:
        smk_latency_begin(&report->latency, &report->mem, id, id_arg(event, 0), event->time,
                          event->thread);
        smk_read_with_add(&state->read_with, &report->mem, id);
        state->request = id;
        break;
    case SMK_EV_REQUEST_ENTER:
        smk_latency_enter(&report->latency, &report->mem, id, event->thread);
        state->request = id;
        break;
    case SMK_EV_REQUEST_LEAVE:
        smk_read_with_clear(&state->read_with);
        state->request = 0;
        break;
    case SMK_EV_REQUEST_TRACE:
        smk_latency_trace(&report->latency, id, arg(event, 2), arg(event, 3));
        break;
    case SMK_EV_REQUEST_END:
        end_network(report, id, smk_latency_route_of(&report->latency, id));
        smk_latency_end(&report->latency, &report->mem, id, id_arg(event, 0), event->time,
                        arg(event, 2), id_arg(event, 3), event->thread);
        break;
    case SMK_EV_HANDOFF:
        smk_latency_part(&report->latency, id, SMK_PART_QUEUE, id_arg(event, 0), event->time,
                         arg(event, 2));
        smk_pools_take(&report->pools, &report->mem, event->thread, id_arg(event, 0), event->time, arg(event, 2), id);
        break;
    case SMK_EV_REQUEST_REGION_END:
        smk_regions_of_request(&report->regions, &report->mem, id_arg(event, 0), event->time,
                               arg(event, 3));
        smk_latency_part(&report->latency, id, SMK_PART_REQUEST_REGION, id_arg(event, 0), event->time,
                         arg(event, 3));
        break;
    default:
        break;
    }
    if (ends)
        smk_read_with_remove(&state->read_with, id);
    if (ends && state->request == id)
        state->request = 0;
    if (state->request != worked_for) {
        state->works_since = event->time;
        note_work(report, state, event);
    }
}

static void on_region(struct smk_report *report, struct smk_state *state, const smk_event *event)
{
    if (state->depth <= 1)
        smk_running_turn(&report->latency, state, event->time);
    if (event->id == SMK_EV_REGION_BEGIN)
        smk_regions_begin(&report->regions, &report->mem, state, id_arg(event, 0), event->time);
    else
        smk_regions_end(&report->regions, &report->mem, state, &report->latency, id_arg(event, 0), event->time);
}

/* What comes now is this process's, and counts in its window. */
void smk_report_enter_process(struct smk_report *report, uint32_t process)
{
    uint64_t from = report->windows[process].from;
    report->process = report->latency.process = process;
    report->regions.from = report->locks.from = report->running.from = from;
    report->locks.others.from = report->latency.from = report->memory.from = from;
    report->loops.from = report->pools.from = from;
}

/* False when there is no memory for the thread. */
static bool on_event(struct smk_report *report, const smk_event *event)
{
    struct smk_window *window = &report->windows[event->process];
    if (event->process != report->process)
        smk_report_enter_process(report, event->process);
    window->to = smk_max_u64(window->to, event->time);
    struct smk_state *state = smk_states_of(&report->states, &report->mem, event->thread);
    if (!state)
        return false;
    switch (event->id) {
    case SMK_EV_REGION_BEGIN:
    case SMK_EV_REGION_END:
        on_region(report, state, event);
        break;
    case SMK_EV_LOCK_WAIT:
        on_lock_wait(report, state, event);
        break;
    case SMK_EV_LOCK_RELEASE:
        on_lock_release(report, state, event);
        break;
    case SMK_EV_LOCK_EPOCH:
        smk_locks_epoch(&report->locks, &report->mem, event->process, arg(event, 1), event->time);
        break;
    case SMK_EV_LOCK_NAME:
        smk_locks_name(&report->locks, &report->mem, event->process, arg(event, 1), event->time,
                       id_arg(event, 0));
        break;
    case SMK_EV_SCHED_SOURCE:
    case SMK_EV_OFF_CPU:
    case SMK_EV_CPU_TIME:
    case SMK_EV_CPU_SAMPLE:
        on_sched(report, state, event);
        break;
    case SMK_EV_COND_WAKE:
        smk_herds_wake(&report->herds, &report->mem, event);
        break;
    case SMK_EV_LOOP_CALLBACK:
        smk_call_waits_called(&report->locks.others, &report->mem, event->thread, began(event, arg(event, 1)),
                              event->time);
        smk_callbacks_event(&report->callbacks, &report->loops, &report->mem, event);
        break;
    case SMK_EV_LOOP_STALL:
        smk_callbacks_event(&report->callbacks, &report->loops, &report->mem, event);
        break;
    case SMK_EV_USER_WAIT:
        on_user_wait(report, state, event);
        break;
    case SMK_EV_THREAD_EXIT:
        smk_regions_thread_end(&report->regions, &report->mem, state, &report->latency, event->time);
        state->request = 0;
        break;
    case SMK_EV_PROCESS_COUNTER:
    case SMK_EV_MAJOR_FAULT:
    case SMK_EV_REQUEST_COST:
        smk_memory_event(&report->memory, &report->mem, event,
                         smk_latency_route_of(&report->latency, request_arg(event, 1)));
        break;
    case SMK_EV_ALLOC_LARGE:
    case SMK_EV_FREE_LARGE:
        smk_memory_event(&report->memory, &report->mem, event, SMK_MAP_NONE);
        on_call_wait(report, state, event);
        break;
    default:
        if (!on_call_wait(report, state, event))
            on_request(report, state, event);
    }
    return true;
}

/* ---- gaps ----------------------------------------------------------------------------------------------- */

/* From here on these are not recorded, for a while: what was begun may end unseen, so nothing that goes on
 * now is taken to go on then. */
static void on_gap(struct smk_report *report, uint32_t categories, uint64_t time)
{
    if (categories & SMK_CAT_REQUEST) {
        smk_latency_forget_flights(&report->latency);
        smk_pools_forget(&report->pools);
    }
    if (categories & (SMK_CAT_REQUEST | SMK_CAT_NET)) {
        smk_sequences_forget(&report->sequences);
        smk_peers_forget(&report->peers);
    }
    if (categories & SMK_CAT_COND)
        smk_herds_forget(&report->herds);
    for (uint32_t i = 0; i < report->states.count; i++) {
        struct smk_state *state = &report->states.array[i];
        if (categories & SMK_CAT_SCHED) {
            smk_running_turn(&report->latency, state, time);
            smk_running_source(&report->latency, state, time, SMK_SCHED_NONE, 1);
        }
        if (categories & SMK_CAT_REGION)
            state->depth = 0;
        if (categories & SMK_CAT_REQUEST)
            state->request = 0;
    }
}

/* True: it is one of a category that is in a gap, so others of its kind are missing there. */
static bool is_in_gap(struct smk_report *report, const smk_event *event)
{
    uint32_t begun = smk_gaps_go_on(&report->gaps, event->time);
    if (begun)
        on_gap(report, begun, event->time);
    const struct smk_event_spec *spec = report->gaps.open ? smk_event_spec(event->id) : NULL;
    return spec && smk_gaps_cover(&report->gaps, event->process, spec->category, event->time);
}

/* ---- the two ways in ------------------------------------------------------------------------------------ */

bool smk_report_event(struct smk_report *report, const smk_event *event)
{
    return is_in_gap(report, event) || on_event(report, event);
}

void smk_report_open_waits(struct smk_report *report)
{
    const smk_open_wait *wait;
    for (size_t i = 0; (wait = smk_trace_open_wait_at(report->trace, i)) != NULL; i++) {
        if (wait->kind != SMK_WAIT_LOCK || wait->object == 0)
            continue;
        uint64_t to = report->windows[wait->process].to;
        struct smk_lock_seen seen = {
            .address = wait->object,
            .begin = smk_min_u64(wait->since, to),
            .end = to,
            .request = wait->request ? smk_map_own(wait->process, wait->request) : 0,
            .in_request = wait->request != 0,
            .process = wait->process,
            .thread = wait->serial,
            .stack = wait->stack,
            .holder = wait->holder,
            .open = true,
        };
        smk_report_enter_process(report, wait->process);
        take_lock_wait(report, NULL, &seen);
    }
}
