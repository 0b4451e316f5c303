/* call_waits.h: what threads waited for in calls that are no locks: the network, the disk, time, each other.
 *
 * Sums are kept of all, by call; the waits themselves up to a bound, for the question what a lock's holder
 * waited for meanwhile (holders.h). Waits are in the order in which they ended.
 *
 * One thread at a time. Since 0.1.
 */
#ifndef SMK_ANALYSIS_CALL_WAITS_H
#define SMK_ANALYSIS_CALL_WAITS_H

#include "analysis/map.h"
#include "base/mem.h"
#include "stallmark/reader.h"

struct smk_call_wait {
    uint64_t begin, end;
    uint32_t thread, stack;
    uint32_t kind; /* enum smk_wait_kind */
    uint32_t call; /* id of a string */
    uint32_t what; /* of a string: the peer or the file; 0: none */
    uint32_t process;
    uint64_t object;  /* a condition, a semaphore; 0: none */
    uint64_t request; /* that its thread worked for, with its process; 0: none */
    uint32_t waker;   /* tid; 0: not known */
    bool idle;        /* in no request, and in a call that waits for work: docs/findings.md */
    bool answer;      /* no thread waited: the request did, for the answer that the call brought */
};

/* All waits in one call, for one kind of thing; idle ones apart. */
struct smk_call_sum {
    uint32_t kind, call;
    uint64_t ns, count, max;
    uint64_t preempted; /* ns of these in which its CPU had been taken from the thread; of disk and memory */
    uint32_t threads; /* that waited; of answers, that read them */
    bool idle, answer;
    bool recount; /* waits were taken out of it again: max and threads are to be found anew */
};

/* Of these, those at one place for one thing. */
struct smk_wait_place {
    uint32_t sum, stack; /* stack 0: none was taken */
    uint32_t what, process;
    uint64_t object;
    uint64_t ns, count, max;
    uint64_t in_ns, in_count; /* of these in requests */
    uint64_t max_begin, max_request; /* of the longest */
    uint32_t max_thread;
    uint32_t waker; /* of the longest with one */
    uint64_t waker_ns;
};

#define SMK_WAIT_PLACES_MAX 65536u /* beyond, they are told apart by their call alone */

struct smk_call_waits {
    uint64_t from; /* the window's begin */
    uint32_t keep;
    smk_trace *trace; /* for the names of calls; may be NULL */
    struct smk_call_wait *array;
    uint32_t count, capacity;
    struct smk_call_sum *sums;
    uint32_t sum_count, sum_capacity;
    struct smk_map by_call;   /* kind, idle and call to its number in sums */
    struct smk_map by_thread; /* sum and thread */
    struct smk_wait_place *places;
    uint32_t place_count, place_capacity;
    struct smk_map by_place; /* a hash of what tells them apart: two in 2^64 are taken for one */
    uint64_t refused;        /* were not kept */
};

/* The wait that an event is, of a thread that works for `request`, 0: for none (an answer's event says itself for
 * whom it is); false: it is none, or lies before the
 * window. */
bool smk_call_wait_of(const struct smk_call_waits *waits, const smk_event *event, uint64_t request,
                      struct smk_call_wait *wait);

/* Takes it up. The number of its sum; SMK_MAP_NONE when there is no memory. */
uint32_t smk_call_waits_add(struct smk_call_waits *waits, struct smk_mem *mem, const struct smk_call_wait *wait);

/* Later events say more of waits that were taken up: that a thread was in a callback of its loop in [from, to], so that
 * what it waited for there it did not wait for work. */
void smk_call_waits_called(struct smk_call_waits *waits, struct smk_mem *mem, uint32_t thread, uint64_t from,
                           uint64_t to);

/* That wait `index` is of no request after all: it may be idle then. */
void smk_call_waits_of_none(struct smk_call_waits *waits, struct smk_mem *mem, uint32_t index);

/* All events were told: sums out of which waits were taken are right again. */
void smk_call_waits_finish(struct smk_call_waits *waits, struct smk_mem *mem);

/* The number of the sum that a wait counts in; SMK_MAP_NONE: there is none. */
uint32_t smk_call_waits_sum(const struct smk_call_waits *waits, const struct smk_call_wait *wait);

/* ns that the thread waited in calls since `begin`: they are inside of a wait that began then and ends now. */
uint64_t smk_call_waits_inside(const struct smk_call_waits *waits, uint32_t thread, uint64_t begin);

/* The first that ended at or after `time`. */
uint32_t smk_call_waits_first(const struct smk_call_waits *waits, uint64_t time);

void smk_call_waits_free(struct smk_call_waits *waits, struct smk_mem *mem);

#endif
