/* slow_alloc.c: an allocator that is libc's, but stops whoever asks for 10 times 777 bytes for 5 ms. */
#define _GNU_SOURCE
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

void *__libc_calloc(size_t count, size_t size);
__attribute__((visibility("default"))) void *calloc(size_t count, size_t size);

void *calloc(size_t count, size_t size)
{
    struct timespec ts = {0, 5000000};
    if (count == 10 && size == 777)
        syscall(SYS_nanosleep, &ts, NULL);
    return __libc_calloc(count, size);
}
