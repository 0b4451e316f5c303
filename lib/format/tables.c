#include "format/tables.h"

#include <string.h>

#include "base/endian.h"

#define X(NAME, key, what) const char SMK_FACT_##NAME[] = key;
SMK_FACT_KEYS(X)
#undef X

const char *smk_reason_name(unsigned reason)
{
    switch (reason) {
#define X(value, NAME, name)                                                                       \
    case value:                                                                                    \
        return name;
        SMK_REASONS(X)
#undef X
    }
    return "?";
}

void smk_segment_end_pack(const struct smk_segment_end *end, uint8_t out[SMK_SEGMENT_END_SIZE])
{
    smk_put_le64(out, end->bytes);
    smk_put_le64(out + 8, end->index_offset);
    smk_put_le64(out + 16, end->events);
    smk_put_le64(out + 24, end->lost);
    smk_put_le32(out + 32, end->number);
    smk_put_le32(out + 36, end->flags);
    smk_put_le32(out + 40, end->reason);
    smk_put_le32(out + 44, end->chunks);
    smk_put_le64(out + 48, end->first);
    smk_put_le64(out + 56, end->last);
}

void smk_segment_end_unpack(struct smk_segment_end *end, const uint8_t in[SMK_SEGMENT_END_SIZE])
{
    *end = (struct smk_segment_end){
        .bytes = smk_get_le64(in),
        .index_offset = smk_get_le64(in + 8),
        .events = smk_get_le64(in + 16),
        .lost = smk_get_le64(in + 24),
        .number = smk_get_le32(in + 32),
        .flags = smk_get_le32(in + 36),
        .reason = smk_get_le32(in + 40),
        .chunks = smk_get_le32(in + 44),
        .first = smk_get_le64(in + 48),
        .last = smk_get_le64(in + 56),
    };
}
