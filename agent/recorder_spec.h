/* recorder_spec.h: the value of the option `recorder`, taken apart. */
#ifndef SMK_AGENT_RECORDER_SPEC_H
#define SMK_AGENT_RECORDER_SPEC_H

#include "base/compiler.h"

#define SMK_RECORDER_AGE_LEAST UINT64_C(100000000)
#define SMK_RECORDER_AGE_MOST  UINT64_C(86400000000000)
#define SMK_RECORDER_ALLOWED \
    "off, never (no rule turns it on either), or how much it holds: a time from 100ms to 24h, a size from " \
    "512KiB to 4GiB, or both, as 10s or 10s, 32MiB"

struct smk_recorder_spec {
    bool on;
    bool never;      /* not even a rule may turn it on */
    uint64_t age_ns; /* nothing older than this; 0: no bound but the size */
    uint64_t bytes;  /* of the buffer; 0: the default */
};

/* Exactly `len` bytes. False: it is none of what SMK_RECORDER_ALLOWED says. */
bool smk_recorder_parse(const char *text, size_t len, struct smk_recorder_spec *spec);

#endif
