/* listen.h: which address `stallmark run` gives the program's HTTP front.
 *
 * It is bound here, since the agent, later and in another program, has no way to say that it could not, and
 * handed on by its descriptor: nobody else can take the port that was printed.
 */
#ifndef SMK_TOOLS_LISTEN_H
#define SMK_TOOLS_LISTEN_H

#include "base/compiler.h"

#define SMK_LISTEN_DEFAULT "127.0.0.1:6060"
#define SMK_LISTEN_ALLOWED                                                                         \
    "an IPv4 address and a port, as 127.0.0.1:6060 or 127.0.0.1:0, or none"

enum { SMK_LISTEN_SIZE = 80, SMK_LISTEN_TRIES = 20 };

struct smk_listen {
    int fd; /* listens there, to be handed on; -1: none */
    char address[SMK_LISTEN_SIZE]; /* with the port that is free; "": no TCP front */
    bool loopback;
};

/* `wanted` NULL: the default, and where its port is taken one of the SMK_LISTEN_TRIES after it. Else
 * this very address; port 0: a free one. 0, or SMK_EXIT_USAGE, said. */
int smk_listen_choose(const char *wanted, struct smk_listen *listen);

#endif
