/* held.h: since when the calling thread holds a lock that it had to wait for.
 *
 * Each thread remembers the last two such locks. What it got without waiting costs no time stamp, so there
 * the beginning is unknown: a lock is forgotten when it is given up, by an unlock or inside a condition
 * wait, and all are when something is armed, since an unlock while disarmed tells nobody.
 */
#ifndef SMK_SOURCE_HELD_H
#define SMK_SOURCE_HELD_H

#include "base/compiler.h"

struct smk_held {
    uint64_t lock[2]; /* 0: none; the older one is at `next` */
    uint64_t since[2];
    uint32_t next;
    uint32_t arming; /* what smk_held_arming was */
};

extern SMK_TLS struct smk_held smk_held;
extern uint32_t smk_held_arming; /* atomic: counts armings */

SMK_INLINE bool smk_held_knows(uint64_t lock)
{
    return SMK_UNLIKELY(smk_held.lock[0] == lock || smk_held.lock[1] == lock);
}

/* It got the lock now, after a wait. */
void smk_held_begin(uint64_t lock, uint64_t now);

/* It gives the lock up: since when it held it, 0: unknown. */
uint64_t smk_held_end(uint64_t lock);

#endif
