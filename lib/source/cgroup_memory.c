#include "source/cgroup_memory.h"

#include <stdlib.h>

#include "source/cgroup.h"

/* Version 1 says "no limit" by a number near 2^63. */
#define NO_LIMIT (UINT64_C(1) << 62)

static void read_limit(void *arg, const char *dir, bool v2)
{
    struct smk_cgroup_memory *memory = arg;
    char text[64];
    if (!smk_cgroup_read_file(dir, v2 ? "memory.max" : "memory.limit_in_bytes", text, sizeof text) ||
        text[0] < '0' || text[0] > '9')
        return; /* "max" */
    uint64_t limit = strtoull(text, NULL, 10);
    if (limit < NO_LIMIT)
        memory->limit = smk_min_u64(memory->limit, limit);
}

void smk_cgroup_memory_read(const char *listing, const char *root, struct smk_cgroup_memory *memory)
{
    memory->limit = UINT64_MAX;
    smk_cgroup_each(listing, root, "memory", read_limit, memory);
}
