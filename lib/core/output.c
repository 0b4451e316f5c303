#include "core/output.h"

#include <errno.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/errors.h"
#include "base/sys.h"
#include "base/varint.h"
#include "stallmark/version.h"

#define GATHER_ROOM (SMK_OUTPUT_GATHER + SMK_CHUNK_HEADER + SMK_CHUNK_STORED_MAX)
#define TAIL_TABLES (64u * 1024) /* threads, names, facts at the end of a segment: usually 1 KiB */
#define INDEX_ENTRY (6 * SMK_VARINT_MAX)

int smk_output_init(struct smk_output *output, const struct smk_sink *sink, void *sink_arg,
                    struct smk_compressor *compressor)
{
    memset(output, 0, sizeof *output);
    output->sink = sink;
    output->sink_arg = sink_arg;
    output->compressor = compressor;
    output->gathered = smk_sys_map(GATHER_ROOM);
    if (output->gathered)
        return 0;
    output->error = -ENOMEM; /* nothing is put into what is not there */
    return smk_fail(SMK_E_NOMEM, "no memory to gather a capture's bytes");
}

static void clear_index(struct smk_output *output)
{
    for (uint32_t i = 0; i < output->index_used; i++)
        smk_sys_unmap(output->index[i].data, SMK_INDEX_BLOCK);
    memset(output->index, 0, sizeof output->index);
    output->index_used = 0;
    output->index_full = false;
}

void smk_output_free(struct smk_output *output)
{
    clear_index(output);
    if (output->gathered)
        smk_sys_unmap(output->gathered, GATHER_ROOM);
    memset(output, 0, sizeof *output);
}

/* ---- chunks --------------------------------------------------------------------------------------------- */

static void note_taken(struct smk_output *output)
{
    output->taken.bytes = output->bytes;
    output->taken.events = output->events;
    output->taken.sequence = output->sequence;
    output->taken.segment = output->segment;
}

void smk_output_flush(struct smk_output *output)
{
    if (output->gathered_len > 0 && !output->error) {
        output->error = output->sink->write(output->sink_arg, output->gathered, output->gathered_len);
        if (!output->error)
            note_taken(output);
    }
    output->gathered_len = 0;
}

uint64_t smk_output_untaken(struct smk_output *output)
{
    uint64_t events = output->events - output->taken.events;
    output->bytes = output->taken.bytes;
    output->events = output->taken.events;
    output->sequence = output->taken.sequence;
    output->segment = output->taken.segment;
    output->gathered_len = 0;
    return events;
}

static struct smk_index_block *index_block(struct smk_output *output)
{
    struct smk_index_block *block =
        output->index_used ? &output->index[output->index_used - 1] : NULL;
    if (block && block->used + INDEX_ENTRY <= SMK_INDEX_BLOCK)
        return block;
    uint8_t *data = output->index_used < SMK_INDEX_BLOCKS ? smk_sys_map(SMK_INDEX_BLOCK) : NULL;
    if (!data) {
        output->index_full = true;
        return NULL;
    }
    block = &output->index[output->index_used++];
    *block = (struct smk_index_block){.data = data};
    return block;
}

static void note_in_index(struct smk_output *output, const struct smk_output_chunk *chunk)
{
    struct smk_index_block *block = output->index_full ? NULL : index_block(output);
    if (!block)
        return;
    uint8_t *p = block->data + block->used;
    p = smk_varint_put(p, smk_zigzag((int64_t)(output->segment.bytes - block->offset)));
    p = smk_varint_put(p, chunk->kind);
    p = smk_varint_put(p, chunk->thread);
    p = smk_varint_put(p, smk_zigzag((int64_t)(chunk->first - block->first)));
    p = smk_varint_put(p, chunk->last - chunk->first);
    p = smk_varint_put(p, chunk->count);
    block->used = (uint32_t)(p - block->data);
    block->offset = output->segment.bytes;
    block->first = chunk->first;
    block->count++;
}

static void note_events(struct smk_output *output, const struct smk_output_chunk *chunk)
{
    if (chunk->kind != SMK_CHUNK_EVENTS)
        return;
    if (output->segment.events == 0 || chunk->first < output->segment.first)
        output->segment.first = chunk->first;
    output->segment.last = smk_max_u64(output->segment.last, chunk->last);
    output->segment.events += chunk->count;
    output->events += chunk->count;
}

bool smk_output_put(struct smk_output *output, const struct smk_output_chunk *chunk)
{
    if (output->error)
        return false;
    uint8_t *header = output->gathered + output->gathered_len;
    uint8_t *payload = header + SMK_CHUNK_HEADER;
    uint32_t packed = chunk->kind == SMK_CHUNK_END
                          ? 0
                          : smk_compress(output->compressor, payload, SMK_CHUNK_STORED_MAX,
                                         chunk->payload, chunk->len);
    uint32_t stored = packed ? packed : chunk->len;
    if (chunk->kind == SMK_CHUNK_EVENTS && output->limit &&
        output->bytes + stored + smk_output_tail(output) > output->limit)
        return false;
    if (!packed)
        memcpy(payload, chunk->payload, chunk->len);
    struct smk_chunk head = {.version = SMK_FORMAT_VERSION,
                             .kind = (uint8_t)chunk->kind,
                             .flags = packed ? SMK_CHUNK_ZSTD : 0,
                             .payload_crc = smk_crc32c(0, payload, stored),
                             .stored_size = stored,
                             .plain_size = chunk->len,
                             .count = chunk->count,
                             .sequence = output->sequence++,
                             .process = output->process,
                             .first = chunk->first,
                             .last = chunk->last,
                             .tid = chunk->tid,
                             .thread = chunk->thread,
                             .capture = output->capture};
    smk_chunk_pack(&head, header);
    if (chunk->kind != SMK_CHUNK_INDEX)
        note_in_index(output, chunk);
    note_events(output, chunk);
    output->gathered_len += SMK_CHUNK_HEADER + stored;
    output->segment.bytes += SMK_CHUNK_HEADER + stored;
    output->segment.chunks++;
    output->bytes += SMK_CHUNK_HEADER + stored;
    if (output->gathered_len >= SMK_OUTPUT_GATHER)
        smk_output_flush(output);
    return true;
}

/* ---- segments ------------------------------------------------------------------------------------------- */

void smk_output_begin_segment(struct smk_output *output)
{
    uint32_t number = output->segment.bytes ? output->segment.number + 1 : 0;
    clear_index(output);
    output->segment = (struct smk_segment_end){.number = number};
    if (output->error)
        return;
    output->error = output->sink->open(output->sink_arg, number);
    output->open = output->error == 0;
    if (output->open)
        output->taken.segment = output->segment;
}

static void put_index(struct smk_output *output)
{
    output->segment.index_offset = output->index_full ? 0 : output->segment.bytes;
    for (uint32_t i = 0; i < output->index_used && !output->index_full; i++) {
        const struct smk_index_block *block = &output->index[i];
        struct smk_output_chunk chunk = {.kind = SMK_CHUNK_INDEX,
                                         .count = block->count,
                                         .payload = block->data,
                                         .len = block->used};
        smk_output_put(output, &chunk);
    }
}

static void put_end(struct smk_output *output, enum smk_reason reason, uint64_t lost)
{
    uint8_t payload[SMK_SEGMENT_END_SIZE];
    struct smk_segment_end end = output->segment;
    if (end.bytes)
        end.bytes += SMK_CHUNK_HEADER + SMK_SEGMENT_END_SIZE;
    end.chunks += 1;
    end.lost = lost;
    end.reason = reason;
    end.flags = reason == SMK_REASON_RUNNING ? 0 : SMK_SEGMENT_LAST;
    smk_segment_end_pack(&end, payload);
    struct smk_output_chunk chunk = {.kind = SMK_CHUNK_END,
                                     .count = 1,
                                     .first = end.first,
                                     .last = end.last,
                                     .payload = payload,
                                     .len = sizeof payload};
    output->index_full = true; /* END is not in the index */
    smk_output_put(output, &chunk);
}

void smk_output_end_segment(struct smk_output *output, enum smk_reason reason, uint64_t lost)
{
    put_index(output);
    put_end(output, reason, lost);
    smk_output_flush(output);
    if (!output->open)
        return;
    int error = output->error ? 0 : output->sink->close(output->sink_arg, true);
    if (output->error)
        return;
    output->error = error;
    output->open = false;
}

/* The sink has cut its file back to what it had taken, as well as it can: a descriptor of somebody else's
 * may hold a part of a chunk. So END says 0 bytes, and a reader scans. */
void smk_output_give_up(struct smk_output *output, enum smk_reason reason, uint64_t lost)
{
    if (!output->open)
        return;
    output->error = 0;
    clear_index(output);
    output->segment.bytes = 0;
    put_end(output, reason, lost);
    smk_output_flush(output);
    output->sink->close(output->sink_arg, false);
    output->open = false;
}

uint64_t smk_output_tail(const struct smk_output *output)
{
    uint64_t tail = TAIL_TABLES + SMK_CHUNK_HEADER + SMK_SEGMENT_END_SIZE;
    for (uint32_t i = 0; i < output->index_used; i++)
        tail += SMK_CHUNK_HEADER + output->index[i].used;
    return tail;
}
