/* process.h: what /proc says of another process. */
#ifndef SMK_TOOLS_PROCESS_H
#define SMK_TOOLS_PROCESS_H

#include <sys/types.h>

#include "base/compiler.h"

struct smk_process {
    pid_t pid;
    pid_t inner_pid; /* in its own namespace */
    pid_t parent;
    uid_t uid; /* effective */
    char name[32];
};

/* False: there is no such process. */
bool smk_process_read(struct smk_process *process, pid_t pid);

/* A variable of the environment that it began with. False: not set, or not to be read. */
bool smk_process_variable(pid_t pid, const char *name, char *value, size_t size);

/* Its command line as one would type it in a shell, cut at `size`; "" when it has none. */
void smk_process_command(pid_t pid, char *text, size_t size);

#endif
