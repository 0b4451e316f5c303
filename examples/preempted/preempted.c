/* A thread of low priority takes a lock and loses its CPU to one that computes: who needs the lock waits for both. In
 * the healthy twin it computes before it takes the lock.
 *
 *     ./preempted [--healthy] [FILE]
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../example.h"

enum { ROUNDS = 5, HELD_NS = 1000000 };

static pthread_mutex_t state_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t begun, next;
static atomic_bool done;
static bool without;
static uint64_t measured;

NOINLINE static void update_state(void)
{
    if (without) {
        pthread_barrier_wait(&begun);
        work_ns(HELD_NS);
    }
    pthread_mutex_lock(&state_lock);
    if (!without) {
        pthread_barrier_wait(&begun);
        work_ns(HELD_NS);
    }
    pthread_mutex_unlock(&state_lock);
}

static void *background(void *arg)
{
    smk_thread_name("background");
    setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 19);
    for (int i = 0; i < ROUNDS; i++, pthread_barrier_wait(&next))
        update_state();
    return arg;
}

static void *busy(void *arg)
{
    smk_thread_name("busy");
    while (!atomic_load(&done))
        ;
    return arg;
}

NOINLINE static void read_state(void)
{
    pthread_barrier_wait(&begun);
    uint64_t since = now_ns();
    pthread_mutex_lock(&state_lock);
    measured += now_ns() - since;
    pthread_mutex_unlock(&state_lock);
}

static void use_one_cpu(void)
{
    cpu_set_t set;
    sched_getaffinity(0, sizeof(set), &set);
    for (int i = 0, kept = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, &set) && kept++)
            CPU_CLR(i, &set);
    sched_setaffinity(0, sizeof(set), &set);
}

int main(int argc, char **argv)
{
    pthread_t threads[2];
    use_one_cpu();
    without = example_begin(argc, argv);
    pthread_barrier_init(&begun, NULL, 2);
    pthread_barrier_init(&next, NULL, 2);
    pthread_create(&threads[0], NULL, background, NULL);
    pthread_create(&threads[1], NULL, busy, NULL);
    for (int i = 0; i < ROUNDS; i++, pthread_barrier_wait(&next))
        read_state();
    atomic_store(&done, true);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    return example_end(measured);
}
