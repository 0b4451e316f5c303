#define _GNU_SOURCE
#include "ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/escape.h"
#include "base/sys.h"
#include "heap.h"
#include "log.h"
#include "store.h"

#define FIELDS    16
#define LINE_MOST 2048
#define NAME      "ledger"
#define OLD_NAME  "ledger.1"

static struct {
    struct smk_ledger_entry *ring; /* SMK_LEDGER_SHOWN; NULL: no memory */
    uint64_t added;                /* entries put into it so far */
    struct smk_directory *directory; /* held; NULL: in memory */
    struct smk_ledger_stats stats;
    char service[SMK_SERVICE_NAME];
} ledger;

static const char *const kinds[] = {"fired", "ended", "suppressed", "ran", "rule"};

const char *smk_ledger_kind_name(unsigned kind) { return kind < SMK_LEDGER_KINDS ? kinds[kind] : "unknown"; }

void smk_ledger_get_stats(struct smk_ledger_stats *stats) { *stats = ledger.stats; }

/* What the main thread is called when the agent starts, in characters that a file's name may have. */
const char *smk_service_name(void)
{
    if (ledger.service[0])
        return ledger.service;
    int len = smk_sys_slurp("/proc/self/comm", ledger.service, sizeof ledger.service);
    if (len > 0 && ledger.service[len - 1] == '\n')
        ledger.service[--len] = '\0';
    if (len <= 0)
        snprintf(ledger.service, sizeof ledger.service, "unknown");
    for (char *c = ledger.service; *c; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9')))
            *c = '-';
    return ledger.service;
}

/* ---- lines ------------------------------------------------------------------------------------------------------- */

static void put_text(char *line, size_t size, size_t *used, const char *text)
{
    size_t in = 0;
    if (*used + SMK_ESCAPE_MIN < size)
        *used += smk_escape(line + *used, size - *used, text, strlen(text), 0, &in);
}

size_t smk_ledger_format(const struct smk_ledger_entry *e, char *line, size_t size)
{
    const struct smk_cause *cause = &e->cause;
    size_t used = (size_t)snprintf(
        line, size, "1\t%llu\t%u\t%s\t%s\t%s\t%s\t%llu\t%s\t%llu\t%llu\t%u\t%u\t%d\t",
        (unsigned long long)e->time_unix_ns, e->pid, e->service, smk_ledger_kind_name(e->kind), e->rule, e->reason,
        (unsigned long long)e->count, e->capture, (unsigned long long)cause->value, (unsigned long long)cause->request,
        cause->tid, cause->status, cause->running);
    put_text(line, size - 8, &used, cause->what);
    line[used++] = '\t';
    put_text(line, size - 4, &used, e->text);
    line[used++] = '\n';
    return used;
}

struct field {
    const char *text;
    size_t len;
};

static bool number(const struct field *field, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < field->len; i++) {
        unsigned digit = (unsigned)(field->text[i] - '0');
        if (digit > 9 || *value > (UINT64_MAX - digit) / 10)
            return false;
        *value = *value * 10 + digit;
    }
    return field->len > 0;
}

static bool number32(const struct field *field, uint32_t *value)
{
    uint64_t wide;
    bool good = number(field, &wide) && wide <= UINT32_MAX;
    *value = good ? (uint32_t)wide : 0;
    return good;
}

static void copy(char *to, size_t size, const struct field *field)
{
    size_t len = smk_min_u64(field->len, size - 1);
    memcpy(to, field->text, len);
    to[len] = '\0';
}

static bool kind_of(const struct field *field, enum smk_ledger_kind *kind)
{
    for (unsigned i = 0; i < SMK_LEDGER_KINDS; i++)
        if (field->len == strlen(kinds[i]) && memcmp(field->text, kinds[i], field->len) == 0) {
            *kind = (enum smk_ledger_kind)i;
            return true;
        }
    return false;
}

bool smk_ledger_parse(const char *line, size_t len, struct smk_ledger_entry *e)
{
    struct field fields[FIELDS];
    uint32_t count = 0, running;
    const char *end = line + len;
    for (; count < FIELDS && line <= end; count++) {
        const char *tab = memchr(line, '\t', (size_t)(end - line));
        tab = tab ? tab : end;
        fields[count] = (struct field){line, (size_t)(tab - line)};
        line = tab + 1;
    }
    memset(e, 0, sizeof *e);
    if (count != FIELDS || line <= end || fields[0].len != 1 || fields[0].text[0] != '1')
        return false;
    copy(e->service, sizeof e->service, &fields[3]);
    copy(e->rule, sizeof e->rule, &fields[5]);
    copy(e->reason, sizeof e->reason, &fields[6]);
    copy(e->capture, sizeof e->capture, &fields[8]);
    copy(e->cause.what, sizeof e->cause.what, &fields[14]);
    copy(e->text, sizeof e->text, &fields[15]);
    bool good = number(&fields[1], &e->time_unix_ns) && number32(&fields[2], &e->pid) &&
                kind_of(&fields[4], &e->kind) &&
                number(&fields[7], &e->count) && number(&fields[9], &e->cause.value) &&
                number(&fields[10], &e->cause.request) && number32(&fields[11], &e->cause.tid) &&
                number32(&fields[12], &e->cause.status) && number32(&fields[13], &running);
    e->cause.running = good && running;
    e->cause.time_unix_ns = e->time_unix_ns;
    return good;
}

/* ---- the file ---------------------------------------------------------------------------------------------------- */

static void failed(int rc)
{
    ledger.stats.failed++;
    ledger.stats.error = -rc;
}

/* A regular file of ours, or none: in a directory of ours nobody else can put one, but an operator may have. */
static int open_file(const char *name, int flags)
{
    struct stat st;
    int fd = smk_sys_openat(ledger.directory->fd, name, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);
    if (fd >= 0 && (smk_sys_fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))) {
        smk_sys_close(fd);
        return -EINVAL;
    }
    return fd;
}

/* What was cut off by the end of its writer gets an end, so that the next line begins at one. */
static void mend(int fd)
{
    char last = '\n';
    int64_t size = smk_sys_seek(fd, 0, SEEK_END);
    if (size > 0 && smk_sys_pread(fd, &last, 1, (uint64_t)size - 1) == 1 && last != '\n')
        smk_sys_write(fd, "\n", 1);
}

static void write_line(const struct smk_ledger_entry *entry)
{
    char line[LINE_MOST];
    struct stat st;
    size_t len = smk_ledger_format(entry, line, sizeof line);
    int fd = open_file(NAME, O_RDWR | O_APPEND | O_CREAT);
    if (fd >= 0 && smk_sys_fstat(fd, &st) == 0 && (uint64_t)st.st_size + len > SMK_LEDGER_BYTES) {
        smk_sys_close(fd);
        smk_sys_renameat(ledger.directory->fd, NAME, OLD_NAME);
        fd = open_file(NAME, O_RDWR | O_APPEND | O_CREAT);
    }
    if (fd < 0) {
        failed(fd);
        return;
    }
    mend(fd);
    ssize_t n = smk_sys_write(fd, line, len);
    if (n == (ssize_t)len)
        ledger.stats.written++;
    else
        failed(n < 0 ? (int)n : -ENOSPC);
    smk_sys_close(fd);
}

static void remember(const struct smk_ledger_entry *entry)
{
    if (ledger.ring)
        ledger.ring[ledger.added++ % SMK_LEDGER_SHOWN] = *entry;
}

static void read_lines(const char *text, size_t size, void (*fired)(const struct smk_ledger_entry *entry))
{
    const char *end = text + size;
    while (text < end) {
        struct smk_ledger_entry entry;
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        if (!stop)
            break; /* its end was never written */
        if (smk_ledger_parse(text, (size_t)(stop - text), &entry)) {
            remember(&entry);
            if (entry.kind == SMK_LEDGER_FIRED && strcmp(entry.service, smk_service_name()) == 0)
                fired(&entry);
        }
        text = stop + 1;
    }
}

static void read_file(const char *name, void (*fired)(const struct smk_ledger_entry *entry))
{
    int fd = open_file(name, O_RDONLY);
    if (fd < 0 && fd != -ENOENT)
        ledger.stats.unread = -fd;
    char *text = fd >= 0 ? smk_heap_alloc(SMK_LEDGER_BYTES + LINE_MOST) : NULL;
    size_t size = 0;
    ssize_t n = 1;
    while (text && n > 0 && size < SMK_LEDGER_BYTES + LINE_MOST) {
        n = smk_sys_read(fd, text + size, SMK_LEDGER_BYTES + LINE_MOST - size);
        size += n > 0 ? (size_t)n : 0;
    }
    if (text)
        read_lines(text, size, fired);
    smk_heap_free(text);
    if (fd >= 0)
        smk_sys_close(fd);
}

/* ---- life -------------------------------------------------------------------------------------------------------- */

void smk_ledger_open(void (*fired)(const struct smk_ledger_entry *entry))
{
    struct smk_directory *directory = smk_store_directory();
    memset(&ledger, 0, sizeof ledger);
    ledger.ring = smk_heap_zalloc(SMK_LEDGER_SHOWN * sizeof *ledger.ring);
    ledger.stats.in_memory = !directory;
    if (!directory)
        return;
    ledger.directory = smk_directory_hold(directory);
    read_file(OLD_NAME, fired);
    read_file(NAME, fired);
    if (ledger.stats.unread)
        smk_agent_log("the ledger in %s cannot be read: %s; what fired before does not count for the rules' limits",
                      directory->path, strerrordesc_np(ledger.stats.unread));
}

void smk_ledger_close(void)
{
    smk_directory_release(ledger.directory);
    smk_heap_free(ledger.ring);
    memset(&ledger, 0, sizeof ledger);
}

void smk_ledger_add(const struct smk_ledger_entry *entry)
{
    struct smk_ledger_entry own = *entry;
    own.time_unix_ns = smk_sys_clock(CLOCK_REALTIME);
    own.pid = (uint32_t)smk_sys_getpid();
    snprintf(own.service, sizeof own.service, "%s", smk_service_name());
    remember(&own);
    if (ledger.directory)
        write_line(&own);
}

const struct smk_ledger_entry *smk_ledger_at(size_t number)
{
    if (!ledger.ring || number >= SMK_LEDGER_SHOWN || number >= ledger.added)
        return NULL;
    return &ledger.ring[(ledger.added - 1 - number) % SMK_LEDGER_SHOWN];
}

/* The directory's descriptor was closed by core. */
void smk_ledger_reset_in_child(void) { memset(&ledger, 0, sizeof ledger); }
