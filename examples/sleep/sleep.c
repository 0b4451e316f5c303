/* A request that needs what another thread makes looks every 10 ms whether it is there. In the healthy twin it is
 * woken when it is.
 *
 *     ./sleep [--healthy] [FILE]
 */
#include <pthread.h>
#include <unistd.h>

#include "../example.h"

enum { REQUESTS = 20, MADE_IN_NS = 3000000 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t wanted_more = PTHREAD_COND_INITIALIZER, made_more = PTHREAD_COND_INITIALIZER;
static int wanted, made;
static uint64_t measured;

static void *maker(void *arg)
{
    smk_thread_name("maker");
    for (int i = 0; i < REQUESTS; i++) {
        pthread_mutex_lock(&lock);
        while (wanted <= made)
            pthread_cond_wait(&wanted_more, &lock);
        pthread_mutex_unlock(&lock);
        work_ns(MADE_IN_NS);
        pthread_mutex_lock(&lock);
        made++;
        pthread_cond_signal(&made_more);
        pthread_mutex_unlock(&lock);
    }
    return arg;
}

static bool is_made(int number)
{
    pthread_mutex_lock(&lock);
    bool is = made > number;
    pthread_mutex_unlock(&lock);
    return is;
}

NOINLINE static void look_again_and_again(int number)
{
    while (!is_made(number)) {
        uint64_t since = now_ns();
        usleep(10000);
        measured += now_ns() - since;
    }
}

NOINLINE static void wait_until_made(int number)
{
    pthread_mutex_lock(&lock);
    while (made <= number)
        pthread_cond_wait(&made_more, &lock);
    pthread_mutex_unlock(&lock);
}

NOINLINE static void answer(int number, bool healthy)
{
    SMK_REQUEST(request, "GET /report");
    pthread_mutex_lock(&lock);
    wanted++;
    pthread_cond_signal(&wanted_more);
    pthread_mutex_unlock(&lock);
    if (healthy)
        wait_until_made(number);
    else
        look_again_and_again(number);
    smk_request_status(request, 200);
}

int main(int argc, char **argv)
{
    bool healthy = example_begin(argc, argv);
    pthread_t thread;
    pthread_create(&thread, NULL, maker, NULL);
    for (int i = 0; i < REQUESTS; i++)
        answer(i, healthy);
    pthread_join(thread, NULL);
    return example_end(measured);
}
