/* sched_cost: what the scheduler source and CPU samples cost a program.
 *
 *   switch    two threads on one CPU that give each other the turn through futexes: ns of CPU a switch,
 *             without and with perf switch records, turn about in one process
 *   sample    what the writer pays for one sample: reading, walking the copied stack, interning
 *   look      what a look at one thread costs: its CPU clock, its schedstat, opening and closing a ring
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic.h"
#include "base/sort.h"
#include "base/sys.h"
#include "core/clock.h"
#include "core/init.h"
#include "source/probe.h"
#include "source/sched_look.h"
#include "source/stack.h"

#define ROUNDS   21
#define SWITCHES 4000 /* of a round */

static uint32_t turn; /* atomic, futex */
static uint32_t stop; /* atomic */

static void pin(void)
{
    cpu_set_t set;
    int cpu = 0;
    sched_getaffinity(0, sizeof set, &set);
    while (!CPU_ISSET(cpu, &set))
        cpu++;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    sched_setaffinity(0, sizeof set, &set);
}

static void give_turn(uint32_t to)
{
    smk_store_release(&turn, to); /* pairs with: await_turn */
    smk_sys_futex_wake(&turn, 1);
}

static void await_turn(uint32_t mine)
{
    while (smk_load_acquire(&turn) != mine)
        smk_sys_futex_wait(&turn, 1 - mine, UINT64_MAX);
}

static void *other_main(void *arg)
{
    pin();
    while (!smk_load_relaxed(&stop)) {
        await_turn(1);
        give_turn(0);
    }
    return arg;
}

/* ns a switch: a round trip is two. */
static double round_of_switches(void)
{
    uint64_t began = smk_sys_clock(CLOCK_MONOTONIC);
    for (int i = 0; i < SWITCHES / 2; i++) {
        give_turn(1);
        await_turn(0);
    }
    return (double)(smk_sys_clock(CLOCK_MONOTONIC) - began) / SWITCHES;
}

static bool is_earlier(const void *a, const void *b) { return *(const double *)a < *(const double *)b; }

static double median(double *values, int count)
{
    smk_sort(values, (size_t)count, sizeof *values, is_earlier);
    return values[count / 2];
}

static bool collect(uint32_t categories)
{
    const struct smk_piece *pieces;
    struct smk_sched_status status;
    for (int i = 0; i < 3; i++)
        smk_sched_collect(&(struct smk_collecting){.categories = categories}, &pieces);
    smk_sched_status(&status);
    return strcmp(status.source, "perf switch records") == 0;
}

static void measure_switches(uint32_t categories, const char *what)
{
    double without[ROUNDS], with[ROUNDS];
    pthread_t other;
    pthread_create(&other, NULL, other_main, NULL);
    round_of_switches();
    for (int i = 0; i < ROUNDS; i++) {
        smk_sched_prepare();
        if (!collect(categories)) {
            struct smk_sched_status status;
            smk_sched_status(&status);
            printf("switch: %s: %s\n", status.source, status.why);
            break;
        }
        with[i] = round_of_switches();
        collect(0);
        without[i] = round_of_switches();
        if (i == ROUNDS - 1) {
            double a = median(without, ROUNDS), b = median(with, ROUNDS);
            printf("switch: %7.0f ns without, %7.0f ns with %s: +%.0f ns\n", a, b, what, b - a);
        }
    }
    smk_store_relaxed(&stop, 1);
    give_turn(1);
    pthread_join(other, NULL);
    smk_store_relaxed(&stop, 0);
    smk_store_relaxed(&turn, 0);
}

/* ---- looks ---------------------------------------------------------------------------------------------- */

static double each(uint64_t began, int calls) { return (double)(smk_sys_clock(CLOCK_MONOTONIC) - began) / calls; }

static void measure_looks(void)
{
    struct smk_sched_thread thread = {.tid = (uint32_t)smk_sys_gettid()};
    uint64_t runnable, switches, began = smk_sys_clock(CLOCK_MONOTONIC);
    for (int i = 0; i < 10000; i++)
        smk_sys_thread_cpu((int)thread.tid);
    printf("look:   %7.0f ns a CPU clock\n", each(began, 10000));
    began = smk_sys_clock(CLOCK_MONOTONIC);
    for (int i = 0; i < 2000; i++)
        smk_sched_stat_read(thread.tid, &runnable, &switches);
    printf("look:   %7.0f ns a schedstat\n", each(began, 2000));
    began = smk_sys_clock(CLOCK_MONOTONIC);
    for (int i = 0; i < 200; i++)
        if (!smk_sched_switches_open(&thread, 1))
            smk_perf_ring_close(&thread.switches);
    printf("look:   %7.0f ns a ring opened and closed\n", each(began, 200));
}

/* ---- samples -------------------------------------------------------------------------------------------- */

/* The calling thread's own stack, as the kernel would have copied it. */
static SMK_NOINLINE void measure_walk(void)
{
    static uint64_t copy[1024];
    uint64_t *frame = __builtin_frame_address(0);
    uint64_t sp = (uint64_t)(frame + 2), pc = (uint64_t)__builtin_return_address(0);
    ssize_t len = smk_sys_copy_memory(copy, sizeof copy, sp);
    uint64_t began = smk_sys_clock(CLOCK_MONOTONIC);
    for (int i = 0; i < 100000; i++)
        smk_stack_of_copy(pc - 1, sp, frame[0], (const uint8_t *)copy, (uint32_t)len & ~7u);
    printf("sample: %7.0f ns to walk and intern a copied stack of 24 frames\n", each(began, 100000));
}

static volatile int sink;

static SMK_NOINLINE int descend(int n)
{
    if (n == 0)
        measure_walk();
    else
        sink = descend(n - 1) + 1; /* not a tail call */
    return sink;
}

int main(void)
{
    smk_core_init(NULL);
    smk_probe_calls();
    smk_clock_calibrate();
    smk_stack_prepare();
    pin();
    measure_switches(SMK_CAT_SCHED, "records");
    measure_switches(SMK_CAT_SCHED | SMK_CAT_CPU, "records and samples");
    measure_looks();
    descend(20);
    return 0;
}
