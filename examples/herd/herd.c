/* Eight workers and one job at a time, and each time all of them are woken: one works, seven look and wait again. In
 * the healthy twin one is woken.
 *
 *     ./herd [--healthy] [FILE]
 */
#include <pthread.h>
#include <unistd.h>

#include "../example.h"

enum { WORKERS = 8, JOBS = 200 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t more = PTHREAD_COND_INITIALIZER;
static unsigned jobs, taken;
static bool end;
static uint64_t woken_at, measured;

NOINLINE static void take_job(void)
{
    uint64_t woken_by = 0;
    while (jobs == 0 && !end) {
        if (woken_by)
            measured += now_ns() - woken_by;
        pthread_cond_wait(&more, &lock);
        woken_by = woken_at;
    }
    if (jobs > 0) {
        jobs--;
        taken++;
    }
}

static void *worker(void *arg)
{
    smk_thread_name("worker");
    pthread_mutex_lock(&lock);
    while (!end) {
        take_job();
        pthread_mutex_unlock(&lock);
        work_ns(300000);
        pthread_mutex_lock(&lock);
    }
    pthread_mutex_unlock(&lock);
    return arg;
}

NOINLINE static void give_job(bool all)
{
    pthread_mutex_lock(&lock);
    jobs++;
    woken_at = now_ns();
    if (all)
        pthread_cond_broadcast(&more);
    else
        pthread_cond_signal(&more);
    pthread_mutex_unlock(&lock);
}

int main(int argc, char **argv)
{
    bool healthy = example_begin(argc, argv);
    pthread_t threads[WORKERS];
    for (int i = 0; i < WORKERS; i++)
        pthread_create(&threads[i], NULL, worker, NULL);
    for (int i = 0; i < JOBS; i++) {
        usleep(3000);
        give_job(!healthy);
    }
    usleep(10000);
    pthread_mutex_lock(&lock);
    end = true;
    pthread_cond_broadcast(&more);
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < WORKERS; i++)
        pthread_join(threads[i], NULL);
    return taken ? example_end(measured) : 1;
}
