#define _GNU_SOURCE
#include "unix_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/errors.h"
#include "base/places.h"
#include "base/sys.h"
#include "core/fds.h"

/* ---- whose socket lies there -------------------------------------------------------------------------- */

/* True when nobody listens there any more: its process is dead. */
static bool is_stale(const struct sockaddr_un *address)
{
    int fd = smk_sys_socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK);
    if (fd < 0)
        return false;
    int rc = smk_sys_connect(fd, (const struct sockaddr *)address, sizeof(*address));
    smk_sys_close(fd);
    return rc == -ECONNREFUSED;
}

/* Only a socket is ever replaced: not a file that somebody named by mistake. */
static void remove_stale(const struct sockaddr_un *address)
{
    struct stat st;
    if (smk_sys_statat(AT_FDCWD, address->sun_path, &st) == 0 && S_ISSOCK(st.st_mode) &&
        is_stale(address))
        smk_sys_unlinkat(AT_FDCWD, address->sun_path);
}

/* ---- opening -------------------------------------------------------------------------------------------- */

/* 0 or -errno. */
static int bind_and_listen(int fd, const char *path, int backlog)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    int rc = smk_sys_bind(fd, (const struct sockaddr *)&address, sizeof(address));
    if (rc == -EADDRINUSE) {
        remove_stale(&address);
        rc = smk_sys_bind(fd, (const struct sockaddr *)&address, sizeof(address));
    }
    return rc < 0 ? rc : smk_sys_listen(fd, backlog);
}

/* 0 or -errno. */
static int open_at(struct smk_unix_socket *sock, const char *path, int backlog)
{
    struct stat st;
    int fd = smk_fd_keep(smk_sys_socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK));
    if (fd < 0)
        return fd;
    /* The file gets the mode that the socket has now: it is never open to others, whatever the umask is. */
    int rc = smk_sys_fchmod(fd, 0600);
    if (rc == 0)
        rc = bind_and_listen(fd, path, backlog);
    if (rc == 0)
        rc = smk_sys_statat(AT_FDCWD, path, &st);
    if (rc < 0) {
        smk_fd_close(fd);
        return rc;
    }
    sock->fd = fd;
    sock->device = st.st_dev;
    sock->inode = st.st_ino;
    snprintf(sock->path, sizeof(sock->path), "%s", path);
    return 0;
}

static int open_named(struct smk_unix_socket *sock, const char *path, int backlog)
{
    if (path[0] != '/' || strlen(path) >= SMK_UNIX_PATH)
        return smk_fail(SMK_E_INVALID,
                        "socket: '%s': allowed is an absolute path of at most %d bytes, or off",
                        path, SMK_UNIX_PATH - 1);
    int rc = open_at(sock, path, backlog);
    if (rc == -EADDRINUSE)
        return smk_fail(SMK_E_IO, "socket: %s: another process listens there, or it is no socket",
                        path);
    return rc < 0 ? smk_fail_errno(-rc, "socket: %s", path) : 0;
}

/* 0 or -errno. */
static int open_in(struct smk_unix_socket *sock, const char *place, int backlog)
{
    char path[SMK_UNIX_PATH];
    int directory = smk_place_open(place, geteuid(), true);
    if (directory < 0)
        return directory;
    snprintf(path, sizeof(path), "%s/%d.sock", place, smk_sys_getpid());
    int rc = open_at(sock, path, backlog);
    smk_sys_close(directory);
    return rc;
}

int smk_unix_socket_open(struct smk_unix_socket *sock, const char *path, int backlog)
{
    char place[SMK_PLACE_SIZE] = "none";
    int rc = -ENOENT;
    sock->fd = -1;
    sock->path[0] = '\0';
    if (path)
        return open_named(sock, path, backlog);
    for (unsigned n = 0; n < SMK_PLACES; n++) {
        if (!smk_place_of_sockets(n, geteuid(), getenv("XDG_RUNTIME_DIR"), place))
            continue;
        rc = open_in(sock, place, backlog);
        if (rc == 0)
            return 0;
    }
    return smk_fail_errno(-rc, "no directory for the unix socket; the last that was tried is %s",
                          place);
}

void smk_unix_socket_close(struct smk_unix_socket *sock)
{
    struct stat st;
    if (!sock->path[0])
        return;
    if (smk_sys_statat(AT_FDCWD, sock->path, &st) == 0 && st.st_dev == sock->device &&
        st.st_ino == sock->inode)
        smk_sys_unlinkat(AT_FDCWD, sock->path);
    smk_fd_close(sock->fd);
    sock->fd = -1;
    sock->path[0] = '\0';
}

/* ---- the other end -------------------------------------------------------------------------------------- */

bool smk_unix_peer(int fd, struct ucred *who)
{
    uint32_t size = sizeof(*who);
    *who = (struct ucred){.pid = -1, .uid = (uid_t)-1, .gid = (gid_t)-1};
    if (smk_sys_getsockopt(fd, SOL_SOCKET, SO_PEERCRED, who, &size) < 0)
        return false;
    return who->uid == 0 || who->uid == geteuid();
}
