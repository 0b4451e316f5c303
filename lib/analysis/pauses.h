/* pauses.h: the stretches in which memory, the CPU limit of the control group or an event loop's callback stopped a
 * thread, all of them in a histogram, the worst with their stacks and what ran before. For `stallmark pauses`.
 *
 *   memory     a call that maps, unmaps or gives back memory, or the allocator, for as long as it took
 *   fault      a page that had to be read from a disk
 *   loop       an event loop was away for 5 ms and more, and bytes lay there when it came back: from their arrival, or
 *              where that is not known from when it had looked before, to their read
 *   throttled  a thread was ready without a CPU for 5 ms and more, in a capture in which the group was throttled
 *
 * Stretches of one thread that overlap are one pause, of the kind of the first.
 *
 * One thread at a time. Since 0.1.
 */
#ifndef SMK_ANALYSIS_PAUSES_H
#define SMK_ANALYSIS_PAUSES_H

#include "analysis/request_view.h"

struct smk_pauses;

/* `worst`: how many are told one by one, 0: 10, at most 100. Else as smk_moment_make. */
int smk_pauses_make(struct smk_pauses **pauses, smk_trace *trace, unsigned worst,
                    const struct smk_request_view_options *options);
void smk_pauses_free(struct smk_pauses *pauses);

int smk_pauses_text(struct smk_pauses *pauses, smk_report_put put, void *arg);
int smk_pauses_json(struct smk_pauses *pauses, smk_report_put put, void *arg);

#endif
