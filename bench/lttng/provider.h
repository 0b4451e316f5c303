/* provider.h: the same two events for LTTng-UST: a name, and an integer with a string. */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER stallmark_bench

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "lttng/provider.h"

#if !defined(SMK_BENCH_PROVIDER_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define SMK_BENCH_PROVIDER_H

#include <lttng/tracepoint.h>

/* clang-format off */
LTTNG_UST_TRACEPOINT_EVENT(stallmark_bench, begin, LTTNG_UST_TP_ARGS(unsigned, site),
    LTTNG_UST_TP_FIELDS(lttng_ust_field_integer(unsigned, site, site)))
LTTNG_UST_TRACEPOINT_EVENT(stallmark_bench, end, LTTNG_UST_TP_ARGS(unsigned, site),
    LTTNG_UST_TP_FIELDS(lttng_ust_field_integer(unsigned, site, site)))
LTTNG_UST_TRACEPOINT_EVENT(stallmark_bench, text, LTTNG_UST_TP_ARGS(long, value, const char *, text),
    LTTNG_UST_TP_FIELDS(lttng_ust_field_integer(long, value, value) lttng_ust_field_string(text, text)))
/* clang-format on */

#endif

#include <lttng/tracepoint-event.h>
