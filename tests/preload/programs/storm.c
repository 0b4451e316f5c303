/* storm [COUNT]: so many threads, four at a time, each of which takes a lock. On stderr: the KiB of memory in use
 * after a quarter of them, and at the end. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long turns;

static void *turn(void *arg)
{
    pthread_mutex_lock(&lock);
    turns++;
    pthread_mutex_unlock(&lock);
    return arg;
}

static long kib(void)
{
    long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%ld %ld", &pages, &resident) != 2)
        return 0;
    fclose(file);
    return resident * 4;
}

int main(int argc, char **argv)
{
    int count = argc > 1 ? atoi(argv[1]) : 10000;
    pthread_t threads[4];
    long early = 0;
    for (int i = 0; i < count; i++) {
        if (i == count / 4)
            early = kib();
        if (i >= 4)
            pthread_join(threads[i % 4], NULL);
        if (pthread_create(&threads[i % 4], NULL, turn, NULL) != 0)
            return 1;
    }
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    fprintf(stderr, "%ld %ld\n", early, kib());
    printf("%ld turns\n", turns);
    return 0;
}
