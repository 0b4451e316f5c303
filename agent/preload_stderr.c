/* preload_stderr.c: the `stderr` of the archives in the preload.
 *
 * Debian builds libevent.a for executables: its code reaches libc's `stderr` in a way that a shared object
 * cannot offer. So it gets one of its own, which takes all and gives it to nobody: nothing of ours may print
 * in somebody else's process anyway.
 */
#define _GNU_SOURCE
#include "preload_stderr.h"

#include <stdio.h>
#include <sys/types.h>

extern FILE *smk_archives_stderr __asm__("stderr") __attribute__((visibility("hidden")));
FILE *smk_archives_stderr;

static ssize_t swallow(void *cookie, const char *text, size_t size)
{
    (void)cookie;
    (void)text;
    return (ssize_t)size;
}

void smk_preload_make_stderr(void)
{
    if (!smk_archives_stderr)
        smk_archives_stderr = fopencookie(NULL, "w", (cookie_io_functions_t){.write = swallow});
}
