/* Threads that take turns at a lock and never wait long for it; exits with the number that it was given. */
#include <pthread.h>
#include <stdlib.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int count;

static void *work(void *arg)
{
    for (int i = 0; i < 1000; i++) {
        pthread_mutex_lock(&lock);
        count++;
        pthread_mutex_unlock(&lock);
    }
    return arg;
}

int main(int argc, char **argv)
{
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        if (pthread_create(&threads[i], NULL, work, NULL) != 0)
            return 99;
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    return count == 2000 && argc == 2 ? atoi(argv[1]) : 98;
}
