/* cgroup_cpu.h: the CPU limit of the process's control group, and how often it was throttled by it. */
#ifndef SMK_SOURCE_CGROUP_CPU_H
#define SMK_SOURCE_CGROUP_CPU_H

#include "base/compiler.h"

struct smk_cgroup_cpu {
    bool known;              /* the group can be read */
    uint64_t quota, period;  /* ns; quota UINT64_MAX: no limit */
    uint64_t throttled;      /* periods, since the group began */
    uint64_t throttled_ns;
};

/* Version 2 or version 1 of control groups; the tightest limit from the process's own group up to the top
 * that can be seen. Not for signal handlers. */
void smk_cgroup_cpu_read(struct smk_cgroup_cpu *cpu);

#endif
