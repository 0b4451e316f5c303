#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#include "base/errors.h"

static void *resize_malloc(void *arg, void *old, size_t old_bytes, size_t bytes)
{
    (void)arg;
    (void)old_bytes;
    if (bytes == 0) {
        free(old);
        return NULL;
    }
    return realloc(old, bytes);
}

void smk_mem_init(struct smk_mem *mem, smk_resize_fn resize, void *arg, size_t max)
{
    *mem = (struct smk_mem){resize ? resize : resize_malloc, arg, 0, max, 0};
}

void *smk_mem_resize(struct smk_mem *mem, void *old, size_t old_bytes, size_t bytes)
{
    if (bytes > old_bytes && mem->max && bytes - old_bytes > mem->max - mem->used) {
        mem->failure = SMK_E_LIMIT;
        return NULL;
    }
    if (bytes == 0 && !old)
        return NULL;
    void *memory = mem->resize(mem->arg, old, old_bytes, bytes);
    if (!memory && bytes > 0) {
        mem->failure = SMK_E_NOMEM;
        return NULL;
    }
    mem->used = mem->used - old_bytes + bytes;
    return memory;
}

void *smk_mem_new(struct smk_mem *mem, size_t bytes)
{
    void *memory = smk_mem_resize(mem, NULL, 0, bytes);
    if (memory)
        memset(memory, 0, bytes);
    return memory;
}

void smk_mem_free(struct smk_mem *mem, void *memory, size_t bytes)
{
    if (memory)
        smk_mem_resize(mem, memory, bytes, 0);
}

void *smk_mem_grown(struct smk_mem *mem, void *array, uint32_t *capacity, size_t need, size_t size)
{
    size_t old = *capacity;
    size_t wanted = old + old / 2;
    if (wanted < need)
        wanted = need;
    if (wanted < 4)
        wanted = 4;
    if (wanted > UINT32_MAX || wanted > SIZE_MAX / size) {
        mem->failure = SMK_E_LIMIT;
        return NULL;
    }
    void *grown = smk_mem_resize(mem, array, old * size, wanted * size);
    if (!grown)
        return NULL;
    memset((char *)grown + old * size, 0, (wanted - old) * size);
    *capacity = (uint32_t)wanted;
    return grown;
}

int smk_mem_failed(const struct smk_mem *mem)
{
    if (mem->failure == SMK_E_LIMIT)
        return smk_fail(SMK_E_LIMIT, "the report would take more than its %zu MiB of memory",
                        mem->max >> 20);
    if (mem->failure)
        return smk_fail(SMK_E_NOMEM, "not enough memory for the report");
    return 0;
}
