/* A waits for B waits for C: the loader holds the table for a sleep of 20 ms; the builder holds the index while it
 * waits for the table; whoever looks something up waits for the index. In the healthy twin the loader has what it
 * needs before it takes the table, and the builder what it needs of the table before it takes the index.
 *
 *     ./chain [--healthy] [FILE]
 */
#include <pthread.h>
#include <unistd.h>

#include "../example.h"

enum { ROUNDS = 10, LOADING_US = 20000 };

static pthread_mutex_t table_lock = PTHREAD_MUTEX_INITIALIZER, index_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t loading, building, next;
static bool without;
static uint64_t measured;

NOINLINE static void load_table(void)
{
    if (without)
        usleep(LOADING_US);
    pthread_mutex_lock(&table_lock);
    pthread_barrier_wait(&loading);
    if (!without)
        usleep(LOADING_US);
    pthread_mutex_unlock(&table_lock);
}

NOINLINE static void read_table(void)
{
    pthread_mutex_lock(&table_lock);
    pthread_mutex_unlock(&table_lock);
}

NOINLINE static void build_index(void)
{
    pthread_barrier_wait(&loading);
    if (without)
        pthread_barrier_wait(&building);
    if (without)
        read_table();
    pthread_mutex_lock(&index_lock);
    if (!without) {
        pthread_barrier_wait(&building);
        read_table();
    }
    pthread_mutex_unlock(&index_lock);
}

NOINLINE static void look_up(void)
{
    pthread_barrier_wait(&building);
    uint64_t since = now_ns();
    pthread_mutex_lock(&index_lock);
    measured += now_ns() - since;
    pthread_mutex_unlock(&index_lock);
}

static void *loader(void *arg)
{
    smk_thread_name("loader");
    for (int i = 0; i < ROUNDS; i++, pthread_barrier_wait(&next))
        load_table();
    return arg;
}

static void *builder(void *arg)
{
    smk_thread_name("builder");
    for (int i = 0; i < ROUNDS; i++, pthread_barrier_wait(&next))
        build_index();
    return arg;
}

int main(int argc, char **argv)
{
    pthread_t threads[2];
    without = example_begin(argc, argv);
    pthread_barrier_init(&loading, NULL, 2);
    pthread_barrier_init(&building, NULL, 2);
    pthread_barrier_init(&next, NULL, 3);
    pthread_create(&threads[0], NULL, loader, NULL);
    pthread_create(&threads[1], NULL, builder, NULL);
    for (int i = 0; i < ROUNDS; i++, pthread_barrier_wait(&next))
        look_up();
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    return example_end(measured);
}
