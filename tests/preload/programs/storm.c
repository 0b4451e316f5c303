/* storm [COUNT]: so many threads, four at a time, each of which takes a lock. */
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

int main(int argc, char **argv)
{
    int count = argc > 1 ? atoi(argv[1]) : 10000;
    pthread_t threads[4];
    for (int i = 0; i < count; i++) {
        if (i >= 4)
            pthread_join(threads[i % 4], NULL);
        if (pthread_create(&threads[i % 4], NULL, turn, NULL) != 0)
            return 1;
    }
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    printf("%ld turns\n", turns);
    return 0;
}
