/* find_convoy.c: a lock that each has for a moment, and for which all stand in line. */
#include "analysis/findings.h"

#define MS 1000000u

/* docs/findings.md has the reasons. */
#define HELD_MOST     (2u * MS)
#define LEAST_WAITS   100u
#define LEAST_THREADS 3u
#define LEAST_BEFORE  2u /* holds that a wait lasts */

bool smk_finding_is_convoy(const struct smk_finding *finding, const struct smk_locks *locks)
{
    const struct smk_lock *lock = &locks->array[finding->lock];
    uint64_t held = 0, count = 0;
    for (uint32_t i = 0; i < finding->holders.holding_count; i++) {
        held += finding->holders.holding[i].held;
        count += finding->holders.holding[i].held_count;
    }
    return lock->waits.count >= LEAST_WAITS && lock->threads >= LEAST_THREADS && count >= LEAST_WAITS / 2 &&
           held / count <= HELD_MOST && smk_dist_mean(&lock->waits) >= LEAST_BEFORE * (held / count);
}
