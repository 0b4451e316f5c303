/* varint.h: LEB128 numbers and zigzag signs, as in DWARF and protobuf. Header only.
 *
 * A 64-bit number takes 1 to 10 bytes, 7 bits each, low bits first, the high bit says "more". The
 * reader takes nothing from outside [p, end), and no encoding longer than 10 bytes.
 */
#ifndef SMK_BASE_VARINT_H
#define SMK_BASE_VARINT_H

#include "base/compiler.h"

#define SMK_VARINT_MAX 10

SMK_INLINE uint64_t smk_zigzag(int64_t v) { return ((uint64_t)v << 1) ^ (uint64_t)(v >> 63); }
SMK_INLINE int64_t smk_unzigzag(uint64_t v) { return (int64_t)(v >> 1) ^ -(int64_t)(v & 1); }

/* Writes v at p, which has SMK_VARINT_MAX bytes of room; returns the first byte after it. */
SMK_INLINE uint8_t *smk_varint_put(uint8_t *p, uint64_t v)
{
    while (v >= 0x80) {
        *p++ = (uint8_t)(v | 0x80);
        v >>= 7;
    }
    *p++ = (uint8_t)v;
    return p;
}

/* Reads a number at p into *v; returns the first byte after it, or NULL when it does not end before
 * `end` or has more than 64 bits. */
SMK_INLINE const uint8_t *smk_varint_get(const uint8_t *p, const uint8_t *end, uint64_t *v)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && p < end; shift += 7) {
        uint8_t byte = *p++;
        if (shift == 63 && byte > 1)
            return NULL;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *v = value;
            return p;
        }
    }
    return NULL;
}

#endif
