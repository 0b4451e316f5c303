#include "base/crc32c.h"

#include "base/endian.h"

/* One byte at a time from sixteen-entry tables of each half byte: 128 bytes of tables, which need no
 * initialisation and so no thread-safety. It is the fallback; the hardware does the work. */
static uint32_t crc_of_nibble(uint32_t n)
{
    for (int bit = 0; bit < 4; bit++)
        n = (n >> 1) ^ (0x82f63b78u & -(n & 1));
    return n;
}

uint32_t smk_crc32c_table(uint32_t crc, const void *data, size_t len)
{
    const uint8_t *p = data;
    uint32_t table[16];
    for (uint32_t i = 0; i < 16; i++)
        table[i] = crc_of_nibble(i);
    crc = ~crc;
    for (; len > 0; len--) {
        crc ^= *p++;
        crc = (crc >> 4) ^ table[crc & 15];
        crc = (crc >> 4) ^ table[crc & 15];
    }
    return ~crc;
}

#if defined(__x86_64__)

__attribute__((target("sse4.2"))) static uint32_t crc_hardware(uint32_t crc, const uint8_t *p,
                                                               size_t len)
{
    uint64_t state = ~crc;
    for (; len >= 8; p += 8, len -= 8)
        state = __builtin_ia32_crc32di(state, smk_get_le64(p));
    for (; len > 0; len--)
        state = __builtin_ia32_crc32qi((uint32_t)state, *p++);
    return ~(uint32_t)state;
}

static bool has_hardware(void) { return __builtin_cpu_supports("sse4.2"); }

#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)

#include <arm_acle.h>

static uint32_t crc_hardware(uint32_t crc, const uint8_t *p, size_t len)
{
    crc = ~crc;
    for (; len >= 8; p += 8, len -= 8)
        crc = __crc32cd(crc, smk_get_le64(p));
    for (; len > 0; len--)
        crc = __crc32cb(crc, *p++);
    return ~crc;
}

static bool has_hardware(void) { return true; }

#else

static uint32_t crc_hardware(uint32_t crc, const uint8_t *p, size_t len)
{
    return smk_crc32c_table(crc, p, len);
}

static bool has_hardware(void) { return false; }

#endif

uint32_t smk_crc32c(uint32_t crc, const void *data, size_t len)
{
    return has_hardware() ? crc_hardware(crc, data, len) : smk_crc32c_table(crc, data, len);
}
