/* box.h: what is in a crash box: the file in memory that `stallmark run --watch` makes, the process fills
 * (core/box.h) and stallmark-box reads. All three are of one build: it is no format that is kept.
 */
#ifndef SMK_FORMAT_BOX_H
#define SMK_FORMAT_BOX_H

#include "base/compiler.h"

#define SMK_BOX_MAGIC   UINT64_C(0x786f626b6d73)
#define SMK_BOX_VERSION 1u
#define SMK_BOX_PAGE    UINT64_C(4096) /* each part begins at one */
/* Of the file, which takes what is used of it: `stallmark run` sets it, since in the host that might raise SIGXFSZ. */
#define SMK_BOX_FILE_BYTES (UINT64_C(6) << 30)

enum smk_box_kind {
    SMK_BOX_NONE = 0, /* not written yet */
    SMK_BOX_STRING,
    SMK_BOX_SITE,
    SMK_BOX_STACK,
    SMK_BOX_LOCK,   /* id: the name's; bytes: the address */
    SMK_BOX_MODULE, /* id; bytes: start, end, bias, length of the build-id, build-id, path */
    SMK_BOX_FACT    /* bytes: key, 0, value, 0; the last of a key counts */
};

struct smk_box_entry {
    uint32_t kind; /* atomic: set last */
    uint32_t id;
    uint32_t offset, len; /* in bytes */
};

struct smk_box_header {
    /* by whoever makes the file */
    uint64_t magic;
    uint32_t version;
    uint32_t pid; /* of the process whose box it is */
    char output[4096]; /* where to write; "": into the directory */
    /* by the process */
    uint32_t ready; /* atomic: the rest is valid */
    uint32_t sub_count;
    uint64_t process; /* smk_process_id */
    uint64_t subs, index, bytes, kept, memory, size; /* offsets, and of all */
    uint64_t kept_size;
    uint32_t index_limit, bytes_limit;
    uint32_t index_used, bytes_used; /* atomic */
    uint64_t complete_from;          /* atomic: smk_pool.complete_from */
    uint64_t kept_head, kept_tail, kept_from; /* the writer's; atomic */
    uint64_t reach_ns;               /* atomic: 0: all */
    uint32_t categories;             /* atomic */
    uint32_t leaving;                /* atomic: it ends by itself, or becomes another program */
    uint32_t unused;
    uint64_t refused;                /* atomic: entries for which there was no room */
    char directory[4096];            /* of captures; "": none */
    uint32_t directory_ready;        /* atomic */
};

#endif
