/* memory.c: what the allocator and memory are asked for, in functions whose names a trace must give.
 *
 *   memory blocks         large blocks by two functions, one of which gives them back
 *   memory pauses         allocations that take long, by an allocator of the program's own, without end
 *   memory epochs         two locks at one address, one after the other, contended in two functions
 *   memory faults FILE    pages of a file that are read in when they are touched
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NOINLINE __attribute__((noinline))
#define PAGE     4096

static void *volatile kept; /* so that no allocation is optimized away */

static void sleep_ms(long ms)
{
    struct timespec ts = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&ts, NULL);
}

/* ---- blocks ---------------------------------------------------------------------------------------------------- */

static NOINLINE void make_and_keep(void)
{
    kept = malloc(1 << 20);
    kept = calloc(3, 1 << 20);
}

static NOINLINE void make_and_drop(void)
{
    void *block;
    if (posix_memalign(&block, PAGE, 2 << 20) != 0)
        abort();
    memset(block, 1, 2 << 20);
    block = realloc(block, 4 << 20);
    sleep_ms(20);
    free(block);
}

static void blocks(void)
{
    kept = malloc(1000); /* of no interest */
    kept = malloc(65535);
    make_and_keep();
    for (int i = 0; i < 3; i++)
        make_and_drop();
}

/* ---- epochs ---------------------------------------------------------------------------------------------------- */

struct shop {
    char name[200];
    pthread_mutex_t lock;
};

static struct shop *shop;

static NOINLINE void visit_first(void)
{
    pthread_mutex_lock(&shop->lock);
    sleep_ms(5);
    pthread_mutex_unlock(&shop->lock);
}

static NOINLINE void visit_second(void)
{
    pthread_mutex_lock(&shop->lock);
    sleep_ms(15);
    pthread_mutex_unlock(&shop->lock);
}

static void *visitor(void *visit)
{
    for (int i = 0; i < 5; i++)
        ((void (*)(void))visit)();
    return NULL;
}

/* Nothing but the end of the block says that the lock ended: it is not destroyed. */
static uintptr_t contend(void (*visit)(void), uintptr_t wanted)
{
    pthread_t threads[3];
    void *others[64];
    int count = 0;
    shop = malloc(sizeof *shop);
    while (wanted && (uintptr_t)shop != wanted && count < 64) {
        others[count++] = shop;
        shop = malloc(sizeof *shop);
    }
    while (count > 0)
        free(others[--count]);
    memset(shop, 0, sizeof *shop);
    for (int i = 0; i < 3; i++)
        if (pthread_create(&threads[i], NULL, visitor, (void *)visit) != 0)
            abort();
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    uintptr_t address = (uintptr_t)shop;
    free(shop);
    return address;
}

static void epochs(void)
{
    uintptr_t first = contend(visit_first, 0), second = contend(visit_second, first);
    printf("%s\n", first == second ? "same" : "other");
}

/* ---- faults ---------------------------------------------------------------------------------------------------- */

static NOINLINE int touch(const volatile char *at, size_t bytes)
{
    int sum = 0;
    for (size_t i = 0; i < bytes; i += PAGE)
        sum += at[i];
    return sum;
}

static void faults(const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &st) != 0)
        abort();
    fdatasync(fd);
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    char *at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED)
        abort();
    madvise(at, (size_t)st.st_size, MADV_RANDOM); /* each page for itself */
    sleep_ms(300); /* this thread is known by then */
    printf("%d\n", touch(at, (size_t)st.st_size));
    sleep_ms(100);
}

/* ---- pauses ---------------------------------------------------------------------------------------------------- */

static NOINLINE void ask(void)
{
    kept = calloc(10, 777); /* slow_alloc.c sleeps at such */
    free(kept);
}

/* Until somebody kills it. */
static void pauses(void)
{
    for (;;) {
        ask();
        sleep_ms(5);
    }
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    if (strcmp(what, "blocks") == 0)
        blocks();
    else if (strcmp(what, "epochs") == 0)
        epochs();
    else if (strcmp(what, "pauses") == 0)
        pauses();
    else if (strcmp(what, "faults") == 0 && argc > 2)
        faults(argv[2]);
    else
        return 2;
    return 0;
}
