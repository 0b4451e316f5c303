#include "source/cgroup_cpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sys.h"

#define ROOT "/sys/fs/cgroup"

static bool read_file(const char *dir, const char *name, char *text, size_t size)
{
    char path[1024];
    int len = snprintf(path, sizeof path, "%s/%s", dir, name);
    return len > 0 && (size_t)len < sizeof path && smk_sys_slurp(path, text, size) > 0;
}

/* The number behind a key of cpu.stat; `text` begins with a newline. */
static uint64_t stat_of(const char *text, const char *key)
{
    const char *at = strstr(text, key);
    return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

static void take_limit(struct smk_cgroup_cpu *cpu, uint64_t quota, uint64_t period)
{
    if (period == 0)
        return;
    bool tighter = cpu->quota == UINT64_MAX || (double)quota / (double)period <
                                                   (double)cpu->quota / (double)cpu->period;
    if (quota != UINT64_MAX && tighter) {
        cpu->quota = quota;
        cpu->period = period;
    }
}

/* cpu.max: "max 100000" or "50000 100000", in us. */
static void read_v2(const char *dir, struct smk_cgroup_cpu *cpu)
{
    char text[1024], *end;
    if (read_file(dir, "cpu.max", text, sizeof text) && text[0] != 'm') {
        uint64_t quota = strtoull(text, &end, 10) * 1000;
        take_limit(cpu, quota, strtoull(end, NULL, 10) * 1000);
    }
    text[0] = '\n';
    if (read_file(dir, "cpu.stat", text + 1, sizeof text - 1)) {
        cpu->known = true;
        cpu->throttled += stat_of(text, "\nnr_throttled ");
        cpu->throttled_ns += stat_of(text, "\nthrottled_usec ") * 1000;
    }
}

static void read_v1(const char *dir, struct smk_cgroup_cpu *cpu)
{
    char text[1024], period[64];
    if (read_file(dir, "cpu.cfs_quota_us", text, sizeof text) &&
        read_file(dir, "cpu.cfs_period_us", period, sizeof period) && text[0] != '-')
        take_limit(cpu, strtoull(text, NULL, 10) * 1000, strtoull(period, NULL, 10) * 1000);
    text[0] = '\n';
    if (read_file(dir, "cpu.stat", text + 1, sizeof text - 1)) {
        cpu->known = true;
        cpu->throttled += stat_of(text, "\nnr_throttled ");
        cpu->throttled_ns += stat_of(text, "\nthrottled_time ");
    }
}

/* From the group itself up to the root, which has no limit. In a container the path may lie outside of what
 * is mounted: then what is mounted is the container's own. */
static void read_up(const char *root, char *group, void (*read)(const char *dir, struct smk_cgroup_cpu *cpu),
                    struct smk_cgroup_cpu *cpu)
{
    char dir[1024];
    if (strcmp(group, "/") == 0)
        group[0] = '\0';
    for (;;) {
        char *slash = strrchr(group, '/');
        snprintf(dir, sizeof dir, "%s%s", root, group);
        read(dir, cpu);
        if (!slash)
            break;
        *slash = '\0';
    }
}

void smk_cgroup_cpu_read(struct smk_cgroup_cpu *cpu)
{
    char text[4096];
    *cpu = (struct smk_cgroup_cpu){.quota = UINT64_MAX};
    if (smk_sys_slurp("/proc/self/cgroup", text, sizeof text) <= 0)
        return;
    for (char *line = text, *next; line && *line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        char *controllers = strchr(line, ':');
        char *group = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!group)
            continue;
        *group++ = '\0';
        if (controllers[1] == '\0')
            read_up(ROOT, group, read_v2, cpu);
        else if (strcmp(controllers + 1, "cpu,cpuacct") == 0 || strcmp(controllers + 1, "cpu") == 0)
            read_up(ROOT "/cpu", group, read_v1, cpu);
    }
}
