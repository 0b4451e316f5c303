/* Known answers: what N busy threads on one CPU did, against what the kernel says that they did. */
#define _GNU_SOURCE
#include "unit/smk_test.h"

#include <linux/perf_event.h>

#include "base/sort.h"
#include "core/intern.h"
#include "unit/source/sched_test.h"

enum { BUSY = 4, MS = 1000, LATE_NS = 60000000 };

static bool uses(const char *source)
{
    struct smk_sched_status status;
    smk_sched_status(&status);
    return strcmp(status.source, source) == 0;
}

static void run_busy(struct busy busy[BUSY], uint32_t categories)
{
    for (int i = 0; i < BUSY; i++)
        busy_begin(&busy[i], first_cpu());
    look_begins(categories);
    for (int i = 0; i < BUSY; i++)
        kernel_begin(&busy[i]);
    look_for(categories, MS);
    for (int i = 0; i < BUSY; i++)
        kernel_end(&busy[i]);
    look_ends(categories);
    for (int i = 0; i < BUSY; i++)
        busy_end(&busy[i]);
}

/* ---- running and runnable ------------------------------------------------------------------------------- */

/* The kernel adds a wait for the CPU up when it is over: what it says of a time has waits in it that began before, and
 * lacks the one that goes on. On a machine with much else to do one wait alone may be a tenth of a second. */
static uint64_t late_ns(uint32_t tid)
{
    uint64_t longest = 0;
    for (uint32_t i = 0; i < seen_count; i++)
        if (seen[i].tid == tid && seen[i].event == SMK_EV_OFF_CPU)
            longest = smk_max_u64(longest, seen[i].args[0]);
    return LATE_NS + 2 * smk_ticks_to_ns(longest);
}

/* The switch-in stamp is late by some us, so the time off a CPU between them is a little long. */
static void test_busy_threads_are_runnable(void **state)
{
    struct busy busy[BUSY];
    uint64_t ran, runnable;
    (void)state;
    if (!kernel_counts((uint32_t)smk_sys_gettid(), &ran, &runnable))
        skip(); /* this kernel counts nothing to compare with */
    run_busy(busy, SMK_CAT_SCHED);
    for (int i = 0; i < BUSY; i++) {
        assert_true(busy[i].runnable > 0);
        uint64_t late = late_ns(busy[i].tid);
        assert_close("running", sum_ns(busy[i].tid, SUM_RAN), busy[i].cpu, 5, LATE_NS);
        assert_close("runnable", sum_ns(busy[i].tid, SUM_RUNNABLE), busy[i].runnable, 5, late);
        if (uses("perf switch records"))
            assert_close("preempted", sum_ns(busy[i].tid, SUM_PREEMPTED), busy[i].runnable, 5, late);
    }
}

/* ---- one at a time -------------------------------------------------------------------------------------- */

struct stretch {
    uint64_t from, to;
    uint32_t tid;
};

static bool stretch_before(const void *a, const void *b)
{
    return ((const struct stretch *)a)->from < ((const struct stretch *)b)->from;
}

/* Between two times off its CPU a thread is on it. */
static uint32_t stretches_of(uint32_t tid, struct stretch *to)
{
    uint64_t since = 0;
    uint32_t count = 0;
    for (uint32_t i = 0; i < seen_count; i++) {
        const struct seen *s = &seen[i];
        if (s->tid != tid || s->event != SMK_EV_OFF_CPU)
            continue;
        uint64_t begin = s->ticks - s->args[0];
        assert_true(begin >= since); /* a thread's own are in order and do not overlap */
        if (since)
            to[count++] = (struct stretch){since, begin, tid};
        since = s->first & SMK_OFF_GOES_ON ? 0 : s->ticks;
    }
    return count;
}

static void test_one_thread_at_a_time_on_a_cpu(void **state)
{
    static struct stretch on[SEEN_MAX];
    struct busy busy[BUSY];
    uint32_t count = 0;
    (void)state;
    run_busy(busy, SMK_CAT_SCHED);
    if (!uses("perf switch records"))
        skip();
    for (int i = 0; i < BUSY; i++)
        count += stretches_of(busy[i].tid, on + count);
    assert_true(count >= BUSY);
    smk_sort(on, count, sizeof *on, stretch_before);
    for (uint32_t i = 1; i < count; i++)
        if (on[i].from + smk_ns_to_ticks(1000) < on[i - 1].to)
            fail_msg("%u ran until %llu, but %u from %llu on", on[i - 1].tid, (unsigned long long)on[i - 1].to,
                     on[i].tid, (unsigned long long)on[i].from);
}

/* ---- other lives ---------------------------------------------------------------------------------------- */

static void *sleeper(void *arg)
{
    struct busy *busy = arg;
    smk_store_release(&busy->tid, (uint32_t)smk_sys_gettid());
    while (!smk_load_relaxed(&busy->stop))
        smk_sys_sleep(5000000);
    return NULL;
}

static void test_a_sleeper_waits(void **state)
{
    struct busy busy = {0};
    uint64_t off = 0;
    (void)state;
    assert_int_equal(pthread_create(&busy.thread, NULL, sleeper, &busy), 0);
    while (!smk_load_acquire(&busy.tid))
        smk_sys_sleep(100000);
    look_begins(SMK_CAT_SCHED);
    uint64_t from = smk_ticks();
    look_for(SMK_CAT_SCHED, 300);
    uint64_t length = smk_ticks() - from;
    look_ends(SMK_CAT_SCHED);
    busy_end(&busy);
    if (!uses("perf switch records"))
        skip();
    for (uint32_t i = 0; i < seen_count; i++)
        if (seen[i].tid == busy.tid && seen[i].event == SMK_EV_OFF_CPU) {
            assert_true((seen[i].first & 3) != SMK_OFF_PREEMPTED || seen[i].args[0] < length / 2);
            off += (seen[i].first & 3) == SMK_OFF_WAITED ? seen[i].args[0] : 0;
        }
    assert_true(off > length / 2 && count_events(busy.tid, SMK_EV_OFF_CPU) > 10);
}

static void *locker(void *arg)
{
    pthread_mutex_lock(arg);
    pthread_mutex_unlock(arg);
    return NULL;
}

/* Who does nothing at all is off its CPU all the time, and that stands there. */
static void test_who_never_runs(void **state)
{
    uint64_t off = 0;
    pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;
    pthread_t thread;
    (void)state;
    pthread_mutex_lock(&held);
    assert_int_equal(pthread_create(&thread, NULL, locker, &held), 0);
    smk_sys_sleep(50000000);
    look_begins(SMK_CAT_SCHED);
    uint64_t from = smk_ticks();
    look_for(SMK_CAT_SCHED, 200);
    uint64_t length = smk_ticks() - from;
    look_ends(SMK_CAT_SCHED);
    pthread_mutex_unlock(&held);
    pthread_join(thread, NULL);
    if (!uses("perf switch records"))
        skip();
    for (uint32_t i = 0; i < seen_count; i++)
        if (seen[i].event == SMK_EV_OFF_CPU && seen[i].first == (SMK_OFF_UNKNOWN | SMK_OFF_GOES_ON))
            off = smk_max_u64(off, seen[i].args[0]);
    assert_true(off > length * 9 / 10);
}

static void *short_life(void *arg)
{
    smk_sys_sleep(1000000);
    return arg;
}

/* Their rings and entries go with them. */
static void test_threads_that_end(void **state)
{
    struct smk_sched_status before, after;
    (void)state;
    look_begins(SMK_CAT_SCHED | SMK_CAT_CPU);
    smk_sched_status(&before);
    for (int round = 0; round < 5; round++) {
        pthread_t threads[20];
        for (int i = 0; i < 20; i++)
            assert_int_equal(pthread_create(&threads[i], NULL, short_life, NULL), 0);
        look_for(SMK_CAT_SCHED | SMK_CAT_CPU, 110);
        for (int i = 0; i < 20; i++)
            pthread_join(threads[i], NULL);
    }
    look_for(SMK_CAT_SCHED | SMK_CAT_CPU, 220);
    smk_sched_status(&after);
    assert_int_equal(after.threads, before.threads);
    look_ends(SMK_CAT_SCHED | SMK_CAT_CPU);
}

/* ---- switches without end ------------------------------------------------------------------------------- */

static void *yielder(void *arg)
{
    struct busy *busy = arg;
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(busy->pinned, &set);
    sched_setaffinity(0, sizeof set, &set);
    smk_store_release(&busy->tid, (uint32_t)smk_sys_gettid());
    while (!smk_load_relaxed(&busy->stop))
        sched_yield();
    return NULL;
}

static void test_too_many_switches(void **state)
{
    struct busy busy[2];
    struct smk_sched_status status;
    uint64_t began = smk_sys_clock(CLOCK_MONOTONIC);
    (void)state;
    for (int i = 0; i < 2; i++) {
        busy[i] = (struct busy){.pinned = first_cpu()};
        assert_int_equal(pthread_create(&busy[i].thread, NULL, yielder, &busy[i]), 0);
        while (!smk_load_acquire(&busy[i].tid))
            smk_sys_sleep(100000);
    }
    look_begins(SMK_CAT_SCHED | SMK_CAT_CPU);
    smk_sched_status(&status);
    uint64_t switches = status.switches;
    bool perf = uses("perf switch records");
    look_for(SMK_CAT_SCHED | SMK_CAT_CPU, 900);
    smk_sched_status(&status);
    switches = (status.switches + status.lost - switches) / 2;
    look_ends(SMK_CAT_SCHED | SMK_CAT_CPU);
    for (int i = 0; i < 2; i++)
        busy_end(&busy[i]);
    if (perf && uses("perf switch records")) {
        double seconds = (double)(smk_sys_clock(CLOCK_MONOTONIC) - began) / 1e9;
        assert_true((double)switches / seconds < SMK_SCHED_SWITCHES_MAX); /* it was slow enough */
        skip();
    }
    if (!perf)
        skip();
    assert_string_equal(status.source, "schedstat");
    assert_non_null(strstr(status.why, "switches a second"));
    assert_true(count_events(busy[0].tid, SMK_EV_SCHED_SOURCE) >= 2);
    if (strstr(status.why, " switches") - status.why >= 6) /* "100000": far more than samples stand */
        assert_non_null(strstr(status.samples, "given up: more than 20,000 switches a second"));
}

/* ---- samples -------------------------------------------------------------------------------------------- */

static void test_samples_say_where(void **state)
{
    struct busy busy;
    struct smk_sched_status status;
    uint32_t taken = 0, here = 0;
    (void)state;
    busy_begin(&busy, -1);
    look_begins(SMK_CAT_CPU);
    look_for(SMK_CAT_CPU, 600);
    look_ends(SMK_CAT_CPU);
    busy_end(&busy);
    smk_sched_status(&status);
    if (strncmp(status.samples, "none", 4) == 0)
        skip();
    for (uint32_t i = 0; i < seen_count; i++) {
        uint32_t len = 0;
        uint64_t pcs[SMK_STACK_DEPTH];
        if (seen[i].event != SMK_EV_CPU_SAMPLE || seen[i].tid != busy.tid)
            continue;
        const void *bytes = smk_intern_get(&smk_stacks, seen[i].first, &len);
        assert_non_null(bytes);
        memcpy(pcs, bytes, len);
        taken++;
        uint64_t function = (uint64_t)(uintptr_t)busy_here;
        bool inside = pcs[0] - 1 >= function && pcs[0] - 1 < function + 256;
        uint64_t caller = (uint64_t)(uintptr_t)busy_main;
        here += inside && len >= 24 && pcs[1] > caller && pcs[1] < caller + 1024;
    }
    assert_int_equal(count_events(0, SMK_EV_OFF_CPU), 0); /* nobody asked */
    assert_true(taken > 0);
    assert_true(here >= taken * 3 / 4);
}

/* ---- for the flight recorder ----------------------------------------------------------------------------- */

/* It counts before it records; a capture that begins beside it has records at once; and a snapshot is told where each
 * thread stood, at a tick that has been. */
static void test_alone_it_begins_cheaply(void **state)
{
    struct busy busy;
    struct smk_sched_status status;
    const struct smk_piece *pieces = NULL;
    (void)state;
    busy_begin(&busy, -1);
    looks_alone = true;
    look_begins(SMK_CAT_SCHED);
    uint64_t begun = smk_ticks();
    assert_true(uses("schedstat") || uses("thread CPU clocks") || uses("perf switch records"));
    look_for(SMK_CAT_SCHED, 400);
    assert_true(sum_ns(busy.tid, SUM_RAN) > 0);
    seen_count = 0;
    uint32_t count = smk_sched_stand(begun, &pieces);
    keep_pieces(pieces, count);
    uint32_t stood = 0;
    for (uint32_t i = 0; i < seen_count; i++)
        if (seen[i].event == SMK_EV_SCHED_SOURCE && seen[i].tid == busy.tid) {
            assert_true(seen[i].ticks == begun);
            stood++;
        }
    assert_int_equal(stood, 1);
    smk_sched_begin();
    looks_alone = false;
    collect(SMK_CAT_SCHED, 0);
    smk_sched_status(&status);
    assert_null(strstr(status.why, "flight recorder")); /* it has the best that is allowed */
    look_ends(SMK_CAT_SCHED);
    busy_end(&busy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_busy_threads_are_runnable),
        cmocka_unit_test(test_one_thread_at_a_time_on_a_cpu),
        cmocka_unit_test(test_a_sleeper_waits),
        cmocka_unit_test(test_who_never_runs),
        cmocka_unit_test(test_threads_that_end),
        cmocka_unit_test(test_too_many_switches),
        cmocka_unit_test(test_samples_say_where),
        cmocka_unit_test(test_alone_it_begins_cheaply),
    };
    if (smk_core_init(NULL) < 0)
        return 1;
    return SMK_RUN(tests);
}
