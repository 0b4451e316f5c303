/* A thousand buffers of a mebibyte, one after the other, each mapped, touched and given back: the kernel makes and
 * clears 256 pages for each. The healthy twin keeps one buffer for all.
 *
 *     ./alloc_churn [--healthy] [FILE]
 */
#include <malloc.h>
#include <sys/resource.h>

#include "../example.h"

enum { ROUNDS = 1000, BYTES = 1024 * 1024 };

static char *pooled;

static uint64_t system_ns(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (uint64_t)usage.ru_stime.tv_sec * 1000000000u + (uint64_t)usage.ru_stime.tv_usec * 1000u;
}

NOINLINE static char *get_buffer(void)
{
    char *buffer = pooled ? pooled : malloc(BYTES);
    if (!buffer)
        exit(1);
    return buffer;
}

NOINLINE static void give_back(char *buffer, bool keep)
{
    pooled = keep ? buffer : NULL;
    if (!keep)
        free(buffer);
}

NOINLINE static unsigned render(bool healthy, int round)
{
    char *buffer = get_buffer();
    memset(buffer, round, BYTES);
    unsigned sum = (unsigned char)buffer[BYTES - 1];
    give_back(buffer, healthy);
    return sum;
}

int main(int argc, char **argv)
{
    mallopt(M_MMAP_THRESHOLD, 128 * 1024); /* as in many a service's settings: then it never grows */
    bool healthy = example_begin(argc, argv);
    uint64_t since = system_ns();
    unsigned sum = 0;
    for (int i = 0; i < ROUNDS; i++)
        sum += render(healthy, i);
    uint64_t measured = system_ns() - since;
    free(pooled);
    return sum ? example_end(measured) : 1;
}
