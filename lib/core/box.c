#include "core/box.h"

#include <string.h>

#include "base/sys.h"
#include "core/capture.h"
#include "core/fds.h"
#include "core/intern.h"
#include "core/kept.h"
#include "core/locknames.h"

#define INDEX_LIMIT (UINT32_C(1) << 18)
#define BYTES_LIMIT (UINT32_C(32) << 20)
#define PAGE        SMK_BOX_PAGE

static struct {
    int fd; /* 0: none */
    struct smk_box_header *header;
    uint32_t *alive; /* atomic; in a page that reads as zeroes in children; NULL: there is no box */
    uint64_t modules_seen;
} box;

/* ---- making it ------------------------------------------------------------------------------------------------- */

void smk_box_take(int fd)
{
    struct {
        uint64_t magic;
        uint32_t version, pid;
    } head;
    if (smk_sys_pread(fd, &head, sizeof head, 0) != (ssize_t)sizeof head || head.magic != SMK_BOX_MAGIC ||
        head.version != SMK_BOX_VERSION || head.pid != (uint32_t)smk_sys_getpid())
        return;
    box.fd = smk_fd_keep(fd);
}

bool smk_box_offered(void) { return box.fd > 0 || smk_box(); }

static uint64_t place(uint64_t *at, uint64_t bytes)
{
    uint64_t here = *at;
    *at += smk_align_up(bytes, PAGE);
    return here;
}

static void lay_out(struct smk_box_header *plan, uint32_t sub_count)
{
    uint64_t at = 0;
    plan->sub_count = sub_count;
    plan->index_limit = INDEX_LIMIT;
    plan->bytes_limit = BYTES_LIMIT;
    place(&at, sizeof *plan);
    plan->subs = place(&at, (uint64_t)sub_count * sizeof(struct smk_sub));
    plan->index = place(&at, (uint64_t)INDEX_LIMIT * sizeof(struct smk_box_entry));
    plan->bytes = place(&at, BYTES_LIMIT);
    plan->kept_size = smk_kept_bytes_beside((uint64_t)sub_count * SMK_SUB_SIZE);
    plan->kept = place(&at, plan->kept_size);
    plan->memory = place(&at, (uint64_t)sub_count * SMK_SUB_SIZE);
    plan->size = at;
}

static void add_table(const struct smk_intern *table, enum smk_box_kind kind)
{
    for (uint32_t id = 1; id <= smk_intern_count(table); id++) {
        uint32_t len = 0;
        const void *bytes = smk_intern_get(table, id, &len);
        if (bytes)
            smk_box_add(kind, id, bytes, len);
    }
}

static bool add_lock(uint64_t address, uint32_t name, void *arg)
{
    (void)arg;
    smk_box_add(SMK_BOX_LOCK, name, &address, sizeof address);
    return true;
}

/* What is added by others meanwhile is in it twice, which does no harm. */
static void add_all(void)
{
    add_table(&smk_strings, SMK_BOX_STRING);
    add_table(&smk_sites, SMK_BOX_SITE);
    add_table(&smk_stacks, SMK_BOX_STACK);
    smk_locknames_each(add_lock, NULL);
}

bool smk_box_map(uint32_t sub_count, struct smk_sub **subs, uint8_t **memory)
{
    struct smk_box_header plan = {0};
    int error = 0;
    if (box.fd <= 0)
        return false;
    lay_out(&plan, sub_count);
    uint32_t *alive = smk_sys_map_dumpless(PAGE);
    uint8_t *base = alive && plan.size <= SMK_BOX_FILE_BYTES ? smk_sys_map_box(box.fd, plan.size, &error) : NULL;
    smk_fd_close(box.fd);
    box.fd = 0;
    if (!base) {
        if (alive)
            smk_sys_unmap(alive, PAGE);
        return false;
    }
    struct smk_box_header *header = (struct smk_box_header *)base;
    memcpy(&header->sub_count, &plan.sub_count,
           offsetof(struct smk_box_header, complete_from) - offsetof(struct smk_box_header, sub_count));
    header->process = smk_process_id();
    smk_threads_wipe_on_fork();
    *subs = (struct smk_sub *)(base + plan.subs);
    *memory = base + plan.memory;
    box.header = header;
    *alive = 1;
    smk_store_release(&box.alive, alive); /* pairs with: smk_box */
    add_all();
    smk_store_release(&header->ready, 1); /* pairs with: smk_box_restore */
    return true;
}

struct smk_box_header *smk_box(void)
{
    const uint32_t *alive = smk_load_acquire(&box.alive); /* pairs with: smk_box_map */
    return SMK_UNLIKELY(alive != NULL) && smk_load_relaxed(alive) ? box.header : NULL;
}

uint8_t *smk_box_kept(uint64_t bytes)
{
    struct smk_box_header *header = smk_box();
    return header && bytes <= header->kept_size ? (uint8_t *)header + header->kept : NULL;
}

/* ---- what is said ---------------------------------------------------------------------------------------------- */

/* The entry's number and its room are taken first; its kind makes it one. */
void smk_box_add(enum smk_box_kind kind, uint32_t id, const void *bytes, uint32_t len)
{
    struct smk_box_header *header = smk_box();
    if (!header)
        return;
    uint32_t size = (uint32_t)smk_align_up(len, 8);
    if (smk_load_relaxed(&header->index_used) >= header->index_limit ||
        smk_load_relaxed(&header->bytes_used) + (uint64_t)size > header->bytes_limit) {
        smk_add_relaxed(&header->refused, 1);
        return;
    }
    uint32_t at = smk_add_relaxed(&header->index_used, 1);
    uint32_t offset = smk_add_relaxed(&header->bytes_used, size);
    if (at >= header->index_limit || offset + (uint64_t)size > header->bytes_limit)
        return;
    struct smk_box_entry *entry = (struct smk_box_entry *)((uint8_t *)header + header->index) + at;
    memcpy((uint8_t *)header + header->bytes + offset, bytes, len);
    entry->id = id;
    entry->offset = offset;
    entry->len = len;
    smk_store_release(&entry->kind, kind); /* pairs with: restore_entries */
}

void smk_box_add_fact(const char *key, const char *value)
{
    char text[1400];
    size_t key_len = strlen(key) + 1, value_len = strnlen(value, 1024);
    if (!smk_box() || key_len > 256)
        return;
    memcpy(text, key, key_len);
    memcpy(text + key_len, value, value_len);
    text[key_len + value_len] = '\0';
    smk_box_add(SMK_BOX_FACT, 0, text, (uint32_t)(key_len + value_len + 1));
}

void smk_box_set_recorder(uint32_t categories, uint64_t reach_ns)
{
    struct smk_box_header *header = smk_box();
    if (!header)
        return;
    smk_store_relaxed(&header->reach_ns, reach_ns);
    smk_store_relaxed(&header->categories, categories);
}

void smk_box_set_directory(const char *path)
{
    struct smk_box_header *header = smk_box();
    if (!header || smk_load_relaxed(&header->directory_ready) || strlen(path) >= sizeof header->directory)
        return;
    memcpy(header->directory, path, strlen(path) + 1);
    smk_store_release(&header->directory_ready, 1); /* pairs with: the watcher */
}

void smk_box_leave(void)
{
    struct smk_box_header *header = smk_box();
    if (header)
        smk_store_relaxed(&header->leaving, 1);
}

static void add_module(void *arg, uint32_t id, uint64_t start, uint64_t end, uint64_t bias, const char *path,
                       const uint8_t *build_id, uint32_t build_id_len)
{
    uint8_t text[1400];
    uint64_t words[4] = {start, end, bias, build_id_len};
    size_t path_len = strnlen(path, 1024);
    (void)arg;
    if (build_id_len > 256)
        return;
    memcpy(text, words, sizeof words);
    memcpy(text + sizeof words, build_id, build_id_len);
    memcpy(text + sizeof words + build_id_len, path, path_len);
    text[sizeof words + build_id_len + path_len] = '\0';
    smk_box_add(SMK_BOX_MODULE, id, text, (uint32_t)(sizeof words + build_id_len + path_len + 1));
}

void smk_box_look(uint64_t number)
{
    const struct smk_source_calls *sources = smk_core_sources();
    struct smk_box_header *header = smk_box();
    if (!header)
        return;
    smk_store_relaxed(&header->leaving, 0);
    if (number == 0 || number == box.modules_seen || !sources->modules)
        return;
    box.modules_seen = sources->modules(UINT64_MAX, add_module, NULL);
}

/* The mapping is not there. */
void smk_box_reset_in_child(void)
{
    smk_store_relaxed(&box.alive, NULL);
    box.header = NULL;
    box.fd = 0;
    box.modules_seen = 0;
}
