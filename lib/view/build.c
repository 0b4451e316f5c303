/* build.c: the pass that fills a store. */
#include "view/state.h"

#include <stddef.h>
#include <string.h>

#include "base/errors.h"
#include "base/hash.h"
#include "view/builder.h"

/* ---- rows ----------------------------------------------------------------------------------------------- */

struct smk_view_line *smk_view_builder_thread(struct smk_view_builder *builder, uint32_t process, uint32_t serial)
{
    struct smk_view_store *store = builder->store;
    if (builder->last && builder->last->is.thread == serial)
        return builder->last;
    uint32_t row = smk_map_get(&store->by_thread, serial);
    struct smk_view_line *line =
        row != SMK_MAP_NONE ? store->rows[row]
                            : smk_view_store_row(store, &(struct smk_view_row){.process = process, .thread = serial,
                                                                               .kind = SMK_VIEW_THREAD});
    builder->last = line ? line : builder->last;
    return line;
}

/* The row of a key; `is` says what a new one is. */
static struct smk_view_line *row_of(struct smk_view_builder *builder, uint64_t key, const struct smk_view_row *is)
{
    uint32_t row = smk_map_get(&builder->by_key, key);
    if (row != SMK_MAP_NONE)
        return builder->store->rows[row];
    struct smk_view_line *line = smk_view_store_row(builder->store, is);
    if (line)
        smk_map_put(&builder->by_key, &builder->store->mem, key, line->is.id);
    return line;
}

static uint64_t key_of(enum smk_view_row_kind kind, uint32_t a, uint32_t b, uint32_t c)
{
    return smk_hash_fold(smk_map_pair(a, b) ^ 0x9e3779b97f4a7c15u, smk_map_pair((uint32_t)kind + 1, c) ^
                                                                       0xe7037ed1a0b428dbu);
}

/* The first lane that is free at `from`: lanes of one thing are rows with rising depths. */
static struct smk_view_line *lane_of(struct smk_view_builder *builder, const struct smk_view_row *is, uint64_t from)
{
    struct smk_view_row lane = *is;
    for (lane.depth = 0; lane.depth < SMK_VIEW_LANES; lane.depth++) {
        uint64_t key = key_of(is->kind, is->process, is->label, lane.depth);
        struct smk_view_line *line = row_of(builder, key, &lane);
        if (!line || line->last <= smk_max_u64(from, builder->store->origin))
            return line;
    }
    builder->store->refused++;
    return NULL;
}

static struct smk_view_line *beside_thread(struct smk_view_builder *builder, enum smk_view_row_kind kind,
                                           uint32_t process, uint32_t serial, uint32_t depth)
{
    struct smk_view_line *thread = smk_view_builder_thread(builder, process, serial);
    struct smk_view_row is = {.process = process,
                              .thread = serial,
                              .parent = thread ? thread->is.id : SMK_VIEW_NONE,
                              .depth = depth,
                              .kind = kind};
    return row_of(builder, key_of(kind, process, serial, depth), &is);
}

/* ---- names ---------------------------------------------------------------------------------------------- */

/* It lies in the file that is kept, where the bytes behind its last member are nothing too. */
static void keep_wait(struct smk_span_wait *kept, const struct smk_span_wait *wait)
{
    const size_t end = offsetof(struct smk_span_wait, idle) + sizeof(wait->idle);
    memcpy(kept, wait, end);
    memset((uint8_t *)kept + end, 0, sizeof(*kept) - end);
}

static uint32_t label_of_wait(struct smk_view_builder *builder, const struct smk_span_wait *wait)
{
    struct smk_view_store *store = builder->store;
    uint64_t object = wait->kind == SMK_WAIT_LOCK || wait->kind == SMK_WAIT_COND ? wait->object : 0;
    uint32_t epoch = object ? smk_map_get(&builder->epochs, smk_map_own(wait->process, object)) : 0;
    /* The constants keep either side from being 0, which would make the product 0 whatever the other one is. */
    uint64_t names = smk_map_pair(wait->call, wait->what) ^ 0xe7037ed1a0b428dbu;
    uint64_t key = smk_hash_fold(object ^ 0xa0761d6478bd642fu, names);
    key = smk_hash_fold(key ^ smk_map_pair(wait->kind, wait->site), smk_map_pair(wait->process + 1, epoch + 2));
    uint32_t number = smk_map_get(&builder->by_wait, key);
    if (number != SMK_MAP_NONE)
        return smk_view_label_of(SMK_VIEW_LABEL_WAIT, number);
    if (store->wait_count >= SMK_VIEW_LABELS_MAX ||
        !smk_mem_grow(&store->mem, &store->waits, &store->wait_capacity, store->wait_count + 1u) ||
        !smk_map_put(&builder->by_wait, &store->mem, key, store->wait_count)) {
        store->refused++;
        return 0;
    }
    keep_wait(&store->waits[store->wait_count], wait);
    return smk_view_label_of(SMK_VIEW_LABEL_WAIT, store->wait_count++);
}

static void tell_lock(struct smk_view_builder *builder, const struct smk_view_lock_word *word)
{
    struct smk_view_store *store = builder->store;
    if (store->lock_count >= 4 * SMK_VIEW_LABELS_MAX ||
        !smk_mem_grow(&store->mem, &store->locks, &store->lock_capacity, store->lock_count + 1u))
        return;
    store->locks[store->lock_count++] = *word;
}

/* Of the waits for a lock those that may give it its name: the first one, and the first with a stack. */
static void on_wait(void *arg, const struct smk_span_wait *wait)
{
    struct smk_view_builder *builder = arg;
    if (wait->kind != SMK_WAIT_LOCK || !wait->object)
        return;
    uint64_t own = smk_map_own(wait->process, wait->object);
    uint32_t epoch = smk_map_get(&builder->epochs, own);
    uint64_t key = smk_hash_fold(own ^ 0xa0761d6478bd642fu, (uint64_t)epoch + 2) | 1;
    uint32_t known = smk_map_get(&builder->named, key);
    if (known == 1 || (known == 0 && !wait->stack))
        return;
    smk_map_put(&builder->named, &builder->store->mem, key, wait->stack ? 1 : 0);
    tell_lock(builder, &(struct smk_view_lock_word){.address = wait->object,
                                                    .from = wait->from,
                                                    .to = wait->to,
                                                    .process = wait->process,
                                                    .what = SMK_VIEW_LOCK_WAIT,
                                                    .stack = wait->stack,
                                                    .site = wait->site,
                                                    .thread = wait->thread});
}

/* ---- threads -------------------------------------------------------------------------------------------- */

static void set_wait(struct smk_view_builder *builder, struct smk_view_entry *entry, const struct smk_span *span)
{
    if (!span->wait)
        return;
    entry->wait_from = span->wait->from;
    entry->wait_to = smk_max_u64(span->wait->to, 1);
    entry->label = label_of_wait(builder, span->wait);
}

static uint16_t look_of_span(const struct smk_span *span)
{
    unsigned flags = 0;
    flags |= span->flags & SMK_SPAN_OR_RUNNABLE ? SMK_VIEW_OR_RUNNABLE : 0;
    flags |= span->flags & SMK_SPAN_WHOLE_CALL ? SMK_VIEW_WHOLE_CALL : 0;
    flags |= span->flags & SMK_SPAN_CUT ? SMK_VIEW_UNSEEN : 0;
    flags |= span->flags & SMK_SPAN_OPEN ? SMK_VIEW_OPEN : 0;
    flags |= span->flags & SMK_SPAN_IN_GAP ? SMK_VIEW_IN_GAP : 0;
    return (uint16_t)(span->state | span->kind << 4 | flags << 8);
}

static void on_span(void *arg, const struct smk_span *span)
{
    struct smk_view_builder *builder = arg;
    struct smk_view_line *line = smk_view_builder_thread(builder, span->process, span->thread);
    struct smk_view_entry entry = {
        .from = span->from, .to = span->to, .request = span->request, .look = look_of_span(span)};
    if (!line)
        return;
    set_wait(builder, &entry, span);
    smk_view_store_item(builder->store, line, &entry);
    smk_view_store_dense(builder->store, smk_view_class(span->state, span->kind), entry.from, entry.to);
    if (span->state == SMK_SPAN_RUNNING && span->cpu != SMK_CPU_NONE)
        smk_view_cpus_add(builder, span);
}

static void on_region(void *arg, const struct smk_span_region *region)
{
    struct smk_view_builder *builder = arg;
    struct smk_view_row lanes = {.process = region->process, .parent = SMK_VIEW_NONE, .kind = SMK_VIEW_REGIONS};
    unsigned flags = (region->open ? SMK_VIEW_OPEN : 0u) | (region->begin_unseen ? SMK_VIEW_UNSEEN : 0u);
    struct smk_view_entry entry = {.from = region->from,
                                   .to = region->to,
                                   .request = region->request,
                                   .label = smk_view_label_of(SMK_VIEW_LABEL_SITE, region->site),
                                   .look = (uint16_t)(SMK_VIEW_STATE_OTHER | flags << 8)};
    struct smk_view_line *line =
        region->of_request ? lane_of(builder, &lanes, region->from)
                           : beside_thread(builder, SMK_VIEW_REGIONS, region->process, region->thread, region->depth);
    if (line)
        smk_view_store_item(builder->store, line, &entry);
}

static void on_sample(void *arg, const struct smk_span_sample *sample)
{
    struct smk_view_builder *builder = arg;
    struct smk_view_line *line = beside_thread(builder, SMK_VIEW_SAMPLES, sample->process, sample->thread, 0);
    struct smk_view_entry entry = {.from = sample->time,
                                   .to = sample->time,
                                   .request = sample->request,
                                   .label = smk_view_label_of(SMK_VIEW_LABEL_STACK, sample->stack),
                                   .look = SMK_VIEW_STATE_OTHER};
    if (line)
        smk_view_store_item(builder->store, line, &entry);
}

static void on_release(void *arg, const struct smk_span_release *release)
{
    struct smk_view_builder *builder = arg;
    struct smk_view_release one = {release->from, release->to, release->thread, release->stack};
    if (!release->wake)
        smk_view_store_release(builder->store, release->process, release->object, &one);
}

/* ---- requests ------------------------------------------------------------------------------------------- */

static bool is_error(const struct smk_span_request *request) { return request->status >= 500 && request->status < 600; }

static void on_request(void *arg, const struct smk_span_request *request)
{
    struct smk_view_builder *builder = arg;
    struct smk_view_line *thread =
        request->end_thread ? smk_view_builder_thread(builder, request->process, request->end_thread) : NULL;
    struct smk_view_request is = {.id = request->id,
                                  .from = smk_min_u64(request->from, request->to),
                                  .to = request->to,
                                  .read = request->read,
                                  .process = request->process,
                                  .route = request->route,
                                  .status = request->status,
                                  .row = thread ? thread->is.id : SMK_VIEW_NONE,
                                  .open = request->open,
                                  .begin_unseen = request->begin_unseen,
                                  .error = is_error(request)};
    uint32_t route = smk_view_label_of(SMK_VIEW_LABEL_STRING, request->route);
    struct smk_view_row lanes = {
        .process = request->process, .parent = SMK_VIEW_NONE, .label = route, .kind = SMK_VIEW_REQUESTS};
    unsigned flags = (is.open ? SMK_VIEW_OPEN : 0u) | (is.begin_unseen ? SMK_VIEW_UNSEEN : 0u) |
                     (is.error ? SMK_VIEW_ERROR : 0u);
    struct smk_view_entry entry = {.from = is.from,
                                   .to = is.to,
                                   .request = is.id,
                                   .label = route,
                                   .look = (uint16_t)(SMK_VIEW_STATE_OTHER | flags << 8)};
    smk_view_store_request(builder->store, &is);
    struct smk_view_line *line = lane_of(builder, &lanes, is.from);
    if (line)
        smk_view_store_item(builder->store, line, &entry);
}

/* ---- counters, gaps, stalls, logs ----------------------------------------------------------------------------- */

/* A value lasts until the next one, so it is known only then. */
static void end_value(struct smk_view_builder *builder, struct smk_view_line *line, struct smk_view_value *value,
                      uint64_t time)
{
    struct smk_view_entry entry = {
        .from = value->from, .to = time, .value = value->value, .look = SMK_VIEW_STATE_OTHER};
    if (value->from)
        smk_view_store_item(builder->store, line, &entry);
}

static void on_counter(void *arg, const struct smk_span_counter *counter)
{
    struct smk_view_builder *builder = arg;
    struct smk_view_row is = {.process = counter->process,
                              .parent = SMK_VIEW_NONE,
                              .label = counter->site ? smk_view_label_of(SMK_VIEW_LABEL_SITE, counter->site)
                                                     : smk_view_label_of(SMK_VIEW_LABEL_STRING, counter->name),
                              .kind = SMK_VIEW_COUNTER};
    struct smk_view_line *line = row_of(builder, key_of(is.kind, is.process, is.label, 0), &is);
    if (!line || !smk_mem_grow(&builder->store->mem, &builder->values, &builder->value_capacity, line->is.id + 1u))
        return;
    end_value(builder, line, &builder->values[line->is.id], counter->time);
    builder->values[line->is.id] = (struct smk_view_value){counter->time, counter->value};
}

static void end_values(struct smk_view_builder *builder)
{
    for (uint32_t i = 0; i < builder->store->row_count && i < builder->value_capacity; i++)
        if (builder->store->rows[i]->is.kind == SMK_VIEW_COUNTER)
            end_value(builder, builder->store->rows[i], &builder->values[i], builder->store->end);
}

static void on_gap(void *arg, const smk_gap *gap)
{
    struct smk_view_builder *builder = arg;
    struct smk_view_row lanes = {.process = gap->process, .parent = SMK_VIEW_NONE, .kind = SMK_VIEW_MARKS};
    struct smk_view_line *line = lane_of(builder, &lanes, gap->from);
    struct smk_view_entry entry = {
        .from = gap->from,
        .to = gap->to,
        .label = smk_view_label_of(SMK_VIEW_LABEL_CATEGORY, (uint32_t)__builtin_ctz(gap->category | 1u << 27)),
        .look = SMK_VIEW_STATE_OTHER | SMK_VIEW_IN_GAP << 8};
    if (line)
        smk_view_store_item(builder->store, line, &entry);
}

/* A loop's thread was found in this stack when it had not come back for too long. */
static void on_stall(struct smk_view_builder *builder, const smk_event *event)
{
    uint32_t tid = event->arg_count > 2 ? (uint32_t)event->args[2] : 0;
    const smk_thread_info *info =
        tid ? smk_trace_process_tid(builder->trace, event->process, tid, event->time) : NULL;
    uint32_t serial = info ? info->serial : event->thread;
    struct smk_view_line *line = beside_thread(builder, SMK_VIEW_MARKS, event->process, serial, 0);
    struct smk_view_entry entry = {.from = event->time,
                                   .to = event->time,
                                   .label = smk_view_label_of(SMK_VIEW_LABEL_STACK, (uint32_t)event->args[0]),
                                   .look = SMK_VIEW_STATE_OTHER};
    if (line)
        smk_view_store_item(builder->store, line, &entry);
}

/* Its text is read again when somebody asks for it. */
static void on_log(struct smk_view_builder *builder, const smk_event *event, uint64_t request)
{
    struct smk_view_line *line = beside_thread(builder, SMK_VIEW_LOGS, event->process, event->thread, 0);
    struct smk_view_entry entry = {.from = event->time,
                                   .to = event->time,
                                   .request = request,
                                   .label = smk_view_label_of(SMK_VIEW_LABEL_SITE, (uint32_t)event->args[0]),
                                   .value = (int64_t)event->args[1],
                                   .look = SMK_VIEW_STATE_OTHER};
    if (line)
        smk_view_store_item(builder->store, line, &entry);
}

static void on_lock_word(struct smk_view_builder *builder, const smk_event *event)
{
    bool epoch = event->id == SMK_EV_LOCK_EPOCH;
    uint64_t own = smk_map_own(event->process, event->args[1]);
    if (epoch)
        smk_map_put(&builder->epochs, &builder->store->mem, own, (smk_map_get(&builder->epochs, own) + 1) & 0xffffff);
    tell_lock(builder, &(struct smk_view_lock_word){.address = event->args[1],
                                                    .from = event->time,
                                                    .to = event->time,
                                                    .process = event->process,
                                                    .what = epoch ? SMK_VIEW_LOCK_EPOCH : SMK_VIEW_LOCK_NAME,
                                                    .site = epoch ? 0 : (uint32_t)event->args[0]});
}

static void on_event(void *arg, const smk_event *event, uint64_t request)
{
    struct smk_view_builder *builder = arg;
    switch (event->id) {
    case SMK_EV_LOCK_EPOCH:
    case SMK_EV_LOCK_NAME:
        on_lock_word(builder, event);
        break;
    case SMK_EV_LOOP_STALL:
        on_stall(builder, event);
        break;
    case SMK_EV_LOG:
        on_log(builder, event, request);
        break;
    default:
        break;
    }
}

/* ---- the pass ------------------------------------------------------------------------------------------- */

/* The builder holds the store's turn but for here. */
static bool on_go_on(void *arg, uint64_t time)
{
    struct smk_view_builder *builder = arg;
    struct smk_view_store *store = builder->store;
    builder->batches++;
    store->known_to = smk_max_u64(store->known_to, time);
    smk_view_store_relieve(store);
    smk_view_turn_offer(&store->turns);
    builder->result = smk_view_store_failed(store);
    if (builder->result == 0 && !smk_view_tell(builder->view, store, builder->batches * SMK_VIEW_BATCH, builder->total))
        builder->result = smk_fail(SMK_E_LIMIT, "the view was closed");
    return builder->result == 0;
}

static int run(struct smk_view_builder *builder)
{
    static const struct smk_timeline_calls calls = {.span = on_span,
                                                    .wait = on_wait,
                                                    .region = on_region,
                                                    .request = on_request,
                                                    .sample = on_sample,
                                                    .counter = on_counter,
                                                    .release = on_release,
                                                    .gap = on_gap,
                                                    .event = on_event,
                                                    .go_on = on_go_on};
    struct smk_timeline_options options = {.max_memory = builder->store->mem.max};
    int result = smk_timeline_run(builder->trace, &options, &calls, builder);
    if (result == 0)
        result = builder->result;
    if (result == 0)
        result = smk_view_cpus_end(builder);
    return result;
}

int smk_view_build(struct smk_view *view, struct smk_view_store *store, smk_trace *trace)
{
    struct smk_view_builder builder = {
        .view = view, .store = store, .trace = trace, .total = smk_trace_get_info(trace)->events,
        .several = smk_trace_get_info(trace)->processes > 1};
    smk_view_turn_take(&store->turns);
    int result = run(&builder);
    end_values(&builder);
    int finished = smk_view_store_finish(store);
    smk_view_cpus_free(&builder);
    smk_map_free(&builder.by_key, &store->mem);
    smk_map_free(&builder.by_wait, &store->mem);
    smk_map_free(&builder.epochs, &store->mem);
    smk_map_free(&builder.named, &store->mem);
    smk_mem_free(&store->mem, builder.values, builder.value_capacity * sizeof(*builder.values));
    if (result == 0)
        result = finished;
    if (result == 0)
        store->known_to = store->end;
    smk_view_turn_end(&store->turns);
    return result;
}
