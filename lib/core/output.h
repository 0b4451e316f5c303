/* output.h: the bytes of one capture: chunks with their headers, gathered and handed to the sink;
 * segments with their index and their end. The writer's.
 */
#ifndef SMK_CORE_OUTPUT_H
#define SMK_CORE_OUTPUT_H

#include "base/compiler.h"
#include "core/compress.h"
#include "core/sink.h"
#include "format/chunk.h"
#include "format/tables.h"

#define SMK_OUTPUT_GATHER (256u * 1024) /* handed to the sink when there is as much */
#define SMK_INDEX_BLOCK   (128u * 1024)
#define SMK_INDEX_BLOCKS  64 /* then the index is left out, and a reader scans */

struct smk_index_block {
    uint8_t *data;
    uint32_t used, count;
    uint64_t offset, first; /* of its last entry */
};

struct smk_output {
    const struct smk_sink *sink;
    void *sink_arg;
    struct smk_compressor *compressor;
    uint64_t process, capture;
    uint8_t *gathered; /* SMK_OUTPUT_GATHER and one chunk more */
    uint32_t gathered_len;
    uint64_t limit; /* bytes of the capture that EVENTS chunks leave room below; 0: none */
    int error; /* -errno of the sink; nothing is written after it */
    bool open; /* a segment is */

    /* the capture */
    uint32_t sequence;
    uint64_t bytes, events;

    /* the segment */
    struct smk_segment_end segment;
    /* What the sink has taken of all these: after an error the rest is not in the file. */
    struct {
        uint64_t bytes, events;
        uint32_t sequence;
        struct smk_segment_end segment;
    } taken;
    struct smk_index_block index[SMK_INDEX_BLOCKS];
    uint32_t index_used;
    bool index_full;
};

struct smk_output_chunk {
    enum smk_chunk_kind kind;
    uint32_t count, tid, thread;
    uint64_t first, last;
    const void *payload;
    uint32_t len;
};

int smk_output_init(struct smk_output *output, const struct smk_sink *sink, void *sink_arg,
                    struct smk_compressor *compressor);
void smk_output_free(struct smk_output *output);

/* Errors stay in output->error; the calls after one do nothing. */
void smk_output_begin_segment(struct smk_output *output);
/* False: it is refused. What was accepted before an error and never taken by the sink is counted by
 * smk_output_untaken. */
bool smk_output_put(struct smk_output *output, const struct smk_output_chunk *chunk);
void smk_output_flush(struct smk_output *output);
/* Index and END. */
void smk_output_end_segment(struct smk_output *output, enum smk_reason reason, uint64_t lost);
/* After an error: events that were accepted and are not in the file; from then on they are not in
 * output->events. */
uint64_t smk_output_untaken(struct smk_output *output);
/* After an error: the sink is closed as it is, once more with an END if that fits now. */
void smk_output_give_up(struct smk_output *output, enum smk_reason reason, uint64_t lost);

/* Bytes that ending the segment now would still need, at most. */
uint64_t smk_output_tail(const struct smk_output *output);

#endif
