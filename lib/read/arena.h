/* arena.h: memory that is given back all at once: texts, stacks, sentences of a trace. */
#ifndef SMK_READ_ARENA_H
#define SMK_READ_ARENA_H

#include "base/mem.h"

struct smk_arena {
    struct smk_arena_block *last;
    size_t used, size; /* bytes of the last block */
};

/* `bytes` at a multiple of 8, not zeroed; NULL when there is no memory. It stays where it is until
 * smk_arena_free. */
void *smk_arena_take(struct smk_arena *arena, struct smk_mem *mem, size_t bytes);

/* A copy ended by NUL. A NUL within it becomes '?': what is returned is a C string. */
const char *smk_arena_text(struct smk_arena *arena, struct smk_mem *mem, const void *text, size_t len);

void smk_arena_free(struct smk_arena *arena, struct smk_mem *mem);

#endif
