/* encode.h: turns records of the buffer into the columns of an EVENTS payload (format/chunk.h).
 *
 * Columns, because neighbours in a column resemble each other: the site of a region beside the site of
 * the next one, the low byte of a time beside another low byte. zstd then has something to find. One
 * encoder serves all captures, one chunk after the other. The writer's.
 */
#ifndef SMK_CORE_ENCODE_H
#define SMK_CORE_ENCODE_H

#include "base/compiler.h"
#include "core/refs.h"
#include "format/chunk.h"

#define SMK_ENCODE_EVENTS_MAX 16384u

struct smk_column {
    uint8_t *data; /* mapped when the column is first used */
    uint32_t used;
    uint64_t last; /* of delta columns */
};

struct smk_encoder {
    struct smk_column columns[SMK_COLUMN_LIMIT];
    uint16_t active[SMK_COLUMN_LIMIT]; /* keys in use, in order of their first use */
    uint32_t active_count;
    uint32_t events;
    uint32_t bytes;
    uint64_t first, last, first_event, previous; /* units */
    uint64_t epoch; /* ticks */
    unsigned shift;
    uint8_t *plain; /* SMK_CHUNK_PLAIN_MAX */
    struct smk_column spare;
    bool broken; /* there was no memory for a column: the chunk must not be written */
};

/* 0 or SMK_E_NOMEM. */
int smk_encoder_init(struct smk_encoder *encoder, uint64_t epoch, unsigned shift);

/* Adds one record. False, and nothing is added, when the chunk is full or `refs` is: finish it, write
 * the tables and the chunk, and add it again. */
bool smk_encoder_add(struct smk_encoder *encoder, const uint64_t *record, struct smk_refs *refs);

/* The payload of what was added, in encoder->plain; returns its length and empties the encoder's
 * columns. events, first and last stay until smk_encoder_reset. */
uint32_t smk_encoder_finish(struct smk_encoder *encoder);
void smk_encoder_reset(struct smk_encoder *encoder);
/* Forgets what was added and is not finished. */
void smk_encoder_discard(struct smk_encoder *encoder);

SMK_INLINE uint64_t smk_encoder_time(const struct smk_encoder *encoder, uint64_t tick)
{
    return tick > encoder->epoch ? (tick - encoder->epoch) >> encoder->shift : 0;
}

#endif
