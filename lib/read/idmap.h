/* idmap.h: numbers out of a file to places in an array, the one hash table of the reader.
 *
 * Open addressing with linear probing. The numbers come from a file that may have been made to
 * collide, so they are mixed with a seed that its maker cannot know. One thread at a time.
 */
#ifndef SMK_READ_IDMAP_H
#define SMK_READ_IDMAP_H

#include "base/hash.h"
#include "base/mem.h"

#define SMK_IDMAP_NONE UINT32_MAX

struct smk_idmap_entry {
    uint64_t key;
    uint32_t place; /* SMK_IDMAP_NONE: empty */
};

struct smk_idmap {
    struct smk_idmap_entry *entries;
    uint32_t mask; /* entries - 1 */
    uint32_t count;
    uint64_t seed;
};

/* {.seed = …} is an empty one. */
void smk_idmap_free(struct smk_idmap *map, struct smk_mem *mem);

/* Puts or replaces. False when there is no memory. */
bool smk_idmap_put(struct smk_idmap *map, struct smk_mem *mem, uint64_t key, uint32_t place);

SMK_INLINE uint32_t smk_idmap_get(const struct smk_idmap *map, uint64_t key)
{
    if (!map->entries)
        return SMK_IDMAP_NONE;
    for (uint32_t i = (uint32_t)smk_hash_word(key ^ map->seed);; i++) {
        const struct smk_idmap_entry *entry = &map->entries[i & map->mask];
        if (entry->place == SMK_IDMAP_NONE || entry->key == key)
            return entry->place;
    }
}

#endif
