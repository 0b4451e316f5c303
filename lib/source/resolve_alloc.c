/* resolve_alloc.c: see resolve_alloc.h.
 *
 *   before the constructor   each call looks its function up once and goes on to it; nothing is published, so
 *                            that each free is looked at here: what came from the arena is not libc's
 *   after it                 smk_real has the real functions, and a free that looks only where the arena was
 *                            ever used, which with glibc 2.36 it is not
 */
#define _GNU_SOURCE
#include "source/resolve_alloc.h"

#include <errno.h>
#include <string.h>

#include "source/resolve.h"

#pragma GCC diagnostic ignored "-Wunused-parameter"

/* ---- the arena ------------------------------------------------------------------------------------------------- */

#define ARENA_BYTES 65536u
#define UNIT        16u /* before each block: its length */

static uint8_t arena[ARENA_BYTES] SMK_ALIGNED(16);
static uint32_t arena_used; /* atomic */

static bool is_early(const void *block)
{
    return (uintptr_t)block - (uintptr_t)arena < ARENA_BYTES;
}

static void *early_alloc(size_t size)
{
    if (size > ARENA_BYTES)
        return NULL;
    uint32_t bytes = (uint32_t)smk_align_up(size, UNIT) + UNIT;
    uint32_t at = smk_add_relaxed(&arena_used, bytes);
    if (at > ARENA_BYTES - bytes || bytes > ARENA_BYTES)
        return NULL;
    memcpy(arena + at, &size, sizeof size);
    return arena + at + UNIT;
}

static void *early_realloc(void *block, size_t size)
{
    size_t old = 0;
    void *moved = early_alloc(size);
    if (block)
        memcpy(&old, (uint8_t *)block - UNIT, sizeof old);
    if (moved && block)
        memcpy(moved, block, smk_min_u64(old, size));
    return moved;
}

/* ---- the real ones --------------------------------------------------------------------------------------------- */

#define X(result, name, version, params, args, absent)                                             \
    static result(*real_##name) params; /* atomic */                                               \
    static result absent_##name params { return absent; }                                          \
    static void find_##name(void)                                                                  \
    {                                                                                              \
        if (smk_load_relaxed(&real_##name))                                                        \
            return;                                                                                \
        result(*found) params = (__typeof__(found))smk_resolve_find(#name, version);               \
        smk_store_relaxed(&real_##name, found ? found : absent_##name);                            \
    }
SMK_REAL_ALLOC_CALLS(X)
#undef X

/* A block of the arena lives on, at another place, with the real allocator. */
static void *adopt(void *block, size_t size)
{
    size_t old;
    void *moved = smk_load_relaxed(&real_malloc)(size);
    memcpy(&old, (uint8_t *)block - UNIT, sizeof old);
    if (moved)
        memcpy(moved, block, smk_min_u64(old, size));
    return moved;
}

static void guarded_free(void *block)
{
    if (!is_early(block))
        smk_load_relaxed(&real_free)(block);
}

static void *guarded_realloc(void *block, size_t size)
{
    return is_early(block) ? adopt(block, size) : smk_load_relaxed(&real_realloc)(block, size);
}

static size_t guarded_malloc_usable_size(void *block)
{
    return is_early(block) ? 0 : smk_load_relaxed(&real_malloc_usable_size)(block);
}

/* ---- before the constructor ------------------------------------------------------------------------------------ */

static bool is_looking_up(const void *real) { return !real && smk_resolving; }

void *smk_first_malloc(size_t size)
{
    if (is_looking_up((const void *)smk_load_relaxed(&real_malloc)))
        return early_alloc(size);
    find_malloc();
    return smk_load_relaxed(&real_malloc)(size);
}

/* The arena's bytes are used once, so they are zeroes. */
void *smk_first_calloc(size_t count, size_t size)
{
    size_t bytes;
    if (is_looking_up((const void *)smk_load_relaxed(&real_calloc)))
        return __builtin_mul_overflow(count, size, &bytes) ? NULL : early_alloc(bytes);
    find_calloc();
    return smk_load_relaxed(&real_calloc)(count, size);
}

void *smk_first_realloc(void *block, size_t size)
{
    if (is_looking_up((const void *)smk_load_relaxed(&real_realloc)))
        return early_realloc(block, size);
    find_malloc();
    find_realloc();
    return guarded_realloc(block, size);
}

void smk_first_free(void *block)
{
    if (is_early(block) || is_looking_up((const void *)smk_load_relaxed(&real_free)))
        return;
    find_free();
    smk_load_relaxed(&real_free)(block);
}

#define FIRST(result, name, params, args)                                                          \
    result smk_first_##name params                                                                 \
    {                                                                                              \
        find_##name();                                                                             \
        return smk_load_relaxed(&real_##name) args;                                                \
    }
FIRST(void *, reallocarray, (void *block, size_t count, size_t size), (block, count, size))
FIRST(void *, aligned_alloc, (size_t align, size_t size), (align, size))
FIRST(int, posix_memalign, (void **block, size_t align, size_t size), (block, align, size))
FIRST(void *, memalign, (size_t align, size_t size), (align, size))
FIRST(void *, valloc, (size_t size), (size))
FIRST(void *, pvalloc, (size_t size), (size))
FIRST(size_t, malloc_usable_size, (void *block), (block))

/* ---- the constructor ------------------------------------------------------------------------------------------- */

int smk_resolve_alloc(void)
{
    int absent_count = 0;
#define X(result, name, version, params, args, absent)                                             \
    find_##name();                                                                                 \
    absent_count += smk_load_relaxed(&real_##name) == absent_##name;                               \
    smk_store_relaxed(&smk_real.name, smk_load_relaxed(&real_##name));
    SMK_REAL_ALLOC_CALLS(X)
#undef X
    if (smk_load_relaxed(&arena_used) > 0) {
        smk_store_relaxed(&smk_real.free, guarded_free);
        smk_store_relaxed(&smk_real.realloc, guarded_realloc);
        smk_store_relaxed(&smk_real.malloc_usable_size, guarded_malloc_usable_size);
    }
    return absent_count;
}

size_t smk_resolve_alloc_absent(char *text, size_t size)
{
    size_t len = 0;
#define X(result, name, version, params, args, absent)                                             \
    if (smk_load_relaxed(&real_##name) == absent_##name && len + sizeof #name < size) {            \
        memcpy(text + len, #name " ", sizeof #name);                                               \
        len += sizeof #name;                                                                       \
    }
    SMK_REAL_ALLOC_CALLS(X)
#undef X
    text[len] = '\0';
    return len;
}
