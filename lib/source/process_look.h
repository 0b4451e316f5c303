/* process_look.h: figures of the whole process, ten times a second while a timed capture runs: how much memory
 * is resident, page faults, CPU time, threads, descriptors. Read by the writer, and written into the chunks of
 * the first of the host's threads.
 */
#ifndef SMK_SOURCE_PROCESS_LOOK_H
#define SMK_SOURCE_PROCESS_LOOK_H

#include "base/sys.h"

#define SMK_PROCESS_LOOK_NS UINT64_C(100000000)

struct smk_process_figures {
    uint64_t rss_bytes; /* 0: unknown */
    struct smk_usage usage;
    bool usage_known;
    uint64_t descriptors; /* 0: unknown: before Linux 6.2 the kernel does not count them */
};

/* Any thread. */
void smk_process_figures(struct smk_process_figures *figures);

/* For sched.c, under its lock: puts them; does nothing where there is no thread to put them with. */
void smk_process_look(void);

#endif
