/* watch.h: the crash box of a command that is about to be started (core/box.h): its file, and the process that holds
 * it when the command has ended.
 */
#ifndef SMK_TOOLS_WATCH_H
#define SMK_TOOLS_WATCH_H

#include "base/compiler.h"

/* Makes it for this process, which becomes the command. `output`: where the file goes, absolute; NULL: beside the
 * captures. 0, or SMK_EXIT_USAGE, said. */
int smk_watch_begin(const char *output);

#endif
