/* Knows nothing of stallmark: two threads that fight for a lock, until stdin ends; then exit code 7. With
 * arguments it becomes that command. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t contended = PTHREAD_MUTEX_INITIALIZER;
static atomic_bool stopping;

__attribute__((noinline)) static void hold_it(void)
{
    pthread_mutex_lock(&contended);
    nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    pthread_mutex_unlock(&contended);
}

static void *fight(void *arg)
{
    while (!atomic_load(&stopping)) {
        hold_it();
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL); /* a turn for the other */
    }
    return arg;
}

int main(int argc, char **argv)
{
    pthread_t threads[2];
    if (argc > 1)
        return execv(argv[1], argv + 1);
    for (int i = 0; i < 2; i++)
        if (pthread_create(&threads[i], NULL, fight, NULL) != 0)
            return 1;
    puts("fighting");
    fflush(stdout);
    while (getchar() != EOF)
        ;
    atomic_store(&stopping, 1);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    puts("over");
    return 7;
}
