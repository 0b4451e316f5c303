/* gotrace.c: Go's execution trace, for `go tool trace`: threads as goroutines, waits as what blocks them, requests as
 * tasks, regions as regions, CPU samples.
 *
 * What blocks is one of a fixed set. disk and memory are system calls; joins and what the source marks receive from a
 * channel; a wait of no known kind, and what is not known at all, block for no reason, and are in no profile.
 *
 * Requests overlap and are known when they have ended. So each is on a P of its own with others that it does not
 * overlap with, from Ps above the threads' on.
 */
#include "export/gotrace.h"

#define LANES_MAX 8192u   /* of more requests at a time the rest are no tasks */
#define LANES_AT  500000u /* their first P; the reader's own are from 1,000,000 on */
#define TAKERS    32u

static struct gotrace *gotrace_of(void *arg) { return arg; }

/* ---- states --------------------------------------------------------------------------------------------- */

static enum gotrace_event event_of_wait(const struct smk_span *span)
{
    static const uint8_t events[] = {[SMK_WAIT_LOCK] = GO_BLOCK_SYNC,   [SMK_WAIT_COND] = GO_BLOCK_COND,
                                     [SMK_WAIT_NET] = GO_BLOCK_NET,     [SMK_WAIT_POLL] = GO_BLOCK_SELECT,
                                     [SMK_WAIT_DISK] = GO_SYSCALL,      [SMK_WAIT_SLEEP] = GO_SLEEP,
                                     [SMK_WAIT_MEMORY] = GO_SYSCALL,    [SMK_WAIT_JOIN] = GO_BLOCK_RECEIVE,
                                     [SMK_WAIT_OTHER] = GO_BLOCK_RECEIVE};
    bool known = span->state != SMK_SPAN_UNKNOWN && span->kind < SMK_ARRAY_LEN(events) && events[span->kind];
    return known ? (enum gotrace_event)events[span->kind] : GO_BLOCK;
}

/* A wait too short for a stack of its own is at least called by what it was for. */
static uint32_t stack_of_wait(struct gotrace *to, const struct smk_span *span)
{
    struct smk_export_text text;
    if (span->state == SMK_SPAN_UNKNOWN)
        return gotrace_place(to, "[not known]", "", 0);
    if (!span->wait)
        return gotrace_place(to, "[waiting]", "", 0);
    if (span->wait->stack)
        return gotrace_stack(to, span->wait->stack);
    return gotrace_place(to, smk_export_wait(to->exporter, &text, span->wait), "", 0);
}

static void put_wake(struct gotrace *to, struct gotrace_thread *thread, uint64_t time)
{
    struct gotrace_record wake = {.time = time,
                                  .number = thread->goroutine,
                                  .wait = thread->wait,
                                  .stack = thread->name_stack,
                                  .event = GO_RECORD_WAKE,
                                  .rank = GO_RANK_WAKE,
                                  .blocked = thread->blocked,
                                  .by_syscall = thread->stopped_by == GO_SYSCALL};
    gotrace_wake(to, thread, &wake);
}

static void put_stop(struct gotrace *to, struct gotrace_thread *thread, uint64_t time, enum gotrace_event event,
                     uint32_t stack)
{
    struct gotrace_record stop = {.time = time, .stack = stack, .event = (uint8_t)event, .rank = GO_RANK_STOP};
    gotrace_record(to, thread, stop);
}

static void put_plain(struct gotrace *to, struct gotrace_thread *thread, uint64_t time, enum gotrace_event event,
                      enum gotrace_rank rank)
{
    struct gotrace_record plain = {.time = time, .event = (uint8_t)event, .rank = (uint8_t)rank};
    gotrace_record(to, thread, plain);
}

/* From what it is told to do to ready, or on. */
static void leave_state(struct gotrace *to, struct gotrace_thread *thread, uint64_t time, bool to_ready)
{
    if (thread->state == GO_NONE)
        put_plain(to, thread, time, GO_CREATE, GO_RANK_BEGIN);
    else if (thread->state == GO_WAITING)
        put_wake(to, thread, time);
    else if (thread->state == GO_RUNNING && to_ready)
        put_stop(to, thread, time, GO_PREEMPT, thread->name_stack);
    if (thread->state != GO_RUNNING && !to_ready)
        put_plain(to, thread, time, GO_START, GO_RANK_START);
}

void gotrace_assume_running(struct gotrace *to, struct gotrace_thread *thread)
{
    leave_state(to, thread, thread->state == GO_NONE ? thread->queue[0].time : thread->told, false);
    thread->state = GO_RUNNING;
}

static void tell_wait(struct gotrace *to, struct gotrace_thread *thread, const struct smk_span *span)
{
    enum gotrace_event event = event_of_wait(span);
    uint64_t wait = span->wait ? span->wait->from : 0;
    if (thread->state == GO_WAITING && thread->stopped_by == event && thread->wait == wait)
        return;
    leave_state(to, thread, span->from, false);
    put_stop(to, thread, span->from, event, stack_of_wait(to, span));
    thread->stopped_by = (uint8_t)event;
    thread->wait = wait;
    thread->blocked = span->from;
    thread->state = GO_WAITING;
}

static void end_thread(struct gotrace *to, struct gotrace_thread *thread)
{
    thread->ended = true;
    if (thread->state == GO_NONE)
        return;
    if (thread->exit != UINT64_MAX) {
        leave_state(to, thread, thread->told, false);
        put_stop(to, thread, thread->told, GO_END, 0);
    } else if (thread->state == GO_RUNNING) {
        put_stop(to, thread, thread->told, GO_SCHED, thread->name_stack);
    }
    put_plain(to, thread, thread->told, GO_PROC_STOP, GO_RANK_END);
}

/* It is written when so many others have ended. */
static void keep_ended(struct gotrace *to, struct gotrace_thread *thread)
{
    struct gotrace_thread **place = &to->ended[to->next_ended++ % GOTRACE_ENDED];
    if (*place)
        gotrace_close(to, *place);
    *place = thread;
}

static void on_span(void *arg, const struct smk_span *span)
{
    struct gotrace *to = gotrace_of(arg);
    struct gotrace_thread *thread = gotrace_thread_of(to, span->thread, span->process);
    if (!thread || thread->ended)
        return;
    if (span->state == SMK_SPAN_RUNNING || span->state == SMK_SPAN_RUNNABLE) {
        uint8_t state = span->state == SMK_SPAN_RUNNING ? GO_RUNNING : GO_RUNNABLE;
        if (state != thread->state)
            leave_state(to, thread, span->from, state == GO_RUNNABLE);
        thread->state = state;
    } else {
        tell_wait(to, thread, span);
    }
    thread->told = span->to;
    if (span->to >= thread->exit) {
        end_thread(to, thread);
        keep_ended(to, thread);
    }
}

/* ---- who woke whom -------------------------------------------------------------------------------------- */

static void on_met(void *arg, const struct smk_handover_wait *wait, struct smk_handover_release *release)
{
    struct gotrace *to = gotrace_of(arg);
    const smk_thread_info *info = smk_trace_thread(to->exporter->trace, wait->thread);
    struct gotrace_thread *sleeper = info ? gotrace_thread_of(to, wait->thread, info->process) : NULL;
    if (!sleeper)
        return;
    struct gotrace_record met = {.time = release->from,
                                 .number = release->flow,
                                 .wait = wait->from,
                                 .stack = gotrace_stack(to, release->stack),
                                 .event = GO_RECORD_MET,
                                 .rank = GO_RANK_MET};
    gotrace_met(to, sleeper, &met);
}

static void on_wait(void *arg, const struct smk_span_wait *wait)
{
    smk_handovers_wait(&gotrace_of(arg)->handovers, wait);
}

static void on_release(void *arg, const struct smk_span_release *release)
{
    struct gotrace *to = gotrace_of(arg);
    struct smk_handover_release said = {.from = release->from,
                                        .flow = release->thread,
                                        .stack = release->stack,
                                        .tid = smk_export_tid_of(to->exporter, release->thread),
                                        .left = TAKERS};
    smk_handovers_release(&to->handovers, release->process, release->object, &said);
}

/* ---- regions, requests, samples ------------------------------------------------------------------------- */

static void put_region_begin(struct gotrace *to, struct gotrace_thread *thread, const smk_event *event,
                             uint64_t request)
{
    struct smk_export_text name;
    const smk_site_info *site = smk_trace_site(to->exporter->trace, (uint32_t)event->args[0]);
    if (thread->open >= GOTRACE_REGIONS)
        return;
    thread->open++;
    smk_export_site(to->exporter, &name, (uint32_t)event->args[0]);
    struct gotrace_record begin = {.time = event->time,
                                   .number = request ? smk_map_own(event->process, request) : 0,
                                   .name = gotrace_string(to, name.text),
                                   .stack = gotrace_place(to, site && site->function && site->function[0]
                                                                  ? site->function : name.text,
                                                          site && site->file ? site->file : "",
                                                          site ? site->line : 0),
                                   .event = GO_RECORD_REGION_BEGIN,
                                   .rank = GO_RANK_RUNS};
    gotrace_record(to, thread, begin);
}

static void put_region_end(struct gotrace *to, struct gotrace_thread *thread, uint64_t time)
{
    struct gotrace_record end = {.time = time, .event = GO_RECORD_REGION_END, .rank = GO_RANK_RUNS};
    if (thread->open == 0)
        return;
    thread->open--;
    gotrace_record(to, thread, end);
}

static void on_region(void *arg, const struct smk_span_region *region)
{
    struct gotrace *to = gotrace_of(arg);
    struct gotrace_thread *thread = region->of_request ? NULL : gotrace_thread_of(to, region->thread, region->process);
    if (thread)
        put_region_end(to, thread, region->to);
}

/* What was open when regions were not recorded any more is over, as far as anybody knows. */
static void on_gap(void *arg, const smk_gap *gap)
{
    struct gotrace *to = gotrace_of(arg);
    for (uint32_t i = 0; gap->category == SMK_CAT_REGION && i < to->thread_count; i++)
        while (to->threads[i]->process == gap->process && to->threads[i]->open > 0)
            put_region_end(to, to->threads[i], gap->from);
}

static void on_event(void *arg, const smk_event *event, uint64_t request)
{
    struct gotrace *to = gotrace_of(arg);
    struct gotrace_thread *thread;
    smk_export_event(to->exporter, event);
    if ((event->id != SMK_EV_REGION_BEGIN && event->id != SMK_EV_THREAD_EXIT) ||
        !(thread = gotrace_thread_of(to, event->thread, event->process)))
        return;
    if (event->id == SMK_EV_THREAD_EXIT)
        thread->exit = event->time;
    else
        put_region_begin(to, thread, event, request);
}

static void put_turn(struct gotrace *to, struct gotrace_thread *thread, const struct smk_span_turn *turn,
                     uint64_t request, const char *what)
{
    struct gotrace_record log = {.time = turn->time,
                                 .number = smk_map_own(turn->process, request),
                                 .name = gotrace_string(to, what),
                                 .stack = thread->name_stack,
                                 .event = GO_LOG,
                                 .rank = GO_RANK_RUNS};
    if (request)
        gotrace_record(to, thread, log);
}

static void on_turn(void *arg, const struct smk_span_turn *turn)
{
    struct gotrace *to = gotrace_of(arg);
    struct gotrace_thread *thread = gotrace_thread_of(to, turn->thread, turn->process);
    if (!thread)
        return;
    put_turn(to, thread, turn, turn->before, "leaves it");
    put_turn(to, thread, turn, turn->request, "works for it");
}

static void on_request(void *arg, const struct smk_span_request *request)
{
    struct gotrace *to = gotrace_of(arg);
    struct smk_export_text name;
    uint32_t lane = 0;
    while (lane < to->lane_count && to->lanes[lane] > request->from)
        lane++;
    if (lane == LANES_MAX || !smk_mem_grow(&to->exporter->mem, &to->lanes, &to->lane_capacity, lane + 1u))
        return;
    to->lane_count = (uint32_t)smk_max_u64(to->lane_count, lane + 1u);
    to->lanes[lane] = request->to;
    smk_export_route(to->exporter, &name, request->route);
    uint64_t task = smk_map_own(request->process, request->id), string = gotrace_string(to, name.text),
             stack = gotrace_place(to, name.text, "", 0);
    gotrace_put(to, GO_BATCH, 2,
                (uint64_t[]){LANES_AT + lane, request->begin_unseen ? request->to : request->from});
    if (!request->begin_unseen)
        gotrace_put(to, GO_TASK_CREATE, 5, (uint64_t[]){0, task, 0, string, stack});
    if (!request->open)
        gotrace_put(to, GO_TASK_END, 3,
                    (uint64_t[]){request->begin_unseen ? 0 : request->to - request->from, task, stack});
}

/* By its own time, whatever stands before it. */
static void on_sample(void *arg, const struct smk_span_sample *sample)
{
    struct gotrace *to = gotrace_of(arg);
    struct gotrace_thread *thread = gotrace_thread_of(to, sample->thread, sample->process);
    if (!thread)
        return;
    uint64_t stack = gotrace_stack(to, sample->stack);
    gotrace_put(to, GO_SAMPLE, 5, (uint64_t[]){0, sample->time, thread->proc, thread->goroutine, stack});
}

/* ---- the whole ------------------------------------------------------------------------------------------ */

static void release(struct gotrace *to)
{
    struct smk_mem *mem = &to->exporter->mem;
    smk_handovers_finish(&to->handovers);
    gotrace_threads_free(to);
    smk_map_free(&to->strings, mem);
    smk_map_free(&to->stacks, mem);
    smk_map_free(&to->places, mem);
    smk_mem_free(mem, to->lanes, to->lane_capacity * sizeof(*to->lanes));
}

static int run(struct smk_exporter *exporter)
{
    static const struct smk_timeline_calls calls = {.span = on_span,
                                                    .wait = on_wait,
                                                    .region = on_region,
                                                    .request = on_request,
                                                    .turn = on_turn,
                                                    .sample = on_sample,
                                                    .release = on_release,
                                                    .gap = on_gap,
                                                    .event = on_event};
    static const char header[16] = "go 1.19 trace";
    struct gotrace to = {.exporter = exporter, .handovers = {.mem = &exporter->mem, .arg = &to, .met = on_met}};
    smk_out_bytes(&exporter->out, header, sizeof(header));
    gotrace_put(&to, GO_FREQUENCY, 1, (uint64_t[]){1000000000});
    int result = smk_export_timeline(exporter, &calls, &to);
    for (uint32_t i = 0; i < to.thread_count; i++) {
        if (!to.threads[i]->ended)
            end_thread(&to, to.threads[i]);
        gotrace_close(&to, to.threads[i]);
    }
    release(&to);
    return result;
}

const struct smk_export_format smk_export_go = {
    "go", "go tool trace: threads as goroutines, waits, requests as tasks, regions, samples", run};
