/* moment_state.h: a moment from the inside; for moment*.c. */
#ifndef SMK_ANALYSIS_MOMENT_STATE_H
#define SMK_ANALYSIS_MOMENT_STATE_H

#include "analysis/moment.h"
#include "analysis/request_pick.h"
#include "analysis/say.h"

#define SMK_MOMENT_REGIONS 16u

struct smk_moment_thread {
    const struct smk_kept_span *span;
    const struct smk_span_wait *wait; /* NULL: it is part of none */
    uint64_t since;     /* of the wait, or of the state */
    uint64_t until;
    uint32_t holder;    /* serial of the thread that held the lock at that moment; 0: not known */
    uint32_t route;     /* of its request; 0: not known */
    uint32_t sample;    /* stack of a sample close by, of a thread that ran; 0: none */
    int64_t sample_at;  /* ns from the moment to it */
    uint32_t region_count; /* outermost first */
    uint32_t regions[SMK_MOMENT_REGIONS]; /* sites */
};

/* The next unlock of an object. */
struct smk_moment_unlock {
    uint64_t object, from; /* from: when it began; they are told by their ends */
    uint32_t process, thread;
};

struct smk_moment {
    struct smk_mem mem;
    smk_trace *trace;
    uint64_t time;
    struct smk_symbols symbols;
    struct smk_request_pick pick; /* the names of locks */
    struct smk_span_index index;
    struct smk_moment_unlock *unlocks;
    uint32_t unlock_count, unlock_capacity;
    struct smk_map by_object;
    struct smk_moment_thread *threads; /* running, runnable, waiting, idle, unknown; of each the longest first */
    uint32_t thread_count, thread_capacity;
    uint32_t by_state[SMK_SPAN_STATES];
};

#endif
