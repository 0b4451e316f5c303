/* target.h: TARGET on a command line: which agent is meant.
 *
 *   4711                        a process: its unix socket, below /proc/4711/root, so that one in a
 *                               container is found
 *   /run/…/4711.sock            that unix socket
 *   http://127.0.0.1:6060       that address; a path behind it (/debug/…) is left away
 *
 * Sockets are connected to through a descriptor of their directory: the path of another process's root
 * would not fit into a socket address, and the directory is the one that was checked.
 */
#ifndef SMK_TOOLS_TARGET_H
#define SMK_TOOLS_TARGET_H

#include <sys/types.h>

#include "cli.h"

#define SMK_TARGET_ALLOWED                                                                         \
    "a pid, the path of a unix socket, or an URL as http://127.0.0.1:6060 (`stallmark ps` lists "  \
    "them)"

enum { SMK_TARGET_SIZE = 512 };

struct smk_target {
    char url[SMK_TARGET_SIZE];    /* without a slash at its end */
    char socket[SMK_TARGET_SIZE]; /* what to connect to, through `directory`; "": TCP */
    char name[SMK_TARGET_SIZE];   /* for messages: the URL, or the socket's path */
    int directory;                /* -1: none */
    pid_t pid;                    /* 0: not known */
};

/* smk_cli_parse() for a command whose operand is one TARGET, args->operand[0]. */
bool smk_target_parse(struct smk_cli_args *args, const struct smk_command *command,
                      const struct smk_cli_option *options, int argc, char **argv);

/* 0, or SMK_EXIT_USAGE, said; for a process without an agent with the line that starts it with one. */
int smk_target_find(struct smk_target *target, const char *text);

/* The agent of a process, without a word: 0, -ENOENT: it has none, or another -errno. */
int smk_target_of_process(struct smk_target *target, pid_t pid);

void smk_target_close(struct smk_target *target);

#endif
