#define _GNU_SOURCE
#include "source/probe.h"

#include <fcntl.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "base/atomic.h"
#include "base/sys.h"
#include "core/rest.h"
#include "source/conn.h"
#include "source/fd.h"

/* With arguments that change nothing: descriptors that are none, lengths of 0. The first seven can be done
 * without; a capture needs the others. */
static const struct smk_sys_call calls[] = {
    {"membarrier", SYS_membarrier, {MEMBARRIER_CMD_QUERY, 0, 0, 0}},
    {"process_vm_readv", SYS_process_vm_readv, {0, 0, 0, 0}},
    {"getpeername", SYS_getpeername, {-1, 0, 0, 0}},
    {"getsockname", SYS_getsockname, {-1, 0, 0, 0}},
    {"perf_event_open", SYS_perf_event_open, {0, 0, -1, -1}},
    {"getsockopt", SYS_getsockopt, {-1, 0, 0, 0}},
    {"getrusage", SYS_getrusage, {RUSAGE_SELF, 0, 0, 0}},
#define OPTIONAL_CALLS 7
    {"clock_nanosleep", SYS_clock_nanosleep, {CLOCK_MONOTONIC, 0, 0, 0}},
    {"fchmod", SYS_fchmod, {-1, 0, 0, 0}},
    {"fcntl", SYS_fcntl, {-1, F_DUPFD_CLOEXEC, 0, 0}},
    {"fstatfs", SYS_fstatfs, {-1, 0, 0, 0}},
    {"fsync", SYS_fsync, {-1, 0, 0, 0}},
    {"ftruncate", SYS_ftruncate, {-1, 0, 0, 0}},
    {"futex", SYS_futex, {0, 1, 0, 0}},
    {"getdents64", SYS_getdents64, {-1, 0, 0, 0}},
    {"getrandom", SYS_getrandom, {0, 0, 0, 0}},
    {"getrlimit", SYS_getrlimit, {-1, 0, 0, 0}},
    {"lseek", SYS_lseek, {-1, 0, 0, 0}},
    {"madvise", SYS_madvise, {0, 0, 0, 0}},
    {"mkdirat", SYS_mkdirat, {-1, 0, 0, 0}},
    {"newfstatat", SYS_newfstatat, {-1, 0, 0, 0}},
    {"prctl", SYS_prctl, {PR_GET_DUMPABLE, 0, 0, 0}},
    {"pread64", SYS_pread64, {-1, 0, 0, 0}},
    {"pwrite64", SYS_pwrite64, {-1, 0, 0, 0}},
    {"readlinkat", SYS_readlinkat, {-1, 0, 0, 0}},
    {"renameat2", SYS_renameat2, {-1, 0, -1, 0}},
    {"rt_sigpending", SYS_rt_sigpending, {0, 8, 0, 0}},
    {"rt_sigprocmask", SYS_rt_sigprocmask, {0, 0, 0, 8}},
    {"rt_sigtimedwait", SYS_rt_sigtimedwait, {0, 0, 0, 8}},
    {"sched_getaffinity", SYS_sched_getaffinity, {0, 0, 0, 0}},
    {"uname", SYS_uname, {0, 0, 0, 0}},
    {"unlinkat", SYS_unlinkat, {-1, 0, 0, 0}},
    {"write", SYS_write, {-1, 0, 0, 0}},
};

static uint32_t known_filters; /* atomic: filters at the last look, + 1 */
static char refused_line[160];
static uint32_t refused_any; /* atomic */

/* The number of filters on this thread: 0, or as many as the kernel says (1 where it has filters and does
 * not count them: before Linux 5.9). Where nothing can be read there may be some. */
static uint32_t filters_now(void)
{
    char status[4096];
    if (smk_sys_slurp("/proc/thread-self/status", status, sizeof status) <= 0)
        return 1;
    const char *mode = strstr(status, "\nSeccomp:\t");
    if (!mode || mode[10] != '2')
        return 0;
    const char *count = strstr(status, "\nSeccomp_filters:\t");
    uint32_t filters = count ? (uint32_t)strtoul(count + 18, NULL, 10) : 1;
    return filters ? filters : 1;
}

void smk_probe_filter_set(void)
{
    smk_rest_filter_set();
    smk_sys_barrier_forget();
    smk_sys_copy_memory_forget();
    smk_fd_peers_forget();
    smk_sys_perf_forget();
    smk_conns_options_forget();
    smk_sys_usage_forget();
}

static void note_refused(uint64_t refused)
{
    int len = snprintf(refused_line, sizeof refused_line, "a system-call filter forbids");
    for (unsigned i = 0; i < SMK_ARRAY_LEN(calls) && len < (int)sizeof refused_line; i++)
        if (refused >> i & 1)
            len += snprintf(refused_line + len, sizeof refused_line - (size_t)len, " %s", calls[i].name);
    smk_store_release(&refused_any, 1); /* pairs with: smk_probe_refused */
}

const char *smk_probe_calls(void)
{
    uint64_t refused = 0;
    uint32_t filters = filters_now();
    if (smk_exchange_acq_rel(&known_filters, filters + 1) == filters + 1 || filters == 0)
        return NULL;
    if (smk_sys_try(calls, SMK_ARRAY_LEN(calls), &refused) < 0)
        return "a system-call filter is set, and what it forbids cannot be found out";
    if (!(refused & 16))
        smk_sys_perf_retry();
    if (!(refused & 64))
        smk_sys_usage_retry();
    if (refused == 0)
        return NULL;
    note_refused(refused);
    if (refused & 1)
        smk_sys_barrier_forget();
    if (refused & 2)
        smk_sys_copy_memory_forget();
    if (refused & 12)
        smk_fd_peers_forget();
    if (refused & 16)
        smk_sys_perf_forget();
    if (refused & 32)
        smk_conns_options_forget();
    if (refused & 64)
        smk_sys_usage_forget();
    return refused >> OPTIONAL_CALLS ? refused_line : NULL;
}

bool smk_probe_filtered(void) { return smk_load_relaxed(&known_filters) > 1; }

const char *smk_probe_refused(void)
{
    return smk_load_acquire(&refused_any) ? refused_line : NULL; /* pairs with: note_refused */
}
