#include "read/arena.h"

#include <string.h>

#define BLOCK_BYTES (64u * 1024)

struct smk_arena_block {
    struct smk_arena_block *before;
    size_t bytes; /* this head included */
};

#define HEAD sizeof(struct smk_arena_block)

void *smk_arena_take(struct smk_arena *arena, struct smk_mem *mem, size_t bytes)
{
    bytes = smk_align_up(bytes, 8);
    if (!arena->last || bytes > arena->size - arena->used) {
        size_t size = HEAD + (bytes > BLOCK_BYTES / 4 ? bytes : BLOCK_BYTES - HEAD);
        struct smk_arena_block *block = smk_mem_resize(mem, NULL, 0, size);
        if (!block)
            return NULL;
        *block = (struct smk_arena_block){arena->last, size};
        arena->last = block;
        arena->used = HEAD;
        arena->size = size;
    }
    void *memory = (char *)arena->last + arena->used;
    arena->used += bytes;
    return memory;
}

const char *smk_arena_text(struct smk_arena *arena, struct smk_mem *mem, const void *text, size_t len)
{
    char *copy = smk_arena_take(arena, mem, len + 1);
    if (!copy)
        return NULL;
    if (len)
        memcpy(copy, text, len);
    copy[len] = '\0';
    for (char *nul = copy; (nul = memchr(nul, '\0', (size_t)(copy + len - nul))); nul++)
        *nul = '?';
    return copy;
}

void smk_arena_free(struct smk_arena *arena, struct smk_mem *mem)
{
    while (arena->last) {
        struct smk_arena_block *before = arena->last->before;
        smk_mem_free(mem, arena->last, arena->last->bytes);
        arena->last = before;
    }
    *arena = (struct smk_arena){0};
}
