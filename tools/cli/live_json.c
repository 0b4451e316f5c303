#include "live_json.h"

#include <stdlib.h>
#include <string.h>

#include "base/errors.h"

#define INLINED_MAX 8u

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static uint64_t number_of(const json_t *object, const char *key)
{
    json_int_t number = json_integer_value(json_object_get(object, key));
    return number > 0 ? (uint64_t)number : 0;
}

static uint64_t hex_of(const json_t *object, const char *key) { return strtoull(text_of(object, key), NULL, 16); }

static uint32_t small_of(const json_t *object, const char *key)
{
    return (uint32_t)smk_min_u64(number_of(object, key), UINT32_MAX);
}

/* ---- modules --------------------------------------------------------------------------------------------------- */

static size_t bytes_of(const char *hex, uint8_t *bytes, size_t size)
{
    size_t len = strlen(hex) / 2;
    if (len > size || len * 2 != strlen(hex))
        return 0;
    for (size_t i = 0; i < len; i++) {
        const char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        char *end;
        bytes[i] = (uint8_t)strtoul(pair, &end, 16);
        if (*end)
            return 0;
    }
    return len;
}

static int read_modules(struct smk_live_json *read, const json_t *list, pid_t pid)
{
    char root[32] = "";
    size_t count = json_array_size(list);
    read->module_count = (uint32_t)smk_min_u64(count, 4096);
    read->modules = smk_mem_new(&read->mem, (read->module_count + 1) * sizeof *read->modules);
    read->paths = smk_mem_new(&read->mem, (read->module_count + 1) * sizeof *read->paths);
    read->build_ids = smk_mem_new(&read->mem, (read->module_count + 1) * sizeof *read->build_ids);
    if (!read->modules || !read->paths || !read->build_ids)
        return smk_mem_failed(&read->mem);
    if (pid)
        snprintf(root, sizeof root, "/proc/%d/root", pid);
    for (uint32_t i = 0; i < read->module_count; i++) {
        const json_t *object = json_array_get(list, i);
        const char *path = text_of(object, "path");
        snprintf(read->paths[i], sizeof read->paths[i], "%s%s", path[0] == '/' ? root : "", path);
        size_t len = bytes_of(text_of(object, "build_id"), read->build_ids[i], sizeof read->build_ids[i]);
        read->modules[i] = (smk_module_info){.id = i,
                                             .start = hex_of(object, "start"),
                                             .end = hex_of(object, "end"),
                                             .bias = hex_of(object, "bias"),
                                             .path = read->paths[i],
                                             .build_id = read->build_ids[i],
                                             .build_id_len = len};
    }
    return 0;
}

static const smk_module_info *module_at(const struct smk_live_json *read, uint64_t address)
{
    for (uint32_t i = 0; i < read->module_count; i++)
        if (address >= read->modules[i].start && address < read->modules[i].end)
            return &read->modules[i];
    return NULL;
}

/* ---- frames ---------------------------------------------------------------------------------------------------- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void put_line(struct smk_live_frame *frame, const struct smk_line_frame *line)
{
    if (line->function)
        frame->function = line->function;
    if (line->file && line->line) {
        frame->file = base_name(line->file);
        frame->line = line->line;
    }
}

/* One frame of the stack, and those that were inlined into it, innermost first. */
static bool add_frame(struct smk_live_json *read, const json_t *object)
{
    struct smk_line_frame lines[INLINED_MAX];
    struct smk_live_frame frame = {.pc = hex_of(object, "pc"),
                                   .function = json_string_value(json_object_get(object, "function")),
                                   .module = text_of(object, "module"),
                                   .offset = hex_of(object, "offset")};
    const smk_module_info *module = read->lines ? module_at(read, frame.pc - 1) : NULL;
    uint32_t count = 0;
    frame.ours = smk_live_is_library(frame.module, frame.function);
    if (module && !frame.ours) {
        const struct smk_line_source source = smk_lines_source(read->lines);
        count = source.find(source.arg, module, frame.pc - 1, lines, INLINED_MAX);
    }
    for (uint32_t i = 0; i == 0 || i < count; i++) {
        struct smk_live_frame one = frame;
        if (i < count)
            put_line(&one, &lines[i]);
        if (!smk_mem_grow(&read->mem, &read->frames, &read->frame_capacity, (size_t)read->frame_count + 1))
            return false;
        read->frames[read->frame_count++] = one;
    }
    return true;
}

/* ---- threads --------------------------------------------------------------------------------------------------- */

static void read_thread(struct smk_live_thread *thread, const json_t *object)
{
    const json_t *wait = json_object_get(object, "wait");
    *thread = (struct smk_live_thread){.tid = small_of(object, "tid"),
                                       .name = text_of(object, "name"),
                                       .state = text_of(object, "state"),
                                       .kind = text_of(wait, "kind"),
                                       .call = text_of(wait, "call"),
                                       .object = text_of(wait, "object"),
                                       .address = hex_of(wait, "address"),
                                       .holder = small_of(wait, "holder"),
                                       .since = wait ? text_of(wait, "since") : "unknown",
                                       .waited_ns = number_of(wait, "ns"),
                                       .request = number_of(object, "request"),
                                       .route = text_of(object, "route"),
                                       .request_ns = number_of(object, "request_ns"),
                                       .stack_why = text_of(object, "stack_unknown"),
                                       .cut = json_is_true(json_object_get(object, "stack_cut"))};
}

/* Frames are in one array that moves as it grows: stacks are pointed to when it is whole. */
static int read_threads(struct smk_live_json *read, const json_t *list)
{
    struct smk_live *live = &read->live;
    size_t size = json_array_size(list);
    live->threads = smk_mem_new(&read->mem, (size + 1) * sizeof *live->threads);
    if (!live->threads)
        return smk_mem_failed(&read->mem);
    for (size_t i = 0; i < size; i++) {
        const json_t *object = json_array_get(list, i), *frame;
        struct smk_live_thread *thread = &live->threads[live->count++];
        size_t k;
        uint32_t first = read->frame_count;
        read_thread(thread, object);
        json_array_foreach(json_object_get(object, "stack"), k, frame)
        {
            if (!add_frame(read, frame))
                return smk_mem_failed(&read->mem);
        }
        thread->frame_count = read->frame_count - first;
        if (i > 0 && thread->tid <= thread[-1].tid)
            return smk_fail(SMK_E_FORMAT, "its threads are not in the order of their numbers");
    }
    const struct smk_live_frame *frame = read->frames;
    for (uint32_t i = 0; i < live->count; frame += live->threads[i++].frame_count)
        live->threads[i].frames = frame;
    return 0;
}

int smk_live_json_read(struct smk_live_json *read, const json_t *json, pid_t pid, bool resolve)
{
    memset(read, 0, sizeof *read);
    smk_mem_init(&read->mem, NULL, NULL, 0);
    if (!json_is_array(json_object_get(json, "threads")))
        return smk_fail(SMK_E_FORMAT, "the agent's answer has no threads in it");
    if (resolve)
        read->lines = smk_lines_new(NULL);
    read->live.program = text_of(json, "program");
    read->live.pid = number_of(json, "pid");
    read->live.unix_ns = (int64_t)number_of(json, "unix_ns");
    read->live.total = small_of(json, "threads_total");
    read->live.why = text_of(json, "partial");
    int rc = read_modules(read, json_object_get(json, "modules"), pid);
    if (rc == 0)
        rc = read_threads(read, json_object_get(json, "threads"));
    if (rc == 0)
        smk_live_link(&read->live);
    return rc;
}

/* ---- requests -------------------------------------------------------------------------------------------------- */

static int read_flights(struct smk_live_json *read, const json_t *list)
{
    struct smk_live_requests *requests = &read->requests;
    const json_t *object;
    size_t i;
    requests->flights = smk_mem_new(&read->mem, (json_array_size(list) + 1) * sizeof *requests->flights);
    if (!requests->flights)
        return smk_mem_failed(&read->mem);
    json_array_foreach(list, i, object)
    {
        requests->flights[requests->flight_count++] = (struct smk_live_flight){.id = number_of(object, "id"),
                                                                               .age_ns = number_of(object, "age_ns"),
                                                                               .route = text_of(object, "route"),
                                                                               .tid = small_of(object, "tid"),
                                                                               .thread = text_of(object, "thread")};
    }
    return 0;
}

static int read_ended(struct smk_live_json *read, const json_t *list, struct smk_live_ended **to, uint32_t *count)
{
    const json_t *object;
    size_t i;
    *to = smk_mem_new(&read->mem, (json_array_size(list) + 1) * sizeof **to);
    if (!*to)
        return smk_mem_failed(&read->mem);
    json_array_foreach(list, i, object)
    {
        (*to)[(*count)++] = (struct smk_live_ended){.id = number_of(object, "id"),
                                                    .ns = number_of(object, "ns"),
                                                    .unix_ns = (int64_t)number_of(object, "ended_unix_ns"),
                                                    .route = text_of(object, "route"),
                                                    .thread = text_of(object, "thread"),
                                                    .tid = small_of(object, "tid"),
                                                    .status = small_of(object, "status"),
                                                    .more = small_of(object, "answered_with_it")};
    }
    return 0;
}

static void read_route(struct smk_live_requests *requests, const json_t *object)
{
    const json_t *bucket;
    size_t i;
    uint64_t count = number_of(object, "count");
    struct smk_live_route *route = count ? smk_live_add_route(requests) : NULL;
    if (!route)
        return;
    route->route = text_of(object, "route");
    route->count = count;
    route->p50_ns = number_of(object, "p50_ns");
    route->p90_ns = number_of(object, "p90_ns");
    route->p99_ns = number_of(object, "p99_ns");
    route->max_ns = number_of(object, "max_ns");
    json_array_foreach(json_object_get(object, "buckets"), i, bucket)
    {
        json_int_t low = json_integer_value(json_array_get(bucket, 0));
        json_int_t many = json_integer_value(json_array_get(bucket, 1));
        if (low >= 0 && many > 0)
            smk_live_route_add(route, (uint64_t)low, (uint64_t)many);
    }
}

int smk_live_json_read_requests(struct smk_live_json *read, const json_t *json, pid_t pid, bool resolve)
{
    struct smk_live_requests *requests = &read->requests;
    const json_t *route;
    size_t i;
    int rc = smk_live_json_read(read, json, pid, resolve);
    *requests = (struct smk_live_requests){.live = &read->live,
                                           .seen = json_is_true(json_object_get(json, "seen")),
                                           .ended = number_of(json, "ended"),
                                           .unlisted = number_of(json, "unlisted"),
                                           .capacity = small_of(json, "capacity"),
                                           .in_flight = small_of(json, "in_flight_total")};
    if (rc == 0)
        rc = read_flights(read, json_object_get(json, "in_flight"));
    if (rc == 0)
        rc = read_ended(read, json_object_get(json, "slowest"), &requests->slowest, &requests->slowest_count);
    if (rc == 0)
        rc = read_ended(read, json_object_get(json, "recent"), &requests->recent, &requests->recent_count);
    json_array_foreach(json_object_get(json, "routes"), i, route) read_route(requests, route);
    return rc;
}

int smk_live_json_put(void *file, const char *text, size_t len)
{
    return fwrite(text, 1, len, file) == len ? 0 : SMK_E_IO;
}

void smk_live_json_free(struct smk_live_json *read)
{
    struct smk_live_requests *requests = &read->requests;
    smk_mem_free(&read->mem, requests->flights, (requests->flight_count + 1) * sizeof *requests->flights);
    smk_mem_free(&read->mem, requests->slowest, (requests->slowest_count + 1) * sizeof *requests->slowest);
    smk_mem_free(&read->mem, requests->recent, (requests->recent_count + 1) * sizeof *requests->recent);
    smk_mem_free(&read->mem, read->modules, (read->module_count + 1) * sizeof *read->modules);
    smk_mem_free(&read->mem, read->paths, (read->module_count + 1) * sizeof *read->paths);
    smk_mem_free(&read->mem, read->build_ids, (read->module_count + 1) * sizeof *read->build_ids);
    smk_mem_free(&read->mem, read->live.threads, (read->live.count + 1) * sizeof *read->live.threads);
    smk_mem_free(&read->mem, read->frames, read->frame_capacity * sizeof *read->frames);
    smk_lines_free(read->lines);
}
