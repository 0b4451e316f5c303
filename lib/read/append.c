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

/* ---- the file that is there ------------------------------------------------------------------------------ */

/* The stream of a chunk; NULL when there is no memory, or two streams have one key, which somebody made so. */
static struct smk_append_stream *stream_of(struct smk_append *append, const struct smk_chunk *chunk)
{
    uint64_t key = smk_hash_word(chunk->process) ^ chunk->capture;
    uint32_t place = smk_idmap_get(&append->by_id, key);
    if (place != SMK_IDMAP_NONE) {
        struct smk_append_stream *stream = &append->streams[place];
        bool same = stream->last.process == chunk->process && stream->last.capture == chunk->capture;
        return same ? stream : NULL;
    }
    place = append->stream_count;
    if (!smk_mem_grow(append->mem, &append->streams, &append->stream_capacity, place + 1u) ||
        !smk_idmap_put(&append->by_id, append->mem, key, place))
        return NULL;
    append->streams[place] = (struct smk_append_stream){.last = *chunk};
    append->streams[place].last.kind = 0; /* none yet */
    append->stream_count++;
    return &append->streams[place];
}

static void note_chunk(struct smk_append_stream *stream, const struct smk_chunk *chunk)
{
    bool run = stream->last.kind == SMK_CHUNK_INDEX;
    uint64_t bytes = SMK_CHUNK_HEADER + (uint64_t)chunk->stored_size;
    if (chunk->kind == SMK_CHUNK_SEGMENT) {
        stream->segment_chunks = 0;
        stream->all_bytes = 0;
    }
    bool begins_tail = (chunk->kind == SMK_CHUNK_INDEX || chunk->kind == SMK_CHUNK_END) && !run;
    if (begins_tail) {
        stream->tail = chunk->sequence;
        stream->segment_bytes = stream->all_bytes;
    }
    if (chunk->kind == SMK_CHUNK_END)
        stream->indexed = run;
    else if (chunk->kind != SMK_CHUNK_INDEX)
        stream->segment_chunks++;
    stream->all_bytes += bytes;
    stream->last = *chunk;
}

static int take_end(struct smk_append *append, struct smk_append_stream *stream, uint64_t offset)
{
    uint8_t payload[SMK_SEGMENT_END_SIZE];
    if (stream->last.stored_size != sizeof(payload))
        return smk_fail(SMK_E_FORMAT, "%s: an END is damaged; `stallmark check` says more", append->input.name);
    int result = smk_input_read(&append->input, offset + SMK_CHUNK_HEADER, payload, sizeof(payload));
    if (result == 0)
        smk_segment_end_unpack(&stream->end, payload);
    stream->sealed = result == 0 && (stream->end.flags & SMK_SEGMENT_LAST);
    return result;
}

/* From header to header, up to the first place where none is. */
struct walk {
    struct smk_window window;
    uint64_t offset;
    uint32_t chunks;
};

/* 1: a chunk; 0: none is there. */
static int walk_next(struct smk_append *append, struct walk *walk, struct smk_chunk *chunk)
{
    uint32_t have;
    const char *why;
    uint64_t left = append->input.size - walk->offset;
    if (left < SMK_CHUNK_HEADER)
        return 0;
    const uint8_t *p = smk_window_at(&walk->window, walk->offset, SMK_CHUNK_HEADER, &have);
    if (!p)
        return SMK_E_IO;
    if (smk_chunk_unpack(chunk, p, &why) < 0 || chunk->stored_size > left - SMK_CHUNK_HEADER)
        return 0;
    walk->offset += SMK_CHUNK_HEADER + chunk->stored_size;
    walk->chunks++;
    return 1;
}

static int look_at_chunk(struct smk_append *append, const struct smk_chunk *chunk, uint64_t offset)
{
    const char *name = append->input.name;
    struct smk_append_stream *stream = stream_of(append, chunk);
    if (!stream)
        return append->mem->failure ? smk_mem_failed(append->mem)
                                    : smk_fail(SMK_E_FORMAT, "%s: processes that cannot be told apart", name);
    if (stream->last.kind && chunk->sequence <= stream->last.sequence)
        return smk_fail(SMK_E_INVALID, "%s: its segments are not in their order; join them in their order", name);
    note_chunk(stream, chunk);
    stream->sealed = false;
    return chunk->kind == SMK_CHUNK_END ? take_end(append, stream, offset) : 0;
}

static int check_streams(const struct smk_append *append)
{
    for (uint32_t i = 0; i < append->stream_count; i++)
        if (append->streams[i].last.kind == SMK_CHUNK_END && !append->streams[i].sealed)
            return smk_fail(SMK_E_INVALID,
                            "%s: a part of a capture that goes on in another file; join them first (`cat` in their "
                            "order)",
                            append->input.name);
    return 0;
}

static int look_at(struct smk_append *append, const smk_trace *trace)
{
    const smk_trace_info *info = smk_trace_get_info(trace);
    struct walk walk = {.window = {.input = &append->input,
                                   .data = smk_mem_resize(append->mem, NULL, 0, SMK_INPUT_WINDOW)}};
    struct smk_chunk chunk;
    int result = walk.window.data ? 1 : smk_mem_failed(append->mem);
    while (result == 1) {
        uint64_t offset = walk.offset;
        result = walk_next(append, &walk, &chunk);
        int looked = result == 1 ? look_at_chunk(append, &chunk, offset) : 0;
        result = looked < 0 ? looked : result;
    }
    smk_mem_free(append->mem, walk.window.data, SMK_INPUT_WINDOW);
    append->whole = walk.offset;
    if (result < 0)
        return result;
    if (walk.chunks == 0 || walk.chunks != info->chunks || append->stream_count != info->processes)
        return smk_fail(SMK_E_FORMAT, "%s: damaged before its end, nothing is added to it; `stallmark check` says more",
                        append->input.name);
    if (walk.offset != append->input.size && info->to_end)
        return smk_fail(SMK_E_FORMAT, "%s: there are bytes behind its END, nothing is added to it", append->input.name);
    return check_streams(append);
}

int smk_append_begin(struct smk_append *append, struct smk_mem *mem, const char *path, const smk_trace *trace)
{
    *append = (struct smk_append){.mem = mem, .out = -1, .input = {.fd = -1}};
    append->buffer = smk_mem_resize(mem, NULL, 0, BUFFER);
    if (!append->buffer)
        return smk_mem_failed(mem);
    int result = smk_input_open(&append->input, path, -1, path);
    return result < 0 ? result : look_at(append, trace);
}

/* ---- symbols -------------------------------------------------------------------------------------------- */

static void put_number(struct smk_append_stream *stream, uint64_t value)
{
    stream->used = (uint32_t)(smk_varint_put(stream->entries + stream->used, value) - stream->entries);
}

static uint32_t text_len(const char *text) { return (uint32_t)strnlen(text, TEXT_MAX); }

static void put_text(struct smk_append_stream *stream, const char *text)
{
    uint32_t len = text_len(text);
    put_number(stream, len);
    memcpy(stream->entries + stream->used, text, len);
    stream->used += len;
}

/* Room for an entry of at most `need` bytes, in a chunk that is not full. */
static bool make_room(struct smk_append *append, struct smk_append_stream *stream, uint32_t need)
{
    struct smk_append_cut *cut = stream->cut_count ? &stream->cuts[stream->cut_count - 1] : NULL;
    if (!smk_mem_grow(append->mem, &stream->entries, &stream->capacity, (size_t)stream->used + need))
        return false;
    if (cut && stream->used - cut->begin + need <= SMK_CHUNK_PLAIN_MAX)
        return true;
    if (!smk_mem_grow(append->mem, &stream->cuts, &stream->cut_capacity, stream->cut_count + 1u))
        return false;
    stream->cuts[stream->cut_count++] = (struct smk_append_cut){.begin = stream->used};
    return true;
}

int smk_append_symbol(struct smk_append *append, const smk_symbol_info *symbol)
{
    uint64_t need = ENTRY_HEAD;
    for (uint32_t i = 0; i < symbol->frame_count; i++)
        need += 3 * SMK_VARINT_MAX + text_len(symbol->frames[i].function) + text_len(symbol->frames[i].file);
    if (symbol->process >= append->stream_count || need > SMK_CHUNK_PLAIN_MAX)
        return smk_fail(SMK_E_INVALID, "a symbol of a process that is not there, or of too many frames");
    struct smk_append_stream *stream = &append->streams[symbol->process];
    if (stream->used > UINT32_MAX / 2)
        return smk_fail(SMK_E_LIMIT, "the symbols of one process take more than 2 GiB");
    if (!make_room(append, stream, (uint32_t)need))
        return smk_mem_failed(append->mem);
    put_number(stream, symbol->data);
    put_number(stream, symbol->module);
    put_number(stream, symbol->address);
    put_number(stream, symbol->address - symbol->start);
    put_number(stream, symbol->size);
    put_number(stream, symbol->frame_count);
    for (uint32_t i = 0; i < symbol->frame_count; i++) {
        put_text(stream, symbol->frames[i].function);
        put_text(stream, symbol->frames[i].file);
        put_number(stream, symbol->frames[i].line);
    }
    stream->cuts[stream->cut_count - 1].count++;
    return 0;
}

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
    }
    return 0;
}

/* Header and payload, as stored; the header is completed. */
static int put_chunk(struct smk_append *append, struct smk_append_stream *stream, struct smk_chunk *chunk,
                     const uint8_t *stored)
{
    uint8_t header[SMK_CHUNK_HEADER];
    chunk->version = SMK_FORMAT_VERSION;
    chunk->process = stream->last.process;
    chunk->capture = stream->last.capture;
    chunk->sequence = stream->sequence++;
    chunk->payload_crc = smk_crc32c(0, stored, chunk->stored_size);
    smk_chunk_pack(chunk, header);
    stream->segment_chunks++;
    stream->segment_bytes += SMK_CHUNK_HEADER + chunk->stored_size;
    int result = put_bytes(append, header, sizeof(header));
    return result < 0 ? result : put_bytes(append, stored, chunk->stored_size);
}

/* The same of a payload that is compressed if that makes it shorter. */
static int put_payload(struct smk_append *append, struct smk_append_stream *stream, struct smk_chunk *chunk,
                       const uint8_t *plain, uint32_t len)
{
    const uint8_t *stored = plain;
    size_t n = ZSTD_compress(append->buffer, BUFFER, plain, len, LEVEL);
    chunk->plain_size = chunk->stored_size = len;
    if (!ZSTD_isError(n) && n < len) {
        chunk->stored_size = (uint32_t)n;
        chunk->flags = SMK_CHUNK_ZSTD;
        stored = append->buffer;
    }
    return put_chunk(append, stream, chunk, stored);
}

/* Where the chunk that is about to be written will be, for the INDEX. */
static bool note_in_index(struct smk_append *append, struct smk_append_stream *stream, uint32_t count)
{
    if (!smk_mem_grow(append->mem, &stream->index, &stream->index_capacity, stream->index_used + INDEX_ENTRY))
        return false;
    uint8_t *p = stream->index + stream->index_used;
    p = smk_varint_put(p, smk_zigzag((int64_t)(stream->segment_bytes - stream->index_last)));
    p = smk_varint_put(p, SMK_CHUNK_SYMBOLS);
    p = smk_varint_put(p, 0); /* of no thread, at no time */
    p = smk_varint_put(p, 0);
    p = smk_varint_put(p, 0);
    p = smk_varint_put(p, count);
    stream->index_used = (uint32_t)(p - stream->index);
    stream->index_last = stream->segment_bytes;
    return true;
}

static int put_symbols(struct smk_append *append, struct smk_append_stream *stream)
{
    int result = 0;
    for (uint32_t i = 0; i < stream->cut_count && result == 0; i++) {
        const struct smk_append_cut *cut = &stream->cuts[i];
        uint32_t end = i + 1 < stream->cut_count ? stream->cuts[i + 1].begin : stream->used;
        struct smk_chunk chunk = {.kind = SMK_CHUNK_SYMBOLS, .count = cut->count};
        if (!note_in_index(append, stream, cut->count))
            return smk_mem_failed(append->mem);
        result = put_payload(append, stream, &chunk, stream->entries + cut->begin, end - cut->begin);
    }
    return result;
}

static int begin_tail(struct smk_append *append, struct smk_append_stream *stream)
{
    stream->in_tail = true;
    stream->sequence = stream->tail;
    int result = put_symbols(append, stream);
    if (stream->end.index_offset)
        stream->end.index_offset = stream->segment_bytes;
    return result;
}

static int put_end(struct smk_append *append, struct smk_append_stream *stream, struct smk_chunk *chunk)
{
    uint8_t payload[SMK_SEGMENT_END_SIZE];
    int result = 0;
    if (stream->indexed) {
        struct smk_chunk index = {.kind = SMK_CHUNK_INDEX, .count = stream->cut_count};
        result = put_payload(append, stream, &index, stream->index, stream->index_used);
    }
    if (stream->end.bytes)
        stream->end.bytes = stream->segment_bytes + SMK_CHUNK_HEADER + sizeof(payload);
    if (stream->end.chunks)
        stream->end.chunks = stream->segment_chunks + 1;
    smk_segment_end_pack(&stream->end, payload);
    return result < 0 ? result : put_chunk(append, stream, chunk, payload);
}

/* A chunk of a tail that is written again. */
static int put_tail(struct smk_append *append, struct smk_append_stream *stream, struct smk_chunk *chunk,
                    uint64_t offset)
{
    int result = stream->in_tail ? 0 : begin_tail(append, stream);
    if (result == 0 && chunk->kind == SMK_CHUNK_END)
        return put_end(append, stream, chunk);
    if (result == 0)
        result = smk_input_read(&append->input, offset + SMK_CHUNK_HEADER, append->buffer, chunk->stored_size);
    return result < 0 ? result : put_chunk(append, stream, chunk, append->buffer);
}

static int copy(struct smk_append *append, uint64_t from, uint64_t to)
{
    int result = 0;
    while (from < to && result == 0) {
        uint32_t len = (uint32_t)smk_min_u64(BUFFER, to - from);
        result = smk_input_read(&append->input, from, append->buffer, len);
        if (result == 0)
            result = put_bytes(append, append->buffer, len);
        from += len;
    }
    return result;
}

static int write_chunks(struct smk_append *append, struct walk *walk)
{
    struct smk_chunk chunk;
    uint64_t copied = 0; /* up to here all is in the copy */
    int result = 0;
    while (walk->offset < append->whole && result == 0) {
        uint64_t offset = walk->offset;
        result = walk_next(append, walk, &chunk);
        struct smk_append_stream *stream = result == 1 ? stream_of(append, &chunk) : NULL;
        if (!stream)
            return result < 0 ? result
                              : smk_fail(SMK_E_FORMAT, "%s: changed while it was read", append->input.name);
        result = 0;
        if (!stream->sealed || !stream->cut_count || chunk.sequence < stream->tail)
            continue;
        result = copy(append, copied, offset);
        copied = walk->offset;
        if (result == 0)
            result = put_tail(append, stream, &chunk, offset);
    }
    return result < 0 ? result : copy(append, copied, append->whole);
}

int smk_append_write(struct smk_append *append, int out)
{
    struct walk walk = {.window = {.input = &append->input,
                                   .data = smk_mem_resize(append->mem, NULL, 0, SMK_INPUT_WINDOW)}};
    append->out = out;
    int result = walk.window.data ? write_chunks(append, &walk) : smk_mem_failed(append->mem);
    for (uint32_t i = 0; i < append->stream_count && result == 0; i++) {
        struct smk_append_stream *stream = &append->streams[i];
        if (stream->sealed)
            continue;
        stream->sequence = stream->last.sequence + 1;
        result = put_symbols(append, stream);
    }
    smk_mem_free(append->mem, walk.window.data, SMK_INPUT_WINDOW);
    return result;
}

void smk_append_free(struct smk_append *append)
{
    struct smk_mem *mem = append->mem;
    for (uint32_t i = 0; i < append->stream_count; i++) {
        struct smk_append_stream *stream = &append->streams[i];
        smk_mem_free(mem, stream->entries, stream->capacity);
        smk_mem_free(mem, stream->cuts, stream->cut_capacity * sizeof(*stream->cuts));
        smk_mem_free(mem, stream->index, stream->index_capacity);
    }
    smk_mem_free(mem, append->streams, append->stream_capacity * sizeof(*append->streams));
    smk_idmap_free(&append->by_id, mem);
    smk_input_close(&append->input);
    smk_mem_free(mem, append->buffer, BUFFER);
}
