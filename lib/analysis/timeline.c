/* timeline.c: the pass over the events; what each means for its thread is in timeline_*.c. */
#include "analysis/timeline_state.h"

#include "base/errors.h"
#include "base/sys.h"

#define LOOK_EVERY  4096u /* events between two looks at memory, the clock and the caller */
#define PROGRESS_NS 100000000u
#define SELDOM_NS   UINT64_C(300000000) /* a thread that runs is counted each 100 ms, or somewhat later where many do */
#define SELDOM      20u                 /* it was on a CPU, or ready, for less than one in so many */

#define CALL(timeline, name, value)                                                                                \
    do {                                                                                                           \
        if ((timeline)->calls->name)                                                                               \
            (timeline)->calls->name((timeline)->arg, (value));                                                     \
    } while (0)

/* ---- threads -------------------------------------------------------------------------------------------- */

/* Its time begins when it was first known, which for a wait that was told first is the wait's begin. */
static uint64_t first_moment(const struct smk_timeline *timeline, const smk_thread_info *info, uint32_t process,
                             uint64_t known)
{
    uint64_t started = info && info->started ? smk_min_u64(info->started, known) : known;
    return smk_max_u64(started, timeline->windows[process].from);
}

static struct smk_timeline_thread *add_thread(struct smk_timeline *timeline, uint32_t serial, uint32_t process,
                                              uint64_t known)
{
    if (!smk_mem_grow(&timeline->mem, &timeline->threads, &timeline->thread_capacity, timeline->thread_count + 1u) ||
        !smk_map_put(&timeline->by_serial, &timeline->mem, serial, timeline->thread_count))
        return NULL;
    struct smk_timeline_thread *thread = &timeline->threads[timeline->thread_count++];
    *thread = (struct smk_timeline_thread){.serial = serial, .process = process, .cpu_number = SMK_CPU_NONE};
    thread->end = first_moment(timeline, smk_trace_thread(timeline->trace, serial), process, known);
    return thread;
}

static struct smk_timeline_thread *thread_of(struct smk_timeline *timeline, uint32_t serial, uint32_t process,
                                             uint64_t known)
{
    if (timeline->thread_count && timeline->last_serial == serial)
        return &timeline->threads[timeline->last_index];
    uint32_t index = smk_map_get(&timeline->by_serial, serial);
    struct smk_timeline_thread *thread =
        index != SMK_MAP_NONE ? &timeline->threads[index] : add_thread(timeline, serial, process, known);
    if (thread) {
        timeline->last_serial = serial;
        timeline->last_index = (uint32_t)(thread - timeline->threads);
    }
    return thread;
}

/* ---- events --------------------------------------------------------------------------------------------- */

static void on_off_cpu(struct smk_timeline *timeline, struct smk_timeline_thread *thread, const smk_event *event)
{
    static const enum smk_piece_cpu how[] = {
        [SMK_OFF_WAITED] = SMK_PIECE_OFF,
        [SMK_OFF_PREEMPTED] = SMK_PIECE_READY,
        [SMK_OFF_UNKNOWN] = SMK_PIECE_OFF_BEFORE,
        [3] = SMK_PIECE_OFF_BEFORE,
    };
    uint64_t what = smk_timeline_arg(event, 0);
    smk_pieces_switched(thread);
    smk_pieces_off(timeline, thread, smk_timeline_began(event, smk_timeline_arg(event, 1)), event->time, how[what & 3]);
    smk_pieces_runs_on(thread, what & SMK_OFF_GOES_ON ? SMK_CPU_NONE : (uint32_t)smk_timeline_arg(event, 2));
}

/* Where counts are all that is known of a thread, what is hardly any running is none. So it is before anything says
 * which source there is (a snapshot's file begins in the middle), and where switches were recorded, at first or to the
 * end, and none was its own: who waits all the time has none, as who runs all the time. */
static void take_count(struct smk_timeline *timeline, struct smk_timeline_thread *thread, uint64_t from, uint64_t time,
                       uint64_t ran)
{
    if ((thread->cpu_known && !thread->unswitched) || thread->ended || time <= from)
        return;
    if (thread->counted)
        thread->counted = time;
    if (time - from < SELDOM_NS || ran > (time - from) / SELDOM)
        return;
    smk_pieces_extend(timeline, thread, time);
    smk_pieces_not_counted(timeline, thread, from, time - ran);
}

static void on_count(struct smk_timeline *timeline, struct smk_timeline_thread *thread, const smk_event *event)
{
    struct smk_span_count count = {.from = smk_timeline_began(event, smk_timeline_arg(event, 1)),
                                   .to = event->time,
                                   .running = smk_timeline_arg(event, 2),
                                   .runnable = smk_timeline_arg(event, 3),
                                   .switches = smk_timeline_arg(event, 0),
                                   .process = event->process,
                                   .thread = event->thread,
                                   .source = thread->source};
    CALL(timeline, count, &count);
    uint64_t from = thread->counted ? smk_min_u64(thread->counted, count.from) : count.from;
    take_count(timeline, thread, from, event->time, count.running + count.runnable);
}

/* What another capture says again is not lost for this one. */
static void on_source(struct smk_timeline_thread *thread, const smk_event *event)
{
    thread->source = (uint8_t)smk_timeline_arg(event, 0);
    thread->cpu_known = thread->source == SMK_SCHED_PERF;
    thread->unswitched = thread->cpu_known;
    thread->counted = thread->source == SMK_SCHED_NONE ? 0 : event->time;
    if (smk_timeline_arg(event, 1))
        thread->cpu_number = SMK_CPU_NONE;
}

static void on_sample(struct smk_timeline *timeline, struct smk_timeline_thread *thread, const smk_event *event)
{
    struct smk_span_sample sample = {.time = event->time,
                                     .request = thread->request,
                                     .process = event->process,
                                     .thread = event->thread,
                                     .stack = (uint32_t)smk_timeline_arg(event, 0),
                                     .cpu = (uint32_t)smk_timeline_arg(event, 1)};
    CALL(timeline, sample, &sample);
}

static void on_release(struct smk_timeline *timeline, const smk_event *event)
{
    bool wake = event->id == SMK_EV_COND_WAKE;
    struct smk_span_release release = {.from = smk_timeline_began(event, smk_timeline_arg(event, 1)),
                                       .to = event->time,
                                       .object = smk_timeline_arg(event, 2),
                                       .held = wake ? 0 : smk_timeline_arg(event, 3),
                                       .process = event->process,
                                       .thread = event->thread,
                                       .stack = (uint32_t)smk_timeline_arg(event, 0),
                                       .waiters = wake ? (uint32_t)smk_timeline_arg(event, 3) : 0,
                                       .call = wake ? (uint32_t)smk_timeline_arg(event, 4) : 0,
                                       .wake = wake};
    CALL(timeline, release, &release);
}

/* Who wakes may have to wait for that. Without switch records nobody knows whether it did. */
static void on_wake(struct smk_timeline *timeline, struct smk_timeline_thread *thread, const smk_event *event)
{
    struct smk_span_wait wait;
    if (!smk_span_wait_of(&wait, event))
        return;
    bool gave_up = smk_pieces_gave_up(thread, wait.from);
    if (!gave_up && thread->cpu_known)
        return;
    smk_pieces_wait(timeline, thread, &wait);
    if (gave_up)
        CALL(timeline, wait, &wait);
}

static void note_release(struct smk_timeline_thread *thread, const smk_event *event)
{
    uint64_t time = smk_timeline_began(event, smk_timeline_arg(event, 1));
    thread->releases[thread->release_count++ % SMK_RELEASES_KEPT] =
        (struct smk_timeline_release){.lock = smk_timeline_arg(event, 2), .time = time};
}

/* To when it held the lock that it held at `since`; `since`: nobody knows. */
static uint64_t released(const struct smk_timeline_thread *holder, uint64_t lock, uint64_t since)
{
    uint64_t to = since;
    for (uint32_t i = holder->release_count; i > 0 && i + SMK_RELEASES_KEPT > holder->release_count; i--) {
        const struct smk_timeline_release *release = &holder->releases[(i - 1) % SMK_RELEASES_KEPT];
        if (release->time <= since)
            return to;
        to = release->lock == lock ? release->time : to;
    }
    return holder->release_count > SMK_RELEASES_KEPT ? since : to;
}

/* Who held the lock when another began to wait for it did not wait for work then. */
static void on_lock_wait(struct smk_timeline *timeline, const smk_event *event)
{
    uint64_t from = smk_timeline_began(event, smk_timeline_arg(event, 1));
    uint32_t tid = (uint32_t)smk_timeline_arg(event, 3);
    const smk_thread_info *holder = tid ? smk_trace_process_tid(timeline->trace, event->process, tid, from) : NULL;
    uint32_t index = holder ? smk_map_get(&timeline->by_serial, holder->serial) : SMK_MAP_NONE;
    if (index != SMK_MAP_NONE && holder->serial != event->thread)
        smk_pieces_held(&timeline->threads[index], from,
                        released(&timeline->threads[index], smk_timeline_arg(event, 2), from));
}

static void on_counter(struct smk_timeline *timeline, const smk_event *event)
{
    bool own = event->id == SMK_EV_COUNTER;
    struct smk_span_counter counter = {.time = event->time,
                                       .value = (int64_t)smk_timeline_arg(event, 1),
                                       .process = event->process,
                                       .thread = event->thread,
                                       .site = own ? (uint32_t)smk_timeline_arg(event, 0) : 0,
                                       .name = own ? 0 : (uint32_t)smk_timeline_arg(event, 0)};
    CALL(timeline, counter, &counter);
}

static void on_exit(struct smk_timeline *timeline, struct smk_timeline_thread *thread, uint64_t time)
{
    smk_timeline_regions_finish(timeline, thread, time);
    smk_timeline_turn(timeline, thread, time, 0);
    smk_pieces_finish(timeline, thread);
    thread->ended = true;
}

/* Events that say where the thread was, and are no wait: the kernel's words, and a loop's. */
static bool on_whereabouts(struct smk_timeline *timeline, struct smk_timeline_thread *thread, const smk_event *event)
{
    switch (event->id) {
    case SMK_EV_OFF_CPU:
        on_off_cpu(timeline, thread, event);
        return true;
    case SMK_EV_SCHED_SOURCE:
        on_source(thread, event);
        return true;
    case SMK_EV_MAJOR_FAULT:
        smk_pieces_fault(timeline, thread, event);
        return true;
    case SMK_EV_LOOP_CALLBACK:
        smk_pieces_called(thread, smk_timeline_began(event, smk_timeline_arg(event, 1)), event->time);
        return true;
    default:
        return false;
    }
}

static void on_thread_event(struct smk_timeline *timeline, struct smk_timeline_thread *thread, const smk_event *event)
{
    struct smk_span_wait wait;
    smk_pieces_extend(timeline, thread, event->time);
    if (on_whereabouts(timeline, thread, event))
        return;
    switch (event->id) {
    case SMK_EV_REGION_BEGIN:
        smk_timeline_region_begin(timeline, thread, (uint32_t)smk_timeline_arg(event, 0), event->time);
        return;
    case SMK_EV_REGION_END:
        smk_timeline_region_end(timeline, thread, (uint32_t)smk_timeline_arg(event, 0), event->time);
        return;
    case SMK_EV_LOCK_RELEASE:
        on_release(timeline, event);
        note_release(thread, event);
        return;
    case SMK_EV_COND_WAKE:
        on_release(timeline, event);
        on_wake(timeline, thread, event);
        return;
    case SMK_EV_LOCK_WAIT:
        on_lock_wait(timeline, event);
        break;
    case SMK_EV_COUNTER:
        on_counter(timeline, event);
        return;
    case SMK_EV_THREAD_EXIT:
        on_exit(timeline, thread, event->time);
        return;
    default:
        break;
    }
    if (smk_span_wait_of(&wait, event)) {
        smk_pieces_wait(timeline, thread, &wait);
        CALL(timeline, wait, &wait);
    } else {
        smk_timeline_on_request(timeline, thread, event);
    }
}

/* Since when the thread is known, as this event says it. */
static uint64_t known_since(const smk_event *event)
{
    struct smk_span_wait wait;
    if (event->id == SMK_EV_OFF_CPU)
        return smk_timeline_began(event, smk_timeline_arg(event, 1));
    return smk_span_wait_of(&wait, event) ? wait.from : event->time;
}

/* False when there is no memory for the thread. */
static bool on_event(struct smk_timeline *timeline, const smk_event *event)
{
    struct smk_timeline_window *window = &timeline->windows[event->process];
    struct smk_timeline_thread *thread = &timeline->threads[timeline->last_index];
    window->to = smk_max_u64(window->to, event->time);
    if (SMK_UNLIKELY(timeline->thread_count == 0 || thread->serial != event->thread))
        thread = thread_of(timeline, event->thread, event->process, known_since(event));
    if (!thread)
        return false;
    if (timeline->calls->event)
        timeline->calls->event(timeline->arg, event, thread->request);
    switch (event->id) { /* do not say where the thread is, and may be somebody else's words */
    case SMK_EV_CPU_TIME:
        on_count(timeline, thread, event);
        break;
    case SMK_EV_CPU_SAMPLE:
        on_sample(timeline, thread, event);
        break;
    case SMK_EV_PROCESS_COUNTER:
        on_counter(timeline, event);
        break;
    case SMK_EV_THREAD_NAME:
    case SMK_EV_LOCK_NAME:
    case SMK_EV_REQUEST_COST:
        break;
    default:
        if (!thread->ended)
            on_thread_event(timeline, thread, event);
    }
    return true;
}

/* ---- gaps ----------------------------------------------------------------------------------------------- */

/* From here on these are not recorded, for a while: nothing that goes on now is taken to go on then. */
static void on_gap(struct smk_timeline *timeline, const smk_gap *gap)
{
    CALL(timeline, gap, gap);
    if (gap->category == SMK_CAT_REQUEST)
        smk_timeline_forget_flights(timeline, gap->process);
    for (uint32_t i = 0; i < timeline->thread_count; i++) {
        struct smk_timeline_thread *thread = &timeline->threads[i];
        if (thread->process != gap->process || thread->ended)
            continue;
        smk_pieces_extend(timeline, thread, gap->from);
        if (gap->category == SMK_CAT_SCHED) {
            thread->cpu_known = thread->unswitched = false;
            thread->counted = 0;
        }
        if (gap->category == SMK_CAT_REGION)
            thread->depth = 0;
        if (gap->category == SMK_CAT_REQUEST)
            smk_timeline_turn(timeline, thread, gap->from, 0);
    }
}

/* True: the event is of a category that is in a gap, so others of its kind are missing there. */
static bool is_in_gap(struct smk_timeline *timeline, const smk_event *event)
{
    struct smk_gaps *gaps = &timeline->gaps;
    smk_gaps_go_on(gaps, event->time);
    while (timeline->gaps_told < gaps->begun)
        on_gap(timeline, &gaps->array[timeline->gaps_told++]);
    const struct smk_event_spec *spec = gaps->open ? smk_event_spec(event->id) : NULL;
    return spec && smk_gaps_cover(gaps, event->process, spec->category, event->time);
}

/* ---- the end -------------------------------------------------------------------------------------------- */

static void take_open_wait(struct smk_timeline *timeline, const smk_open_wait *open)
{
    uint64_t to = timeline->windows[open->process].to;
    struct smk_span_wait wait = {.from = smk_min_u64(open->since, to),
                                 .to = to,
                                 .request = open->request,
                                 .object = open->object,
                                 .process = open->process,
                                 .thread = open->serial,
                                 .stack = open->stack,
                                 .holder = open->holder,
                                 .kind = (uint8_t)open->kind,
                                 .fd = -1,
                                 .open = true};
    struct smk_timeline_thread *thread = thread_of(timeline, open->serial, open->process, wait.from);
    if (!thread || thread->ended)
        return;
    smk_pieces_extend(timeline, thread, to);
    smk_pieces_wait(timeline, thread, &wait);
    CALL(timeline, wait, &wait);
}

/* Of threads that say nothing to the end nobody knows where they were, if the end is missing. */
static void finish_thread(struct smk_timeline *timeline, struct smk_timeline_thread *thread)
{
    const smk_process_info *info = smk_trace_process_at(timeline->trace, thread->process);
    uint64_t to = timeline->windows[thread->process].to;
    if (thread->ended)
        return;
    bool whole = info->to_end && (timeline->options->to == 0 || to < timeline->options->to);
    uint64_t said = thread->end;
    if (whole && thread->counted)
        take_count(timeline, thread, thread->unswitched ? smk_max_u64(thread->counted, said) : thread->counted, to, 0);
    smk_pieces_extend(timeline, thread, to);
    if (!whole && said < to)
        smk_pieces_off(timeline, thread, said, to, SMK_PIECE_UNSAID);
    smk_timeline_regions_finish(timeline, thread, to);
    smk_pieces_finish(timeline, thread);
    thread->ended = true;
}

static void finish(struct smk_timeline *timeline)
{
    const smk_open_wait *wait;
    for (size_t i = 0; timeline->options->to == 0 && (wait = smk_trace_open_wait_at(timeline->trace, i)) != NULL; i++)
        if (timeline->options->process == 0 || timeline->options->process == wait->process + 1)
            take_open_wait(timeline, wait);
    for (uint32_t i = 0; i < timeline->thread_count; i++)
        finish_thread(timeline, &timeline->threads[i]);
    smk_timeline_finish_flights(timeline);
}

/* ---- the pass ------------------------------------------------------------------------------------------- */

static int look_around(struct smk_timeline *timeline, uint64_t *last_progress)
{
    const struct smk_timeline_options *options = timeline->options;
    int result = smk_mem_failed(&timeline->mem);
    if (result != 0 || !options->progress)
        return result;
    uint64_t now = smk_sys_clock(CLOCK_MONOTONIC);
    if (now - *last_progress < PROGRESS_NS)
        return 0;
    *last_progress = now;
    if (!options->progress(options->progress_arg, timeline->events, smk_trace_get_info(timeline->trace)->events))
        return smk_fail(SMK_E_LIMIT, "the analysis was given up");
    return 0;
}

/* 1: go_on said that it is enough. */
static int read_events(struct smk_timeline *timeline, smk_cursor *cursor)
{
    uint64_t last_progress = 0;
    const smk_event *event;
    int result;
    while ((result = smk_cursor_next(cursor, &event)) == 1) {
        if (!is_in_gap(timeline, event) && !on_event(timeline, event))
            return smk_mem_failed(&timeline->mem);
        if (SMK_LIKELY(++timeline->events % LOOK_EVERY != 0))
            continue;
        int looked = look_around(timeline, &last_progress);
        if (looked != 0)
            return looked;
        if (timeline->calls->go_on && !timeline->calls->go_on(timeline->arg, event->time))
            return 1;
    }
    return result;
}

static bool make_windows(struct smk_timeline *timeline)
{
    timeline->process_count = smk_trace_get_info(timeline->trace)->processes;
    timeline->windows = smk_mem_new(&timeline->mem, timeline->process_count * sizeof(*timeline->windows));
    for (uint32_t i = 0; timeline->windows && i < timeline->process_count; i++) {
        const smk_process_info *info = smk_trace_process_at(timeline->trace, i);
        uint64_t to = timeline->options->to ? smk_min_u64(info->last, timeline->options->to) : info->last;
        timeline->windows[i].from = smk_max_u64(info->first, timeline->options->from);
        timeline->windows[i].complete = info->complete_from;
        timeline->windows[i].to = smk_max_u64(timeline->windows[i].from, to);
    }
    return timeline->windows != NULL;
}

static void release(struct smk_timeline *timeline)
{
    struct smk_mem *mem = &timeline->mem;
    for (uint32_t i = 0; i < timeline->thread_count; i++) {
        struct smk_timeline_thread *thread = &timeline->threads[i];
        smk_mem_free(mem, thread->pieces, thread->piece_capacity * sizeof(*thread->pieces));
        smk_mem_free(mem, thread->waits, thread->wait_capacity * sizeof(*thread->waits));
        smk_mem_free(mem, thread->frames, thread->frame_capacity * sizeof(*thread->frames));
    }
    smk_mem_free(mem, timeline->threads, timeline->thread_capacity * sizeof(*timeline->threads));
    smk_mem_free(mem, timeline->flights, timeline->flight_capacity * sizeof(*timeline->flights));
    smk_mem_free(mem, timeline->windows, timeline->process_count * sizeof(*timeline->windows));
    smk_map_free(&timeline->by_serial, mem);
    smk_map_free(&timeline->by_request, mem);
    smk_gaps_free(&timeline->gaps, mem);
}

int smk_timeline_run(smk_trace *trace, const struct smk_timeline_options *options,
                     const struct smk_timeline_calls *calls, void *arg)
{
    static const struct smk_timeline_options defaults = {0};
    struct smk_timeline timeline = {.trace = trace, .options = options ? options : &defaults, .calls = calls,
                                    .arg = arg};
    options = timeline.options;
    smk_cursor_options where = {.size = sizeof(where), .from = options->from, .to = options->to,
                                .process = options->process};
    smk_cursor *cursor = NULL;
    smk_mem_init(&timeline.mem, options->resize, options->resize_arg, options->max_memory);
    smk_gaps_load(&timeline.gaps, &timeline.mem, trace);
    int result = make_windows(&timeline) ? smk_cursor_open(&cursor, trace, &where) : smk_mem_failed(&timeline.mem);
    if (result == 0)
        result = read_events(&timeline, cursor);
    if (result == 0) {
        finish(&timeline);
        result = smk_mem_failed(&timeline.mem);
    }
    smk_cursor_close(cursor);
    release(&timeline);
    return result < 0 ? result : 0;
}
