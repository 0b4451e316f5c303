/* crowd COUNT: so many threads that live at once, each of which takes a lock once a line on stdin came. How many there
 * are is said on stderr. It ends with its stdin. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
static int go;
static long turns;

static void *wait_and_count(void *arg)
{
    pthread_mutex_lock(&lock);
    while (!go)
        pthread_cond_wait(&cond, &lock);
    turns++;
    pthread_mutex_unlock(&lock);
    return arg;
}

int main(int argc, char **argv)
{
    int count = argc > 1 ? atoi(argv[1]) : 10000, made = 0;
    pthread_t *threads = calloc((size_t)count, sizeof *threads);
    pthread_attr_t attr;
    char byte;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 65536);
    while (made < count && pthread_create(&threads[made], &attr, wait_and_count, NULL) == 0)
        made++;
    fprintf(stderr, "%d\n", made);
    if (read(0, &byte, 1) != 1)
        return 1;
    pthread_mutex_lock(&lock);
    go = 1;
    pthread_cond_broadcast(&cond);
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < made; i++)
        pthread_join(threads[i], NULL);
    while (read(0, &byte, 1) > 0)
        ;
    printf("%ld of %d\n", turns, made);
    return 0;
}
