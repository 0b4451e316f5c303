/* append.h: a copy of a trace file with symbols added to it.
 *
 *   of each process, what was there         the copy
 *   … chunks | INDEX … | END                … chunks | SYMBOLS … | INDEX … | INDEX | END
 *   … chunks | half a chunk                 … chunks | SYMBOLS …
 *
 * Each byte before the last segment's INDEX stays as it was, chunks of other processes between them too. Its
 * INDEX chunks and END get new sequence numbers behind those of the new chunks; one more INDEX chunk lists
 * these. The same entry twice costs bytes and changes nothing. A process without new symbols stays as it is.
 * A file that was cut, or whose process was killed, stays one; the half chunk at its end, which nobody can
 * read, is left out.
 *
 * One thread at a time. Since 0.1.
 */
#ifndef SMK_READ_APPEND_H
#define SMK_READ_APPEND_H

#include "base/mem.h"
#include "format/chunk.h"
#include "format/tables.h"
#include "read/idmap.h"
#include "read/input.h"
#include "stallmark/reader.h"

/* A chunk of new symbols: its entries begin at `begin` of the stream's. */
struct smk_append_cut {
    uint32_t begin, count;
};

/* One process in one capture. */
struct smk_append_stream {
    struct smk_chunk last;            /* as found in the file */
    uint32_t sequence;                /* of the next chunk, once its tail was met */
    uint32_t tail;                    /* number of the first chunk of its last segment's INDEX, or of END */
    uint32_t segment_chunks;          /* in its last segment before the tail, then with what was written */
    uint64_t segment_bytes, all_bytes; /* of these; with the tail */
    bool indexed, in_tail, sealed;
    struct smk_segment_end end;
    uint8_t *entries;
    uint32_t used, capacity;
    struct smk_append_cut *cuts;
    uint32_t cut_count, cut_capacity;
    uint8_t *index; /* entries for the new chunks */
    uint32_t index_used, index_capacity;
    uint64_t index_last; /* offset in the segment of the last one */
};

struct smk_append {
    struct smk_mem *mem;
    struct smk_input input;
    uint8_t *buffer; /* for copying, and what a chunk becomes */
    struct smk_append_stream *streams; /* in the order of their first chunks: the reader's processes */
    uint32_t stream_count, stream_capacity;
    struct smk_idmap by_id;
    uint64_t whole; /* where the last whole chunk ends */
    int out;
};

/* Looks at the file `path`, which `trace` is: what is damaged before its end is refused, SMK_E_FORMAT; a part of a
 * capture whose later segments are not in it and segments out of order are, SMK_E_INVALID. */
int smk_append_begin(struct smk_append *append, struct smk_mem *mem, const char *path, const smk_trace *trace);

/* To the process that it names. */
int smk_append_symbol(struct smk_append *append, const smk_symbol_info *symbol);

/* Writes the copy to `out`, an empty file of the caller's. Once. */
int smk_append_write(struct smk_append *append, int out);

/* After every smk_append_begin. */
void smk_append_free(struct smk_append *append);

#endif
