/* places.h: where processes meet: the agent's unix socket, which tools look for.
 *
 * The socket of process PID is <directory>/<pid>.sock in the first of
 *
 *     $XDG_RUNTIME_DIR/stallmark   /run/stallmark   /tmp/stallmark-<uid>
 *
 * that can be had: a directory of this uid, mode 0700, not a symbolic link. Tools look in the same
 * places below /proc/<pid>/root, so that a process in a container is found; pid is then the one that
 * the process has in its own namespace (NSpid in /proc/<pid>/status).
 */
#ifndef SMK_BASE_PLACES_H
#define SMK_BASE_PLACES_H

#include <sys/types.h>

#include "base/compiler.h"

#define SMK_PLACES     3
#define SMK_PLACE_SIZE 94 /* so that <directory>/<pid>.sock and its NUL fit into sun_path */

/* The n-th directory, 0 to SMK_PLACES - 1, for a process of this uid whose XDG_RUNTIME_DIR is
 * `runtime_dir` (NULL: not set). False where there is no such place, or its path is too long. */
bool smk_place_of_sockets(unsigned n, uid_t uid, const char *runtime_dir, char path[SMK_PLACE_SIZE]);

/* Opens the directory with O_PATH, made if it is missing, and checks that it is a real directory of
 * this uid (or root's own) that nobody else may enter. A descriptor or -errno. */
int smk_place_open(const char *path, uid_t uid, bool make);

#endif
