/* Six threads that each need one lock for a third of a millisecond, over and over: they stand in line for it. In the
 * healthy twin they do the same without it, and take it for the sum alone.
 *
 *     ./convoy [--healthy] [FILE]
 */
#include <pthread.h>
#include <unistd.h>

#include "../example.h"

enum { THREADS = 6, ROUNDS = 100, HELD_US = 300 };

static pthread_mutex_t journal_lock = PTHREAD_MUTEX_INITIALIZER;
static bool without;
static unsigned sum;
static uint64_t measured;

NOINLINE static void write_journal(void)
{
    if (without)
        usleep(HELD_US);
    uint64_t since = now_ns();
    pthread_mutex_lock(&journal_lock);
    measured += now_ns() - since;
    if (!without)
        usleep(HELD_US);
    sum++;
    pthread_mutex_unlock(&journal_lock);
}

static void *writer(void *arg)
{
    smk_thread_name("writer");
    for (int i = 0; i < ROUNDS; i++) {
        write_journal();
        usleep(100);
    }
    return arg;
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS];
    without = example_begin(argc, argv);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, writer, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    return example_end(measured);
}
