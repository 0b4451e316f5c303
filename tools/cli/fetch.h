/* fetch.h: a capture that was just begun, brought home: waited for, downloaded, kept under its name.
 *
 * The file is written as <name>.<pid>.partial and renamed when it is whole. What can go wrong on this
 * side (no such directory, no permission) is found out before anything is armed. Ctrl-C ends the
 * capture and keeps what there is; a second one gives up.
 */
#ifndef SMK_TOOLS_FETCH_H
#define SMK_TOOLS_FETCH_H

#include <limits.h>

#include "client.h"

struct smk_fetch {
    char path[PATH_MAX]; /* the file; "": <id>.stall here, which must not be there yet */
    char partial[PATH_MAX + 32];
    int fd; /* -1: not open yet */
    bool replace;
};

/* `output` NULL: the name is the capture's id. 0, or SMK_EXIT_USAGE, said. */
int smk_fetch_prepare(struct smk_fetch *fetch, const char *output);

/* `reply` is the answer to the request that began the capture, which takes about `expected_ns`.
 * 0: fetch->path is there; else SMK_EXIT_USAGE, said. */
int smk_fetch_capture(struct smk_fetch *fetch, struct smk_client *client,
                      const struct smk_reply *reply, uint64_t expected_ns);

/* Removes what is not whole. After every smk_fetch_prepare. */
void smk_fetch_end(struct smk_fetch *fetch);

#endif
