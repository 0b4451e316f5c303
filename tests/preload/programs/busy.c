/* busy THREADS MS: threads that never wait, all on the first CPU that the process may use. Prints how many
 * ms each of them was on a CPU and was ready without one while all ran, as the kernel counted: after MS, and
 * when it ended. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define THREADS_MAX 16

struct count {
    unsigned long long on, ready; /* ns */
};

static struct busy {
    pthread_t thread;
    int tid;
    struct count first, then, last;
} busy[THREADS_MAX];
static int go, stop;
static volatile unsigned long sink;

__attribute__((noinline)) static void render_everything(void)
{
    for (int i = 0; i < 1000; i++)
        sink++;
}

static struct count count(int tid)
{
    struct count count;
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/schedstat", tid);
    FILE *file = fopen(path, "r");
    if (!file || fscanf(file, "%llu %llu", &count.on, &count.ready) != 2)
        exit(77);
    fclose(file);
    return count;
}

static void *run(void *arg)
{
    struct busy *own = arg;
    cpu_set_t set;
    int cpu = 0;
    sched_getaffinity(0, sizeof set, &set);
    while (!CPU_ISSET(cpu, &set))
        cpu++;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    sched_setaffinity(0, sizeof set, &set);
    __atomic_store_n(&own->tid, (int)syscall(SYS_gettid), __ATOMIC_RELEASE);
    while (!__atomic_load_n(&go, __ATOMIC_ACQUIRE))
        usleep(1000);
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
        render_everything();
    own->last = count(own->tid);
    return NULL;
}

int main(int argc, char **argv)
{
    int threads = argc > 1 ? atoi(argv[1]) : 3, ms = argc > 2 ? atoi(argv[2]) : 1000;
    threads = threads > THREADS_MAX ? THREADS_MAX : threads;
    for (int i = 0; i < threads; i++)
        pthread_create(&busy[i].thread, NULL, run, &busy[i]);
    for (int i = 0; i < threads; i++)
        while (!__atomic_load_n(&busy[i].tid, __ATOMIC_ACQUIRE))
            usleep(1000);
    usleep(200000); /* the recorder has seen all of them */
    for (int i = 0; i < threads; i++)
        busy[i].first = count(busy[i].tid);
    __atomic_store_n(&go, 1, __ATOMIC_RELEASE);
    usleep((useconds_t)ms * 1000);
    for (int i = 0; i < threads; i++)
        busy[i].then = count(busy[i].tid);
    usleep(200000); /* what the kernel counted last is recorded, too; and the threads go on meanwhile */
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < threads; i++) {
        const struct busy *it = &busy[i];
        pthread_join(it->thread, NULL);
        printf("%d %llu %llu %llu %llu\n", it->tid, (it->then.on - it->first.on) / 1000000,
               (it->then.ready - it->first.ready) / 1000000, (it->last.on - it->first.on) / 1000000,
               (it->last.ready - it->first.ready) / 1000000);
    }
    return 0;
}
