#define _GNU_SOURCE
#include "family_wire.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/sys.h"
#include "core/fds.h"

#define PREFIX  "stallmark-"
#define BACKLOG 16

/* ---- names ------------------------------------------------------------------------------------------------ */

/* An abstract name: no file, so no directory that one may write to is needed, and nothing is left behind. */
static size_t put_address(struct sockaddr_un *address, const uint8_t name[SMK_FAMILY_NAME])
{
    static const char digits[] = "0123456789abcdef";
    size_t at = 1 + strlen(PREFIX);
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path + 1, PREFIX, strlen(PREFIX));
    for (unsigned i = 0; i < SMK_FAMILY_NAME; i++) {
        address->sun_path[at++] = digits[name[i] >> 4];
        address->sun_path[at++] = digits[name[i] & 15];
    }
    return offsetof(struct sockaddr_un, sun_path) + at;
}

static int new_socket(void) { return smk_sys_socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK); }

int smk_wire_listen(uint8_t name[SMK_FAMILY_NAME])
{
    struct sockaddr_un address;
    int rc = smk_sys_random(name, SMK_FAMILY_NAME);
    int fd = rc < 0 ? rc : smk_fd_keep(new_socket());
    if (fd < 0)
        return fd;
    size_t size = put_address(&address, name);
    rc = smk_sys_bind(fd, (const struct sockaddr *)&address, size);
    if (rc == 0)
        rc = smk_sys_listen(fd, BACKLOG);
    if (rc == 0)
        return fd;
    smk_fd_close(fd);
    return rc;
}

int smk_wire_accept(int listener)
{
    int fd = smk_sys_accept(listener, NULL, NULL);
    return smk_fd_keep(fd);
}

int smk_wire_connect(const uint8_t name[SMK_FAMILY_NAME])
{
    struct sockaddr_un address;
    int fd = smk_fd_keep(new_socket());
    if (fd < 0)
        return fd;
    size_t size = put_address(&address, name);
    int rc = smk_sys_connect(fd, (const struct sockaddr *)&address, size);
    if (rc == 0)
        return fd;
    smk_fd_close(fd);
    return rc;
}

bool smk_wire_nobody_listens(const uint8_t name[SMK_FAMILY_NAME])
{
    int fd = smk_wire_connect(name);
    smk_fd_close(fd);
    return fd == -ECONNREFUSED;
}

bool smk_wire_is_listener(int fd)
{
    int listens = 0, domain = 0;
    uint32_t size = sizeof listens;
    bool known = smk_sys_getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0;
    size = sizeof domain;
    return known && listens && smk_sys_getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_INET;
}

pid_t smk_wire_peer(int fd, uid_t *uid)
{
    struct ucred who = {.pid = -1, .uid = (uid_t)-1};
    uint32_t size = sizeof who;
    if (smk_sys_getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) < 0)
        who.pid = -1;
    *uid = who.uid;
    return who.pid;
}

/* ---- messages --------------------------------------------------------------------------------------------- */

static bool is_whole(const struct smk_wire_message *message, size_t got)
{
    static const size_t sizes[] = {[SMK_WIRE_BEGIN] = sizeof(struct smk_wire_begin),
                                   [SMK_WIRE_ANSWER] = sizeof(struct smk_wire_answer),
                                   [SMK_WIRE_STOP] = 0,
                                   [SMK_WIRE_MATCHED] = sizeof(struct smk_wire_matched),
                                   [SMK_WIRE_ASK] = sizeof(struct smk_wire_ask),
                                   [SMK_WIRE_SAID] = sizeof(struct smk_wire_said),
                                   [SMK_WIRE_END] = sizeof(struct smk_wire_end)};
    if (got < SMK_WIRE_HEAD || message->len != got - SMK_WIRE_HEAD)
        return false;
    if (message->kind == SMK_WIRE_CHUNKS)
        return message->len > 0;
    if (message->kind == SMK_WIRE_RULES)
        return message->len >= offsetof(struct smk_wire_rules, text);
    return message->kind >= SMK_WIRE_BEGIN && message->kind <= SMK_WIRE_END && message->len == sizes[message->kind];
}

int smk_wire_receive(int fd, struct smk_wire_message *message)
{
    ssize_t got = smk_sys_recv(fd, message, sizeof *message, MSG_TRUNC | MSG_DONTWAIT);
    if (got == 0 || got == -ECONNRESET)
        return -EPIPE;
    if (got < 0)
        return got == -EINTR ? -EAGAIN : (int)got;
    return (size_t)got <= sizeof *message && is_whole(message, (size_t)got) ? (int)message->len : -EPROTO;
}

int smk_wire_send(int fd, uint32_t kind, const void *data, size_t len)
{
    struct smk_wire_message message;
    message.kind = kind;
    message.len = (uint32_t)len;
    if (len > 0)
        memcpy(&message.is, data, len);
    ssize_t sent = smk_sys_send(fd, &message, SMK_WIRE_HEAD + len, MSG_DONTWAIT);
    return sent < 0 ? (int)sent : 0;
}

int smk_wire_send_wait(int fd, uint32_t kind, const void *data, size_t len, uint64_t ns)
{
    uint64_t until = smk_sys_clock(CLOCK_MONOTONIC) + ns;
    int rc = smk_wire_send(fd, kind, data, len);
    while (rc == -EAGAIN || rc == -EINTR) {
        struct pollfd room = {.fd = fd, .events = POLLOUT};
        uint64_t now = smk_sys_clock(CLOCK_MONOTONIC);
        if (now >= until)
            return -ETIMEDOUT;
        smk_sys_poll(&room, 1, (int)((until - now) / 1000000) + 1);
        rc = smk_wire_send(fd, kind, data, len);
    }
    return rc;
}
