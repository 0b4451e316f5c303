#include "export/gzip.h"

#include "base/endian.h"

#define BLOCK_BYTES 65535u

/* The checksum of RFC 1952, four bits at a time. */
static uint32_t crc32_add(uint32_t crc, const uint8_t *bytes, size_t len)
{
    static const uint32_t table[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
                                       0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
                                       0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
    crc = ~crc;
    for (size_t i = 0; i < len; i++) {
        crc = table[(crc ^ bytes[i]) & 15] ^ crc >> 4;
        crc = table[(crc ^ bytes[i] >> 4) & 15] ^ crc >> 4;
    }
    return ~crc;
}

void smk_gzip_begin(struct smk_gzip *gzip, struct smk_out *to)
{
    static const uint8_t head[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff};
    *gzip = (struct smk_gzip){.to = to};
    smk_out_bytes(to, head, sizeof(head));
}

static void put_block(struct smk_gzip *gzip, const void *bytes, uint16_t len, bool last)
{
    uint8_t head[5] = {last};
    smk_put_le16(head + 1, len);
    smk_put_le16(head + 3, (uint16_t)~len);
    smk_out_bytes(gzip->to, head, sizeof(head));
    smk_out_bytes(gzip->to, bytes, len);
}

int smk_gzip_put(void *arg, const void *bytes, size_t len)
{
    struct smk_gzip *gzip = arg;
    const uint8_t *from = bytes;
    gzip->crc = crc32_add(gzip->crc, from, len);
    gzip->bytes += (uint32_t)len;
    while (len > 0) {
        uint16_t n = (uint16_t)(len < BLOCK_BYTES ? len : BLOCK_BYTES);
        put_block(gzip, from, n, false);
        from += n;
        len -= n;
    }
    return gzip->to->result;
}

void smk_gzip_end(struct smk_gzip *gzip)
{
    uint8_t tail[8];
    put_block(gzip, "", 0, true);
    smk_put_le32(tail, gzip->crc);
    smk_put_le32(tail + 4, gzip->bytes);
    smk_out_bytes(gzip->to, tail, sizeof(tail));
}
