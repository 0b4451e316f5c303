#include "export/proto.h"

#include <string.h>

#include "base/endian.h"
#include "base/varint.h"

#define LENGTH_BYTES 4u

enum wire { WIRE_NUMBER = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2 };

void smk_proto_init(struct smk_proto *proto, struct smk_mem *mem) { *proto = (struct smk_proto){.mem = mem}; }

void smk_proto_free(struct smk_proto *proto)
{
    smk_mem_free(proto->mem, proto->bytes, proto->capacity);
    *proto = (struct smk_proto){0};
}

static bool room(struct smk_proto *proto, size_t bytes)
{
    return smk_mem_grow(proto->mem, &proto->bytes, &proto->capacity, (size_t)proto->len + bytes);
}

static void put_number(struct smk_proto *proto, uint64_t value)
{
    proto->len = (uint32_t)(smk_varint_put(proto->bytes + proto->len, value) - proto->bytes);
}

static bool put_tag(struct smk_proto *proto, unsigned field, enum wire wire, size_t bytes)
{
    if (!room(proto, 2 * SMK_VARINT_MAX + bytes))
        return false;
    put_number(proto, (uint64_t)field << 3 | wire);
    return true;
}

void smk_proto_begin(struct smk_proto *proto, unsigned field)
{
    SMK_ASSERT(proto->depth < SMK_PROTO_DEPTH);
    if (put_tag(proto, field, WIRE_BYTES, LENGTH_BYTES))
        proto->len += LENGTH_BYTES;
    proto->open[proto->depth++] = proto->len;
}

void smk_proto_end(struct smk_proto *proto)
{
    SMK_ASSERT(proto->depth > 0);
    uint32_t begin = proto->open[--proto->depth], len = proto->len - begin;
    if (smk_mem_failed(proto->mem) != 0)
        return;
    for (unsigned i = 0; i < LENGTH_BYTES; i++)
        proto->bytes[begin - LENGTH_BYTES + i] = (uint8_t)((len >> 7 * i & 0x7f) | (i + 1 < LENGTH_BYTES ? 0x80 : 0));
}

void smk_proto_number(struct smk_proto *proto, unsigned field, uint64_t value)
{
    if (put_tag(proto, field, WIRE_NUMBER, 0))
        put_number(proto, value);
}

void smk_proto_signed(struct smk_proto *proto, unsigned field, int64_t value)
{
    smk_proto_number(proto, field, (uint64_t)value);
}

void smk_proto_fixed64(struct smk_proto *proto, unsigned field, uint64_t value)
{
    if (!put_tag(proto, field, WIRE_FIXED64, 8))
        return;
    smk_put_le64(proto->bytes + proto->len, value);
    proto->len += 8;
}

void smk_proto_bytes(struct smk_proto *proto, unsigned field, const void *bytes, size_t len)
{
    if (!put_tag(proto, field, WIRE_BYTES, len))
        return;
    put_number(proto, len);
    if (len)
        memcpy(proto->bytes + proto->len, bytes, len);
    proto->len += (uint32_t)len;
}

void smk_proto_text(struct smk_proto *proto, unsigned field, const char *text)
{
    smk_proto_bytes(proto, field, text, strlen(text));
}

void smk_proto_packed(struct smk_proto *proto, uint64_t value)
{
    if (room(proto, SMK_VARINT_MAX))
        put_number(proto, value);
}

void smk_proto_flush(struct smk_proto *proto, struct smk_out *out)
{
    if (smk_mem_failed(proto->mem) == 0)
        smk_out_bytes(out, proto->bytes, proto->len);
    proto->len = 0;
    proto->depth = 0;
}
