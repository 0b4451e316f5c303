/* tables.h: everything of a trace that is not an event: names, sites, stacks, threads, modules, locks,
 * open waits, losses, facts, over all segments.
 *
 * An entry that several segments have is kept once; it remembers the last segment that had it, so that
 * references can be checked against their own segment.
 */
#ifndef SMK_READ_TABLES_H
#define SMK_READ_TABLES_H

#include "read/idmap.h"
#include "stallmark/reader.h"

#define SMK_FACTS_MAX 512u
#define SMK_SYMBOL_FRAMES_MAX 64u

struct smk_string_entry {
    const char *text;
    uint32_t id, segment;
};

struct smk_site_entry {
    smk_site_info info;
    uint32_t segment;
};

struct smk_stack_entry {
    smk_stack_info info;
    uint32_t segment;
};

struct smk_thread_entry {
    smk_thread_info info;
    uint64_t started; /* units */
    uint32_t segment;
};

struct smk_lock_entry {
    uint64_t address;
    uint32_t string;
};

struct smk_fact_entry {
    const char *key, *value;
};

struct smk_tid_entry {
    uint64_t started;
    uint32_t tid, place; /* in threads */
};

/* An array of entries and where each key is in it. */
#define SMK_TABLE_OF(type)                                                                         \
    struct {                                                                                       \
        type *list;                                                                                \
        uint32_t count, capacity;                                                                  \
        struct smk_idmap map;                                                                      \
    }

struct smk_tables {
    SMK_TABLE_OF(struct smk_string_entry) strings;
    SMK_TABLE_OF(struct smk_site_entry) sites;
    SMK_TABLE_OF(struct smk_stack_entry) stacks;
    SMK_TABLE_OF(struct smk_thread_entry) threads;
    SMK_TABLE_OF(smk_module_info) modules; /* by start after smk_tables_finish */
    SMK_TABLE_OF(struct smk_lock_entry) locks;
    SMK_TABLE_OF(smk_symbol_info) symbols; /* by smk_symbol_key */
    SMK_TABLE_OF(smk_open_wait) waits;
    SMK_TABLE_OF(struct smk_fact_entry) facts;
    struct smk_tid_entry *tids; /* threads by tid and start */
    uint64_t lost_others;       /* of threads that had ended and have no entry */
};

/* Two symbols of one key are one in a million million, or made so: whoever looks compares. */
SMK_INLINE uint64_t smk_symbol_key(bool data, uint32_t module, uint64_t address)
{
    return smk_hash_word((uint64_t)module << 1 | data) ^ address;
}

struct smk_trace;
struct smk_chunk_ref;
struct smk_payload;

void smk_tables_init(struct smk_tables *tables);
void smk_tables_free(struct smk_trace *trace);

/* Takes the entries of a table chunk. NULL, or what is wrong with it: entries before that are kept.
 * "" when there is no memory. */
const char *smk_tables_read(struct smk_trace *trace, const struct smk_payload *payload,
                            uint32_t segment);

/* When all are there and the clocks are finished: times, orders. False when there is no memory. */
bool smk_tables_finish(struct smk_trace *trace);

#endif
