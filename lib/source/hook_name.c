/* hook_name.c: name services, which ask files, sockets and plugins of libc's whose calls meet no wrapper, or do
 * so inside this one (seen.h). What is shown is the name that was asked for. */
#define _GNU_SOURCE
#include "source/io.h"

#define NAME(type, call, name, args, number)                                                       \
    if (!smk_gate_open(SMK_CAT_NET))                                                               \
        return SMK_REAL(call) args;                                                                \
    struct smk_seen seen;                                                                          \
    smk_seen_begin(&seen, SMK_CALL_##call, SMK_WAIT_NET, 0, SMK_CALLER);                           \
    type answer = SMK_REAL(call) args;                                                             \
    smk_io_end_name(&seen, (name), (number));                                                      \
    return answer

SMK_EXPORT int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                           struct addrinfo **result)
{
    NAME(int, getaddrinfo, node, (node, service, hints, result), answer);
}

SMK_EXPORT int getnameinfo(const struct sockaddr *address, socklen_t size, char *host,
                           socklen_t host_size, char *service, socklen_t service_size, int flags)
{
    NAME(int, getnameinfo, NULL, (address, size, host, host_size, service, service_size, flags),
         answer);
}

SMK_EXPORT struct hostent *gethostbyname(const char *name)
{
    NAME(struct hostent *, gethostbyname, name, (name), answer ? 0 : -1);
}
