/* throttled.h: when threads stood still because the control group had used up its CPU time.
 *
 * How long, the kernel counts, and not when. Perf switch records have each stretch in which a CPU was taken from a
 * thread that went on to want it; in a group with a limit that is used up the long ones are taken for the limit's.
 *
 * One thread at a time. Since 0.1.
 */
#ifndef SMK_ANALYSIS_THROTTLED_H
#define SMK_ANALYSIS_THROTTLED_H

#include "stallmark/reader.h"

struct smk_throttled {
    uint64_t quota, period; /* ns of CPU time that the group may use in each; period 0: not known, or no limit */
    uint64_t periods, counted; /* of the capture, and ns, as the kernel says */
    uint64_t least;            /* ns: a stretch from here on is taken for the limit's; 0: there is no limit */
    uint64_t ns, stretches;    /* of such, of all threads */
    uint64_t first, last;      /* when the first began and the last ended */
};

/* What the file says of the limit; before the events. */
void smk_throttled_init(struct smk_throttled *throttled, smk_trace *trace);
/* Its CPU was taken from a thread from `begin` to `end`, in the window. */
void smk_throttled_off(struct smk_throttled *throttled, uint64_t begin, uint64_t end);

#endif
