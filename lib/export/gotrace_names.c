/* gotrace_names.c: strings and stacks of a Go execution trace, each before what uses it first. */
#include <string.h>

#include "base/varint.h"
#include "export/gotrace.h"

#define FRAMES_MAX 128u
#define FRAME_NUMBERS 4u

/* More than 3 numbers have their length before them. */
void gotrace_put(struct gotrace *to, enum gotrace_event event, unsigned count, const uint64_t *numbers)
{
    uint8_t bytes[8 * SMK_VARINT_MAX], length[SMK_VARINT_MAX], *at = bytes;
    uint8_t head = (uint8_t)(event | (count < 4 ? count - 1 : 3u) << 6);
    for (unsigned i = 0; i < count && i < 8; i++)
        at = smk_varint_put(at, numbers[i]);
    smk_out_bytes(&to->exporter->out, &head, 1);
    if (count > 3)
        smk_out_bytes(&to->exporter->out, length, (size_t)(smk_varint_put(length, (uint64_t)(at - bytes)) - length));
    smk_out_bytes(&to->exporter->out, bytes, (size_t)(at - bytes));
}

uint32_t gotrace_string(struct gotrace *to, const char *text)
{
    struct smk_export_text clean;
    size_t len = strlen(smk_export_clean(&clean, text));
    uint8_t head[1 + 2 * SMK_VARINT_MAX] = {GO_STRING};
    if (len == 0)
        return 0;
    uint64_t key = smk_hash_bytes(clean.text, len);
    uint32_t number = smk_map_get(&to->strings, key);
    if (number != SMK_MAP_NONE)
        return number;
    number = to->strings.count + 1;
    if (!smk_map_put(&to->strings, &to->exporter->mem, key, number))
        return 0;
    uint8_t *at = smk_varint_put(smk_varint_put(head + 1, number), len);
    smk_out_bytes(&to->exporter->out, head, (size_t)(at - head));
    smk_out_bytes(&to->exporter->out, clean.text, len);
    return number;
}

/* ---- stacks --------------------------------------------------------------------------------------------- */

struct frames {
    struct gotrace *to;
    uint8_t bytes[FRAMES_MAX * FRAME_NUMBERS * SMK_VARINT_MAX];
    uint8_t *at;
    uint32_t count;
};

/* A goroutine is one of many by its first frame's address, which 0 may not be. */
static bool add_frame(void *arg, const struct smk_export_frame *frame)
{
    struct frames *frames = arg;
    uint64_t numbers[FRAME_NUMBERS] = {frame->pc ? frame->pc : 1, gotrace_string(frames->to, frame->function),
                                       gotrace_string(frames->to, frame->file), frame->line};
    for (unsigned i = 0; i < FRAME_NUMBERS; i++)
        frames->at = smk_varint_put(frames->at, numbers[i]);
    return ++frames->count < FRAMES_MAX;
}

static uint32_t put_stack(struct frames *frames)
{
    struct smk_out *out = &frames->to->exporter->out;
    uint8_t head[1 + SMK_VARINT_MAX] = {GO_STACK | 3u << 6}, numbers[2 * SMK_VARINT_MAX];
    uint32_t number = ++frames->to->stack_count;
    size_t own = (size_t)(smk_varint_put(smk_varint_put(numbers, number), frames->count) - numbers);
    size_t len = (size_t)(frames->at - frames->bytes);
    smk_out_bytes(out, head, (size_t)(smk_varint_put(head + 1, own + len) - head));
    smk_out_bytes(out, numbers, own);
    smk_out_bytes(out, frames->bytes, len);
    return number;
}

uint32_t gotrace_place(struct gotrace *to, const char *function, const char *file, uint32_t line)
{
    uint32_t name = gotrace_string(to, function[0] ? function : "?");
    uint64_t parts[3] = {name, gotrace_string(to, file), line}, key = smk_hash_bytes(parts, sizeof(parts));
    uint32_t number = smk_map_get(&to->places, key);
    if (number != SMK_MAP_NONE)
        return number;
    struct frames frames = {.to = to, .at = frames.bytes};
    struct smk_export_frame frame = {.function = function[0] ? function : "?", .file = file, .line = line,
                                     .pc = (UINT64_C(1) << 62) + name};
    add_frame(&frames, &frame);
    number = put_stack(&frames);
    smk_map_put(&to->places, &to->exporter->mem, key, number);
    return number;
}

uint32_t gotrace_stack(struct gotrace *to, uint32_t stack)
{
    uint32_t number = stack ? smk_map_get(&to->stacks, stack) : SMK_MAP_NONE;
    if (number != SMK_MAP_NONE)
        return number;
    struct frames frames = {.to = to, .at = frames.bytes};
    smk_export_stack(to->exporter, stack, add_frame, &frames);
    number = frames.count ? put_stack(&frames) : gotrace_place(to, "[no stack]", "", 0);
    if (stack)
        smk_map_put(&to->stacks, &to->exporter->mem, stack, number);
    return number;
}
