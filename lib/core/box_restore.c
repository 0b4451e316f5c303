/* box_restore.c: the watcher's side of box.h: another process's buffer and tables become this one's. */
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

#define MODULES_MAX 4096u

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
    memcpy(words, bytes, sizeof words);
    if (words[3] < entry->len - sizeof words)
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
    if (entry->len > 1 && key[entry->len - 1] == '\0' && strlen(key) + 1 < entry->len)
        smk_facts_assume(key, key + strlen(key) + 1);
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
            smk_intern_restore(&smk_strings, entry->id, bytes_of(entry), entry->len);
        else if (kind == SMK_BOX_SITE)
            smk_intern_restore(&smk_sites, entry->id, bytes_of(entry), entry->len);
        else if (kind == SMK_BOX_STACK)
            smk_intern_restore(&smk_stacks, entry->id, bytes_of(entry), entry->len);
        else if (kind == SMK_BOX_LOCK)
            restore_lock(entry);
        else if (kind == SMK_BOX_MODULE)
            note_module(i);
        else if (kind == SMK_BOX_FACT)
            restore_fact(entry);
    }
}

/* ---- all of it ------------------------------------------------------------------------------------------------- */

static bool is_sound(const struct smk_box_header *header, uint64_t size)
{
    return header->size <= size && header->sub_count <= SMK_POOL_BYTES_LIMIT / SMK_SUB_SIZE &&
           header->memory + (uint64_t)header->sub_count * SMK_SUB_SIZE <= header->size &&
           header->subs + (uint64_t)header->sub_count * sizeof(struct smk_sub) <= header->size &&
           header->index + (uint64_t)header->index_limit * sizeof(struct smk_box_entry) <= header->size &&
           header->bytes + header->bytes_limit <= header->size && header->kept + header->kept_size <= header->size;
}

const struct smk_box_header *smk_box_restore(int fd, const char **why)
{
    struct smk_box_header *header = smk_sys_map_copy(fd, sizeof *header);
    *why = "no memory";
    if (!header)
        return NULL;
    *why = "nothing was recorded in it";
    if (!smk_load_acquire(&header->ready)) /* pairs with: smk_box_map */
        return NULL;
    *why = "what is in it makes no sense";
    if (!is_sound(header, SMK_BOX_FILE_BYTES))
        return NULL;
    uint8_t *copy = smk_sys_map_copy(fd, header->size);
    *why = "no memory";
    if (!copy)
        return NULL;
    box.base = copy;
    box.header = (struct smk_box_header *)copy;
    smk_core_assume_process(box.header->process);
    smk_core_set_sources(&calls);
    restore_entries();
    if (smk_pool_restore((struct smk_sub *)(copy + box.header->subs), copy + box.header->memory,
                         box.header->sub_count) < 0 ||
        smk_recorder_set(box.header->categories) < 0)
        return NULL;
    smk_store_relaxed(&smk_pool.complete_from, box.header->complete_from);
    smk_kept_restore(copy + box.header->kept, box.header->kept_size,
                     &(struct smk_kept_state){box.header->kept_head, box.header->kept_tail, box.header->kept_from});
    return box.header;
}
