/* scan.c: finds the chunks of a file by their headers.
 *
 * From header to header, which costs a small read for each chunk; the index is not needed for it. Where
 * a header is expected and none is, the next good one is searched, first within the chunk before: its
 * payload may have been cut. Each byte is searched about once, whatever the file looks like.
 */
#define _GNU_SOURCE
#include <string.h>

#include "base/errors.h"
#include "read/trace.h"

#define NONE      UINT64_MAX
#define SEARCH    (UINT64_C(16) << 20) /* how far in a file its first chunk is looked for */
#define HEAD_BYTES SMK_CHUNK_HEADER

struct scan {
    struct smk_trace *trace;
    const struct smk_input *input;
    struct smk_window window;
    uint32_t file;
    uint32_t unknown; /* chunks of kinds that this version does not know */
    uint8_t unknown_kind;
    uint64_t unknown_at;
};

/* ---- searching ------------------------------------------------------------------------------------------ */

/* The offset of the first good header in [from, to), NONE where there is none; *rc < 0: cannot be read. */
static uint64_t search(struct scan *scan, uint64_t from, uint64_t to, int *rc)
{
    static const uint8_t magic[4] = {'S', 'M', 'K', 0x89};
    uint64_t size = scan->input->size;
    while (from < to && size - from >= HEAD_BYTES) {
        uint32_t have;
        struct smk_chunk chunk;
        const char *why;
        const uint8_t *p = smk_window_at(&scan->window, from, HEAD_BYTES, &have);
        if (!p) {
            *rc = SMK_E_IO;
            return NONE;
        }
        const uint8_t *hit = memmem(p, have, magic, sizeof magic);
        if (!hit) { /* the last three bytes may begin one */
            from += have - 3;
            continue;
        }
        from += (uint64_t)(hit - p);
        if (from >= to || size - from < HEAD_BYTES)
            break;
        p = smk_window_at(&scan->window, from, HEAD_BYTES, &have);
        if (!p) {
            *rc = SMK_E_IO;
            return NONE;
        }
        if (smk_chunk_unpack(&chunk, p, &why) == 0)
            return from;
        from += sizeof magic;
    }
    return NONE;
}

/* ---- chunks --------------------------------------------------------------------------------------------- */

static int add_chunk(struct scan *scan, const struct smk_chunk *chunk, uint64_t offset)
{
    struct smk_trace *trace = scan->trace;
    uint16_t process;
    int rc = smk_process_of(trace, chunk, scan->file, offset, &process);
    if (rc < 0)
        return rc;
    if (chunk->version > trace->version)
        trace->version = chunk->version;
    if (!smk_chunk_kind_name(chunk->kind) && scan->unknown++ == 0) {
        scan->unknown_kind = chunk->kind;
        scan->unknown_at = offset;
    }
    if (!smk_mem_grow(&trace->mem, &trace->chunks, &trace->chunk_capacity,
                      (size_t)trace->chunk_count + 1))
        return smk_trace_no_memory(trace);
    trace->chunks[trace->chunk_count++] = (struct smk_chunk_ref){.offset = offset,
                                                                 .first = chunk->first,
                                                                 .last = chunk->last,
                                                                 .file = scan->file,
                                                                 .sequence = chunk->sequence,
                                                                 .thread = chunk->thread,
                                                                 .tid = chunk->tid,
                                                                 .count = chunk->count,
                                                                 .stored = chunk->stored_size,
                                                                 .crc = chunk->payload_crc,
                                                                 .process = process,
                                                                 .kind = chunk->kind};
    return 0;
}

/* ---- what is no chunk ----------------------------------------------------------------------------------- */

/* Nothing in the file is a chunk: says what it may be. */
static int not_a_trace(struct scan *scan, const uint8_t *start)
{
    const char *name = scan->input->name;
    if (scan->input->size == 0)
        return smk_fail(SMK_E_FORMAT, "%s: is empty: nothing of a trace was written to it", name);
    if (start && memcmp(start, "\x89KMS", 4) == 0)
        return smk_fail(SMK_E_FORMAT, "%s: offset 0: written in the other byte order", name);
    if (start && memcmp(start, "SMK\x89", 4) == 0)
        return smk_fail(SMK_E_FORMAT, "%s: offset 0: begins like a trace, but has no whole chunk", name);
    return smk_fail(SMK_E_FORMAT, "%s: offset 0: not a stallmark trace", name);
}

/* No header at `offset`, for this reason. The offset of the next chunk; NONE: there is no other. `before`
 * is the chunk that ended here, which loses its place if the next begins within it. */
static uint64_t resync(struct scan *scan, uint64_t offset, uint64_t before, const char *why, int *rc)
{
    struct smk_trace *trace = scan->trace;
    const char *name = scan->input->name;
    uint64_t from = before == NONE ? offset : before + HEAD_BYTES;
    uint64_t to = before == NONE ? smk_min_u64(scan->input->size, SEARCH) : scan->input->size;
    uint64_t next = search(scan, from, to, rc);
    if (*rc < 0)
        return NONE;
    if (next == NONE && (before == NONE || offset > scan->input->size)) {
        if (before != NONE) /* its payload goes on behind the end of the file */
            smk_trace_problem_add(trace,
                                  "%s: cut at offset %llu, within the chunk at offset %llu", name,
                                  (unsigned long long)scan->input->size, (unsigned long long)before);
        return NONE;
    }
    if (next != NONE && next < offset && before != NONE) {
        smk_trace_problem_add(trace, "%s: the chunk at offset %llu is cut: another begins at %llu", name,
                              (unsigned long long)before, (unsigned long long)next);
        return next;
    }
    uint64_t end = next == NONE ? scan->input->size : next;
    smk_trace_problem_add(trace, "%s: %llu bytes at offset %llu are no chunk: %s", name,
                          (unsigned long long)(end - offset), (unsigned long long)offset, why);
    return next;
}

/* ---- the scan ------------------------------------------------------------------------------------------- */

/* Takes the chunk at `*offset` and goes on behind it, or to wherever the next one is. */
static int step(struct scan *scan, uint64_t *offset, uint64_t *before)
{
    struct smk_trace *trace = scan->trace;
    struct smk_chunk chunk;
    const char *why = "shorter than a header";
    uint64_t size = scan->input->size;
    uint32_t have;
    int rc = SMK_E_FORMAT;
    if (*offset <= size && size - *offset >= HEAD_BYTES) {
        const uint8_t *p = smk_window_at(&scan->window, *offset, HEAD_BYTES, &have);
        if (!p)
            return SMK_E_IO;
        rc = smk_chunk_unpack(&chunk, p, &why);
    }
    if (rc == SMK_E_VERSION)
        return smk_fail(SMK_E_VERSION, "%s: offset %llu: %s (%u.%u; this one knows 0.x)",
                        scan->input->name, (unsigned long long)*offset, why, chunk.version >> 8,
                        chunk.version & 0xffu);
    if (rc == 0) {
        rc = add_chunk(scan, &chunk, *offset);
        *before = *offset;
        *offset += HEAD_BYTES + chunk.stored_size;
        return rc;
    }
    rc = 0;
    uint64_t next = resync(scan, *offset, *before, why, &rc);
    bool drop = *before != NONE && (*offset > size || (next != NONE && next < *offset));
    if (drop)
        smk_process_drop(trace, &trace->chunks[--trace->chunk_count]);
    *offset = next == NONE ? size : next;
    *before = NONE;
    return rc;
}

int smk_scan(struct smk_trace *trace, uint32_t file)
{
    struct scan scan = {.trace = trace, .input = &trace->inputs[file], .file = file};
    uint32_t chunks_before = trace->chunk_count;
    uint64_t offset = 0, before = NONE;
    int rc = 0;
    scan.window = (struct smk_window){
        .input = scan.input, .data = smk_mem_resize(&trace->mem, NULL, 0, SMK_INPUT_WINDOW)};
    if (!scan.window.data)
        return smk_trace_no_memory(trace);
    /* A chunk that ends behind the file's end has to be looked at once more. */
    while (rc == 0 && offset != scan.input->size)
        rc = step(&scan, &offset, &before);
    if (rc == 0 && trace->chunk_count == chunks_before) {
        uint8_t start[4];
        bool there = scan.input->size >= sizeof start &&
                     smk_input_read(scan.input, 0, start, sizeof start) == 0;
        rc = not_a_trace(&scan, there ? start : NULL);
    }
    if (rc == 0 && scan.unknown)
        smk_trace_problem_add(trace,
                              "%s: %u chunks of kinds that this version does not know, the first (%u) at "
                              "offset %llu",
                              scan.input->name, scan.unknown, scan.unknown_kind,
                              (unsigned long long)scan.unknown_at);
    smk_mem_free(&trace->mem, scan.window.data, SMK_INPUT_WINDOW);
    return rc;
}
