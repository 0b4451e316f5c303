/* map.h: 64-bit keys to 32-bit numbers, the one hash table of the analysis. Open addressing with
 * linear probing; a removed key leaves no grave (Knuth's algorithm R moves what follows).
 *
 * One thread at a time. Since 0.1.
 */
#ifndef SMK_ANALYSIS_MAP_H
#define SMK_ANALYSIS_MAP_H

#include "base/mem.h"
#include "base/hash.h"

#define SMK_MAP_NONE UINT32_MAX /* no value of an entry */

struct smk_map_entry {
    uint64_t key;
    uint32_t value; /* SMK_MAP_NONE: empty */
    uint32_t unused;
};

struct smk_map {
    struct smk_map_entry *entries;
    uint32_t mask; /* entries - 1; 0: none yet */
    uint32_t count;
};

/* {0} is an empty map. */
void smk_map_free(struct smk_map *map, struct smk_mem *mem);

/* Puts or replaces. False when there is no memory. */
bool smk_map_put(struct smk_map *map, struct smk_mem *mem, uint64_t key, uint32_t value);
void smk_map_remove(struct smk_map *map, uint64_t key);

/* The value, or SMK_MAP_NONE. */
SMK_INLINE uint32_t smk_map_get(const struct smk_map *map, uint64_t key)
{
    if (!map->entries)
        return SMK_MAP_NONE;
    for (uint32_t i = (uint32_t)smk_hash_word(key) & map->mask;; i = (i + 1) & map->mask) {
        const struct smk_map_entry *entry = &map->entries[i];
        if (entry->value == SMK_MAP_NONE || entry->key == key)
            return entry->value;
    }
}

/* Two small numbers in one key. */
SMK_INLINE uint64_t smk_map_pair(uint32_t high, uint32_t low) { return (uint64_t)high << 32 | low; }

/* What is a process's own (an address, a request's id) in one key with its process; with process 0 it is the
 * word itself. Of one process two keys are never one, and of two processes they are not while words have 48
 * bits, as addresses do. */
SMK_INLINE uint64_t smk_map_own(uint32_t process, uint64_t word) { return word ^ (uint64_t)process << 48; }

#endif
