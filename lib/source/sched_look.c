#define _GNU_SOURCE
#include "source/sched_look.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/sys.h"
#include "source/probe.h"

/* ---- time ------------------------------------------------------------------------------------------------------ */

#define LINE_MIN_NS 100000u /* pairs that are closer together say little about the rate */

void smk_sched_clock_look(struct smk_sched_clock *clock)
{
    struct smk_clock_pair now = smk_clock_read_pair();
    if (now.monotonic - clock->now.monotonic >= LINE_MIN_NS)
        clock->before = clock->now;
    clock->now = now;
}

uint64_t smk_sched_clock_tick(const struct smk_sched_clock *clock, uint64_t monotonic)
{
    const struct smk_clock_pair *a = &clock->before, *b = &clock->now;
    double rate = (double)smk_clock_hz() / 1e9;
    if (a->tick && b->monotonic > a->monotonic)
        rate = (double)(b->tick - a->tick) / (double)(b->monotonic - a->monotonic);
    return b->tick + (uint64_t)(int64_t)((double)(int64_t)(monotonic - b->monotonic) * rate);
}

/* ---- records --------------------------------------------------------------------------------------------------- */

void smk_sched_put_source(struct smk_sched_thread *thread, enum smk_sched_source source, uint64_t tick,
                          uint64_t lost)
{
    uint64_t record[] = {smk_record_head(SMK_EV_SCHED_SOURCE, 3, 0, source), tick, lost};
    smk_sched_put(thread, record, SMK_ARRAY_LEN(record));
}

static void put_off(struct smk_sched_thread *thread, uint32_t how, uint64_t from, uint64_t to, uint32_t cpu)
{
    uint64_t record[] = {smk_record_head(SMK_EV_OFF_CPU, 4, 0, how), to, to - from, cpu};
    if (to > from)
        smk_sched_put(thread, record, SMK_ARRAY_LEN(record));
}

/* ---- switches -------------------------------------------------------------------------------------------------- */

/* What sample_id_all puts behind each record, for these sample types. */
#define RECORD_TAIL (PERF_SAMPLE_TIME | PERF_SAMPLE_CPU)
struct record_tail {
    uint64_t time;
    uint32_t cpu, unused;
};

static const struct perf_event_attr switch_attr = {
    .type = PERF_TYPE_SOFTWARE,
    .size = sizeof(struct perf_event_attr),
    .config = PERF_COUNT_SW_DUMMY,
    .sample_type = RECORD_TAIL,
    .exclude_kernel = 1, /* what kernel.perf_event_paranoid 2 allows everybody */
    .exclude_hv = 1,
    .task = 1,
    .watermark = 1, /* nobody waits for the ring: it never has to wake one */
    .sample_id_all = 1,
    .use_clockid = 1,
    .context_switch = 1,
    .wakeup_watermark = INT32_MAX,
    .clockid = CLOCK_MONOTONIC,
};

static const char *open_for(struct smk_perf_ring *ring, int tid, unsigned order)
{
    bool mapping;
    int rc = smk_perf_ring_open(ring, &switch_attr, tid, order, 0, &mapping);
    return rc < 0 ? smk_perf_refusal(rc, mapping, smk_probe_filtered()) : NULL;
}

const char *smk_sched_switches_try(void)
{
    struct smk_perf_ring ring;
    const char *why = open_for(&ring, 0, 0);
    if (!why)
        smk_perf_ring_close(&ring);
    return why;
}

const char *smk_sched_switches_open(struct smk_sched_thread *thread, unsigned order)
{
    thread->seen_run = thread->off = false;
    return open_for(&thread->switches, (int)thread->tid, order);
}

static void switched_out(struct smk_sched_thread *thread, uint64_t tick, bool preempted)
{
    thread->off = thread->seen_run = true;
    thread->off_since = tick;
    thread->how = preempted ? SMK_OFF_PREEMPTED : SMK_OFF_WAITED;
}

/* The first switch that is seen may be onto a CPU: then it was off it from the beginning. */
static void switched_in(struct smk_sched_thread *thread, uint64_t tick, uint32_t cpu)
{
    if (thread->off)
        put_off(thread, thread->how, thread->off_since, tick, cpu);
    else if (!thread->seen_run && tick > thread->since)
        put_off(thread, SMK_OFF_UNKNOWN, thread->since, tick, cpu);
    thread->off = false;
    thread->seen_run = true;
}

static void records_lost(struct smk_sched_reading *reading, uint64_t tick, uint64_t lost)
{
    struct smk_sched_thread *thread = reading->thread;
    reading->lost += lost;
    thread->off = thread->seen_run = false;
    thread->since = thread->whole_since = tick;
    smk_sched_put_source(thread, SMK_SCHED_PERF, tick, lost);
}

static void visit(void *arg, const struct perf_event_header *record)
{
    struct smk_sched_reading *reading = arg;
    const uint64_t *words = (const void *)(record + 1);
    if (record->size < sizeof *record + sizeof(struct record_tail))
        return;
    const struct record_tail *tail = (const void *)((const uint8_t *)record + record->size - sizeof *tail);
    uint64_t tick = smk_sched_clock_tick(reading->clock, tail->time);
    switch (record->type) {
    case PERF_RECORD_SWITCH:
        reading->switches++;
        reading->thread->switched++;
        if (record->misc & PERF_RECORD_MISC_SWITCH_OUT)
            switched_out(reading->thread, tick, record->misc & PERF_RECORD_MISC_SWITCH_OUT_PREEMPT);
        else
            switched_in(reading->thread, tick, tail->cpu);
        break;
    case PERF_RECORD_LOST: /* id, lost */
        if (record->size >= sizeof *record + 16 + sizeof *tail)
            records_lost(reading, tick, words[1]);
        break;
    case PERF_RECORD_EXIT:
        reading->thread->dead = true;
        break;
    default:
        break;
    }
}

void smk_sched_switches_read(struct smk_sched_reading *reading)
{
    smk_perf_ring_read(&reading->thread->switches, reading->scratch, visit, reading);
}

void smk_sched_switches_cut(struct smk_sched_thread *thread, uint64_t stop)
{
    uint64_t from = thread->off ? thread->off_since : thread->since;
    uint32_t how = thread->off ? thread->how : SMK_OFF_UNKNOWN;
    if (from >= stop - 1 || (!thread->off && (thread->seen_run || smk_sched_count_changed(thread))))
        return;
    put_off(thread, how | SMK_OFF_GOES_ON, from, stop - 1, 0);
    if (thread->off)
        thread->off_since = stop - 1;
    else
        thread->since = stop - 1;
}

/* ---- amounts --------------------------------------------------------------------------------------------------- */

/* ns on a CPU, ns ready without one, times that it got one: the first is only as fresh as the last timer
 * interrupt, so CPU clocks are asked for it. */
int smk_sched_stat_read(uint32_t tid, uint64_t *runnable, uint64_t *switches)
{
    char path[64], text[96], *end;
    snprintf(path, sizeof path, "/proc/self/task/%u/schedstat", tid);
    int len = smk_sys_slurp(path, text, sizeof text);
    if (len <= 0)
        return len < 0 ? len : -EINVAL;
    strtoull(text, &end, 10);
    *runnable = strtoull(end, &end, 10);
    *switches = strtoull(end, &end, 10);
    return 0;
}

void smk_sched_count_from(struct smk_sched_thread *thread, bool stat)
{
    thread->counted = smk_ticks();
    thread->cpu = thread->running = smk_sys_thread_cpu((int)thread->tid);
    thread->switched = 0;
    if (!stat || smk_sched_stat_read(thread->tid, &thread->runnable, &thread->switches_kernel) < 0)
        thread->runnable = thread->switches_kernel = 0;
}

bool smk_sched_count_changed(struct smk_sched_thread *thread)
{
    uint64_t cpu = smk_sys_thread_cpu((int)thread->tid);
    bool changed = cpu != thread->running;
    thread->idle = cpu == thread->cpu ? thread->idle + 1 : 0;
    thread->cpu = cpu;
    return cpu != 0 && changed;
}

static uint64_t ticks_between(uint64_t from_ns, uint64_t to_ns)
{
    return to_ns > from_ns ? smk_ns_to_ticks(to_ns - from_ns) : 0;
}

/* Where the next count begins: all was told unless it took up all the room. */
static uint64_t told(uint64_t from_ns, uint64_t to_ns, uint64_t ticks, uint64_t room)
{
    return ticks < room ? to_ns : from_ns + smk_ticks_to_ns(ticks);
}

/* The kernel counts a time without a CPU when it is over, so that more of it may be counted than lies between
 * two looks: what does not fit is told with the next. */
uint64_t smk_sched_count(struct smk_sched_thread *thread, bool stat, bool put, uint64_t stop)
{
    uint64_t runnable = thread->runnable, switches = thread->switches_kernel;
    uint64_t now = smk_ticks();
    uint64_t cpu = smk_sys_thread_cpu((int)thread->tid);
    if (cpu == 0 || (stat && smk_sched_stat_read(thread->tid, &runnable, &switches) < 0))
        return 0;
    uint64_t to = stop ? smk_min_u64(now, stop - 1) : now;
    if (to <= thread->counted)
        return 0;
    uint64_t duration = to - thread->counted;
    uint64_t ran = smk_min_u64(ticks_between(thread->running, cpu), duration);
    uint64_t ready = smk_min_u64(ticks_between(thread->runnable, runnable), duration - ran);
    uint64_t times = smk_min_u64(switches - thread->switches_kernel, UINT32_MAX);
    uint64_t record[] = {smk_record_head(SMK_EV_CPU_TIME, 5, 0, (uint32_t)times), to, duration, ran, ready};
    if (put)
        smk_sched_put(thread, record, SMK_ARRAY_LEN(record));
    thread->counted = to;
    thread->cpu = cpu;
    thread->running = told(thread->running, cpu, ran, duration);
    thread->runnable = told(thread->runnable, runnable, ready, duration - ran);
    thread->switches_kernel = switches;
    thread->switched = 0;
    return times;
}
