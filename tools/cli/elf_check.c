#define _GNU_SOURCE

#include "elf_check.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "elf_file.h"

/* What the kernel follows at most, and reads of a #! line. */
enum { SCRIPTS_MAX = 5, SCRIPT_LINE = 256 };

#if defined(__x86_64__)
#define OUR_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define OUR_MACHINE EM_AARCH64
#else
#error "not a machine that stallmark knows"
#endif

struct check {
    const char *preload;
    char *reason;
    size_t reason_size;
};

static bool refuse(const struct check *check, const char *path, const char *why)
{
    snprintf(check->reason, check->reason_size, "%s %s", path, why);
    return false;
}

/* ---- where a program lies -------------------------------------------------------------------------- */

static int runnable(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return -errno;
    if (!S_ISREG(st.st_mode) || access(path, X_OK) != 0)
        return -EACCES;
    return 0;
}

int smk_find_program(const char *command, char path[PATH_MAX])
{
    const char *list = getenv("PATH");
    int status = -ENOENT;
    if (strchr(command, '/') || command[0] == '\0') {
        if ((size_t)snprintf(path, PATH_MAX, "%s", command) >= PATH_MAX)
            return -ENAMETOOLONG;
        return runnable(path);
    }
    for (const char *at = list ? list : "/usr/local/bin:/usr/bin:/bin"; at;) {
        size_t len = strcspn(at, ":");
        /* An empty entry is the current directory. */
        int n = snprintf(path, PATH_MAX, "%.*s%s%s", (int)len, at, len ? "/" : "", command);
        int here = n < PATH_MAX ? runnable(path) : -ENAMETOOLONG;
        if (here == 0)
            return 0;
        if (here == -EACCES)
            status = here;
        at = at[len] == ':' ? at + len + 1 : NULL;
    }
    return status;
}

/* ---- more rights than the caller ------------------------------------------------------------------------ */

/* The kernel then tells the loader to be careful (AT_SECURE). */
static bool gains_rights(const struct check *check, const char *path)
{
    struct stat st;
    char capability[64];
    /* Where no rights can be gained by exec the kernel ignores all of these. */
    if (stat(path, &st) != 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1)
        return false;
    if ((st.st_mode & S_ISUID) && st.st_uid != getuid())
        return !refuse(check, path, "is setuid: the loader ignores a preload; run it as its owner");
    if ((st.st_mode & S_ISGID) && (st.st_mode & S_IXGRP) && st.st_gid != getgid())
        return !refuse(check, path, "is setgid: the loader ignores a preload; run it as its group");
    if (getuid() != 0 && getxattr(path, "security.capability", capability, sizeof(capability)) > 0)
        return !refuse(check, path,
                       "has file capabilities: the loader ignores a preload; run it as "
                       "root, or give a copy of it no capabilities");
    return false;
}

/* ---- the loader ---------------------------------------------------------------------------------------------- */

/* The C library that this loader brings lies beside it. Where it is not there nothing is said. */
static bool old_glibc(const struct check *check, const char *path, const char *interp)
{
    static struct smk_elf_versions needed, defined;
    char real[PATH_MAX], library[PATH_MAX + 16], why[128];
    if (!realpath(interp, real))
        return false;
    *strrchr(real, '/') = '\0';
    snprintf(library, sizeof(library), "%s/libc.so.6", real);
    if (smk_elf_needed_versions(check->preload, "libc.so.6", &needed) < 0 ||
        smk_elf_defined_versions(library, &defined) < 0)
        return false;
    const char *missing = smk_elf_missing_version(&needed, &defined);
    if (!missing)
        return false;
    snprintf(why, sizeof(why),
             "runs on a glibc without %s, which the preload needs; build stallmark on that system",
             missing);
    return !refuse(check, path, why);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool takes_elf(const struct check *check, const char *path, const struct smk_elf_file *elf)
{
    if (!elf->is_64)
        return refuse(check, path, "is a 32-bit program; only 64-bit ones can be traced");
    if (!elf->little_endian || elf->machine != OUR_MACHINE)
        return refuse(check, path, "is a program for another machine than this stallmark");
    if (!elf->executable)
        return refuse(check, path, "is an object file, no program");
    if (!elf->interp[0]) {
        /* The loader itself, which loads what its arguments name. */
        if (elf->dynamic && strncmp(base_name(path), "ld-linux", 8) == 0)
            return true;
        return refuse(check, path,
                      elf->go
                          ? "is a static Go program: no loader, no preload; Go has runtime/trace"
                          : "is a static program: no loader, no preload; link stallmark-agent "
                            "into it");
    }
    if (strncmp(base_name(elf->interp), "ld-musl", 7) == 0)
        return refuse(check, path, "is a program for musl; the preload needs glibc");
    return !old_glibc(check, path, elf->interp);
}

/* ---- scripts --------------------------------------------------------------------------------------------------- */

/* Splits "#! interpreter argument". False where the file does not begin so. */
static bool read_script(const char *path, char interpreter[SCRIPT_LINE], char argument[SCRIPT_LINE])
{
    char line[SCRIPT_LINE];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t n = fd < 0 ? -1 : pread(fd, line, sizeof(line) - 1, 0);
    if (fd >= 0)
        close(fd);
    if (n < 3 || line[0] != '#' || line[1] != '!')
        return false;
    line[n] = '\0';
    line[strcspn(line, "\n")] = '\0';
    interpreter[0] = argument[0] = '\0';
    return sscanf(line + 2, "%255s %255s", interpreter, argument) >= 1;
}

static bool takes_path(const struct check *check, const char *path, unsigned depth);

static bool is_env(const char *interpreter, const char *argument)
{
    return strcmp(base_name(interpreter), "env") == 0 && argument[0] && argument[0] != '-' &&
           !strchr(argument, '=');
}

bool smk_is_env_script(const char *path, char name[256], char interpreter[PATH_MAX])
{
    char env[SCRIPT_LINE];
    return read_script(path, env, name) && is_env(env, name) && smk_find_program(name, interpreter) == 0;
}

bool smk_is_shell_script(const char *path, char name[256])
{
    static const char *const shells[] = {"sh", "bash", "dash", "ksh", "zsh"};
    char interpreter[SCRIPT_LINE], argument[SCRIPT_LINE];
    if (!read_script(path, interpreter, argument))
        return false;
    snprintf(name, SCRIPT_LINE, "%s", base_name(is_env(interpreter, argument) ? argument : interpreter));
    for (size_t i = 0; i < SMK_ARRAY_LEN(shells); i++)
        if (strcmp(name, shells[i]) == 0)
            return true;
    return false;
}

/* `env NAME` becomes NAME, which is what shall be traced. */
static bool takes_script(const struct check *check, const char *path, const char *interpreter,
                         const char *argument, unsigned depth)
{
    char found[PATH_MAX], why[SCRIPT_LINE + 64];
    if (runnable(interpreter) < 0) {
        snprintf(why, sizeof(why), "is a script for %s, which cannot be run", interpreter);
        return refuse(check, path, why);
    }
    if (!takes_path(check, interpreter, depth + 1))
        return false;
    if (!is_env(interpreter, argument))
        return true;
    return smk_find_program(argument, found) < 0 || takes_path(check, found, depth + 1);
}

static bool takes_path(const struct check *check, const char *path, unsigned depth)
{
    struct smk_elf_file elf;
    char interpreter[SCRIPT_LINE], argument[SCRIPT_LINE];
    if (depth > SCRIPTS_MAX)
        return refuse(check, path,
                      "is a script for a script for a script, too deep for the kernel");
    /* On a script the kernel ignores setuid, so that it counts for programs only. */
    if (read_script(path, interpreter, argument))
        return takes_script(check, path, interpreter, argument, depth);
    int status = smk_elf_file_read(path, &elf);
    if (status == -EACCES)
        return !gains_rights(check, path); /* may be run but not read; no more can be said */
    if (status < 0)
        return refuse(check, path, status == -ENOEXEC ? "is a damaged program" : strerror(-status));
    if (!elf.is_elf) /* without #!, and execvp gives it to sh */
        return takes_path(check, "/bin/sh", depth + 1);
    return !gains_rights(check, path) && takes_elf(check, path, &elf);
}

bool smk_takes_preload(const char *path, const char *preload, char *reason, size_t size)
{
    const struct check check = {preload, reason, size};
    reason[0] = '\0';
    return takes_path(&check, path, 0);
}
