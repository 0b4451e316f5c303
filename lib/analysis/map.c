#include "analysis/map.h"

#define FIRST_SIZE 16

static bool rehash(struct smk_map *map, struct smk_mem *mem, uint32_t size)
{
    struct smk_map_entry *entries = smk_mem_resize(mem, NULL, 0, size * sizeof(*entries));
    if (!entries)
        return false;
    for (uint32_t i = 0; i < size; i++)
        entries[i] = (struct smk_map_entry){0, SMK_MAP_NONE, 0};
    uint32_t old_size = map->entries ? map->mask + 1 : 0;
    for (uint32_t i = 0; i < old_size; i++) {
        if (map->entries[i].value == SMK_MAP_NONE)
            continue;
        uint32_t at = (uint32_t)smk_hash_word(map->entries[i].key) & (size - 1);
        while (entries[at].value != SMK_MAP_NONE)
            at = (at + 1) & (size - 1);
        entries[at] = map->entries[i];
    }
    smk_mem_free(mem, map->entries, old_size * sizeof(*entries));
    map->entries = entries;
    map->mask = size - 1;
    return true;
}

bool smk_map_put(struct smk_map *map, struct smk_mem *mem, uint64_t key, uint32_t value)
{
    uint32_t size = map->entries ? map->mask + 1 : 0;
    if (map->count >= size / 2 + size / 8) { /* at most 5/8 full */
        if (size >= UINT32_C(1) << 30)
            return false;
        if (!rehash(map, mem, size ? size * 2 : FIRST_SIZE))
            return false;
    }
    uint32_t i = (uint32_t)smk_hash_word(key) & map->mask;
    while (map->entries[i].value != SMK_MAP_NONE && map->entries[i].key != key)
        i = (i + 1) & map->mask;
    if (map->entries[i].value == SMK_MAP_NONE)
        map->count++;
    map->entries[i] = (struct smk_map_entry){key, value, 0};
    return true;
}

void smk_map_remove(struct smk_map *map, uint64_t key)
{
    if (!map->entries)
        return;
    uint32_t i = (uint32_t)smk_hash_word(key) & map->mask;
    while (map->entries[i].key != key || map->entries[i].value == SMK_MAP_NONE) {
        if (map->entries[i].value == SMK_MAP_NONE)
            return;
        i = (i + 1) & map->mask;
    }
    map->count--;
    /* Whatever follows in the same run and may stand here moves up. */
    for (uint32_t next = (i + 1) & map->mask; map->entries[next].value != SMK_MAP_NONE;
         next = (next + 1) & map->mask) {
        uint32_t home = (uint32_t)smk_hash_word(map->entries[next].key) & map->mask;
        if (((next - home) & map->mask) >= ((next - i) & map->mask)) {
            map->entries[i] = map->entries[next];
            i = next;
        }
    }
    map->entries[i].value = SMK_MAP_NONE;
}

void smk_map_free(struct smk_map *map, struct smk_mem *mem)
{
    if (map->entries)
        smk_mem_free(mem, map->entries, (map->mask + 1) * sizeof(*map->entries));
    *map = (struct smk_map){0};
}
