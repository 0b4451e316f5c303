/* cgroup_memory.h: how much memory the process's control groups allow it. */
#ifndef SMK_SOURCE_CGROUP_MEMORY_H
#define SMK_SOURCE_CGROUP_MEMORY_H

#include "base/compiler.h"

struct smk_cgroup_memory {
    uint64_t limit; /* bytes; UINT64_MAX: none */
};

/* The tightest memory.max (version 1: memory.limit_in_bytes) from the process's own group up. `listing` is as
 * /proc/self/cgroup, `root` as /sys/fs/cgroup. Not for signal handlers. */
void smk_cgroup_memory_read(const char *listing, const char *root, struct smk_cgroup_memory *memory);

#endif
