/* notable.h: what took so long, or ended so badly, that a rule wants to hear of it, at the moment when it ends.
 *
 * The record path compares with a limit that nobody reaches while no rule is set; only what is over it is put
 * into a queue (many put, one takes; after D. Vyukov's bounded queue), with who, what and when. What finds no
 * room is counted and missing. So a flood costs the queue's some 20 ns a case, and memory that is bounded.
 *
 * Put: any thread, signal handlers too. The rest: the control loop's.
 */
#ifndef SMK_CORE_NOTABLE_H
#define SMK_CORE_NOTABLE_H

#include "base/atomic.h"
#include "base/compiler.h"
#include "format/events.h"

#define SMK_NOTABLES 4096u /* that wait to be taken */

enum smk_notable_kind { SMK_NOTABLE_REQUEST, SMK_NOTABLE_WAIT, SMK_NOTABLE_LOOP };

struct smk_notable {
    uint64_t ended, ticks; /* when, and how long it took */
    uint64_t request;      /* id; 0: none */
    uint32_t what;         /* route's string; enum smk_wait_kind */
    uint32_t tid;          /* 0: unknown */
    uint32_t status;
    uint32_t thread; /* index of its slot, of a wait */
    enum smk_notable_kind kind;
};

/* What is over one of these is wanted. All atomic; UINT64_MAX and UINT32_MAX: nothing. */
struct smk_notable_limits {
    uint64_t request; /* ticks */
    uint32_t status;  /* as bad as this, or worse */
    uint64_t loop;    /* ticks, as all that follow */
    uint64_t wait[SMK_WAIT_OTHER + 1];
};
extern struct smk_notable_limits smk_notable_limits;

SMK_INLINE bool smk_is_notable_request(uint64_t ticks, uint32_t status)
{
    return SMK_UNLIKELY(ticks > smk_load_relaxed(&smk_notable_limits.request) ||
                        status >= smk_load_relaxed(&smk_notable_limits.status));
}

SMK_COLD void smk_notable_put(const struct smk_notable *notable);

/* NULL: nothing is wanted. */
void smk_notables_want(const struct smk_notable_limits *limits);
/* The oldest; false: there is none. */
bool smk_notable_take(struct smk_notable *notable);
/* For which there was no room, so far. */
uint64_t smk_notables_missed(void);

void smk_notables_reset_in_child(void);

#endif
