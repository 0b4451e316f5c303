/* malloc_held: a program whose allocator stops: from the line "held" on stdout to the next line on stdin every
 * malloc, calloc, realloc and free waits, whichever thread calls it. Before that it waits for stdin too. */
#define _GNU_SOURCE
#include <poll.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define OURS __attribute__((visibility("default"))) /* also for libc and what it loads */

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *data, size_t size);
extern void __libc_free(void *data);

static int held; /* atomic */

static void wait_here(void)
{
    while (__atomic_load_n(&held, __ATOMIC_ACQUIRE))
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

OURS void *malloc(size_t size)
{
    wait_here();
    return __libc_malloc(size);
}

OURS void *calloc(size_t count, size_t size)
{
    wait_here();
    return __libc_calloc(count, size);
}

OURS void *realloc(void *data, size_t size)
{
    wait_here();
    return __libc_realloc(data, size);
}

OURS void free(void *data)
{
    wait_here();
    __libc_free(data);
}

static void wait_for_line(void)
{
    char byte;
    struct pollfd in = {.fd = 0, .events = POLLIN};
    while (poll(&in, 1, -1) > 0 && read(0, &byte, 1) == 1 && byte != '\n')
        ;
}

int main(void)
{
    wait_for_line();
    __atomic_store_n(&held, 1, __ATOMIC_RELEASE);
    if (write(1, "held\n", 5) != 5)
        return 1;
    wait_for_line();
    __atomic_store_n(&held, 0, __ATOMIC_RELEASE);
    return 0;
}
