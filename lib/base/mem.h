/* mem.h: where the reader and the analysis get their memory, and how much of it at most.
 *
 * Every table of theirs grows through one smk_mem. In the command line that is malloc; the agent
 * gives its own functions, since in somebody else's process malloc may be what hangs. The first
 * allocation that fails, or that would pass the limit, is remembered: callers go on as far as they
 * can and whoever drives the pass asks smk_mem_failed() now and then.
 *
 * One thread at a time. Since 0.1.
 */
#ifndef SMK_BASE_MEM_H
#define SMK_BASE_MEM_H

#include "base/compiler.h"

/* realloc and free in one: `bytes` 0 frees and returns NULL. NULL for `bytes` > 0: there is none, and
 * `old` is as it was. `old_bytes` is what was asked for last. */
typedef void *(*smk_resize_fn)(void *arg, void *old, size_t old_bytes, size_t bytes);

struct smk_mem {
    smk_resize_fn resize;
    void *arg;
    size_t used, max; /* bytes; max 0: no limit */
    int failure;      /* SMK_E_NOMEM or SMK_E_LIMIT once something was refused, else 0 */
};

/* `resize` NULL: malloc and free. */
void smk_mem_init(struct smk_mem *mem, smk_resize_fn resize, void *arg, size_t max);

/* As smk_resize_fn, counted. */
void *smk_mem_resize(struct smk_mem *mem, void *old, size_t old_bytes, size_t bytes);

/* Zeroed; NULL when there is none. */
void *smk_mem_new(struct smk_mem *mem, size_t bytes);
void smk_mem_free(struct smk_mem *mem, void *memory, size_t bytes);

/* The array with room for at least `need` elements of `size` bytes, what is new zeroed; grows by
 * halves. NULL when there is no memory: the array is as it was. */
void *smk_mem_grown(struct smk_mem *mem, void *array, uint32_t *capacity, size_t need, size_t size);

/* Makes room for element number `need` - 1 in *array, of which *capacity is the room. False when there
 * is no memory. */
#define smk_mem_grow(mem, array, capacity, need)                                                   \
    (__extension__({                                                                               \
        bool smk__ok = true;                                                                       \
        if (SMK_UNLIKELY((need) > *(capacity))) {                                                  \
            void *smk__new = smk_mem_grown((mem), *(array), (capacity), (need), sizeof(**(array)));\
            smk__ok = smk__new != NULL;                                                            \
            if (smk__ok)                                                                           \
                *(array) = smk__new;                                                               \
        }                                                                                          \
        smk__ok;                                                                                   \
    }))

/* 0, or the code and message of what was refused. */
int smk_mem_failed(const struct smk_mem *mem);

#endif
