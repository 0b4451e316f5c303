/* module_map.h: what a walk asks: which rule leaves the frame at this address?
 *
 * Answered from a cache of addresses first, and on a miss from the current map: the executable ranges
 * of the process, ascending, each with its module's table. Readers are signal handlers too, so they
 * take nothing and wait for nobody:
 *
 *   - there are MAPS maps in memory that is never given back; the writer fills the oldest one and then
 *     makes it current. Each has a version, odd while it is being filled (Lameter, "Effective
 *     synchronization on Linux/NUMA systems", 2005: a sequence lock). A reader that finds the version
 *     changed has read nonsense, and says that it knows nothing;
 *   - tables are never freed, so one that was found in a map of unchanged version is good for ever;
 *   - a word of the cache is address, generation of the map and rule in one:
 *
 *       63            30 29          16 15        0
 *       | address >> 13 | generation   |   rule   |      at index (address ^ address >> 13 …) & 8191
 *
 *     so a new map makes the whole cache stale at no cost, and a word written late by a reader of an
 *     old map is stale as well. Generations come round after 16,383 changes of the list of modules: a
 *     reader that slept through exactly so many would leave one wrong rule, which costs a wrong stack.
 */
#ifndef SMK_SOURCE_MODULE_MAP_H
#define SMK_SOURCE_MODULE_MAP_H

#include "base/atomic.h"
#include "source/cfi.h"

#define SMK_RANGES_MAX 4096u

struct smk_map_range {
    uint64_t start, end; /* executable addresses */
    uint64_t base;       /* what the table's offsets are relative to */
    struct smk_cfi_table table; /* count 0: none, only frame pointers lead on */
};

struct smk_map {
    uint32_t version; /* odd: being filled */
    uint32_t count;
    uint64_t generation; /* 1 to 16383 */
    struct smk_map_range ranges[SMK_RANGES_MAX];
};

struct smk_map_reader {
    const struct smk_map *map;
    uint32_t version;
    uint64_t generation; /* where it stands in a word of the cache */
};

#define SMK_RULE_CACHE 8192u
extern uint64_t smk_rule_cache[SMK_RULE_CACHE];

/* ---- readers --------------------------------------------------------------------------------------------------- */

/* False when there is no map yet. */
bool smk_map_enter(struct smk_map_reader *reader);

/* The rule at an address, from the map; remembers it. SMK_RULE_OUTSIDE where no code is known, which
 * asks for a new map. */
SMK_COLD uint16_t smk_map_search(const struct smk_map_reader *reader, uint64_t address);

/* The same from the cache only. */
SMK_INLINE bool smk_map_cached(const struct smk_map_reader *reader, uint64_t address, uint16_t *rule)
{
    uint64_t index = (address ^ address >> 13 ^ address >> 26) & (SMK_RULE_CACHE - 1);
    uint64_t word = smk_load_relaxed(&smk_rule_cache[index]) ^ address >> 13 << 30 ^ reader->generation;
    *rule = (uint16_t)word;
    return SMK_LIKELY(word <= UINT16_MAX && address >> 47 == 0);
}

SMK_INLINE uint16_t smk_map_rule(const struct smk_map_reader *reader, uint64_t address)
{
    uint16_t rule;
    return smk_map_cached(reader, address, &rule) ? rule : smk_map_search(reader, address);
}

/* ---- the writer: under the lock of modules.c ------------------------------------------------------------------- */

/* A map to be filled with at most SMK_RANGES_MAX ranges, ascending; NULL without memory. */
struct smk_map *smk_map_begin(void);
/* It becomes the current one. Pairs with: smk_map_begin. */
void smk_map_publish(struct smk_map *map);

/* Whether an address was asked for that is in no range; forgets it. */
bool smk_map_take_wanted(void);
bool smk_map_is_wanted(void);

#endif
