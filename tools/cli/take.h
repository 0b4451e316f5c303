/* take.h: a capture of a running program, taken and brought home: for `capture` and `view`. */
#ifndef SMK_TOOLS_TAKE_H
#define SMK_TOOLS_TAKE_H

#include "fetch.h"

struct smk_take {
    const char *duration, *output, *categories, *max_bytes, *name, *token_file; /* NULL: not said */
    bool tree;   /* with a pid: its whole family */
    bool dryrun; /* nothing is kept: what it would be is printed */
};

/* TARGET as in target.h; the URL of a capture that is there (http://…/debug/traces/ID) is that capture. 0: its file is
 * `path`, or "" of a dry run; else SMK_EXIT_USAGE, said. Ctrl-C ends it early and keeps what there is. */
int smk_take_capture(const struct smk_take *take, const char *target, char path[PATH_MAX]);

#endif
