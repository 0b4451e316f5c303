/* endian.h: little-endian numbers at any address. The files are little-endian on every machine. */
#ifndef SMK_BASE_ENDIAN_H
#define SMK_BASE_ENDIAN_H

#include <endian.h>
#include <string.h>

#include "base/compiler.h"

SMK_INLINE void smk_put_le16(void *p, uint16_t v)
{
    v = htole16(v);
    memcpy(p, &v, sizeof v);
}

SMK_INLINE void smk_put_le32(void *p, uint32_t v)
{
    v = htole32(v);
    memcpy(p, &v, sizeof v);
}

SMK_INLINE void smk_put_le64(void *p, uint64_t v)
{
    v = htole64(v);
    memcpy(p, &v, sizeof v);
}

SMK_INLINE uint16_t smk_get_le16(const void *p)
{
    uint16_t v;
    memcpy(&v, p, sizeof v);
    return le16toh(v);
}

SMK_INLINE uint32_t smk_get_le32(const void *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return le32toh(v);
}

SMK_INLINE uint64_t smk_get_le64(const void *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return le64toh(v);
}

#endif
