/* region_states.h: what threads did with their time in each region and in each region path: the same partition into
 * states as that of a thread's life (timeline.h), cut at the ends of regions.
 *
 * A path is a region with those around it, outermost first: "handle / render / write_log". Its own time is that in
 * which it is the innermost; its whole time includes the regions in it. Of a region all paths that end in it are
 * summed, where it is inside itself once. Each sum of states is exact: it is the time that the region was open in the
 * window.
 *
 * Fed by a pass of timeline.h: its events say where a thread is as they come, its spans what it did, later. What lies
 * between waits in a queue of at most SMK_REGION_QUEUE turns a thread; a thread that takes more turns without anything
 * else that is known of it runs, so the oldest are told as running.
 *
 * Bounds: SMK_REGION_PATHS, SMK_REGION_DEPTH regions deep; what is beyond counts for the path around it, and is
 * counted.
 * Regions of requests, which overlap, are not in it.
 *
 * One thread at a time. Since 0.1.
 */
#ifndef SMK_ANALYSIS_REGION_STATES_H
#define SMK_ANALYSIS_REGION_STATES_H

#include "analysis/map.h"
#include "analysis/timeline.h"
#include "base/mem.h"

#define SMK_REGION_PATHS 4096u
#define SMK_REGION_DEPTH 64u
#define SMK_REGION_QUEUE 4096u

/* What a thread does: waits by their kind behind SMK_DOES_WAITING, which is a wait of no kind that is known. */
enum smk_does {
    SMK_DOES_RUNNING,
    SMK_DOES_EITHER, /* running, or ready: nothing says which */
    SMK_DOES_RUNNABLE,
    SMK_DOES_IDLE,
    SMK_DOES_UNKNOWN,
    SMK_DOES_WAITING,
    SMK_DOES_COUNT = SMK_DOES_WAITING + SMK_WAIT_OTHER + 1
};

/* "running", "runnable", "lock". */
const char *smk_does_name(unsigned does);

struct smk_region_path {
    uint32_t parent; /* number + 1; 0: it is an outermost one */
    uint32_t site;
    uint64_t times;  /* it was entered */
    uint64_t own[SMK_DOES_COUNT];   /* ns */
    uint64_t whole[SMK_DOES_COUNT]; /* smk_region_states_finish's */
    uint64_t own_ns, whole_ns;
};

struct smk_region_thread;

struct smk_region_states {
    struct smk_mem *mem;
    const uint64_t *from; /* of each process: its window's begin; NULL: 0 */
    struct smk_region_path *paths;
    uint32_t count, capacity;
    struct smk_map by_step; /* parent and site */
    struct smk_region_thread *threads;
    uint32_t thread_count, thread_capacity;
    struct smk_map by_serial;
    struct smk_path_time {
        uint64_t ns;
        uint32_t path;
    } *by_time;         /* most whole time first; smk_region_states_finish's */
    uint64_t too_many;  /* regions entered that are no path of their own */
};

void smk_region_states_init(struct smk_region_states *states, struct smk_mem *mem);
void smk_region_states_free(struct smk_region_states *states);

/* For who makes the pass: each event, span and gap of it. */
void smk_region_states_event(struct smk_region_states *states, const smk_event *event);
void smk_region_states_span(struct smk_region_states *states, const struct smk_span *span);
void smk_region_states_gap(struct smk_region_states *states, const smk_gap *gap);
/* False when there is no memory. */
bool smk_region_states_finish(struct smk_region_states *states);

/* The sites of a path, outermost first; how many, at most `max`. */
uint32_t smk_region_path_sites(const struct smk_region_states *states, uint32_t path, uint32_t *sites, uint32_t max);
/* All paths that end in a region. */
void smk_region_states_of(const struct smk_region_states *states, uint32_t site, uint64_t does[SMK_DOES_COUNT]);

#endif
