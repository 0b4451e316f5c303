#include "source/maps.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/sys.h"
#include "core/fds.h"

static uint64_t number(char **p, unsigned base)
{
    uint64_t value = 0;
    for (;; (*p)++) {
        unsigned digit = (unsigned char)**p - '0';
        if (digit > 9)
            digit = ((unsigned char)**p | 0x20) - 'a' + 10u;
        if (digit >= base)
            return value;
        value = value * base + digit;
    }
}

static bool skip(char **p, char c)
{
    if (**p != c)
        return false;
    (*p)++;
    return true;
}

/* start-end rwxp offset major:minor inode      path */
bool smk_maps_parse(char *line, struct smk_mapping *m)
{
    char *p = line;
    m->start = number(&p, 16);
    if (!skip(&p, '-'))
        return false;
    m->end = number(&p, 16);
    if (!skip(&p, ' ') || strnlen(p, 4) < 4)
        return false;
    m->executable = p[2] == 'x';
    p += 4;
    if (!skip(&p, ' '))
        return false;
    m->offset = number(&p, 16);
    if (!skip(&p, ' '))
        return false;
    m->device = number(&p, 16) << 32;
    if (!skip(&p, ':'))
        return false;
    m->device |= number(&p, 16);
    if (!skip(&p, ' '))
        return false;
    m->inode = number(&p, 10);
    while (*p == ' ')
        p++;
    m->path = p;
    return m->end > m->start;
}

/* Visits the lines that are whole; returns the bytes that they took. */
static size_t visit_lines(char *text, size_t len, void (*visit)(const struct smk_mapping *, void *), void *arg)
{
    size_t done = 0;
    for (;;) {
        char *newline = memchr(text + done, '\n', len - done);
        if (!newline)
            return done;
        *newline = '\0';
        struct smk_mapping mapping;
        if (smk_maps_parse(text + done, &mapping))
            visit(&mapping, arg);
        done = (size_t)(newline + 1 - text);
    }
}

int smk_maps_each(char *buffer, void (*visit)(const struct smk_mapping *, void *), void *arg)
{
    /* Not /proc/self: that is empty once the first thread has ended. */
    int fd = smk_fd_keep(smk_sys_open("/proc/thread-self/maps", O_RDONLY, 0));
    if (fd < 0)
        return fd;
    size_t held = 0;
    ssize_t n;
    for (;;) {
        n = smk_sys_read(fd, buffer + held, SMK_MAPS_BUFFER - held);
        if (n == -EINTR)
            continue;
        if (n <= 0)
            break;
        held += (size_t)n;
        size_t done = visit_lines(buffer, held, visit, arg);
        held -= done;
        memmove(buffer, buffer + done, held);
        if (held == SMK_MAPS_BUFFER) /* no path is that long */
            held = 0;
    }
    smk_fd_close(fd);
    return n < 0 ? (int)n : 0;
}
