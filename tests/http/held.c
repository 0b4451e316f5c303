#define _GNU_SOURCE
#include "held.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/atomic.h"

enum { HELD_BEGINS, HELD_REFUSED, HELD_WATCHED, HELD_STOPPED, HELD_GONE };

/* False: it is to go on, or is gone. */
static bool await_stop(struct held *held, int *status)
{
    while (!smk_load_acquire(&held->release)) { /* pairs with: held_end */
        pid_t got = waitpid(held->tid, status, __WALL | WNOHANG);
        if (got != 0)
            return got == held->tid && WIFSTOPPED(*status);
        usleep(500);
    }
    return false;
}

/* Behind a stop: it is at a system call for its work. While it maps memory it may hold a lock that others want. */
static bool is_at_work(const struct held *held, int status)
{
    struct __ptrace_syscall_info info;
    if (WSTOPSIG(status) != (SIGTRAP | 0x80) ||
        ptrace(PTRACE_GET_SYSCALL_INFO, held->tid, (void *)sizeof(info), &info) <= 0)
        return false;
    return info.op == PTRACE_SYSCALL_INFO_ENTRY && info.entry.nr != SYS_futex && info.entry.nr != SYS_mmap &&
           info.entry.nr != SYS_munmap;
}

static void *hold(void *arg)
{
    struct held *held = arg;
    int status;
    if (ptrace(PTRACE_SEIZE, held->tid, NULL, (void *)PTRACE_O_TRACESYSGOOD) != 0 ||
        ptrace(PTRACE_INTERRUPT, held->tid, NULL, NULL) != 0) {
        smk_store_release(&held->state, HELD_REFUSED); /* pairs with: held_begin */
        return NULL;
    }
    bool stopped = await_stop(held, &status);
    smk_store_release(&held->state, HELD_WATCHED); /* pairs with: held_begin */
    while (stopped && !is_at_work(held, status)) {
        ptrace(PTRACE_SYSCALL, held->tid, NULL, NULL);
        stopped = await_stop(held, &status);
    }
    smk_store_release(&held->state, stopped ? HELD_STOPPED : HELD_GONE); /* pairs with: held_await */
    if (stopped)
        await_stop(held, &status);
    ptrace(PTRACE_DETACH, held->tid, NULL, NULL);
    return NULL;
}

static pid_t thread_of(const struct host *host, const char *name)
{
    char path[64], found[32] = "";
    pid_t tid = 0;
    struct dirent *entry;
    snprintf(path, sizeof(path), "/proc/%d/task", (int)host->pid);
    DIR *directory = opendir(path);
    while (directory && !tid && (entry = readdir(directory)) != NULL) {
        snprintf(path, sizeof(path), "/proc/%d/task/%.12s/comm", (int)host->pid, entry->d_name);
        FILE *comm = fopen(path, "r");
        if (comm && fgets(found, sizeof(found), comm) && strncmp(found, name, strcspn(found, "\n")) == 0)
            tid = atoi(entry->d_name);
        if (comm)
            fclose(comm);
    }
    if (directory)
        closedir(directory);
    return tid;
}

bool held_begin(struct held *held, const struct host *host, const char *name)
{
    *held = (struct held){.tid = thread_of(host, name)};
    expect(held->tid > 0, "there is no thread %s", name);
    assert_int_equal(pthread_create(&held->holder, NULL, hold, held), 0);
    for (int look = 0; look < 5000 && smk_load_acquire(&held->state) == HELD_BEGINS; look++) /* pairs with: hold */
        sleep_ms(1);
    if (smk_load_acquire(&held->state) != HELD_REFUSED)
        return true;
    pthread_join(held->holder, NULL);
    return false;
}

void held_await(const struct held *held)
{
    for (int look = 0; look < 2000 && smk_load_acquire(&held->state) == HELD_WATCHED; look++) /* pairs with: hold */
        sleep_ms(10);
    expect(smk_load_acquire(&held->state) == HELD_STOPPED, "the thread does not work");
}

void held_end(struct held *held)
{
    smk_store_release(&held->release, 1); /* pairs with: await_stop */
    pthread_join(held->holder, NULL);
}

bool held_is_gone(const struct held *held, const struct host *host)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/task/%d", (int)host->pid, (int)held->tid);
    return access(path, F_OK) != 0;
}
