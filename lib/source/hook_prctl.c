/* hook_prctl.c: two of the things that prctl does concern us: a thread's name, and a system-call filter that
 * the host sets on itself while we work. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <sys/prctl.h>

#include "source/hook_thread.h"
#include "source/probe.h"
#include "source/resolve.h"

/* The name as the kernel cut it. */
static SMK_COLD void named(const char *name)
{
    char kept[16] = {0};
    for (int i = 0; i < 15 && name[i]; i++)
        kept[i] = name[i];
    smk_hook_thread_named(kept);
}

/* All four arguments go on, given or not, as through libc's own. */
SMK_EXPORT int prctl(int option, ...)
{
    long a[4];
    va_list args;
    va_start(args, option);
    for (int i = 0; i < 4; i++)
        a[i] = va_arg(args, long);
    va_end(args);
    int rc = SMK_REAL(prctl)(option, a[0], a[1], a[2], a[3]);
    if (option == PR_SET_NAME && rc == 0)
        named((const char *)a[0]);
    else if (option == PR_SET_SECCOMP && rc == 0)
        smk_probe_filter_set();
    return rc;
}
