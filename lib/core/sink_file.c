/* sink_file.c: sinks that write files and descriptors. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>

#include "base/atomic.h"
#include "base/sys.h"
#include "core/fds.h"
#include "core/sink.h"

#define ROOM_WAIT_MS 5000

/* A descriptor of the caller's that does not block may be full for a moment. */
static bool wait_for_room(int fd)
{
    struct pollfd wanted = {.fd = fd, .events = POLLOUT};
    return smk_sys_poll(&wanted, 1, ROOM_WAIT_MS) > 0;
}

/* All of it, or -errno and how much went out: a short write is followed by the error that caused it. */
static int write_all(int fd, const uint8_t *data, size_t size, size_t *done)
{
    *done = 0;
    while (*done < size) {
        ssize_t n = smk_sys_write(fd, data + *done, size - *done);
        if (n == -EINTR || (n == -EAGAIN && wait_for_room(fd)))
            continue;
        if (n <= 0)
            return n == 0 ? -ENOSPC : (int)n;
        *done += (size_t)n;
    }
    return 0;
}

void smk_file_sink_name(const struct smk_file_sink *sink, uint32_t number, bool partial,
                        char name[SMK_FILE_NAME_MAX])
{
    const char *end = partial ? ".partial" : "";
    if (sink->exact)
        snprintf(name, SMK_FILE_NAME_MAX, "%s%s", sink->base, end);
    else if (sink->rotates)
        snprintf(name, SMK_FILE_NAME_MAX, "%.240s.%u.stall%s", sink->base, number, end);
    else
        snprintf(name, SMK_FILE_NAME_MAX, "%.240s.stall%s", sink->base, end);
}

static int file_open(void *arg, uint32_t number)
{
    struct smk_file_sink *sink = arg;
    char name[SMK_FILE_NAME_MAX];
    smk_file_sink_name(sink, number, true, name);
    int fresh = sink->exact ? O_TRUNC : O_EXCL;
    int fd = smk_sys_openat(sink->dir, name, O_WRONLY | O_CREAT | O_NOFOLLOW | fresh, 0600);
    if (fd < 0)
        return fd;
    smk_sys_fchmod(fd, 0600); /* whatever the host's umask */
    sink->fd = smk_fd_keep(fd);
    smk_store_relaxed(&sink->bytes, 0);
    smk_store_release(&sink->number, number); /* pairs with: whoever streams it */
    return 0;
}

static int file_write(void *arg, const void *data, size_t size)
{
    struct smk_file_sink *sink = arg;
    size_t done;
    int rc = write_all(sink->fd, data, size, &done);
    if (rc == 0) {
        smk_store_release(&sink->bytes, sink->bytes + size); /* pairs with: whoever streams it */
        return 0;
    }
    smk_sys_truncate(sink->fd, sink->bytes); /* back to the last whole chunks */
    smk_sys_seek(sink->fd, (int64_t)sink->bytes, SEEK_SET);
    return rc;
}

static int file_close(void *arg, bool good)
{
    struct smk_file_sink *sink = arg;
    char partial[SMK_FILE_NAME_MAX], name[SMK_FILE_NAME_MAX];
    (void)good; /* what there is opens either way */
    smk_file_sink_name(sink, sink->number, true, partial);
    smk_file_sink_name(sink, sink->number, false, name);
    smk_fd_close(sink->fd);
    sink->fd = -1;
    if (sink->bytes == 0) /* nothing found room: no file is better than one that does not open */
        return smk_sys_unlinkat(sink->dir, partial);
    return smk_sys_renameat(sink->dir, partial, name);
}

const struct smk_sink smk_file_sink_calls = {file_open, file_write, file_close};

/* ---- a descriptor of somebody else's ---------------------------------------------------------------------- */

static int fd_open(void *arg, uint32_t number)
{
    (void)arg;
    (void)number;
    return 0;
}

static int fd_write(void *arg, const void *data, size_t size)
{
    size_t done;
    return write_all(*(const int *)arg, data, size, &done);
}

static int fd_close(void *arg, bool good)
{
    (void)arg;
    (void)good;
    return 0;
}

const struct smk_sink smk_fd_sink_calls = {fd_open, fd_write, fd_close};
