#define _GNU_SOURCE
#include "filters.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "base/errors.h"
#include "base/sys.h"

/* With arguments that change nothing. The library has its own list, source/probe.c. */
static const struct smk_sys_call calls[] = {
    {"accept4", SYS_accept4, {-1, 0, 0, 0}},
    {"bind", SYS_bind, {-1, 0, 0, 0}},
    {"eventfd2", SYS_eventfd2, {0, -1, 0, 0}},
    {"faccessat2", SYS_faccessat2, {-1, 0, 0, 0}},
    {"getsockname", SYS_getsockname, {-1, 0, 0, 0}},
    {"getsockopt", SYS_getsockopt, {-1, 0, 0, 0}},
    {"ioctl", SYS_ioctl, {-1, 0, 0, 0}},
    {"listen", SYS_listen, {-1, 0, 0, 0}},
    {"memfd_create", SYS_memfd_create, {0, 0, 0, 0}},
    {"pipe2", SYS_pipe2, {0, 0, 0, 0}},
    {"ppoll", SYS_ppoll, {0, INT32_MAX, 0, 0}}, /* more than there may be: or it waits */
#ifdef SYS_poll
    {"poll", SYS_poll, {0, 0, 0, 0}},
#endif
    {"readv", SYS_readv, {-1, 0, 0, 0}},
    {"recvfrom", SYS_recvfrom, {-1, 0, 0, 0}},
    {"recvmsg", SYS_recvmsg, {-1, 0, 0, 0}},
    {"sendto", SYS_sendto, {-1, 0, 0, 0}},
    {"setsockopt", SYS_setsockopt, {-1, 0, 0, 0}},
    {"shutdown", SYS_shutdown, {-1, 0, 0, 0}},
    {"socket", SYS_socket, {-1, 0, 0, 0}},
    {"socketpair", SYS_socketpair, {-1, 0, 0, 0}},
    {"writev", SYS_writev, {-1, 0, 0, 0}},
};

static bool has_filter(void)
{
    char status[4096];
    if (smk_sys_slurp("/proc/thread-self/status", status, sizeof status) <= 0)
        return true; /* nothing is known: there may be one */
    const char *mode = strstr(status, "\nSeccomp:\t");
    return mode && mode[10] == '2';
}

int smk_filters_check(void)
{
    char names[200] = "";
    uint64_t refused = 0;
    size_t used = 0;
    if (!has_filter())
        return 0;
    if (smk_sys_try(calls, SMK_ARRAY_LEN(calls), &refused) < 0)
        return smk_fail(SMK_E_UNAVAILABLE, "a system-call filter is set, and what it forbids cannot be found out");
    for (unsigned i = 0; i < SMK_ARRAY_LEN(calls) && used < sizeof names; i++)
        if (refused >> i & 1)
            used += (size_t)snprintf(names + used, sizeof names - used, " %s", calls[i].name);
    return refused ? smk_fail(SMK_E_UNAVAILABLE, "a system-call filter forbids what the agent needs:%s", names) : 0;
}
