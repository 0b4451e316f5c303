/* request_view_state.h: a view of a request from the inside; for request_view.c, request_text.c, request_json.c. */
#ifndef SMK_ANALYSIS_REQUEST_VIEW_STATE_H
#define SMK_ANALYSIS_REQUEST_VIEW_STATE_H

#include "analysis/chain.h"
#include "analysis/request_parts.h"
#include "analysis/request_pick.h"
#include "analysis/request_view.h"
#include "analysis/say.h"

#define SMK_SAMPLED_SHOWN 3u

/* A function in which samples of the request lie. */
struct smk_view_function {
    uint32_t function, stack, count;
};

struct smk_request_view {
    struct smk_mem mem;
    smk_trace *trace;
    struct smk_symbols symbols;
    struct smk_request_pick pick;
    struct smk_span_index index;
    struct smk_request_parts request, normal; /* normal.total 0: there is none */
    bool has_normal;
    struct smk_chain chain;
    uint32_t samples; /* of the request */
    struct smk_view_function functions[SMK_SAMPLED_SHOWN]; /* most samples first */
    uint32_t function_count;
};

/* Both of them, of a part of a kind: how much longer it was in the request. */
int64_t smk_request_view_more(const struct smk_request_view *view, const struct smk_time_part *part, uint64_t *normal);

/* Where running and runnable of the request's process come from: "perf switch records"; "" where it is not told. */
const char *smk_request_view_source(const struct smk_request_view *view);

#endif
