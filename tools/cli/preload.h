/* preload.h: a command line started with libstallmark-preload.so in it, for `run` and `record`.
 *
 * The command takes the place of `stallmark` (exec): same pid, same signals, same exit code. So all
 * that can go wrong is found out before.
 */
#ifndef SMK_TOOLS_PRELOAD_H
#define SMK_TOOLS_PRELOAD_H

#include <limits.h>

#include "base/compiler.h"

struct smk_preload {
    char library[PATH_MAX]; /* libstallmark-preload.so */
    char program[PATH_MAX]; /* the file to execute */
    char **argv;
    char name[256]; /* of a script's interpreter */
    bool shell_script;
};

/* The library beside this binary; false: it is not there, and nothing is said. */
bool smk_preload_find(char library[PATH_MAX]);

/* Finds the library beside this binary and the program, and checks that the one will be loaded into
 * the other. 0, or SMK_EXIT_USAGE, said. */
int smk_preload_prepare(struct smk_preload *preload, char **argv);

/* Sets LD_PRELOAD, in front of what the user has there already, and becomes the program. Returns only
 * when that failed: SMK_EXIT_USAGE, said. */
int smk_preload_exec(const struct smk_preload *preload);

/* Sets STALLMARK_<NAME>, which the agent reads. */
void smk_preload_set(const char *name, const char *value);

#endif
