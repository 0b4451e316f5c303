/* examples/article with a clock of its own: prints how long each thread waited for the lock, ns, a line
 * each. The time is taken right around the call, so it is what a trace should say, and a little more. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 11, HELD_US = 100000 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t waited[THREADS];

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

__attribute__((noinline)) static void hold_the_lock(uint64_t *ns)
{
    uint64_t begin = now_ns();
    pthread_mutex_lock(&lock);
    *ns = now_ns() - begin;
    usleep(HELD_US);
    pthread_mutex_unlock(&lock);
}

static void *thread_main(void *arg)
{
    hold_the_lock(arg);
    return NULL;
}

int main(void)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, thread_main, &waited[i]);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < THREADS; i++)
        printf("%llu\n", (unsigned long long)waited[i]);
    return 0;
}
