#define _GNU_SOURCE
#include "watch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli.h"
#include "format/box.h"
#include "preload.h"

/* Only what it takes to recognize it; the rest of the file reads as zeroes. */
static int make_box(const char *output)
{
    static struct smk_box_header head;
    int fd = memfd_create("stallmark-box", 0);
    if (fd < 0)
        return -1;
    head.magic = SMK_BOX_MAGIC;
    head.version = SMK_BOX_VERSION;
    head.pid = (uint32_t)getpid();
    snprintf(head.output, sizeof(head.output), "%s", output ? output : "");
    signal(SIGXFSZ, SIG_IGN);
    bool good = ftruncate(fd, (off_t)SMK_BOX_FILE_BYTES) == 0 && pwrite(fd, &head, sizeof(head), 0) == sizeof(head);
    signal(SIGXFSZ, SIG_DFL);
    if (good)
        return fd;
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

static int find_watcher(char path[PATH_MAX])
{
    ssize_t len = readlink("/proc/self/exe", path, PATH_MAX - 16);
    if (len < 0)
        return smk_cli_fail("/proc/self/exe cannot be read: %m");
    path[len] = '\0';
    memcpy(strrchr(path, '/') + 1, "stallmark-box", sizeof("stallmark-box"));
    if (access(path, X_OK) != 0)
        return smk_cli_fail("--watch: %s: %m; it belongs beside stallmark", path);
    return 0;
}

/* In the child: a child of its own, and it ends, so that the watcher is init's. */
static void become_watcher(const char *path, int box, int process, int ready)
{
    char numbers[3][16];
    snprintf(numbers[0], sizeof(numbers[0]), "%d", box);
    snprintf(numbers[1], sizeof(numbers[1]), "%d", process);
    snprintf(numbers[2], sizeof(numbers[2]), "%d", ready);
    setsid();
    fcntl(process, F_SETFD, 0); /* a pidfd is made close-on-exec */
    if (fork() == 0)
        execl(path, path, numbers[0], numbers[1], numbers[2], (char *)NULL);
    _exit(0);
}

/* True when it runs. */
static bool start_watcher(const char *path, int box)
{
    int ready[2];
    char byte;
    int process = (int)syscall(SYS_pidfd_open, getpid(), 0);
    if (process < 0 || pipe(ready) != 0)
        return false;
    pid_t child = fork();
    if (child == 0) {
        close(ready[0]);
        become_watcher(path, box, process, ready[1]);
    }
    close(ready[1]);
    close(process);
    bool runs = child > 0 && waitpid(child, NULL, 0) == child && read(ready[0], &byte, 1) == 1;
    close(ready[0]);
    return runs;
}

int smk_watch_begin(const char *output)
{
    char path[PATH_MAX], number[16];
    if (getpid() == 1)
        return smk_cli_fail("--watch: as process 1 of a container the command takes its watcher with it when it ends; "
                            "start it below an init (docker run --init)");
    int status = find_watcher(path);
    if (status)
        return status;
    int box = make_box(output);
    if (box < 0)
        return smk_cli_fail("--watch: no file in memory: %s", strerror(errno));
    if (!start_watcher(path, box))
        return smk_cli_fail("--watch: the watcher did not start");
    snprintf(number, sizeof(number), "%d", box);
    smk_preload_set("RUN_BOX", number);
    return 0;
}
