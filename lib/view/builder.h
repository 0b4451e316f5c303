/* builder.h: what the pass of build.c keeps while it goes on; for build*.c. */
#ifndef SMK_VIEW_BUILDER_H
#define SMK_VIEW_BUILDER_H

#include "view/state.h"

#define SMK_VIEW_LANES 256u  /* requests of a route, or regions of requests, at one time */
#define SMK_VIEW_BATCH 4096u /* events between two turns */

/* The value that a counter has now. */
struct smk_view_value {
    uint64_t from; /* 0: there is none yet */
    int64_t value;
};

/* A thread ran on a CPU. They come in no order (a thread's time is told when it is known), so they are kept in runs
 * that are in order, and merged at the end. */
struct smk_view_ran {
    uint64_t from, to, request;
    uint32_t process, thread;
};

#define SMK_VIEW_RUN_ITEMS 16384u
#define SMK_VIEW_CPUS_MAX  1024u

struct smk_view_cpu {
    uint32_t number, machine; /* machine: the first process of it */
    uint32_t process;         /* that was asked about last */
    struct smk_view_blocks runs; /* each in order; a block with `first` 0 begins one */
    struct smk_view_ran *array;  /* of the run that is open */
    uint32_t count, capacity;
};

struct smk_view_builder {
    struct smk_view *view;
    struct smk_view_store *store;
    smk_trace *trace;
    uint64_t batches, total;
    int result;
    struct smk_view_line *last; /* of a thread */
    struct smk_map by_key, by_wait;
    struct smk_map epochs; /* of locks, by process and address: how many have begun */
    struct smk_map named;  /* locks and epochs of which a wait was told; 1: with its stack */
    struct smk_view_value *values; /* by row */
    uint32_t value_capacity;
    struct smk_view_cpu *cpus;
    uint32_t cpu_count, cpu_capacity;
    struct smk_view_cpu *last_cpu;
    bool several; /* processes: there are */
};

struct smk_view_line *smk_view_builder_thread(struct smk_view_builder *builder, uint32_t process, uint32_t serial);

/* build_cpus.c */
void smk_view_cpus_add(struct smk_view_builder *builder, const struct smk_span *span);
int smk_view_cpus_end(struct smk_view_builder *builder);
void smk_view_cpus_free(struct smk_view_builder *builder);

#endif
