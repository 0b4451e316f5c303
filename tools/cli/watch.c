#define _GNU_SOURCE
#include "watch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sys.h"
#include "cli.h"
#include "format/box_file.h"
#include "preload.h"

static int make_box(const char *output)
{
    signal(SIGXFSZ, SIG_IGN);
    int fd = smk_box_file((uint32_t)getpid(), output);
    signal(SIGXFSZ, SIG_DFL);
    if (fd >= 0)
        fcntl(fd, F_SETFD, 0); /* for the watcher, and for the preload */
    return fd;
}

/* What the watcher's socket is called. */
static bool make_name(char name[SMK_BOX_NAME])
{
    uint8_t bytes[(SMK_BOX_NAME - 1) / 2];
    if (smk_sys_random(bytes, sizeof(bytes)) < 0)
        return false;
    for (size_t i = 0; i < sizeof(bytes); i++)
        snprintf(name + 2 * i, 3, "%02x", bytes[i]);
    return true;
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
static void become_watcher(const char *path, int box, int process, int ready, const char *name)
{
    char numbers[3][16];
    snprintf(numbers[0], sizeof(numbers[0]), "%d", box);
    snprintf(numbers[1], sizeof(numbers[1]), "%d", process);
    snprintf(numbers[2], sizeof(numbers[2]), "%d", ready);
    setsid();
    fcntl(process, F_SETFD, 0); /* a pidfd is made close-on-exec */
    if (fork() == 0)
        execl(path, path, numbers[0], numbers[1], numbers[2], name, (char *)NULL);
    _exit(0);
}

/* True when it runs. */
static bool start_watcher(const char *path, int box, const char *name)
{
    int ready[2];
    char byte;
    int process = (int)syscall(SYS_pidfd_open, getpid(), 0);
    if (process < 0 || pipe(ready) != 0)
        return false;
    pid_t child = fork();
    if (child == 0) {
        close(ready[0]);
        become_watcher(path, box, process, ready[1], name);
    }
    close(ready[1]);
    close(process);
    bool runs = child > 0 && waitpid(child, NULL, 0) == child && read(ready[0], &byte, 1) == 1;
    close(ready[0]);
    return runs;
}

int smk_watch_begin(const char *output)
{
    char path[PATH_MAX], name[SMK_BOX_NAME], value[16 + SMK_BOX_NAME];
    if (getpid() == 1)
        return smk_cli_fail("--watch: as process 1 of a container the command takes its watcher with it when it ends; "
                            "start it below an init (docker run --init)");
    int status = find_watcher(path);
    if (status)
        return status;
    int box = make_box(output ? output : "");
    if (box < 0)
        return smk_cli_fail("--watch: no file in memory: %s", strerror(-box));
    if (!make_name(name) || !start_watcher(path, box, name))
        return smk_cli_fail("--watch: the watcher did not start");
    snprintf(value, sizeof(value), "%d:%s", box, name);
    smk_preload_set("RUN_BOX", value);
    return 0;
}
