#define _GNU_SOURCE
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/atomic.h"
#include "base/errors.h"
#include "base/sort.h"
#include "base/sys.h"
#include "core/fds.h"
#include "heap.h"
#include "log.h"
#include "source/cgroup_memory.h"

#define PINS       32
#define KEEP_BYTES (UINT64_C(2) << 30) /* where nobody has chosen */
#define MEMORY_MAX 16 /* captures in memory; together at most max_bytes */
#define HOURS      25 /* the current one, and 24 before it */

struct smk_pin {
    uint32_t used; /* atomic */
    char id[SMK_CAPTURE_ID_SIZE];
};

static struct smk_pin pins[PINS];

/* The control loop's. */
static struct {
    const struct smk_settings *settings;
    struct smk_directory *directory;
    char why[512]; /* there is none */
    uint64_t keep_bytes; /* the setting, or less: the directory's files are memory */
    struct smk_stored *list;
    uint32_t count;
    struct smk_stored memory[MEMORY_MAX]; /* oldest first */
    uint32_t memory_count;
    uint64_t hours[HOURS], hour; /* bytes by hour since 1970, and the current one */
    struct smk_store_stats stats;
} store;

struct smk_directory *smk_store_directory(void) { return store.directory; }
const char *smk_store_why(void) { return store.why; }

/* ---- the directory ------------------------------------------------------------------------------------------ */

static int check_directory(int fd, const char *path)
{
    struct stat st;
    uid_t own = geteuid();
    int rc = smk_sys_fstat(fd, &st);
    if (rc < 0)
        return smk_fail_errno(-rc, "%.200s", path);
    if (st.st_uid != own && st.st_uid != 0)
        return smk_fail(SMK_E_PERMISSION, "%.200s belongs to user %u; allowed are %u and root", path,
                        (unsigned)st.st_uid, (unsigned)own);
    if ((st.st_mode & 022) && !(st.st_mode & S_ISVTX))
        return smk_fail(SMK_E_PERMISSION, "%.200s may be written by others (mode %03o); allowed is 0700", path,
                        (unsigned)st.st_mode & 0777);
    rc = smk_sys_may_write(fd);
    return rc < 0 ? smk_fail_errno(-rc, "%.200s", path) : 0;
}

int smk_store_open_directory(const char *path)
{
    if (*path != '/') {
        smk_fail(SMK_E_INVALID, "%.200s: allowed is an absolute path", path);
        return -1;
    }
    int made = smk_sys_mkdir(path, 0700);
    int fd = smk_sys_open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
    if (fd == -ENOENT && made < 0)
        fd = made;
    if (fd < 0) {
        smk_fail_errno(-fd, "%.200s", path);
        return -1;
    }
    if (check_directory(fd, path) == 0)
        return smk_fd_keep(fd);
    smk_sys_close(fd);
    return -1;
}

/* The n-th place to look; false: no more. */
static bool place(unsigned n, char *path, size_t size)
{
    const char *state = getenv("STATE_DIRECTORY"), *home = getenv("XDG_STATE_HOME");
    if (store.settings->directory) {
        snprintf(path, size, "%s", n == 0 ? store.settings->directory : "");
        return n == 0;
    }
    path[0] = '\0';
    if (n == 0 && state) /* systemd: several, with colons */
        snprintf(path, size, "%.*s", (int)strcspn(state, ":"), state);
    if (n == 1 && home && *home)
        snprintf(path, size, "%s/stallmark", home);
    if (n == 2)
        snprintf(path, size, "/var/tmp/stallmark-%u", (unsigned)geteuid());
    return n < 3;
}

static void add_why(const char *text)
{
    size_t used = strlen(store.why);
    snprintf(store.why + used, sizeof store.why - used, "%s%s", used ? "; " : "", text);
}

/* What is in a tmpfs counts against the container's memory, as the recorder's buffer does: of both no more than a
 * fiftieth of it is taken, unless the operator says so. */
static void bound_by_memory(void)
{
    struct smk_cgroup_memory memory;
    store.keep_bytes = store.settings->keep_bytes;
    if (!store.directory || !smk_sys_is_in_memory(store.directory->fd) || store.keep_bytes != KEEP_BYTES)
        return;
    smk_cgroup_memory_read("/proc/self/cgroup", "/sys/fs/cgroup", &memory);
    uint64_t all = smk_min_u64(memory.limit, smk_sys_memory());
    store.keep_bytes = smk_min_u64(store.keep_bytes, all / 50);
}

void smk_store_open(const struct smk_settings *settings)
{
    char path[4200];
    memset(&store, 0, sizeof store);
    store.settings = settings;
    for (unsigned n = 0; !store.directory && place(n, path, sizeof path); n++) {
        if (!path[0])
            continue;
        int fd = smk_store_open_directory(path);
        if (fd >= 0)
            store.directory = smk_directory_new(fd, path);
        else
            add_why(smk_last_error());
    }
    if (!store.directory) {
        smk_agent_log("captures are kept in memory: %s", store.why);
        return;
    }
    bound_by_memory();
    uint32_t count;
    const struct smk_stored *list = smk_store_list(&count);
    uint64_t now = smk_sys_clock(CLOCK_REALTIME) / 3600000000000u;
    store.hour = now;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t hour = list[i].ended_unix_ns / 3600000000000u;
        if (hour <= now && now - hour < HOURS)
            store.hours[hour % HOURS] += list[i].bytes;
    }
}

void smk_store_close(void)
{
    smk_store_free_list(store.list, store.count);
    for (uint32_t i = 0; i < store.memory_count; i++)
        smk_tape_release(store.memory[i].memory);
    smk_directory_release(store.directory);
    memset(&store, 0, sizeof store);
}

int smk_store_check_space(void)
{
    uint64_t left;
    char floor[32];
    int rc = store.directory ? smk_sys_may_write(store.directory->fd) : 0;
    if (rc == -EACCES) /* it was found when we began, and the host has another user since */
        return smk_fail(SMK_E_PERMISSION, "%.200s: user %u, whom the program has now, may not write there",
                        store.directory->path, (unsigned)geteuid());
    if (!store.directory || smk_sys_free_space(store.directory->fd, &left) < 0 || left >= store.settings->free_floor)
        return 0;
    smk_format_bytes(store.settings->free_floor, floor, sizeof floor);
    return smk_fail(SMK_E_NOSPACE, "%.200s has %llu MiB left; free_floor is %s", store.directory->path,
                    (unsigned long long)(left >> 20), floor);
}

/* ---- a day's bytes ------------------------------------------------------------------------------------------ */

static void turn_hours(void)
{
    uint64_t now = smk_sys_clock(CLOCK_REALTIME) / 3600000000000u;
    if (now < store.hour || now - store.hour >= HOURS)
        memset(store.hours, 0, sizeof store.hours);
    else
        while (store.hour < now)
            store.hours[++store.hour % HOURS] = 0;
    store.hour = now;
}

void smk_store_count_bytes(uint64_t bytes)
{
    turn_hours();
    store.hours[store.hour % HOURS] += bytes;
}

uint64_t smk_store_day_bytes(void)
{
    uint64_t sum = 0;
    turn_hours();
    for (int i = 0; i < HOURS; i++)
        sum += store.hours[i];
    return sum;
}

/* ---- the list ----------------------------------------------------------------------------------------------- */

static bool newer(const void *a, const void *b)
{
    const struct smk_stored *x = a, *y = b;
    return strcmp(x->id, y->id) > 0;
}

static void add_memory(void)
{
    struct smk_stored *list =
        smk_heap_realloc(store.list, (store.count + store.memory_count) * sizeof *list);
    if (!list)
        return;
    for (uint32_t i = 0; i < store.memory_count; i++) {
        list[store.count] = store.memory[i];
        smk_tape_hold(list[store.count++].memory);
    }
    smk_sort(list, store.count, sizeof *list, newer);
    store.list = list;
}

const struct smk_stored *smk_store_list(uint32_t *count)
{
    smk_store_free_list(store.list, store.count);
    store.list = NULL;
    store.count = 0;
    if (store.directory)
        store.list = smk_store_scan(store.directory->fd, &store.count);
    if (store.memory_count)
        add_memory();
    store.stats.files = store.count;
    store.stats.bytes = 0;
    for (uint32_t i = 0; i < store.count; i++)
        store.stats.bytes += store.list[i].bytes;
    *count = store.count;
    return store.list;
}

const struct smk_stored *smk_store_find(const char *id)
{
    uint32_t count;
    const struct smk_stored *list = smk_store_list(&count);
    for (uint32_t i = 0; i < count; i++)
        if (strcmp(list[i].id, id) == 0)
            return &list[i];
    return NULL;
}

void smk_store_get_stats(struct smk_store_stats *stats)
{
    *stats = store.stats;
    stats->keep_bytes = store.keep_bytes;
}

bool smk_store_path(const char *id, bool rotates, bool partial, char *path, size_t size)
{
    if (!store.directory)
        return false;
    snprintf(path, size, "%s/%s%s.stall%s", store.directory->path, id, rotates ? ".*" : "",
             partial && !rotates ? ".partial" : "");
    return true;
}

/* ---- memory -------------------------------------------------------------------------------------------------- */

static void forget_memory(uint32_t at)
{
    smk_tape_release(store.memory[at].memory);
    store.memory_count--;
    memmove(&store.memory[at], &store.memory[at + 1], (store.memory_count - at) * sizeof *store.memory);
}

void smk_store_keep_memory(const char *id, struct smk_tape *tape, enum smk_reason reason, uint64_t started_unix_ns)
{
    struct smk_stored stored = {.state = SMK_STORED_DONE,
                                .reason = reason,
                                .bytes = smk_tape_bytes(tape),
                                .started_unix_ns = started_unix_ns,
                                .ended_unix_ns = smk_sys_clock(CLOCK_REALTIME),
                                .count = 1,
                                .memory = smk_tape_hold(tape)};
    snprintf(stored.id, sizeof stored.id, "%s", id);
    uint64_t sum = stored.bytes;
    for (uint32_t i = 0; i < store.memory_count; i++)
        sum += store.memory[i].bytes;
    while (store.memory_count > 0 && (store.memory_count == MEMORY_MAX || sum > store.settings->max_bytes)) {
        sum -= store.memory[0].bytes;
        forget_memory(0);
        store.stats.deleted++;
    }
    store.memory[store.memory_count++] = stored;
}

/* ---- deleting ------------------------------------------------------------------------------------------------- */

/* The scan saw them a moment ago to be ours. */
static int delete_files(const struct smk_stored *stored)
{
    char name[SMK_FILE_NAME_MAX];
    int failed = 0;
    for (uint32_t i = 0; i < stored->count; i++) {
        smk_store_name(stored->id, stored->rotates, &stored->segments[i], name);
        int rc = smk_sys_unlinkat(store.directory->fd, name);
        if (rc < 0 && rc != -ENOENT)
            failed = rc;
    }
    return failed;
}

int smk_store_delete(const char *id)
{
    for (uint32_t i = 0; i < store.memory_count; i++)
        if (strcmp(store.memory[i].id, id) == 0) {
            forget_memory(i);
            return 0;
        }
    const struct smk_stored *stored = smk_store_find(id);
    if (!stored)
        return smk_fail(SMK_E_NOTFOUND, "no capture %s; GET /debug/traces lists what there is", id);
    if (stored->state == SMK_STORED_ELSEWHERE)
        return smk_fail(SMK_E_BUSY, "another process is writing %s", id);
    int rc = delete_files(stored);
    return rc < 0 ? smk_fail_errno(-rc, "%s could not be deleted", id) : 0;
}

static bool is_pinned(const char *id)
{
    for (int i = 0; i < PINS; i++)
        if (smk_load_acquire(&pins[i].used) && strcmp(pins[i].id, id) == 0)
            return true;
    return false;
}

/* The newest ones fill what is allowed; what comes after is too much. One that is larger than keep_bytes
 * all by itself stays until there is a newer one. */
void smk_store_retain(bool (*busy)(const char *id))
{
    const struct smk_settings *settings = store.settings;
    uint64_t now = smk_sys_clock(CLOCK_REALTIME), bytes = 0, files = 0;
    uint32_t count;
    const struct smk_stored *list = smk_store_list(&count);
    for (uint32_t i = 0; i < count; i++) {
        const struct smk_stored *stored = &list[i];
        files++;
        bytes += stored->bytes;
        uint64_t age = now > stored->ended_unix_ns ? now - stored->ended_unix_ns : 0;
        bool keep = files <= settings->keep_files && age <= settings->keep_age &&
                    (bytes <= store.keep_bytes || files == 1);
        if (keep || stored->memory || stored->state == SMK_STORED_ELSEWHERE || busy(stored->id) ||
            is_pinned(stored->id))
            continue;
        if (delete_files(stored) < 0) { /* it goes on taking its room */
            store.stats.delete_failures++;
            continue;
        }
        files--;
        bytes -= stored->bytes;
        store.stats.deleted++;
        smk_agent_log("capture %s deleted by retention", stored->id);
    }
}

/* ---- pins ----------------------------------------------------------------------------------------------------- */

struct smk_pin *smk_store_pin(const char *id)
{
    for (int i = 0; i < PINS; i++)
        if (!smk_load_acquire(&pins[i].used)) { /* pairs with: smk_store_unpin */
            snprintf(pins[i].id, sizeof pins[i].id, "%s", id);
            smk_store_release(&pins[i].used, 1); /* pairs with: is_pinned */
            return &pins[i];
        }
    return NULL;
}

void smk_store_unpin(struct smk_pin *pin)
{
    if (pin)
        smk_store_release(&pin->used, 0); /* pairs with: smk_store_pin */
}

void smk_store_reset_in_child(void) { memset(pins, 0, sizeof pins); }
