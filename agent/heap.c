/* heap.c: see heap.h. Small blocks come out of arenas, by size class, and go back to their class's list;
 * large ones are mappings of their own.
 *
 *     block   ┌─────────────┬──────────────────────┐
 *             │ header, 16  │ what the caller gets │
 *             └─────────────┴──────────────────────┘
 *
 * Arenas are never given back: an agent needs as much again tomorrow. `used` counts whole blocks, so the
 * bound holds for what is really taken.
 */
#include "heap.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/lock.h"
#include "base/sys.h"

#define HEADER      16u
#define STEP        16u
#define SMALL_STEPS 32u   /* classes of 16, 32 … 512 bytes */
#define LARGE       32768u /* from here on a mapping of its own */
#define CLASSES     (SMALL_STEPS + 6u) /* … 1, 2, 4, 8, 16, 32 KiB */
#define ARENA       (256u * 1024)
#define PAGE        4096u
#define MAPPED      UINT32_MAX

struct header {
    uint32_t class; /* MAPPED: a mapping */
    uint32_t magic;
    uint64_t size; /* of the block, header included */
};

#define MAGIC 0x70616568u /* a pointer that is not ours is left alone */

struct free_block {
    struct free_block *next;
};

static struct {
    struct smk_lock lock;
    struct free_block *free[CLASSES]; /* lock */
    uint8_t *arena, *arena_end;       /* lock */
    uint64_t used, failed;            /* lock */
} heap = {.lock = SMK_LOCK_INIT(SMK_RANK_HEAP)};

SMK_STATIC_ASSERT(sizeof(struct header) == HEADER, "blocks are aligned to 16 bytes");

static uint32_t class_of(size_t size)
{
    if (size <= SMALL_STEPS * STEP)
        return (uint32_t)((size + STEP - 1) / STEP) - 1;
    uint32_t class = SMALL_STEPS;
    for (size_t room = 1024; room < size; room *= 2)
        class++;
    return class;
}

static size_t size_of(uint32_t class)
{
    return class < SMALL_STEPS ? (class + 1) * STEP : (size_t)1024 << (class - SMALL_STEPS);
}

/* Under the lock. */
static void *carve(size_t size)
{
    if ((size_t)(heap.arena_end - heap.arena) < size) {
        uint8_t *fresh = smk_sys_map(ARENA);
        if (!fresh)
            return NULL;
        heap.arena = fresh; /* what was left of the old one, less than a block, is lost */
        heap.arena_end = fresh + ARENA;
    }
    void *block = heap.arena;
    heap.arena += size;
    return block;
}

static struct header *take_small(size_t size)
{
    uint32_t class = class_of(size);
    size_t whole = HEADER + size_of(class);
    struct header *block = (struct header *)heap.free[class];
    if (block)
        heap.free[class] = heap.free[class]->next;
    else
        block = carve(whole);
    if (block)
        *block = (struct header){.class = class, .magic = MAGIC, .size = whole};
    return block;
}

static struct header *take_large(size_t size)
{
    size_t whole = smk_align_up(size + HEADER, PAGE);
    struct header *block = smk_sys_map(whole);
    if (block)
        *block = (struct header){.class = MAPPED, .magic = MAGIC, .size = whole};
    return block;
}

void *smk_heap_alloc(size_t size)
{
    struct header *block = NULL;
    size = size ? size : 1;
    smk_lock(&heap.lock);
    if (size <= SMK_HEAP_MAX && heap.used + size + PAGE <= SMK_HEAP_MAX)
        block = size > LARGE ? take_large(size) : take_small(size);
    if (block)
        heap.used += block->size;
    else
        heap.failed++;
    smk_unlock(&heap.lock);
    return block ? block + 1 : NULL;
}

void *smk_heap_zalloc(size_t size)
{
    void *data = smk_heap_alloc(size);
    return data ? memset(data, 0, size) : NULL;
}

void smk_heap_free(void *data)
{
    if (!data)
        return;
    struct header *block = (struct header *)data - 1;
    SMK_ASSERT(block->magic == MAGIC);
    if (block->magic != MAGIC)
        return;
    block->magic = 0;
    smk_lock(&heap.lock);
    heap.used -= smk_min_u64(heap.used, block->size); /* in a fork's child it may be a block of the parent's */
    if (block->class == MAPPED) {
        smk_sys_unmap(block, block->size);
    } else {
        struct free_block *freed = (struct free_block *)block;
        uint32_t class = block->class;
        freed->next = heap.free[class];
        heap.free[class] = freed;
    }
    smk_unlock(&heap.lock);
}

void *smk_heap_realloc(void *data, size_t size)
{
    if (!data)
        return smk_heap_alloc(size);
    size_t room = ((struct header *)data - 1)->size - HEADER;
    if (size <= room && size > room / 4)
        return data;
    void *moved = smk_heap_alloc(size);
    if (moved) {
        memcpy(moved, data, room < size ? room : size);
        smk_heap_free(data);
    }
    return moved;
}

void *smk_heap_resize(void *arg, void *old, size_t old_bytes, size_t bytes)
{
    (void)arg;
    (void)old_bytes;
    if (bytes > 0)
        return smk_heap_realloc(old, bytes);
    smk_heap_free(old);
    return NULL;
}

char *smk_heap_strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = smk_heap_alloc(size);
    return copy ? memcpy(copy, text, size) : NULL;
}

char *smk_heap_printf(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = len < 0 ? NULL : smk_heap_alloc((size_t)len + 1);
    if (!text)
        return NULL;
    va_start(args, format);
    vsnprintf(text, (size_t)len + 1, format, args);
    va_end(args);
    return text;
}

uint64_t smk_heap_used(void)
{
    smk_lock(&heap.lock);
    uint64_t used = heap.used;
    smk_unlock(&heap.lock);
    return used;
}

uint64_t smk_heap_failed(void)
{
    smk_lock(&heap.lock);
    uint64_t failed = heap.failed;
    smk_unlock(&heap.lock);
    return failed;
}

void smk_heap_reset_in_child(void)
{
    smk_lock_reset(&heap.lock);
    memset(heap.free, 0, sizeof heap.free);
    heap.arena = heap.arena_end = NULL;
    heap.used = heap.failed = 0;
}
