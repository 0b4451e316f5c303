#include "analysis/latency.h"

#include <string.h>

#define FAILED_STATUS 500u
#define MORE_MAX      65536u /* more than one read can bring */

bool smk_latency_init(struct smk_latency *latency, struct smk_mem *mem, uint64_t from,
                      uint32_t slowest)
{
    *latency = (struct smk_latency){.from = from};
    latency->slowest_max = slowest < SMK_SLOWEST_MAX ? slowest : SMK_SLOWEST_MAX;
    latency->slowest = smk_mem_new(mem, latency->slowest_max * sizeof(*latency->slowest));
    return latency->slowest || latency->slowest_max == 0;
}

void smk_latency_free(struct smk_latency *latency, struct smk_mem *mem)
{
    for (uint32_t i = 0; i < latency->route_count; i++) {
        smk_dist_free(&latency->routes[i].latency, mem);
        smk_samples_free(&latency->routes[i].samples, mem);
    }
    smk_dist_free(&latency->all, mem);
    smk_mem_free(mem, latency->routes, latency->route_capacity * sizeof(*latency->routes));
    smk_mem_free(mem, latency->flights, latency->flight_capacity * sizeof(*latency->flights));
    smk_mem_free(mem, latency->cells, latency->cell_capacity * sizeof(*latency->cells));
    smk_mem_free(mem, latency->slowest, latency->slowest_max * sizeof(*latency->slowest));
    smk_map_free(&latency->by_id, mem);
    smk_map_free(&latency->by_route, mem);
    smk_map_free(&latency->by_cell, mem);
    *latency = (struct smk_latency){0};
}

/* ---- in flight ---------------------------------------------------------------------------------------- */

static struct smk_request_record *find(struct smk_latency *latency, uint64_t id)
{
    if (latency->last_flight < latency->flight_count &&
        latency->flights[latency->last_flight].id == id)
        return &latency->flights[latency->last_flight];
    uint32_t index = smk_map_get(&latency->by_id, id);
    if (index == SMK_MAP_NONE)
        return NULL;
    latency->last_flight = index;
    return &latency->flights[index];
}

static uint32_t take_slot(struct smk_latency *latency, struct smk_mem *mem)
{
    if (latency->free_flight) {
        uint32_t index = latency->free_flight - 1;
        latency->free_flight = latency->flights[index].route_index;
        return index;
    }
    if (latency->flight_count >= SMK_FLIGHTS_MAX ||
        !smk_mem_grow(mem, &latency->flights, &latency->flight_capacity,
                      latency->flight_count + 1u))
        return SMK_MAP_NONE;
    return latency->flight_count++;
}

/* Its slot in the table, empty but for the id; NULL when there is none. */
static struct smk_request_record *take_up(struct smk_latency *latency, struct smk_mem *mem, uint64_t id)
{
    uint32_t index = take_slot(latency, mem);
    if (index == SMK_MAP_NONE) {
        latency->unlisted++;
        return NULL;
    }
    struct smk_request_record *record = &latency->flights[index];
    /* The parts are written before they are read. */
    memset(record, 0, offsetof(struct smk_request_record, parts));
    record->id = id;
    record->process = latency->process;
    record->route_index = SMK_MAP_NONE;
    if (!smk_map_put(&latency->by_id, mem, id, index)) {
        record->id = 0;
        record->route_index = latency->free_flight;
        latency->free_flight = index + 1;
        latency->unlisted++;
        return NULL;
    }
    return record;
}

static void let_go(struct smk_latency *latency, struct smk_request_record *record)
{
    smk_map_remove(&latency->by_id, record->id);
    record->id = 0;
    record->route_index = latency->free_flight;
    latency->free_flight = (uint32_t)(record - latency->flights) + 1;
}

static uint32_t route_index(struct smk_latency *latency, struct smk_mem *mem, uint32_t route)
{
    uint32_t index = smk_map_get(&latency->by_route, route);
    if (index != SMK_MAP_NONE)
        return index;
    if (!smk_mem_grow(mem, &latency->routes, &latency->route_capacity, latency->route_count + 1u) ||
        !smk_map_put(&latency->by_route, mem, route, latency->route_count))
        return SMK_MAP_NONE;
    latency->routes[latency->route_count] = (struct smk_route){.route = route, .most = SMK_MAP_NONE};
    return latency->route_count++;
}

void smk_latency_begin(struct smk_latency *latency, struct smk_mem *mem, uint64_t id, uint32_t route,
                       uint64_t time, uint32_t thread)
{
    struct smk_request_record *record = id ? find(latency, id) : NULL;
    if (record || id == 0) /* an id is begun once; a second begin is the file's fault */
        return;
    record = take_up(latency, mem, id);
    if (!record)
        return;
    record->begin = time;
    record->begin_seen = true;
    record->route = route;
    record->route_index = route_index(latency, mem, route);
    record->thread = thread;
}

void smk_latency_enter(struct smk_latency *latency, struct smk_mem *mem, uint64_t id, uint32_t thread)
{
    struct smk_request_record *record = id ? find(latency, id) : NULL;
    if (!record && id)
        record = take_up(latency, mem, id);
    if (!record)
        return;
    record->shared = record->shared || (record->thread && record->thread != thread);
    record->thread = thread;
}

void smk_latency_trace(struct smk_latency *latency, uint64_t id, uint64_t high, uint64_t low)
{
    struct smk_request_record *record = id ? find(latency, id) : NULL;
    if (record) {
        record->trace_high = high;
        record->trace_low = low;
    }
}

uint32_t smk_latency_route_of(const struct smk_latency *latency, uint64_t id)
{
    uint32_t index = id ? smk_map_get(&latency->by_id, id) : SMK_MAP_NONE;
    return index == SMK_MAP_NONE ? SMK_MAP_NONE : latency->flights[index].route_index;
}

/* ---- parts -------------------------------------------------------------------------------------------- */

static void add_part(const struct smk_latency *latency, struct smk_request_record *record, enum smk_part_kind kind,
                     uint32_t part, uint64_t end, uint64_t ns)
{
    uint64_t since = smk_max_u64(record->begin, latency->from);
    record->parts_to = smk_max_u64(record->parts_to, end);
    ns = end > since ? smk_min_u64(ns, end - since) : 0;
    for (uint32_t i = 0; i < record->part_count; i++) {
        struct smk_part *known = &record->parts[i];
        if (known->id == part && known->kind == kind) {
            known->ns += ns;
            known->count++;
            return;
        }
    }
    if (record->part_count == SMK_PARTS_MAX) {
        record->parts_refused += ns;
        return;
    }
    record->parts[record->part_count++] = (struct smk_part){kind, part, ns, 1};
}

void smk_latency_part(struct smk_latency *latency, uint64_t id, enum smk_part_kind kind, uint32_t part,
                      uint64_t end, uint64_t ns)
{
    struct smk_request_record *record = id ? find(latency, id) : NULL;
    if (record)
        add_part(latency, record, kind, part, end, ns);
}

void smk_latency_part_back(struct smk_latency *latency, uint64_t id, enum smk_part_kind kind, uint32_t part,
                           uint64_t ns)
{
    struct smk_request_record *record = id ? find(latency, id) : NULL;
    for (uint32_t i = 0; record && i < record->part_count; i++) {
        struct smk_part *known = &record->parts[i];
        if (known->id != part || known->kind != kind)
            continue;
        known->ns -= smk_min_u64(ns, known->ns);
        if (--known->count == 0)
            *known = record->parts[--record->part_count];
        return;
    }
    if (record)
        record->parts_refused -= smk_min_u64(ns, record->parts_refused);
}

bool smk_latency_goes_beyond(struct smk_latency *latency, uint64_t id, uint64_t end)
{
    const struct smk_request_record *record = id ? find(latency, id) : NULL;
    return record && record->parts_to > end;
}

bool smk_latency_is_shared(struct smk_latency *latency, uint64_t id, uint32_t thread)
{
    const struct smk_request_record *record = id ? find(latency, id) : NULL;
    return record && (record->shared || record->thread != thread);
}

void smk_latency_peer(struct smk_latency *latency, uint64_t id, uint32_t part, uint64_t begin, uint64_t end)
{
    struct smk_request_record *record = id ? find(latency, id) : NULL;
    if (!record)
        return;
    begin = smk_max_u64(begin, record->answers_to);
    record->answers_to = smk_max_u64(record->answers_to, end);
    add_part(latency, record, SMK_PART_CALL, part, end, end > begin ? end - begin : 0);
}

bool smk_latency_is_with(struct smk_latency *latency, uint64_t id, uint32_t thread)
{
    const struct smk_request_record *record = find(latency, id);
    return record && record->thread == thread;
}

void smk_latency_cpu(struct smk_latency *latency, uint64_t id, uint64_t end, uint64_t on_cpu,
                     uint64_t preempted, bool apart)
{
    struct smk_request_record *record = find(latency, id);
    if (!record)
        return;
    uint64_t since = smk_max_u64(record->begin, latency->from);
    uint64_t most = end > since ? end - since : 0;
    record->cpu_seen = true;
    on_cpu = smk_min_u64(on_cpu, most);
    preempted = smk_min_u64(preempted, most);
    record->on_cpu += on_cpu;
    record->preempted += preempted;
    record->on_cpu_apart += apart ? on_cpu : 0;
    record->preempted_apart += apart ? preempted : 0;
}

void smk_latency_cpu_in_part(struct smk_latency *latency, uint64_t id, uint64_t on_cpu, uint64_t preempted)
{
    struct smk_request_record *record = find(latency, id);
    if (!record)
        return;
    record->on_cpu_apart -= smk_min_u64(record->on_cpu_apart, on_cpu);
    record->preempted_apart -= smk_min_u64(record->preempted_apart, preempted);
}

void smk_latency_cpu_unknown(struct smk_latency *latency, uint64_t id)
{
    struct smk_request_record *record = find(latency, id);
    if (record)
        record->cpu_unknown = true;
}

/* A route has 2^28 at most, sites and locks 2^32, kinds are below 16. */
static uint64_t cell_key(uint32_t route, uint32_t kind, uint32_t part)
{
    return (uint64_t)(route << 4 | kind) << 32 | part;
}

const struct smk_cell *smk_latency_cell(const struct smk_latency *latency, uint32_t route,
                                        enum smk_part_kind kind, uint32_t part)
{
    uint32_t index = smk_map_get(&latency->by_cell, cell_key(route, kind, part));
    return index == SMK_MAP_NONE ? NULL : &latency->cells[index];
}

static void add_to_cell(struct smk_latency *latency, struct smk_mem *mem, uint32_t route,
                        const struct smk_part *part, uint64_t limit)
{
    uint64_t key = cell_key(route, part->kind, part->id);
    uint32_t index = smk_map_get(&latency->by_cell, key);
    if (index == SMK_MAP_NONE) {
        index = latency->cell_count;
        if (!smk_mem_grow(mem, &latency->cells, &latency->cell_capacity, index + 1u) ||
            !smk_map_put(&latency->by_cell, mem, key, index))
            return;
        latency->cells[latency->cell_count++] =
            (struct smk_cell){.route = route, .part = {part->kind, part->id, 0, 0}};
    }
    struct smk_cell *cell = &latency->cells[index];
    /* Threads that wait for one request side by side make no more of it than its own length. */
    cell->part.ns += smk_min_u64(part->ns, limit);
    cell->part.count += part->count;
    cell->requests++;
}

/* ---- the end ------------------------------------------------------------------------------------------ */

static void keep_if_slow(struct smk_latency *latency, const struct smk_request_record *record)
{
    uint32_t at = latency->slowest_count;
    if (at == latency->slowest_max) {
        if (at == 0 || latency->slowest[at - 1].duration >= record->duration)
            return;
        at--;
    } else {
        latency->slowest_count++;
    }
    for (; at > 0 && latency->slowest[at - 1].duration < record->duration; at--)
        latency->slowest[at] = latency->slowest[at - 1];
    latency->slowest[at] = *record;
}

/* What of its CPU time is in no other part is one itself. */
static void add_apart(const struct smk_latency *latency, struct smk_request_record *record)
{
    if (record->on_cpu_apart)
        add_part(latency, record, SMK_PART_CPU, 0, record->end, record->on_cpu_apart);
    if (record->preempted_apart)
        add_part(latency, record, SMK_PART_PREEMPTED, 0, record->end, record->preempted_apart);
}

/* `more`: others that ended with it. */
static void take_in(struct smk_latency *latency, struct smk_mem *mem, struct smk_request_record *record, uint64_t more)
{
    if (record->route_index == SMK_MAP_NONE || record->end < latency->from)
        return;
    add_apart(latency, record);
    struct smk_route *route = &latency->routes[record->route_index];
    uint64_t in_window = smk_min_u64(record->duration, record->end - latency->from);
    route->in_window += in_window;
    if (record->running) {
        route->running++;
        latency->running++;
    } else {
        for (uint64_t i = 0; i <= more; i++) {
            smk_dist_add(&route->latency, mem, record->duration);
            smk_dist_add(&latency->all, mem, record->duration);
            smk_samples_offer(&route->samples, mem, latency->samples_max, record->end, record->duration);
        }
        route->failed += record->status >= FAILED_STATUS ? 1 + more : 0;
        latency->ended += 1 + more;
    }
    if (record->cpu_seen && !record->cpu_unknown) {
        route->on_cpu += record->on_cpu;
        route->preempted += record->preempted;
        route->measured++;
    }
    for (uint32_t i = 0; i < record->part_count; i++)
        add_to_cell(latency, mem, record->route_index, &record->parts[i], in_window);
    latency->parts_refused += record->parts_refused;
    keep_if_slow(latency, record);
}

static void add_delay(struct smk_latency *latency, struct smk_request_record *ended,
                      const struct smk_latency_answer *answer)
{
    if (ended->route_index == SMK_MAP_NONE || answer->delay == 0)
        return;
    struct smk_route *route = &latency->routes[ended->route_index];
    uint64_t delay = smk_min_u64(answer->delay, ended->duration);
    route->loop += delay * (1 + answer->more);
    route->loop_max = smk_max_u64(route->loop_max, delay);
    if (!ended->loop_seen)
        add_part(latency, ended, SMK_PART_LOOP, 0, ended->begin + delay, delay);
}

void smk_latency_answered(struct smk_latency *latency, struct smk_mem *mem, uint64_t id,
                          const struct smk_latency_answer *answer, uint32_t thread)
{
    struct smk_request_record unlisted = {.id = id, .process = latency->process};
    struct smk_request_record *record = id ? find(latency, id) : NULL;
    struct smk_request_record *ended = record ? record : &unlisted;
    ended->route = answer->route;
    ended->route_index = route_index(latency, mem, answer->route);
    ended->status = answer->status;
    ended->duration = smk_min_u64(answer->duration, answer->end);
    ended->begin = answer->end - ended->duration;
    ended->end = answer->end;
    if (!record || !ended->thread)
        ended->thread = thread;
    add_delay(latency, ended, answer);
    take_in(latency, mem, ended, smk_min_u64(answer->more, MORE_MAX));
    if (record)
        let_go(latency, record);
}

void smk_latency_end(struct smk_latency *latency, struct smk_mem *mem, uint64_t id, uint32_t route,
                     uint64_t time, uint64_t duration, uint32_t status, uint32_t thread)
{
    struct smk_latency_answer answer = {.end = time, .duration = duration, .route = route, .status = status};
    smk_latency_answered(latency, mem, id, &answer, thread);
}

void smk_latency_arrived(struct smk_latency *latency, uint64_t id, uint64_t delay)
{
    struct smk_request_record *record = id ? find(latency, id) : NULL;
    if (!record || record->loop_seen)
        return;
    uint64_t read = record->begin;
    record->begin -= smk_min_u64(delay, read);
    record->loop_seen = true;
    add_part(latency, record, SMK_PART_LOOP, 0, read, delay);
}

void smk_latency_dropped(struct smk_latency *latency, uint64_t id)
{
    struct smk_request_record *record = id ? find(latency, id) : NULL;
    if (record)
        let_go(latency, record);
}

void smk_latency_forget_flights(struct smk_latency *latency)
{
    for (uint32_t i = 0; i < latency->flight_count; i++)
        if (latency->flights[i].id)
            let_go(latency, &latency->flights[i]);
}

static void find_most(struct smk_latency *latency)
{
    for (uint32_t i = 0; i < latency->cell_count; i++) {
        const struct smk_cell *cell = &latency->cells[i];
        struct smk_route *route = &latency->routes[cell->route];
        if (cell->part.kind == SMK_PART_REQUEST_REGION)
            continue;
        route->explained += cell->part.ns;
        if (route->most == SMK_MAP_NONE || cell->part.ns > latency->cells[route->most].part.ns)
            route->most = i;
    }
}

void smk_latency_stop(struct smk_latency *latency, struct smk_mem *mem, uint64_t to)
{
    for (uint32_t i = 0; i < latency->flight_count; i++) {
        struct smk_request_record *record = &latency->flights[i];
        if (record->id == 0 || record->process != latency->process)
            continue;
        record->running = true;
        record->end = to;
        if (!record->begin_seen)
            record->begin = smk_min_u64(latency->from, to);
        record->duration = to > record->begin ? to - record->begin : 0;
        take_in(latency, mem, record, 0);
        let_go(latency, record);
    }
}

void smk_latency_finish(struct smk_latency *latency, struct smk_mem *mem, uint64_t to)
{
    smk_latency_stop(latency, mem, to);
    find_most(latency);
}
