/* chunk.h: the picture of a file.
 *
 * A file is a row of chunks and nothing else. Each chunk is a header of 80 bytes and a payload:
 *
 *   +---------+---------+---------+-- … --+---------+---------+
 *   | SEGMENT | CLOCK   | STRINGS |       | INDEX   | END     |   one segment; a capture that rotates
 *   +---------+---------+---------+-- … --+---------+---------+   has several; joined they are a file
 *
 *   offset  size  field
 *        0     4  magic            "SMK\x89"
 *        4     2  version          major << 8 | minor
 *        6     1  kind             enum smk_chunk_kind
 *        7     1  flags            1: the payload is one zstd frame
 *        8     4  header_crc       CRC-32C of these 80 bytes with this field 0
 *       12     4  payload_crc      CRC-32C of the payload as stored
 *       16     4  stored_size      bytes of payload that follow the header
 *       20     4  plain_size       bytes of payload when decompressed
 *       24     4  count            events, entries or facts in it
 *       28     4  sequence         0, 1, 2 … of the process over the whole capture; a hole is a
 *                                 missing chunk
 *       32     8  process          id of the process (pid << 32 | a random half)
 *       40     8  first            time of the earliest event, units since the process's epoch
 *       48     8  last             time of the latest event
 *       56     4  tid              kernel thread id, of EVENTS
 *       60     4  thread           serial number of the thread in its process: tids are reused
 *       64     8  capture          id of the capture, so that segments of two are never mixed
 *       72     8  reserved         0
 *
 * All numbers are little-endian. A chunk is found by its magic and believed when both checksums hold;
 * a cut file ends with its last whole chunk. Whatever an EVENTS chunk refers to (strings, sites,
 * stacks) stands in a table chunk of the same segment before it. docs/format.md has the payloads.
 */
#ifndef SMK_FORMAT_CHUNK_H
#define SMK_FORMAT_CHUNK_H

#include "base/compiler.h"

#define SMK_CHUNK_MAGIC  0x894b4d53u /* "SMK\x89" in the file */
#define SMK_CHUNK_HEADER 80

/* Bounds of a chunk; a reader refuses what is over them before it allocates. */
#define SMK_CHUNK_PLAIN_MAX  (256u * 1024)
#define SMK_CHUNK_STORED_MAX (SMK_CHUNK_PLAIN_MAX + 4096)
#define SMK_CHUNK_COUNT_MAX  (SMK_CHUNK_PLAIN_MAX)

/*        value NAME   name */
#define SMK_CHUNK_KINDS(X)                                                                         \
    X(1, SEGMENT, "segment")                                                                       \
    X(2, CLOCK, "clock")                                                                           \
    X(3, STRINGS, "strings")                                                                       \
    X(4, SITES, "sites")                                                                           \
    X(5, STACKS, "stacks")                                                                         \
    X(6, THREADS, "threads")                                                                       \
    X(7, MODULES, "modules")                                                                       \
    X(8, EVENTS, "events")                                                                         \
    X(9, OPEN_WAITS, "open_waits")                                                                 \
    X(10, LOSS, "loss")                                                                            \
    X(11, FACTS, "facts")                                                                          \
    X(12, INDEX, "index")                                                                          \
    X(13, END, "end")                                                                              \
    X(14, SYMBOLS, "symbols")                                                                      \
    X(15, LOCKS, "locks")

enum smk_chunk_kind {
#define X(value, NAME, name) SMK_CHUNK_##NAME = (value),
    SMK_CHUNK_KINDS(X)
#undef X
};

/* "events" for SMK_CHUNK_EVENTS; NULL for a kind that this version does not know. */
const char *smk_chunk_kind_name(unsigned kind);

#define SMK_CHUNK_ZSTD 1u

struct smk_chunk {
    uint16_t version;
    uint8_t kind;
    uint8_t flags;
    uint32_t payload_crc;
    uint32_t stored_size;
    uint32_t plain_size;
    uint32_t count;
    uint32_t sequence;
    uint64_t process;
    uint64_t first;
    uint64_t last;
    uint32_t tid;
    uint32_t thread;
    uint64_t capture;
};

/* Writes the 80 bytes, checksum included. */
void smk_chunk_pack(const struct smk_chunk *chunk, uint8_t out[SMK_CHUNK_HEADER]);

/* Reads them. 0, or SMK_E_FORMAT (no magic, a wrong checksum, a size over the bounds) or
 * SMK_E_VERSION; *why then says which, in a static string. */
int smk_chunk_unpack(struct smk_chunk *chunk, const uint8_t in[SMK_CHUNK_HEADER], const char **why);

/* ---- columns of an EVENTS payload ---------------------------------------------------------------- */

/* The payload is: number of columns, then for each its key and its length, then their bytes in the
 * same order (all numbers varints). Keys: */
enum smk_column_key {
    SMK_COLUMN_TYPES = 0,     /* event ids, a byte each */
    SMK_COLUMN_TIME_LOW = 1,  /* of each event: low byte of the zigzag difference to the last time */
    SMK_COLUMN_TIME_HIGH = 2, /* the rest of that difference, a varint */
    SMK_COLUMN_TEXT = 3,      /* the bytes of all TEXT arguments */
    SMK_COLUMN_ARGS = 8       /* SMK_COLUMN_ARGS + event id * 8 + argument */
};

#define SMK_COLUMN_LIMIT     (SMK_COLUMN_ARGS + SMK_EV_LIMIT_COLUMNS)
#define SMK_EV_LIMIT_COLUMNS (128 * 8)

SMK_INLINE unsigned smk_column_of_arg(unsigned event, unsigned arg)
{
    return SMK_COLUMN_ARGS + event * 8 + arg;
}

#endif
