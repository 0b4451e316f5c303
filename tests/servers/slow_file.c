/* slow_file: a disk that is slow, below the tracer: reads of files whose name begins with "slow" take 30 ms longer.
 * To be preloaded behind it. It asks the kernel to sleep itself: nothing of it is seen but the call that was slow. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

static void be_slow(int fd)
{
    char link[32], path[512];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, sizeof(path) - 1);
    if (len <= 0)
        return;
    path[len] = '\0';
    const char *name = strrchr(path, '/');
    struct timespec time = {0, 30000000};
    if (name && strncmp(name + 1, "slow", 4) == 0)
        syscall(SYS_nanosleep, &time, NULL);
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

EXPORT ssize_t sendfile64(int to, int from, off64_t *offset, size_t count)
{
    be_slow(from);
    return REAL(sendfile64)(to, from, offset, count);
}

EXPORT ssize_t sendfile(int to, int from, off_t *offset, size_t count)
{
    be_slow(from);
    return REAL(sendfile)(to, from, offset, count);
}

EXPORT ssize_t pread64(int fd, void *buf, size_t count, off64_t offset)
{
    be_slow(fd);
    return REAL(pread64)(fd, buf, count, offset);
}

EXPORT ssize_t pread(int fd, void *buf, size_t count, off_t offset)
{
    be_slow(fd);
    return REAL(pread)(fd, buf, count, offset);
}
