/* decode.h: the columns of an EVENTS chunk as arrays, checked as a whole: either all of its events can
 * be taken, or the chunk is damaged. What it takes is bounded by the payload: each value is at least a
 * byte there and eight here.
 */
#ifndef SMK_READ_DECODE_H
#define SMK_READ_DECODE_H

#include "format/events.h"
#include "read/load.h"

#define SMK_NO_KIND 0xffu

/* The events of one id in a chunk: a column for each argument. */
struct smk_event_kind {
    const struct smk_event_spec *spec;
    uint64_t *args[SMK_EVENT_ARGS]; /* of TEXT: offset << 32 | length, of the chunk's text */
    uint32_t rows;
    uint32_t next; /* row of the next event of this kind, while they are taken in recorded order */
    uint8_t ticks; /* bit i: argument i is a length of time */
    bool wanted;   /* for whoever reads the events */
};

struct smk_events {
    uint32_t count;
    uint32_t unknown; /* events of ids that this version does not know; kind SMK_NO_KIND */
    uint32_t kind_count;
    bool texts_lost;  /* an unknown event may have had texts, so that no text can be found */
    uint8_t kind_of[SMK_EV_LIMIT]; /* place in `kinds` by event id */
    struct smk_event_kind *kinds;
    uint64_t *times; /* units */
    uint8_t *ids;
    const char *text;
    uint32_t text_len;
    /* Events by time where they were not recorded in that order, and the row of each; else NULL. */
    uint32_t *order, *row;
    void *block;
    size_t block_bytes;
};

/* NULL, or what is wrong; "" when there is no memory. */
const char *smk_events_decode(struct smk_events *events, struct smk_mem *mem,
                              const struct smk_payload *payload);
void smk_events_free(struct smk_events *events, struct smk_mem *mem);

/* False when there is no memory: order and row are there after it. */
bool smk_events_sort(struct smk_events *events, struct smk_mem *mem);

#endif
