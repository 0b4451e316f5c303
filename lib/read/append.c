#include "read/append.h"

#include <errno.h>
#include <string.h>
#include <zstd.h>

#include "base/crc32c.h"
#include "base/errors.h"
#include "base/sys.h"
#include "base/varint.h"
#include "stallmark/version.h"

#define BUFFER      (512u * 1024)
#define TEXT_MAX    4095u
#define ENTRY_HEAD  (6 * SMK_VARINT_MAX)
#define INDEX_ENTRY (6 * SMK_VARINT_MAX)
#define LEVEL       3

_Static_assert(BUFFER >= SMK_CHUNK_HEADER + SMK_CHUNK_STORED_MAX, "a chunk fits into the buffer");

/* ---- writing -------------------------------------------------------------------------------------------- */

static int put_bytes(struct smk_append *append, const void *data, size_t len)
{
    for (const uint8_t *p = data; len > 0;) {
        ssize_t n = smk_sys_write(append->out, p, len);
        if (n == -EINTR)
            continue;
        if (n <= 0)
            return smk_fail_errno(n < 0 ? (int)-n : EIO, "the new file cannot be written");
        p += n;
        len -= (size_t)n;
        append->written += (uint64_t)n;
    }
    return 0;
}

/* Header and payload, as stored; the header is completed. */
static int put_chunk(struct smk_append *append, struct smk_chunk *chunk, const uint8_t *stored)
{
    uint8_t header[SMK_CHUNK_HEADER];
    chunk->version = SMK_FORMAT_VERSION;
    chunk->process = append->last.process;
    chunk->capture = append->last.capture;
    chunk->sequence = append->sequence++;
    chunk->payload_crc = smk_crc32c(0, stored, chunk->stored_size);
    smk_chunk_pack(chunk, header);
    append->chunks++;
    int result = put_bytes(append, header, sizeof(header));
    return result < 0 ? result : put_bytes(append, stored, chunk->stored_size);
}

/* The same of a payload that is compressed if that makes it shorter. */
static int put_payload(struct smk_append *append, struct smk_chunk *chunk, const uint8_t *plain, uint32_t len)
{
    const uint8_t *stored = plain;
    size_t n = ZSTD_compress(append->buffer, BUFFER, plain, len, LEVEL);
    chunk->plain_size = chunk->stored_size = len;
    if (!ZSTD_isError(n) && n < len) {
        chunk->stored_size = (uint32_t)n;
        chunk->flags = SMK_CHUNK_ZSTD;
        stored = append->buffer;
    }
    return put_chunk(append, chunk, stored);
}

/* ---- the file that is there ------------------------------------------------------------------------------ */

/* What a walk from header to header remembers. */
struct walk {
    struct smk_window window;
    uint64_t offset, before; /* of the next chunk; of the last one */
    uint64_t segment, first_index;
    uint32_t chunks, segment_chunks, sequence;
    struct smk_chunk last, before_tail;
    bool in_order, index_run;
};

static void walk_chunk(struct walk *walk, const struct smk_chunk *chunk)
{
    if (chunk->kind == SMK_CHUNK_SEGMENT || walk->chunks == 0) {
        walk->segment = walk->offset;
        walk->segment_chunks = 0;
    }
    walk->in_order &= walk->chunks == 0 || chunk->sequence > walk->last.sequence;
    if (chunk->kind == SMK_CHUNK_INDEX && !walk->index_run)
        walk->first_index = walk->offset;
    walk->index_run = chunk->kind == SMK_CHUNK_INDEX || (chunk->kind == SMK_CHUNK_END && walk->index_run);
    if (chunk->kind != SMK_CHUNK_INDEX && chunk->kind != SMK_CHUNK_END)
        walk->before_tail = *chunk;
    walk->chunks++;
    walk->segment_chunks++;
    walk->last = *chunk;
    walk->before = walk->offset;
    walk->offset += SMK_CHUNK_HEADER + chunk->stored_size;
}

/* From header to header, up to the first place where none is. */
static int walk_file(struct smk_append *append, struct walk *walk)
{
    const struct smk_input *input = &append->input;
    *walk = (struct walk){.window = {.input = input, .data = append->buffer}, .in_order = true};
    while (walk->offset < input->size && input->size - walk->offset >= SMK_CHUNK_HEADER) {
        uint32_t have;
        struct smk_chunk chunk;
        const char *why;
        const uint8_t *p = smk_window_at(&walk->window, walk->offset, SMK_CHUNK_HEADER, &have);
        if (!p)
            return SMK_E_IO;
        if (smk_chunk_unpack(&chunk, p, &why) < 0 ||
            chunk.stored_size > input->size - walk->offset - SMK_CHUNK_HEADER)
            break;
        walk_chunk(walk, &chunk);
    }
    return 0;
}

static int take_end(struct smk_append *append, const struct walk *walk)
{
    uint8_t payload[SMK_SEGMENT_END_SIZE];
    const char *name = append->input.name;
    if (walk->last.stored_size != sizeof(payload))
        return smk_fail(SMK_E_FORMAT, "%s: its END is damaged; `stallmark check` says more", name);
    int result = smk_input_read(&append->input, walk->before + SMK_CHUNK_HEADER, payload, sizeof(payload));
    if (result < 0)
        return result;
    smk_segment_end_unpack(&append->end, payload);
    if (!(append->end.flags & SMK_SEGMENT_LAST))
        return smk_fail(SMK_E_INVALID,
                        "%s: a part of a capture that goes on in another file; join them first (`cat` in their "
                        "order)",
                        name);
    append->sealed = true;
    append->tail = walk->index_run ? walk->first_index : walk->before;
    return 0;
}

static int look_at(struct smk_append *append, uint32_t chunks)
{
    struct walk walk;
    const char *name = append->input.name;
    int result = walk_file(append, &walk);
    if (result < 0)
        return result;
    if (walk.chunks == 0 || walk.chunks != chunks)
        return smk_fail(SMK_E_FORMAT, "%s: damaged before its end, nothing is added to it; `stallmark check` says more",
                        name);
    if (walk.last.kind == SMK_CHUNK_END && walk.offset != append->input.size)
        return smk_fail(SMK_E_FORMAT, "%s: there are bytes behind its END, nothing is added to it", name);
    if (!walk.in_order)
        return smk_fail(SMK_E_INVALID, "%s: its segments are not in their order; join them in their order", name);
    append->segment = walk.segment;
    append->chunks = walk.segment_chunks;
    append->last = walk.before_tail;
    append->tail = walk.offset;
    append->sequence = walk.last.sequence + 1;
    if (walk.last.kind == SMK_CHUNK_END)
        result = take_end(append, &walk);
    if (result == 0 && append->last.capture == 0 && append->last.process == 0)
        append->last = walk.last;
    return result;
}

static int copy_until(struct smk_append *append, uint64_t end)
{
    int result = 0;
    for (uint64_t offset = 0; offset < end && result == 0;) {
        uint32_t len = (uint32_t)smk_min_u64(BUFFER, end - offset);
        result = smk_input_read(&append->input, offset, append->buffer, len);
        if (result == 0)
            result = put_bytes(append, append->buffer, len);
        offset += len;
    }
    return result;
}

/* The tail is taken off the numbers: it is written again. */
static int count_tail(struct smk_append *append)
{
    uint64_t offset = append->tail;
    while (offset < append->input.size) {
        uint8_t header[SMK_CHUNK_HEADER];
        struct smk_chunk chunk;
        const char *why;
        int result = smk_input_read(&append->input, offset, header, sizeof(header));
        if (result == 0)
            result = smk_chunk_unpack(&chunk, header, &why);
        if (result < 0)
            return result;
        append->chunks--;
        append->sequence--;
        offset += SMK_CHUNK_HEADER + chunk.stored_size;
    }
    return 0;
}

int smk_append_begin(struct smk_append *append, struct smk_mem *mem, const char *from, int to, uint32_t chunks)
{
    *append = (struct smk_append){.mem = mem, .out = to, .input = {.fd = -1}};
    append->buffer = smk_mem_resize(mem, NULL, 0, BUFFER);
    append->payload = smk_mem_resize(mem, NULL, 0, SMK_CHUNK_PLAIN_MAX);
    if (!append->buffer || !append->payload)
        return smk_mem_failed(mem);
    int result = smk_input_open(&append->input, from, -1, from);
    if (result == 0)
        result = look_at(append, chunks);
    if (result == 0 && append->sealed)
        result = count_tail(append);
    return result < 0 ? result : copy_until(append, append->tail);
}

/* ---- symbols -------------------------------------------------------------------------------------------- */

static void put_number(struct smk_append *append, uint64_t value)
{
    append->used = (uint32_t)(smk_varint_put(append->payload + append->used, value) - append->payload);
}

static uint32_t text_len(const char *text) { return (uint32_t)strnlen(text, TEXT_MAX); }

static void put_text(struct smk_append *append, const char *text)
{
    uint32_t len = text_len(text);
    put_number(append, len);
    memcpy(append->payload + append->used, text, len);
    append->used += len;
}

/* Where the chunk that is about to be written will be, for the INDEX. */
static bool note_in_index(struct smk_append *append, uint32_t count)
{
    uint64_t offset = append->written - append->segment;
    if (!smk_mem_grow(append->mem, &append->index, &append->index_capacity, append->index_used + INDEX_ENTRY))
        return false;
    uint8_t *p = append->index + append->index_used;
    p = smk_varint_put(p, smk_zigzag((int64_t)(offset - append->indexed)));
    p = smk_varint_put(p, SMK_CHUNK_SYMBOLS);
    p = smk_varint_put(p, 0); /* of no thread, at no time */
    p = smk_varint_put(p, 0);
    p = smk_varint_put(p, 0);
    p = smk_varint_put(p, count);
    append->index_used = (uint32_t)(p - append->index);
    append->index_count++;
    append->indexed = offset;
    return true;
}

static int put_symbols(struct smk_append *append)
{
    struct smk_chunk chunk = {.kind = SMK_CHUNK_SYMBOLS, .count = append->count};
    uint32_t used = append->used;
    if (append->count == 0)
        return 0;
    if (append->sealed && !note_in_index(append, append->count))
        return smk_mem_failed(append->mem);
    append->used = append->count = 0;
    return put_payload(append, &chunk, append->payload, used);
}

int smk_append_symbol(struct smk_append *append, const smk_symbol_info *symbol)
{
    uint64_t need = ENTRY_HEAD;
    for (uint32_t i = 0; i < symbol->frame_count; i++)
        need += 3 * SMK_VARINT_MAX + text_len(symbol->frames[i].function) + text_len(symbol->frames[i].file);
    if (need > SMK_CHUNK_PLAIN_MAX)
        return smk_fail(SMK_E_LIMIT, "the frames of one address take more than a chunk");
    if (need > SMK_CHUNK_PLAIN_MAX - append->used) {
        int result = put_symbols(append);
        if (result < 0)
            return result;
    }
    put_number(append, symbol->data);
    put_number(append, symbol->module);
    put_number(append, symbol->address);
    put_number(append, symbol->address - symbol->start);
    put_number(append, symbol->size);
    put_number(append, symbol->frame_count);
    for (uint32_t i = 0; i < symbol->frame_count; i++) {
        put_text(append, symbol->frames[i].function);
        put_text(append, symbol->frames[i].file);
        put_number(append, symbol->frames[i].line);
    }
    append->count++;
    return 0;
}

/* ---- the end -------------------------------------------------------------------------------------------- */

/* A chunk of INDEX as it was, with its new number. */
static int copy_index(struct smk_append *append, uint64_t *offset)
{
    struct smk_chunk chunk;
    const char *why;
    int result = smk_input_read(&append->input, *offset, append->buffer, SMK_CHUNK_HEADER);
    if (result == 0 && smk_chunk_unpack(&chunk, append->buffer, &why) < 0)
        result = smk_fail(SMK_E_FORMAT, "%s: changed while it was read", append->input.name);
    if (result < 0)
        return result;
    if (chunk.kind == SMK_CHUNK_END)
        return 1;
    *offset += SMK_CHUNK_HEADER;
    result = smk_input_read(&append->input, *offset, append->buffer, chunk.stored_size);
    *offset += chunk.stored_size;
    return result < 0 ? result : put_chunk(append, &chunk, append->buffer);
}

static int put_end(struct smk_append *append)
{
    uint8_t payload[SMK_SEGMENT_END_SIZE];
    struct smk_chunk chunk = {.kind = SMK_CHUNK_END,
                              .count = 1,
                              .first = append->end.first,
                              .last = append->end.last,
                              .stored_size = sizeof(payload),
                              .plain_size = sizeof(payload)};
    if (append->end.bytes)
        append->end.bytes = append->written - append->segment + SMK_CHUNK_HEADER + sizeof(payload);
    if (append->end.chunks)
        append->end.chunks = append->chunks + 1;
    if (chunk.first > chunk.last)
        chunk.first = chunk.last = 0;
    smk_segment_end_pack(&append->end, payload);
    return put_chunk(append, &chunk, payload);
}

int smk_append_end(struct smk_append *append)
{
    int result = put_symbols(append);
    if (result < 0 || !append->sealed)
        return result;
    uint64_t offset = append->tail, index_at = append->written - append->segment;
    bool had_index = false;
    while ((result = copy_index(append, &offset)) == 0)
        had_index = true;
    if (result < 0)
        return result;
    if (append->end.index_offset)
        append->end.index_offset = index_at;
    result = 0;
    if (had_index && append->index_count) {
        struct smk_chunk chunk = {.kind = SMK_CHUNK_INDEX, .count = append->index_count};
        result = put_payload(append, &chunk, append->index, append->index_used);
    }
    return result < 0 ? result : put_end(append);
}

void smk_append_free(struct smk_append *append)
{
    smk_input_close(&append->input);
    smk_mem_free(append->mem, append->buffer, BUFFER);
    smk_mem_free(append->mem, append->payload, SMK_CHUNK_PLAIN_MAX);
    smk_mem_free(append->mem, append->index, append->index_capacity);
}
