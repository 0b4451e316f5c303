/* traceparent.h: the W3C Trace Context header, https://www.w3.org/TR/trace-context/ (2021), 3.2. */
#ifndef SMK_CORE_TRACEPARENT_H
#define SMK_CORE_TRACEPARENT_H

#include "base/compiler.h"

struct smk_traceparent {
    uint64_t trace_high, trace_low; /* not both 0 */
    uint64_t parent;                /* not 0 */
    uint8_t flags;
};

/* False for anything that the standard calls invalid. Later versions than 00 are read as it says:
 * their first four fields, if what follows begins with a dash. */
bool smk_traceparent_parse(const char *text, struct smk_traceparent *parent);

#endif
