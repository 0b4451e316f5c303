/* hook_end.c: the ends of a program that its destructors do not see: _exit and the exec family. Nothing is recorded
 * here; what was recorded is brought into its file first, where somebody asked for that (last.h).
 *
 * A child of vfork calls these in its parent's memory, so nothing may be touched before the pid is compared. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/sys.h"
#include "core/init.h"
#include "source/last.h"
#include "source/resolve.h"

static void (*last)(void); /* atomic; NULL: nobody asked */

void smk_source_before_end(void (*function)(void))
{
    smk_store_release(&last, function); /* pairs with: smk_last_before_exit */
}

void smk_last_before_exit(void)
{
    void (*function)(void) = smk_load_acquire(&last); /* pairs with: smk_source_before_end */
    if (!function || !smk_core_is_own_process())
        return;
    int saved = errno;
    function();
    errno = saved;
}

void smk_last_before_exec(const char *path)
{
    if (smk_load_relaxed(&last) && (!path || smk_sys_may_execute(path)))
        smk_last_before_exit();
}

/* As execvp looks: in each directory of PATH, unless the name has a slash. */
static void before_search(const char *name)
{
    char path[4096];
    const char *list = getenv("PATH");
    if (!smk_load_relaxed(&last))
        return;
    if (strchr(name, '/')) {
        smk_last_before_exec(name);
        return;
    }
    for (const char *at = list ? list : "/bin:/usr/bin"; at; at = strchr(at, ':') ? strchr(at, ':') + 1 : NULL) {
        int len = (int)strcspn(at, ":");
        if (snprintf(path, sizeof path, "%.*s%s%s", len, at, len ? "/" : "", name) >= (int)sizeof path ||
            !smk_sys_may_execute(path))
            continue;
        smk_last_before_exit();
        return;
    }
}

/* ---- the end ------------------------------------------------------------------------------------------------ */

SMK_EXPORT void _exit(int code)
{
    smk_last_before_exit();
    SMK_REAL(_exit)(code);
    __builtin_unreachable();
}

SMK_EXPORT void _Exit(int code)
{
    smk_last_before_exit();
    SMK_REAL(_Exit)(code);
    __builtin_unreachable();
}

/* Its first process ends by an _exit of libc's own. */
SMK_EXPORT int daemon(int stay, int keep)
{
    smk_last_before_exit();
    return SMK_REAL(daemon)(stay, keep);
}

/* ---- another program ---------------------------------------------------------------------------------------- */

SMK_EXPORT int execve(const char *path, char *const argv[], char *const envp[])
{
    smk_last_before_exec(path);
    return SMK_REAL(execve)(path, argv, envp);
}

SMK_EXPORT int execv(const char *path, char *const argv[])
{
    smk_last_before_exec(path);
    return SMK_REAL(execv)(path, argv);
}

SMK_EXPORT int execvp(const char *name, char *const argv[])
{
    before_search(name);
    return SMK_REAL(execvp)(name, argv);
}

SMK_EXPORT int execvpe(const char *name, char *const argv[], char *const envp[])
{
    before_search(name);
    return SMK_REAL(execvpe)(name, argv, envp);
}

SMK_EXPORT int fexecve(int fd, char *const argv[], char *const envp[])
{
    smk_last_before_exec(NULL);
    return SMK_REAL(fexecve)(fd, argv, envp);
}

SMK_EXPORT int execveat(int dir, const char *path, char *const argv[], char *const envp[], int flags)
{
    smk_last_before_exec(dir == AT_FDCWD && *path ? path : NULL);
    return SMK_REAL(execveat)(dir, path, argv, envp, flags);
}

/* The arguments of a call as a list, on its stack as in libc: memory must not be asked for here. */
#define LIST(argv, first, args)                                                                    \
    va_list args, counted;                                                                         \
    size_t count = 1;                                                                              \
    va_start(args, first);                                                                         \
    va_copy(counted, args);                                                                        \
    while (va_arg(counted, const char *))                                                          \
        count++;                                                                                   \
    va_end(counted);                                                                               \
    const char *argv[count + 1];                                                                   \
    argv[0] = first;                                                                               \
    for (size_t i = 1; i <= count; i++)                                                            \
        argv[i] = va_arg(args, const char *)

SMK_EXPORT int execl(const char *path, const char *arg, ...)
{
    LIST(argv, arg, args);
    va_end(args);
    return execv(path, (char *const *)argv);
}

SMK_EXPORT int execlp(const char *name, const char *arg, ...)
{
    LIST(argv, arg, args);
    va_end(args);
    return execvp(name, (char *const *)argv);
}

SMK_EXPORT int execle(const char *path, const char *arg, ...)
{
    LIST(argv, arg, args);
    char *const *envp = va_arg(args, char *const *);
    va_end(args);
    return execve(path, (char *const *)argv, envp);
}
