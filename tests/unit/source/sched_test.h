/* sched_test.h: the scheduler source without a capture: the test is the writer, and keeps what it gets. */
#ifndef SMK_TESTS_SCHED_TEST_H
#define SMK_TESTS_SCHED_TEST_H

#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "base/atomic.h"
#include "base/sys.h"
#include "core/clock.h"
#include "core/init.h"
#include "core/record.h"
#include "source/probe.h"
#include "source/sched.h"
#include "source/stack.h"

struct seen {
    uint32_t tid, serial;
    unsigned event;
    uint32_t first;
    uint64_t ticks;
    uint64_t args[3]; /* those behind the first */
};

#define SEEN_MAX 200000

static struct seen seen[SEEN_MAX];
static uint32_t seen_count;

static inline void keep_piece(const struct smk_piece *piece)
{
    for (uint32_t at = 0; at < piece->len;) {
        const uint64_t *words = (const uint64_t *)(piece->data + at);
        unsigned count = smk_record_words(words[0]);
        assert_true(count >= 2 && count <= 5 && seen_count < SEEN_MAX);
        struct seen *s = &seen[seen_count++];
        *s = (struct seen){piece->tid, piece->serial, smk_record_event(words[0]), smk_record_first(words[0]),
                           words[1], {0}};
        for (unsigned i = 2; i < count; i++)
            s->args[i - 2] = words[i];
        at += count * 8;
    }
}

static bool looks_alone; /* for the flight recorder */

static inline void keep_pieces(const struct smk_piece *pieces, uint32_t count);

static inline void collect(uint32_t categories, uint64_t stop)
{
    const struct smk_piece *pieces = NULL;
    uint32_t count = smk_sched_collect(&(struct smk_collecting){categories, stop, looks_alone}, &pieces);
    keep_pieces(pieces, count);
}

static inline void keep_pieces(const struct smk_piece *pieces, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        assert_true(i == 0 || pieces[i].serial > pieces[i - 1].serial);
        keep_piece(&pieces[i]);
    }
}

/* Begins: when this returns each thread that was there is attached. */
static inline void look_begins(uint32_t categories)
{
    struct smk_source_base base = {{0}};
    seen_count = 0;
    smk_probe_calls();
    smk_clock_calibrate();
    smk_stack_prepare();
    smk_sched_prepare();
    smk_sched_base(categories, &base);
    smk_sched_begin();
    for (int i = 0; i < 20; i++)
        collect(categories, 0);
}

/* As the writer does it: a pass each 100 ms, ticks between. */
static inline void look_for(uint32_t categories, unsigned ms)
{
    uint64_t until = smk_sys_clock(CLOCK_MONOTONIC) + ms * UINT64_C(1000000);
    for (int i = 1; smk_sys_clock(CLOCK_MONOTONIC) < until; i++) {
        smk_sys_sleep(SMK_SCHED_TICK_NS);
        smk_sched_tick();
        if (i % 10 == 0)
            collect(categories, 0);
    }
}

static inline void look_ends(uint32_t categories)
{
    collect(categories, smk_ticks());
    collect(0, 0);
}

/* ---- threads ------------------------------------------------------------------------------------------ */

struct busy {
    pthread_t thread;
    uint32_t tid;            /* atomic: set when it runs */
    uint32_t stop;           /* atomic */
    uint64_t runnable, cpu;  /* the kernel's own figures, ns, at the beginning; then of the time between */
    int pinned;              /* CPU, -1: none */
};

static SMK_NOINLINE void busy_here(void)
{
    volatile uint64_t sink = 0;
    for (int i = 0; i < 1000; i++)
        sink++;
}

static inline void *busy_main(void *arg)
{
    struct busy *busy = arg;
    if (busy->pinned >= 0) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET(busy->pinned, &set);
        sched_setaffinity(0, sizeof set, &set);
    }
    smk_store_release(&busy->tid, (uint32_t)smk_sys_gettid());
    while (!smk_load_relaxed(&busy->stop))
        busy_here();
    return NULL;
}

/* The lowest CPU that this process may use. */
static inline int first_cpu(void)
{
    cpu_set_t set;
    assert_int_equal(sched_getaffinity(0, sizeof set, &set), 0);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &set))
            return cpu;
    return -1;
}

static inline void busy_begin(struct busy *busy, int pinned)
{
    *busy = (struct busy){.pinned = pinned};
    assert_int_equal(pthread_create(&busy->thread, NULL, busy_main, busy), 0);
    while (!smk_load_acquire(&busy->tid))
        smk_sys_sleep(100000);
}

static inline void busy_end(struct busy *busy)
{
    smk_store_relaxed(&busy->stop, 1);
    pthread_join(busy->thread, NULL);
}

/* What the kernel itself has counted: false where it does not. */
static inline bool kernel_counts(uint32_t tid, uint64_t *ran, uint64_t *runnable)
{
    char path[64], text[96], *end;
    snprintf(path, sizeof path, "/proc/self/task/%u/schedstat", tid);
    if (smk_sys_slurp(path, text, sizeof text) <= 0)
        return false;
    *ran = strtoull(text, &end, 10);
    *runnable = strtoull(end, &end, 10);
    return strtoull(end, NULL, 10) > 0;
}

static inline void kernel_begin(struct busy *busy)
{
    kernel_counts(busy->tid, &busy->cpu, &busy->runnable);
}

static inline void kernel_end(struct busy *busy)
{
    uint64_t ran = 0, runnable = 0;
    kernel_counts(busy->tid, &ran, &runnable);
    busy->cpu = ran - busy->cpu;
    busy->runnable = runnable - busy->runnable;
}

/* ---- sums --------------------------------------------------------------------------------------------- */

enum { SUM_RAN, SUM_RUNNABLE, SUM_PREEMPTED };

static inline uint64_t sum_ns(uint32_t tid, int what)
{
    uint64_t ticks = 0;
    for (uint32_t i = 0; i < seen_count; i++) {
        const struct seen *s = &seen[i];
        if (s->tid != tid)
            continue;
        if (s->event == SMK_EV_CPU_TIME && what != SUM_PREEMPTED)
            ticks += s->args[what == SUM_RAN ? 1 : 2];
        if (s->event == SMK_EV_OFF_CPU && what == SUM_PREEMPTED && (s->first & 3) == SMK_OFF_PREEMPTED)
            ticks += s->args[0];
    }
    return smk_ticks_to_ns(ticks);
}

static inline uint32_t count_events(uint32_t tid, unsigned event)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < seen_count; i++)
        count += seen[i].event == event && (tid == 0 || seen[i].tid == tid);
    return count;
}

/* Within `percent` of what the kernel counted, and what it counts late: a time without a CPU stands in its
 * figures when it is over. */
static inline void assert_close(const char *what, uint64_t ours, uint64_t kernels, unsigned percent,
                                uint64_t late_ns)
{
    uint64_t off = ours > kernels ? ours - kernels : kernels - ours;
    if (off > kernels * percent / 100 + late_ns)
        fail_msg("%s: %.3f ms, and the kernel counted %.3f ms", what, (double)ours / 1e6, (double)kernels / 1e6);
}

#endif
