/* shed.h: holds the tracer to its budget: budget.h's rules with the real figures and the real gate.
 *
 * The library alone has no budget: whoever calls capture.h or marks events in a loop gets them. The agent sets
 * one, from its settings. A capture that begins takes back whatever was shed for the recorder: it has a budget
 * of its own, and is to be whole from its first event on.
 */
#ifndef SMK_CORE_SHED_H
#define SMK_CORE_SHED_H

#include "base/compiler.h"
#include "core/cost.h"

struct smk_shed_budget {
    uint32_t recorder, armed; /* hundredths of a percent of the process's CPU time; 0: none */
    uint64_t floor_ns;        /* CPU time a second that the process counts as using at least */
};

/* Any thread. */
void smk_shed_set_budget(const struct smk_shed_budget *budget);

/* CPU time of the writer that counts for the budget: not what is done once a capture, its tables and a
 * snapshot's copy, which nothing that is shed would make cheaper. The writer, and whoever makes a pass in its place. */
void smk_shed_charge(uint64_t cpu_ns);

/* In each pass of the writer, while something is recorded. */
void smk_shed_look(void);

struct smk_shed_status {
    uint32_t share;       /* the budget in force, hundredths of a percent; 0: none */
    uint32_t categories;  /* shed now */
    uint64_t window_ns;   /* the last window: how long … */
    uint64_t cost_ns;     /* … what it cost … */
    uint64_t allowed_ns;  /* … and what it might */
    uint64_t shed, taken_back; /* categories, so far */
};
/* Any thread. */
void smk_shed_get_status(struct smk_shed_status *status);

void smk_shed_reset_in_child(void);

#endif
