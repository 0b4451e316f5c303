/* firefox_thread.c: one thread of a profile: markers, samples, and the tables of the stacks that they have. */
#include "export/firefox.h"

#define FRAMES_MAX 512u

struct frame {
    uint64_t address;
    uint32_t function, module, line, inline_depth;
};

struct function {
    uint32_t name, file, resource;
};

struct node {
    uint32_t frame, prefix; /* SMK_MAP_NONE: the outermost */
};

/* What the thread's stacks are made of; let go of when it is written. */
struct tables {
    struct firefox *to;
    struct frame *frames;
    uint32_t frame_count, frame_capacity;
    struct function *functions;
    uint32_t function_count, function_capacity;
    struct node *nodes;
    uint32_t node_count, node_capacity;
    uint32_t *resources; /* modules */
    uint32_t resource_count, resource_capacity;
    struct smk_map by_frame, by_function, by_node, by_resource, by_stack;
    uint32_t of_stack[FRAMES_MAX]; /* innermost first */
    uint32_t of_stack_count, inlined;
};

static struct smk_mem *mem_of(struct tables *tables) { return &tables->to->exporter->mem; }

/* ---- stacks --------------------------------------------------------------------------------------------- */

static uint32_t resource_of(struct tables *tables, uint32_t module)
{
    uint32_t number = module == SMK_MAP_NONE ? SMK_MAP_NONE : smk_map_get(&tables->by_resource, module);
    if (number != SMK_MAP_NONE || module == SMK_MAP_NONE)
        return number;
    number = tables->resource_count;
    if (!smk_mem_grow(mem_of(tables), &tables->resources, &tables->resource_capacity, number + 1u) ||
        !smk_map_put(&tables->by_resource, mem_of(tables), module, number))
        return SMK_MAP_NONE;
    tables->resources[tables->resource_count++] = module;
    return number;
}

static uint32_t function_of(struct tables *tables, const struct smk_export_frame *frame, uint32_t module)
{
    struct function function = {.name = firefox_text(tables->to, frame->function),
                                .file = frame->file[0] ? firefox_text(tables->to, frame->file) : 0,
                                .resource = resource_of(tables, module)};
    uint64_t key = smk_hash_bytes(&function, sizeof(function));
    uint32_t number = smk_map_get(&tables->by_function, key);
    if (number != SMK_MAP_NONE)
        return number;
    number = tables->function_count;
    if (!smk_mem_grow(mem_of(tables), &tables->functions, &tables->function_capacity, number + 1u) ||
        !smk_map_put(&tables->by_function, mem_of(tables), key, number))
        return SMK_MAP_NONE;
    tables->functions[tables->function_count++] = function;
    return number;
}

/* Addresses are the module's, one byte before a return address. */
static bool add_frame(void *arg, const struct smk_export_frame *from)
{
    struct tables *tables = arg;
    const smk_module_info *info = smk_trace_process_module(tables->to->exporter->trace, from->process, from->pc);
    struct frame frame = {.address = from->pc ? from->pc - 1 - (info ? info->bias : 0) : 0,
                          .module = firefox_module(tables->to, from),
                          .line = from->line,
                          .inline_depth = from->inlined ? 1 : 0};
    frame.function = function_of(tables, from, frame.module);
    uint64_t key = smk_hash_bytes(&frame, sizeof(frame));
    uint32_t number = smk_map_get(&tables->by_frame, key);
    if (number == SMK_MAP_NONE) {
        number = tables->frame_count;
        if (frame.function == SMK_MAP_NONE ||
            !smk_mem_grow(mem_of(tables), &tables->frames, &tables->frame_capacity, number + 1u) ||
            !smk_map_put(&tables->by_frame, mem_of(tables), key, number))
            return false;
        tables->frames[tables->frame_count++] = frame;
    }
    tables->of_stack[tables->of_stack_count++] = number;
    return tables->of_stack_count < FRAMES_MAX;
}

static uint32_t node_of(struct tables *tables, uint32_t frame, uint32_t prefix)
{
    uint64_t key = smk_map_pair(frame, prefix);
    uint32_t number = smk_map_get(&tables->by_node, key);
    if (number != SMK_MAP_NONE)
        return number;
    number = tables->node_count;
    if (!smk_mem_grow(mem_of(tables), &tables->nodes, &tables->node_capacity, number + 1u) ||
        !smk_map_put(&tables->by_node, mem_of(tables), key, number))
        return SMK_MAP_NONE;
    tables->nodes[tables->node_count++] = (struct node){frame, prefix};
    return number;
}

/* A stack's innermost node; SMK_MAP_NONE: it has none. */
static uint32_t stack_of(struct tables *tables, uint32_t stack)
{
    uint32_t known = stack ? smk_map_get(&tables->by_stack, stack) : 0, node = SMK_MAP_NONE;
    if (!stack)
        return SMK_MAP_NONE;
    if (known != SMK_MAP_NONE)
        return known - 1;
    tables->of_stack_count = 0;
    smk_export_stack(tables->to->exporter, stack, add_frame, tables);
    for (uint32_t i = tables->of_stack_count; i > 0; i--)
        node = node_of(tables, tables->of_stack[i - 1], node);
    smk_map_put(&tables->by_stack, mem_of(tables), stack, node + 1);
    return node;
}

/* ---- columns -------------------------------------------------------------------------------------------- */

static void open_column(struct tables *tables, const char *name, bool first)
{
    smk_out_format(&tables->to->exporter->out, "%s\"%s\":[", first ? "" : ",", name);
}

static void put_index(struct smk_out *out, bool first, uint32_t index)
{
    smk_out_text(out, first ? "" : ",");
    if (index == SMK_MAP_NONE)
        smk_out_text(out, "null");
    else
        smk_out_number(out, index);
}

/* The same for all rows. */
static void put_constant(struct tables *tables, const char *name, const char *value, uint32_t count)
{
    struct smk_out *out = &tables->to->exporter->out;
    open_column(tables, name, false);
    for (uint32_t i = 0; i < count; i++) {
        smk_out_text(out, i ? "," : "");
        smk_out_text(out, value);
    }
    smk_out_text(out, "]");
}

#define PUT_COLUMN(tables, name, first, count, index)                                                              \
    do {                                                                                                           \
        open_column(tables, name, first);                                                                          \
        for (uint32_t i = 0; i < (count); i++)                                                                     \
            put_index(&(tables)->to->exporter->out, i == 0, (index));                                              \
        smk_out_text(&(tables)->to->exporter->out, "]");                                                           \
    } while (0)

static void put_frames(struct tables *tables)
{
    struct smk_out *out = &tables->to->exporter->out;
    uint32_t count = tables->frame_count;
    smk_out_text(out, ",\"frameTable\":{\"address\":[");
    for (uint32_t i = 0; i < count; i++) {
        smk_out_text(out, i ? "," : "");
        smk_out_number(out, tables->frames[i].address);
    }
    smk_out_text(out, "]");
    PUT_COLUMN(tables, "inlineDepth", false, count, tables->frames[i].inline_depth);
    put_constant(tables, "category", "1", count);
    put_constant(tables, "subcategory", "0", count);
    PUT_COLUMN(tables, "func", false, count, tables->frames[i].function);
    put_constant(tables, "nativeSymbol", "null", count);
    put_constant(tables, "innerWindowID", "0", count);
    PUT_COLUMN(tables, "line", false, count, tables->frames[i].line ? tables->frames[i].line : SMK_MAP_NONE);
    put_constant(tables, "column", "null", count);
    smk_out_format(out, ",\"length\":%u}", count);
}

static void put_functions(struct tables *tables)
{
    struct smk_out *out = &tables->to->exporter->out;
    uint32_t count = tables->function_count;
    smk_out_text(out, ",\"funcTable\":{");
    PUT_COLUMN(tables, "name", true, count, tables->functions[i].name);
    put_constant(tables, "isJS", "false", count);
    put_constant(tables, "relevantForJS", "false", count);
    open_column(tables, "resource", false);
    for (uint32_t i = 0; i < count; i++)
        smk_out_format(out, "%s%d", i ? "," : "", (int)tables->functions[i].resource); /* -1: none */
    smk_out_text(out, "]");
    PUT_COLUMN(tables, "fileName", false, count, tables->functions[i].file ? tables->functions[i].file : SMK_MAP_NONE);
    put_constant(tables, "lineNumber", "null", count);
    put_constant(tables, "columnNumber", "null", count);
    smk_out_format(out, ",\"length\":%u}", count);
}

/* Its path, as `libs` has it. */
static uint32_t name_of_module(struct tables *tables, uint32_t module)
{
    for (size_t i = 0;; i++) {
        const smk_module_info *info = smk_trace_module_at(tables->to->exporter->trace, i);
        if (!info)
            return 0;
        if (smk_map_get(&tables->to->modules, smk_map_pair(info->process + 1, info->id)) == module)
            return firefox_text(tables->to, info->path);
    }
}

static void put_resources(struct tables *tables)
{
    struct smk_out *out = &tables->to->exporter->out;
    uint32_t count = tables->resource_count;
    smk_out_text(out, ",\"resourceTable\":{");
    PUT_COLUMN(tables, "lib", true, count, tables->resources[i]);
    PUT_COLUMN(tables, "name", false, count, name_of_module(tables, tables->resources[i]));
    put_constant(tables, "host", "null", count);
    put_constant(tables, "type", "1", count); /* a library */
    smk_out_format(out, ",\"length\":%u}", count);
    smk_out_text(out, ",\"nativeSymbols\":{\"libIndex\":[],\"address\":[],\"name\":[],\"functionSize\":[],"
                      "\"length\":0}");
}

static void put_tables(struct tables *tables)
{
    struct smk_out *out = &tables->to->exporter->out;
    uint32_t count = tables->node_count;
    put_frames(tables);
    put_functions(tables);
    put_resources(tables);
    smk_out_text(out, ",\"stackTable\":{");
    PUT_COLUMN(tables, "frame", true, count, tables->nodes[i].frame);
    PUT_COLUMN(tables, "prefix", false, count, tables->nodes[i].prefix);
    smk_out_format(out, ",\"length\":%u}", count);
}

/* ---- markers -------------------------------------------------------------------------------------------- */

static void put_string(struct smk_out *out, const char *key, uint32_t string)
{
    if (string)
        smk_out_format(out, ",\"%s\":%u", key, string);
}

static void put_data(struct tables *tables, const struct firefox_marker *marker)
{
    struct smk_out *out = &tables->to->exporter->out;
    uint32_t stack = stack_of(tables, marker->stack);
    smk_out_text(out, "{\"type\":\"wait\"");
    put_string(out, "call", marker->call);
    put_string(out, "what", marker->what);
    put_string(out, "holder", marker->holder);
    put_string(out, "releaser", marker->releaser);
    put_string(out, "waker", marker->waker);
    if (marker->object)
        smk_out_format(out, ",\"object\":\"0x%llx\"", (unsigned long long)marker->object);
    if (marker->request)
        smk_out_format(out, ",\"request\":\"%llu\"", (unsigned long long)marker->request);
    if (marker->idle || marker->open)
        smk_out_format(out, ",\"note\":\"%s\"", marker->open ? "not whole" : "for work");
    if (stack != SMK_MAP_NONE) {
        smk_out_text(out, ",\"cause\":{\"time\":");
        firefox_ms(tables->to, marker->from);
        smk_out_format(out, ",\"stack\":%u}", stack);
    }
    smk_out_text(out, "}");
}

static void put_times(struct tables *tables, const char *name, const struct firefox_marker *markers, uint32_t count,
                      bool ends)
{
    open_column(tables, name, false);
    for (uint32_t i = 0; i < count; i++) {
        smk_out_text(&tables->to->exporter->out, i ? "," : "");
        firefox_ms(tables->to, ends ? markers[i].to : markers[i].from);
    }
    smk_out_text(&tables->to->exporter->out, "]");
}

static void put_markers(struct tables *tables, const struct firefox_marker *markers, uint32_t count)
{
    struct smk_out *out = &tables->to->exporter->out;
    smk_out_text(out, ",\"markers\":{");
    PUT_COLUMN(tables, "name", true, count, markers[i].name);
    PUT_COLUMN(tables, "category", false, count, markers[i].category);
    put_constant(tables, "phase", "1", count); /* begin and end */
    put_times(tables, "startTime", markers, count, false);
    put_times(tables, "endTime", markers, count, true);
    open_column(tables, "data", false);
    for (uint32_t i = 0; i < count; i++) {
        smk_out_text(out, i ? "," : "");
        put_data(tables, &markers[i]);
    }
    smk_out_format(out, "],\"length\":%u}", count);
}

/* ---- samples -------------------------------------------------------------------------------------------- */

/* Each sample, and the end of each bucket, in order. */
struct walk {
    const struct firefox_thread *thread;
    const struct firefox_sample *samples;
    uint32_t sample_count, sample, bucket, bucket_end;
    uint64_t time;  /* of the row */
    uint32_t stack; /* of the row; 0: of a bucket's end */
    uint64_t ran;   /* since the row before */
    uint64_t given; /* of the bucket, so far */
};

static void begin_walk(const struct firefox *to, struct walk *walk, const struct firefox_thread *thread,
                       const struct firefox_sample *samples, uint32_t count)
{
    uint64_t from = thread->from > to->first ? thread->from - to->first : 0;
    uint64_t end = thread->to > to->first ? thread->to - to->first : 0;
    *walk = (struct walk){.thread = thread, .samples = samples, .sample_count = count, .time = to->first + from};
    if (!thread->running)
        return;
    walk->bucket = (uint32_t)smk_min_u64(from / to->bucket, FIREFOX_BUCKETS);
    walk->bucket_end = (uint32_t)smk_min_u64(end / to->bucket + 1, FIREFOX_BUCKETS);
}

/* CPU time within a bucket is spread over it, and its end has the rest. */
static uint64_t ran_until(const struct firefox *to, const struct walk *walk, uint64_t time)
{
    uint64_t ran = walk->bucket < walk->bucket_end ? walk->thread->running[walk->bucket] : 0;
    return smk_min_u64(ran - walk->given, ran * smk_min_u64(time - walk->time, to->bucket) / to->bucket);
}

static bool next_row(const struct firefox *to, struct walk *walk)
{
    uint64_t bucket_end = to->first + (uint64_t)(walk->bucket + 1) * to->bucket;
    bool has_sample = walk->sample < walk->sample_count, has_bucket = walk->bucket < walk->bucket_end;
    if (!has_sample && !has_bucket)
        return false;
    bool is_sample = has_sample && (!has_bucket || walk->samples[walk->sample].time < bucket_end);
    uint64_t time = is_sample ? smk_max_u64(walk->samples[walk->sample].time, walk->time) : bucket_end;
    walk->stack = is_sample ? walk->samples[walk->sample++].stack : 0;
    walk->ran = is_sample ? ran_until(to, walk, time) : walk->thread->running[walk->bucket++] - walk->given;
    walk->given = is_sample ? walk->given + walk->ran : 0;
    walk->time = time;
    return true;
}

static void put_samples(struct tables *tables, const struct firefox_thread *thread,
                        const struct firefox_sample *samples, uint32_t count)
{
    struct firefox *to = tables->to;
    struct smk_out *out = &to->exporter->out;
    struct walk walk;
    uint32_t rows = 0;
    smk_out_text(out, ",\"samples\":{\"weight\":null,\"weightType\":\"samples\",\"stack\":[");
    for (begin_walk(to, &walk, thread, samples, count); next_row(to, &walk); rows++)
        put_index(out, rows == 0, stack_of(tables, walk.stack));
    smk_out_text(out, "],\"time\":[");
    begin_walk(to, &walk, thread, samples, count);
    for (uint32_t i = 0; next_row(to, &walk); i++) {
        smk_out_text(out, i ? "," : "");
        firefox_ms(to, walk.time);
    }
    smk_out_text(out, "],\"threadCPUDelta\":[");
    begin_walk(to, &walk, thread, samples, count);
    for (uint32_t i = 0; next_row(to, &walk); i++) {
        smk_out_text(out, i ? "," : "");
        smk_out_number(out, walk.ran);
    }
    smk_out_format(out, "],\"length\":%u}", rows);
}

/* ---- the thread ----------------------------------------------------------------------------------------- */

static void put_head(struct firefox *to, const struct firefox_thread *thread)
{
    struct smk_out *out = &to->exporter->out;
    struct smk_export_text text;
    uint32_t pid = smk_export_pid(to->exporter, thread->process);
    uint32_t tid = smk_export_tid_of(to->exporter, thread->serial);
    smk_out_text(out, "{\"processType\":\"default\",\"processStartupTime\":0,\"processShutdownTime\":null,"
                      "\"registerTime\":");
    firefox_ms(to, thread->from);
    smk_out_text(out, ",\"unregisterTime\":");
    firefox_ms(to, thread->to);
    smk_out_text(out, ",\"pausedRanges\":[],\"name\":");
    smk_out_json(out, smk_export_thread(to->exporter, &text, thread->serial));
    smk_out_text(out, ",\"processName\":");
    smk_out_json(out, smk_export_process(to->exporter, &text, thread->process));
    smk_out_format(out, ",\"isMainThread\":%s,\"pid\":\"%u\",\"tid\":%u", pid == tid && pid ? "true" : "false", pid,
                   tid);
}

static void release(struct tables *tables)
{
    struct smk_mem *mem = mem_of(tables);
    smk_mem_free(mem, tables->frames, tables->frame_capacity * sizeof(*tables->frames));
    smk_mem_free(mem, tables->functions, tables->function_capacity * sizeof(*tables->functions));
    smk_mem_free(mem, tables->nodes, tables->node_capacity * sizeof(*tables->nodes));
    smk_mem_free(mem, tables->resources, tables->resource_capacity * sizeof(*tables->resources));
    smk_map_free(&tables->by_frame, mem);
    smk_map_free(&tables->by_function, mem);
    smk_map_free(&tables->by_node, mem);
    smk_map_free(&tables->by_resource, mem);
    smk_map_free(&tables->by_stack, mem);
}

void firefox_put_thread(struct firefox *to, uint32_t number, const struct firefox_marker *markers,
                        uint32_t marker_count, const struct firefox_sample *samples, uint32_t sample_count)
{
    const struct firefox_thread *thread = &to->threads[number];
    struct tables tables = {.to = to};
    put_head(to, thread);
    put_markers(&tables, markers, marker_count);
    put_samples(&tables, thread, samples, sample_count);
    put_tables(&tables);
    smk_out_text(&to->exporter->out, "}");
    release(&tables);
}
