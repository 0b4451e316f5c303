/* sink.h: where a capture's bytes go. Called by the writer thread only, never while a lock is held.
 *
 * A sink gets whole chunks, one or more per call, and answers 0 or -errno. After an error the capture
 * ends; the sink has cut what it wrote back to the last whole chunk, as well as it can.
 */
#ifndef SMK_CORE_SINK_H
#define SMK_CORE_SINK_H

#include "base/compiler.h"

struct smk_sink {
    /* Segment `number` begins: 0 first. */
    int (*open)(void *arg, uint32_t number);
    int (*write)(void *arg, const void *data, size_t size);
    /* The segment is whole (`good`), or ends as it is. The last call for a segment. */
    int (*close)(void *arg, bool good);
};

/* ---- files in a directory -------------------------------------------------------------------------- */

#define SMK_FILE_NAME_MAX 280

/* Segments as files of a directory: <base>.stall while there is one, <base>.N.stall when there can be
 * several (`rotates`), or just <base> (`exact`); each is <name>.partial until it is whole. A file that
 * exists already is never written to, but for an `exact` one, which replaces it. `dir` is a descriptor
 * of the caller's that outlives the sink. */
struct smk_file_sink {
    int dir;
    int fd;
    bool rotates;
    bool exact;
    uint32_t number; /* atomic: the segment that is open or was the last */
    uint64_t bytes;  /* atomic: whole chunks in it so far */
    char base[256];
};

extern const struct smk_sink smk_file_sink_calls; /* arg: struct smk_file_sink */

/* The name of a segment's file, with or without .partial. */
void smk_file_sink_name(const struct smk_file_sink *sink, uint32_t number, bool partial,
                        char name[SMK_FILE_NAME_MAX]);

/* ---- a descriptor of somebody else's ---------------------------------------------------------------- */

extern const struct smk_sink smk_fd_sink_calls; /* arg: int * */

#endif
