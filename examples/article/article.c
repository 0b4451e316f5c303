/* Eleven threads and one lock that each holds for 100 ms. It knows nothing of stallmark:
 *
 *     stallmark record -o article.stall -- ./article && stallmark report article.stall
 *
 * Ten of the eleven wait: the first for 100 ms, the last for a second. With --healthy each does what takes 100 ms
 * before it takes the lock, and nobody waits.
 */
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 11, HELD_US = 100000 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool healthy;

__attribute__((noinline)) static void hold_the_lock(void)
{
    if (healthy)
        usleep(HELD_US);
    pthread_mutex_lock(&lock);
    if (!healthy)
        usleep(HELD_US);
    pthread_mutex_unlock(&lock);
}

static void *thread_main(void *arg)
{
    hold_the_lock();
    return arg;
}

int main(int argc, char **argv)
{
    healthy = argc > 1 && strcmp(argv[1], "--healthy") == 0;
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, thread_main, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
