#include "source/cgroup_cpu.h"

#include <stdlib.h>
#include <string.h>

#include "source/cgroup.h"

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
    if (smk_cgroup_read_file(dir, "cpu.max", text, sizeof text) && text[0] != 'm') {
        uint64_t quota = strtoull(text, &end, 10) * 1000;
        take_limit(cpu, quota, strtoull(end, NULL, 10) * 1000);
    }
    text[0] = '\n';
    if (smk_cgroup_read_file(dir, "cpu.stat", text + 1, sizeof text - 1)) {
        cpu->known = true;
        cpu->throttled += stat_of(text, "\nnr_throttled ");
        cpu->throttled_ns += stat_of(text, "\nthrottled_usec ") * 1000;
    }
}

static void read_v1(const char *dir, struct smk_cgroup_cpu *cpu)
{
    char text[1024], period[64];
    if (smk_cgroup_read_file(dir, "cpu.cfs_quota_us", text, sizeof text) &&
        smk_cgroup_read_file(dir, "cpu.cfs_period_us", period, sizeof period) && text[0] != '-')
        take_limit(cpu, strtoull(text, NULL, 10) * 1000, strtoull(period, NULL, 10) * 1000);
    text[0] = '\n';
    if (smk_cgroup_read_file(dir, "cpu.stat", text + 1, sizeof text - 1)) {
        cpu->known = true;
        cpu->throttled += stat_of(text, "\nnr_throttled ");
        cpu->throttled_ns += stat_of(text, "\nthrottled_time ");
    }
}

static void read_group(void *arg, const char *dir, bool v2)
{
    if (v2)
        read_v2(dir, arg);
    else
        read_v1(dir, arg);
}

void smk_cgroup_cpu_read(struct smk_cgroup_cpu *cpu)
{
    *cpu = (struct smk_cgroup_cpu){.quota = UINT64_MAX};
    smk_cgroup_each("/proc/self/cgroup", "/sys/fs/cgroup", "cpu", read_group, cpu);
}
