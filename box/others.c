#define _GNU_SOURCE
#include "others.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/proc_stat.h"
#include "base/sys.h"
#include "format/box_file.h"

#define OTHERS_MAX 64u /* as a family has */
#define LEVELS_MAX 64  /* from a process up to the first */

static struct {
    pid_t pid, watcher; /* 0: free */
} others[OTHERS_MAX];

int smk_others_listen(const char *name)
{
    struct sockaddr_un address;
    socklen_t size = (socklen_t)smk_box_address(&address, name);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && bind(fd, (const struct sockaddr *)&address, size) == 0 && listen(fd, OTHERS_MAX) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* ---- who asks -------------------------------------------------------------------------------------------------- */

static pid_t parent_of(pid_t pid)
{
    char path[64], text[1024];
    struct smk_proc_stat stat;
    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    if (smk_sys_slurp(path, text, sizeof(text)) <= 0 || !smk_proc_stat_parse(&stat, text))
        return 0;
    return (pid_t)smk_proc_stat_number(&stat, SMK_STAT_PARENT);
}

static bool descends(pid_t pid, pid_t from)
{
    for (int level = 0; level < LEVELS_MAX && pid > 1; level++) {
        pid = parent_of(pid);
        if (pid == from)
            return true;
    }
    return false;
}

/* A place for it; OTHERS_MAX: there is none, or it has one. Watchers that have ended leave theirs. */
static unsigned place_for(pid_t pid)
{
    unsigned place = OTHERS_MAX;
    for (unsigned i = 0; i < OTHERS_MAX; i++) {
        if (others[i].pid && waitpid(others[i].watcher, NULL, WNOHANG) != 0)
            others[i].pid = 0;
        if (others[i].pid == pid)
            return OTHERS_MAX;
        if (others[i].pid == 0 && place == OTHERS_MAX)
            place = i;
    }
    return place;
}

/* ---- what it gets ---------------------------------------------------------------------------------------------- */

/* In the child: this program again. Descriptors are kept by it as they are named to it. */
static void become_watcher(int box, int process, int first_box)
{
    char numbers[4][16];
    const int fds[] = {box, process, open("/dev/null", O_WRONLY), first_box};
    for (unsigned i = 0; i < 4; i++) {
        snprintf(numbers[i], sizeof(numbers[i]), "%d", fds[i]);
        fcntl(fds[i], F_SETFD, 0);
    }
    execl("/proc/self/exe", "stallmark-box", numbers[0], numbers[1], numbers[2], "", numbers[3], (char *)NULL);
    _exit(1);
}

static void pass(int to, int box)
{
    char byte = 0;
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {.head = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS}};
    struct iovec part = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
    memcpy(CMSG_DATA(&control.head), &box, sizeof(box));
    sendmsg(to, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* `process`: its pidfd, so that it is the one that is a descendant, and stays it. */
static void give(int to, pid_t pid, int process, int first_box)
{
    unsigned place = place_for(pid);
    int box = place < OTHERS_MAX ? smk_box_file((uint32_t)pid, "") : -1;
    if (box < 0)
        return;
    pid_t watcher = fork();
    if (watcher == 0)
        become_watcher(box, process, first_box);
    if (watcher > 0) {
        others[place].pid = pid;
        others[place].watcher = watcher;
        pass(to, box);
    }
    close(box);
}

void smk_others_answer(int listener, uint32_t first, int box)
{
    struct ucred who = {0};
    socklen_t size = sizeof(who);
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0)
        return;
    int process = -1;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 && who.pid > 0)
        process = (int)syscall(SYS_pidfd_open, who.pid, 0);
    if (process >= 0 && descends(who.pid, (pid_t)first))
        give(fd, who.pid, process, box);
    if (process >= 0)
        close(process);
    close(fd);
}
