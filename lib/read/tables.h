/* tables.h: everything of a trace that is not an event: names, sites, stacks, threads, modules, locks,
 * open waits, losses, facts, over all segments.
 *
 * An entry that several segments have is kept once; it remembers the last segment that had it, so that
 * references can be checked against their own segment.
 *
 * Entries of all processes stand in one list, found by process and id, one process after the other; strings
 * and sites that are equal are shared. With one process an id is the file's; with several that of a string,
 * site, stack or thread is the entry's place + 1, and what a file refers to goes through smk_tables_id.
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
    uint32_t string; /* as the file says it, until smk_tables_finish */
    uint32_t process;
};

struct smk_fact_entry {
    const char *key, *value;
    uint32_t process;
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

/* Entries up to which each table's are of processes that are through. */
struct smk_tables_done {
    uint32_t threads, stacks, modules, locks, facts;
};

struct smk_tables {
    SMK_TABLE_OF(struct smk_string_entry) strings;
    SMK_TABLE_OF(struct smk_site_entry) sites;
    SMK_TABLE_OF(struct smk_stack_entry) stacks;
    SMK_TABLE_OF(struct smk_thread_entry) threads;
    SMK_TABLE_OF(smk_module_info) modules; /* of each process by start after smk_tables_finish */
    SMK_TABLE_OF(struct smk_lock_entry) locks;
    SMK_TABLE_OF(smk_symbol_info) symbols; /* by smk_symbol_key */
    SMK_TABLE_OF(smk_open_wait) waits;
    SMK_TABLE_OF(struct smk_fact_entry) facts;
    struct smk_tid_entry *tids; /* threads of each process by tid and start; as many, at the same places */
    struct smk_tables_done done;
    /* With several processes: the hash of what a string or a site says to its place. */
    struct smk_idmap strings_by_text, sites_by_text;
};

/* Two symbols of one key are one in a million million, or made so: whoever looks compares. */
SMK_INLINE uint64_t smk_symbol_key(bool data, uint32_t process, uint32_t module, uint64_t address)
{
    return smk_hash_word((uint64_t)process << 33 | (uint64_t)module << 1 | data) ^ address;
}

/* Fields that a key is made of: of an id, and of 64 bits, where two may be one key. */
SMK_INLINE uint64_t smk_key_of_id(uint32_t process, uint32_t id) { return (uint64_t)process << 32 | id; }
SMK_INLINE uint64_t smk_key_of_word(uint32_t process, uint64_t word)
{
    return word ^ (uint64_t)process << 48;
}

#define SMK_NO_ID UINT32_MAX /* with several processes: of what a process does not define */

struct smk_trace;
struct smk_process;
struct smk_events;
struct smk_payload;

void smk_tables_init(struct smk_tables *tables);
void smk_tables_free(struct smk_trace *trace);

/* Takes the entries of a table chunk. NULL, or what is wrong with it: entries before that are kept.
 * "" when there is no memory. */
const char *smk_tables_read(struct smk_trace *trace, const struct smk_payload *payload,
                            uint32_t process, uint32_t segment);
/* The thread of an EVENTS chunk has an entry from then on, whether its process gave it one or not. False
 * when there is no memory. With several processes only. */
bool smk_tables_need_thread(struct smk_trace *trace, uint32_t process, uint32_t serial, uint32_t tid);
/* All chunks of the process were read. */
void smk_tables_end_process(struct smk_trace *trace, struct smk_process *process);

/* When all are there and the clocks are finished: times, orders, ids. False when there is no memory. */
bool smk_tables_finish(struct smk_trace *trace);

/* translate.c: an id or serial of a process's file, which `map` finds, in the whole trace. */
uint32_t smk_tables_id(const struct smk_trace *trace, const struct smk_idmap *map, uint32_t process,
                       uint32_t id);
/* Does so with what the events of a chunk refer to. */
void smk_events_translate(const struct smk_trace *trace, struct smk_events *events, uint32_t process);

#endif
