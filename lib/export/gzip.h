/* gzip.h: bytes as a gzip file of stored blocks: what wants gzip gets it, without a compressor. Stands before another
 * smk_out as its `put`. */
#ifndef SMK_EXPORT_GZIP_H
#define SMK_EXPORT_GZIP_H

#include "export/out.h"

struct smk_gzip {
    struct smk_out *to;
    uint32_t crc, bytes;
};

void smk_gzip_begin(struct smk_gzip *gzip, struct smk_out *to);
/* An smk_export_put. */
int smk_gzip_put(void *gzip, const void *bytes, size_t len);
void smk_gzip_end(struct smk_gzip *gzip);

#endif
