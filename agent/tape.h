/* tape.h: the bytes of one capture that this process writes: segments in a directory, or memory where
 * there is no directory. Written by the writer thread, through `smk_tape_calls`; read by any number of
 * others while it grows.
 *
 * Who may read how far: of the segment that is open, as much as the sink says; of a closed one, all.
 * A tape that is a stream is read by nobody here.
 *
 * Held by everybody who uses it; the last one frees it.
 */
#ifndef SMK_AGENT_TAPE_H
#define SMK_AGENT_TAPE_H

#include <sys/types.h>

#include "base/compiler.h"
#include "core/sink.h"
#include "stallmark/capture.h"

/* A directory that was opened once. */
struct smk_directory {
    uint32_t references; /* atomic */
    int fd;
    char path[1];
};

/* Takes the descriptor. NULL: no memory, and it is closed. */
struct smk_directory *smk_directory_new(int fd, const char *path);
struct smk_directory *smk_directory_hold(struct smk_directory *directory);
void smk_directory_release(struct smk_directory *directory); /* NULL is allowed */

struct smk_tape {
    uint32_t references;             /* atomic */
    struct smk_directory *directory; /* NULL: in memory */
    struct smk_file_sink file;
    uint64_t free_floor;    /* bytes that stay free on the file system */
    uint32_t keep_segments; /* closed ones that are kept; 0: all */
    uint32_t first;         /* atomic: the first that is there */
    uint32_t closed;        /* atomic: segments that are whole */
    uint32_t ended;         /* atomic: no more comes */
    uint32_t readers;       /* atomic: while there are any no segment is deleted */
    uint32_t deleted;       /* atomic: segments, by keep_segments */
    bool has_parts;         /* others' bytes come behind what the writer gives: smk_tape_append */
    int stream;             /* to the first of the family (family_wire.h); -1: not that */
    uint8_t **blocks;       /* memory: of SMK_TAPE_BLOCK bytes; NULL: not yet */
    uint32_t block_count;   /* that there may be */
    uint64_t bytes;         /* atomic: of the memory */
};

#define SMK_TAPE_BLOCK (UINT64_C(1) << 20)

/* A file's tape: `directory` is held. NULL: no memory. */
struct smk_tape *smk_tape_new_files(struct smk_directory *directory, const char *id, bool rotates);
/* One in memory, of at most `max` bytes; it takes what it needs. */
struct smk_tape *smk_tape_new_memory(uint64_t max);
/* One that goes out as messages; `fd` stays the caller's. */
struct smk_tape *smk_tape_new_stream(int fd);
struct smk_tape *smk_tape_hold(struct smk_tape *tape);
void smk_tape_release(struct smk_tape *tape); /* NULL is allowed */

extern const struct smk_sink smk_tape_calls; /* arg: struct smk_tape * */

/* The writer is through with it. */
void smk_tape_end(struct smk_tape *tape);

/* Of a tape with parts, when the writer is through with it: whole chunks of other processes, in the same file or
 * in one more segment. 0 or -errno; smk_tape_append_end in any case, and before smk_tape_end. */
int smk_tape_append_begin(struct smk_tape *tape);
int smk_tape_append(struct smk_tape *tape, const void *data, size_t size);
void smk_tape_append_end(struct smk_tape *tape);

/* Bytes of a tape in memory. */
uint64_t smk_tape_bytes(const struct smk_tape *tape);
size_t smk_tape_read_memory(const struct smk_tape *tape, uint64_t offset, void *data, size_t size);

/* ---- reading along ------------------------------------------------------------------------------------------ */

struct smk_tape_reader {
    struct smk_tape *tape;
    int fd; /* -1: none open */
    uint32_t number;
    uint64_t offset;
};

/* From the first segment that is there; holds the tape. NULL: no memory. Any thread. */
struct smk_tape_reader *smk_tape_reader_new(struct smk_tape *tape);
/* As struct smk_body. */
ssize_t smk_tape_reader_read(void *reader, void *data, size_t size);
void smk_tape_reader_close(void *reader);

#endif
