/* problems.h: what is damaged or missing, one sentence each. */
#ifndef SMK_READ_PROBLEMS_H
#define SMK_READ_PROBLEMS_H

#include "read/arena.h"

/* A file may have a problem in each of its bytes. */
#define SMK_PROBLEMS_MAX 1000u

struct smk_problems {
    const char **list;
    uint32_t count, capacity;
    uint64_t total;
    char more[80];
};

/* Keeps a sentence; where there is no memory or no room it is counted. */
void smk_problem_add(struct smk_problems *problems, struct smk_arena *arena, struct smk_mem *mem,
                     const char *format, ...) SMK_PRINTF(4, 5);

/* By number from 0; NULL after the last. */
const char *smk_problem_at(const struct smk_problems *problems, size_t number);

void smk_problems_free(struct smk_problems *problems, struct smk_mem *mem);

#endif
