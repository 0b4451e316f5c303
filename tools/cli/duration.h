/* duration.h: lengths of time and sizes as people write them: 5s, 1m30s, 500ms; 64MiB. */
#ifndef SMK_TOOLS_DURATION_H
#define SMK_TOOLS_DURATION_H

#include "base/compiler.h"

#define SMK_DURATION_ALLOWED "a number and ns, us, ms, s, m or h, as in 500ms or 1m30s"

/* Go's syntax without a sign, the whole text. False: malformed, or longer than 292 years. */
bool smk_duration_parse(const char *text, uint64_t *ns);

#define SMK_SIZE_ALLOWED "a number and KiB, MiB or GiB, as in 8MiB"

/* The agent's syntax of sizes, the whole text. False: malformed, or over 2^63. */
bool smk_size_parse(const char *text, uint64_t *bytes);

#endif
