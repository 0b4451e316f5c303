/* compress.h: zstd, with memory of our own: the writer must not need the host's malloc. */
#ifndef SMK_CORE_COMPRESS_H
#define SMK_CORE_COMPRESS_H

#include "base/compiler.h"

struct smk_compressor {
    void *context; /* lives in workspace */
    void *workspace;
    size_t workspace_size;
};

/* 0 or SMK_E_NOMEM. One thread at a time. */
int smk_compressor_init(struct smk_compressor *compressor);
void smk_compressor_free(struct smk_compressor *compressor);

/* Compresses into one frame that states its plain size. Returns the frame's length, 0 when it would
 * not be shorter than the plain bytes. */
uint32_t smk_compress(struct smk_compressor *compressor, void *to, uint32_t room, const void *from,
                      uint32_t len);

#endif
