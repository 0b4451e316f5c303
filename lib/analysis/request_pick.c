#include "analysis/request_pick.h"

#include <string.h>

#include "analysis/dist.h"
#include "base/errors.h"
#include "base/escape.h"

#define ROUTES_SAID 8u

/* ---- what is asked for ---------------------------------------------------------------------------------- */

static bool is_number(const char *text, uint64_t *number)
{
    *number = 0;
    for (const char *c = text; *c; c++) {
        if (*c < '0' || *c > '9' || *number > UINT64_MAX / 10 - 9)
            return false;
        *number = *number * 10 + (uint64_t)(*c - '0');
    }
    return *text != '\0';
}

void smk_request_pick_init(struct smk_request_pick *pick, struct smk_mem *mem, smk_trace *trace, const char *wanted)
{
    *pick = (struct smk_request_pick){.mem = mem, .trace = trace, .wanted = wanted ? wanted : "slowest"};
    pick->by_id = is_number(pick->wanted, &pick->wanted_id);
    pick->slowest = strcmp(pick->wanted, "slowest") == 0;
}

void smk_request_pick_free(struct smk_request_pick *pick)
{
    smk_mem_free(pick->mem, pick->entries, pick->capacity * sizeof(*pick->entries));
    smk_map_free(&pick->route_fits, pick->mem);
    smk_locks_free(&pick->locks, pick->mem);
    *pick = (struct smk_request_pick){0};
}

static bool route_fits(struct smk_request_pick *pick, uint32_t route)
{
    uint32_t known = smk_map_get(&pick->route_fits, route);
    if (known != SMK_MAP_NONE)
        return known != 0;
    const char *name = smk_trace_string(pick->trace, route);
    size_t len = strlen(pick->wanted);
    bool open = len > 0 && pick->wanted[len - 1] == '*';
    bool fits = name && (open ? strncmp(name, pick->wanted, len - 1) == 0 : strcmp(name, pick->wanted) == 0);
    smk_map_put(&pick->route_fits, pick->mem, route, fits);
    return fits;
}

/* ---- the pass ------------------------------------------------------------------------------------------- */

static uint64_t length(uint64_t from, uint64_t to) { return to > from ? to - from : 0; }

static bool is_better(struct smk_request_pick *pick, const struct smk_span_request *request)
{
    const struct smk_span_request *best = &pick->request;
    if (pick->process && pick->process != request->process + 1)
        return false;
    if (pick->by_id) {
        if (request->id != pick->wanted_id)
            return false;
        pick->same++;
    } else if (!pick->slowest && !route_fits(pick, request->route)) {
        return false;
    }
    return best->to == 0 || length(request->from, request->to) > length(best->from, best->to);
}

void smk_request_pick_request(struct smk_request_pick *pick, const struct smk_span_request *request)
{
    const smk_process_info *info = smk_trace_process_at(pick->trace, request->process);
    bool whole = !request->open && !request->begin_unseen && request->from >= info->complete_from;
    pick->seen++;
    if (is_better(pick, request))
        pick->request = *request;
    if (pick->count == SMK_PICK_KEPT ||
        !smk_mem_grow(pick->mem, &pick->entries, &pick->capacity, pick->count + 1u)) {
        pick->refused++;
        return;
    }
    pick->entries[pick->count++] = (struct smk_pick_entry){request->id,      request->from,  request->to,
                                                           request->process, request->route, whole};
}

void smk_request_pick_wait(struct smk_request_pick *pick, const struct smk_span_wait *wait)
{
    struct smk_lock_seen seen = {.address = wait->object,
                                 .begin = wait->from,
                                 .end = wait->to,
                                 .process = wait->process,
                                 .thread = wait->thread,
                                 .stack = wait->stack,
                                 .site = wait->site};
    if (wait->kind == SMK_WAIT_LOCK && wait->object)
        smk_locks_wait(&pick->locks, pick->mem, &seen);
}

void smk_request_pick_event(struct smk_request_pick *pick, const smk_event *event)
{
    if (event->id == SMK_EV_LOCK_EPOCH)
        smk_locks_epoch(&pick->locks, pick->mem, event->process, event->args[1], event->time);
    if (event->id == SMK_EV_LOCK_NAME)
        smk_locks_name(&pick->locks, pick->mem, event->process, event->args[1], event->time,
                       (uint32_t)event->args[0]);
}

/* ---- the normal one ------------------------------------------------------------------------------------- */

static uint64_t distance(uint64_t a, uint64_t b) { return a > b ? a - b : b - a; }

static bool is_candidate(const struct smk_request_pick *pick, const struct smk_pick_entry *entry)
{
    return entry->whole && entry->route == pick->request.route;
}

static void find_normal(struct smk_request_pick *pick)
{
    struct smk_dist dist = {0};
    const struct smk_span_request *request = &pick->request;
    uint64_t own = length(request->from, request->to);
    for (uint32_t i = 0; i < pick->count; i++) {
        const struct smk_pick_entry *entry = &pick->entries[i];
        if (!is_candidate(pick, entry))
            continue;
        smk_dist_add(&dist, pick->mem, length(entry->from, entry->to));
        pick->rank += length(entry->from, entry->to) > own;
    }
    pick->rank++;
    pick->of_route = dist.count;
    pick->median = smk_dist_quantile(&dist, 500);
    smk_dist_free(&dist, pick->mem);
    for (uint32_t i = 0; i < pick->count; i++) {
        const struct smk_pick_entry *entry = &pick->entries[i];
        bool itself = entry->id == request->id && entry->process == request->process;
        if (!is_candidate(pick, entry) || itself)
            continue;
        if (pick->normal.to == 0 || distance(length(entry->from, entry->to), pick->median) <
                                        distance(length(pick->normal.from, pick->normal.to), pick->median))
            pick->normal = *entry;
    }
}

/* ---- none fits ------------------------------------------------------------------------------------------ */

/* "'GET /x' is no …; there are GET /cart, GET /item". */
static int none_fits(struct smk_request_pick *pick)
{
    char routes[600] = "";
    size_t used = 0, taken;
    uint32_t said = 0;
    struct smk_map seen = {0};
    if (pick->seen == 0)
        return smk_fail(SMK_E_NOTFOUND, "there is no request in it: the program marks none, and none was found on its "
                                        "connections");
    for (uint32_t i = 0; i < pick->count && said < ROUTES_SAID; i++) {
        const char *name = smk_trace_string(pick->trace, pick->entries[i].route);
        if (!name || smk_map_get(&seen, pick->entries[i].route) != SMK_MAP_NONE || used + 100 > sizeof(routes))
            continue;
        smk_map_put(&seen, pick->mem, pick->entries[i].route, 1);
        if (said++) {
            memcpy(routes + used, ", ", 3);
            used += 2;
        }
        used += smk_escape(routes + used, 64, name, strnlen(name, 60), 0, &taken);
        routes[used] = '\0';
    }
    smk_map_free(&seen, pick->mem);
    return smk_fail(SMK_E_NOTFOUND,
                    "'%.100s' is no request's number, nor a route, of %llu requests; allowed is a number, 'slowest', a "
                    "route, or the begin of one and '*': %s%s",
                    pick->wanted, (unsigned long long)pick->seen, routes, said == ROUTES_SAID ? ", …" : "");
}

static void on_request(void *arg, const struct smk_span_request *request) { smk_request_pick_request(arg, request); }
static void on_wait(void *arg, const struct smk_span_wait *wait) { smk_request_pick_wait(arg, wait); }
static void on_event(void *arg, const smk_event *event, uint64_t request)
{
    (void)request;
    smk_request_pick_event(arg, event);
}

int smk_request_pick_run(struct smk_request_pick *pick, const struct smk_timeline_options *options)
{
    static const struct smk_timeline_calls calls = {.request = on_request, .wait = on_wait, .event = on_event};
    int result = smk_timeline_run(pick->trace, options, &calls, pick);
    if (result != 0)
        return result;
    if (pick->request.to == 0)
        return none_fits(pick);
    find_normal(pick);
    return smk_mem_failed(pick->mem);
}
