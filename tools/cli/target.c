#define _GNU_SOURCE

#include "target.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/places.h"
#include "process.h"
#include "restart.h"

static void clear(struct smk_target *target)
{
    *target = (struct smk_target){.directory = -1};
    /* The Host that the agent's gate takes for its own; nothing is looked up. */
    snprintf(target->url, sizeof(target->url), "http://localhost");
}

/* Takes over `directory`. 0 when `name` in it is a socket. */
static int use_socket(struct smk_target *target, int directory, const char *name)
{
    struct stat st;
    int n =
        snprintf(target->socket, sizeof(target->socket), "/proc/self/fd/%d/%s", directory, name);
    int error = n > 100                          ? ENAMETOOLONG
                : stat(target->socket, &st) != 0 ? errno
                : S_ISSOCK(st.st_mode)           ? 0
                                                 : ENOTSOCK;
    if (error) {
        close(directory);
        target->socket[0] = '\0';
        return -error;
    }
    target->directory = directory;
    return 0;
}

/* ---- a process -------------------------------------------------------------------------------------- */

/* `path` is one of its own world; ours begins at its root. */
static void below_root(const struct smk_process *process, const char *path, char *out, size_t size)
{
    snprintf(out, size, "/proc/%d/root%s", process->pid, path);
}

static int try_socket_path(struct smk_target *target, const struct smk_process *process)
{
    char path[SMK_TARGET_SIZE / 2];
    if (!smk_process_variable(process->pid, "STALLMARK_SOCKET", path, sizeof(path)) ||
        path[0] != '/')
        return -ENOENT;
    below_root(process, path, target->name, sizeof(target->name));
    char *slash = strrchr(target->name, '/');
    *slash = '\0';
    int directory = open(target->name, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int error = errno;
    *slash = '/';
    return directory < 0 ? -error : use_socket(target, directory, slash + 1);
}

static int try_place(struct smk_target *target, const struct smk_process *process,
                     const char *place)
{
    char path[SMK_PLACE_SIZE + 64], name[32];
    below_root(process, place, path, sizeof(path));
    int directory = smk_place_open(path, process->uid, false);
    if (directory < 0)
        return directory;
    snprintf(name, sizeof(name), "%d.sock", process->inner_pid);
    snprintf(target->name, sizeof(target->name), "%s/%s",
             process->inner_pid == process->pid ? place : path, name);
    return use_socket(target, directory, name);
}

int smk_target_of_process(struct smk_target *target, pid_t pid)
{
    struct smk_process process;
    char runtime_dir[SMK_PLACE_SIZE], place[SMK_PLACE_SIZE];
    clear(target);
    target->pid = pid;
    if (!smk_process_read(&process, pid))
        return -ESRCH;
    bool known = smk_process_variable(pid, "XDG_RUNTIME_DIR", runtime_dir, sizeof(runtime_dir));
    int status = try_socket_path(target, &process);
    /* Not known: a program that writes a title over its environment (redis). Ours may be the same. */
    for (unsigned n = 0; n < SMK_PLACES && status < 0; n++) {
        if (!smk_place_of_sockets(n, process.uid, known ? runtime_dir : getenv("XDG_RUNTIME_DIR"), place))
            continue;
        int result = try_place(target, &process, place);
        if (result == 0 || result == -EACCES)
            status = result;
    }
    return status;
}

/* Those of its children that have an agent, as " 12 13": a server that forks its workers and only waits for
 * them has none itself. */
static void list_children(pid_t pid, char *text, size_t size)
{
    size_t used = 0;
    DIR *proc = opendir("/proc");
    text[0] = '\0';
    for (struct dirent *entry = proc ? readdir(proc) : NULL; entry; entry = readdir(proc)) {
        struct smk_process child;
        struct smk_target target;
        pid_t number = (pid_t)strtol(entry->d_name, NULL, 10);
        if (number <= 0 || !smk_process_read(&child, number) || child.parent != pid ||
            smk_target_of_process(&target, number) != 0)
            continue;
        smk_target_close(&target);
        if (used + 16 < size)
            used += (size_t)snprintf(text + used, size - used, " %d", number);
    }
    if (proc)
        closedir(proc);
}

static int find_process(struct smk_target *target, pid_t pid)
{
    char children[256];
    struct smk_process process;
    int status = smk_target_of_process(target, pid);
    if (status == 0)
        return 0;
    if (!smk_process_read(&process, pid))
        return smk_cli_fail("there is no process %d; allowed are " SMK_TARGET_ALLOWED, pid);
    if (status == -EACCES)
        return smk_cli_fail("process %d (%s, uid %u) cannot be looked into; %s", pid, process.name, process.uid,
                            geteuid() ? "ask as that user or as root" : "the kernel refuses it to root as well");
    list_children(pid, children, sizeof(children));
    if (children[0])
        return smk_cli_fail("process %d (%s) has no agent, but these of its children have one:%s", pid,
                            process.name, children);
    return smk_restart_say(&process);
}

/* ---- a socket, an URL ------------------------------------------------------------------------------------ */

static int find_socket(struct smk_target *target, const char *path)
{
    char directory[SMK_TARGET_SIZE];
    const char *slash = strrchr(path, '/');
    snprintf(target->name, sizeof(target->name), "%s", path);
    if ((size_t)snprintf(directory, sizeof(directory), "%.*s", slash ? (int)(slash - path) + 1 : 1,
                         slash ? path : ".") >= sizeof(directory))
        return smk_cli_fail("'%s' is too long", path);
    int fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int status = fd < 0 ? -errno : use_socket(target, fd, slash ? slash + 1 : path);
    if (status == 0)
        return 0;
    if (!slash && status == -ENOENT)
        return smk_cli_fail("'%s' is no target; allowed are " SMK_TARGET_ALLOWED, path);
    return smk_cli_fail(
        "'%s' is no unix socket that can be used: %s; allowed are " SMK_TARGET_ALLOWED, path,
        strerror(-status));
}

static int find_url(struct smk_target *target, const char *text)
{
    const char *host = strstr(text, "://") + 3;
    size_t len = (size_t)(host - text) + strcspn(host, "/?#");
    if (host[0] == '\0' || len == (size_t)(host - text) || len >= sizeof(target->url) ||
        memchr(host, '@', len - (size_t)(host - text)))
        return smk_cli_fail("'%s' is no URL of an agent; allowed is http://HOST:PORT or "
                            "https://HOST:PORT",
                            text);
    snprintf(target->url, sizeof(target->url), "%.*s", (int)len, text);
    snprintf(target->name, sizeof(target->name), "%s", target->url);
    return 0;
}

bool smk_target_parse(struct smk_cli_args *args, const struct smk_command *command,
                      const struct smk_cli_option *options, int argc, char **argv)
{
    if (!smk_cli_parse(args, command, options, argc, argv))
        return false;
    if (args->count == 1)
        return true;
    args->exit_code = smk_cli_fail("one target is wanted, got %d; allowed are " SMK_TARGET_ALLOWED,
                                   args->count);
    return false;
}

int smk_target_find(struct smk_target *target, const char *text)
{
    clear(target);
    if (strncmp(text, "http://", 7) == 0 || strncmp(text, "https://", 8) == 0)
        return find_url(target, text);
    char *end;
    errno = 0;
    long pid = strtol(text, &end, 10);
    if (text[0] >= '0' && text[0] <= '9' && *end == '\0') {
        if (errno || pid <= 0 || pid > INT32_MAX)
            return smk_cli_fail("'%s' is no pid; allowed are " SMK_TARGET_ALLOWED, text);
        return find_process(target, (pid_t)pid);
    }
    if (text[0] == '\0')
        return smk_cli_fail("the target is empty; allowed are " SMK_TARGET_ALLOWED);
    return find_socket(target, text);
}

void smk_target_close(struct smk_target *target)
{
    if (target->directory >= 0)
        close(target->directory);
    target->directory = -1;
}
