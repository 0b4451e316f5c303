/* cfi_read.h: reading DWARF's numbers from memory that may hold anything. Past the end everything is 0
 * and `bad` is set; no read ever leaves [p, end). Header only. */
#ifndef SMK_SOURCE_CFI_READ_H
#define SMK_SOURCE_CFI_READ_H

#include <string.h>

#include "base/compiler.h"

struct smk_cfi_reader {
    const uint8_t *p, *end;
    uint64_t address; /* of `end` in the process, which p-relative numbers are relative to */
    bool bad;
};

static inline uint64_t smk_cfi_address(const struct smk_cfi_reader *r)
{
    return r->address - (uint64_t)(r->end - r->p);
}

/* `size` bytes, little endian, at most 8. */
static inline uint64_t smk_cfi_fixed(struct smk_cfi_reader *r, size_t size)
{
    uint64_t value = 0;
    if (r->bad || (size_t)(r->end - r->p) < size) {
        r->bad = true;
        return 0;
    }
    memcpy(&value, r->p, size);
    r->p += size;
    return value;
}

static inline uint64_t smk_cfi_uleb(struct smk_cfi_reader *r)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint64_t byte = smk_cfi_fixed(r, 1);
        value |= (byte & 0x7f) << shift;
        if (!(byte & 0x80))
            return value;
    }
    r->bad = true;
    return 0;
}

static inline int64_t smk_cfi_sleb(struct smk_cfi_reader *r)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64;) {
        uint64_t byte = smk_cfi_fixed(r, 1);
        value |= (byte & 0x7f) << shift;
        shift += 7;
        if (!(byte & 0x80)) {
            if (shift < 64 && (byte & 0x40))
                value |= UINT64_MAX << shift;
            return (int64_t)value;
        }
    }
    r->bad = true;
    return 0;
}

static inline void smk_cfi_skip(struct smk_cfi_reader *r, uint64_t bytes)
{
    if (r->bad || (uint64_t)(r->end - r->p) < bytes)
        r->bad = true;
    else
        r->p += bytes;
}

/* A reader of the next `bytes`, which this one passes over. */
static inline struct smk_cfi_reader smk_cfi_part(struct smk_cfi_reader *r, uint64_t bytes)
{
    struct smk_cfi_reader part = *r;
    smk_cfi_skip(r, bytes);
    if (r->bad)
        part.bad = true;
    part.address = smk_cfi_address(r);
    part.end = r->p;
    return part;
}

/* How a pointer is written (DW_EH_PE_*): the lower half says in how many bytes, the upper one relative
 * to what. */
enum {
    SMK_PE_ABSOLUTE = 0x00,
    SMK_PE_UDATA2 = 0x02,
    SMK_PE_UDATA4 = 0x03,
    SMK_PE_UDATA8 = 0x04,
    SMK_PE_SDATA2 = 0x0a,
    SMK_PE_SDATA4 = 0x0b,
    SMK_PE_SDATA8 = 0x0c,
    SMK_PE_PC_RELATIVE = 0x10,
    SMK_PE_HEADER_RELATIVE = 0x30,
    SMK_PE_INDIRECT = 0x80
};

/* The plain number. */
static inline uint64_t smk_cfi_number(struct smk_cfi_reader *r, unsigned encoding)
{
    switch (encoding & 0x0f) {
    case SMK_PE_ABSOLUTE:
    case SMK_PE_UDATA8:
    case SMK_PE_SDATA8:
        return smk_cfi_fixed(r, 8);
    case SMK_PE_UDATA2:
        return smk_cfi_fixed(r, 2);
    case SMK_PE_UDATA4:
        return smk_cfi_fixed(r, 4);
    case SMK_PE_SDATA2:
        return (uint64_t)(int64_t)(int16_t)smk_cfi_fixed(r, 2);
    case SMK_PE_SDATA4:
        return (uint64_t)(int64_t)(int32_t)smk_cfi_fixed(r, 4);
    case 0x01:
        return smk_cfi_uleb(r);
    case 0x09:
        return (uint64_t)smk_cfi_sleb(r);
    default:
        r->bad = true;
        return 0;
    }
}

/* An address; only absolute and pc-relative ones, which is what linkers write. */
static inline uint64_t smk_cfi_pointer(struct smk_cfi_reader *r, unsigned encoding)
{
    uint64_t here = smk_cfi_address(r);
    uint64_t value = smk_cfi_number(r, encoding);
    switch (encoding & 0xf0) {
    case SMK_PE_ABSOLUTE:
        return value;
    case SMK_PE_PC_RELATIVE:
        return here + value;
    default:
        r->bad = true;
        return 0;
    }
}

#endif
