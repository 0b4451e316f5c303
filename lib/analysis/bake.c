#include "analysis/bake.h"

#include <string.h>

#include "base/errors.h"

#define FRAMES_MAX    16u
#define ADDRESSES_MAX (1u << 20) /* of data that are looked at */
#define STEP          1024u      /* stacks between two words about progress */

static int add_place(struct smk_bake *bake, const struct smk_place *place, const smk_module_info *module,
                     uint64_t pc)
{
    smk_symbol_frame frames[FRAMES_MAX];
    uint32_t count = 0;
    const struct smk_place_frame *frame;
    while (count < FRAMES_MAX && (frame = smk_symbols_inlined(bake->symbols, place, count)) != NULL)
        frames[count++] = (smk_symbol_frame){frame->function, frame->file_path ? frame->file_path : "",
                                             frame->file_path ? frame->line : 0};
    smk_symbol_info info = {.process = module->process,
                            .module = module->id,
                            .address = pc - module->bias,
                            .start = smk_min_u64(place->start, pc - module->bias),
                            .size = place->size,
                            .frame_count = count,
                            .frames = frames};
    bake->added++;
    return bake->add(bake->arg, &info);
}

/* Stacks hold return addresses: the call is one byte before. */
static int bake_frame(struct smk_bake *bake, struct smk_map *seen, const smk_stack_info *stack, uint32_t number)
{
    uint64_t pc = stack->pcs[number] ? stack->pcs[number] - 1 : 0;
    uint64_t key = smk_map_own(stack->process, pc);
    bool ambiguous, fresh = smk_map_get(seen, key) == SMK_MAP_NONE;
    const smk_module_info *module = smk_symbols_module_at(bake->symbols, stack->process, pc, &ambiguous);
    const struct smk_place *place = smk_symbols_frame(bake->symbols, stack, number);
    if (!place || (fresh && !smk_map_put(seen, bake->symbols->mem, key, 0)))
        return smk_mem_failed(bake->symbols->mem);
    bake->frames++;
    bake->named += place->named;
    bake->placed += place->named && place->file;
    bake->no_module += !module && !ambiguous;
    bake->no_table += place->no_table;
    bake->addresses += fresh;
    return fresh && module && place->named && !place->baked ? add_place(bake, place, module, pc) : 0;
}

static int bake_stacks(struct smk_bake *bake)
{
    struct smk_map seen = {0};
    const smk_stack_info *stack;
    uint32_t stacks = smk_trace_get_info(bake->symbols->trace)->stacks;
    int result = 0;
    for (uint32_t i = 0; result == 0 && (stack = smk_trace_stack_at(bake->symbols->trace, i)) != NULL; i++) {
        for (uint32_t f = 0; f < stack->depth && result == 0; f++)
            result = bake_frame(bake, &seen, stack, f);
        if (bake->progress && i % STEP == 0)
            bake->progress(bake->arg, i, stacks);
    }
    smk_map_free(&seen, bake->symbols->mem);
    return result;
}

static int bake_object(struct smk_bake *bake, struct smk_map *seen, uint32_t process, uint64_t address)
{
    struct smk_object object;
    uint64_t key = smk_map_own(process, address);
    if (address == 0 || seen->count >= ADDRESSES_MAX || smk_map_get(seen, key) != SMK_MAP_NONE)
        return 0;
    if (!smk_map_put(seen, bake->symbols->mem, key, 0))
        return smk_mem_failed(bake->symbols->mem);
    if (!smk_symbols_object(bake->symbols, process, address, &object))
        return 0;
    bake->objects++;
    if (object.baked)
        return 0;
    smk_symbol_frame frame = {object.name, "", 0};
    smk_symbol_info info = {.process = object.module->process,
                            .module = object.module->id,
                            .data = true,
                            .address = address - object.module->bias,
                            .start = address - object.module->bias - object.offset,
                            .size = object.size,
                            .frame_count = 1,
                            .frames = &frame};
    bake->added++;
    return bake->add(bake->arg, &info);
}

static int bake_event(struct smk_bake *bake, struct smk_map *seen, const smk_event *event)
{
    int result = 0;
    for (uint32_t i = 0; i < event->arg_count && result == 0; i++) {
        const char *type = smk_event_arg_type(event->id, i);
        if (type && strcmp(type, "address") == 0)
            result = bake_object(bake, seen, event->process, event->args[i]);
    }
    return result;
}

static int bake_objects(struct smk_bake *bake)
{
    struct smk_map seen = {0};
    smk_trace *trace = bake->symbols->trace;
    const smk_open_wait *wait;
    const smk_event *event;
    smk_cursor *cursor = NULL;
    int result = smk_cursor_open(&cursor, trace, NULL), next = 1;
    uint64_t done = 0, total = smk_trace_get_info(trace)->events;
    while (result == 0 && (next = smk_cursor_next(cursor, &event)) == 1) {
        result = bake_event(bake, &seen, event);
        if (bake->progress && ++done % (64 * STEP) == 0)
            bake->progress(bake->arg, done, total);
    }
    if (result == 0 && next < 0)
        result = next;
    for (size_t i = 0; result == 0 && (wait = smk_trace_open_wait_at(trace, i)) != NULL; i++)
        result = bake_object(bake, &seen, wait->process, wait->object);
    smk_cursor_close(cursor);
    smk_map_free(&seen, bake->symbols->mem);
    return result;
}

int smk_bake(struct smk_bake *bake)
{
    int result = bake_stacks(bake);
    return result < 0 ? result : bake_objects(bake);
}
