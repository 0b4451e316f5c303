/* moment.h: what every thread was doing at one instant: its state and since when, what it waited for and who held
 * that, its stack, request and regions. For `stallmark at`.
 *
 * One thread at a time. Since 0.1.
 */
#ifndef SMK_ANALYSIS_MOMENT_H
#define SMK_ANALYSIS_MOMENT_H

#include "analysis/request_view.h"

struct smk_moment;

/* A time in words as ns of the trace: "14:02:09.350" (UTC, of the trace's day), "2026-11-24T14:02:09.350Z", "+2.35s",
 * "+350ms" (since the trace began), a number (ns, as answers in JSON have them). SMK_E_INVALID, or SMK_E_NOTFOUND where
 * it lies outside of the trace, with what is allowed. */
int smk_moment_parse(uint64_t *time, smk_trace *trace, const char *text);

/* Whether it is a time at all, before a trace is read: 0, or SMK_E_INVALID. Whose date it is is not looked at. */
int smk_moment_check(const char *text);

/* The options are those of request_view.h. 0; SMK_E_LIMIT, SMK_E_NOMEM; the reader's errors. */
int smk_moment_make(struct smk_moment **moment, smk_trace *trace, uint64_t time,
                    const struct smk_request_view_options *options);
void smk_moment_free(struct smk_moment *moment);

int smk_moment_text(struct smk_moment *moment, smk_report_put put, void *arg);
int smk_moment_json(struct smk_moment *moment, smk_report_put put, void *arg);

#endif
