/* budget.h: which categories the tracer gives up when it costs too much, and when it takes them back.
 *
 * A function of what it is told and of nothing else: no clock, no gate; shed.c gives it the figures and does
 * what it says. The rules:
 *
 *   over    the cost of the last second is more than the budget's share of the CPU time that the process used
 *           in it, or of the floor, half a CPU, if it used less: 2 % of nothing is nothing, and nobody is helped
 *           by saving it
 *   shed    one category a second, in the order of SMK_BUDGET_ORDER; passed over are those whose own cost is
 *           below an eighth of what is to be saved, unless no other is left; "request" when all else that
 *           costs is gone
 *   back    the last one first, each after the cost was below half of what is allowed for `patience`: two
 *           seconds, twice as long each time that it was too much again at once, a minute at most
 */
#ifndef SMK_CORE_BUDGET_H
#define SMK_CORE_BUDGET_H

#include "base/compiler.h"
#include "format/events.h"

/* What is given up first stands first: what refines before what explains, waits before requests. */
#define SMK_BUDGET_ORDER(X)                                                                        \
    X(CPU) X(ALLOC) X(SCHED) X(LOOP) X(OTHER) X(REGION) X(MEMORY) X(SLEEP) X(JOIN) X(DISK) X(POLL) X(NET)   \
    X(COND) X(LOCK) X(REQUEST)

#define SMK_BUDGET_WINDOW_NS   UINT64_C(1000000000)
#define SMK_BUDGET_PATIENCE_NS UINT64_C(2000000000) /* at least … */
#define SMK_BUDGET_PATIENT_NS  UINT64_C(64000000000) /* … and at most */
#define SMK_BUDGET_LOOKS       16u

/* Sums since the process began; they only grow. */
struct smk_budget_look {
    uint64_t now;                         /* CLOCK_MONOTONIC ns */
    uint64_t process_ns;                  /* CPU time of the process, ours included */
    uint64_t shared_ns;                   /* cost that is no category's own: the writer's CPU time */
    uint64_t cost_ns[SMK_CATEGORY_COUNT]; /* the rest, by number of the category */
    uint32_t wanted;                      /* categories that somebody wants */
    uint32_t share;                       /* the budget, in hundredths of a percent; 0: there is none */
    uint64_t floor_ns;                    /* CPU time a second that the process counts as using at least */
};

struct smk_budget {
    struct smk_budget_look looks[SMK_BUDGET_LOOKS]; /* the last ones, round and round */
    uint32_t count;                                 /* looks so far */
    uint8_t stack[SMK_CATEGORY_COUNT];              /* numbers of what is shed, the last on top */
    uint32_t depth;
    uint64_t changed, low_since, taken_back; /* CLOCK_MONOTONIC ns; 0: not */
    uint64_t patience;
    /* of the last window, for whoever shows it */
    uint64_t window_ns, cost_ns, allowed_ns;
};

/* Nothing is shed and nothing known. */
void smk_budget_reset(struct smk_budget *budget);

/* Looks again; returns the categories that are not to be recorded. */
uint32_t smk_budget_decide(struct smk_budget *budget, const struct smk_budget_look *look);

#endif
