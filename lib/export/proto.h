/* proto.h: a small encoder of protocol buffers. Messages are put together in memory and handed on whole.
 *
 * The length of a message inside another is written behind it, so it takes four bytes, a number with leading zeros,
 * as Perfetto's own writer does it. What has no memory is left out, and smk_mem knows.
 */
#ifndef SMK_EXPORT_PROTO_H
#define SMK_EXPORT_PROTO_H

#include "export/out.h"

#define SMK_PROTO_DEPTH 8

struct smk_proto {
    struct smk_mem *mem;
    uint8_t *bytes;
    uint32_t len, capacity;
    uint32_t open[SMK_PROTO_DEPTH]; /* where the messages begin that are not closed */
    uint32_t depth;
};

void smk_proto_init(struct smk_proto *proto, struct smk_mem *mem);
void smk_proto_free(struct smk_proto *proto);

void smk_proto_begin(struct smk_proto *proto, unsigned field);
void smk_proto_end(struct smk_proto *proto);
void smk_proto_number(struct smk_proto *proto, unsigned field, uint64_t value);
void smk_proto_signed(struct smk_proto *proto, unsigned field, int64_t value); /* int64, not sint64 */
void smk_proto_fixed64(struct smk_proto *proto, unsigned field, uint64_t value);
void smk_proto_text(struct smk_proto *proto, unsigned field, const char *text);
void smk_proto_bytes(struct smk_proto *proto, unsigned field, const void *bytes, size_t len);
/* Packed numbers: begin, any of these, end. */
void smk_proto_packed(struct smk_proto *proto, uint64_t value);

/* Hands on all that there is, and is empty again. */
void smk_proto_flush(struct smk_proto *proto, struct smk_out *out);

#endif
