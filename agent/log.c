#define _GNU_SOURCE
#include "log.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "base/errors.h"
#include "base/escape.h"
#include "base/lock.h"
#include "base/sys.h"
#include "core/fds.h"

#define LINE_MAX        1024
#define AUDITS_A_SECOND 20

static struct {
    struct smk_lock lock;
    int fd;                                     /* lock; -1: none */
    void (*call)(void *arg, const char *line); /* lock */
    void *arg;                                  /* lock */
    uint64_t second;                            /* lock: of the audit lines counted below */
    uint32_t audits;                            /* lock */
    uint64_t suppressed;                        /* lock */
} lines = {.lock = SMK_LOCK_INIT(SMK_RANK_LOG), .fd = -1};

static int open_file(const char *path)
{
    struct stat st;
    int fd = smk_sys_open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
    if (fd < 0)
        return smk_fail_errno(-fd, "log_file: %.200s", path);
    if (smk_sys_fstat(fd, &st) < 0 || !(S_ISREG(st.st_mode) || S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode))) {
        smk_sys_close(fd);
        return smk_fail(SMK_E_INVALID, "log_file: %.200s is no file that lines can be written to", path);
    }
    return smk_fd_keep(fd);
}

int smk_log_open(const char *path, void (*call)(void *arg, const char *line), void *arg)
{
    int fd = path ? open_file(path) : -1;
    if (path && fd < 0)
        return fd;
    smk_lock(&lines.lock);
    lines.fd = fd;
    lines.call = call;
    lines.arg = arg;
    smk_unlock(&lines.lock);
    return 0;
}

void smk_log_close(void)
{
    smk_lock(&lines.lock);
    int fd = lines.fd;
    lines.fd = -1;
    lines.call = NULL;
    smk_unlock(&lines.lock);
    smk_fd_close(fd);
}

/* The callback is the program's: it is called without our lock, so that it may log in turn. The thread may be
 * the program's too, of its own evhttp, and the file a pipe that nobody reads any more. */
static void put_line(char *line, size_t len)
{
    struct smk_sys_hushed hushed;
    smk_sys_hush(&hushed); /* before the lock: a handler may ask the agent for something */
    smk_lock(&lines.lock);
    void (*call)(void *arg, const char *line) = lines.call;
    void *arg = lines.arg;
    if (lines.fd >= 0) {
        line[len] = '\n';
        smk_sys_write(lines.fd, line, len + 1);
    }
    smk_unlock(&lines.lock);
    smk_sys_unhush(&hushed);
    line[len] = '\0';
    if (call)
        call(arg, line);
}

static size_t put_time(char *line, size_t size)
{
    uint64_t now = smk_sys_clock(CLOCK_REALTIME);
    struct smk_civil utc = smk_civil_from_unix((int64_t)(now / 1000000000u));
    int n = snprintf(line, size, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ ", utc.year, utc.month, utc.day, utc.hour,
                     utc.minute, utc.second, (int)(now / 1000000u % 1000u));
    return n > 0 ? (size_t)n : 0;
}

static void put_text(const char *text)
{
    char line[LINE_MAX + 32];
    size_t used, start = put_time(line, sizeof line);
    size_t len = smk_escape(line + start, LINE_MAX, text, strlen(text), 0, &used);
    put_line(line, start + len);
}

void smk_agent_log(const char *format, ...)
{
    char text[LINE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    put_text(text);
}

static bool audit_allowed(void)
{
    uint64_t second = smk_sys_clock(CLOCK_MONOTONIC) / 1000000000u;
    smk_lock(&lines.lock);
    if (lines.second != second) {
        lines.second = second;
        lines.audits = 0;
    }
    bool allowed = lines.audits++ < AUDITS_A_SECOND;
    lines.suppressed += !allowed;
    smk_unlock(&lines.lock);
    return allowed;
}

void smk_agent_audit(const char *peer, const char *action, const char *subject, int status)
{
    if (audit_allowed())
        smk_agent_log("audit: %.80s %.40s %.200s %d", peer, action, subject, status);
}

uint64_t smk_agent_audit_suppressed(void)
{
    smk_lock(&lines.lock);
    uint64_t suppressed = lines.suppressed;
    smk_unlock(&lines.lock);
    return suppressed;
}

void smk_log_reset_in_child(void)
{
    smk_lock_reset(&lines.lock);
    lines.fd = -1;
    lines.call = NULL;
}
