/* listen.h: which address `stallmark run` gives the program's HTTP front.
 *
 * The agent binds it itself, later and in another program, which has no way to say that it could not.
 * So the address is tried here first, and the one that was free is what the program gets and what is
 * printed. Somebody else may take it in between; the agent then looks on (listen_next).
 */
#ifndef SMK_TOOLS_LISTEN_H
#define SMK_TOOLS_LISTEN_H

#include "base/compiler.h"

#define SMK_LISTEN_DEFAULT "127.0.0.1:6060"
#define SMK_LISTEN_ALLOWED                                                                         \
    "an IPv4 address and a port, as 127.0.0.1:6060 or 127.0.0.1:0, or none"

enum { SMK_LISTEN_SIZE = 80, SMK_LISTEN_TRIES = 20 };

struct smk_listen {
    char address[SMK_LISTEN_SIZE]; /* with the port that is free; "": no TCP front */
    bool loopback;
};

/* `wanted` NULL: the default, and where its port is taken one of the SMK_LISTEN_TRIES after it. Else
 * this very address; port 0: a free one. 0, or SMK_EXIT_USAGE, said. */
int smk_listen_choose(const char *wanted, struct smk_listen *listen);

#endif
