/* handover.h: which unlock or wake ended which wait.
 *
 * A wait says who let go last before it ended; an unlock is recorded behind its call. So the two meet by the object
 * and the thread, whichever is recorded first: who was woken may tell of its wait before the one that woke it runs
 * again. Of each object the last SMK_HANDOVERS_KEPT of both are kept.
 */
#ifndef SMK_EXPORT_HANDOVER_H
#define SMK_EXPORT_HANDOVER_H

#include "analysis/map.h"
#include "analysis/timeline.h"

#define SMK_HANDOVERS_KEPT    8u
#define SMK_HANDOVERS_OBJECTS 65536u /* of more only the first */

struct smk_handover_release {
    uint64_t from, flow; /* flow: the caller's */
    uint32_t tid, stack;
    uint32_t left; /* waits that it may still have ended; 0: none */
};

struct smk_handover_wait {
    uint64_t from, to;
    uint32_t thread, tid; /* tid: who let go */
};

struct smk_handover_object {
    struct smk_handover_release releases[SMK_HANDOVERS_KEPT];
    struct smk_handover_wait waits[SMK_HANDOVERS_KEPT]; /* tid 0: free */
    uint32_t next_release, next_wait;
};

struct smk_handovers {
    struct smk_mem *mem;
    void *arg;
    void (*met)(void *arg, const struct smk_handover_wait *wait, struct smk_handover_release *release);
    void (*unmet)(void *arg, const struct smk_handover_wait *wait); /* may be NULL */
    struct smk_handover_object *objects;
    uint32_t count, capacity;
    struct smk_map by_address;
};

/* `release`: from, stack and flow; its `left` is how many waits it may end. */
void smk_handovers_release(struct smk_handovers *handovers, uint32_t process, uint64_t object,
                           const struct smk_handover_release *release);
void smk_handovers_wait(struct smk_handovers *handovers, const struct smk_span_wait *wait);
/* What has not met is told; memory is let go of. */
void smk_handovers_finish(struct smk_handovers *handovers);

#endif
