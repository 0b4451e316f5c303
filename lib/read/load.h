/* load.h: payloads: read, checked, decompressed. zstd is here and nowhere else in the reader.
 *
 * A payload is one frame without a dictionary, with a window of at most 8 MiB, that states a plain size
 * equal to the header's; it is decompressed in one go into a buffer of SMK_CHUNK_PLAIN_MAX, so that
 * no number out of a file sizes an allocation. The decoder's own memory is fixed.
 */
#ifndef SMK_READ_LOAD_H
#define SMK_READ_LOAD_H

#include "base/mem.h"
#include "format/chunk.h"

/* A frame may become so much larger, beyond a constant: what bounds the time that a small file takes. */
#define SMK_RATIO_MAX 2048u

struct smk_loader {
    uint8_t *stored; /* SMK_CHUNK_HEADER + SMK_CHUNK_STORED_MAX */
    uint8_t *plain;  /* SMK_CHUNK_PLAIN_MAX */
    void *workspace, *context;
    size_t workspace_size;
};

struct smk_payload {
    struct smk_chunk head;
    const uint8_t *data;
    uint32_t size;
};

/* False when there is no memory. */
bool smk_loader_init(struct smk_loader *loader, struct smk_mem *mem);
void smk_loader_free(struct smk_loader *loader, struct smk_mem *mem);

#endif
