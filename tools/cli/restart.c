#include "restart.h"

#include <stdio.h>
#include <string.h>

#include "base/sys.h"
#include "cli.h"
#include "preload.h"

enum { CGROUP_SIZE = 4096, COMMAND_SIZE = 4096 };

/* The last part of a path in it that ends like a unit; a user's own session is none that one could restart. */
bool smk_cgroup_unit(const char *cgroup, char *unit, size_t size)
{
    static const char end[] = ".service";
    bool found = false;
    for (const char *at = strstr(cgroup, end); at; at = strstr(at + 1, end)) {
        const char *begin = at, *behind = at + strlen(end);
        while (begin > cgroup && begin[-1] != '/' && begin[-1] != '\n')
            begin--;
        size_t len = (size_t)(behind - begin);
        if ((*behind != '/' && *behind != '\n' && *behind != '\0') || len >= size || strncmp(begin, "user@", 5) == 0)
            continue;
        snprintf(unit, size, "%.*s", (int)len, begin);
        found = true;
    }
    return found;
}

const char *smk_cgroup_container(const char *cgroup)
{
    static const struct {
        const char *mark, *name;
    } known[] = {{"kubepods", "kubernetes"},   {"docker", "docker"}, {"libpod", "podman"},
                 {"containerd", "containerd"}, {"crio", "cri-o"},    {"lxc", "lxc"}};
    for (size_t i = 0; i < SMK_ARRAY_LEN(known); i++)
        if (strstr(cgroup, known[i].mark))
            return known[i].name;
    return NULL;
}

static void line(const char *text)
{
    fputs("  ", stderr);
    smk_cli_puts(stderr, text);
    fputc('\n', stderr);
}

static int say_unit(const struct smk_process *process, const char *unit, const char *object)
{
    char text[4 * PATH_MAX];
    int status = smk_cli_fail("process %d (%s) has no agent; it is of the systemd unit %s, and `systemctl edit %s` "
                              "with these lines, then `systemctl restart %s`, starts it with one:",
                              process->pid, process->name, unit, unit, unit);
    line("[Service]");
    snprintf(text, sizeof(text), "Environment=LD_PRELOAD=%s", object);
    line(text);
    line("Environment=STALLMARK_LISTEN=127.0.0.1:6060");
    return status;
}

static int say_container(const struct smk_process *process, const char *container, const char *object)
{
    char text[4 * PATH_MAX];
    bool kubernetes = strcmp(container, "kubernetes") == 0;
    int status = smk_cli_fail("process %d (%s) has no agent; it is in a container (%s), and these lines, with the "
                              "object in the container, start it with one:",
                              process->pid, process->name, container);
    if (kubernetes) {
        line("env:");
        snprintf(text, sizeof(text), "  - {name: LD_PRELOAD, value: %s}", object);
        line(text);
        line("  - {name: STALLMARK_LISTEN, value: \"127.0.0.1:6060\"}");
        line("and then: kubectl port-forward POD 6060");
        return status;
    }
    snprintf(text, sizeof(text), "%s run -v %s:%s:ro -e LD_PRELOAD=%s -e STALLMARK_LISTEN=127.0.0.1:6060 …",
             strcmp(container, "podman") == 0 ? "podman" : "docker", object, object, object);
    line(text);
    return status;
}

/* A process of our own group was started as we were, from a shell, whatever this machine is itself. */
static void read_cgroup(pid_t pid, char cgroup[CGROUP_SIZE])
{
    char path[64], ours[CGROUP_SIZE];
    snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
    if (smk_sys_slurp(path, cgroup, CGROUP_SIZE) < 0 ||
        (smk_sys_slurp("/proc/self/cgroup", ours, sizeof(ours)) > 0 && strcmp(cgroup, ours) == 0))
        cgroup[0] = '\0';
}

int smk_restart_say(const struct smk_process *process)
{
    char cgroup[CGROUP_SIZE], unit[256], command[COMMAND_SIZE], object[PATH_MAX];
    read_cgroup(process->pid, cgroup);
    if (!smk_preload_find(object))
        snprintf(object, sizeof(object), "/usr/lib/libstallmark-preload.so");
    const char *container = smk_cgroup_container(cgroup);
    if (container || process->inner_pid != process->pid)
        return say_container(process, container ? container : "another pid namespace", object);
    if (smk_cgroup_unit(cgroup, unit, sizeof(unit)))
        return say_unit(process, unit, object);
    smk_process_command(process->pid, command, sizeof(command));
    return smk_cli_fail("process %d (%s) has no agent; start it again with: stallmark run -- %s", process->pid,
                        process->name, command[0] ? command : process->name);
}
