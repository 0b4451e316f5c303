/* record_cost: what one event costs the thread that records it, beside the time stamp that it contains
 * and beside LTTng-UST, all in one run: the cases take turns, round by round, so that a change of the
 * machine's speed meets them all. Minimum and median over the rounds, and the median as a multiple of
 * two time-stamp reads, which a region cannot do without.
 *
 *     record_cost [--rounds N]      (bench/record_cost.sh starts LTTng's session around it)
 *
 * The exit code is 1 when a target of bench/budgets.txt is missed.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <stallmark/capture.h>
#include <stallmark/trace.h>

#include "budgets.h"
#include "to_nothing.h"

#ifdef SMK_BENCH_LTTNG
#include "lttng/provider.h"
#endif

enum { OPS = 4000, ROUNDS = 301, ROUNDS_MAX = 10000, THREADS_MAX = 2 };

/* ---- the cases --------------------------------------------------------------------------------------- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    pthread_mutex_t lock;
} __attribute__((aligned(128))) own[THREADS_MAX] = {{PTHREAD_MUTEX_INITIALIZER}, {PTHREAD_MUTEX_INITIALIZER}};
static volatile uint64_t sink;

static uint64_t stamp(void)
{
#if defined(__x86_64__)
    return __builtin_ia32_rdtsc();
#else
    uint64_t t;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(t));
    return t;
#endif
}

static void nothing(int thread)
{
    (void)thread;
    for (int i = 0; i < OPS; i++)
        __asm__ volatile("" ::: "memory");
}

static void two_stamps(int thread)
{
    (void)thread;
    for (int i = 0; i < OPS; i++) {
        sink = stamp();
        __asm__ volatile("" ::: "memory");
        sink = stamp();
    }
}

static void region(int thread)
{
    (void)thread;
    for (int i = 0; i < OPS; i++) {
        SMK_REGION("region");
        __asm__ volatile("" ::: "memory");
    }
}

static void text(int thread)
{
    (void)thread;
    for (int i = 0; i < OPS; i++)
        SMK_LOG("text", i, "sixteen letters.");
}

static void counter(int thread)
{
    (void)thread;
    for (int i = 0; i < OPS; i++)
        SMK_COUNTER("counter", i);
}

static void free_lock(int thread)
{
    for (int i = 0; i < OPS; i++) {
        pthread_mutex_lock(&own[thread].lock);
        __asm__ volatile("" ::: "memory");
        pthread_mutex_unlock(&own[thread].lock);
    }
}

static void fought_lock(int thread)
{
    (void)thread;
    for (int i = 0; i < OPS; i++) {
        pthread_mutex_lock(&lock);
        sink = sink + 1;
        pthread_mutex_unlock(&lock);
    }
}

#ifdef SMK_BENCH_LTTNG
static void lttng_pair(int thread)
{
    (void)thread;
    for (unsigned i = 0; i < OPS; i++) {
        lttng_ust_tracepoint(stallmark_bench, begin, 7);
        lttng_ust_tracepoint(stallmark_bench, end, 7);
    }
}

static void lttng_text(int thread)
{
    (void)thread;
    for (long i = 0; i < OPS; i++)
        lttng_ust_tracepoint(stallmark_bench, text, i, "sixteen letters.");
}
#endif

enum { NOTHING, STAMPS, REGION_OFF, REGION_ON }; /* the first four, which the targets are about */

static const struct bench_case {
    const char *name;
    void (*run)(int thread);
    bool armed;
    int threads; /* at least */
} cases[] = {
    {"an empty loop", nothing, false, 1},
    {"two time-stamp reads", two_stamps, false, 1},
    {"region, disarmed", region, false, 1},
    {"region, armed", region, true, 1},
    {"integer and string, disarmed", text, false, 1},
    {"integer and string, armed", text, true, 1},
    {"counter, armed", counter, true, 1},
    {"free lock and unlock, disarmed", free_lock, false, 1},
    {"free lock and unlock, armed", free_lock, true, 1},
    {"fought lock and unlock, disarmed", fought_lock, false, 2},
    {"fought lock and unlock, armed", fought_lock, true, 2},
#ifdef SMK_BENCH_LTTNG
    {"LTTng-UST: begin and end", lttng_pair, false, 1},
    {"LTTng-UST: integer and string", lttng_text, false, 1},
#endif
};

enum { CASES = sizeof cases / sizeof *cases };

/* ---- running them ------------------------------------------------------------------------------------- */

static double results[THREADS_MAX + 1][CASES][ROUNDS_MAX]; /* ns an operation */
static int rounds = ROUNDS;

static double now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

struct worker {
    pthread_t thread;
    pthread_barrier_t *start, *stop;
    int number;
    int which; /* of cases; -1: the end */
    double ns;
};

static void pin(int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    pthread_setaffinity_np(pthread_self(), sizeof set, &set); /* where it is refused it stays unpinned */
}

static void *work(void *arg)
{
    struct worker *worker = arg;
    pin(worker->number);
    for (;;) {
        pthread_barrier_wait(worker->start);
        if (worker->which < 0)
            return NULL;
        double begin = now_ns();
        cases[worker->which].run(worker->number);
        worker->ns = (now_ns() - begin) / OPS;
        pthread_barrier_wait(worker->stop);
    }
}

static void arm(void)
{
    smk_capture_options options = to_nothing();
    if (smk_capture_start(&options, NULL) < 0) {
        fprintf(stderr, "record_cost: %s\n", smk_last_error());
        exit(2);
    }
}

/* All cases of one kind, then all of the other: arming takes a moment. */
static void run_round(struct worker *workers, int threads, int round)
{
    for (int armed = 0; armed < 2; armed++) {
        if (armed)
            arm();
        for (int k = 0; k < CASES; k++) {
            if (cases[k].armed != armed || cases[k].threads > threads)
                continue;
            for (int i = 0; i < threads; i++)
                workers[i].which = k;
            pthread_barrier_wait(workers->start);
            pthread_barrier_wait(workers->stop);
            double sum = 0;
            for (int i = 0; i < threads; i++)
                sum += workers[i].ns;
            results[threads][k][round] = sum / threads;
        }
        if (armed)
            smk_capture_stop();
    }
}

static void run(int threads)
{
    struct worker workers[THREADS_MAX];
    pthread_barrier_t start, stop;
    pthread_barrier_init(&start, NULL, (unsigned)threads + 1);
    pthread_barrier_init(&stop, NULL, (unsigned)threads + 1);
    for (int i = 0; i < threads; i++) {
        workers[i] = (struct worker){.start = &start, .stop = &stop, .number = i};
        pthread_create(&workers[i].thread, NULL, work, &workers[i]);
    }
    for (int round = -2; round < rounds; round++) /* two that warm up */
        run_round(workers, threads, round < 0 ? 0 : round);
    for (int i = 0; i < threads; i++)
        workers[i].which = -1;
    pthread_barrier_wait(&start);
    for (int i = 0; i < threads; i++)
        pthread_join(workers[i].thread, NULL);
}

/* ---- the table ---------------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* Sorted once: the minimum is the first, the median in the middle. */
static double *sorted(int threads, int k)
{
    double *r = results[threads][k];
    qsort(r, (size_t)rounds, sizeof *r, by_value);
    return r;
}

static void print_table(int threads)
{
    const double *stamps = sorted(threads, STAMPS);
    const double least = stamps[0], middle = stamps[rounds / 2];
    printf("\n%d thread%s %31s %9s %21s\n", threads, threads > 1 ? "s" : " ", "min ns", "median ns",
           "x two time-stamp reads");
    for (int k = 0; k < CASES; k++) {
        if (cases[k].threads > threads)
            continue;
        const double *r = sorted(threads, k);
        printf("  %-32s %8.2f %9.2f %10.2f min %5.2f median\n", cases[k].name, r[0], r[rounds / 2],
               r[0] / least, r[rounds / 2] / middle);
    }
}

static bool is_over(const char *what, double value, const char *unit, double most)
{
    printf("%-44s %6.2f %-24s at most %.2f  %s\n", what, value, unit, most,
           value <= most ? "ok" : "TOO MUCH");
    return value > most;
}

static bool check(int threads)
{
    int middle = rounds / 2;
    char what[80];
    double off = results[threads][REGION_OFF][middle] - results[threads][NOTHING][middle];
    double on = results[threads][REGION_ON][middle] / results[threads][STAMPS][middle];
    snprintf(what, sizeof what, "disarmed region, %d thread%s, median", threads, threads > 1 ? "s" : "");
    bool bad = is_over(what, off > 0 ? off : 0, "ns over an empty loop", budget("region_disarmed_ns"));
    snprintf(what, sizeof what, "armed region, %d thread%s, median", threads, threads > 1 ? "s" : "");
    return is_over(what, on, "x two time-stamp reads", budget("region_armed_ratio")) || bad;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "--rounds") == 0)
        rounds = atoi(argv[2]);
    else if (argc != 1)
        rounds = 0;
    if (rounds < 1 || rounds > ROUNDS_MAX) {
        fprintf(stderr, "usage: record_cost [--rounds N]      N from 1 to %d\n", ROUNDS_MAX);
        return 2;
    }
#ifndef SMK_BENCH_LTTNG
    printf("LTTng-UST is not measured: liblttng-ust-dev was not there when this was built\n");
#endif
    int most = sysconf(_SC_NPROCESSORS_ONLN) >= 2 ? 2 : 1;
    bool bad = false;
    for (int threads = 1; threads <= most; threads++)
        run(threads);
    for (int threads = 1; threads <= most; threads++)
        print_table(threads);
    printf("\n");
    for (int threads = 1; threads <= most; threads++)
        bad |= check(threads);
    return bad;
}
