/* busy THREADS MS: threads that never wait, all on the first CPU that the process may use. Prints how many
 * ms each of them was on a CPU and was ready without one while all ran, as the kernel counted. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX 16

static struct {
    pthread_t thread;
    int tid;
    unsigned long long on, ready;
} busy[THREADS_MAX];
static int go, stop;
static volatile unsigned long sink;

__attribute__((noinline)) static void render_everything(void)
{
    for (int i = 0; i < 1000; i++)
        sink++;
}

static void *run(void *arg)
{
    cpu_set_t set;
    int cpu = 0;
    sched_getaffinity(0, sizeof set, &set);
    while (!CPU_ISSET(cpu, &set))
        cpu++;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    sched_setaffinity(0, sizeof set, &set);
    __atomic_store_n((int *)arg, (int)syscall(SYS_gettid), __ATOMIC_RELEASE);
    while (!__atomic_load_n(&go, __ATOMIC_ACQUIRE))
        usleep(1000);
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
        render_everything();
    return NULL;
}

static void count(int tid, unsigned long long *on, unsigned long long *ready)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/schedstat", tid);
    FILE *file = fopen(path, "r");
    if (!file || fscanf(file, "%llu %llu", on, ready) != 2)
        exit(77);
    fclose(file);
}

int main(int argc, char **argv)
{
    int threads = argc > 1 ? atoi(argv[1]) : 3, ms = argc > 2 ? atoi(argv[2]) : 1000;
    for (int i = 0; i < threads && i < THREADS_MAX; i++)
        pthread_create(&busy[i].thread, NULL, run, &busy[i].tid);
    for (int i = 0; i < threads; i++)
        while (!__atomic_load_n(&busy[i].tid, __ATOMIC_ACQUIRE))
            usleep(1000);
    usleep(200000); /* the recorder has seen all of them */
    for (int i = 0; i < threads; i++)
        count(busy[i].tid, &busy[i].on, &busy[i].ready);
    __atomic_store_n(&go, 1, __ATOMIC_RELEASE);
    usleep((useconds_t)ms * 1000);
    for (int i = 0; i < threads; i++) {
        unsigned long long on, ready;
        count(busy[i].tid, &on, &ready);
        printf("%d %llu %llu\n", busy[i].tid, (on - busy[i].on) / 1000000, (ready - busy[i].ready) / 1000000);
    }
    fflush(stdout);
    usleep(200000); /* what the kernel counted last is recorded, too; and the threads go on meanwhile */
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < threads; i++)
        pthread_join(busy[i].thread, NULL);
    return 0;
}
