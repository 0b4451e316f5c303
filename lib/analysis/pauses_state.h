/* pauses_state.h: pauses from the inside; for pauses*.c. */
#ifndef SMK_ANALYSIS_PAUSES_STATE_H
#define SMK_ANALYSIS_PAUSES_STATE_H

#include "analysis/dist.h"
#include "analysis/pauses.h"
#include "analysis/request_pick.h"
#include "analysis/say.h"

#define SMK_PAUSES_WORST   100u
#define SMK_PAUSE_BUCKETS  24u /* by powers of two, of 1 us and more */
#define SMK_PAUSE_STRETCHES 6u

enum smk_pause_kind { SMK_PAUSE_MEMORY, SMK_PAUSE_FAULT, SMK_PAUSE_LOOP, SMK_PAUSE_THROTTLED, SMK_PAUSE_KINDS };

const char *smk_pause_kind_name(enum smk_pause_kind kind);

/* What a thread did in a part of a pause, or before it. */
struct smk_pause_stretch {
    uint8_t state, kind;
    uint32_t stack;   /* of the wait, or of a sample */
    uint32_t route;   /* of the request that it worked for; 0: none */
    uint64_t ns;
};

struct smk_pause {
    uint64_t from, to;
    uint64_t request;
    uint32_t process, thread, kind;
    uint32_t route;
    bool has_wait;
    struct smk_span_wait wait;         /* of memory and faults */
    struct smk_pause_stretch did[SMK_PAUSE_STRETCHES]; /* what took most of a loop's, most first */
    uint32_t did_count;
    struct smk_pause_stretch before;   /* what the thread did until it began; ns 0: not known */
    uint32_t region;                   /* site; 0: none */
};

struct smk_pause_sum {
    struct smk_dist dist;
    uint64_t buckets[SMK_PAUSE_BUCKETS];
};

/* A pause that goes on, of each thread and kind. */
struct smk_pause_open {
    uint64_t from, to;
    uint32_t process, thread;
};

struct smk_pauses {
    struct smk_mem mem;
    smk_trace *trace;
    struct smk_symbols symbols;
    struct smk_request_pick pick; /* the names of locks */
    struct smk_span_index index;
    struct smk_pause_sum sums[SMK_PAUSE_KINDS];
    struct smk_pause *worst; /* longest first */
    uint32_t worst_count, worst_max;
    struct smk_pause_open *loops; /* by thread */
    uint32_t loop_count, loop_capacity;
    struct smk_map loop_by_thread;
    uint64_t throttled, throttled_ns; /* as the control group counts */
    uint32_t gaps; /* in which pauses of memory, or of loops, were not recorded */
};

/* pauses_look.c: the second pass, for the worst. */
int smk_pauses_look(struct smk_pauses *pauses, const struct smk_timeline_options *pass);

#endif
