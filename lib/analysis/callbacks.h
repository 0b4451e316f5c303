/* callbacks.h: the callbacks of event loops that the program names: how long they took, and how late they began; and
 * the loops that were seen held while they were.
 *
 * What is in the file is what took 20 us or began 1 ms late (format/events.h): the figures are of those.
 *
 * Bounds: SMK_CALLBACKS_MAX callbacks, the last SMK_STALLS_KEPT stalls; what is beyond is counted.
 */
#ifndef SMK_ANALYSIS_CALLBACKS_H
#define SMK_ANALYSIS_CALLBACKS_H

#include "analysis/dist.h"
#include "analysis/loops.h"
#include "stallmark/reader.h"

#define SMK_CALLBACKS_MAX 1024u
#define SMK_STALLS_KEPT   16u

struct smk_callback_row {
    uint32_t site;
    struct smk_dist took;
    struct smk_dist late;  /* timers: behind the time for which they were set */
    uint64_t ready_max;    /* ns: the longest time that it was ready and another one ran, of those that are no timers */
};

struct smk_stall_seen {
    uint64_t time, since; /* it was looked at then, and had not looked for work for so long */
    uint32_t process, tid, site, stack, how; /* site 0: the callback is not known; how: enum smk_stall_how */
};

struct smk_callbacks {
    struct smk_callback_row *rows;
    uint32_t count, capacity;
    struct smk_map by_site;
    uint64_t unlisted; /* events of callbacks for which there was no room */
    struct smk_stall_seen stalls[SMK_STALLS_KEPT]; /* a ring */
    uint64_t stall_count;
};

void smk_callbacks_free(struct smk_callbacks *callbacks, struct smk_mem *mem);

/* loop_callback and loop_stall; any other event is none of ours. Tells the loops what held them. */
void smk_callbacks_event(struct smk_callbacks *callbacks, struct smk_loops *loops, struct smk_mem *mem,
                         const smk_event *event);

/* All events were told: orders them by total time, most first. */
void smk_callbacks_finish(struct smk_callbacks *callbacks, struct smk_mem *mem);

#endif
