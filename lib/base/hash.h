/* hash.h: a fast 64-bit hash for tables in memory. Never stored in a file.
 *
 * The mixing step is the 128-bit multiply-and-fold of wyhash (Wang Yi, public domain); the finisher
 * for single words is that of SplitMix64 (Steele, Lea, Flood 2014).
 */
#ifndef SMK_BASE_HASH_H
#define SMK_BASE_HASH_H

#include <string.h>

#include "base/compiler.h"

SMK_INLINE uint64_t smk_hash_fold(uint64_t a, uint64_t b)
{
    __uint128_t product = (__uint128_t)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

SMK_INLINE uint64_t smk_hash_word(uint64_t x)
{
    x ^= x >> 30;
    x *= 0xbf58476d1ce4e5b9u;
    x ^= x >> 27;
    x *= 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

SMK_INLINE uint64_t smk_hash_bytes(const void *data, size_t len)
{
    const unsigned char *p = data;
    uint64_t h = 0x9e3779b97f4a7c15u ^ len;
    uint64_t w;
    for (; len >= 8; p += 8, len -= 8) {
        memcpy(&w, p, 8);
        h = smk_hash_fold(h ^ w, 0xa0761d6478bd642fu);
    }
    w = 0;
    memcpy(&w, p, len);
    return smk_hash_fold(h ^ w ^ 0xe7037ed1a0b428dbu, 0x8ebc6af09c88c6e3u);
}

#endif
