#define _GNU_SOURCE
#include "base/sys_run.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/atomic.h"
#include "base/sys.h"
#include "base/sys_enter.h"

#define STACK_SIZE 65536u /* of which the program's side has the lower half until it execs */

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

/* ---- the program's side: nothing of libc's, whose memory is the host's ------------------------------------------- */

/* What the host has made of a signal is its own: a program begins with none of it. */
static void reset_signals(void)
{
    uint64_t none = 0;
    struct {
        void *handler;
        unsigned long flags;
        void *restorer;
        uint64_t mask;
    } standard = {0};
    for (int signal = 1; signal <= 64; signal++)
        enter4(SYS_rt_sigaction, signal, &standard, NULL, sizeof none);
    enter4(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, sizeof none);
}

static void reset_descriptors(void)
{
    struct rlimit limit = {.rlim_cur = 1024};
    long null = enter4(SYS_openat, AT_FDCWD, "/dev/null", O_RDWR, 0);
    for (int fd = 0; fd < 3 && null >= 0; fd++)
        if (null != fd)
            enter3(SYS_dup3, null, fd, 0);
    if (enter3(SYS_close_range, 3, UINT32_MAX, 0) == 0)
        return;
    enter4(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, &limit);
    for (uint64_t fd = 3; fd < limit.rlim_cur; fd++)
        enter1(SYS_close, fd);
}

/* It has a copy of the descriptors, and of what signals do, of its own. */
static int become_program(void *arg)
{
    struct smk_sys_run *run = arg;
    enter2(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL);
    enter0(SYS_setsid);
    reset_descriptors();
    enter1(SYS_chdir, "/");
    reset_signals();
    long rc = enter3(SYS_execve, run->program, run->argv, run->envp);
    run->status = (int)rc;
    enter1(SYS_exit, 127);
    return 0;
}

/* ---- the supervisor ---------------------------------------------------------------------------------------------- */

static int supervise(void *arg)
{
    struct smk_sys_run *run = arg;
    int status = 0;
    enter2(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL);
    enter2(SYS_prctl, PR_SET_NAME, "stallmark-run");
    int child = clone(become_program, (char *)run->stack + STACK_SIZE / 2, CLONE_VM | CLONE_VFORK | SIGCHLD, run);
    if (child > 0) {
        smk_store_relaxed(&run->child, (uint32_t)child);
        while (enter4(SYS_wait4, child, &status, 0, NULL) == -EINTR)
            ;
        smk_store_relaxed(&run->child, 0);
        if (run->status == 0)
            run->status = status;
    } else {
        run->status = -EAGAIN;
    }
    smk_store_release(&run->ended, 1); /* pairs with: smk_sys_run_status */
    enter1(SYS_exit, 0);
    return 0;
}

/* ---- for who makes it -------------------------------------------------------------------------------------------- */

int smk_sys_run_begin(struct smk_sys_run *run, const char *program, char *const *argv, char *const *envp)
{
    int before = errno;
    *run = (struct smk_sys_run){.program = program, .argv = argv, .envp = envp, .stack = smk_sys_map(STACK_SIZE)};
    if (!run->stack)
        return -ENOMEM;
    run->supervisor = clone(supervise, (char *)run->stack + STACK_SIZE, CLONE_VM | CLONE_FILES | CLONE_FS, run);
    int error = errno;
    errno = before;
    if (run->supervisor > 0)
        return 0;
    smk_sys_unmap(run->stack, STACK_SIZE);
    return -error;
}

bool smk_sys_run_reap(struct smk_sys_run *run)
{
    if (run->reaped)
        return true;
    long rc = enter4(SYS_wait4, run->supervisor, NULL, WNOHANG | __WCLONE, NULL);
    if (rc == 0 || rc == -EINTR)
        return false;
    run->reaped = true; /* -ECHILD: a host that waits for clones too was first */
    smk_sys_unmap(run->stack, STACK_SIZE);
    return true;
}

bool smk_sys_run_reaped(const struct smk_sys_run *run) { return run->reaped; }

void smk_sys_run_kill(struct smk_sys_run *run)
{
    uint32_t child = smk_load_relaxed(&run->child);
    if (child && enter2(SYS_kill, -(long)child, SIGKILL) < 0)
        enter2(SYS_kill, child, SIGKILL);
}

int smk_sys_run_status(const struct smk_sys_run *run)
{
    return smk_load_acquire(&run->ended) ? run->status : -ECHILD; /* pairs with: supervise */
}
