/* store_scan.c: what lies in a directory of captures. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/entries.h"
#include "base/errors.h"
#include "base/sort.h"
#include "base/sys.h"
#include "core/init.h"
#include "format/chunk.h"
#include "heap.h"
#include "store.h"

#define ID_LENGTH     27 /* 20260131t235959123-k3v9x0q1 */
#define ENTRIES_MAX   65536
#define SEGMENTS_MAX  65536
#define STALE_SECONDS 60 /* a live writer adds something every second */

/* ---- names -------------------------------------------------------------------------------------------------- */

static bool is_our_id(const char *name)
{
    static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz"; /* as in core/capture_id.c */
    for (int i = 0; i < ID_LENGTH; i++) {
        bool good = i == 8 ? name[i] == 't' : i == 18 ? name[i] == '-' : i < 18 ? name[i] >= '0' && name[i] <= '9'
                                                    : name[i] != '\0' && strchr(digits, name[i]) != NULL;
        if (!good)
            return false;
    }
    return true;
}

static const char *parse_segment(const char *p, bool *rotates, uint32_t *number)
{
    uint64_t value = 0;
    const char *start = ++p;
    for (; *p >= '0' && *p <= '9' && p - start < 9; p++)
        value = value * 10 + (unsigned)(*p - '0');
    if (p == start || (*start == '0' && p - start > 1))
        return NULL;
    *rotates = true;
    *number = (uint32_t)value;
    return p;
}

bool smk_store_parse_name(const char *name, char id[SMK_CAPTURE_ID_SIZE], bool *rotates,
                          struct smk_stored_segment *segment)
{
    if (!is_our_id(name))
        return false;
    const char *p = name + ID_LENGTH;
    *segment = (struct smk_stored_segment){0};
    *rotates = false;
    if (p[0] == '.' && p[1] >= '0' && p[1] <= '9') {
        p = parse_segment(p, rotates, &segment->number);
        if (!p)
            return false;
    }
    if (strncmp(p, ".stall", 6) != 0)
        return false;
    p += 6;
    segment->partial = strcmp(p, ".partial") == 0;
    memcpy(id, name, ID_LENGTH);
    id[ID_LENGTH] = '\0';
    return *p == '\0' || segment->partial;
}

void smk_store_name(const char *id, bool rotates, const struct smk_stored_segment *segment,
                    char name[SMK_FILE_NAME_MAX])
{
    struct smk_file_sink sink = {.rotates = rotates};
    snprintf(sink.base, sizeof sink.base, "%s", id);
    smk_file_sink_name(&sink, segment->number, segment->partial, name);
}

static unsigned two(const char *p) { return (unsigned)(p[0] - '0') * 10 + (unsigned)(p[1] - '0'); }

/* The moment that an id names; days since 1970 as in base/civil.h, the other way round. */
static uint64_t time_of_id(const char *id)
{
    int64_t year = two(id) * 100 + two(id + 2), month = two(id + 4), day = two(id + 6);
    if (year < 1970 || month < 1 || month > 12 || day < 1)
        return 0;
    year -= month <= 2;
    int64_t era = year / 400, of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t days = era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
    uint64_t seconds = (uint64_t)days * 86400 + two(id + 9) * 3600 + two(id + 11) * 60 + two(id + 13);
    unsigned ms = two(id + 15) * 10 + (unsigned)(id[17] - '0');
    return seconds * 1000000000u + ms * UINT64_C(1000000);
}

/* ---- files -------------------------------------------------------------------------------------------------- */

/* A regular file of this user with our magic in front. */
static int open_ours(int dir, const char *name, struct stat *st)
{
    uint8_t magic[4];
    int fd = smk_sys_openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
    if (fd < 0)
        return fd;
    bool ours = smk_sys_fstat(fd, st) == 0 && S_ISREG(st->st_mode) && st->st_uid == geteuid() &&
                smk_sys_pread(fd, magic, sizeof magic, 0) == sizeof magic && memcmp(magic, "SMK\x89", 4) == 0;
    if (ours)
        return fd;
    smk_sys_close(fd);
    return -1;
}

static bool read_end(int fd, uint64_t size, struct smk_segment_end *end)
{
    uint8_t bytes[SMK_CHUNK_HEADER + SMK_SEGMENT_END_SIZE];
    struct smk_chunk chunk;
    const char *why;
    if (size < sizeof bytes || smk_sys_pread(fd, bytes, sizeof bytes, size - sizeof bytes) != sizeof bytes ||
        smk_chunk_unpack(&chunk, bytes, &why) < 0 || chunk.kind != SMK_CHUNK_END)
        return false;
    smk_segment_end_unpack(end, bytes + SMK_CHUNK_HEADER);
    return true;
}

/* Is the process that writes this file at work? The name of a process is worth nothing in another
 * namespace, but a live writer's file is never a minute old. */
static bool writer_lives(int fd, const struct stat *st)
{
    uint8_t bytes[SMK_CHUNK_HEADER];
    struct smk_chunk chunk;
    struct stat proc;
    char path[32];
    const char *why;
    uint64_t now = smk_sys_clock(CLOCK_REALTIME) / 1000000000u;
    if ((uint64_t)st->st_mtime + STALE_SECONDS < now || smk_sys_pread(fd, bytes, sizeof bytes, 0) != sizeof bytes ||
        smk_chunk_unpack(&chunk, bytes, &why) < 0 || chunk.process == smk_process_id())
        return false;
    snprintf(path, sizeof path, "/proc/%u", (unsigned)(chunk.process >> 32));
    return smk_sys_statat(AT_FDCWD, path, &proc) == 0;
}

/* What the last segment says of its capture. */
static void read_state(int fd, const struct stat *st, bool partial, struct smk_stored *stored)
{
    struct smk_segment_end end;
    bool ended = read_end(fd, (uint64_t)st->st_size, &end);
    stored->ended_unix_ns = (uint64_t)st->st_mtim.tv_sec * 1000000000u + (uint64_t)st->st_mtim.tv_nsec;
    if (ended && (end.flags & SMK_SEGMENT_LAST)) {
        stored->state = SMK_STORED_DONE;
        stored->reason = (enum smk_reason)end.reason;
    } else {
        stored->state = (partial || ended) && writer_lives(fd, st) ? SMK_STORED_ELSEWHERE : SMK_STORED_CUT;
        stored->reason = SMK_REASON_RUNNING;
    }
}

/* ---- the list ----------------------------------------------------------------------------------------------- */

struct scan {
    int dir;
    struct smk_stored *list;
    uint32_t count, room;
};

static struct smk_stored *entry_of(struct scan *scan, const char *id, bool rotates)
{
    for (uint32_t i = scan->count; i > 0; i--)
        if (strcmp(scan->list[i - 1].id, id) == 0 && scan->list[i - 1].rotates == rotates)
            return &scan->list[i - 1];
    if (scan->count == scan->room) {
        uint32_t room = scan->room ? scan->room * 2 : 64;
        struct smk_stored *list =
            room <= ENTRIES_MAX ? smk_heap_realloc(scan->list, room * sizeof *list) : NULL;
        if (!list)
            return NULL;
        scan->list = list;
        scan->room = room;
    }
    struct smk_stored *stored = &scan->list[scan->count++];
    *stored = (struct smk_stored){.rotates = rotates, .started_unix_ns = time_of_id(id)};
    memcpy(stored->id, id, SMK_CAPTURE_ID_SIZE);
    return stored;
}

/* Room grows by doubling, so a power of two says that it is full. */
static bool add_segment(struct smk_stored *stored, const struct smk_stored_segment *segment)
{
    uint32_t count = stored->count;
    if ((count & (count - 1)) == 0) {
        uint32_t room = count ? count * 2 : 1;
        struct smk_stored_segment *segments =
            room <= SEGMENTS_MAX ? smk_heap_realloc(stored->segments, room * sizeof *segments) : NULL;
        if (!segments)
            return false;
        stored->segments = segments;
    }
    stored->segments[stored->count++] = *segment;
    stored->bytes += segment->bytes;
    return true;
}

static void look_at(struct scan *scan, const char *name)
{
    struct smk_stored_segment segment;
    struct stat st;
    char id[SMK_CAPTURE_ID_SIZE];
    bool rotates;
    if (!smk_store_parse_name(name, id, &rotates, &segment))
        return;
    int fd = open_ours(scan->dir, name, &st);
    if (fd < 0)
        return;
    segment.bytes = (uint64_t)st.st_size;
    struct smk_stored *stored = entry_of(scan, id, rotates);
    if (stored && add_segment(stored, &segment)) {
        if (segment.number >= stored->last) {
            stored->last = segment.number;
            read_state(fd, &st, segment.partial, stored);
        }
    }
    smk_sys_close(fd);
}

static bool segment_before(const void *a, const void *b)
{
    const struct smk_stored_segment *x = a, *y = b;
    return x->number < y->number;
}

static bool newer(const void *a, const void *b)
{
    const struct smk_stored *x = a, *y = b;
    return strcmp(x->id, y->id) > 0;
}

struct smk_stored *smk_store_scan(int dir, uint32_t *count)
{
    struct smk_entries entries;
    struct scan scan = {.dir = dir};
    smk_sys_seek(dir, 0, SEEK_SET);
    smk_entries_begin(&entries, dir);
    for (const char *name; (name = smk_entries_next(&entries)) != NULL;)
        look_at(&scan, name);
    for (uint32_t i = 0; i < scan.count; i++)
        smk_sort(scan.list[i].segments, scan.list[i].count, sizeof *scan.list[i].segments, segment_before);
    smk_sort(scan.list, scan.count, sizeof *scan.list, newer);
    *count = scan.count;
    return scan.list;
}

void smk_store_free_list(struct smk_stored *list, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        smk_heap_free(list[i].segments);
        smk_tape_release(list[i].memory);
    }
    smk_heap_free(list);
}
