/* lock_cost: what the library costs a program that locks.
 *
 *   pair      lock and unlock, which nobody else wants
 *   refused   a lock that is held, asked for with a time that is none: all of the way of a wait but the
 *             sleeping; it is too short for an event
 *   handed    a lock that two threads pass to each other, each waiting for the other's 30 us of work: all of
 *             it, the events and their stacks as well
 *
 * Each is timed without the library (libc's own functions, by their addresses), disarmed and armed, in turns,
 * so that what else the machine does falls on all three alike. Shown: the median of the rounds, the quartiles,
 * and how much more than without. Targets for a pair: disarmed 4 ns more, armed 9.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <stallmark/capture.h>

#include "to_nothing.h"

enum { ROUNDS = 41, PAIRS = 100000, REFUSALS = 20000, HANDS = 300, WORK_NS = 30000 };
enum mode { WITHOUT, DISARMED, ARMED, MODES };

static const char *const mode_names[MODES] = {"without", "disarmed", "armed"};

struct calls {
    int (*lock)(pthread_mutex_t *);
    int (*unlock)(pthread_mutex_t *);
    int (*timedlock)(pthread_mutex_t *, const struct timespec *);
};

static struct calls libc, ours = {pthread_mutex_lock, pthread_mutex_unlock, pthread_mutex_timedlock};
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static double now_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

/* ---- what is timed ---------------------------------------------------------------------------------------- */

static double time_pairs(const struct calls *calls)
{
    double begin = now_ns();
    for (int i = 0; i < PAIRS; i++) {
        calls->lock(&lock);
        calls->unlock(&lock);
    }
    return (now_ns() - begin) / PAIRS;
}

static double time_refusals(const struct calls *calls)
{
    const struct timespec none = {0, -1};
    libc.lock(&lock);
    double begin = now_ns();
    for (int i = 0; i < REFUSALS; i++)
        if (calls->timedlock(&lock, &none) != EINVAL)
            exit(1);
    double took = (now_ns() - begin) / REFUSALS;
    libc.unlock(&lock);
    return took;
}

static void work(void)
{
    double until = now_ns() + WORK_NS;
    while (now_ns() < until)
        ;
}

static void *pass_on(void *arg)
{
    const struct calls *calls = arg;
    for (int i = 0; i < HANDS; i++) {
        calls->lock(&lock);
        work();
        calls->unlock(&lock);
    }
    return NULL;
}

static double time_handed(const struct calls *calls)
{
    pthread_t other;
    double begin = now_ns();
    pthread_create(&other, NULL, pass_on, (void *)calls);
    pass_on((void *)calls);
    pthread_join(other, NULL);
    return (now_ns() - begin) / (2 * HANDS);
}

/* ---- rounds ----------------------------------------------------------------------------------------------- */

static void arm(int on)
{
    smk_capture_options options = to_nothing();
    int rc = on ? smk_capture_start(&options, NULL) : smk_capture_stop();
    if (rc < 0) {
        fprintf(stderr, "lock_cost: %s\n", smk_last_error());
        exit(1);
    }
}

static double time_in(enum mode mode, double (*time)(const struct calls *))
{
    if (mode == ARMED)
        arm(1);
    time(mode == WITHOUT ? &libc : &ours); /* warm */
    double took = time(mode == WITHOUT ? &libc : &ours);
    if (mode == ARMED)
        arm(0);
    return took;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(const char *what, double (*time)(const struct calls *), int rounds)
{
    double took[MODES][ROUNDS];
    for (int round = 0; round < rounds; round++)
        for (int mode = 0; mode < MODES; mode++)
            took[mode][round] = time_in((enum mode)mode, time);
    double base = 0;
    for (int mode = 0; mode < MODES; mode++) {
        qsort(took[mode], (size_t)rounds, sizeof *took[mode], compare);
        double median = took[mode][rounds / 2];
        base = mode == WITHOUT ? median : base;
        printf("%-8s %-9s %10.1f ns  [%.1f, %.1f]  %+8.1f ns  x %.2f\n", what, mode_names[mode], median,
               took[mode][rounds / 4], took[mode][rounds * 3 / 4], median - base, median / base);
    }
}

static void *find(void *library, const char *name)
{
    void *function = dlsym(library, name);
    if (!function)
        exit(1);
    return function;
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : ROUNDS;
    void *library = dlopen("libc.so.6", RTLD_NOW);
    if (!library || rounds < 1 || rounds > ROUNDS) {
        fprintf(stderr, "usage: lock_cost [rounds, 1 to %d]\n", ROUNDS);
        return 2;
    }
    libc.lock = (int (*)(pthread_mutex_t *))find(library, "pthread_mutex_lock");
    libc.unlock = (int (*)(pthread_mutex_t *))find(library, "pthread_mutex_unlock");
    libc.timedlock =
        (int (*)(pthread_mutex_t *, const struct timespec *))find(library, "pthread_mutex_timedlock");
    if (libc.lock == ours.lock) {
        fprintf(stderr, "lock_cost: the library is not in front of libc\n");
        return 1;
    }
    measure("pair", time_pairs, rounds);
    measure("refused", time_refusals, rounds);
    measure("handed", time_handed, rounds > 9 ? 9 : rounds);
    return 0;
}
