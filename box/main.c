/* stallmark-box: holds the crash box of a process (core/box.h) and writes its last seconds when it has ended in
 * another way than by itself. Started by `stallmark run --watch` and `stallmark record --watch`, for nobody to type:
 *
 *   stallmark-box BOX PROCESS READY NAME      descriptors: the file, a pidfd, and where to say that it runs; the name
 *                                             of the socket on which others of the family ask (others.h)
 *   stallmark-box BOX PROCESS READY "" FIRST  one of these others; FIRST: the file of the watched process, which says
 *                                             where captures are
 *
 * It is nobody's child but init's, in a session of its own: the program that is watched has the pid, the parent, the
 * signals and the exit code that it would have without, and its waitpid(-1) does not see us. So how it ended is not
 * told to us as to its parent. Linux 6.15 says it to whoever has a pidfd; before that it stands in /proc for as long
 * as its parent has not asked.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "core/box.h"
#include "others.h"
#include "core/capture.h"
#include "core/clock.h"
#include "core/init.h"
#include "format/tables.h"

#define LOOK_MS       1000
#define REAPED_MS     100
#define WRITE_NS      UINT64_C(60000000000)
#define STAT_EXIT     52 /* field of /proc/PID/stat */
#define INFO_EXIT     (UINT64_C(1) << 3)
#define INFO_IOCTL    _IOWR(0xff, 11, struct process_info)
#define BACK_NS       UINT64_C(1000000000)

/* struct pidfd_info of linux/pidfd.h, which Debian 12 has not yet. */
struct process_info {
    uint64_t mask, cgroup;
    uint32_t ids[11];
    int32_t exit_status;
};

static struct smk_box_header head; /* as it was when the program began: it has not written into it yet */
static int first = -1;             /* the file of the watched process, of one of the others */
static int status = -1;            /* as of waitpid; -1: nobody said */
static uint64_t ended_unix_ns, ended_tick;

/* ---- how it ended ---------------------------------------------------------------------------------------------- */

/* A zombie's; 0 of one whose parent asked already is not to be told from a good end. */
static bool ask_proc(uint32_t pid)
{
    char path[64], text[2048];
    snprintf(path, sizeof(path), "/proc/%u/stat", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    if (fd >= 0)
        close(fd);
    if (len <= 0)
        return false;
    text[len] = '\0';
    char *at = strrchr(text, ')');
    for (int field = 2; at && field < STAT_EXIT; field++)
        at = strchr(at + 1, ' ');
    if (!at)
        return false;
    status = atoi(at + 1);
    return status != 0;
}

static bool ask_pidfd(int process)
{
    struct process_info info = {.mask = INFO_EXIT};
    if (ioctl(process, INFO_IOCTL, &info) != 0 || !(info.mask & INFO_EXIT))
        return false;
    status = info.exit_status;
    return true;
}

static void find_out(uint32_t pid, int process)
{
    struct pollfd reaped = {.fd = process};
    if (ask_proc(pid) || ask_pidfd(process))
        return;
    status = -1;
    poll(&reaped, 1, REAPED_MS); /* POLLHUP: its parent has asked */
    ask_pidfd(process);
}

static void say_end(char *text, size_t size)
{
    if (status == -1)
        snprintf(text, size, "not by itself; how, this kernel tells its parent alone (Linux 6.15 and later say it)");
    else if (WIFSIGNALED(status))
        snprintf(text, size, "killed by signal %d (SIG%s)%s", WTERMSIG(status),
                 sigabbrev_np(WTERMSIG(status)) ? sigabbrev_np(WTERMSIG(status)) : "?",
                 WCOREDUMP(status) ? ", core dumped" : "");
    else
        snprintf(text, size, "exited with code %d, without running what runs at an exit", WEXITSTATUS(status));
}

/* ---- the file -------------------------------------------------------------------------------------------------- */

static void add_facts(void *arg, smk_add_fact add, void *table)
{
    char text[160];
    (void)arg;
    say_end(text, sizeof(text));
    add(table, SMK_FACT_PROCESS_END, text);
    snprintf(text, sizeof(text), "%llu", (unsigned long long)ended_unix_ns);
    add(table, SMK_FACT_PROCESS_ENDED_UNIX, text);
}

/* Of the captures; of one of the others, which may be somebody else's by now, where the first one's are. */
static int open_directory(const struct smk_box_header *box)
{
    char path[sizeof(box->directory)] = "";
    if (first < 0)
        memcpy(path, box->directory, sizeof(path));
    else if (pread(first, path, sizeof(path), offsetof(struct smk_box_header, directory)) != (ssize_t)sizeof(path))
        return -1;
    path[sizeof(path) - 1] = '\0';
    return open(path[0] ? path : "/var/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Where `stallmark record` was told to, else beside the captures; false: nowhere. */
static bool open_place(const struct smk_box_header *box, const char *id, struct smk_file_sink *sink)
{
    char path[sizeof(head.output)];
    *sink = (struct smk_file_sink){.dir = -1, .fd = -1, .exact = head.output[0] != '\0'};
    if (!head.output[0]) {
        snprintf(sink->base, sizeof(sink->base), "%s", id);
        sink->dir = open_directory(box);
        return sink->dir >= 0;
    }
    snprintf(path, sizeof(path), "%s", head.output);
    char *slash = strrchr(path, '/');
    if (!slash || strlen(slash + 1) >= sizeof(sink->base))
        return false;
    memcpy(sink->base, slash + 1, strlen(slash + 1) + 1);
    *slash = '\0';
    sink->dir = open(path[0] ? path : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return sink->dir >= 0;
}

static int write_file(int fd)
{
    const char *why;
    struct smk_file_sink sink;
    struct smk_capture *capture = NULL;
    const struct smk_box_header *box = smk_box_restore(fd, &why);
    if (!box)
        return 1;
    struct smk_capture_spec spec = {.kind = SMK_CAPTURE_SNAPSHOT,
                                    .name = "crash",
                                    .categories = box->categories ? box->categories : SMK_CAT_ALL,
                                    .before_ns = box->reach_ns ? box->reach_ns + BACK_NS : 0,
                                    .end_tick = ended_tick,
                                    .sink = &smk_file_sink_calls,
                                    .sink_arg = &sink,
                                    .facts = add_facts};
    smk_capture_new_id(spec.id);
    if (!open_place(box, spec.id, &sink) || smk_capture_begin(&spec, &capture) < 0)
        return 1;
    return smk_capture_wait(capture, WRITE_NS) ? 0 : 1;
}

/* ---- waiting --------------------------------------------------------------------------------------------------- */

/* Of everything that the program's terminal, pipes and sockets are, nothing stays open here. */
static void let_go(int box, int process, int ready)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL); /* it ends when the program does */
    if (chdir("/") != 0)
        _exit(1);
    int null = open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3 && null >= 0; fd++)
        dup2(null, fd);
    for (int fd = 3; fd < 1024; fd++)
        if (fd != box && fd != process && fd != ready && fd != first)
            close(fd);
}

/* Clock pairs are taken meanwhile: the file's times are between them. */
static void wait_for_end(int process, int listener, int box)
{
    struct pollfd fds[2] = {{.fd = process, .events = POLLIN}, {.fd = listener, .events = POLLIN}};
    struct timespec now;
    for (int count = 0; count == 0 || !fds[0].revents; count = poll(fds, 2, LOOK_MS)) {
        if (count > 0)
            smk_others_answer(listener, head.pid, box);
        else
            smk_clock_sample();
    }
    ended_tick = smk_ticks();
    clock_gettime(CLOCK_REALTIME, &now);
    ended_unix_ns = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    smk_clock_sample();
}

int main(int argc, char **argv)
{
    struct smk_core_config config;
    if (argc < 5) {
        fputs("usage: stallmark-box BOX PROCESS READY NAME; started by stallmark run --watch\n", stderr);
        return 2;
    }
    first = argc > 5 ? atoi(argv[5]) : -1;
    int box = atoi(argv[1]), process = atoi(argv[2]), ready = atoi(argv[3]);
    const char *clock = getenv("STALLMARK_CLOCK");
    let_go(box, process, ready);
    smk_core_config_init(&config);
    config.slow_clock = clock && strcmp(clock, "monotonic") == 0;
    int listener = argv[4][0] ? smk_others_listen(argv[4]) : -1;
    if (smk_core_init(&config) < 0 || pread(box, &head, sizeof(head), 0) != (ssize_t)sizeof(head) ||
        write(ready, "", 1) != 1)
        return 1;
    close(ready);
    smk_clock_calibrate();
    wait_for_end(process, listener, box);
    struct smk_box_header *now = mmap(NULL, sizeof(*now), PROT_READ, MAP_SHARED, box, 0);
    if (now == MAP_FAILED || !now->ready || now->leaving)
        return 0;
    find_out(head.pid, process);
    return write_file(box);
}
