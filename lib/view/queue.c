/* queue.c: when a request lay in a queue, out of the trace: one look at each thread that took it, until it did. Who put
 * it there may still say that it works for it (who makes a request does, until the next): that counts for nothing
 * meanwhile, as in request_parts.c of the analysis. */
#include "view/moment.h"
#include "view/requests.h"

/* Of timeline_requests.c: how long ago an event says that something began. */
#include "analysis/timeline_state.h"
#include "format/events.h"

#define LOOKS_MAX 64u /* threads of one request that are looked at */

static void add(struct smk_view_parts *parts, const struct smk_view_part *part)
{
    if (parts->count == SMK_VIEW_PARTS_MAX)
        parts->cut = true;
    else if (smk_mem_grow(&parts->mem, &parts->array, &parts->capacity, parts->count + 1u))
        parts->array[parts->count++] = *part;
}

/* Takes [from, to] out of what the row did. */
static void cut(struct smk_view_parts *parts, uint32_t row, uint64_t from, uint64_t to)
{
    uint32_t kept = 0, count = parts->count;
    for (uint32_t i = 0; i < count; i++) {
        struct smk_view_part before = parts->array[i], behind = before;
        if (before.row != row || before.to <= from || before.from >= to) {
            parts->array[kept++] = before;
            continue;
        }
        before.to = from;
        behind.from = to;
        if (before.from < from)
            parts->array[kept++] = before;
        if (behind.to <= to)
            continue;
        if (before.from < from)
            add(parts, &behind); /* one of them has the place, the other one is new */
        else
            parts->array[kept++] = behind;
    }
    for (uint32_t i = count; i < parts->count; i++)
        parts->array[kept++] = parts->array[i];
    parts->count = kept;
}

static void on_handoff(struct smk_view *view, struct smk_view_reader *reader, struct smk_view_parts *parts,
                       const smk_event *event)
{
    const struct smk_view_request *request = &parts->request;
    uint64_t from = smk_max_u64(smk_timeline_began(event, smk_timeline_arg(event, 2)), request->from);
    uint32_t giver = (uint32_t)smk_timeline_arg(event, 3);
    const smk_thread_info *gave = smk_trace_process_tid(view->trace, request->process, giver, from);
    if (from >= event->time)
        return;
    if (giver && gave)
        cut(parts, smk_map_get(&reader->store->by_thread, gave->serial), from, event->time);
    add(parts, &(struct smk_view_part){.from = from,
                                       .to = event->time,
                                       .row = SMK_VIEW_NONE,
                                       .item = SMK_VIEW_NONE,
                                       .look = SMK_SPAN_WAITING,
                                       .label = smk_view_label_of(SMK_VIEW_LABEL_SITE,
                                                                  (uint32_t)smk_timeline_arg(event, 0))});
}

static void look_at(struct smk_view *view, struct smk_view_reader *reader, struct smk_view_parts *parts,
                    const smk_cursor_options *where)
{
    smk_cursor *cursor = NULL;
    const smk_event *event;
    if (smk_cursor_open(&cursor, view->trace, where) == 0)
        while (smk_cursor_next(cursor, &event) == 1)
            if (event->id == SMK_EV_HANDOFF && smk_timeline_arg(event, 1) == parts->request.id)
                on_handoff(view, reader, parts, event);
    smk_cursor_close(cursor);
}

void smk_view_take_queues(struct smk_view *view, struct smk_view_reader *reader, struct smk_view_parts *parts)
{
    smk_cursor_options looks[LOOKS_MAX];
    uint32_t count = 0, first = parts->count > 0 ? parts->array[0].row : SMK_VIEW_NONE;
    for (uint32_t i = 0, j; i < parts->count; i++) {
        const struct smk_view_part *part = &parts->array[i];
        uint32_t thread = reader->store->rows[part->row]->is.thread;
        for (j = 0; j < count && looks[j].thread != thread; j++)
            ;
        if (j == LOOKS_MAX || (j == count && part->row == first && part->from <= parts->request.from))
            continue; /* who has it from the begin on took it out of nothing */
        looks[j] = (smk_cursor_options){.size = sizeof(looks[j]),
                                        .from = parts->request.from,
                                        .to = part->from + 1,
                                        .categories = SMK_CAT_REQUEST,
                                        .thread = thread};
        count = j == count ? count + 1 : count;
    }
    smk_view_enter(view);
    for (uint32_t i = 0; i < count; i++)
        look_at(view, reader, parts, &looks[i]);
    smk_view_leave(view);
}
