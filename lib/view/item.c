/* item.c: one item in full: its wait out of the trace, who held that up, and who held up that one. */
#include "view/item.h"

#include "base/errors.h"
#include "view/moment.h"

#define LOOKED_AT 65536u /* items of a thread, for what it did for the most part */

static uint32_t row_of_tid(struct smk_view *view, struct smk_view_reader *reader, uint32_t process, uint32_t tid,
                           uint64_t time)
{
    smk_trace *trace = smk_view_enter(view);
    const smk_thread_info *info = tid ? smk_trace_process_tid(trace, process, tid, time) : NULL;
    uint32_t row = info ? smk_map_get(&reader->store->by_thread, info->serial) : SMK_VIEW_NONE;
    smk_view_leave(view);
    return row;
}

/* ---- the chain ------------------------------------------------------------------------------------------ */

/* What somebody did in a stretch, for the most part. */
struct did {
    uint64_t ns[SMK_VIEW_CLASSES];
    struct smk_view_entry longest[SMK_VIEW_CLASSES];
    uint64_t longest_ns[SMK_VIEW_CLASSES];
};

static bool look_back(struct smk_view_reader *reader, const struct smk_view_line *line, uint64_t from, uint64_t to,
                      struct did *did)
{
    struct smk_view_items items;
    struct smk_view_entry entry;
    uint32_t looked = 0;
    bool any = false;
    smk_view_items_from(&items, reader, line, from);
    while (smk_view_items_next(&items, &entry) && entry.from < to && looked++ < LOOKED_AT) {
        uint64_t begin = smk_max_u64(entry.from, from), end = smk_min_u64(entry.to, to);
        if (end <= begin)
            continue;
        uint32_t number = smk_view_class(SMK_VIEW_LOOK_STATE(entry.look), SMK_VIEW_LOOK_KIND(entry.look));
        did->ns[number] += end - begin;
        any = true;
        if (end - begin <= did->longest_ns[number])
            continue;
        did->longest_ns[number] = end - begin;
        did->longest[number] = entry;
    }
    return any;
}

/* Of a lock that changed hands the stretch begins where it was let go of before, and who took it then may have waited
 * for work until it did: that held nobody up. A sleep may. */
static bool waits_for_work(uint32_t number)
{
    return smk_view_class_state(number) == SMK_SPAN_IDLE && smk_view_class_kind(number) != SMK_WAIT_SLEEP;
}

static uint32_t most_of(const struct did *did)
{
    uint32_t most = 0, busy = 0;
    for (uint32_t i = 1; i < SMK_VIEW_CLASSES; i++) {
        if (did->ns[i] > did->ns[most])
            most = i;
        if (did->ns[i] > did->ns[busy] && !waits_for_work(i))
            busy = i;
    }
    return did->ns[busy] > 0 ? busy : most;
}

static struct smk_view_step *add_step(struct smk_view_item *is, const struct smk_view_at *at, uint64_t ns)
{
    if (is->step_count == SMK_VIEW_CHAIN)
        return NULL;
    struct smk_view_step *step = &is->steps[is->step_count++];
    *step = (struct smk_view_step){.row = at->row,
                                   .item = at->item,
                                   .look = at->look,
                                   .label = at->label,
                                   .stack = at->sample,
                                   .from = at->from,
                                   .to = at->to,
                                   .ns = ns};
    return step;
}

static bool is_in_chain(const struct smk_view_item *is, uint32_t row)
{
    for (uint32_t i = 0; i < is->step_count; i++)
        if (is->steps[i].row == row)
            return true;
    return false;
}

struct link {
    uint32_t row;      /* of who is next; SMK_VIEW_NONE: nobody is known */
    uint64_t from, to; /* while the one before waited */
};

/* What this one did meanwhile, and who held up that. */
static void follow(struct smk_view *view, struct smk_view_reader *reader, struct smk_view_item *is, struct link *link)
{
    struct smk_view_at at;
    struct smk_span_wait wait;
    const struct smk_view_line *line = reader->store->rows[link->row];
    struct did *did = smk_mem_new(&reader->mem, sizeof(*did));
    bool any = did && look_back(reader, line, link->from, link->to, did);
    if (!any) {
        smk_mem_free(&reader->mem, did, sizeof(*did));
        link->row = SMK_VIEW_NONE;
        return;
    }
    uint32_t most = most_of(did);
    smk_view_at_of(line, &did->longest[most], &at);
    uint64_t from = smk_max_u64(link->from, at.from), to = smk_min_u64(link->to, at.to);
    smk_view_beside_of(reader, from + (to - from) / 2, &at);
    struct smk_view_step *step = add_step(is, &at, did->ns[most]);
    smk_mem_free(&reader->mem, did, sizeof(*did));
    link->row = SMK_VIEW_NONE;
    if (!step || !at.has_wait)
        return;
    bool read = smk_view_wait_of(view, line, at.since, at.until, &wait);
    step->stack = read ? wait.stack : step->stack;
    smk_view_take_holder(view, reader, from, &at);
    if (at.holder == SMK_VIEW_NONE && read && SMK_VIEW_LOOK_STATE(at.look) == SMK_SPAN_WAITING)
        at.holder = row_of_tid(view, reader, wait.process, wait.waker, wait.to); /* who was to wake it */
    *link = (struct link){at.holder, from, to};
}

/* A lock goes through many hands while somebody waits for it: who kept it longest meanwhile, and when. False: nobody is
 * known to have had it. */
static bool longest_hold(struct smk_view_reader *reader, const struct smk_view_item *is, struct link *link)
{
    const struct smk_span_wait *wait = &is->wait;
    struct smk_view_release release;
    uint64_t since = is->from, longest = 0;
    for (uint32_t i = 0; wait->kind == SMK_WAIT_LOCK && wait->object && i < LOOKED_AT; i++) {
        if (!smk_view_next_release(reader, wait->process, wait->object, since, &release) || release.from > is->to)
            break;
        uint32_t row = smk_map_get(&reader->store->by_thread, release.thread);
        if (release.thread != wait->thread && row != SMK_VIEW_NONE && release.from - since > longest) {
            longest = release.from - since;
            *link = (struct link){row, since, release.from};
        }
        since = release.from + 1;
    }
    return longest > 0;
}

static void make_chain(struct smk_view *view, struct smk_view_reader *reader, struct smk_view_item *is)
{
    struct smk_view_at first = {.row = is->row, .item = is->item, .look = is->look, .label = is->label,
                                .from = is->from, .to = is->to, .sample = is->stack};
    struct link link = {is->holder.row != SMK_VIEW_NONE ? is->holder.row : is->waker.row, is->from, is->to};
    if (!longest_hold(reader, is, &link) && (link.row == SMK_VIEW_NONE || link.row == is->row))
        return;
    add_step(is, &first, is->to - is->from);
    while (link.row != SMK_VIEW_NONE && is->step_count < SMK_VIEW_CHAIN) {
        if (is_in_chain(is, link.row)) {
            is->circle = true;
            break;
        }
        follow(view, reader, is, &link);
    }
    if (is->step_count == 1)
        is->step_count = 0;
}

/* ---- a wait --------------------------------------------------------------------------------------------- */

static void take_releaser(struct smk_view *view, struct smk_view_reader *reader, struct smk_view_item *is)
{
    const struct smk_span_wait *wait = &is->wait;
    struct smk_view_release release = {0}, next;
    is->releaser.row = row_of_tid(view, reader, wait->process, wait->releaser, wait->to);
    uint64_t time = wait->from;
    for (uint32_t i = 0; wait->object && i < LOOKED_AT; i++) { /* the last one that began in the wait */
        if (!smk_view_next_release(reader, wait->process, wait->object, time, &next) || next.from > wait->to)
            break;
        time = next.from + 1;
        uint32_t row = smk_map_get(&reader->store->by_thread, next.thread);
        if (next.thread != wait->thread && (is->releaser.row == SMK_VIEW_NONE || row == is->releaser.row))
            release = next;
    }
    if (!release.from)
        return;
    is->releaser = (struct smk_view_other){smk_map_get(&reader->store->by_thread, release.thread), release.stack,
                                           release.from};
}

static void take_wait(struct smk_view *view, struct smk_view_reader *reader, const struct smk_view_line *line,
                      const struct smk_view_entry *entry, struct smk_view_item *is)
{
    struct smk_view_at at;
    smk_view_at_of(line, entry, &at);
    is->has_wait = true;
    is->wait = (struct smk_span_wait){.from = entry->wait_from,
                                      .to = entry->wait_to,
                                      .process = line->is.process,
                                      .thread = line->is.thread,
                                      .kind = (uint8_t)SMK_VIEW_LOOK_KIND(entry->look),
                                      .fd = -1};
    is->wait_read = smk_view_wait_of(view, line, entry->wait_from, entry->wait_to, &is->wait);
    is->wait.request = entry->request;
    is->wait.idle = SMK_VIEW_LOOK_STATE(entry->look) == SMK_SPAN_IDLE;
    is->stack = is->wait.stack;
    is->waker.row = row_of_tid(view, reader, is->wait.process, is->wait.waker, is->wait.to);
    if (is->wait.kind == SMK_WAIT_LOCK && at.since == entry->wait_from) {
        is->holder.row = smk_view_holder_at(view, reader, &is->wait, entry->from, &is->holder_sure);
        is->holder.at = entry->from;
        take_releaser(view, reader, is);
    }
    if (SMK_VIEW_LOOK_STATE(entry->look) == SMK_SPAN_WAITING)
        make_chain(view, reader, is);
}

/* ---- any item ------------------------------------------------------------------------------------------- */

static void take_regions(struct smk_view_reader *reader, const struct smk_view_line *line, struct smk_view_item *is)
{
    struct smk_view_at at = {.row = line->is.id, .look = is->look};
    smk_view_beside_of(reader, is->from, &at);
    is->region_count = at.region_count;
    for (uint32_t i = 0; i < at.region_count; i++)
        is->regions[i] = at.regions[i];
    if (!is->stack)
        is->stack = at.sample;
}

static void fill(struct smk_view *view, struct smk_view_reader *reader, const struct smk_view_line *line,
                 const struct smk_view_entry *entry, struct smk_view_item *is)
{
    *is = (struct smk_view_item){.row = line->is.id,
                                 .item = entry->number,
                                 .kind = line->is.kind,
                                 .from = entry->from,
                                 .to = entry->to,
                                 .look = entry->look | 255u << 16,
                                 .label = entry->label,
                                 .request = entry->request,
                                 .value = entry->value,
                                 .holder.row = SMK_VIEW_NONE,
                                 .releaser.row = SMK_VIEW_NONE,
                                 .waker.row = SMK_VIEW_NONE,
                                 .previous = entry->number > 0 ? entry->number - 1 : SMK_VIEW_NONE,
                                 .next = entry->number + 1 < line->is.items ? entry->number + 1 : SMK_VIEW_NONE,
                                 .final = smk_view_is_sealed(reader->store)};
    if (entry->label >> 28 == SMK_VIEW_LABEL_STACK)
        is->stack = entry->label & ((1u << 28) - 1);
    if (line->is.kind != SMK_VIEW_THREAD)
        return;
    if (entry->wait_to)
        take_wait(view, reader, line, entry, is);
    take_regions(reader, line, is);
}

int smk_view_get_item(struct smk_view *view, uint32_t row, uint32_t item, struct smk_view_item *is)
{
    struct smk_view_reader reader;
    struct smk_view_items items;
    struct smk_view_entry entry;
    smk_view_enter(view); /* before the store's turn */
    smk_view_read_begin(&reader, view);
    const struct smk_view_line *line = row < reader.store->row_count ? reader.store->rows[row] : NULL;
    int result = 0;
    if (!line) {
        result = smk_fail(SMK_E_NOTFOUND, "no row %u is known", row);
    } else if (item >= line->is.items) {
        result = smk_fail(SMK_E_NOTFOUND, "row %u has %u items by now, and no item %u", row, line->is.items, item);
    } else {
        smk_view_items_at(&items, &reader, line, item);
        if (smk_view_items_next(&items, &entry) && entry.number == item)
            fill(view, &reader, line, &entry, is);
        else
            result = smk_fail(SMK_E_NOTFOUND, "row %u has no item %u", row, item);
    }
    result = smk_view_read_end(&reader, view, result);
    smk_view_leave(view);
    return result;
}
