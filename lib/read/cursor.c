/* cursor.c: events of all threads in order of time.
 *
 * Chunks stand in order of their first times. One is opened when the merge comes to its first event and
 * closed behind its last, so that as many are open as overlap: about one a thread. A heap of the open
 * ones gives the next event; while the chunk on top stays before all others (`runway`), which it does
 * for many events in a row, the heap is left alone.
 *
 *     chunks by first time:  [==A==]  [===B===]      next
 *                               [====C====]            |     A, B closed; C open
 *     heap: C at 17, D at 19 …        runway: min(19, first of the next chunk)
 */
#include <string.h>

#include "base/errors.h"
#include "read/trace.h"

struct lane {
    struct smk_events events;
    uint32_t chunk;      /* place in trace->chunks: breaks ties */
    uint32_t thread, tid, process;
    uint32_t next;       /* number of its next event, by time */
    uint32_t next_free;
    const struct smk_clocks *clocks;
    const struct smk_clock_stretch *stretch;
};

struct heap_entry {
    uint64_t time; /* units of the one process; ns with several */
    uint32_t chunk, lane;
};

#define NO_LANE UINT32_MAX

struct smk_cursor {
    smk_trace *trace;
    uint64_t from, to; /* ns */
    uint32_t categories, thread, process;
    bool several; /* processes: the trace has */
    uint32_t pending; /* place of the next chunk that was not opened */
    struct lane *lanes;
    uint32_t lane_capacity, lane_count, free_lanes;
    struct heap_entry *heap;
    uint32_t heap_capacity, heap_count;
    uint64_t runway; /* the top may go on while its time is below */
    int error;
    smk_event event;
};

/* ---- the heap ------------------------------------------------------------------------------------------- */

static bool before(const struct heap_entry *a, const struct heap_entry *b)
{
    return a->time != b->time ? a->time < b->time : a->chunk < b->chunk;
}

static void sift_down(struct smk_cursor *cursor, uint32_t at)
{
    struct heap_entry entry = cursor->heap[at];
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= cursor->heap_count)
            break;
        if (child + 1 < cursor->heap_count && before(&cursor->heap[child + 1], &cursor->heap[child]))
            child++;
        if (!before(&cursor->heap[child], &entry))
            break;
        cursor->heap[at] = cursor->heap[child];
        at = child;
    }
    cursor->heap[at] = entry;
}

static bool push(struct smk_cursor *cursor, struct heap_entry entry)
{
    if (!smk_mem_grow(&cursor->trace->mem, &cursor->heap, &cursor->heap_capacity,
                      (size_t)cursor->heap_count + 1))
        return false;
    uint32_t at = cursor->heap_count++;
    while (at > 0 && before(&entry, &cursor->heap[(at - 1) / 2])) {
        cursor->heap[at] = cursor->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    cursor->heap[at] = entry;
    return true;
}

static void pop(struct smk_cursor *cursor)
{
    cursor->heap[0] = cursor->heap[--cursor->heap_count];
    if (cursor->heap_count)
        sift_down(cursor, 0);
}

/* ---- lanes: open chunks --------------------------------------------------------------------------------- */

static uint32_t take_lane(struct smk_cursor *cursor)
{
    uint32_t number = cursor->free_lanes;
    if (number != NO_LANE) {
        cursor->free_lanes = cursor->lanes[number].next_free;
        return number;
    }
    if (!smk_mem_grow(&cursor->trace->mem, &cursor->lanes, &cursor->lane_capacity,
                      (size_t)cursor->lane_count + 1))
        return NO_LANE;
    return cursor->lane_count++;
}

static void free_lane(struct smk_cursor *cursor, uint32_t number)
{
    struct lane *lane = &cursor->lanes[number];
    smk_events_free(&lane->events, &cursor->trace->mem);
    lane->next_free = cursor->free_lanes;
    cursor->free_lanes = number;
}

SMK_INLINE uint32_t event_at(const struct lane *lane, uint32_t number)
{
    return lane->events.order ? lane->events.order[number] : number;
}

static void skip_event(struct lane *lane)
{
    unsigned kind = lane->events.kind_of[lane->events.ids[event_at(lane, lane->next++)]];
    if (kind != SMK_NO_KIND)
        lane->events.kinds[kind].next++;
}

/* Moves the lane to its next event that is wanted; false at its end. */
SMK_INLINE bool settle(struct lane *lane)
{
    const struct smk_events *events = &lane->events;
    for (; lane->next < events->count; skip_event(lane)) {
        unsigned kind = events->kind_of[events->ids[event_at(lane, lane->next)]];
        if (SMK_LIKELY(kind != SMK_NO_KIND && events->kinds[kind].wanted))
            return true;
    }
    return false;
}

static void choose_kinds(const struct smk_cursor *cursor, struct smk_events *events)
{
    for (uint32_t k = 0; k < events->kind_count; k++)
        events->kinds[k].wanted =
            !cursor->categories || (events->kinds[k].spec->category & cursor->categories);
}

/* The time of the lane's next event as the heap compares it. */
SMK_INLINE uint64_t heap_time(const struct smk_cursor *cursor, struct lane *lane)
{
    uint64_t time = lane->events.times[event_at(lane, lane->next)];
    return SMK_LIKELY(!cursor->several) ? time : smk_clocks_ns(lane->clocks, &lane->stretch, time);
}

static bool is_wanted(struct smk_cursor *cursor, const struct smk_chunk_ref *ref, uint32_t thread)
{
    const struct smk_clock_stretch *stretch = NULL;
    if (ref->damaged || (cursor->thread && thread != cursor->thread) ||
        (cursor->process && ref->process + 1u != cursor->process))
        return false;
    if (cursor->from == 0 || cursor->several)
        return ref->last >= cursor->from;
    return smk_clocks_ns(&cursor->trace->processes[0].clocks, &stretch, ref->last) >= cursor->from;
}

/* Opens the next pending chunk, if anything in it is wanted. 0, also for a damaged one, or an error. */
static int open_chunk(struct smk_cursor *cursor)
{
    struct smk_trace *trace = cursor->trace;
    uint32_t place = cursor->pending++;
    struct smk_chunk_ref *ref = &trace->chunks[place];
    uint32_t thread = smk_tables_id(trace, &trace->tables.threads.map, ref->process, ref->thread);
    if (!is_wanted(cursor, ref, thread))
        return 0;
    uint32_t number = take_lane(cursor);
    if (number == NO_LANE)
        return smk_trace_no_memory(trace);
    struct lane *lane = &cursor->lanes[number];
    *lane = (struct lane){.chunk = place,
                          .thread = thread,
                          .tid = ref->tid,
                          .process = ref->process,
                          .clocks = &trace->processes[ref->process].clocks};
    int rc = smk_events_load(trace, ref, &lane->events);
    if (rc < 0) {
        free_lane(cursor, number);
        return rc == SMK_E_NOMEM || rc == SMK_E_LIMIT ? rc : 0;
    }
    if (cursor->several)
        smk_events_translate(trace, &lane->events, ref->process);
    choose_kinds(cursor, &lane->events);
    bool any = settle(lane);
    while (any && cursor->from &&
           smk_clocks_ns(lane->clocks, &lane->stretch,
                         lane->events.times[event_at(lane, lane->next)]) < cursor->from) {
        skip_event(lane);
        any = settle(lane);
    }
    if (!any) {
        free_lane(cursor, number);
        return 0;
    }
    if (push(cursor, (struct heap_entry){heap_time(cursor, lane), place, number}))
        return 0;
    free_lane(cursor, number);
    return smk_trace_no_memory(trace);
}

/* Opens what begins before the top of the heap, or at it, and says how far the top may go alone. */
static int arrange(struct smk_cursor *cursor)
{
    const struct smk_trace *trace = cursor->trace;
    while (cursor->pending < trace->chunk_count &&
           (cursor->heap_count == 0 ||
            trace->chunks[cursor->pending].first <= cursor->heap[0].time)) {
        int rc = open_chunk(cursor);
        if (rc < 0)
            return rc;
    }
    cursor->runway = cursor->pending < trace->chunk_count ? trace->chunks[cursor->pending].first
                                                          : UINT64_MAX;
    for (uint32_t i = 1; i < cursor->heap_count && i < 3; i++)
        cursor->runway = smk_min_u64(cursor->runway, cursor->heap[i].time);
    return 0;
}

/* ---- events --------------------------------------------------------------------------------------------- */

static void put_text(const struct lane *lane, smk_event *event, unsigned arg, uint64_t value)
{
    bool lost = lane->events.texts_lost;
    event->text = lane->events.text + (lost ? 0 : value >> 32);
    event->text_len = lost ? 0 : (uint32_t)value;
    event->args[arg] = event->text_len;
}

/* The lane's next event into cursor->event; the lane moves behind it. */
SMK_INLINE void put_event(struct smk_cursor *cursor, struct lane *lane)
{
    struct smk_events *events = &lane->events;
    uint32_t number = event_at(lane, lane->next++);
    struct smk_event_kind *kind = &events->kinds[events->kind_of[events->ids[number]]];
    uint32_t row = events->row ? events->row[number] : kind->next++;
    const struct smk_clocks *clocks = lane->clocks;
    smk_event *event = &cursor->event;
    uint64_t time = events->times[number];
    unsigned count = kind->spec->arg_count;
    event->time = smk_clocks_ns(clocks, &lane->stretch, time);
    event->id = kind->spec->id;
    event->thread = lane->thread;
    event->tid = lane->tid;
    event->arg_count = count;
    event->text_len = 0;
    event->process = lane->process;
    for (unsigned i = 0; i < count; i++)
        event->args[i] = kind->args[i][row];
    for (unsigned ticks = kind->ticks; ticks; ticks &= ticks - 1) {
        unsigned i = (unsigned)__builtin_ctz(ticks);
        uint64_t length = smk_min_u64(event->args[i], time);
        event->args[i] = event->time - smk_clocks_ns(clocks, &lane->stretch, time - length);
    }
    if (SMK_UNLIKELY(kind->spec->args[count - 1].type == SMK_ARG_TEXT))
        put_text(lane, event, count - 1, event->args[count - 1]);
}

/* What the last call left: the top of the heap is where its next event is, or goes. */
static int advance(struct smk_cursor *cursor)
{
    if (cursor->heap_count) {
        struct heap_entry *top = cursor->heap;
        struct lane *lane = &cursor->lanes[top->lane];
        if (settle(lane)) {
            top->time = heap_time(cursor, lane);
            if (SMK_LIKELY(top->time < cursor->runway))
                return 0;
            sift_down(cursor, 0);
        } else {
            free_lane(cursor, top->lane);
            pop(cursor);
        }
    }
    return arrange(cursor);
}

int smk_cursor_next(smk_cursor *cursor, const smk_event **event)
{
    int rc = cursor->error ? cursor->error : advance(cursor);
    if (SMK_UNLIKELY(rc < 0)) {
        cursor->error = rc;
        return rc;
    }
    if (SMK_UNLIKELY(cursor->heap_count == 0))
        return 0;
    put_event(cursor, &cursor->lanes[cursor->heap[0].lane]);
    if (SMK_UNLIKELY(cursor->to && cursor->event.time >= cursor->to)) {
        cursor->pending = cursor->trace->chunk_count; /* so is all that follows */
        while (cursor->heap_count) {
            free_lane(cursor, cursor->heap[0].lane);
            pop(cursor);
        }
        return 0;
    }
    *event = &cursor->event;
    return 1;
}

/* ---- opening and closing -------------------------------------------------------------------------------- */

int smk_cursor_open(smk_cursor **out, smk_trace *trace, const smk_cursor_options *options)
{
    smk_cursor_options chosen = {.size = sizeof chosen};
    *out = NULL;
    if (options)
        memcpy(&chosen, options, options->size < sizeof chosen ? options->size : sizeof chosen);
    if (chosen.to && chosen.from > chosen.to)
        return smk_fail(SMK_E_INVALID, "from %llu is behind to %llu", (unsigned long long)chosen.from,
                        (unsigned long long)chosen.to);
    if (chosen.categories & ~SMK_CAT_ALL)
        return smk_fail(SMK_E_INVALID, "categories 0x%x: bits of 0x%x are allowed", chosen.categories,
                        SMK_CAT_ALL);
    if (chosen.process > trace->process_count)
        return smk_fail(SMK_E_INVALID, "process %u + 1: from 1 to %u are allowed, and 0 for all",
                        chosen.process - 1, trace->process_count);
    smk_cursor *cursor = smk_mem_new(&trace->mem, sizeof *cursor);
    if (!cursor)
        return smk_trace_no_memory(trace);
    *cursor = (smk_cursor){.trace = trace,
                           .from = chosen.from,
                           .to = chosen.to,
                           .categories = chosen.categories,
                           .thread = chosen.thread,
                           .process = chosen.process,
                           .several = trace->several,
                           .free_lanes = NO_LANE};
    *out = cursor;
    return 0;
}

void smk_cursor_close(smk_cursor *cursor)
{
    if (!cursor)
        return;
    struct smk_mem *mem = &cursor->trace->mem;
    for (uint32_t i = 0; i < cursor->heap_count; i++)
        smk_events_free(&cursor->lanes[cursor->heap[i].lane].events, mem);
    smk_mem_free(mem, cursor->lanes, cursor->lane_capacity * sizeof *cursor->lanes);
    smk_mem_free(mem, cursor->heap, cursor->heap_capacity * sizeof *cursor->heap);
    smk_mem_free(mem, cursor, sizeof *cursor);
}
