/* modules.c: the list of modules, and the map of executable ranges that walks use (module_map.h).
 *
 * Both are made anew from /proc/thread-self/maps when somebody asks; the lock makes that one thread at a time.
 * It costs some 3 us a mapping and, for a module never seen before, the making of its table.
 *
 * A module is a run of mappings of one file that begins where the file begins; it is told from first to
 * last address. Executable memory without a file, or whose file is no ELF file, is a range without a
 * table: code made at run time, which frame pointers may lead through.
 */
#include "source/modules.h"

#include <stdio.h>
#include <string.h>

#include "base/atomic.h"
#include "base/lock.h"
#include "base/sys.h"
#include "core/clock.h"
#include "core/intern.h"
#include "source/maps.h"
#include "source/module_file.h"
#include "source/module_map.h"
#include "source/peek.h"

#define MODULES_MAX 2048u
#define GONE_MAX    512u /* the latest */
#define PATHS_MAX   4096u
#define PATHS_BYTES (1u << 20)
#define REST        100u /* a refresh that nobody waits for comes so many times its own length later */

struct module {
    uint64_t start, end, bias;
    uint32_t id;
    uint32_t path; /* in `paths` */
    uint32_t build_id_len;
    uint8_t build_id[SMK_BUILD_ID_MAX];
};

/* One that was unloaded: stacks of before are still to be named. */
struct gone {
    struct module module;
    uint64_t tick;
};

struct list {
    uint32_t count;
    struct module modules[MODULES_MAX];
};

static struct smk_lock lock = SMK_LOCK_INIT(SMK_RANK_MODULES);
/* All under the lock. */
static struct smk_intern paths;
static struct list *lists; /* two: the one that holds, the one being made */
static struct gone *gone;  /* a ring */
static uint64_t gone_count; /* ever */
static char *buffer;       /* for reading maps */
static struct smk_map_range *ranges; /* of the scan; then copied if they differ */
static uint32_t held;
static uint32_t next_id = 1;
static uint64_t changes;
static uint64_t refreshed; /* when, CLOCK_MONOTONIC */
static struct smk_modules_stats stats;

/* ---- scanning ------------------------------------------------------------------------------------------------- */

struct scan {
    struct list *list;
    uint32_t range_count;
    uint64_t device, inode, last_offset; /* of the run of mappings */
    uint64_t first;                      /* where the run begins; 0: not with the file's beginning */
    struct module *module;               /* of the run, once there is code in it */
    struct smk_module_facts facts;
    uint64_t refused; /* ranges and modules for which there was no room */
    uint64_t without; /* modules without a table */
};

static bool is_of_file(const struct smk_mapping *m)
{
    return (m->inode != 0 && strncmp(m->path, "/dev/", 5) != 0) || strcmp(m->path, "[vdso]") == 0;
}

static bool goes_on(const struct scan *scan, const struct smk_mapping *m)
{
    return m->inode != 0 && m->inode == scan->inode && m->device == scan->device && m->offset != 0 &&
           m->offset >= scan->last_offset;
}

static void add_module(struct scan *scan, const struct smk_mapping *m)
{
    if (!scan->first || !smk_module_read(scan->first, m->start, m->offset, &scan->facts))
        return;
    if (scan->list->count == MODULES_MAX) {
        scan->refused++;
        return;
    }
    scan->module = &scan->list->modules[scan->list->count++];
    memset(scan->module, 0, sizeof *scan->module);
    scan->module->start = scan->first;
    scan->module->bias = scan->facts.bias;
    scan->module->path = smk_intern(&paths, m->path, (uint32_t)strlen(m->path) + 1);
    scan->module->build_id_len = scan->facts.build_id_len;
    memcpy(scan->module->build_id, scan->facts.build_id, sizeof scan->module->build_id);
    scan->without += scan->facts.table.count == 0;
}

static void add_range(struct scan *scan, const struct smk_mapping *m)
{
    struct smk_map_range range = {.start = m->start, .end = m->end};
    if (scan->module) {
        range.base = scan->first;
        range.table = scan->facts.table;
    }
    struct smk_map_range *last = scan->range_count ? &ranges[scan->range_count - 1] : NULL;
    if (last && last->end == range.start && !last->table.count && !range.table.count)
        last->end = range.end;
    else if (scan->range_count < SMK_RANGES_MAX)
        ranges[scan->range_count++] = range;
    else
        scan->refused++;
}

static void visit(const struct smk_mapping *m, void *arg)
{
    struct scan *scan = arg;
    bool of_file = is_of_file(m);
    if (!of_file || !goes_on(scan, m)) {
        scan->module = NULL;
        scan->first = of_file && m->offset == 0 ? m->start : 0;
        scan->device = of_file ? m->device : 0;
        scan->inode = of_file ? m->inode : 0;
    }
    scan->last_offset = m->offset;
    if (m->executable) {
        if (of_file && !scan->module)
            add_module(scan, m);
        add_range(scan, m);
    }
    if (scan->module)
        scan->module->end = m->end;
}

/* ---- comparing with what is held ------------------------------------------------------------------------------- */

static bool is_same_module(const struct module *a, const struct module *b)
{
    return a->start == b->start && a->end == b->end && a->bias == b->bias && a->path == b->path &&
           a->build_id_len == b->build_id_len && memcmp(a->build_id, b->build_id, a->build_id_len) == 0;
}

static void remember_gone(const struct module *module)
{
    gone[gone_count % GONE_MAX] = (struct gone){*module, smk_ticks()};
    gone_count++;
    stats.forgotten += gone_count > GONE_MAX;
}

/* Both lists ascend. A module that stays keeps its id; who does not is remembered. True when the lists differ. */
static bool take_over_ids(struct list *now, const struct list *before)
{
    bool differs = now->count != before->count;
    uint32_t k = 0, stays = UINT32_MAX;
    for (uint32_t i = 0; i < now->count; i++) {
        for (; k < before->count && before->modules[k].start < now->modules[i].start; k++)
            if (k != stays)
                remember_gone(&before->modules[k]);
        if (k < before->count && is_same_module(&now->modules[i], &before->modules[k])) {
            now->modules[i].id = before->modules[k].id;
            stays = k;
        } else {
            now->modules[i].id = next_id++;
            differs = true;
        }
    }
    for (; k < before->count; k++)
        if (k != stays)
            remember_gone(&before->modules[k]);
    return differs;
}

static bool is_same_range(const struct smk_map_range *a, const struct smk_map_range *b)
{
    return a->start == b->start && a->end == b->end && a->base == b->base &&
           a->table.offsets == b->table.offsets;
}

static void publish_ranges(uint32_t count)
{
    struct smk_map_reader reader;
    bool differs = !smk_map_enter(&reader) || reader.map->count != count;
    for (uint32_t i = 0; !differs && i < count; i++)
        differs = !is_same_range(&ranges[i], &reader.map->ranges[i]);
    struct smk_map *map = differs ? smk_map_begin() : NULL;
    if (!map)
        return;
    memcpy(map->ranges, ranges, count * sizeof *ranges);
    map->count = count;
    smk_map_publish(map);
}

static bool make_memory(void)
{
    if (!paths.slots && smk_intern_init(&paths, PATHS_MAX, PATHS_BYTES) < 0)
        return false;
    if (!lists)
        lists = smk_sys_map(2 * sizeof *lists);
    if (!gone)
        gone = smk_sys_map(GONE_MAX * sizeof *gone);
    if (!buffer)
        buffer = smk_sys_map(SMK_MAPS_BUFFER);
    if (!ranges)
        ranges = smk_sys_map(SMK_RANGES_MAX * sizeof *ranges);
    return lists && gone && buffer && ranges;
}

/* Under the lock. */
static void refresh(void)
{
    uint64_t began = smk_sys_clock(CLOCK_MONOTONIC);
    stats.refreshes++;
    if (!make_memory())
        return;
    struct scan scan = {.list = &lists[1 - held]};
    scan.list->count = 0;
    smk_map_take_wanted(); /* what is asked for from here on may be missing in this scan already */
    if (smk_maps_each(buffer, visit, &scan) < 0)
        return;
    if (take_over_ids(scan.list, &lists[held]))
        changes++;
    held = 1 - held;
    publish_ranges(scan.range_count);
    stats.modules = scan.list->count;
    stats.ranges = scan.range_count;
    stats.refused = scan.refused;
    stats.without = scan.without;
    stats.changes = changes;
    refreshed = smk_sys_clock(CLOCK_MONOTONIC);
    stats.refresh_ns = refreshed - began;
}

/* ---- what others call ------------------------------------------------------------------------------------------ */

void smk_modules_refresh(void)
{
    smk_lock(&lock);
    refresh();
    smk_unlock(&lock);
}

uint64_t smk_modules_refresh_if_wanted(void)
{
    bool wanted = smk_map_is_wanted();
    smk_lock(&lock);
    if (wanted && smk_sys_clock(CLOCK_MONOTONIC) - refreshed >= stats.refresh_ns * REST)
        refresh();
    uint64_t answer = changes;
    smk_unlock(&lock);
    return answer;
}

typedef void (*add_fn)(void *arg, uint32_t id, uint64_t start, uint64_t end, uint64_t bias, const char *path,
                       const uint8_t *build_id, uint32_t build_id_len);

static void tell(const struct module *m, add_fn add, void *arg)
{
    uint32_t len;
    const char *path = smk_intern_get(&paths, m->path, &len);
    add(arg, m->id, m->start, m->end, m->bias, path ? path : "", m->build_id, m->build_id_len);
}

uint64_t smk_modules_each(uint64_t since, add_fn add, void *arg)
{
    smk_lock(&lock);
    refresh();
    for (uint32_t i = 0; lists && i < lists[held].count; i++)
        tell(&lists[held].modules[i], add, arg);
    for (uint64_t i = gone_count > GONE_MAX ? gone_count - GONE_MAX : 0; i < gone_count; i++)
        if (gone[i % GONE_MAX].tick >= since)
            tell(&gone[i % GONE_MAX].module, add, arg);
    uint64_t answer = changes;
    smk_unlock(&lock);
    return answer;
}

void smk_modules_stats(struct smk_modules_stats *copy)
{
    smk_lock(&lock);
    *copy = stats;
    smk_unlock(&lock);
}

size_t smk_modules_missing(char *text, size_t size)
{
    struct smk_modules_stats now;
    struct smk_module_tables_stats tables;
    smk_modules_stats(&now);
    smk_module_tables_stats(&tables);
    int len = 0;
    if (now.refreshes == 0)
        return 0; /* nobody has looked yet: the first arming does */
    if (now.modules == 0)
        len = snprintf(text, size, "stacks: /proc/thread-self/maps could not be read");
    else if (now.without > 0 || now.refused > 0)
        len = snprintf(text, size,
                       "some stacks: %llu of %llu modules have no unwind table (%llu refused, tables take %llu of "
                       "%llu KiB)",
                       (unsigned long long)now.without, (unsigned long long)now.modules,
                       (unsigned long long)(tables.refused + now.refused),
                       (unsigned long long)(tables.bytes >> 10), (unsigned long long)(tables.bytes_max >> 10));
    return len < 0 ? 0 : (size_t)len < size ? (size_t)len : size - 1;
}

void smk_modules_reset_in_child(void) { smk_lock_reset(&lock); }
