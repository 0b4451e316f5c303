/* hook_net.c: calls on sockets. All are cancellation points and stay so (seen.h). The first accept is a moment
 * at which threads of ours may begin (start.h). */
#define _GNU_SOURCE
#undef _FORTIFY_SOURCE
#include <errno.h>
#include <sys/socket.h>

#include "core/fds.h"
#include "source/asked.h"
#include "source/io.h"
#include "source/start.h"

/* What programs that were built with _FORTIFY_SOURCE call. */
ssize_t __recv_chk(int fd, void *buf, size_t len, size_t size, int flags);
ssize_t __recvfrom_chk(int fd, void *buf, size_t len, size_t room, int flags, SMK_SOCKADDR address,
                       socklen_t *size);

/* Bytes that are only looked at, or that lie outside the stream. */
#define NOT_TAKEN(flags) ((flags) & (MSG_PEEK | MSG_OOB | MSG_ERRQUEUE))

SMK_EXPORT SMK_HOT ssize_t recv(int fd, void *buf, size_t len, int flags)
{
    if (SMK_UNLIKELY(NOT_TAKEN(flags))) {
        SMK_FD_CALL(ssize_t, recv, fd, (fd, buf, len, flags), (flags & MSG_DONTWAIT) != 0);
    }
    SMK_BYTES_CALL(recv, fd, (fd, buf, len, flags), (flags & MSG_DONTWAIT) != 0, read, buf, len);
}

SMK_EXPORT ssize_t __recv_chk(int fd, void *buf, size_t len, size_t size, int flags)
{
    if (SMK_UNLIKELY(NOT_TAKEN(flags))) {
        SMK_FD_CALL(ssize_t, __recv_chk, fd, (fd, buf, len, size, flags), (flags & MSG_DONTWAIT) != 0);
    }
    SMK_BYTES_CALL(__recv_chk, fd, (fd, buf, len, size, flags), (flags & MSG_DONTWAIT) != 0, read, buf, len);
}

SMK_EXPORT ssize_t recvfrom(int fd, void *buf, size_t len, int flags, SMK_SOCKADDR address,
                            socklen_t *size)
{
    if (SMK_UNLIKELY(NOT_TAKEN(flags))) {
        SMK_FD_CALL(ssize_t, recvfrom, fd, (fd, buf, len, flags, address, size), (flags & MSG_DONTWAIT) != 0);
    }
    SMK_BYTES_CALL(recvfrom, fd, (fd, buf, len, flags, address, size), (flags & MSG_DONTWAIT) != 0, read, buf, len);
}

SMK_EXPORT ssize_t __recvfrom_chk(int fd, void *buf, size_t len, size_t room, int flags,
                                  SMK_SOCKADDR address, socklen_t *size)
{
    if (SMK_UNLIKELY(NOT_TAKEN(flags))) {
        SMK_FD_CALL(ssize_t, __recvfrom_chk, fd, (fd, buf, len, room, flags, address, size),
                    (flags & MSG_DONTWAIT) != 0);
    }
    SMK_BYTES_CALL(__recvfrom_chk, fd, (fd, buf, len, room, flags, address, size),
                   (flags & MSG_DONTWAIT) != 0, read, buf, len);
}

SMK_EXPORT ssize_t recvmsg(int fd, struct msghdr *message, int flags)
{
    if (SMK_UNLIKELY(NOT_TAKEN(flags))) {
        SMK_FD_CALL(ssize_t, recvmsg, fd, (fd, message, flags), (flags & MSG_DONTWAIT) != 0);
    }
    SMK_PIECES_CALL(recvmsg, fd, (fd, message, flags),
                    (flags & MSG_DONTWAIT) != 0, read, message->msg_iov, message->msg_iovlen);
}

SMK_EXPORT int recvmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags,
                        struct timespec *ts)
{
    SMK_FD_CALL(int, recvmmsg, fd, (fd, messages, count, flags, ts), (flags & MSG_DONTWAIT) != 0);
}

SMK_EXPORT SMK_HOT ssize_t send(int fd, const void *buf, size_t len, int flags)
{
    SMK_BYTES_CALL(send, fd, (fd, buf, len, flags), (flags & MSG_DONTWAIT) != 0, write, buf, len);
}

SMK_EXPORT ssize_t sendto(int fd, const void *buf, size_t len, int flags,
                          SMK_CONST_SOCKADDR address, socklen_t size)
{
    SMK_BYTES_CALL(sendto, fd, (fd, buf, len, flags, address, size), (flags & MSG_DONTWAIT) != 0, write, buf, len);
}

SMK_EXPORT SMK_HOT ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    SMK_PIECES_CALL(sendmsg, fd, (fd, message, flags),
                    (flags & MSG_DONTWAIT) != 0, write, message->msg_iov, message->msg_iovlen);
}

SMK_EXPORT int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
    SMK_FD_CALL(int, sendmmsg, fd, (fd, messages, count, flags), (flags & MSG_DONTWAIT) != 0);
}

#define ACCEPT(name, fd, args, never_waits)                                                        \
    smk_start_check(SMK_START_AT_WAIT);                                                            \
    if (!smk_gate_open(SMK_CAT_IO))                                                                \
        return SMK_REAL(name) args;                                                                \
    struct smk_io io;                                                                              \
    smk_io_begin(&io, SMK_CALL_##name, (fd), SMK_CALLER);                                          \
    int result = SMK_REAL(name) args;                                                              \
    smk_io_end_accept(&io, result, (never_waits));                                                 \
    return result

/* ---- connections ---------------------------------------------------------------------------------------- */

/* From then on the socket has a peer, and so another name. */

SMK_EXPORT int connect(int fd, SMK_CONST_SOCKADDR address, socklen_t size)
{
    smk_fd_forget(fd);
    if (!smk_gate_open(SMK_CAT_IO)) {
        smk_asked_anew(fd);
        return SMK_REAL(connect)(fd, address, size);
    }
    struct smk_io io;
    smk_io_begin(&io, SMK_CALL_connect, fd, SMK_CALLER);
    smk_asked_anew(fd);
    int result = SMK_REAL(connect)(fd, address, size);
    smk_io_end(&io, result, false);
    if (result == -1 && errno == EINPROGRESS)
        smk_asked_wrote(&io.seen, fd, io.seen.since);
    return result;
}

SMK_EXPORT int accept(int fd, SMK_SOCKADDR address, socklen_t *len)
{
    ACCEPT(accept, fd, (fd, address, len), false);
}

/* The agent's libevent accepts on a socket of ours: what it gets is ours too, and moved before it is used. */
SMK_EXPORT int accept4(int fd, SMK_SOCKADDR address, socklen_t *len, int flags)
{
    if (SMK_UNLIKELY(smk_tls.quiet && smk_fd_is_ours(fd)))
        return smk_fd_keep(SMK_REAL(accept4)(fd, address, len, flags));
    ACCEPT(accept4, fd, (fd, address, len, flags), (flags & SOCK_NONBLOCK) != 0);
}
