/* crc32c.h: the checksum of headers and payloads in a file.
 *
 * CRC-32C (Castagnoli), polynomial 0x1EDC6F41 reflected, as in iSCSI (RFC 3720 B.4) and ext4: both
 * x86-64 (SSE4.2) and arm64 compute it in hardware. Table driven where the CPU has no instruction.
 */
#ifndef SMK_BASE_CRC32C_H
#define SMK_BASE_CRC32C_H

#include "base/compiler.h"

/* Continues `crc` (0 to start) over len bytes. Any thread. */
uint32_t smk_crc32c(uint32_t crc, const void *data, size_t len);

/* The same by table only: what the hardware's answer is tested against. */
uint32_t smk_crc32c_table(uint32_t crc, const void *data, size_t len);

#endif
