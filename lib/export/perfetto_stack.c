/* perfetto_stack.c: stacks, frames, functions, files and modules as interned data. */
#include "export/perfetto.h"

#include <string.h>

#define FRAMES_MAX 1024u /* of a stack, what was inlined among them */

enum {
    INTERNED_FUNCTION = 5,
    INTERNED_FRAME = 6,
    INTERNED_CALLSTACK = 7,
    INTERNED_BUILD_ID = 16,
    INTERNED_PATH = 17,
    INTERNED_SOURCE = 18,
    INTERNED_MAPPING = 19
};

struct stack {
    struct perfetto *to;
    uint32_t frames[FRAMES_MAX]; /* iids, innermost first */
    uint32_t count;
};

static void begin_interned(struct perfetto *to, unsigned field, uint32_t iid)
{
    smk_proto_begin(&to->proto, field);
    smk_proto_number(&to->proto, 1, iid);
}

/* A string that is told once; its iid. */
static uint32_t intern_text(struct perfetto *to, struct smk_map *map, unsigned field, const char *text)
{
    struct smk_export_text clean;
    uint64_t key = smk_hash_bytes(text, strlen(text));
    uint32_t iid = smk_map_get(map, key);
    if (iid != SMK_MAP_NONE)
        return iid;
    iid = map->count + 1;
    if (!smk_map_put(map, &to->exporter->mem, key, iid))
        return 0;
    begin_interned(to, field, iid);
    smk_proto_text(&to->proto, 2, smk_export_clean(&clean, text));
    smk_proto_end(&to->proto);
    return iid;
}

static uint32_t intern_module(struct perfetto *to, const struct smk_export_frame *frame)
{
    const smk_module_info *info = smk_trace_process_module(to->exporter->trace, frame->process, frame->pc);
    struct smk_export_text path;
    if (!info)
        return 0;
    uint64_t key = smk_map_pair(frame->process + 1, info->id);
    uint32_t iid = smk_map_get(&to->modules, key);
    if (iid != SMK_MAP_NONE)
        return iid;
    iid = to->modules.count + 1;
    if (!smk_map_put(&to->modules, &to->exporter->mem, key, iid))
        return 0;
    begin_interned(to, INTERNED_BUILD_ID, iid);
    smk_proto_bytes(&to->proto, 2, info->build_id, info->build_id_len);
    smk_proto_end(&to->proto);
    begin_interned(to, INTERNED_PATH, iid);
    smk_proto_text(&to->proto, 2, smk_export_clean(&path, info->path));
    smk_proto_end(&to->proto);
    begin_interned(to, INTERNED_MAPPING, iid);
    smk_proto_number(&to->proto, 2, iid);
    smk_proto_number(&to->proto, 4, info->start);
    smk_proto_number(&to->proto, 5, info->end);
    smk_proto_number(&to->proto, 7, iid);
    smk_proto_end(&to->proto);
    return iid;
}

static uint64_t frame_key(const struct smk_export_frame *frame)
{
    uint64_t key[4] = {frame->process, frame->pc, (uint64_t)(uintptr_t)frame->function, frame->line};
    return smk_hash_bytes(key, sizeof(key));
}

static uint32_t intern_frame(struct perfetto *to, const struct smk_export_frame *frame)
{
    uint64_t key = frame_key(frame);
    uint32_t iid = smk_map_get(&to->frames, key);
    if (iid != SMK_MAP_NONE)
        return iid;
    const smk_module_info *info = smk_trace_process_module(to->exporter->trace, frame->process, frame->pc);
    uint32_t function = intern_text(to, &to->functions, INTERNED_FUNCTION, frame->function);
    uint32_t file = frame->file[0] ? intern_text(to, &to->files, INTERNED_SOURCE, frame->file) : 0;
    uint32_t module = intern_module(to, frame);
    iid = to->frames.count + 1;
    if (!smk_map_put(&to->frames, &to->exporter->mem, key, iid))
        return 0;
    begin_interned(to, INTERNED_FRAME, iid);
    smk_proto_number(&to->proto, 2, function);
    if (module)
        smk_proto_number(&to->proto, 3, module);
    smk_proto_number(&to->proto, 4, info ? frame->pc - info->bias : frame->pc);
    if (file)
        smk_proto_number(&to->proto, 5, file);
    if (frame->line)
        smk_proto_number(&to->proto, 6, frame->line);
    smk_proto_end(&to->proto);
    return iid;
}

static bool each_frame(void *arg, const struct smk_export_frame *frame)
{
    struct stack *stack = arg;
    stack->frames[stack->count++] = intern_frame(stack->to, frame);
    return stack->count < FRAMES_MAX;
}

uint64_t perfetto_callstack(struct perfetto *to, uint32_t number)
{
    uint32_t known = number ? smk_map_get(&to->stacks, number) : 0;
    if (known != SMK_MAP_NONE)
        return known;
    struct stack stack = {.to = to, .count = 0};
    smk_proto_begin(&to->proto, PF_TRACE_PACKET);
    smk_proto_number(&to->proto, PF_PACKET_SEQUENCE, 1);
    smk_proto_begin(&to->proto, PF_PACKET_INTERNED);
    smk_export_stack(to->exporter, number, each_frame, &stack);
    begin_interned(to, INTERNED_CALLSTACK, number);
    for (uint32_t i = stack.count; i > 0; i--)
        smk_proto_number(&to->proto, 2, stack.frames[i - 1]);
    smk_proto_end(&to->proto);
    smk_proto_end(&to->proto);
    perfetto_packet_end(to);
    uint32_t iid = stack.count ? number : 0;
    smk_map_put(&to->stacks, &to->exporter->mem, number, iid);
    return iid;
}

void perfetto_stacks_free(struct perfetto *to)
{
    struct smk_mem *mem = &to->exporter->mem;
    smk_map_free(&to->frames, mem);
    smk_map_free(&to->functions, mem);
    smk_map_free(&to->files, mem);
    smk_map_free(&to->modules, mem);
    smk_map_free(&to->stacks, mem);
}
