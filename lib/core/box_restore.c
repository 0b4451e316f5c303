/* box_restore.c: the watcher's side of box.h: another process's buffer and tables become this one's.
 *
 * That process has crashed, perhaps because it wrote where it should not have, which may have been here: nothing in the
 * box is believed. What makes no sense is left out, and where that is the header nothing is restored.
 */
#include <string.h>

#include "base/errors.h"
#include "base/sort.h"
#include "base/sys.h"
#include "core/box.h"
#include "core/capture.h"
#include "core/facts.h"
#include "core/intern.h"
#include "core/kept.h"
#include "core/locknames.h"
#include "core/site.h"

#define MODULES_MAX     4096u
#define FACT_BYTES_MAX  1400u
#define STACK_BYTES_MAX (256u * 8)

static struct {
    const uint8_t *base;
    const struct smk_box_header *header;
    uint32_t modules[MODULES_MAX]; /* numbers of their entries */
    uint32_t module_count;
} box;

static const uint8_t *bytes_of(const struct smk_box_entry *entry)
{
    return box.base + box.header->bytes + entry->offset;
}

static const struct smk_box_entry *entry_at(uint32_t at)
{
    return (const struct smk_box_entry *)(box.base + box.header->index) + at;
}

/* ---- modules --------------------------------------------------------------------------------------------------- */

static void tell_module(const struct smk_box_entry *entry,
                        void (*add)(void *arg, uint32_t id, uint64_t start, uint64_t end, uint64_t bias,
                                    const char *path, const uint8_t *build_id, uint32_t build_id_len),
                        void *arg)
{
    uint64_t words[4];
    const uint8_t *bytes = bytes_of(entry);
    if (entry->len <= sizeof words || entry->len > FACT_BYTES_MAX || bytes[entry->len - 1] != '\0')
        return;
    memcpy(words, bytes, sizeof words);
    if (words[0] <= words[1] && words[3] < entry->len - sizeof words)
        add(arg, entry->id, words[0], words[1], words[2], (const char *)bytes + sizeof words + words[3],
            bytes + sizeof words, (uint32_t)words[3]);
}

static uint64_t modules(uint64_t since,
                        void (*add)(void *arg, uint32_t id, uint64_t start, uint64_t end, uint64_t bias,
                                    const char *path, const uint8_t *build_id, uint32_t build_id_len),
                        void *arg)
{
    (void)since;
    for (uint32_t i = 0; i < box.module_count; i++)
        tell_module(entry_at(box.modules[i]), add, arg);
    return 1;
}

/* Told each time that the list changed: once is enough. */
static void note_module(uint32_t at)
{
    for (uint32_t i = 0; i < box.module_count; i++)
        if (entry_at(box.modules[i])->id == entry_at(at)->id)
            return;
    if (box.module_count < MODULES_MAX)
        box.modules[box.module_count++] = at;
}

/* ---- sources that say nothing more ----------------------------------------------------------------------------- */

static void base(uint32_t categories, struct smk_source_base *values)
{
    (void)categories;
    (void)values;
}

static void begin(void) {}

static uint32_t collect(const struct smk_collecting *what, const struct smk_piece **pieces)
{
    (void)what;
    (void)pieces;
    return 0;
}

static uint32_t stand(uint64_t from, const struct smk_piece **pieces)
{
    (void)from;
    (void)pieces;
    return 0;
}

static const struct smk_source_calls calls = {
    .modules = modules, .base = base, .begin = begin, .collect = collect, .stand = stand};

/* ---- entries --------------------------------------------------------------------------------------------------- */

static void restore_lock(const struct smk_box_entry *entry)
{
    uint64_t address;
    if (entry->len != sizeof address)
        return;
    memcpy(&address, bytes_of(entry), sizeof address);
    smk_locknames_set(address, entry->id);
}

static void restore_fact(const struct smk_box_entry *entry)
{
    const char *key = (const char *)bytes_of(entry);
    if (entry->len > 1 && entry->len <= FACT_BYTES_MAX && key[entry->len - 1] == '\0' && strlen(key) + 1 < entry->len)
        smk_facts_assume(key, key + strlen(key) + 1);
}

/* As they are made: what is longer has no room in the file's tables. */
static bool is_string(const struct smk_box_entry *entry) { return entry->len <= SMK_NAME_LEN_MAX; }

static bool is_stack(const struct smk_box_entry *entry)
{
    return entry->len > 0 && entry->len % 8 == 0 && entry->len <= STACK_BYTES_MAX;
}

/* A line, and three texts, each with its end. */
static bool is_site(const struct smk_box_entry *entry)
{
    const uint8_t *bytes = bytes_of(entry);
    uint32_t ends = 0;
    for (uint32_t i = sizeof(uint32_t); i < entry->len; i++)
        ends += bytes[i] == '\0';
    return entry->len <= sizeof(uint32_t) + 3 * (SMK_NAME_LEN_MAX + 1) && ends == 3 && bytes[entry->len - 1] == '\0';
}

static void restore_table(struct smk_intern *table, const struct smk_box_entry *entry, bool good)
{
    if (good)
        smk_intern_restore(table, entry->id, bytes_of(entry), entry->len);
}

static void restore_entries(void)
{
    uint32_t count = (uint32_t)smk_min_u64(box.header->index_used, box.header->index_limit);
    for (uint32_t i = 0; i < count; i++) {
        const struct smk_box_entry *entry = entry_at(i);
        uint32_t kind = smk_load_acquire(&entry->kind); /* pairs with: smk_box_add */
        if (kind == SMK_BOX_NONE || entry->offset + (uint64_t)entry->len > box.header->bytes_limit)
            continue;
        if (kind == SMK_BOX_STRING)
            restore_table(&smk_strings, entry, is_string(entry));
        else if (kind == SMK_BOX_SITE)
            restore_table(&smk_sites, entry, is_site(entry));
        else if (kind == SMK_BOX_STACK)
            restore_table(&smk_stacks, entry, is_stack(entry));
        else if (kind == SMK_BOX_LOCK)
            restore_lock(entry);
        else if (kind == SMK_BOX_MODULE)
            note_module(i);
        else if (kind == SMK_BOX_FACT)
            restore_fact(entry);
    }
}

/* ---- all of it ------------------------------------------------------------------------------------------------- */

/* A part begins at a page behind what is before it. *end: of this one; false when that is behind `size`. */
static bool fits(uint64_t at, uint64_t bytes, uint64_t size, uint64_t *end)
{
    bool good = at >= *end && at % SMK_BOX_PAGE == 0 && at <= size && bytes <= size - at;
    *end = good ? at + bytes : *end;
    return good;
}

/* The parts are all there, in the order of box.h, so that none is in another. */
static bool is_sound(const struct smk_box_header *header, uint64_t size)
{
    uint64_t subs = header->sub_count, entries = header->index_limit, end = sizeof *header;
    return header->size <= size && subs > 0 && subs <= SMK_POOL_BYTES_LIMIT / SMK_SUB_SIZE &&
           fits(header->subs, subs * sizeof(struct smk_sub), header->size, &end) &&
           fits(header->index, entries * sizeof(struct smk_box_entry), header->size, &end) &&
           fits(header->bytes, header->bytes_limit, header->size, &end) &&
           fits(header->kept, header->kept_size, header->size, &end) &&
           fits(header->memory, subs * SMK_SUB_SIZE, header->size, &end);
}

/* In memory of our own, as long as the header says; NULL: *why says why. The file may have been made shorter than it
 * was: what is behind its end cannot be read. */
static struct smk_box_header *copy_of(int fd, const char **why)
{
    struct stat st;
    struct smk_box_header *copy = NULL, *header;
    *why = "nothing was recorded in it";
    if (smk_sys_fstat(fd, &st) < 0 || st.st_size < (off_t)sizeof *header)
        return NULL;
    *why = "no memory";
    header = smk_sys_map_copy(fd, sizeof *header);
    if (!header)
        return NULL;
    if (header->magic != SMK_BOX_MAGIC || header->version != SMK_BOX_VERSION ||
        !smk_load_acquire(&header->ready)) /* pairs with: smk_box_map */
        *why = "nothing was recorded in it";
    else if (!is_sound(header, (uint64_t)st.st_size))
        *why = "what is in it makes no sense";
    else
        copy = smk_sys_map_copy(fd, header->size);
    smk_sys_unmap(header, sizeof *header);
    return copy;
}

const struct smk_box_header *smk_box_restore(int fd, const char **why)
{
    struct smk_box_header *header = copy_of(fd, why);
    if (!header)
        return NULL;
    header->output[sizeof header->output - 1] = header->directory[sizeof header->directory - 1] = '\0';
    box.base = (const uint8_t *)header;
    box.header = header;
    *why = "no memory";
    smk_core_assume_process(header->process);
    smk_core_set_sources(&calls);
    restore_entries();
    if (smk_pool_restore((struct smk_sub *)((uint8_t *)header + header->subs), (uint8_t *)header + header->memory,
                         header->sub_count) < 0)
        return NULL;
    smk_kept_restore((uint8_t *)header + header->kept, header->kept_size,
                     &(struct smk_kept_state){header->kept_head, header->kept_tail, header->kept_from});
    if (smk_recorder_set(header->categories) < 0) /* the writer begins to look, and what it keeps is its own */
        return NULL;
    /* Last: a recorder that begins has nothing of what was before. */
    smk_store_relaxed(&smk_pool.complete_from, header->complete_from);
    return header;
}
