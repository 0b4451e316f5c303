/* The partition of threads' time, out of traces written by hand. */
#include "unit/analysis/span_checks.h"

enum { REQUEST = 7, OTHER = 8 };

static uint32_t route, call_fsync, call_poll, call_accept, call_recv;

/* A trace of a second with one worker, known from its begin. */
static uint32_t begin_trace(struct build *b, enum smk_sched_source source)
{
    build_init(b);
    build_window(b, AT(1000), AT(1000), AT(2000));
    route = build_string(b, "GET /cart");
    call_fsync = build_string(b, "fsync");
    call_poll = build_string(b, "epoll_wait");
    call_accept = build_string(b, "accept4");
    call_recv = build_string(b, "recv");
    uint32_t worker = build_thread(b, 101, "worker");
    build_event(b, worker, AT(1000), SMK_EV_SCHED_SOURCE, source, 0);
    return worker;
}

static void off(struct build *b, uint32_t thread, uint64_t from, uint64_t to, unsigned how)
{
    build_event(b, thread, AT(1000 + to), SMK_EV_OFF_CPU, how, AT(to - from), 1);
}

static void call_wait(struct build *b, uint32_t thread, uint64_t from, uint64_t to, uint32_t event, uint32_t call)
{
    build_event(b, thread, AT(1000 + to), event, 0, AT(to - from), call, 5, 0);
}

static void lock_wait(struct build *b, uint32_t thread, uint64_t from, uint64_t to)
{
    build_event(b, thread, AT(1000 + to), SMK_EV_LOCK_WAIT, 0, AT(to - from), 0xa0, 102, 103, 0);
}

static void check(struct build *b, uint32_t thread, const char *lines)
{
    smk_trace *trace = build_open(b);
    check_spans(trace, thread, lines);
    smk_trace_close(trace);
}

/* ---- with switch records -------------------------------------------------------------------------------- */

static void test_off_a_cpu(void **state)
{
    (void)state;
    struct build b;
    uint32_t worker = begin_trace(&b, SMK_SCHED_PERF);
    off(&b, worker, 10, 20, SMK_OFF_PREEMPTED);
    off(&b, worker, 30, 50, SMK_OFF_WAITED);
    build_event(&b, worker, AT(1060), SMK_EV_THREAD_EXIT, 0);
    check(&b, worker,
          "running 0-10\n"
          "runnable 10-20\n"
          "running 20-30 cpu1\n"
          "waiting 30-50\n"
          "running 50-60 cpu1\n");
}

/* Whoever was off its CPU when the record began is not known to wait before it was so for long. */
static void test_off_before(void **state)
{
    (void)state;
    struct build b;
    uint32_t worker = begin_trace(&b, SMK_SCHED_PERF), other = build_thread(&b, 102, "other");
    off(&b, worker, 0, 20, SMK_OFF_UNKNOWN);
    build_event(&b, worker, AT(1060), SMK_EV_THREAD_EXIT, 0);
    build_event(&b, other, AT(1000), SMK_EV_SCHED_SOURCE, SMK_SCHED_PERF, 0);
    off(&b, other, 0, 1000, SMK_OFF_UNKNOWN | SMK_OFF_GOES_ON);
    smk_trace *trace = build_open(&b);
    check_spans(trace, worker, "unknown 0-20\nrunning 20-60 cpu1\n");
    check_spans(trace, other, "waiting 0-1000\n");
    smk_trace_close(trace);
}

/* Who is never switched either waits or runs all the time: the count says which, also when switches are given up. */
static void test_never_switched(void **state)
{
    (void)state;
    struct build b;
    uint32_t waits = begin_trace(&b, SMK_SCHED_PERF), runs = build_thread(&b, 102, "runs");
    uint32_t given_up = build_thread(&b, 103, "given up"), switched = build_thread(&b, 104, "switched");
    build_event(&b, runs, AT(1000), SMK_EV_SCHED_SOURCE, SMK_SCHED_PERF, 0);
    build_event(&b, given_up, AT(1000), SMK_EV_SCHED_SOURCE, SMK_SCHED_PERF, 0);
    build_event(&b, switched, AT(1000), SMK_EV_SCHED_SOURCE, SMK_SCHED_PERF, 0);
    build_event(&b, given_up, AT(1200), SMK_EV_SCHED_SOURCE, SMK_SCHED_STAT, 0);
    off(&b, switched, 100, 110, SMK_OFF_WAITED);
    build_event(&b, waits, AT(2000), SMK_EV_CPU_TIME, 0, AT(1000), 0, 0);
    build_event(&b, runs, AT(2000), SMK_EV_CPU_TIME, 0, AT(1000), AT(1000), 0);
    build_event(&b, given_up, AT(2000), SMK_EV_CPU_TIME, 0, AT(1000), 0, 0);
    build_event(&b, switched, AT(2000), SMK_EV_CPU_TIME, 1, AT(1000), AT(1), 0);
    smk_trace *trace = build_open(&b);
    check_spans(trace, waits, "waiting 0-1000\n");
    check_spans(trace, runs, "running 0-1000\n");
    check_spans(trace, given_up, "waiting 0-200\nwaiting 200-1000\n");
    check_spans(trace, switched, "running 0-100\nwaiting 100-110\nrunning 110-1000 cpu1\n");
    smk_trace_close(trace);
}

/* A thread that runs is counted ten times a second: who is neither switched nor counted to the end waits; and a count
 * says so of the time before any source was said, too. */
static void test_neither_switched_nor_counted(void **state)
{
    (void)state;
    struct build b;
    uint32_t waits = begin_trace(&b, SMK_SCHED_PERF), last_ran = build_thread(&b, 102, "last ran");
    uint32_t no_source = build_thread(&b, 103, "no source");
    build_event(&b, last_ran, AT(1000), SMK_EV_SCHED_SOURCE, SMK_SCHED_PERF, 0);
    build_event(&b, last_ran, AT(1500), SMK_EV_CPU_TIME, 0, AT(500), AT(500), 0);
    build_event(&b, no_source, AT(1000), SMK_EV_LOCK_NAME, 0, 0);
    build_event(&b, no_source, AT(1800), SMK_EV_CPU_TIME, 0, AT(800), 0, 0);
    build_event(&b, no_source, AT(1900), SMK_EV_SCHED_SOURCE, SMK_SCHED_PERF, 0);
    build_event(&b, no_source, AT(2000), SMK_EV_THREAD_EXIT, 0);
    smk_trace *trace = build_open(&b);
    check_spans(trace, waits, "waiting 0-1000\n");
    check_spans(trace, last_ran, "running 0-500\nwaiting 500-1000\n");
    check_spans(trace, no_source, "waiting 0-800\nrunning 800-900 or-runnable\nrunning 900-1000\n");
    smk_trace_close(trace);
}

/* What a call does on a CPU is running; what it sleeps is its wait, and preempted is runnable inside of it. */
static void test_a_wait_with_switches(void **state)
{
    (void)state;
    struct build b;
    uint32_t worker = begin_trace(&b, SMK_SCHED_PERF);
    build_event(&b, worker, AT(1002), SMK_EV_REQUEST_BEGIN, route, REQUEST);
    off(&b, worker, 12, 20, SMK_OFF_WAITED);
    off(&b, worker, 22, 24, SMK_OFF_PREEMPTED);
    off(&b, worker, 25, 28, SMK_OFF_WAITED);
    call_wait(&b, worker, 10, 30, SMK_EV_DISK_WAIT, call_fsync);
    build_event(&b, worker, AT(1040), SMK_EV_REQUEST_END, route, REQUEST, AT(38), 200);
    build_event(&b, worker, AT(1050), SMK_EV_THREAD_EXIT, 0);
    check(&b, worker,
          "running 0-2\n"
          "running 2-10 r7\n"
          "running:disk 10-12 r7\n"
          "waiting:disk 12-20 r7\n"
          "running:disk 20-22 r7 cpu1\n"
          "runnable:disk 22-24 r7 cpu1\n"
          "running:disk 24-25 r7 cpu1\n"
          "waiting:disk 25-28 r7\n"
          "running:disk 28-30 r7 cpu1\n"
          "running 30-40 r7 cpu1\n"
          "running 40-50 cpu1\n");
}

/* Who wakes others may have to wait in that call; its work there, and that it had no CPU, is no wait. */
static void test_a_wake_that_waits(void **state)
{
    (void)state;
    struct build b;
    uint32_t worker = begin_trace(&b, SMK_SCHED_PERF), call = build_string(&b, "pthread_cond_signal");
    off(&b, worker, 12, 20, SMK_OFF_WAITED);
    off(&b, worker, 22, 24, SMK_OFF_PREEMPTED);
    build_event(&b, worker, AT(1025), SMK_EV_COND_WAKE, 0, AT(15), 0xc0, 1, call);
    off(&b, worker, 32, 34, SMK_OFF_PREEMPTED);
    build_event(&b, worker, AT(1035), SMK_EV_COND_WAKE, 0, AT(5), 0xc0, 1, call);
    build_event(&b, worker, AT(1050), SMK_EV_THREAD_EXIT, 0);
    check(&b, worker,
          "running 0-10\n"
          "running:cond 10-12\n"
          "waiting:cond 12-20\n"
          "running:cond 20-22 cpu1\n"
          "runnable:cond 22-24 cpu1\n"
          "running:cond 24-25 cpu1\n"
          "running 25-32 cpu1\n"
          "runnable 32-34 cpu1\n"
          "running 34-50 cpu1\n");
    worker = begin_trace(&b, SMK_SCHED_STAT);
    call = build_string(&b, "pthread_cond_signal");
    build_event(&b, worker, AT(1025), SMK_EV_COND_WAKE, 0, AT(15), 0xc0, 1, call);
    build_event(&b, worker, AT(1050), SMK_EV_THREAD_EXIT, 0);
    check(&b, worker,
          "running 0-10 or-runnable\n"
          "running:cond 10-25 or-runnable\n"
          "running 25-50 or-runnable\n");
}

/* The record that the thread runs again may have a time behind that of the call's return. */
static void test_a_record_behind_its_wait(void **state)
{
    (void)state;
    struct build b;
    uint32_t worker = begin_trace(&b, SMK_SCHED_PERF);
    lock_wait(&b, worker, 10, 30);
    build_event(&b, worker, AT(1030) + 300, SMK_EV_OFF_CPU, SMK_OFF_WAITED, AT(20) + 100, 1);
    build_event(&b, worker, AT(1040), SMK_EV_THREAD_EXIT, 0);
    check(&b, worker,
          "running 0-10\n"
          "waiting:lock 10-30\n"
          "running 30-40 cpu1\n");
}

static void test_short_calls_are_running(void **state)
{
    (void)state;
    struct build b;
    uint32_t worker = begin_trace(&b, SMK_SCHED_PERF);
    for (uint64_t i = 0; i < 1000; i++)
        build_event(&b, worker, AT(1010) + i * 10000, SMK_EV_DISK_WAIT, 0, 5000, call_fsync, 5, 0);
    build_event(&b, worker, AT(1050), SMK_EV_THREAD_EXIT, 0);
    check(&b, worker, "running 0-50\n");
}

/* ---- without -------------------------------------------------------------------------------------------- */

static void test_without_switches(void **state)
{
    (void)state;
    struct build b;
    uint32_t worker = begin_trace(&b, SMK_SCHED_STAT);
    lock_wait(&b, worker, 10, 30);
    build_event(&b, worker, AT(1100), SMK_EV_CPU_TIME, 3, AT(99), AT(60), AT(10));
    build_event(&b, worker, AT(1110), SMK_EV_THREAD_EXIT, 0);
    check(&b, worker,
          "running 0-10 or-runnable\n"
          "waiting:lock 10-30 whole\n"
          "running 30-110 or-runnable\n");
}

/* Whoever is counted to run hardly at all waits, for what nobody tells; and so who is never counted. */
static void test_not_counted(void **state)
{
    (void)state;
    struct build b;
    uint32_t worker = begin_trace(&b, SMK_SCHED_STAT);
    build_event(&b, worker, AT(1050), SMK_EV_CPU_TIME, 3, AT(50), AT(40), 0);
    build_event(&b, worker, AT(1450), SMK_EV_CPU_TIME, 3, AT(400), AT(6), AT(4));
    lock_wait(&b, worker, 500, 600);
    check(&b, worker,
          "running 0-50 or-runnable\n"
          "waiting 50-440\n"
          "running 440-450 or-runnable\n"
          "waiting 450-500\n"
          "waiting:lock 500-600 whole\n"
          "waiting 600-1000\n");
}

/* What the kernel counts meanwhile says nothing of where the thread is. */
static void test_counts_inside_a_wait(void **state)
{
    (void)state;
    struct build b;
    uint32_t worker = begin_trace(&b, SMK_SCHED_STAT);
    for (uint64_t ms = 20; ms < 500; ms += 5)
        build_event(&b, worker, AT(1000 + ms), SMK_EV_CPU_TIME, 3, AT(5), AT(1), AT(1));
    call_wait(&b, worker, 10, 510, SMK_EV_NET_WAIT, call_recv);
    build_event(&b, worker, AT(1600), SMK_EV_THREAD_EXIT, 0);
    check(&b, worker,
          "running 0-10 or-runnable\n"
          "waiting:net 10-510 whole\n"
          "running 510-600 or-runnable\n");
}

static void test_waits_in_waits(void **state)
{
    (void)state;
    struct build b;
    uint32_t worker = begin_trace(&b, SMK_SCHED_NONE);
    uint32_t site = build_site(&b, "pool", "pool.c", 7);
    lock_wait(&b, worker, 20, 30);
    call_wait(&b, worker, 40, 45, SMK_EV_NET_WAIT, call_recv);
    build_event(&b, worker, AT(1060), SMK_EV_USER_WAIT, site, AT(50), SMK_WAIT_OTHER, 0xb0, 0);
    build_event(&b, worker, AT(1070), SMK_EV_THREAD_EXIT, 0);
    check(&b, worker,
          "running 0-10 or-runnable\n"
          "waiting:other 10-20 whole\n"
          "waiting:lock 20-30 whole\n"
          "waiting:other 30-40 whole\n"
          "waiting:net 40-45 whole\n"
          "waiting:other 45-60 whole\n"
          "running 60-70 or-runnable\n");
}

/* A wait around more than is kept is told of the last pieces, and says so. */
static void test_a_wait_around_many(void **state)
{
    (void)state;
    struct build b;
    static struct told told;
    uint32_t worker = begin_trace(&b, SMK_SCHED_NONE);
    uint32_t site = build_site(&b, "pool", "pool.c", 7);
    for (uint64_t i = 0; i < 200; i++)
        lock_wait(&b, worker, 20 + 2 * i, 21 + 2 * i);
    build_event(&b, worker, AT(1500), SMK_EV_USER_WAIT, site, AT(490), SMK_WAIT_OTHER, 0xb0, 0);
    smk_trace *trace = build_open(&b);
    tell_all(&told, trace, worker);
    assert_non_null(strstr(told.lines, "waiting:other 419-500 whole cut\n"));
    assert_non_null(strstr(told.lines, "waiting:lock 20-21 whole\nrunning 21-22 or-runnable\n"));
    assert_int_equal(told.waits, 201);
    assert_int_equal(told.sum[worker], AT(1000));
    free(told.lines);
    smk_trace_close(trace);
}

/* ---- a request's end, said by another thread ------------------------------------------------------------------ */

/* It was over at 20, which the reader sees at 50: from 20 on the worker is at nothing, and its sleeps are idle. */
static void test_ends_elsewhere(void **state)
{
    (void)state;
    struct build b;
    uint32_t worker = begin_trace(&b, SMK_SCHED_NONE), reader = build_thread(&b, 102, "reader");
    build_event(&b, reader, AT(1000), SMK_EV_REQUEST_BEGIN, route, REQUEST);
    build_event(&b, worker, AT(1005), SMK_EV_REQUEST_ENTER, 0, REQUEST);
    call_wait(&b, worker, 10, 15, SMK_EV_SLEEP_WAIT, call_poll);
    call_wait(&b, worker, 25, 40, SMK_EV_SLEEP_WAIT, call_poll);
    build_event(&b, reader, AT(1050), SMK_EV_REQUEST_ANSWERED, route, REQUEST, AT(20), 200, AT(30), 0, 0);
    call_wait(&b, worker, 60, 70, SMK_EV_SLEEP_WAIT, call_poll);
    build_event(&b, worker, AT(1070), SMK_EV_THREAD_EXIT, 0);
    check(&b, worker,
          "running 0-5 or-runnable\n"
          "running 5-10 r7 or-runnable\n"
          "waiting:sleep 10-15 r7 whole\n"
          "running 15-20 r7 or-runnable\n"
          "running 20-25 or-runnable\n"
          "idle:sleep 25-40 whole\n"
          "running 40-60 or-runnable\n"
          "idle:sleep 60-70 whole\n");
}

/* ---- idle ----------------------------------------------------------------------------------------------- */

static void test_idle(void **state)
{
    (void)state;
    struct build b;
    uint32_t worker = begin_trace(&b, SMK_SCHED_NONE);
    call_wait(&b, worker, 0, 10, SMK_EV_POLL_WAIT, call_poll);
    call_wait(&b, worker, 10, 20, SMK_EV_NET_WAIT, call_accept);
    call_wait(&b, worker, 20, 30, SMK_EV_NET_WAIT, call_recv);
    build_event(&b, worker, AT(1030), SMK_EV_REQUEST_BEGIN, route, REQUEST);
    call_wait(&b, worker, 30, 40, SMK_EV_POLL_WAIT, call_poll);
    call_wait(&b, worker, 40, 50, SMK_EV_SLEEP_WAIT, call_poll);
    build_event(&b, worker, AT(1050), SMK_EV_REQUEST_END, route, REQUEST, AT(20), 200);
    call_wait(&b, worker, 50, 60, SMK_EV_SLEEP_WAIT, call_poll);
    build_event(&b, worker, AT(1060), SMK_EV_THREAD_EXIT, 0);
    check(&b, worker,
          "idle:poll 0-10 whole\n"
          "idle:net 10-20 whole\n"
          "waiting:net 20-30 whole\n"
          "waiting:poll 30-40 r7 whole\n"
          "waiting:sleep 40-50 r7 whole\n"
          "idle:sleep 50-60 whole\n");
}

/* Who holds what another waits for is not idle, however it sleeps; once it has let go it is, if that one waits on. */
static void test_a_holder_that_sleeps(void **state)
{
    (void)state;
    struct build b;
    uint32_t holder = begin_trace(&b, SMK_SCHED_STAT), other = build_thread(&b, 102, "other");
    uint32_t usleep_call = build_string(&b, "usleep");
    build_event(&b, holder, AT(1030), SMK_EV_SLEEP_WAIT, 0, AT(20), usleep_call, AT(20)); /* from 10 */
    build_event(&b, holder, AT(1031), SMK_EV_LOCK_RELEASE, 0, 0, 0x1000, 0);
    build_event(&b, holder, AT(1060), SMK_EV_SLEEP_WAIT, 0, AT(20), usleep_call, AT(20)); /* from 40 */
    build_event(&b, holder, AT(1061), SMK_EV_LOCK_RELEASE, 0, 0, 0x1000, 0);
    build_event(&b, other, AT(1062), SMK_EV_LOCK_WAIT, 0, AT(42), 0x1000, 101, 101, 0); /* from 20 */
    build_event(&b, holder, AT(1100), SMK_EV_THREAD_EXIT, 0);
    check(&b, holder,
          "running 0-10 or-runnable\n"
          "waiting:sleep 10-30 whole\n"
          "running 30-40 or-runnable\n"
          "idle:sleep 40-60 whole\n"
          "running 60-100 or-runnable\n");
}

/* What a callback of a loop sleeps is not the loop that waits for work, before it and behind it. */
static void test_a_callback_that_sleeps(void **state)
{
    (void)state;
    struct build b;
    uint32_t loop = begin_trace(&b, SMK_SCHED_STAT);
    uint32_t site = build_site(&b, "flush", "loop.c", 7), nanosleep_call = build_string(&b, "nanosleep");
    call_wait(&b, loop, 10, 30, SMK_EV_POLL_WAIT, call_poll);
    build_event(&b, loop, AT(1060), SMK_EV_SLEEP_WAIT, 0, AT(20), nanosleep_call, AT(20));
    build_event(&b, loop, AT(1070), SMK_EV_LOOP_CALLBACK, site, AT(35), 0, SMK_CALLBACK_TIMER);
    build_event(&b, loop, AT(1090), SMK_EV_SLEEP_WAIT, 0, AT(10), nanosleep_call, AT(10));
    build_event(&b, loop, AT(1100), SMK_EV_THREAD_EXIT, 0);
    check(&b, loop,
          "running 0-10 or-runnable\n"
          "idle:poll 10-30 whole\n"
          "running 30-40 or-runnable\n"
          "waiting:sleep 40-60 whole\n"
          "running 60-80 or-runnable\n"
          "idle:sleep 80-90 whole\n"
          "running 90-100 or-runnable\n");
}

/* That a request was answered is known when its connection brings the next: what lies between is not its. */
static void test_answered_before(void **state)
{
    (void)state;
    struct build b;
    uint32_t worker = begin_trace(&b, SMK_SCHED_NONE);
    build_event(&b, worker, AT(1010), SMK_EV_REQUEST_BEGIN, route, REQUEST);
    call_wait(&b, worker, 20, 30, SMK_EV_NET_WAIT, call_recv);
    call_wait(&b, worker, 50, 90, SMK_EV_POLL_WAIT, call_poll);
    build_event(&b, worker, AT(1100), SMK_EV_REQUEST_ANSWERED, route, REQUEST, AT(32), 200, AT(60), AT(2), 0);
    build_event(&b, worker, AT(1100), SMK_EV_REQUEST_BEGIN, route, OTHER);
    build_event(&b, worker, AT(1110), SMK_EV_THREAD_EXIT, 0);
    static struct told told;
    smk_trace *trace = build_open(&b);
    tell_all(&told, trace, worker);
    assert_string_equal(told.lines, "running 0-10 or-runnable\n"
                                    "running 10-20 r7 or-runnable\n"
                                    "waiting:net 20-30 r7 whole\n"
                                    "running 30-40 r7 or-runnable\n"
                                    "running 40-50 or-runnable\n"
                                    "idle:poll 50-90 whole\n"
                                    "running 90-100 or-runnable\n"
                                    "running 100-110 r8 or-runnable\n");
    assert_int_equal(told.requests, 2);
    assert_true(told.last_request.open); /* the second is told at the end */
    assert_int_equal(told.turns, 4);
    free(told.lines);
    smk_trace_close(trace);
}

/* ---- ends ----------------------------------------------------------------------------------------------- */

static void test_open_at_the_end(void **state)
{
    (void)state;
    struct build b;
    uint32_t worker = begin_trace(&b, SMK_SCHED_NONE);
    uint32_t silent = build_thread(&b, 102, "silent");
    build_event(&b, worker, AT(1100), SMK_EV_REGION_BEGIN, build_site(&b, "load", "a.c", 7));
    build_event(&b, worker, AT(1200), SMK_EV_REQUEST_BEGIN, route, REQUEST);
    build_open_wait(&b, worker, 0xa0, 102, AT(1300), 0, REQUEST);
    build_open_wait(&b, silent, 0xa1, 0, AT(500), 0, 0);
    smk_trace *trace = build_open(&b);
    static struct told told;
    tell_all(&told, trace, worker);
    assert_string_equal(told.lines, "running 0-200 or-runnable\n"
                                    "running 200-300 r7 or-runnable\n"
                                    "waiting:lock 300-1000 r7 whole open\n");
    free(told.lines);
    assert_true(told.last_region.open && told.last_region.to == AT(2000));
    assert_true(told.last_request.open && told.last_request.to == AT(2000));
    check_spans(trace, silent, "waiting:lock 0-1000 whole open\n");
    smk_trace_close(trace);
}

/* Nobody knows what a thread did after its last word, where the end is missing. */
static void test_a_cut_file(void **state)
{
    (void)state;
    struct build b;
    uint32_t worker = begin_trace(&b, SMK_SCHED_PERF);
    build_event(&b, worker, AT(1100), SMK_EV_REGION_BEGIN, build_site(&b, "load", "a.c", 7));
    b.cut = true;
    check(&b, worker, "running 0-100\nunknown 100-1000\n");
}

static void test_before_it_is_complete(void **state)
{
    (void)state;
    struct build b;
    build_init(&b);
    build_window(&b, AT(1000), AT(1100), AT(2000));
    uint32_t worker = build_thread(&b, 101, "worker");
    build_event(&b, worker, AT(1000), SMK_EV_SCHED_SOURCE, SMK_SCHED_STAT, 0);
    build_event(&b, worker, AT(1050), SMK_EV_LOCK_WAIT, 0, AT(20), 0xa0, 0, 0, 0);
    build_event(&b, worker, AT(1200), SMK_EV_THREAD_EXIT, 0);
    check(&b, worker,
          "unknown 0-30 gap\n"
          "waiting:lock 30-50 whole gap\n"
          "unknown 50-100 gap\n"
          "running 100-200 or-runnable\n");
}

/* ---- anything ------------------------------------------------------------------------------------------- */

static uint64_t random_state;

static uint64_t next_random(uint64_t below)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (random_state >> 33) % below;
}

static void anything(struct build *b, uint32_t thread, uint64_t time, uint32_t site)
{
    static const uint8_t waits[] = {SMK_EV_NET_WAIT, SMK_EV_POLL_WAIT, SMK_EV_DISK_WAIT, SMK_EV_SLEEP_WAIT};
    uint64_t duration = next_random(4) ? next_random(AT(20)) : next_random(AT(500)), id = 1 + next_random(5);
    switch (next_random(12)) {
    case 0:
        build_event(b, thread, time, SMK_EV_SCHED_SOURCE, next_random(4), next_random(3));
        break;
    case 1:
    case 2:
        build_event(b, thread, time, SMK_EV_OFF_CPU, next_random(8), duration, next_random(4));
        break;
    case 3:
        build_event(b, thread, time, SMK_EV_LOCK_WAIT, 0, duration, 0xa0 + next_random(2), 101, 102, 0, 0);
        break;
    case 4:
        build_event(b, thread, time, SMK_EV_USER_WAIT, site, duration, next_random(12), 0xb0, 0);
        break;
    case 5:
        build_event(b, thread, time, SMK_EV_REQUEST_BEGIN, route, id);
        break;
    case 6:
        build_event(b, thread, time, SMK_EV_REQUEST_ENTER, 0, id);
        break;
    case 7:
        build_event(b, thread, time, SMK_EV_REQUEST_ANSWERED, route, id, duration, 200, next_random(AT(50)),
                    next_random(AT(10)), 0);
        break;
    case 8:
        build_event(b, thread, time, SMK_EV_REQUEST_LEAVE, 0, id);
        break;
    case 9:
        build_event(b, thread, time, SMK_EV_MAJOR_FAULT, 0, 0x1000);
        break;
    case 10:
        build_event(b, thread, time, next_random(2) ? SMK_EV_REGION_BEGIN : SMK_EV_REGION_END, site);
        break;
    default:
        build_event(b, thread, time, waits[next_random(4)], 0, duration, call_recv, 5, 0);
    }
}

/* Whatever the events are, in whatever order: the spans of each thread follow one another, and each request's parts
 * add up (tell_all looks). */
static void test_anything_is_a_partition(void **state)
{
    (void)state;
    static struct told told;
    for (uint64_t seed = 1; seed <= 300; seed++) {
        struct build b;
        random_state = seed;
        begin_trace(&b, (enum smk_sched_source)next_random(4));
        uint32_t site = build_site(&b, "any", "any.c", 7);
        build_thread(&b, 102, "other");
        b.cut = next_random(4) == 0;
        uint64_t time[3] = {0, AT(1000), AT(1000)};
        for (unsigned i = 0; i < 400; i++) {
            uint32_t thread = 1 + (uint32_t)next_random(2);
            time[thread] += next_random(8) ? next_random(AT(4)) : 0;
            anything(&b, thread, time[thread], site);
        }
        if (next_random(3) == 0)
            build_open_wait(&b, 1, 0xa0, 102, AT(1000) + next_random(AT(1200)), 0, 0);
        smk_trace *trace = build_open(&b);
        tell_all(&told, trace, 1);
        assert_true(told.to[1] >= AT(2000) && told.to[1] == told.to[2]);
        free(told.lines);
        smk_trace_close(trace);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_off_a_cpu),
        cmocka_unit_test(test_off_before),
        cmocka_unit_test(test_never_switched), cmocka_unit_test(test_neither_switched_nor_counted),
        cmocka_unit_test(test_a_wait_with_switches),
        cmocka_unit_test(test_a_wake_that_waits),
        cmocka_unit_test(test_a_record_behind_its_wait),
        cmocka_unit_test(test_short_calls_are_running),
        cmocka_unit_test(test_without_switches),
        cmocka_unit_test(test_not_counted),
        cmocka_unit_test(test_counts_inside_a_wait),
        cmocka_unit_test(test_waits_in_waits),
        cmocka_unit_test(test_a_wait_around_many),
        cmocka_unit_test(test_ends_elsewhere), cmocka_unit_test(test_idle), cmocka_unit_test(test_a_holder_that_sleeps),
        cmocka_unit_test(test_a_callback_that_sleeps),
        cmocka_unit_test(test_answered_before),
        cmocka_unit_test(test_open_at_the_end),
        cmocka_unit_test(test_a_cut_file),
        cmocka_unit_test(test_before_it_is_complete),
        cmocka_unit_test(test_anything_is_a_partition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
