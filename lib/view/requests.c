#include "view/requests.h"

#include <string.h>

#include "base/errors.h"
#include "base/hash.h"
#include "base/sort.h"
#include "view/state.h"

#define ANSWER_MAX 10000u
#define POINTS_MAX 100000u

/* ---- all of them ---------------------------------------------------------------------------------------- */

/* Which are wanted; a class of the table's blocks and of single requests. */
struct filter {
    uint64_t from, to, min_ns, max_ns;
    const uint32_t *routes;
    uint32_t route_count;
    bool ended; /* those alone whose begin and end were seen */
};

static uint64_t length_of(const struct smk_view_request *request) { return request->to - request->from; }

static bool fits(const struct filter *filter, const struct smk_view_request *request)
{
    bool of_route = filter->route_count == 0;
    for (uint32_t i = 0; i < filter->route_count && !of_route; i++)
        of_route = filter->routes[i] == request->route;
    return of_route && request->to >= filter->from && request->from < filter->to &&
           length_of(request) >= filter->min_ns && length_of(request) <= filter->max_ns &&
           !(filter->ended && (request->open || request->begin_unseen));
}

static bool is_request(const struct smk_view_store *store, const struct smk_view_request *request)
{
    uint8_t truths[3]; /* a byte that is neither 0 nor 1 is no bool to look at */
    memcpy(&truths[0], &request->open, 1);
    memcpy(&truths[1], &request->begin_unseen, 1);
    memcpy(&truths[2], &request->error, 1);
    return request->to >= request->from && request->process < store->processes && truths[0] <= 1 && truths[1] <= 1 &&
           truths[2] <= 1;
}

/* NULL: it cannot be read. */
static const struct smk_view_request *read_block(struct smk_view_reader *reader,
                                                 const struct smk_view_request_block *block)
{
    const struct smk_view_request *requests =
        smk_view_reader_bytes(reader, block->offset, block->count * (uint32_t)sizeof(*requests), block->crc);
    for (uint32_t i = 0; requests && i < block->count; i++)
        if (!is_request(reader->store, &requests[i])) {
            reader->result = smk_fail(SMK_E_FORMAT, "a request of the viewer's file is none");
            return NULL;
        }
    return requests;
}

/* Each that fits, in the order in which they ended. */
static void each(struct smk_view_reader *reader, const struct filter *filter,
                 void (*take)(void *arg, const struct smk_view_request *request), void *arg)
{
    const struct smk_view_table *table = &reader->store->table;
    for (uint32_t i = 0; i < table->block_count && reader->result == 0; i++) {
        const struct smk_view_request_block *block = &table->blocks[i];
        if (block->to < filter->from || block->from >= filter->to || block->longest < filter->min_ns)
            continue;
        const struct smk_view_request *requests = read_block(reader, block);
        for (uint32_t j = 0; requests && j < block->count; j++)
            if (fits(filter, &requests[j]))
                take(arg, &requests[j]);
    }
    for (uint32_t i = 0; i < table->pending_count; i++)
        if (fits(filter, &table->pending[i]))
            take(arg, &table->pending[i]);
}

static struct filter filter_of(uint64_t from, uint64_t to, const uint32_t *routes, uint32_t count)
{
    return (struct filter){.from = from,
                           .to = to ? to : UINT64_MAX,
                           .max_ns = UINT64_MAX,
                           .routes = routes,
                           .route_count = count};
}

/* ---- the table ------------------------------------------------------------------------------------------ */

/* The first `most` in some order: a heap whose root is the last of them. */
struct best {
    struct smk_view_request_list *list;
    smk_before before;
    uint32_t most;
};

static bool slower(const void *a, const void *b)
{
    const struct smk_view_request *x = a, *y = b;
    if (length_of(x) != length_of(y))
        return length_of(x) > length_of(y);
    return x->to != y->to ? x->to < y->to : x->id < y->id;
}

static bool newer(const void *a, const void *b)
{
    const struct smk_view_request *x = a, *y = b;
    return x->to != y->to ? x->to > y->to : x->id > y->id;
}

static void rise(struct best *best, uint32_t at)
{
    struct smk_view_request *array = best->list->array;
    for (uint32_t parent; at > 0 && best->before(&array[parent = (at - 1) / 2], &array[at]); at = parent) {
        struct smk_view_request other = array[at];
        array[at] = array[parent];
        array[parent] = other;
    }
}

static void take_best(void *arg, const struct smk_view_request *request)
{
    struct best *best = arg;
    struct smk_view_request_list *list = best->list;
    list->total++;
    if (list->count < best->most) {
        if (!smk_mem_grow(&list->mem, &list->array, &list->capacity, list->count + 1u))
            return;
        list->array[list->count] = *request;
        rise(best, list->count++);
        return;
    }
    if (list->count == 0 || !best->before(request, &list->array[0]))
        return;
    list->array[0] = *request;
    smk_sort_sift((uint8_t *)list->array, 0, list->count, sizeof(*list->array), best->before);
}

static void drop_first(struct smk_view_request_list *list, uint32_t offset)
{
    uint32_t dropped = offset < list->count ? offset : list->count;
    for (uint32_t i = dropped; i < list->count; i++)
        list->array[i - dropped] = list->array[i];
    list->count -= dropped;
}

static void begin_list(struct smk_view_request_list *list)
{
    smk_view_mem(&list->mem);
    list->count = 0;
    list->total = 0;
}

int smk_view_requests(struct smk_view *view, const struct smk_view_request_query *query,
                      struct smk_view_request_list *list)
{
    struct smk_view_reader reader;
    struct filter filter = filter_of(query->from, query->to, query->routes, query->route_count);
    begin_list(list);
    if (query->limit > ANSWER_MAX || query->offset > ANSWER_MAX - query->limit)
        return smk_fail(SMK_E_INVALID, "%u requests from %u on; allowed: together at most %u", query->limit,
                        query->offset, ANSWER_MAX);
    filter.min_ns = query->min_ns;
    filter.max_ns = query->max_ns ? query->max_ns : UINT64_MAX;
    struct best best = {list, query->order == SMK_VIEW_NEWEST ? newer : slower, query->offset + query->limit};
    smk_view_read_begin(&reader, view);
    list->final = smk_view_is_sealed(reader.store);
    each(&reader, &filter, take_best, &best);
    int result = smk_view_read_end(&reader, view, smk_mem_failed(&list->mem));
    smk_sort(list->array, list->count, sizeof(*list->array), best.before);
    drop_first(list, query->offset);
    return result;
}

void smk_view_requests_free(struct smk_view_request_list *list)
{
    smk_view_mem(&list->mem);
    smk_mem_free(&list->mem, list->array, list->capacity * sizeof(*list->array));
    list->array = NULL;
    list->count = list->capacity = 0;
}

struct search {
    struct smk_view_request *request;
    uint32_t process;
    uint64_t id;
    bool found;
};

static void look_at(struct search *search, const struct smk_view_request *requests, uint32_t count)
{
    for (uint32_t i = 0; i < count && !search->found; i++)
        if (requests[i].id == search->id && requests[i].process == search->process) {
            *search->request = requests[i];
            search->found = true;
        }
}

bool smk_view_request_of(struct smk_view_reader *reader, uint32_t process, uint64_t id,
                         struct smk_view_request *request)
{
    const struct smk_view_table *table = &reader->store->table;
    struct search search = {.request = request, .process = process, .id = id};
    for (uint32_t i = 0; i < table->block_count && !search.found; i++) {
        const struct smk_view_request_block *block = &table->blocks[i];
        if (id < block->id_low || id > block->id_high)
            continue;
        const struct smk_view_request *requests = read_block(reader, block);
        if (requests)
            look_at(&search, requests, block->count);
    }
    if (!search.found)
        look_at(&search, table->pending, table->pending_count);
    return search.found;
}

static int no_request(uint32_t process, uint64_t id)
{
    return smk_fail(SMK_E_NOTFOUND, "no request %llu of process %u is in the trace", (unsigned long long)id, process);
}

int smk_view_find_request(struct smk_view *view, uint32_t process, uint64_t id, struct smk_view_request *request)
{
    struct smk_view_reader reader;
    smk_view_read_begin(&reader, view);
    bool found = smk_view_request_of(&reader, process, id, request);
    return smk_view_read_end(&reader, view, found ? 0 : no_request(process, id));
}

bool smk_view_route_at(struct smk_view *view, uint32_t number, uint32_t *route, uint64_t *count)
{
    struct smk_view_reader reader;
    smk_view_read_begin(&reader, view);
    const struct smk_view_table *table = &reader.store->table;
    bool found = number < table->route_count;
    if (found) {
        *route = table->routes[number].route;
        *count = table->routes[number].count;
    }
    smk_view_read_end(&reader, view, 0);
    return found;
}

/* ---- latencies ------------------------------------------------------------------------------------------ */

static void count_latency(void *arg, const struct smk_view_request *request)
{
    struct smk_view_latency *latency = arg;
    latency->counts[smk_view_latency_bucket(length_of(request))]++;
    latency->max_ns = smk_max_u64(latency->max_ns, length_of(request));
    latency->count++;
}

/* Of the whole trace the sums are kept. */
static void add_routes(const struct smk_view_table *table, const struct filter *filter,
                       struct smk_view_latency *latency)
{
    for (uint32_t i = 0; i < table->route_count; i++) {
        bool wanted = filter->route_count == 0;
        for (uint32_t j = 0; j < filter->route_count && !wanted; j++)
            wanted = filter->routes[j] == table->routes[i].route;
        for (uint32_t j = 0; wanted && j < SMK_VIEW_LATENCY_BUCKETS; j++) {
            latency->counts[j] += table->routes[i].counts[j];
            latency->count += table->routes[i].counts[j];
        }
        if (wanted)
            latency->max_ns = smk_max_u64(latency->max_ns, table->routes[i].max_ns);
    }
}

/* The middle of the bucket that has the value of this rank. */
static uint64_t quantile(const struct smk_view_latency *latency, uint64_t permille)
{
    uint64_t rank = (latency->count * permille + 999) / 1000, seen = 0;
    for (uint32_t i = 0; i + 1 < SMK_VIEW_LATENCY_BUCKETS; i++) {
        seen += latency->counts[i];
        if (seen < rank || seen == 0)
            continue;
        uint64_t edge = smk_view_latency_edge(i);
        return smk_min_u64(edge + (smk_view_latency_edge(i + 1) - edge) / 2, latency->max_ns);
    }
    return latency->max_ns;
}

int smk_view_latencies(struct smk_view *view, uint64_t from, uint64_t to, const uint32_t *routes, uint32_t count,
                       struct smk_view_latency *latency)
{
    struct smk_view_reader reader;
    struct filter filter = filter_of(from, to, routes, count);
    *latency = (struct smk_view_latency){0};
    filter.ended = true;
    smk_view_read_begin(&reader, view);
    latency->final = smk_view_is_sealed(reader.store);
    if (from <= view->first && filter.to > view->first + view->duration)
        add_routes(&reader.store->table, &filter, latency);
    else
        each(&reader, &filter, count_latency, latency);
    latency->p50_ns = quantile(latency, 500);
    latency->p90_ns = quantile(latency, 900);
    latency->p99_ns = quantile(latency, 990);
    return smk_view_read_end(&reader, view, 0);
}

/* ---- points --------------------------------------------------------------------------------------------- */

struct cloud {
    struct smk_view_request_list *list;
    uint64_t slow;  /* ns: from here on all are taken */
    uint64_t share; /* of the others: of 2^32 */
    uint32_t most;
};

static void count_length(void *arg, const struct smk_view_request *request) { count_latency(arg, request); }

static void take_point(void *arg, const struct smk_view_request *request)
{
    struct cloud *cloud = arg;
    struct smk_view_request_list *list = cloud->list;
    bool slow = length_of(request) >= cloud->slow;
    if (!slow && smk_hash_word(request->id ^ (uint64_t)request->process << 48) >> 32 >= cloud->share)
        return;
    if (list->count < cloud->most && smk_mem_grow(&list->mem, &list->array, &list->capacity, list->count + 1u))
        list->array[list->count++] = *request;
}

/* All where there is room; else the buckets of the slowest hundredth, but at most half of the points, and a share of
 * the rest that is chosen by a hash. */
static void choose(struct cloud *cloud, const struct smk_view_latency *all, uint32_t points)
{
    uint64_t slow = 0, most = smk_min_u64(points / 2, all->count / 100 + 1);
    uint32_t bucket = SMK_VIEW_LATENCY_BUCKETS;
    cloud->share = UINT64_C(1) << 32;
    if (all->count <= points)
        return;
    while (bucket > 0 && slow + all->counts[bucket - 1] <= most)
        slow += all->counts[--bucket];
    if (bucket > 0 && slow < most && slow + all->counts[bucket - 1] <= points / 2)
        slow += all->counts[--bucket];
    cloud->slow = bucket < SMK_VIEW_LATENCY_BUCKETS ? smk_view_latency_edge(bucket) : UINT64_MAX;
    uint64_t rest = all->count - slow, room = points - slow;
    room -= smk_min_u64(room, room / 32); /* chance may take more */
    cloud->share = rest ? (uint64_t)((__uint128_t)room << 32) / rest : 0;
}

int smk_view_scatter(struct smk_view *view, uint64_t from, uint64_t to, uint32_t points,
                     struct smk_view_request_list *list)
{
    struct smk_view_reader reader;
    struct filter filter = filter_of(from, to, NULL, 0);
    struct smk_view_latency all = {0};
    begin_list(list);
    if (points < 1 || points > POINTS_MAX)
        return smk_fail(SMK_E_INVALID, "%u points; allowed: 1 to %u", points, POINTS_MAX);
    smk_view_read_begin(&reader, view);
    list->final = smk_view_is_sealed(reader.store);
    each(&reader, &filter, count_length, &all);
    list->total = all.count;
    struct cloud cloud = {.list = list, .most = points};
    choose(&cloud, &all, points);
    each(&reader, &filter, take_point, &cloud);
    return smk_view_read_end(&reader, view, smk_mem_failed(&list->mem));
}

/* ---- the parts of one ----------------------------------------------------------------------------------- */

/* The part of an item in [from, to]. */
static void add_part(struct smk_view_parts *parts, uint32_t row, const struct smk_view_entry *entry, uint64_t from,
                     uint64_t to)
{
    if (parts->count == SMK_VIEW_PARTS_MAX) {
        parts->cut = true;
        return;
    }
    if (smk_mem_grow(&parts->mem, &parts->array, &parts->capacity, parts->count + 1u))
        parts->array[parts->count++] = (struct smk_view_part){
            .from = smk_max_u64(entry->from, from),
            .to = smk_min_u64(entry->to, to),
            .row = row,
            .item = entry->number,
            .look = entry->look | 255u << 16,
            .label = entry->label};
}

static void take_row(struct smk_view_reader *reader, const struct smk_view_line *line, struct smk_view_parts *parts)
{
    const struct smk_view_request *request = &parts->request;
    struct smk_view_items items;
    struct smk_view_entry entry;
    smk_view_items_from(&items, reader, line, request->from);
    while (smk_view_items_next(&items, &entry) && entry.from < request->to)
        if (entry.request == request->id && entry.to > request->from)
            add_part(parts, line->is.id, &entry, request->from, request->to);
}

/* Between `from` and `to` no thread worked for it. Who read many requests, flushes once and then answers all waits for
 * each of them, until it looks for other work: as request_parts.c of the analysis counts it. */
static void take_shared(struct smk_view_reader *reader, struct smk_view_parts *parts, uint32_t row, uint64_t from,
                        uint64_t to)
{
    struct smk_view_items items;
    struct smk_view_entry entry;
    smk_view_items_from(&items, reader, reader->store->rows[row], from);
    while (smk_view_items_next(&items, &entry) && entry.from < to && (entry.to <= from || entry.request != 0))
        if (entry.to > from && SMK_VIEW_LOOK_STATE(entry.look) == SMK_SPAN_WAITING &&
            SMK_VIEW_LOOK_KIND(entry.look) != SMK_WAIT_NONE)
            add_part(parts, row, &entry, from, to);
}

static void take_holes(struct smk_view_reader *reader, struct smk_view_parts *parts)
{
    const struct smk_view_request *request = &parts->request;
    uint32_t own = parts->count, row = SMK_VIEW_NONE; /* row: that worked for it last */
    uint64_t until = request->read;
    for (uint32_t i = 0; i <= own; i++) {
        struct smk_view_part next = {.from = request->to};
        if (i < own)
            next = parts->array[i];
        if (row != SMK_VIEW_NONE && next.from > until)
            take_shared(reader, parts, row, until, next.from);
        if (i < own && next.to >= until) {
            until = next.to;
            row = next.row;
        }
    }
}

static bool earlier(const void *a, const void *b)
{
    const struct smk_view_part *x = a, *y = b;
    return x->from != y->from ? x->from < y->from : x->row < y->row;
}

int smk_view_parts_of(struct smk_view *view, uint32_t process, uint64_t id, struct smk_view_parts *parts)
{
    struct smk_view_reader reader;
    int result = 0;
    smk_view_mem(&parts->mem);
    parts->count = 0;
    parts->cut = false;
    smk_view_read_begin(&reader, view);
    parts->final = smk_view_is_sealed(reader.store);
    if (!smk_view_request_of(&reader, process, id, &parts->request))
        result = no_request(process, id);
    for (uint32_t i = 0; i < reader.store->row_count && result == 0; i++) {
        const struct smk_view_line *line = reader.store->rows[i];
        if (line->is.kind == SMK_VIEW_THREAD && line->is.process == process && line->is.from < parts->request.to &&
            line->last > parts->request.from)
            take_row(&reader, line, parts);
    }
    smk_sort(parts->array, parts->count, sizeof(*parts->array), earlier);
    if (result == 0) {
        take_holes(&reader, parts);
        smk_sort(parts->array, parts->count, sizeof(*parts->array), earlier);
        smk_view_take_queues(view, &reader, parts);
    }
    smk_sort(parts->array, parts->count, sizeof(*parts->array), earlier);
    return smk_view_read_end(&reader, view, result != 0 ? result : smk_mem_failed(&parts->mem));
}

void smk_view_parts_free(struct smk_view_parts *parts)
{
    smk_view_mem(&parts->mem);
    smk_mem_free(&parts->mem, parts->array, parts->capacity * sizeof(*parts->array));
    parts->array = NULL;
    parts->count = parts->capacity = 0;
}
