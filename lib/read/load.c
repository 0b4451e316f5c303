#define ZSTD_STATIC_LINKING_ONLY /* for memory of our own, and to look at a frame's header */
#include "read/load.h"

#include <zstd.h>

#include "base/crc32c.h"
#include "base/errors.h"
#include "read/trace.h"

#define STORED_ROOM (SMK_CHUNK_HEADER + SMK_CHUNK_STORED_MAX)
#define WINDOW_MAX  (1u << 23)
#define RATIO_FREE  8192u

bool smk_loader_init(struct smk_loader *loader, struct smk_mem *mem)
{
    loader->workspace_size = smk_align_up(ZSTD_estimateDCtxSize(), 16);
    loader->stored = smk_mem_resize(mem, NULL, 0, STORED_ROOM);
    loader->plain = smk_mem_resize(mem, NULL, 0, SMK_CHUNK_PLAIN_MAX);
    loader->workspace = smk_mem_resize(mem, NULL, 0, loader->workspace_size);
    if (loader->workspace)
        loader->context = ZSTD_initStaticDCtx(loader->workspace, loader->workspace_size);
    return loader->stored && loader->plain && loader->context;
}

void smk_loader_free(struct smk_loader *loader, struct smk_mem *mem)
{
    smk_mem_free(mem, loader->stored, STORED_ROOM);
    smk_mem_free(mem, loader->plain, SMK_CHUNK_PLAIN_MAX);
    smk_mem_free(mem, loader->workspace, loader->workspace_size);
    *loader = (struct smk_loader){0};
}

/* ---- one frame ------------------------------------------------------------------------------------------ */

static const char *frame_error(const uint8_t *frame, uint32_t len, uint32_t plain_size)
{
    ZSTD_frameHeader header;
    if (ZSTD_getFrameHeader(&header, frame, len) != 0)
        return "its payload is no zstd frame";
    if (header.frameType != ZSTD_frame)
        return "its payload is a skippable zstd frame";
    if (header.frameContentSize != plain_size)
        return "its zstd frame and its header state different sizes";
    if (header.windowSize > WINDOW_MAX)
        return "its zstd frame wants a window of over 8 MiB";
    if (header.dictID != 0)
        return "its zstd frame wants a dictionary";
    if (ZSTD_findFrameCompressedSize(frame, len) != len)
        return "its payload is not exactly one zstd frame";
    return NULL;
}

static const char *decompress(struct smk_loader *loader, const uint8_t *frame, uint32_t len,
                              uint32_t plain_size)
{
    if (plain_size > RATIO_FREE && plain_size / SMK_RATIO_MAX > len)
        return "its payload would grow beyond the bound when decompressed";
    const char *why = frame_error(frame, len, plain_size);
    if (why)
        return why;
    size_t n = ZSTD_decompressDCtx(loader->context, loader->plain, plain_size, frame, len);
    return ZSTD_isError(n) || n != plain_size ? "its payload cannot be decompressed" : NULL;
}

/* ---- a chunk -------------------------------------------------------------------------------------------- */

static const char *take_payload(struct smk_loader *loader, const struct smk_chunk_ref *ref,
                                struct smk_payload *payload)
{
    const char *why;
    const uint8_t *stored = loader->stored + SMK_CHUNK_HEADER;
    if (smk_chunk_unpack(&payload->head, loader->stored, &why) < 0)
        return why;
    const struct smk_chunk *head = &payload->head;
    if (head->kind != ref->kind || head->stored_size != ref->stored || head->count != ref->count ||
        head->sequence != ref->sequence)
        return "it changed while it was read";
    if (head->flags & ~SMK_CHUNK_ZSTD)
        return "it has a flag that this version does not know";
    if (smk_crc32c(0, stored, head->stored_size) != head->payload_crc)
        return "the payload's checksum is wrong";
    payload->data = stored;
    payload->size = head->plain_size;
    if (!(head->flags & SMK_CHUNK_ZSTD))
        return NULL;
    payload->data = loader->plain;
    return decompress(loader, stored, head->stored_size, head->plain_size);
}

static void note_damage(struct smk_trace *trace, struct smk_chunk_ref *ref, const char *why)
{
    ref->damaged = true;
    trace->info.complete = false;
    trace->processes[ref->process].info.complete = false;
    smk_trace_problem_add(trace, "%s: the %s chunk at offset %llu is damaged: %s",
                          smk_ref_file(trace, ref), smk_chunk_kind_name(ref->kind),
                          (unsigned long long)ref->offset, why);
}

int smk_load(struct smk_trace *trace, struct smk_chunk_ref *ref, struct smk_payload *payload)
{
    struct smk_loader *loader = &trace->loader;
    const struct smk_input *input = &trace->inputs[ref->file];
    if (ref->damaged)
        return smk_fail(SMK_E_FORMAT, "%s: the chunk at offset %llu is damaged", input->name,
                        (unsigned long long)ref->offset);
    int rc = smk_input_read(input, ref->offset, loader->stored, SMK_CHUNK_HEADER + ref->stored);
    const char *why = rc < 0 ? smk_last_error() : take_payload(loader, ref, payload);
    if (!why)
        return 0;
    note_damage(trace, ref, why);
    return rc < 0 ? rc : SMK_E_FORMAT;
}

static void note_unknown(struct smk_trace *trace, const struct smk_chunk_ref *ref, uint32_t events)
{
    trace->unknown_events += events;
    if (trace->unknown_events == events)
        smk_trace_problem_add(trace,
                              "%s: events of kinds that this version does not know are passed over, the "
                              "first in the chunk at offset %llu",
                              smk_ref_file(trace, ref), (unsigned long long)ref->offset);
}

int smk_events_load(struct smk_trace *trace, struct smk_chunk_ref *ref, struct smk_events *events)
{
    struct smk_payload payload;
    int rc = smk_load(trace, ref, &payload);
    if (rc < 0)
        return rc;
    const char *why = smk_events_decode(events, &trace->mem, &payload);
    if (why && !why[0])
        return smk_trace_no_memory(trace);
    if (why) {
        note_damage(trace, ref, why);
        return SMK_E_FORMAT;
    }
    if (events->unknown)
        note_unknown(trace, ref, events->unknown);
    return 0;
}
