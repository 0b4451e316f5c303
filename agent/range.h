/* range.h: the Range header (RFC 9110 14.2), one range of bytes. */
#ifndef SMK_AGENT_RANGE_H
#define SMK_AGENT_RANGE_H

#include "base/compiler.h"

enum smk_range { SMK_RANGE_ALL, SMK_RANGE_PART, SMK_RANGE_NONE };

/* ALL: no range, a malformed one, or several: the whole is sent, as the RFC allows. NONE: a range that
 * lies behind the end: 416. PART: *from and *len, inside `size`. `text` may be NULL. */
enum smk_range smk_range_parse(const char *text, uint64_t size, uint64_t *from, uint64_t *len);

#endif
