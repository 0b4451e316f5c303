/* states.h: what each thread is in the middle of while the events go by: its request, its regions.
 *
 * One thread of the trace is one entry, made when its first event comes. Pointers into the table are
 * valid until the next smk_states_of.
 *
 * One thread at a time. Since 0.1.
 */
#ifndef SMK_ANALYSIS_STATES_H
#define SMK_ANALYSIS_STATES_H

#include "analysis/map.h"
#include "base/mem.h"

/* A region that is open on a thread. */
struct smk_frame {
    uint64_t begin;
    uint64_t children; /* ns of the regions that ended in it */
    uint64_t waited;   /* ns of waits in it and in no inner region */
    uint64_t waited_below; /* ns of waits in inner ones */
    uint32_t site;
};

/* Requests that the thread read, one after the other, and has not answered; since it looked for other work last. A
 * server may read many, flush once and then answer all: whatever it waits for in between they all wait for. */
#define SMK_READ_WITH_MAX 1024u /* those beyond wait for nothing but their own */

struct smk_read_with {
    uint64_t *requests; /* with their process */
    uint32_t first, end, capacity; /* those at [first, end) */
};

/* Off its CPU, once, and what the thread had run and been preempted by then. */
struct smk_off {
    uint64_t begin, end;
    uint64_t ran;
    uint64_t preempted, preempted_after; /* at its begin, at its end */
};

#define SMK_OFFS_KEPT 8u /* of a thread, the last ones; a wait rarely has more than two in it */

struct smk_state {
    uint32_t serial;
    uint32_t depth, capacity;
    struct smk_frame *frames; /* outermost first */
    uint64_t request;         /* 0: none */
    struct smk_read_with read_with;
    bool cpu_known;           /* switches of this thread are complete since `on_since` at least */
    uint64_t on_since;        /* on a CPU since, or accounted for until then: running.h */
    uint64_t works_since;     /* for this request */
    uint64_t ran, preempted;  /* ns until on_since, since switches are known */
    struct smk_off offs[SMK_OFFS_KEPT]; /* a ring … */
    uint32_t off_count;                 /* … of those since switches are known */
};

struct smk_states {
    struct smk_state *array;
    uint32_t count, capacity;
    struct smk_map by_serial;
    uint32_t last_serial, last_index; /* of the last answer: events come in runs */
};

void smk_states_free(struct smk_states *states, struct smk_mem *mem);

/* It read a request; answered it, or was told that it is none; looked for other work. */
void smk_read_with_add(struct smk_read_with *list, struct smk_mem *mem, uint64_t request);
void smk_read_with_remove(struct smk_read_with *list, uint64_t request);
void smk_read_with_clear(struct smk_read_with *list);

/* The state of a thread; NULL when there is no memory. */
struct smk_state *smk_states_of(struct smk_states *states, struct smk_mem *mem, uint32_t serial);

#endif
