/* sha256.h: SHA-256 (FIPS 180-4), for tokens: what is kept of a token is its digest. */
#ifndef SMK_AGENT_SHA256_H
#define SMK_AGENT_SHA256_H

#include "base/compiler.h"

#define SMK_SHA256_BYTES 32

void smk_sha256(const void *data, size_t len, uint8_t digest[SMK_SHA256_BYTES]);

#endif
