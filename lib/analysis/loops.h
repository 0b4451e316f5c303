/* loops.h: event loops: how long requests lay before their thread read them, and what it did meanwhile.
 *
 * Of each thread that serves requests the last stretches of work are kept: which request it worked for, where
 * it waited, where its CPU samples lie. When a delay is told, the stretch of it on that thread is charged to
 * what took most of it (docs/findings.md, event loop). Delays of one culprit are one hold.
 *
 * Bounds: SMK_LOOP_KEPT stretches and samples of a thread, SMK_HOLDS_MAX culprits; what is beyond is counted.
 *
 * One thread at a time. Since 0.1.
 */
#ifndef SMK_ANALYSIS_LOOPS_H
#define SMK_ANALYSIS_LOOPS_H

#include "analysis/dist.h"
#include "analysis/map.h"
#include "analysis/symbols.h"
#include "base/mem.h"

#define SMK_LOOP_KEPT   64u
#define SMK_HOLDS_MAX   1024u
#define SMK_HELD_ROUTES 8u /* of a hold */
#define SMK_LOOP_SPAN   1000000u /* ns: shorter stretches are no culprits of a delay of 5 ms */

enum smk_culprit {
    SMK_CULPRIT_UNKNOWN,
    SMK_CULPRIT_ROUTE,   /* id: index of the route */
    SMK_CULPRIT_CALLBACK, /* id: of its site */
    SMK_CULPRIT_WAIT,    /* id: of the stack that waited, its innermost own function */
    SMK_CULPRIT_FUNCTION /* id: of a stack, its innermost own function */
};

/* A stretch of a thread's time. */
struct smk_loop_span {
    uint64_t begin, end;
    uint32_t what;  /* a request's route, SMK_MAP_NONE: unknown; or a callback's site */
    uint32_t stack; /* of a wait */
};

struct smk_loop_sample {
    uint64_t time;
    uint32_t stack;
};

/* The last ones of each, in rings. */
struct smk_loop_past {
    struct smk_loop_span requests[SMK_LOOP_KEPT], waits[SMK_LOOP_KEPT], preempted[SMK_LOOP_KEPT];
    struct smk_loop_span callbacks[SMK_LOOP_KEPT];
    struct smk_loop_sample samples[SMK_LOOP_KEPT];
    uint32_t request_count, wait_count, preempted_count, callback_count, sample_count;
};

struct smk_loop_thread {
    uint32_t serial;
    uint32_t route;     /* of the request that it works for */
    bool working;
    uint64_t since;
    struct smk_loop_past *past;
    struct smk_dist delays; /* of the requests that it read */
};

struct smk_held_route {
    uint32_t route; /* index */
    uint64_t ns, count;
};

struct smk_hold {
    enum smk_culprit culprit;
    uint32_t id;
    uint64_t ns, count, max; /* of the delays */
    uint64_t max_own;        /* of the delays without what the thread was preempted in them, where that is known */
    uint64_t max_begin;      /* of the longest one */
    uint32_t max_thread;
    uint64_t max_request;    /* its id */
    uint64_t holds, longest; /* stretches that caused them */
    uint64_t last_begin;     /* of the last of these */
    uint32_t stack;          /* of the longest: a wait in it, else where it was sampled most */
    uint64_t stack_ns;
    bool by_kernel, by_range; /* how some of the delays are known */
    uint32_t route_count;
    struct smk_held_route routes[SMK_HELD_ROUTES];
};

struct smk_loops {
    uint64_t from; /* the window's begin */
    struct smk_loop_thread *threads;
    uint32_t thread_count, thread_capacity;
    struct smk_map by_serial;
    uint32_t last; /* index + 1 of the last answer */
    struct smk_hold *holds;
    uint32_t hold_count, hold_capacity;
    struct smk_map by_culprit;
    uint64_t unlisted; /* delays of culprits for which there was no room */
};

void smk_loops_free(struct smk_loops *loops, struct smk_mem *mem);

/* From now on the thread works for a request of this route, or for none. */
void smk_loops_works(struct smk_loops *loops, struct smk_mem *mem, uint32_t thread, uint32_t route, uint64_t time);
void smk_loops_rests(struct smk_loops *loops, uint32_t thread, uint64_t time);
/* It waited in a call other than a poll. */
void smk_loops_waited(struct smk_loops *loops, struct smk_mem *mem, uint32_t thread, uint64_t begin, uint64_t end,
                      uint32_t stack);
/* Its CPU was taken from it. */
void smk_loops_preempted(struct smk_loops *loops, struct smk_mem *mem, uint32_t thread, uint64_t begin, uint64_t end);
/* It was in a callback that the program names. */
void smk_loops_called(struct smk_loops *loops, struct smk_mem *mem, uint32_t thread, uint64_t begin, uint64_t end,
                      uint32_t site);
void smk_loops_sampled(struct smk_loops *loops, struct smk_mem *mem, uint32_t thread, uint64_t time, uint32_t stack);

/* A request was read by the thread `ns` after its bytes had come. */
void smk_loops_read(struct smk_loops *loops, struct smk_mem *mem, uint32_t thread, uint64_t ns);

struct smk_loop_delay {
    uint64_t time, delay;
    uint64_t request;
    uint32_t thread, route; /* route: index, SMK_MAP_NONE: not known */
    uint32_t how;           /* enum smk_loop_how */
};

/* A delay of 5 ms or more is charged. */
void smk_loops_delay(struct smk_loops *loops, struct smk_mem *mem, struct smk_symbols *symbols,
                     const struct smk_loop_delay *delay);

#endif
