/* rest.h: threads of ours after the host has set a system-call filter.
 *
 * A filter may be set for all threads at once (SECCOMP_FILTER_FLAG_TSYNC), and then what our threads do next may
 * end the process: they have long been waiting in poll or a futex, which the host does too. So each of them asks
 * here when it wakes. Where there is a new filter, the first one tries what we do (probe.h); if any of it is
 * refused, all of them rest for ever, the gate is closed, and nothing is done at exit. A thread that is in the
 * middle of its work when the filter comes is not helped.
 */
#ifndef SMK_CORE_REST_H
#define SMK_CORE_REST_H

#include "base/atomic.h"
#include "base/compiler.h"

/* Atomic; 0 until the host sets a filter, and again when nothing was refused. */
extern uint32_t smk_rest_state;

/* What is asked: NULL, or what is refused (static text). On a thread of ours. At most four. */
void smk_rest_add_check(const char *(*refused)(void));

/* The host has set a filter. */
void smk_rest_filter_set(void);

SMK_COLD void smk_rest_look(void);

/* On a thread of ours that just woke: may not return. */
SMK_INLINE void smk_rest_if_refused(void)
{
    if (SMK_UNLIKELY(smk_load_relaxed(&smk_rest_state) != 0))
        smk_rest_look();
}

/* Our threads rest: nobody waits for them, and nothing of ours is done any more. */
bool smk_resting(void);

void smk_rest_reset_in_child(void);

#endif
