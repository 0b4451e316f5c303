/* sys_pass.c: a descriptor that another process passes on. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "base/sys.h"
#include "base/sys_enter.h"

int smk_sys_recv_fd(int fd)
{
    char byte;
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec part = {&byte, 1};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    long got = enter3(SYS_recvmsg, fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (got < 0)
        return (int)got;
    const struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    int passed;
    if (!head || head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS ||
        head->cmsg_len != CMSG_LEN(sizeof passed))
        return -EPROTO;
    memcpy(&passed, CMSG_DATA(head), sizeof passed);
    return passed;
}
