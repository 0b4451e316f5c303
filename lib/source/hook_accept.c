/* hook_accept.c: the calls that take a connection; the first is a moment at which threads of ours may begin
 * (start.h). */
#define _GNU_SOURCE
#include "core/fds.h"
#include "source/resolve.h"
#include "core/thread.h"
#include "source/start.h"

#define AT_WAIT(name, args)                                                                        \
    smk_start_check(SMK_START_AT_WAIT);                                                            \
    return SMK_REAL(name) args

SMK_EXPORT int accept(int fd, SMK_SOCKADDR address, socklen_t *len) { AT_WAIT(accept, (fd, address, len)); }

/* The agent's libevent accepts on a socket of ours: what it gets is ours too, and moved before it is used. */
SMK_EXPORT int accept4(int fd, SMK_SOCKADDR address, socklen_t *len, int flags)
{
    if (SMK_UNLIKELY(smk_tls.quiet && smk_fd_is_ours(fd)))
        return smk_fd_keep(SMK_REAL(accept4)(fd, address, len, flags));
    AT_WAIT(accept4, (fd, address, len, flags));
}
