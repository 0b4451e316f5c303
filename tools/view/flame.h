/* flame.h: stacks with their times as a tree of functions, as a flame graph draws it.
 *
 * Bounds: SMK_FLAME_STACKS different ones, SMK_FLAME_NODES nodes, SMK_FLAME_DEPTH frames of a stack; what does not fit
 * counts for the nodes above. One thread at a time. */
#ifndef SMK_TOOLS_VIEW_FLAME_H
#define SMK_TOOLS_VIEW_FLAME_H

#include "export/exporter.h"

#define SMK_FLAME_STACKS 200000u
#define SMK_FLAME_NODES 200000u
#define SMK_FLAME_DEPTH 256u

struct smk_flame_node {
    const char *name, *file; /* live as long as the symbols, or are the tree's own */
    uint32_t line;           /* of the place that most came by */
    uint8_t kind;            /* of a leaf that is a wait: enum smk_wait_kind */
    uint32_t child, next;    /* numbers; 0: none */
    uint64_t ns, count;
};

/* The same stack for the same thing, added up before it becomes nodes. */
struct smk_flame_stack {
    char *leaf; /* what was waited for; "" */
    uint32_t stack;
    uint8_t kind;
    uint64_t ns, count;
};

struct smk_flame {
    struct smk_mem *mem;
    struct smk_flame_stack *stacks;
    uint32_t stack_count, stack_capacity;
    struct smk_map by_stack;
    struct smk_flame_node *nodes; /* 0: the root */
    uint32_t count, capacity;
    uint64_t refused; /* stacks and nodes that had no room */
};

/* False where memory is short. */
bool smk_flame_init(struct smk_flame *flame, struct smk_mem *mem);
void smk_flame_free(struct smk_flame *flame);

/* A stack, and below it what was waited for, "" for nothing. */
void smk_flame_add(struct smk_flame *flame, uint32_t stack, const char *leaf, uint8_t kind, uint64_t ns);
/* What was added becomes a tree; the stacks are of the exporter's trace. */
void smk_flame_fold(struct smk_flame *flame, struct smk_exporter *exporter);

/* "root", most first, without what is less than a thousandth of all; *thinned: how much that is. */
struct smk_json_text;
void smk_flame_put(struct smk_flame *flame, struct smk_json_text *json, uint64_t *thinned);

#endif
