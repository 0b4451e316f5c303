/* shaky: a malloc that fails, preloaded behind ours. Counted are the calls of the first thread, from the program's
 * beginning on: the one of the number SHAKY fails, or with SHAKY_STAYS that one and all behind it. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define OURS __attribute__((visibility("default")))

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *block, size_t size);

OURS void shaky_begins(void);
OURS unsigned shaky_calls(void);

static unsigned at, stays, calls;
static int begun;

void shaky_begins(void)
{
    const char *text = getenv("SHAKY");
    at = text ? (unsigned)atoi(text) : 0;
    stays = getenv("SHAKY_STAYS") != NULL;
    calls = 0;
    begun = (int)syscall(SYS_gettid);
}

unsigned shaky_calls(void) { return calls; }

static int fails(void)
{
    if (!begun || begun != (int)syscall(SYS_gettid))
        return 0;
    unsigned number = ++calls;
    if (at && (number == at || (stays && number > at))) {
        errno = ENOMEM;
        return 1;
    }
    return 0;
}

OURS void *malloc(size_t size) { return fails() ? NULL : __libc_malloc(size); }
OURS void *calloc(size_t count, size_t size) { return fails() ? NULL : __libc_calloc(count, size); }
OURS void *realloc(void *block, size_t size) { return fails() ? NULL : __libc_realloc(block, size); }
