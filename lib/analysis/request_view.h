/* request_view.h: the answer to "why was this request slow": its wall time in parts that add up to it exactly, who
 * waited for whom, and a normal request of its route beside it. For `stallmark request` and the agent.
 *
 * Two passes over the events: one picks the two requests, the other keeps what all threads did while they lived.
 *
 * One thread at a time. Since 0.1.
 */
#ifndef SMK_ANALYSIS_REQUEST_VIEW_H
#define SMK_ANALYSIS_REQUEST_VIEW_H

#include "analysis/report.h"

struct smk_request_view_options {
    smk_resize_fn resize; /* NULL: malloc */
    void *resize_arg;
    size_t max_memory;    /* bytes; 0: no limit */
    const struct smk_line_source *lines; /* as in report.h */
    const char *debug_dir;
    bool no_symbols;
    uint32_t process;     /* of a request that is asked for: its number + 1; 0: of any. Others do not look at it */
    /* Progress, about ten times a second, of both passes; returns false to give up. May be NULL. */
    bool (*progress)(void *arg, uint64_t done, uint64_t total);
    void *progress_arg;
};

struct smk_request_view;

/* `wanted`: the number of a request, "slowest", a route or the begin of one and '*', of which the slowest; NULL: the
 * slowest of all. Uses the trace until smk_request_view_free. 0; SMK_E_NOTFOUND and what there is; SMK_E_LIMIT,
 * SMK_E_NOMEM; the reader's errors. */
int smk_request_view_make(struct smk_request_view **view, smk_trace *trace, const char *wanted,
                          const struct smk_request_view_options *options);
void smk_request_view_free(struct smk_request_view *view);

int smk_request_view_text(struct smk_request_view *view, smk_report_put put, void *arg);
int smk_request_view_json(struct smk_request_view *view, smk_report_put put, void *arg);

#endif
