/* sched.c: see sched.h. Which source is used, and when it looks.
 *
 *   off ──begin of a capture──► on: threads are listed, and attached some at a time, since opening an event takes
 *    ▲                          up to 0.2 ms; each pass reads their rings and their counters
 *    └──no capture left────────┘
 *
 * Everything is the writer's, under the lock; others ask for the status.
 */
#define _GNU_SOURCE
#include "source/sched.h"

#include <stdio.h>
#include <string.h>

#include "base/lock.h"
#include "base/sys.h"
#include "core/facts.h"
#include "source/cgroup_cpu.h"
#include "source/cpu_samples.h"
#include "source/faults.h"
#include "source/probe.h"
#include "source/process_look.h"
#include "source/sched_look.h"

#define LIST_EVERY_NS   UINT64_C(100000000) /* looks for new threads */
#define ATTACH_MAX_NS   UINT64_C(10000000)  /* of a pass */
#define RINGS_BYTES_MAX (8u << 20)          /* of switch rings */
#define CLOCKS_A_TICK   64u                 /* CPU clocks that are read at once … */
#define STATS_A_TICK    16u                 /* … and schedstats of those that went on */
#define RATE_MIN_NS     UINT64_C(200000000) /* a rate over less is a burst */
#define RATE_ALONE_NS   UINT64_C(2000000000) /* … and for the recorder alone */
#define TRY_AGAIN_NS    UINT64_C(60000000000) /* after perf records were given up in it */
#define SAMPLED_FROM_NS UINT64_C(500000)    /* a thread that used so much CPU between two looks is sampled */
#define IDLE_LOOKS      20u                 /* without any use it is not any more */

/* What the kernel takes from the host's threads, measured by bench/sched_cost: for a switch that is recorded,
 * and for one of a thread that is sampled; and for a sample, an interrupt and 8 KiB copied. */
#define SWITCH_NS         UINT64_C(1250)
#define SAMPLED_SWITCH_NS UINT64_C(850)
#define SAMPLE_NS         UINT64_C(3000)

static struct smk_lock lock = SMK_LOCK_INIT(SMK_RANK_SCHED);

static struct {
    enum smk_sched_source best;   /* what is allowed, as found out by prepare */
    enum smk_sched_source source; /* what is used */
    bool stat;                    /* schedstat can be read */
    const char *why, *samples_why, *faults_why; /* static; NULL of the latter two: they can be taken */
    bool samples_ended;           /* they could, but cost too much */
    uint64_t too_many;            /* switches a second for which perf was given up; 0: it was not */
    bool on, sched, samples, faults, figures, alone; /* what is recorded now; alone: for the recorder */
    uint64_t given_up;            /* CLOCK_MONOTONIC ns: when perf was */
    bool announce;                /* a capture has begun: it must be told where each thread stands */
    struct smk_sched_clock clock;
    uint64_t listed, ticked, counted, figured, rate_since; /* CLOCK_MONOTONIC ns */
    uint64_t rate_switches;       /* since then */
    uint64_t switches, lost;      /* so far */
    uint64_t sampled_switches;    /* of them, while samples were taken; those that schedstat told, too */
    uint32_t ring_bytes;
    uint32_t next;                /* whose turn it is to be counted */
    uint64_t started;             /* threads that had ever got a slot when the list was made */
    uint8_t *scratch;
} sched;

/* ---- what is allowed ------------------------------------------------------------------------------------------- */

void smk_sched_prepare(void)
{
    uint64_t runnable, switches;
    smk_lock(&lock);
    if (!sched.on) {
        const char *why = smk_sched_switches_try();
        sched.samples_why = why ? why : smk_cpu_samples_try();
        sched.faults_why = why ? why : smk_faults_try();
        sched.stat = smk_sched_stat_read((uint32_t)smk_sys_gettid(), &runnable, &switches) == 0 && switches > 0;
        sched.best = !why ? SMK_SCHED_PERF : sched.stat ? SMK_SCHED_STAT : SMK_SCHED_CPU_CLOCKS;
        sched.why = why ? why : "allowed, as tried when it was armed";
        sched.source = sched.best;
        sched.too_many = 0;
        sched.samples_ended = false;
    }
    smk_unlock(&lock);
}

static const char *source_name(enum smk_sched_source source)
{
    static const char *const names[] = {[SMK_SCHED_NONE] = "none",
                                        [SMK_SCHED_PERF] = "perf switch records",
                                        [SMK_SCHED_STAT] = "schedstat",
                                        [SMK_SCHED_CPU_CLOCKS] = "thread CPU clocks"};
    return names[source];
}

static uint32_t switches_max(void) { return sched.alone ? SMK_SCHED_SWITCHES_ALONE : SMK_SCHED_SWITCHES_MAX; }

static void say_why(char *text, size_t size)
{
    if (sched.too_many)
        snprintf(text, size, "%llu switches a second, more than %u: perf switch records would cost about 1 us each%s",
                 (unsigned long long)sched.too_many, switches_max(),
                 sched.alone ? ", and the flight recorder shall be cheap" : "");
    else if (sched.source != sched.best)
        snprintf(text, size, "the flight recorder counts switches for a while before it records them");
    else
        snprintf(text, size, "%s%s", sched.why ? sched.why : "nothing was armed yet",
                 sched.source == SMK_SCHED_CPU_CLOCKS ? "; schedstat cannot be read: runnable is unknown" : "");
}

/* ---- attaching ------------------------------------------------------------------------------------------------- */

/* Data pages of a ring, as a power of two: 24 bytes a record. */
static unsigned ring_order(void)
{
    return smk_sched_list.count <= 32 ? 3 : smk_sched_list.count <= 128 ? 2 : smk_sched_list.count <= 512 ? 1 : 0;
}

static enum smk_sched_source source_of(const struct smk_sched_thread *thread)
{
    if (thread->switches.memory)
        return SMK_SCHED_PERF;
    return sched.stat ? SMK_SCHED_STAT : SMK_SCHED_CPU_CLOCKS;
}

static void begins(struct smk_sched_thread *thread) { thread->attached = false; }

static void attach(struct smk_sched_thread *thread)
{
    thread->attached = true;
    thread->since = smk_ticks();
    if (sched.sched && sched.source == SMK_SCHED_PERF) {
        if (!thread->switches.memory && sched.ring_bytes < RINGS_BYTES_MAX &&
            !smk_sched_switches_open(thread, ring_order()))
            sched.ring_bytes += smk_perf_ring_bytes(&thread->switches);
    }
    if (sched.samples && smk_cpu_samples_stats.sampled < SMK_SAMPLED_MAX / 2)
        smk_cpu_samples_open(thread);
    if (sched.faults)
        smk_faults_open(thread);
    smk_sched_count_from(thread, sched.stat);
    thread->since = thread->whole_since = smk_ticks(); /* what came before is not complete */
    if (sched.sched)
        smk_sched_put_source(thread, source_of(thread), thread->since, 0);
}

/* Threads that begin while something is armed get a slot at once, and are seen to at the next tick; those that
 * began unseen each LIST_EVERY_NS. */
static void update_list(uint64_t now)
{
    struct smk_threads_stats threads;
    smk_threads_stats(&threads);
    if (now - sched.listed < LIST_EVERY_NS && threads.started == sched.started)
        return;
    sched.listed = now;
    smk_sched_list_update(begins);
    smk_threads_stats(&threads);
    sched.started = threads.started;
}

/* A host may have set a filter since: before anything is opened that is found out. */
static void attach_some(void)
{
    uint64_t until = smk_sys_clock(CLOCK_MONOTONIC) + ATTACH_MAX_NS;
    bool asked = false;
    for (uint32_t i = 0; i < smk_sched_list.count; i++) {
        struct smk_sched_thread *thread = &smk_sched_list.array[i];
        if (thread->attached || thread->dead)
            continue;
        if (!asked)
            smk_probe_calls();
        asked = true;
        attach(thread);
        if (smk_sys_clock(CLOCK_MONOTONIC) > until)
            break;
    }
}

/* ---- looking --------------------------------------------------------------------------------------------------- */

static void read_rings(void)
{
    smk_sched_clock_look(&sched.clock);
    struct smk_sched_reading reading = {.clock = &sched.clock, .scratch = sched.scratch};
    for (uint32_t i = 0; i < smk_sched_list.count; i++) {
        reading.thread = &smk_sched_list.array[i];
        smk_sched_switches_read(&reading);
        smk_cpu_samples_read(&reading);
        smk_faults_read(&reading);
    }
    sched.switches += reading.switches;
    sched.sampled_switches += sched.samples ? reading.switches / 2 : 0;
    sched.rate_switches += reading.switches / 2; /* out and in are one */
    sched.lost += reading.lost;
}

/* Who uses CPU is sampled. */
static void follow_use(struct smk_sched_thread *thread, uint64_t used)
{
    if (!sched.samples)
        return;
    if (used >= SAMPLED_FROM_NS)
        smk_cpu_samples_open(thread);
    else if (thread->idle > IDLE_LOOKS && smk_cpu_samples_stats.sampled > SMK_SAMPLED_MAX / 2)
        smk_cpu_samples_close(thread);
}

/* Switches that schedstat tells of, which no record does. */
static void note_counted(uint64_t switches)
{
    sched.rate_switches += switches;
    sched.sampled_switches += sched.samples ? switches : 0;
}

/* One after the other, in turns, so that a look is bounded however many threads there are. */
static void count_some(void)
{
    uint32_t stats = 0;
    uint32_t times = sched.source == SMK_SCHED_PERF && !sched.alone ? LIST_EVERY_NS / SMK_SCHED_TICK_NS : 1;
    for (uint32_t n = 0; n < smk_sched_list.count && n < CLOCKS_A_TICK * times && stats < STATS_A_TICK * times; n++) {
        struct smk_sched_thread *thread = &smk_sched_list.array[sched.next++ % smk_sched_list.count];
        uint64_t before = thread->cpu;
        if (!thread->attached || thread->dead)
            continue;
        bool changed = smk_sched_count_changed(thread);
        follow_use(thread, thread->cpu - smk_min_u64(before, thread->cpu));
        if (!changed)
            continue;
        uint64_t switches = smk_sched_count(thread, sched.stat, sched.sched, 0);
        if (!thread->switches.memory) /* else its records are counted */
            note_counted(switches);
        stats++;
    }
    sched.next = smk_sched_list.count ? sched.next % smk_sched_list.count : 0;
}

static void cut_all(uint64_t stop)
{
    for (uint32_t i = 0; i < smk_sched_list.count; i++) {
        struct smk_sched_thread *thread = &smk_sched_list.array[i];
        if (!thread->attached || thread->dead)
            continue;
        if (thread->switches.memory)
            smk_sched_switches_cut(thread, stop);
        if (sched.sched)
            smk_sched_count(thread, sched.stat, true, stop);
    }
}

/* Perf records are given up for this capture and those that go on beside it. */
static void give_up_perf(uint64_t rate, uint64_t now)
{
    sched.too_many = rate;
    sched.given_up = now;
    sched.source = sched.stat ? SMK_SCHED_STAT : SMK_SCHED_CPU_CLOCKS;
    for (uint32_t i = 0; i < smk_sched_list.count; i++) {
        struct smk_sched_thread *thread = &smk_sched_list.array[i];
        smk_perf_ring_close(&thread->switches);
        if (thread->attached)
            smk_sched_put_source(thread, source_of(thread), smk_ticks(), 0);
    }
    sched.ring_bytes = 0;
}

/* Samples end when a capture does; the recorder goes on without. */
static void end_samples(void)
{
    sched.samples = false;
    for (uint32_t i = 0; i < smk_sched_list.count; i++)
        smk_cpu_samples_close(&smk_sched_list.array[i]);
}

static void give_up_samples(void)
{
    sched.samples_why = "more than 20,000 switches a second: samples would cost about 1 us each";
    sched.samples_ended = true;
    end_samples();
}

/* Once more: threads are attached anew, some in each pass. */
static void take_perf_up(void)
{
    if (sched.source == sched.best && !sched.samples_ended)
        return;
    sched.source = sched.best;
    sched.too_many = 0;
    if (sched.samples_ended)
        sched.samples_why = NULL;
    sched.samples_ended = false;
    for (uint32_t i = 0; i < smk_sched_list.count; i++) {
        struct smk_sched_thread *thread = &smk_sched_list.array[i];
        if (thread->attached && !thread->dead)
            smk_sched_count(thread, sched.stat, sched.sched, 0);
        thread->attached = false;
    }
}

static void watch_rate(uint64_t now)
{
    uint64_t ns = now - sched.rate_since;
    if (ns < (sched.alone ? RATE_ALONE_NS : RATE_MIN_NS))
        return;
    uint64_t rate = (uint64_t)((double)sched.rate_switches * 1e9 / (double)ns);
    if (sched.sched && sched.source == SMK_SCHED_PERF && rate > switches_max())
        give_up_perf(rate, now);
    else if (sched.alone && rate < switches_max() / 2 && now - sched.given_up > TRY_AGAIN_NS)
        take_perf_up();
    if (sched.samples && rate > SMK_SAMPLES_SWITCHES_MAX)
        give_up_samples();
    sched.rate_since = now;
    sched.rate_switches = 0;
}

/* ---- on and off ------------------------------------------------------------------------------------------------ */

static void switch_on(uint32_t categories, uint64_t now)
{
    if (!sched.scratch)
        sched.scratch = smk_sys_map(SMK_PERF_RECORD_MAX);
    sched.sched = categories & SMK_CAT_SCHED;
    sched.samples = (categories & SMK_CAT_CPU) && !sched.samples_why && sched.scratch;
    sched.faults = (categories & SMK_CAT_MEMORY) && !sched.faults_why && sched.scratch;
    sched.figures = categories & SMK_CAT_OTHER;
    if (sched.on)
        return;
    sched.on = sched.scratch != NULL;
    if (sched.alone && sched.stat) /* how many switches there are is known before they cost anything */
        sched.source = SMK_SCHED_STAT;
    sched.given_up = 0;
    sched.clock = (struct smk_sched_clock){.now = smk_clock_read_pair()};
    sched.rate_since = sched.ticked = now;
    sched.rate_switches = sched.listed = sched.figured = 0;
    sched.ring_bytes = 0;
}

/* What was put and not collected yet stays where it is. */
static void switch_off(void)
{
    smk_sched_list_clear();
    sched.on = sched.sched = sched.samples = sched.faults = sched.figures = sched.announce = false;
}

/* A capture that begins beside another one, or beside the recorder, which takes no samples. */
static void announce(void)
{
    for (uint32_t i = 0; i < smk_sched_list.count; i++) {
        struct smk_sched_thread *thread = &smk_sched_list.array[i];
        if (!thread->attached)
            continue;
        if (sched.sched)
            smk_sched_put_source(thread, source_of(thread), smk_ticks(), 0);
        if (sched.samples && smk_cpu_samples_stats.sampled < SMK_SAMPLED_MAX / 2)
            smk_cpu_samples_open(thread);
    }
    sched.announce = false;
}

/* ---- what the writer calls ------------------------------------------------------------------------------------- */

enum { BASE_SCHED, BASE_LOST, BASE_TAKEN, BASE_SAMPLES_LOST, BASE_THROTTLED, BASE_THROTTLED_NS, BASE_FAULTS_LOST };

static uint64_t samples_lost(void) { return smk_cpu_samples_stats.lost; }
static uint64_t switches_lost(void) { return sched.lost + smk_sched_refused(); }

void smk_sched_begin(void)
{
    smk_lock(&lock);
    sched.announce |= sched.on;
    if (sched.on && sched.alone)
        take_perf_up();
    smk_unlock(&lock);
}

void smk_sched_base(uint32_t categories, struct smk_source_base *base)
{
    struct smk_cgroup_cpu cpu;
    smk_cgroup_cpu_read(&cpu);
    smk_lock(&lock);
    base->values[BASE_SCHED] = categories;
    base->values[BASE_LOST] = switches_lost();
    base->values[BASE_TAKEN] = smk_cpu_samples_stats.taken;
    base->values[BASE_SAMPLES_LOST] = samples_lost();
    base->values[BASE_FAULTS_LOST] = smk_faults_stats.lost;
    base->values[BASE_THROTTLED] = cpu.throttled;
    base->values[BASE_THROTTLED_NS] = cpu.throttled_ns;
    smk_unlock(&lock);
}

static void look(uint64_t now)
{
    uint64_t every = sched.source == SMK_SCHED_PERF || sched.alone ? LIST_EVERY_NS : SMK_SCHED_TICK_NS;
    read_rings();
    if (now - sched.counted >= every && (sched.sched || sched.samples)) {
        sched.counted = now;
        count_some();
    }
    if (now - sched.figured >= SMK_PROCESS_LOOK_NS && sched.figures) {
        sched.figured = now;
        smk_process_look();
    }
    watch_rate(now);
    sched.ticked = now;
}

/* True when something is recorded that is not wanted any more: it ends with this look. */
static bool is_too_much(uint32_t categories)
{
    uint32_t recorded = (sched.sched ? SMK_CAT_SCHED : 0) | (sched.samples ? SMK_CAT_CPU : 0) |
                        (sched.faults ? SMK_CAT_MEMORY : 0) | (sched.figures ? SMK_CAT_OTHER : 0);
    return sched.on && (!(categories & SMK_SCHED_CATEGORIES) || (recorded & ~categories));
}

uint32_t smk_sched_collect(const struct smk_collecting *what, const struct smk_piece **pieces)
{
    uint64_t now = smk_sys_clock(CLOCK_MONOTONIC), stop = what->stop;
    uint32_t count = 0, categories = what->categories;
    smk_lock(&lock);
    sched.alone = what->alone;
    if (sched.samples && !(categories & SMK_CAT_CPU) && (categories & SMK_SCHED_CATEGORIES)) {
        read_rings();
        end_samples();
    }
    bool last = is_too_much(categories);
    if (!last && (categories & SMK_SCHED_CATEGORIES))
        switch_on(categories, now);
    if (sched.on) {
        update_list(now);
        attach_some();
        look(now);
        if (sched.announce)
            announce();
        if (stop || last)
            cut_all(stop ? stop : smk_ticks());
        count = smk_sched_pieces(pieces);
        sched.ring_bytes -= smk_sched_list_tidy();
    }
    if (last)
        switch_off();
    smk_unlock(&lock);
    return count;
}

uint32_t smk_sched_stand(uint64_t from, const struct smk_piece **pieces)
{
    uint32_t count = 0;
    smk_lock(&lock);
    for (uint32_t i = 0; sched.on && sched.sched && i < smk_sched_list.count; i++) {
        struct smk_sched_thread *thread = &smk_sched_list.array[i];
        if (thread->attached)
            smk_sched_put_source(thread, source_of(thread), smk_max_u64(from, thread->whole_since), 0);
    }
    if (sched.on)
        count = smk_sched_pieces(pieces);
    smk_unlock(&lock);
    return count;
}

uint64_t smk_sched_tick(void)
{
    uint64_t now = smk_sys_clock(CLOCK_MONOTONIC);
    uint64_t next = UINT64_MAX;
    smk_lock(&lock);
    if (sched.on) {
        uint64_t tick = sched.alone ? SMK_SCHED_TICK_ALONE_NS : SMK_SCHED_TICK_NS;
        if (now - sched.ticked >= tick) {
            update_list(now);
            attach_some();
            look(now);
        }
        next = tick;
    }
    smk_unlock(&lock);
    return next;
}

/* ---- what is said about it ------------------------------------------------------------------------------------- */

/* Threads that the source in use does not tell of. */
static uint64_t unseen(void)
{
    uint64_t count = smk_sched_list.unseen;
    for (uint32_t i = 0; i < smk_sched_list.count; i++) {
        const struct smk_sched_thread *thread = &smk_sched_list.array[i];
        count += thread->attached && !thread->dead && source_of(thread) != sched.source;
    }
    return count;
}

static void say_samples(char *text, size_t size, bool wanted)
{
    if (!wanted)
        snprintf(text, size, "off: the category cpu is not recorded");
    else if (sched.samples_why)
        snprintf(text, size, "%s: %s", sched.samples_ended ? "given up" : "none", sched.samples_why);
    else
        snprintf(text, size, "%s; at most %u threads at once", smk_cpu_samples_how(), SMK_SAMPLED_MAX);
}

static void say_faults(char *text, size_t size, bool wanted)
{
    if (!wanted)
        snprintf(text, size, "off: the category memory is not recorded");
    else if (sched.faults_why)
        snprintf(text, size, "counts of the process alone: %s", sched.faults_why);
    else
        snprintf(text, size, "%s; at most %u threads at once", smk_faults_how(), SMK_FAULT_RINGS_MAX);
}

static void add_number(smk_add_fact add, void *arg, const char *key, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    add(arg, key, text);
}

static void add_cgroup(const struct smk_source_base *base, smk_add_fact add, void *arg)
{
    char text[64] = "max";
    struct smk_cgroup_cpu cpu;
    smk_cgroup_cpu_read(&cpu);
    if (!cpu.known)
        return;
    if (cpu.quota != UINT64_MAX)
        snprintf(text, sizeof text, "%llu/%llu", (unsigned long long)cpu.quota, (unsigned long long)cpu.period);
    add(arg, SMK_FACT_CGROUP_CPU_MAX, text);
    add_number(add, arg, SMK_FACT_CGROUP_THROTTLED, cpu.throttled - base->values[BASE_THROTTLED]);
    add_number(add, arg, SMK_FACT_CGROUP_THROTTLED_NS, cpu.throttled_ns - base->values[BASE_THROTTLED_NS]);
}

void smk_sched_facts(const struct smk_source_base *base, smk_add_fact add, void *arg)
{
    char why[200], samples[200], faults[200];
    uint32_t categories = (uint32_t)base->values[BASE_SCHED];
    bool wanted = categories & SMK_CAT_SCHED;
    smk_lock(&lock);
    say_why(why, sizeof why);
    say_samples(samples, sizeof samples, categories & SMK_CAT_CPU);
    add(arg, SMK_FACT_SCHED_SOURCE, source_name(wanted ? sched.source : SMK_SCHED_NONE));
    add(arg, SMK_FACT_SCHED_REASON,
        wanted ? why : "the category sched is not recorded");
    if (wanted) {
        add_number(add, arg, SMK_FACT_SCHED_LOST, switches_lost() - base->values[BASE_LOST]);
        add_number(add, arg, SMK_FACT_SCHED_UNSEEN, unseen());
    }
    say_faults(faults, sizeof faults, categories & SMK_CAT_MEMORY);
    add(arg, SMK_FACT_FAULTS_HOW, faults);
    if (categories & SMK_CAT_MEMORY)
        add_number(add, arg, SMK_FACT_FAULTS_LOST, smk_faults_stats.lost - base->values[BASE_FAULTS_LOST]);
    add(arg, SMK_FACT_CPU_SAMPLES_HOW, samples);
    if (categories & SMK_CAT_CPU) {
        add_number(add, arg, SMK_FACT_CPU_SAMPLES, smk_cpu_samples_stats.taken - base->values[BASE_TAKEN]);
        add_number(add, arg, SMK_FACT_CPU_SAMPLES_LOST, samples_lost() - base->values[BASE_SAMPLES_LOST]);
    }
    smk_unlock(&lock);
    if (categories)
        add_cgroup(base, add, arg);
}

void smk_sched_cost(uint64_t ns[])
{
    smk_lock(&lock);
    ns[__builtin_ctz(SMK_CAT_SCHED)] += sched.switches / 2 * SWITCH_NS;
    ns[__builtin_ctz(SMK_CAT_CPU)] += sched.sampled_switches * SAMPLED_SWITCH_NS +
                                      smk_cpu_samples_stats.taken * SAMPLE_NS;
    smk_unlock(&lock);
}

uint32_t smk_sched_last_sample(uint32_t tid, uint64_t from)
{
    smk_lock(&lock);
    tid = smk_sched_list_sample(tid, from);
    smk_unlock(&lock);
    return tid;
}

void smk_sched_status(struct smk_sched_status *status)
{
    *status = (struct smk_sched_status){0};
    smk_lock(&lock);
    status->source = source_name(sched.source);
    say_why(status->why, sizeof status->why);
    say_samples(status->samples, sizeof status->samples, true);
    status->threads = smk_sched_list.count;
    status->unseen = unseen();
    status->lost = switches_lost();
    status->switches = sched.switches;
    status->samples_taken = smk_cpu_samples_stats.taken;
    status->samples_lost = samples_lost();
    say_faults(status->faults, sizeof status->faults, true);
    status->faults_seen = smk_faults_stats.seen;
    status->faults_lost = smk_faults_stats.lost;
    smk_unlock(&lock);
}

void smk_sched_reset_in_child(void)
{
    smk_lock_reset(&lock);
    sched.on = sched.sched = sched.samples = sched.faults = sched.figures = sched.announce = false;
    smk_faults_stats = (struct smk_faults_stats){0};
    smk_cpu_samples_stats = (struct smk_cpu_samples_stats){0};
    smk_sched_threads_reset_in_child();
}
