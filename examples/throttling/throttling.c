/* A program in a control group that may use 20 ms of each 100 ms of one CPU, as a container with a limit of 0.2 is:
 * it needs 300 ms of CPU time, and stands still for more than a second. Its healthy twin is in such a group without a
 * limit.
 *
 *     ./throttling [--healthy] [FILE]          as root, where control groups may be made
 *
 * Where it cannot be limited it says why, and does its work all the same.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../example.h"

static char group[128];
static bool v2;

static bool put(const char *dir, const char *file, const char *text)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", dir, file);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool ok = fd >= 0 && write(fd, text, strlen(text)) > 0;
    if (fd >= 0)
        close(fd);
    return ok;
}

/* A group of our own below `dir`; with a limit where that is asked for. */
static bool make_group(const char *dir, bool limited)
{
    snprintf(group, sizeof(group), "%s/stallmark-throttling-%d", dir, (int)getpid());
    if (v2)
        put(dir, "cgroup.subtree_control", "+cpu");
    if (mkdir(group, 0755) != 0)
        return false;
    /* Much weight: nobody but the limit is to take its CPU. */
    put(group, v2 ? "cpu.weight" : "cpu.shares", v2 ? "10000" : "262144");
    bool ok = !limited || (v2 ? put(group, "cpu.max", "20000 100000")
                              : put(group, "cpu.cfs_period_us", "100000") && put(group, "cpu.cfs_quota_us", "20000"));
    if (ok && put(group, "cgroup.procs", "0"))
        return true;
    int why = errno;
    rmdir(group);
    errno = why;
    return false;
}

static void limit(bool limited)
{
    static const char *const dirs[] = {"/sys/fs/cgroup/cpu", "/sys/fs/cgroup/cpu,cpuacct", "/sys/fs/cgroup"};
    for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
        char path[128];
        v2 = i == 2;
        snprintf(path, sizeof(path), "%s/%s", dirs[i], v2 ? "cgroup.controllers" : "cpu.shares");
        if (access(path, R_OK) == 0 && make_group(dirs[i], limited))
            return;
    }
    fprintf(stderr, "cannot be limited: %s\n", strerror(errno));
    group[0] = '\0';
}

static void leave(void)
{
    char parent[128];
    snprintf(parent, sizeof(parent), "%s", group);
    if (!group[0])
        return;
    *strrchr(parent, '/') = '\0';
    put(parent, "cgroup.procs", "0");
    rmdir(group);
}

/* ns for which the group was throttled, as the kernel counts. */
static uint64_t throttled(void)
{
    char path[256], text[1024] = "";
    snprintf(path, sizeof(path), "%s/cpu.stat", group);
    int fd = group[0] ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return 0;
    ssize_t len = read(fd, text, sizeof(text) - 1);
    close(fd);
    const char *key = v2 ? "throttled_usec " : "throttled_time ", *at = len > 0 ? strstr(text, key) : NULL;
    return at ? strtoull(at + strlen(key), NULL, 10) * (v2 ? 1000 : 1) : 0;
}

NOINLINE static void compute(void)
{
    for (int i = 0; i < 30; i++)
        work_ns(10000000);
}

int main(int argc, char **argv)
{
    bool healthy = argc > 1 && strcmp(argv[1], "--healthy") == 0;
    limit(!healthy); /* before it records: what the group is is looked at then */
    example_begin(argc, argv);
    uint64_t before = throttled();
    compute();
    uint64_t measured = throttled() - before;
    int code = example_end(measured);
    leave();
    return code;
}
