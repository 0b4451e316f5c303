/* cgroup.h: the process's control groups, from its own up to the top that can be seen. */
#ifndef SMK_SOURCE_CGROUP_H
#define SMK_SOURCE_CGROUP_H

#include "base/compiler.h"

/* One directory of a group; `v2`: of the one hierarchy of version 2. */
typedef void (*smk_cgroup_visit)(void *arg, const char *dir, bool v2);

/* Visits them. `listing` is as /proc/self/cgroup, `root` as /sys/fs/cgroup; of version 1 the hierarchy of this
 * controller alone. False: the listing cannot be read. Not for signal handlers. */
bool smk_cgroup_each(const char *listing, const char *root, const char *controller, smk_cgroup_visit visit,
                     void *arg);

/* A file of a group; false: it is not there, or empty. */
bool smk_cgroup_read_file(const char *dir, const char *name, char *text, size_t size);

#endif
