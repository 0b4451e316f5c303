/* sys_run.h: a program run beside the host, without the host having a child that it did not make.
 *
 *     a thread of ours ── clone ──▶ supervisor ── clone ──▶ the program
 *                   (no signal at its end)     (waits for it)
 *
 * exec makes a child's end a SIGCHLD to its parent, whatever it was cloned with. So the program's parent is a
 * process that never execs, and whose end is told to nobody: the host gets no SIGCHLD, and waitpid(-1) finds
 * nothing. The supervisor lives in the host's memory (a copy of a large host's tables would take long) and
 * shares its descriptors, so it holds nothing that the host closes; it dies with the thread that made it, and
 * the program with the supervisor.
 *
 * Not under a system-call filter. One thread; lib's and the agent's own.
 */
#ifndef SMK_BASE_SYS_RUN_H
#define SMK_BASE_SYS_RUN_H

#include "base/compiler.h"

struct smk_sys_run {
    const char *program;
    char *const *argv, *const *envp;
    void *stack;
    int supervisor;
    uint32_t child;  /* atomic: pid of the program, once it runs */
    uint32_t ended;  /* atomic: status is there */
    int status;      /* of wait; -errno: it could not be executed */
    bool reaped;
};

/* 0 or -errno. `run` and what it points to stay until it is reaped. No descriptor but 0 to 2, which are /dev/null,
 * all signals as at a program's start, a session of its own, the directory /. */
int smk_sys_run_begin(struct smk_sys_run *run, const char *program, char *const *argv, char *const *envp);
/* True when it is over, and nothing of ours is looked at any more; does not wait. */
bool smk_sys_run_reap(struct smk_sys_run *run);
bool smk_sys_run_reaped(const struct smk_sys_run *run);
/* Ends it and what it started in its session. */
void smk_sys_run_kill(struct smk_sys_run *run);
/* As wait says it; -errno where there was no such program; -ECHILD: nobody knows. Once it is reaped. */
int smk_sys_run_status(const struct smk_sys_run *run);

#endif
