/* restart.h: how to start a process that has no agent with one, in the way in which it runs now. */
#ifndef SMK_TOOLS_RESTART_H
#define SMK_TOOLS_RESTART_H

#include "process.h"

/* "nginx.service" of /proc/PID/cgroup's text; false: no unit of systemd's is in it. */
bool smk_cgroup_unit(const char *cgroup, char *unit, size_t size);
/* "docker", "podman", "kubernetes", "containerd" …; NULL: no container that we know. */
const char *smk_cgroup_container(const char *cgroup);

/* Says on stderr that it has none, and what to do. Returns SMK_EXIT_USAGE. */
int smk_restart_say(const struct smk_process *process);

#endif
