/* diff.h: two reports side by side: what got better, what got worse, and what nobody can tell. What is claimed, and by
 * which test: docs/diff.md.
 *
 * Both reports are made with SMK_DIFF_SAMPLES for their option `samples`, and live as long as the diff. One thread at a
 * time. Since 0.1.
 */
#ifndef SMK_ANALYSIS_DIFF_H
#define SMK_ANALYSIS_DIFF_H

#include "analysis/report.h"

#define SMK_DIFF_SAMPLES 4096u

struct smk_diff;

/* 0, or SMK_E_NOMEM. The memory is of `before`. */
int smk_diff_make(struct smk_diff **diff, struct smk_report *before, struct smk_report *after);
void smk_diff_free(struct smk_diff *diff);

/* How many figures are said to have changed. */
unsigned smk_diff_claims(const struct smk_diff *diff);

int smk_diff_text(const struct smk_diff *diff, smk_report_put put, void *arg);
int smk_diff_json(const struct smk_diff *diff, smk_report_put put, void *arg);

#endif
