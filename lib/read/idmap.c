#include "read/idmap.h"

#include <string.h>

#include "stallmark/error.h"

#define FIRST_SIZE 64u

void smk_idmap_free(struct smk_idmap *map, struct smk_mem *mem)
{
    smk_mem_free(mem, map->entries, map->entries ? (map->mask + (size_t)1) * sizeof *map->entries : 0);
    *map = (struct smk_idmap){.seed = map->seed};
}

static struct smk_idmap_entry *find(const struct smk_idmap *map, uint64_t key)
{
    for (uint32_t i = (uint32_t)smk_hash_word(key ^ map->seed);; i++) {
        struct smk_idmap_entry *entry = &map->entries[i & map->mask];
        if (entry->place == SMK_IDMAP_NONE || entry->key == key)
            return entry;
    }
}

static bool grow(struct smk_idmap *map, struct smk_mem *mem)
{
    size_t size = map->entries ? (map->mask + (size_t)1) * 2 : FIRST_SIZE;
    if (size > UINT32_MAX / 2) {
        mem->failure = SMK_E_LIMIT;
        return false;
    }
    struct smk_idmap old = *map;
    struct smk_idmap_entry *entries = smk_mem_resize(mem, NULL, 0, size * sizeof *entries);
    if (!entries)
        return false;
    memset(entries, 0xff, size * sizeof *entries); /* each place is SMK_IDMAP_NONE */
    map->entries = entries;
    map->mask = (uint32_t)size - 1;
    for (uint32_t i = 0; old.entries && i <= old.mask; i++)
        if (old.entries[i].place != SMK_IDMAP_NONE)
            *find(map, old.entries[i].key) = old.entries[i];
    smk_idmap_free(&old, mem);
    return true;
}

bool smk_idmap_put(struct smk_idmap *map, struct smk_mem *mem, uint64_t key, uint32_t place)
{
    if ((!map->entries || map->count + 1 > map->mask / 4 * 3) && !grow(map, mem))
        return false;
    struct smk_idmap_entry *entry = find(map, key);
    map->count += entry->place == SMK_IDMAP_NONE;
    *entry = (struct smk_idmap_entry){key, place};
    return true;
}
