/* perfetto.c: the format of ui.perfetto.dev and its trace_processor.
 *
 * Tracks: of each thread its regions and waits, nested, with unlocks, wakes and handoffs as instants and arrows
 * between them; below it which request it worked for, and states that task states cannot tell; of each process its
 * requests and their own regions (as many rows as overlap), its counters, and what was not recorded. Task states and
 * CPU samples are Perfetto's own kinds, and so appear in its tables thread_state, sched and perf_sample.
 *
 * Waits and regions are written at their end, whatever their begin: the importer sorts.
 */
#include "export/perfetto.h"

#include <stdio.h>
#include <string.h>

#define REGIONS_MAX 256u  /* as many as the timeline follows in a thread */
#define LANES_MAX   8192u /* of more requests at a time each has a row of its own */

static struct perfetto *perfetto_of(void *arg) { return arg; }

/* ---- threads -------------------------------------------------------------------------------------------- */

static void put_region_begin(struct perfetto *to, const smk_event *event)
{
    struct smk_export_text name;
    struct perfetto_thread *thread = perfetto_thread_of(to, event->thread, event->process);
    if (!thread || thread->exited || thread->depth >= REGIONS_MAX)
        return;
    thread->depth++;
    perfetto_event(to, PF_SLICE_BEGIN, event->time, perfetto_track(PT_THREAD, 0, event->thread), "region",
                   smk_export_site(to->exporter, &name, (uint32_t)event->args[0]));
    const smk_site_info *site = smk_trace_site(to->exporter->trace, (uint32_t)event->args[0]);
    if (site && site->file && site->file[0]) {
        perfetto_text(to, "file", smk_export_clean(&name, site->file));
        perfetto_number(to, "line", site->line);
    }
    perfetto_event_end(to);
}

static void put_log(struct perfetto *to, const smk_event *event)
{
    struct smk_export_text name;
    char text[SMK_EXPORT_TEXT_MAX];
    snprintf(text, sizeof(text), "%.*s", event->text ? (int)event->text_len : 0, event->text ? event->text : "");
    if (!perfetto_thread_of(to, event->thread, event->process))
        return;
    perfetto_event(to, PF_INSTANT, event->time, perfetto_track(PT_THREAD, 0, event->thread), "log",
                   smk_export_site(to->exporter, &name, (uint32_t)event->args[0]));
    perfetto_signed(to, "value", (int64_t)event->args[1]);
    perfetto_text(to, "text", smk_export_clean(&name, text));
    perfetto_event_end(to);
}

static void on_event(void *arg, const smk_event *event, uint64_t request)
{
    struct perfetto *to = perfetto_of(arg);
    (void)request;
    smk_export_event(to->exporter, event);
    if (event->id == SMK_EV_REGION_BEGIN)
        put_region_begin(to, event);
    else if (event->id == SMK_EV_LOG)
        put_log(to, event);
    else if (event->id == SMK_EV_THREAD_EXIT) {
        struct perfetto_thread *thread = perfetto_thread_of(to, event->thread, event->process);
        if (thread)
            thread->exited = true;
    }
}

static void put_wait_names(struct perfetto *to, const struct smk_span_wait *wait)
{
    struct smk_exporter *exporter = to->exporter;
    struct smk_export_text text;
    perfetto_text(to, "call", smk_export_string(exporter, &text, wait->call));
    perfetto_text(to, "what", smk_export_object(exporter, &text, wait));
    perfetto_text(to, wait->kind == SMK_WAIT_DISK ? "file" : "peer", smk_export_string(exporter, &text, wait->what));
    perfetto_text(to, "holder", smk_export_tid(exporter, &text, wait->process, wait->holder, wait->from));
    perfetto_text(to, "releaser", smk_export_tid(exporter, &text, wait->process, wait->releaser, wait->to));
    perfetto_text(to, wait->kind == SMK_WAIT_JOIN ? "joined" : "waker",
                  smk_export_tid(exporter, &text, wait->process, wait->waker, wait->to));
}

static void put_wait_numbers(struct perfetto *to, const struct smk_span_wait *wait)
{
    if (wait->object)
        perfetto_pointer(to, wait->kind == SMK_WAIT_LOCK ? "lock" : "object", wait->object);
    if (wait->mutex)
        perfetto_pointer(to, "mutex", wait->mutex);
    if (wait->fd >= 0)
        perfetto_number(to, "fd", (uint64_t)wait->fd);
    if (wait->amount)
        perfetto_number(to, wait->kind == SMK_WAIT_SLEEP ? "asked_ns" : "bytes", wait->amount);
    if (wait->result)
        perfetto_signed(to, "result", wait->result);
    if (wait->request)
        perfetto_number(to, "request", wait->request);
    if (wait->open)
        perfetto_text(to, "ended", "no: the record ended before");
    if (wait->idle)
        perfetto_text(to, "for", "work");
}

static void on_wait(void *arg, const struct smk_span_wait *wait)
{
    struct perfetto *to = perfetto_of(arg);
    struct smk_export_text name;
    uint64_t track = perfetto_track(PT_THREAD, 0, wait->thread), stack = perfetto_callstack(to, wait->stack);
    if (!perfetto_thread_of(to, wait->thread, wait->process))
        return;
    perfetto_event(to, PF_SLICE_BEGIN, wait->from, track, "wait", smk_export_wait(to->exporter, &name, wait));
    if (stack)
        smk_proto_number(&to->proto, PF_EVENT_CALLSTACK, stack);
    if (wait->request)
        smk_proto_number(&to->proto, PF_EVENT_CORRELATION, smk_map_own(wait->process, wait->request));
    perfetto_text(to, "kind", smk_wait_kind_name(wait->kind));
    put_wait_names(to, wait);
    put_wait_numbers(to, wait);
    perfetto_event_end(to);
    perfetto_slice_end(to, wait->to, track);
    smk_handovers_wait(&to->handovers, wait);
}

static void on_span(void *arg, const struct smk_span *span) { perfetto_span(perfetto_of(arg), span); }

static void on_release(void *arg, const struct smk_span_release *release)
{
    perfetto_release(perfetto_of(arg), release);
}

static void on_handoff(void *arg, const struct smk_span_handoff *handoff)
{
    struct perfetto *to = perfetto_of(arg);
    if (perfetto_thread_of(to, handoff->thread, handoff->process))
        perfetto_handoff(to, handoff);
}

static void on_turn(void *arg, const struct smk_span_turn *turn)
{
    struct perfetto *to = perfetto_of(arg);
    struct perfetto_thread *thread = perfetto_thread_of(to, turn->thread, turn->process);
    uint64_t track = perfetto_track(PT_SERVES, 0, turn->thread);
    if (!thread)
        return;
    if (!thread->has_serves_track)
        perfetto_track_named(to, track, perfetto_track(PT_THREAD, 0, turn->thread), "serves", NULL);
    thread->has_serves_track = true;
    if (thread->serves)
        perfetto_slice_end(to, turn->time, track);
    thread->serves = turn->request != 0;
    thread->turned = turn->time;
    if (!turn->request)
        return;
    perfetto_event(to, PF_SLICE_BEGIN, turn->time, track, "serves", "request");
    smk_proto_number(&to->proto, PF_EVENT_CORRELATION, smk_map_own(turn->process, turn->request));
    perfetto_number(to, "request", turn->request);
    perfetto_event_end(to);
}

static void on_sample(void *arg, const struct smk_span_sample *sample)
{
    struct perfetto *to = perfetto_of(arg);
    struct perfetto_thread *thread = perfetto_thread_of(to, sample->thread, sample->process);
    uint64_t stack = perfetto_callstack(to, sample->stack);
    if (!thread || !thread->own_tid)
        return;
    perfetto_packet(to, sample->time);
    smk_proto_begin(&to->proto, PF_PACKET_SAMPLE);
    smk_proto_number(&to->proto, 1, sample->cpu);
    smk_proto_number(&to->proto, 2, smk_export_pid(to->exporter, sample->process));
    smk_proto_number(&to->proto, 3, thread->tid);
    if (stack)
        smk_proto_number(&to->proto, 4, stack);
    smk_proto_number(&to->proto, 5, 2); /* user mode */
    smk_proto_end(&to->proto);
    perfetto_packet_end(to);
}

/* ---- processes ------------------------------------------------------------------------------------------ */

/* A row in which nothing reaches beyond `from`; what comes ends last of all so far. */
static uint32_t lane_for(struct perfetto *to, struct perfetto_lanes *lanes, uint64_t from, uint64_t end)
{
    uint32_t lane = 0;
    while (lane < lanes->count && lane < LANES_MAX && lanes->ends[lane] > from)
        lane++;
    if (lane == LANES_MAX)
        lane = lanes->count;
    if (lane < lanes->count || smk_mem_grow(&to->exporter->mem, &lanes->ends, &lanes->capacity, lane + 1u)) {
        if (lane == lanes->count)
            lanes->count++;
        lanes->ends[lane] = end;
    }
    return lane;
}

static uint64_t row_of(struct perfetto *to, enum perfetto_track what, struct perfetto_lanes *lanes, uint32_t process,
                       uint64_t from, uint64_t end)
{
    uint32_t before = lanes->count, lane = lane_for(to, lanes, from, end);
    uint64_t track = perfetto_track(what, process, lane);
    if (lane >= before)
        perfetto_track_named(to, track, perfetto_track(PT_PROCESS, process, 0),
                             what == PT_REQUEST ? "requests" : "regions of requests", NULL);
    return track;
}

static void put_trace_id(struct perfetto *to, const struct smk_span_request *request)
{
    char text[40];
    if (!request->trace_high && !request->trace_low)
        return;
    snprintf(text, sizeof(text), "%016llx%016llx", (unsigned long long)request->trace_high,
             (unsigned long long)request->trace_low);
    perfetto_text(to, "trace_id", text);
}

static void on_request(void *arg, const struct smk_span_request *request)
{
    struct perfetto *to = perfetto_of(arg);
    struct smk_export_text name;
    struct perfetto_process *process = perfetto_process_of(to, request->process);
    uint64_t track = row_of(to, PT_REQUEST, &process->requests, request->process, request->from, request->to);
    perfetto_event(to, PF_SLICE_BEGIN, request->from, track, "request",
                   smk_export_route(to->exporter, &name, request->route));
    smk_proto_number(&to->proto, PF_EVENT_CORRELATION, smk_map_own(request->process, request->id));
    perfetto_number(to, "request", request->id);
    perfetto_number(to, "status", request->status);
    if (request->read > request->from)
        perfetto_number(to, "loop_delay_ns", request->read - request->from);
    perfetto_text(to, "thread", smk_export_thread(to->exporter, &name, request->first_thread));
    if (request->last_thread != request->first_thread)
        perfetto_text(to, "last_thread", smk_export_thread(to->exporter, &name, request->last_thread));
    if (request->more)
        perfetto_number(to, "answered_with_it", request->more);
    put_trace_id(to, request);
    if (request->open || request->begin_unseen)
        perfetto_text(to, "whole", request->open ? "no: the record ended before" : "no: it began before the record");
    perfetto_event_end(to);
    perfetto_slice_end(to, request->to, track);
}

static void on_region(void *arg, const struct smk_span_region *region)
{
    struct perfetto *to = perfetto_of(arg);
    struct smk_export_text name;
    struct perfetto_thread *thread = perfetto_thread_of(to, region->thread, region->process);
    if (!region->of_request) { /* it began when its event came */
        if (!thread || thread->depth == 0)
            return;
        thread->depth--;
        perfetto_slice_end(to, region->to, perfetto_track(PT_THREAD, 0, region->thread));
        return;
    }
    struct perfetto_process *process = perfetto_process_of(to, region->process);
    uint64_t track = row_of(to, PT_REGION, &process->regions, region->process, region->from, region->to);
    perfetto_event(to, PF_SLICE_BEGIN, region->from, track, "region",
                   smk_export_site(to->exporter, &name, region->site));
    smk_proto_number(&to->proto, PF_EVENT_CORRELATION, smk_map_own(region->process, region->request));
    perfetto_number(to, "request", region->request);
    perfetto_text(to, "thread", smk_export_thread(to->exporter, &name, region->thread));
    perfetto_event_end(to);
    perfetto_slice_end(to, region->to, track);
}

static void on_counter(void *arg, const struct smk_span_counter *counter)
{
    struct perfetto *to = perfetto_of(arg);
    struct smk_export_text name;
    uint64_t key = smk_map_own(counter->process, smk_map_pair(counter->site, counter->name));
    uint32_t number = smk_map_get(&to->counters, key);
    if (number == SMK_MAP_NONE) {
        number = to->counters.count;
        if (!smk_map_put(&to->counters, &to->exporter->mem, key, number))
            return;
        perfetto_process_of(to, counter->process);
        if (counter->site)
            smk_export_site(to->exporter, &name, counter->site);
        else
            smk_export_string(to->exporter, &name, counter->name);
        perfetto_track_named(to, perfetto_track(PT_COUNTER, counter->process, number),
                             perfetto_track(PT_PROCESS, counter->process, 0), name.text,
                             strstr(name.text, "bytes") ? "bytes" : strstr(name.text, "_us") ? "us" : "");
    }
    perfetto_event(to, PF_COUNTER, counter->time, perfetto_track(PT_COUNTER, counter->process, number), NULL, NULL);
    smk_proto_signed(&to->proto, PF_EVENT_COUNTER, counter->value);
    perfetto_event_end(to);
}

/* What was open when regions were not recorded any more is over, as far as anybody knows. */
static void close_regions(struct perfetto *to, const smk_gap *gap)
{
    for (uint32_t i = 0; i < to->thread_count; i++) {
        struct perfetto_thread *thread = &to->threads[i];
        for (; thread->process == gap->process && thread->depth > 0; thread->depth--)
            perfetto_slice_end(to, gap->from, perfetto_track(PT_THREAD, 0, thread->serial));
    }
}

static void on_gap(void *arg, const smk_gap *gap)
{
    struct perfetto *to = perfetto_of(arg);
    struct smk_export_text text;
    char name[64];
    struct perfetto_process *process = perfetto_process_of(to, gap->process);
    uint32_t number = (uint32_t)__builtin_ctz(gap->category | 1u << 31);
    uint64_t track = perfetto_track(PT_GAP, gap->process, number);
    snprintf(name, sizeof(name), "not recorded: %s", smk_category_name(gap->category));
    if (!(process->gaps & gap->category))
        perfetto_track_named(to, track, perfetto_track(PT_PROCESS, gap->process, 0), name, NULL);
    process->gaps |= gap->category;
    perfetto_event(to, PF_SLICE_BEGIN, gap->from, track, "gap", name);
    perfetto_text(to, "why", smk_export_clean(&text, gap->reason));
    perfetto_event_end(to);
    perfetto_slice_end(to, gap->to, track);
    if (gap->category == SMK_CAT_REGION)
        close_regions(to, gap);
}

/* ---- the whole ------------------------------------------------------------------------------------------ */

static void release(struct perfetto *to)
{
    struct smk_mem *mem = &to->exporter->mem;
    for (uint32_t i = 0; i < to->name_count; i++)
        smk_mem_free(mem, to->name_texts[i], strlen(to->name_texts[i]) + 1);
    smk_mem_free(mem, to->name_texts, to->name_capacity * sizeof(*to->name_texts));
    for (uint32_t i = 0; to->processes && i < to->process_count; i++) {
        struct perfetto_process *process = &to->processes[i];
        smk_mem_free(mem, process->requests.ends, process->requests.capacity * sizeof(uint64_t));
        smk_mem_free(mem, process->regions.ends, process->regions.capacity * sizeof(uint64_t));
    }
    smk_mem_free(mem, to->processes, to->process_count * sizeof(*to->processes));
    smk_mem_free(mem, to->threads, to->thread_capacity * sizeof(*to->threads));
    smk_handovers_finish(&to->handovers);
    smk_map_free(&to->by_serial, mem);
    smk_map_free(&to->by_tid, mem);
    smk_map_free(&to->names, mem);
    smk_map_free(&to->counters, mem);
    perfetto_stacks_free(to);
    smk_proto_free(&to->proto);
}

static int run(struct smk_exporter *exporter)
{
    static const struct smk_timeline_calls calls = {.span = on_span,
                                                    .wait = on_wait,
                                                    .region = on_region,
                                                    .request = on_request,
                                                    .turn = on_turn,
                                                    .handoff = on_handoff,
                                                    .sample = on_sample,
                                                    .counter = on_counter,
                                                    .release = on_release,
                                                    .gap = on_gap,
                                                    .event = on_event};
    struct perfetto to = {.exporter = exporter, .handovers = {.mem = &exporter->mem, .arg = &to, .met = perfetto_met}};
    smk_proto_init(&to.proto, &exporter->mem);
    to.process_count = smk_trace_get_info(exporter->trace)->processes;
    to.processes = smk_mem_new(&exporter->mem, to.process_count * sizeof(*to.processes));
    int result = smk_mem_failed(&exporter->mem);
    if (result == 0) {
        perfetto_head(&to);
        result = smk_export_timeline(exporter, &calls, &to);
        perfetto_states_end(&to);
    }
    release(&to);
    return result;
}

const struct smk_export_format smk_export_perfetto = {
    "perfetto", "Perfetto's protobuf, for ui.perfetto.dev: threads, CPUs, waits, requests, stacks", run};
