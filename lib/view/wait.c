/* wait.c: a wait in full, out of the trace: one look at the events of its thread where it ended. And a log's text. */
#include <stdio.h>

#include "view/moment.h"

/* Of timeline_waits.c: the wait that an event is. */
#include "analysis/timeline_state.h"

static bool open_wait(smk_trace *trace, uint32_t serial, uint64_t from, uint64_t to, struct smk_span_wait *wait)
{
    const smk_open_wait *open;
    for (size_t i = 0; (open = smk_trace_open_wait_at(trace, i)) != NULL; i++) {
        if (open->serial != serial || smk_min_u64(open->since, to) != from)
            continue;
        *wait = (struct smk_span_wait){.from = from,
                                       .to = to,
                                       .request = open->request,
                                       .object = open->object,
                                       .process = open->process,
                                       .thread = serial,
                                       .stack = open->stack,
                                       .holder = open->holder,
                                       .kind = (uint8_t)open->kind,
                                       .fd = -1,
                                       .open = true};
        return true;
    }
    return false;
}

/* A page that was read: the event says what for, and comes when it was there. */
static void set_fault(struct smk_span_wait *wait, const smk_event *event, uint64_t from)
{
    *wait = (struct smk_span_wait){.from = from,
                                   .to = event->time,
                                   .object = smk_timeline_arg(event, 1),
                                   .process = event->process,
                                   .thread = event->thread,
                                   .event = SMK_EV_MAJOR_FAULT,
                                   .stack = (uint32_t)smk_timeline_arg(event, 0),
                                   .kind = SMK_WAIT_MEMORY,
                                   .fd = -1};
}

static bool ended_wait(smk_trace *trace, uint32_t serial, uint64_t from, uint64_t to, struct smk_span_wait *wait)
{
    smk_cursor_options where = {.size = sizeof(where), .from = to, .to = to + 1, .thread = serial};
    smk_cursor *cursor = NULL;
    const smk_event *event;
    bool found = false;
    if (smk_cursor_open(&cursor, trace, &where) != 0)
        return false;
    while (!found && smk_cursor_next(cursor, &event) == 1) {
        found = smk_span_wait_of(wait, event) && wait->from == from;
        if (!found && event->id == SMK_EV_MAJOR_FAULT) {
            set_fault(wait, event, from);
            found = true;
        }
    }
    smk_cursor_close(cursor);
    return found;
}

bool smk_view_log_text(struct smk_view *view, uint32_t thread, uint64_t time, uint32_t site, char *text, size_t size)
{
    smk_cursor_options where = {.size = sizeof(where), .from = time, .to = time + 1, .thread = thread};
    smk_cursor *cursor = NULL;
    const smk_event *event;
    bool found = false;
    smk_trace *trace = smk_view_enter(view);
    if (smk_cursor_open(&cursor, trace, &where) == 0)
        while (!found && smk_cursor_next(cursor, &event) == 1) {
            found = event->id == SMK_EV_LOG && event->args[0] == site;
            if (found)
                snprintf(text, size, "%.*s", (int)event->text_len, event->text ? event->text : "");
        }
    smk_cursor_close(cursor);
    smk_view_leave(view);
    return found;
}

bool smk_view_wait_of(struct smk_view *view, const struct smk_view_line *line, uint64_t from, uint64_t to,
                      struct smk_span_wait *wait)
{
    smk_trace *trace = smk_view_enter(view);
    uint32_t serial = line->is.thread;
    bool found = ended_wait(trace, serial, from, to, wait) || open_wait(trace, serial, from, to, wait);
    smk_view_leave(view);
    return found;
}

uint32_t smk_view_holder_at(struct smk_view *view, struct smk_view_reader *reader, const struct smk_span_wait *wait,
                            uint64_t time, bool *sure)
{
    struct smk_view_release release;
    const struct smk_thread_info *info = NULL;
    bool known = wait->object && smk_view_next_release(reader, wait->process, wait->object, time, &release);
    bool was_free = known && smk_span_lock_was_free(wait, release.from);
    *sure = known && !was_free && release.thread != wait->thread;
    if (*sure)
        return smk_map_get(&reader->store->by_thread, release.thread);
    if (was_free)
        return SMK_VIEW_NONE;
    smk_trace *trace = smk_view_enter(view);
    if (wait->holder)
        info = smk_trace_process_tid(trace, wait->process, wait->holder, wait->from);
    uint32_t serial = info ? info->serial : 0;
    smk_view_leave(view);
    return serial && serial != wait->thread ? smk_map_get(&reader->store->by_thread, serial) : SMK_VIEW_NONE;
}
