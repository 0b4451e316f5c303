#include "process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/sys.h"

enum { STATUS_SIZE = 8192, ENVIRONMENT_SIZE = 262144, COMMAND_SIZE = 16384 };

static const char *field(const char *status, const char *name)
{
    size_t len = strlen(name);
    for (const char *line = status; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        if (strncmp(line, name, len) == 0 && line[len] == ':')
            return line + len + 1 + strspn(line + len + 1, " \t");
    return NULL;
}

bool smk_process_read(struct smk_process *process, pid_t pid)
{
    char path[64], status[STATUS_SIZE];
    snprintf(path, sizeof(path), "/proc/%d/status", pid);
    int len = smk_sys_slurp(path, status, sizeof(status));
    const char *name = len > 0 ? field(status, "Name") : NULL;
    const char *uid = len > 0 ? field(status, "Uid") : NULL;
    const char *parent = len > 0 ? field(status, "PPid") : NULL;
    const char *inner = len > 0 ? field(status, "NSpid") : NULL;
    unsigned real, effective;
    if (!name || !uid || sscanf(uid, "%u %u", &real, &effective) != 2)
        return false;
    *process = (struct smk_process){.pid = pid, .inner_pid = pid, .uid = effective};
    process->parent = parent ? (pid_t)strtol(parent, NULL, 10) : 0;
    snprintf(process->name, sizeof(process->name), "%.*s", (int)strcspn(name, "\n"), name);
    /* One number for each namespace, the innermost one last. */
    for (char *end; inner; inner = end) {
        long number = strtol(inner, &end, 10);
        if (end == inner || number <= 0)
            break;
        process->inner_pid = (pid_t)number;
        if (*end == '\n')
            break;
    }
    return true;
}

bool smk_process_variable(pid_t pid, const char *name, char *value, size_t size)
{
    static char environment[ENVIRONMENT_SIZE];
    char path[64];
    size_t len = strlen(name);
    snprintf(path, sizeof(path), "/proc/%d/environ", pid);
    int total = smk_sys_slurp(path, environment, sizeof(environment));
    for (int at = 0; at < total; at += (int)strlen(environment + at) + 1)
        if (strncmp(environment + at, name, len) == 0 && environment[at + (int)len] == '=')
            return (size_t)snprintf(value, size, "%s", environment + at + len + 1) < size;
    return false;
}

/* One argument, in quotes where a shell would see more in it than its letters. */
static size_t put_argument(char *out, size_t size, const char *argument)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:=,+@%-";
    size_t used = 0;
    if (argument[0] && argument[strspn(argument, plain)] == '\0')
        return (size_t)snprintf(out, size, "%s", argument);
    used += (size_t)snprintf(out, size, "'");
    for (; *argument && used + 8 < size; argument++)
        used += (size_t)snprintf(out + used, size - used, *argument == '\'' ? "'\\''" : "%c",
                                 *argument);
    if (used < size)
        used += (size_t)snprintf(out + used, size - used, "'");
    return used;
}

void smk_process_command(pid_t pid, char *text, size_t size)
{
    char path[64], command[COMMAND_SIZE];
    size_t used = 0;
    text[0] = '\0';
    snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
    int total = smk_sys_slurp(path, command, sizeof(command));
    for (int at = 0; at < total && used + 2 < size; at += (int)strlen(command + at) + 1) {
        if (at)
            text[used++] = ' ';
        used += put_argument(text + used, size - used, command + at);
    }
}
