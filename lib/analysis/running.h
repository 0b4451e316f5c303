/* running.h: CPUs: how long requests ran and were preempted, where threads were when they were sampled,
 * and what the kernel counted for all of them.
 *
 * Of perf switch records alone it is known when a thread runs: from a thread's sched_source event on, until
 * one that says that records were lost. The time between two times off its CPU counts for the request that
 * it serves; it is measured, never what other parts leave over. How long a thread that had waited was ready
 * before it ran is known in sums only (sched.h), so for a request just what it was preempted is told.
 *
 * What a thread ran in a region or in a wait is in that part of the request already. A wait is known when it is over:
 * so of each thread the last times off its CPU are kept, and tell how much it ran between then and now.
 *
 * One thread at a time. Since 0.1.
 */
#ifndef SMK_ANALYSIS_RUNNING_H
#define SMK_ANALYSIS_RUNNING_H

#include "analysis/latency.h"
#include "analysis/states.h"
#include "analysis/symbols.h"

#define SMK_SAMPLED_STACKS_MAX 262144u

/* Samples of one stack in one route. */
struct smk_sampled {
    uint32_t route; /* index in the routes; SMK_MAP_NONE: in no request */
    uint32_t stack;
    uint64_t count;
};

struct smk_running {
    uint64_t from;          /* the window's begin */
    uint64_t ran, runnable; /* ns of all threads, as the kernel counted them */
    uint64_t preempted;     /* ns of all threads */
    uint64_t samples, unlisted; /* unlisted: of stacks for which there was no room */
    struct smk_sampled *array;
    uint32_t count, capacity;
    struct smk_map by_key;
};

void smk_running_free(struct smk_running *running, struct smk_mem *mem);

/* What is known of the thread begins anew. */
void smk_running_source(struct smk_latency *latency, struct smk_state *state, uint64_t time, uint64_t source,
                        uint64_t lost);
/* The thread was off its CPU in [time - duration, time]; `how` as in the event. */
void smk_running_off(struct smk_running *running, struct smk_latency *latency, struct smk_state *state,
                     uint64_t time, uint64_t duration, uint64_t how);
/* [end - ns, end] of the thread is a part of its request, outside of all regions: before the next event of it. */
void smk_running_part(struct smk_latency *latency, struct smk_state *state, uint64_t end, uint64_t ns);
/* It runs, at this time, and begins to work for another request or for none, or enters or leaves its outermost region:
 * before the state says so. */
void smk_running_turn(struct smk_latency *latency, struct smk_state *state, uint64_t time);
/* In [time - duration, time] the kernel counted. */
void smk_running_count(struct smk_running *running, uint64_t time, uint64_t duration, uint64_t ran,
                       uint64_t runnable);
void smk_running_sample(struct smk_running *running, struct smk_mem *mem, uint64_t time, uint32_t route,
                        uint32_t stack);

/* The functions in which most samples of a route lie, most first; how many, at most `max`. *of: samples of
 * the route. */
struct smk_sampled_function {
    char name[SMK_SYMBOL_NAME_MAX]; /* of its module where the function has none */
    uint64_t count;
};
uint32_t smk_running_functions(const struct smk_running *running, struct smk_symbols *symbols, uint32_t route,
                               struct smk_sampled_function *functions, uint32_t max, uint64_t *of);

#endif
