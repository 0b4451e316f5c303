/* One CPU for many threads: eight that compute, on the first of the CPUs that the process may use. Each has it for
 * an eighth of the time, and is ready without one for the rest. The healthy twin does the same work in one thread.
 *
 *     ./cpu [--healthy] [FILE]
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <unistd.h>

#include "../example.h"

enum { THREADS = 8, EACH_NS = 60000000 };

static atomic_ullong measured;

NOINLINE static void compute(unsigned parts)
{
    uint64_t since = now_ns(), used = now_of(CLOCK_THREAD_CPUTIME_ID);
    work_ns((uint64_t)parts * EACH_NS);
    atomic_fetch_add(&measured, now_ns() - since - (now_of(CLOCK_THREAD_CPUTIME_ID) - used));
}

static void *thread_main(void *arg)
{
    smk_thread_name("busy");
    compute(1);
    usleep(300000); /* the kernel's counts of a thread are read every 100 ms, while it lives */
    return arg;
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
    pthread_t threads[THREADS];
    use_one_cpu();
    bool healthy = example_begin(argc, argv);
    if (healthy)
        compute(THREADS);
    for (int i = 0; i < THREADS && !healthy; i++)
        pthread_create(&threads[i], NULL, thread_main, NULL);
    for (int i = 0; i < THREADS && !healthy; i++)
        pthread_join(threads[i], NULL);
    return example_end(measured);
}
