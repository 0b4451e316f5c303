/* browser.h: the user's browser, led to an address that is a secret. */
#ifndef SMK_TOOLS_BROWSER_H
#define SMK_TOOLS_BROWSER_H

#include <limits.h>

#include "cli.h"

struct smk_browser {
    char path[PATH_MAX]; /* of the file that leads there; "": none */
};

/* Opens `url` by xdg-open where there is a display. It is not on a command line, which every user of the machine can
 * read, but in a file of this user that the browser is given. False: there is no display, or no xdg-open. */
bool smk_browser_open(struct smk_browser *browser, const char *url);
/* Removes that file. */
void smk_browser_end(struct smk_browser *browser);

#endif
