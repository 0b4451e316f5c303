/* append.h: a copy of a trace file with symbols added to it.
 *
 *   what was there                          the copy
 *   … chunks | INDEX … | END                … chunks | SYMBOLS … | INDEX … | INDEX | END
 *   … chunks | half a chunk                 … chunks | SYMBOLS …
 *
 * Each byte before the last segment's INDEX stays as it was. Its INDEX chunks and END get new sequence
 * numbers behind those of the new chunks; one more INDEX chunk lists these. The same entry twice costs
 * bytes and changes nothing. A file that was cut, or whose process was killed, stays one; the half
 * chunk at its end, which nobody can read, is left out.
 *
 * One thread at a time. Since 0.1.
 */
#ifndef SMK_READ_APPEND_H
#define SMK_READ_APPEND_H

#include "base/mem.h"
#include "format/chunk.h"
#include "format/tables.h"
#include "read/input.h"
#include "stallmark/reader.h"

struct smk_append {
    struct smk_mem *mem;
    struct smk_input input;
    int out;           /* the caller's */
    uint64_t written;
    uint8_t *buffer;   /* for copying, and what a chunk becomes */
    uint8_t *payload;  /* SMK_CHUNK_PLAIN_MAX: of the chunk that is being made */
    uint32_t used, count;
    uint8_t *index;    /* entries for the new chunks */
    uint32_t index_used, index_count, index_capacity;
    uint64_t indexed; /* offset in the segment of the last one */

    /* What was found in the file. */
    uint64_t segment; /* offset of the last segment */
    uint64_t tail;    /* of its first INDEX chunk, else of END; where it has no END, behind its last whole chunk */
    uint32_t chunks, sequence; /* the next number */
    bool sealed;
    struct smk_chunk last;     /* of the last chunk before the tail: which capture it is */
    struct smk_segment_end end;
};

/* Looks at the file `from` and copies what stays to `to`, an empty file of the caller's. `chunks` is what
 * smk_trace_info says of it: a file that is damaged in its middle is refused, SMK_E_FORMAT, and so are a
 * part of a capture whose later segments are not in it, and segments out of order. */
int smk_append_begin(struct smk_append *append, struct smk_mem *mem, const char *from, int to, uint32_t chunks);

int smk_append_symbol(struct smk_append *append, const smk_symbol_info *symbol);

/* The rest is written. */
int smk_append_end(struct smk_append *append);

/* After every smk_append_begin. */
void smk_append_free(struct smk_append *append);

#endif
