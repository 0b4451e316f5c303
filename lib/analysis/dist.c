#include "analysis/dist.h"

#include <string.h>

#include "base/sort.h"

#define SUB_BITS 6
#define SUB      (1u << SUB_BITS)
#define BUCKETS  ((64 - SUB_BITS + 1) * SUB)

/* Values below SUB have a bucket each; above, the top 7 bits choose it. */
static unsigned bucket_of(uint64_t ns)
{
    if (ns < SUB)
        return (unsigned)ns;
    unsigned shift = 63 - (unsigned)__builtin_clzll(ns) - SUB_BITS;
    return (shift + 1) * SUB + ((unsigned)(ns >> shift) & (SUB - 1));
}

static uint64_t bucket_middle(unsigned bucket)
{
    if (bucket < SUB)
        return bucket;
    unsigned shift = bucket / SUB - 1;
    return ((uint64_t)(SUB + bucket % SUB) << shift) + ((UINT64_C(1) << shift) >> 1);
}

static bool turn_into_buckets(struct smk_dist *dist, struct smk_mem *mem)
{
    uint32_t *buckets = smk_mem_new(mem, BUCKETS * sizeof(*buckets));
    if (!buckets)
        return false;
    for (uint64_t i = 0; i < dist->count; i++)
        buckets[bucket_of(dist->values[i])]++;
    smk_mem_free(mem, dist->values, dist->capacity * sizeof(*dist->values));
    dist->values = NULL;
    dist->capacity = 0;
    dist->buckets = buckets;
    return true;
}

static bool store(struct smk_dist *dist, struct smk_mem *mem, uint64_t ns)
{
    if (SMK_UNLIKELY(!dist->buckets && dist->count == SMK_DIST_EXACT) &&
        !turn_into_buckets(dist, mem))
        return false;
    if (dist->buckets) {
        uint32_t *bucket = &dist->buckets[bucket_of(ns)];
        *bucket += *bucket < UINT32_MAX;
        return true;
    }
    if (!smk_mem_grow(mem, &dist->values, &dist->capacity, dist->count + 1))
        return false;
    dist->values[dist->count] = ns;
    dist->sorted = false;
    return true;
}

bool smk_dist_add(struct smk_dist *dist, struct smk_mem *mem, uint64_t ns)
{
    bool stored = store(dist, mem, ns);
    /* Without a place for it the value is not counted either, so that the array has `count` values. */
    if (!stored)
        return false;
    dist->count++;
    dist->total = dist->total + ns < ns ? UINT64_MAX : dist->total + ns;
    dist->max = smk_max_u64(dist->max, ns);
    return true;
}

void smk_dist_free(struct smk_dist *dist, struct smk_mem *mem)
{
    smk_mem_free(mem, dist->values, dist->capacity * sizeof(*dist->values));
    smk_mem_free(mem, dist->buckets, BUCKETS * sizeof(*dist->buckets));
    *dist = (struct smk_dist){0};
}

static bool value_before(const void *a, const void *b)
{
    return *(const uint64_t *)a < *(const uint64_t *)b;
}

static uint64_t quantile_of_buckets(const struct smk_dist *dist, uint64_t rank)
{
    uint64_t seen = 0;
    for (unsigned i = 0; i < BUCKETS; i++) {
        seen += dist->buckets[i];
        if (seen >= rank)
            return smk_min_u64(bucket_middle(i), dist->max);
    }
    return dist->max;
}

uint64_t smk_dist_quantile(struct smk_dist *dist, unsigned permille)
{
    if (dist->count == 0)
        return 0;
    uint64_t rank = (uint64_t)(((__uint128_t)dist->count * permille + 999) / 1000);
    rank = smk_min_u64(smk_max_u64(rank, 1), dist->count);
    if (dist->buckets)
        return quantile_of_buckets(dist, rank);
    if (!dist->sorted)
        smk_sort(dist->values, dist->count, sizeof(*dist->values), value_before);
    dist->sorted = true;
    return dist->values[rank - 1];
}
