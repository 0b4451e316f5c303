#include "source/module_map.h"

#include "base/sys.h"

#define MAPS            4u
#define GENERATION_BITS 14
#define GENERATION_AT   16

uint64_t smk_rule_cache[SMK_RULE_CACHE];

static struct smk_map *maps;    /* MAPS; memory is taken as they fill */
static struct smk_map *current; /* atomic */
static uint32_t next;           /* writer */
static uint64_t generation;     /* writer */
static uint32_t wanted;         /* atomic */

bool smk_map_enter(struct smk_map_reader *reader)
{
    const struct smk_map *map = smk_load_acquire(&current); /* pairs with: smk_map_publish */
    if (!map)
        return false;
    reader->map = map;
    reader->version = smk_load_acquire(&map->version); /* pairs with: smk_map_publish */
    reader->generation = smk_load_relaxed(&map->generation) << GENERATION_AT;
    return (reader->version & 1) == 0;
}

/* Copies the range that an address is in. What is copied may be half of one and half of another: the
 * version tells, and it is looked at before anything in the copy is followed. */
SMK_NO_SANITIZE static bool find_range(const struct smk_map_reader *reader, uint64_t address,
                                       struct smk_map_range *found)
{
    const struct smk_map *map = reader->map;
    uint32_t first = 0, count = map->count;
    if (count == 0 || count > SMK_RANGES_MAX)
        return false;
    while (count > 1) {
        uint32_t half = count / 2;
        first += map->ranges[first + half].start <= address ? half : 0;
        count -= half;
    }
    *found = map->ranges[first];
    return address >= found->start && address < found->end;
}

uint16_t smk_map_search(const struct smk_map_reader *reader, uint64_t address)
{
    struct smk_map_range range;
    bool found = find_range(reader, address, &range);
    smk_acquire_fence(); /* pairs with: smk_map_begin */
    if (smk_load_relaxed(&reader->map->version) != reader->version)
        return SMK_RULE_MAKE(SMK_RULE_OUTSIDE, 0);
    if (!found) {
        if (!smk_load_relaxed(&wanted))
            smk_store_relaxed(&wanted, 1);
        return SMK_RULE_MAKE(SMK_RULE_OUTSIDE, 0);
    }
    uint16_t rule = smk_cfi_rule(&range.table, address - range.base);
    uint64_t index = (address ^ address >> 13 ^ address >> 26) & (SMK_RULE_CACHE - 1);
    if (address >> 47 == 0)
        smk_store_relaxed(&smk_rule_cache[index], address >> 13 << 30 | reader->generation | rule);
    return rule;
}

struct smk_map *smk_map_begin(void)
{
    if (!maps)
        maps = smk_sys_map(MAPS * sizeof *maps);
    if (!maps)
        return NULL;
    struct smk_map *map = &maps[next];
    next = (next + 1) % MAPS;
    smk_store_relaxed(&map->version, map->version | 1); /* still odd where a fork came between */
    smk_release_fence();                                 /* pairs with: smk_map_search */
    map->count = 0;
    return map;
}

void smk_map_publish(struct smk_map *map)
{
    generation = (generation + 1) % (1u << GENERATION_BITS);
    if (generation == 0) /* empty words of the cache have it */
        generation = 1;
    smk_store_relaxed(&map->generation, generation);
    smk_store_release(&map->version, map->version + 1); /* pairs with: smk_map_enter */
    smk_store_release(&current, map);                   /* pairs with: smk_map_enter */
}

bool smk_map_is_wanted(void) { return smk_load_relaxed(&wanted) != 0; }
bool smk_map_take_wanted(void) { return smk_exchange_acq_rel(&wanted, 0) != 0; }
