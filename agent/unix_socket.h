/* unix_socket.h: the file behind the unix front: where it lies, who may have it, and who speaks through it. */
#ifndef SMK_AGENT_UNIX_SOCKET_H
#define SMK_AGENT_UNIX_SOCKET_H

#include <sys/types.h>

#include "base/compiler.h"

#define SMK_UNIX_PATH 108 /* of sockaddr_un */

struct ucred;

struct smk_unix_socket {
    int fd; /* listening, in the reserved range; -1: none */
    char path[SMK_UNIX_PATH];
    dev_t device; /* of the file, so that only our own is removed */
    ino_t inode;
};

/* Listens at `path`; NULL: at the first of the default places (base/places.h) that can be had. What a dead
 * process left there is replaced, a living one's socket is an error. 0, SMK_E_INVALID, SMK_E_IO. */
int smk_unix_socket_open(struct smk_unix_socket *socket, const char *path, int backlog);

/* Closes it, and removes the file if it is still ours. */
void smk_unix_socket_close(struct smk_unix_socket *socket);

/* Who is at the other end: true for this program's user and root. */
bool smk_unix_peer(int fd, struct ucred *who);

#endif
