/* intern.h: names outside the buffer, so that overwriting the buffer loses none.
 *
 * An intern table maps byte strings to small numbers, 1 upwards, and keeps them for the life of the
 * process. Three of them: strings (routes, names), call sites, stacks. Adding is done by the host's
 * threads, in signal handlers too: it takes no lock, allocates from memory mapped in advance, and when
 * the table is full the answer is 0 ("other"), which is counted.
 *
 *   slots[hash & mask]   tag (upper half of the hash) << 32 | id       0: empty
 *   offsets[id]          where its entry begins in the arena           0: not written yet
 *   arena                entries: length (4 bytes), the bytes, padding to 8
 */
#ifndef SMK_CORE_INTERN_H
#define SMK_CORE_INTERN_H

#include "base/compiler.h"

struct smk_intern {
    uint64_t *slots;
    uint32_t *offsets;
    uint8_t *arena;
    uint32_t slot_mask;
    uint32_t id_limit;
    uint32_t allowed;    /* atomic: ids that are given out, at most id_limit */
    uint32_t arena_limit;
    uint32_t next_id;    /* atomic */
    uint32_t arena_used; /* atomic */
    uint64_t refused;    /* atomic: additions for which there was no room */
};

extern struct smk_intern smk_strings;
extern struct smk_intern smk_sites;
extern struct smk_intern smk_stacks;

/* The bounds of the three tables: memory is taken as they fill. */
#define SMK_STRINGS_MAX 65536u
#define SMK_SITES_MAX   16384u
#define SMK_STACKS_MAX  65536u

int smk_intern_init(struct smk_intern *table, uint32_t ids, uint32_t arena_bytes);

/* From now on it holds at most so many, or as many as there is room for. Any thread. */
void smk_intern_allow(struct smk_intern *table, uint32_t ids);

/* The id of these bytes, added if new; 0 when there is no room. Any thread, signal handlers too. */
uint32_t smk_intern(struct smk_intern *table, const void *bytes, uint32_t len);

/* In the watcher of a crash box (box.h), whose tables are empty: this id has these bytes. */
void smk_intern_restore(struct smk_intern *table, uint32_t id, const void *bytes, uint32_t len);

/* The id that these bytes have already, else 0. Any thread, signal handlers too. */
uint32_t smk_intern_find(const struct smk_intern *table, const void *bytes, uint32_t len);

/* The bytes of an id and their length; NULL for one that was never given out. They never move. */
const void *smk_intern_get(const struct smk_intern *table, uint32_t id, uint32_t *len);

/* Highest id given out so far. */
uint32_t smk_intern_count(const struct smk_intern *table);

#endif
