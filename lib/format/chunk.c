#include "format/chunk.h"

#include <string.h>

#include "base/crc32c.h"
#include "base/endian.h"
#include "stallmark/error.h"
#include "stallmark/version.h"

enum {
    AT_MAGIC = 0,
    AT_VERSION = 4,
    AT_KIND = 6,
    AT_FLAGS = 7,
    AT_HEADER_CRC = 8,
    AT_PAYLOAD_CRC = 12,
    AT_STORED_SIZE = 16,
    AT_PLAIN_SIZE = 20,
    AT_COUNT = 24,
    AT_SEQUENCE = 28,
    AT_PROCESS = 32,
    AT_FIRST = 40,
    AT_LAST = 48,
    AT_TID = 56,
    AT_THREAD = 60,
    AT_CAPTURE = 64,
    AT_RESERVED = 72
};

static uint32_t header_crc(const uint8_t header[SMK_CHUNK_HEADER])
{
    static const uint8_t zero[4];
    uint32_t crc = smk_crc32c(0, header, AT_HEADER_CRC);
    crc = smk_crc32c(crc, zero, sizeof zero);
    return smk_crc32c(crc, header + AT_PAYLOAD_CRC, SMK_CHUNK_HEADER - AT_PAYLOAD_CRC);
}

void smk_chunk_pack(const struct smk_chunk *chunk, uint8_t out[SMK_CHUNK_HEADER])
{
    memset(out, 0, SMK_CHUNK_HEADER);
    smk_put_le32(out + AT_MAGIC, SMK_CHUNK_MAGIC);
    smk_put_le16(out + AT_VERSION, chunk->version);
    out[AT_KIND] = chunk->kind;
    out[AT_FLAGS] = chunk->flags;
    smk_put_le32(out + AT_PAYLOAD_CRC, chunk->payload_crc);
    smk_put_le32(out + AT_STORED_SIZE, chunk->stored_size);
    smk_put_le32(out + AT_PLAIN_SIZE, chunk->plain_size);
    smk_put_le32(out + AT_COUNT, chunk->count);
    smk_put_le32(out + AT_SEQUENCE, chunk->sequence);
    smk_put_le64(out + AT_PROCESS, chunk->process);
    smk_put_le64(out + AT_FIRST, chunk->first);
    smk_put_le64(out + AT_LAST, chunk->last);
    smk_put_le32(out + AT_TID, chunk->tid);
    smk_put_le32(out + AT_THREAD, chunk->thread);
    smk_put_le64(out + AT_CAPTURE, chunk->capture);
    smk_put_le32(out + AT_HEADER_CRC, header_crc(out));
}

/* The sizes are believed only after the checksum, and bounded even then: a file can be made to pass
 * its checksums. */
static const char *bound_error(const struct smk_chunk *chunk)
{
    if (chunk->stored_size > SMK_CHUNK_STORED_MAX)
        return "its stored size is over the bound";
    if (chunk->plain_size > SMK_CHUNK_PLAIN_MAX)
        return "its plain size is over the bound";
    if (chunk->count > SMK_CHUNK_COUNT_MAX)
        return "its count is over the bound";
    if (!(chunk->flags & SMK_CHUNK_ZSTD) && chunk->stored_size != chunk->plain_size)
        return "it is not compressed, but its two sizes differ";
    if (chunk->first > chunk->last)
        return "it ends before it begins";
    return NULL;
}

int smk_chunk_unpack(struct smk_chunk *chunk, const uint8_t in[SMK_CHUNK_HEADER], const char **why)
{
    *why = NULL;
    if (smk_get_le32(in + AT_MAGIC) != SMK_CHUNK_MAGIC) {
        *why = "no chunk begins here";
        return SMK_E_FORMAT;
    }
    if (smk_get_le32(in + AT_HEADER_CRC) != header_crc(in)) {
        *why = "the header's checksum is wrong";
        return SMK_E_FORMAT;
    }
    *chunk = (struct smk_chunk){
        .version = smk_get_le16(in + AT_VERSION),
        .kind = in[AT_KIND],
        .flags = in[AT_FLAGS],
        .payload_crc = smk_get_le32(in + AT_PAYLOAD_CRC),
        .stored_size = smk_get_le32(in + AT_STORED_SIZE),
        .plain_size = smk_get_le32(in + AT_PLAIN_SIZE),
        .count = smk_get_le32(in + AT_COUNT),
        .sequence = smk_get_le32(in + AT_SEQUENCE),
        .process = smk_get_le64(in + AT_PROCESS),
        .first = smk_get_le64(in + AT_FIRST),
        .last = smk_get_le64(in + AT_LAST),
        .tid = smk_get_le32(in + AT_TID),
        .thread = smk_get_le32(in + AT_THREAD),
        .capture = smk_get_le64(in + AT_CAPTURE),
    };
    if (chunk->version >> 8 != SMK_FORMAT_VERSION >> 8) {
        *why = "a later major version of the format wrote it";
        return SMK_E_VERSION;
    }
    *why = bound_error(chunk);
    return *why ? SMK_E_FORMAT : 0;
}

const char *smk_chunk_kind_name(unsigned kind)
{
    switch (kind) {
#define X(value, NAME, name)                                                                       \
    case value:                                                                                    \
        return name;
        SMK_CHUNK_KINDS(X)
#undef X
    }
    return NULL;
}
