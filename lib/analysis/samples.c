#include "analysis/samples.h"

#include "base/hash.h"
#include "base/sort.h"

void smk_samples_offer(struct smk_samples *samples, struct smk_mem *mem, uint32_t max, uint64_t end, uint64_t ns)
{
    if (max == 0)
        return;
    samples->offered++;
    uint64_t at = samples->count;
    if (samples->count == max)
        at = smk_hash_word(samples->offered) % samples->offered;
    else if (!smk_mem_grow(mem, &samples->array, &samples->capacity, samples->count + 1u))
        return;
    else
        samples->count++;
    if (at < samples->count)
        samples->array[at] = (struct smk_sample){end, ns};
}

void smk_samples_free(struct smk_samples *samples, struct smk_mem *mem)
{
    smk_mem_free(mem, samples->array, samples->capacity * sizeof(*samples->array));
    *samples = (struct smk_samples){0};
}

/* Equal times are told apart by their lengths, so that the order is always the same. */
static bool earlier(const void *a, const void *b)
{
    const struct smk_sample *x = a, *y = b;
    return x->end != y->end ? x->end < y->end : x->ns < y->ns;
}

void smk_samples_sort(struct smk_samples *samples)
{
    smk_sort(samples->array, samples->count, sizeof(*samples->array), earlier);
}
