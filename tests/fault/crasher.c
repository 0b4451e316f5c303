/* crasher FILE: four threads that sleep half a millisecond at a time, for as long as it takes that they are recorded;
 * then CLOCK_MONOTONIC in seconds into FILE, and SIGSEGV. */
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static volatile int *volatile nowhere;

enum { THREADS = 4, NAP_US = 500, LIFE_US = 700000 };

static void *nap(void *arg)
{
    for (;;)
        usleep(NAP_US);
    return arg;
}

int main(int argc, char **argv)
{
    struct timespec now;
    pthread_t thread;
    FILE *file = argc == 2 ? fopen(argv[1], "w") : NULL;
    if (!file)
        return 2;
    for (int i = 0; i < THREADS; i++)
        pthread_create(&thread, NULL, nap, NULL);
    usleep(LIFE_US);
    clock_gettime(CLOCK_MONOTONIC, &now);
    fprintf(file, "%lld.%09ld\n", (long long)now.tv_sec, now.tv_nsec);
    fflush(file);
    *nowhere = 0;
    return 0;
}
