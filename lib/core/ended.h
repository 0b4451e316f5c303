/* ended.h: some of the requests that ended, for live views: the slowest ever, and the last ones, at most one a
 * millisecond. So a request that is neither costs its end two loads and two comparisons.
 *
 * Any thread, signal handlers too: who finds another one at the slowest goes without, which is counted.
 */
#ifndef SMK_CORE_ENDED_H
#define SMK_CORE_ENDED_H

#include "base/atomic.h"
#include "base/compiler.h"

#define SMK_ENDED_RECENT  64u
#define SMK_ENDED_SLOWEST 32u
#define SMK_ENDED_GAP_NS  UINT64_C(1000000)

struct smk_ended {
    uint64_t id; /* 0: none */
    uint64_t end, ticks; /* when, and how long; ticks */
    uint32_t route;      /* id in smk_strings */
    uint32_t tid;        /* of the thread that said so; 0: one without a slot */
    uint32_t status;
    uint32_t more; /* others that were answered with it */
};

extern struct smk_ended_bounds {
    uint64_t least; /* atomic: what is not longer is none of the slowest */
    uint64_t next;  /* atomic: what ends before is not kept as recent */
} smk_ended_bounds;

SMK_COLD void smk_ended_keep(const struct smk_ended *ended);

/* Whether one that took so long and ended then is to be kept. */
SMK_INLINE bool smk_ended_counts(uint64_t end, uint64_t ticks)
{
    return SMK_UNLIKELY(ticks > smk_load_relaxed(&smk_ended_bounds.least) ||
                        end >= smk_load_relaxed(&smk_ended_bounds.next));
}

SMK_INLINE void smk_ended_note(const struct smk_ended *ended)
{
    if (smk_ended_counts(ended->end, ended->ticks))
        smk_ended_keep(ended);
}

/* Copies them, the latest and the slowest first; how many. From one thread of ours. */
uint32_t smk_ended_recent(struct smk_ended list[SMK_ENDED_RECENT]);
uint32_t smk_ended_slowest(struct smk_ended list[SMK_ENDED_SLOWEST]);
/* Slow ones that were not kept, because another thread was at them. */
uint64_t smk_ended_missed(void);

void smk_ended_reset_in_child(void);

#endif
