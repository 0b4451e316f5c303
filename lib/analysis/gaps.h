/* gaps.h: the times in which a category was not recorded, for an analysis that concludes nothing from them.
 *
 * One thread at a time. Since 0.1.
 */
#ifndef SMK_ANALYSIS_GAPS_H
#define SMK_ANALYSIS_GAPS_H

#include "base/mem.h"
#include "stallmark/reader.h"

struct smk_gaps {
    smk_gap *array; /* of all processes, in order of their beginnings */
    uint32_t count, capacity;
    uint32_t begun;      /* of those in the array, as far as the events have come */
    uint32_t categories; /* of all of them */
    uint32_t open;       /* categories in a gap at the last event */
    uint64_t next;       /* when that changes; UINT64_MAX: never */
};

/* What the trace says. */
void smk_gaps_load(struct smk_gaps *gaps, struct smk_mem *mem, const smk_trace *trace);
void smk_gaps_free(struct smk_gaps *gaps, struct smk_mem *mem);

/* Goes on to this time, events coming in order: the categories whose gap has begun since the last call. */
uint32_t smk_gaps_go_on(struct smk_gaps *gaps, uint64_t time);

/* An event of this category at that time, as far as was gone on, lies in a gap of its process. */
bool smk_gaps_cover(const struct smk_gaps *gaps, uint32_t process, uint32_t category, uint64_t time);

#endif
