/* One request's parts and who waited for whom, out of traces written by hand. */
#include "unit/analysis/trace_builder.h"

#include "analysis/moment.h"
#include "analysis/pauses.h"
#include "analysis/request_view_state.h"

#define AT(ms) ((uint64_t)(ms) * 1000000)

enum { SLOW = 7, NORMAL = 8, LOCK_A = 0xa0, LOCK_B = 0xb0 };

static uint32_t route, fsync_call, recv_call, pool;

static uint32_t a_thread(struct build *b, uint32_t tid, const char *name, unsigned source)
{
    uint32_t thread = build_thread(b, tid, name);
    if (source != SMK_SCHED_NONE)
        build_event(b, thread, AT(1000), SMK_EV_SCHED_SOURCE, source, 0);
    return thread;
}

static void begin_trace(struct build *b, const char *source)
{
    build_init(b);
    build_window(b, AT(1000), AT(1000), AT(3000));
    build_fact(b, SMK_FACT_SCHED_SOURCE, source);
    route = build_string(b, "GET /cart");
    fsync_call = build_string(b, "fsync");
    recv_call = build_string(b, "recv");
    pool = build_site(b, "pool", "pool.c", 7);
    build_lock_name(b, LOCK_A, "cart_lock");
    build_lock_name(b, LOCK_B, "stock_lock");
}

static void off(struct build *b, uint32_t thread, uint64_t from, uint64_t to, unsigned how)
{
    build_event(b, thread, AT(to), SMK_EV_OFF_CPU, how, AT(to - from), 1);
}

static void lock_wait(struct build *b, uint32_t thread, uint64_t lock, uint64_t from, uint64_t to)
{
    off(b, thread, from, to, SMK_OFF_WAITED);
    build_event(b, thread, AT(to), SMK_EV_LOCK_WAIT, 0, AT(to - from), lock, 0, 0, 0, 0);
}

static void release(struct build *b, uint32_t thread, uint64_t lock, uint64_t at)
{
    build_event(b, thread, AT(at), SMK_EV_LOCK_RELEASE, 0, 0, lock, 0);
}

static struct smk_request_view *view_of(smk_trace *trace, const char *wanted)
{
    struct smk_request_view *view;
    struct smk_request_view_options options = {.no_symbols = true};
    if (smk_request_view_make(&view, trace, wanted, &options) != 0)
        fail_msg("%s", smk_last_error());
    uint64_t sum = 0;
    for (uint32_t i = 0; i < view->request.part_count; i++)
        sum += view->request.parts[i].ns;
    assert_int_equal(sum, view->request.total);
    return view;
}

static uint64_t ms_of(const struct smk_request_parts *parts, uint32_t kind)
{
    uint64_t ns = 0;
    for (uint32_t i = 0; i < parts->part_count; i++)
        ns += parts->parts[i].kind == kind ? parts->parts[i].ns : 0;
    return ns / 1000000;
}

/* ---- parts ---------------------------------------------------------------------------------------------- */

/* 100 ms: 10 in a queue, and on two threads; beside it a normal one of 20 ms. */
static void test_parts(void **state)
{
    (void)state;
    struct build b;
    begin_trace(&b, "perf switch records");
    uint32_t loop = a_thread(&b, 101, "loop", SMK_SCHED_PERF), worker = a_thread(&b, 102, "worker", SMK_SCHED_PERF);
    off(&b, worker, 1000, 1110, SMK_OFF_WAITED);
    build_event(&b, loop, AT(1100), SMK_EV_REQUEST_BEGIN, route, SLOW);
    build_event(&b, loop, AT(1105), SMK_EV_REQUEST_LEAVE, 0, SLOW);
    build_event(&b, worker, AT(1115), SMK_EV_HANDOFF, pool, SLOW, AT(10), 101);
    build_event(&b, worker, AT(1115), SMK_EV_REQUEST_ENTER, 0, SLOW);
    off(&b, worker, 1120, 1125, SMK_OFF_PREEMPTED);
    lock_wait(&b, worker, LOCK_A, 1130, 1160);
    off(&b, worker, 1165, 1170, SMK_OFF_WAITED);
    build_event(&b, worker, AT(1170), SMK_EV_NET_WAIT, 0, AT(5), recv_call, 5, 0, 0);
    off(&b, worker, 1175, 1195, SMK_OFF_WAITED); /* in no call */
    build_event(&b, worker, AT(1200), SMK_EV_REQUEST_END, route, SLOW, AT(100), 200);
    build_event(&b, worker, AT(1300), SMK_EV_REQUEST_BEGIN, route, NORMAL);
    build_event(&b, worker, AT(1320), SMK_EV_REQUEST_END, route, NORMAL, AT(20), 200);
    smk_trace *trace = build_open(&b);
    struct smk_request_view *view = view_of(trace, NULL);
    const struct smk_request_parts *parts = &view->request;
    assert_int_equal(parts->total, AT(100));
    assert_int_equal(ms_of(parts, SMK_TIME_QUEUE), 10);
    assert_int_equal(ms_of(parts, SMK_TIME_RUNNABLE), 5);
    assert_int_equal(ms_of(parts, SMK_TIME_LOCK), 30);
    assert_int_equal(ms_of(parts, SMK_TIME_NET), 5);
    assert_int_equal(ms_of(parts, SMK_TIME_UNEXPLAINED), 20);
    assert_int_equal(ms_of(parts, SMK_TIME_CPU), 30);
    assert_true(view->has_normal && view->normal.request.id == NORMAL && view->normal.total == AT(20));
    assert_int_equal(view->pick.rank, 1);
    smk_request_view_free(view);
    assert_int_equal(smk_request_view_make(&view, trace, "GET /x", &(struct smk_request_view_options){0}),
                     SMK_E_NOTFOUND);
    assert_non_null(strstr(smk_last_error(), "GET /cart"));
    smk_trace_close(trace);
}

/* Who makes it puts it into a queue and sleeps, and nothing says that it left it; a worker takes it after 30 ms, waits
 * for 20 and leaves; then who made it computes for it until the end, 10 ms later. */
static void test_giver_is_not_at_it(void **state)
{
    (void)state;
    struct build b;
    begin_trace(&b, "perf switch records");
    uint32_t maker = a_thread(&b, 101, "maker", SMK_SCHED_PERF), worker = a_thread(&b, 102, "worker", SMK_SCHED_PERF);
    uint32_t usleep_call = build_string(&b, "usleep");
    build_event(&b, maker, AT(1100), SMK_EV_REQUEST_BEGIN, route, SLOW);
    off(&b, worker, 1000, 1135, SMK_OFF_WAITED);
    build_event(&b, worker, AT(1135), SMK_EV_HANDOFF, pool, SLOW, AT(30), 101); /* from 1105 on */
    build_event(&b, worker, AT(1135), SMK_EV_REQUEST_ENTER, 0, SLOW);
    off(&b, worker, 1135, 1155, SMK_OFF_WAITED);
    build_event(&b, worker, AT(1155), SMK_EV_NET_WAIT, 0, AT(20), recv_call, 5, 0, 0);
    build_event(&b, worker, AT(1155), SMK_EV_REQUEST_LEAVE, 0, SLOW);
    off(&b, worker, 1155, 1300, SMK_OFF_WAITED);
    off(&b, maker, 1106, 1155, SMK_OFF_WAITED);
    build_event(&b, maker, AT(1155), SMK_EV_SLEEP_WAIT, 0, AT(49), usleep_call, 0);
    build_event(&b, maker, AT(1165), SMK_EV_REQUEST_END, route, SLOW, AT(65), 200);
    smk_trace *trace = build_open(&b);
    struct smk_request_view *view = view_of(trace, "7");
    assert_int_equal(ms_of(&view->request, SMK_TIME_QUEUE), 30);
    assert_int_equal(ms_of(&view->request, SMK_TIME_NET), 20);
    assert_int_equal(ms_of(&view->request, SMK_TIME_SLEEP), 0);
    assert_int_equal(ms_of(&view->request, SMK_TIME_CPU), 15);
    smk_request_view_free(view);
    smk_trace_close(trace);
}

/* A loop reads two, flushes for 30 ms, looks for other work, is in a call for somebody else, and answers. */
static void test_one_flush_for_all(void **state)
{
    (void)state;
    struct build b;
    begin_trace(&b, "perf switch records");
    uint32_t loop = a_thread(&b, 101, "loop", SMK_SCHED_PERF), set = build_string(&b, "SET");
    build_event(&b, loop, AT(1100), SMK_EV_REQUEST_BEGIN, route, SLOW);
    build_event(&b, loop, AT(1102), SMK_EV_REQUEST_BEGIN, set, NORMAL);
    off(&b, loop, 1105, 1135, SMK_OFF_WAITED);
    build_event(&b, loop, AT(1135), SMK_EV_DISK_WAIT, 0, AT(30), fsync_call, 5, 0, 0);
    build_event(&b, loop, AT(1140), SMK_EV_REQUEST_LEAVE, 0, NORMAL);
    build_event(&b, loop, AT(1142), SMK_EV_REQUEST_ENTER, 0, NORMAL);
    off(&b, loop, 1145, 1155, SMK_OFF_WAITED);
    build_event(&b, loop, AT(1155), SMK_EV_DISK_WAIT, 0, AT(10), fsync_call, 5, 0, 0);
    build_event(&b, loop, AT(1160), SMK_EV_REQUEST_END, set, NORMAL, AT(58), 200);
    build_event(&b, loop, AT(1200), SMK_EV_REQUEST_END, route, SLOW, AT(100), 200);
    smk_trace *trace = build_open(&b);
    struct smk_request_view *view = view_of(trace, "7");
    assert_int_equal(ms_of(&view->request, SMK_TIME_DISK), 30);
    smk_request_view_free(view);
    view = view_of(trace, "8");
    assert_int_equal(ms_of(&view->request, SMK_TIME_DISK), 40);
    smk_request_view_free(view);
    smk_trace_close(trace);
}

/* Its loop asks a peer at 10 ms, rests until 40, is busy for another until 50, and reads the answer. */
static void test_a_peer(void **state)
{
    (void)state;
    struct build b;
    begin_trace(&b, "perf switch records");
    uint32_t loop = a_thread(&b, 101, "loop", SMK_SCHED_PERF), other = build_string(&b, "GET /other");
    uint32_t poll = build_string(&b, "epoll_wait"), peer = build_string(&b, "10.0.0.1:80");
    uint64_t answer[] = {0, AT(40), recv_call, 5, SLOW, peer, 0};
    build_event(&b, loop, AT(1100), SMK_EV_REQUEST_BEGIN, route, SLOW);
    build_event(&b, loop, AT(1110), SMK_EV_REQUEST_LEAVE, 0, SLOW);
    off(&b, loop, 1110, 1140, SMK_OFF_WAITED);
    build_event(&b, loop, AT(1140), SMK_EV_POLL_WAIT, 0, AT(30), poll, 3, 1);
    build_event(&b, loop, AT(1140), SMK_EV_REQUEST_BEGIN, other, NORMAL);
    build_event(&b, loop, AT(1150), SMK_EV_REQUEST_END, other, NORMAL, AT(10), 200);
    build_event_args(&b, loop, AT(1150), SMK_EV_ANSWER_WAIT, answer, SMK_ARRAY_LEN(answer));
    build_event(&b, loop, AT(1150), SMK_EV_REQUEST_ENTER, 0, SLOW);
    build_event(&b, loop, AT(1160), SMK_EV_REQUEST_END, route, SLOW, AT(60), 200);
    smk_trace *trace = build_open(&b);
    struct smk_request_view *view = view_of(trace, "7");
    assert_int_equal(ms_of(&view->request, SMK_TIME_NET), 30);
    assert_int_equal(ms_of(&view->request, SMK_TIME_LOOP), 10);
    assert_int_equal(ms_of(&view->request, SMK_TIME_CPU), 20);
    assert_int_equal(smk_request_part(&view->request, SMK_TIME_NET, SMK_MAP_NONE)->details[0].id, peer);
    smk_request_view_free(view);
    smk_trace_close(trace);
}

/* Nothing says who ran: no CPU time, and what is in no call is unexplained. */
static void test_no_scheduler(void **state)
{
    (void)state;
    struct build b;
    begin_trace(&b, "none");
    uint32_t worker = a_thread(&b, 102, "worker", SMK_SCHED_NONE);
    build_event(&b, worker, AT(1100), SMK_EV_REQUEST_BEGIN, route, SLOW);
    build_event(&b, worker, AT(1170), SMK_EV_NET_WAIT, 0, AT(40), recv_call, 5, 0, 0);
    build_event(&b, worker, AT(1200), SMK_EV_REQUEST_END, route, SLOW, AT(100), 200);
    smk_trace *trace = build_open(&b);
    struct smk_request_view *view = view_of(trace, "7");
    assert_int_equal(ms_of(&view->request, SMK_TIME_NET), 40);
    assert_int_equal(ms_of(&view->request, SMK_TIME_UNEXPLAINED), 60);
    assert_int_equal(ms_of(&view->request, SMK_TIME_CPU), 0);
    assert_false(view->has_normal);
    smk_request_view_free(view);
    smk_trace_close(trace);
}

/* The kernel counts: of 60 ms in no call 30 were on a CPU and 12 ready. */
static void test_counted(void **state)
{
    (void)state;
    struct build b;
    begin_trace(&b, "schedstat");
    uint32_t worker = a_thread(&b, 102, "worker", SMK_SCHED_STAT);
    build_event(&b, worker, AT(1100), SMK_EV_CPU_TIME, 1, AT(100), AT(100), 0);
    build_event(&b, worker, AT(1100), SMK_EV_REQUEST_BEGIN, route, SLOW);
    build_event(&b, worker, AT(1170), SMK_EV_NET_WAIT, 0, AT(40), recv_call, 5, 0, 0);
    build_event(&b, worker, AT(1200), SMK_EV_REQUEST_END, route, SLOW, AT(100), 200);
    build_event(&b, worker, AT(1200), SMK_EV_CPU_TIME, 1, AT(100), AT(30), AT(12));
    smk_trace *trace = build_open(&b);
    struct smk_request_view *view = view_of(trace, "slowest");
    assert_in_range(ms_of(&view->request, SMK_TIME_CPU), 29, 30);
    assert_in_range(ms_of(&view->request, SMK_TIME_RUNNABLE), 11, 12);
    assert_in_range(ms_of(&view->request, SMK_TIME_UNEXPLAINED), 18, 19);
    assert_true(view->request.estimated);
    smk_request_view_free(view);
    smk_trace_close(trace);
}

/* Two looks within one tick of the kernel's: a thread that runs all the time may be counted as if it did not. */
static void test_counted_for_too_short(void **state)
{
    (void)state;
    struct build b;
    begin_trace(&b, "schedstat");
    uint32_t worker = a_thread(&b, 102, "worker", SMK_SCHED_STAT);
    build_event(&b, worker, AT(1100), SMK_EV_REQUEST_BEGIN, route, SLOW);
    build_event(&b, worker, AT(1105), SMK_EV_CPU_TIME, 1, AT(5), 0, 0);
    build_event(&b, worker, AT(1105), SMK_EV_REQUEST_END, route, SLOW, AT(5), 200);
    smk_trace *trace = build_open(&b);
    struct smk_request_view *view = view_of(trace, "slowest");
    assert_int_equal(ms_of(&view->request, SMK_TIME_UNEXPLAINED), 5);
    assert_int_equal(smk_request_part(&view->request, SMK_TIME_UNEXPLAINED, SMK_MAP_NONE)->details[0].id,
                     SMK_WHY_NO_SOURCE);
    smk_request_view_free(view);
    smk_trace_close(trace);
}

/* What is counted neither on a CPU nor ready is in a call that wakes a wait, for those that it woke before. */
static void test_counted_in_a_wake(void **state)
{
    (void)state;
    struct build b;
    begin_trace(&b, "schedstat");
    uint32_t worker = a_thread(&b, 102, "worker", SMK_SCHED_STAT), call = build_string(&b, "pthread_cond_signal");
    build_event(&b, worker, AT(1100), SMK_EV_CPU_TIME, 1, AT(100), AT(100), 0);
    build_event(&b, worker, AT(1100), SMK_EV_REQUEST_BEGIN, route, SLOW);
    build_event(&b, worker, AT(1200), SMK_EV_COND_WAKE, 0, AT(100), 0xc0, 1, call);
    build_event(&b, worker, AT(1200), SMK_EV_REQUEST_END, route, SLOW, AT(100), 200);
    build_event(&b, worker, AT(1200), SMK_EV_CPU_TIME, 1, AT(100), AT(30), AT(12));
    smk_trace *trace = build_open(&b);
    struct smk_request_view *view = view_of(trace, "slowest");
    assert_in_range(ms_of(&view->request, SMK_TIME_CPU), 29, 30);
    assert_in_range(ms_of(&view->request, SMK_TIME_RUNNABLE), 11, 12);
    assert_in_range(ms_of(&view->request, SMK_TIME_COND), 58, 59);
    assert_int_equal(ms_of(&view->request, SMK_TIME_UNEXPLAINED), 0);
    smk_request_view_free(view);
    smk_trace_close(trace);
}

/* ---- chains --------------------------------------------------------------------------------------------- */

static const struct smk_chain_node *child(const struct smk_request_view *view, const struct smk_chain_node *parent,
                                          uint32_t number)
{
    uint32_t at = parent ? (uint32_t)(parent - view->chain.nodes) : SMK_CHAIN_ROOTS;
    uint32_t found = smk_chain_child(&view->chain, at, number);
    assert_true(found != UINT32_MAX);
    return &view->chain.nodes[found];
}

/* worker waits for A, which first holds while it waits for B, which second holds while it flushes. */
static void test_to_the_end_of_the_chain(void **state)
{
    (void)state;
    struct build b;
    begin_trace(&b, "perf switch records");
    uint32_t worker = a_thread(&b, 101, "worker", SMK_SCHED_PERF), first = a_thread(&b, 102, "first", SMK_SCHED_PERF),
             second = a_thread(&b, 103, "second", SMK_SCHED_PERF);
    build_event(&b, worker, AT(1100), SMK_EV_REQUEST_BEGIN, route, SLOW);
    lock_wait(&b, worker, LOCK_A, 1100, 1190);
    build_event(&b, worker, AT(1200), SMK_EV_REQUEST_END, route, SLOW, AT(100), 200);
    lock_wait(&b, first, LOCK_B, 1110, 1170);
    release(&b, first, LOCK_A, 1185);
    off(&b, second, 1105, 1160, SMK_OFF_WAITED);
    build_event(&b, second, AT(1160), SMK_EV_DISK_WAIT, 0, AT(55), fsync_call, 5, 0, 0);
    release(&b, second, LOCK_B, 1165);
    smk_trace *trace = build_open(&b);
    struct smk_request_view *view = view_of(trace, NULL);
    const struct smk_chain_node *root = child(view, NULL, 0), *holder = child(view, root, 0);
    assert_int_equal(root->wait, SMK_WAIT_LOCK);
    assert_int_equal(root->ns, AT(90));
    assert_int_equal(holder->kind, SMK_CHAIN_HOLDER);
    assert_int_equal(holder->threads[0], first);
    assert_int_equal(holder->ns, AT(85));
    assert_int_equal(child(view, root, 1)->kind, SMK_CHAIN_WAKE);
    const struct smk_chain_node *inner = child(view, holder, 0), *last = child(view, inner, 0);
    assert_int_equal(inner->wait, SMK_WAIT_LOCK);
    assert_int_equal(inner->ns, AT(60));
    assert_int_equal(last->threads[0], second);
    assert_int_equal(last->ns, AT(55));
    const struct smk_chain_node *flush = child(view, last, 0);
    assert_int_equal(flush->wait, SMK_WAIT_DISK);
    assert_int_equal(flush->ns, AT(50));
    smk_request_view_free(view);
    smk_trace_close(trace);
}

/* Each holds what the other waits for, to the end of the record. */
static void test_a_circle(void **state)
{
    (void)state;
    struct build b;
    begin_trace(&b, "perf switch records");
    uint32_t worker = a_thread(&b, 101, "worker", SMK_SCHED_PERF), other = a_thread(&b, 102, "other", SMK_SCHED_PERF);
    build_event(&b, worker, AT(1100), SMK_EV_REQUEST_BEGIN, route, SLOW);
    off(&b, worker, 1200, 3000, SMK_OFF_WAITED | SMK_OFF_GOES_ON);
    off(&b, other, 1150, 3000, SMK_OFF_WAITED | SMK_OFF_GOES_ON);
    build_open_wait(&b, worker, LOCK_A, 102, AT(1200), 0, SLOW);
    build_open_wait(&b, other, LOCK_B, 101, AT(1150), 0, 0);
    smk_trace *trace = build_open(&b);
    struct smk_request_view *view = view_of(trace, NULL);
    assert_true(view->request.request.open);
    const struct smk_chain_node *holder = child(view, child(view, NULL, 0), 0);
    assert_int_equal(holder->kind, SMK_CHAIN_HOLDER);
    assert_true(holder->inferred);
    assert_int_equal(child(view, child(view, holder, 0), 0)->kind, SMK_CHAIN_CIRCLE);
    smk_request_view_free(view);
    smk_trace_close(trace);
}

/* ---- at, pauses ----------------------------------------------------------------------------------------- */

static int put(void *arg, const char *text, size_t len)
{
    struct build_bytes *bytes = arg;
    build_put(bytes, text, len);
    return 0;
}

#define check_says(bytes, text)                                                                                    \
    do {                                                                                                           \
        build_put((bytes), "", 1);                                                                                 \
        if (!strstr((const char *)(bytes)->data, (text)))                                                          \
            fail_msg("'%s' is not in:\n%s", (text), (const char *)(bytes)->data);                                  \
        (bytes)->len--;                                                                                            \
    } while (0)

/* The circle is named; and in words and JSON each thread is there. */
static void test_a_moment(void **state)
{
    (void)state;
    struct build b;
    struct build_bytes text = {0}, json = {0};
    struct smk_moment *moment;
    struct smk_request_view_options options = {.no_symbols = true};
    uint64_t time;
    begin_trace(&b, "perf switch records");
    uint32_t worker = a_thread(&b, 101, "worker", SMK_SCHED_PERF), other = a_thread(&b, 102, "other", SMK_SCHED_PERF),
             third = a_thread(&b, 103, "third", SMK_SCHED_PERF);
    build_event(&b, third, AT(1100), SMK_EV_REGION_BEGIN, pool);
    off(&b, third, 1100, 2500, SMK_OFF_PREEMPTED);
    build_event(&b, third, AT(2600), SMK_EV_REGION_END, pool);
    build_event(&b, worker, AT(1100), SMK_EV_REQUEST_BEGIN, route, SLOW);
    off(&b, worker, 1200, 3000, SMK_OFF_WAITED | SMK_OFF_GOES_ON);
    off(&b, other, 1150, 3000, SMK_OFF_WAITED | SMK_OFF_GOES_ON);
    build_open_wait(&b, worker, LOCK_A, 102, AT(1200), 0, SLOW);
    build_open_wait(&b, other, LOCK_B, 101, AT(1150), 0, 0);
    smk_trace *trace = build_open(&b);
    assert_int_equal(smk_moment_parse(&time, trace, "+500ms"), 0);
    assert_int_equal(time, AT(1500));
    assert_int_equal(smk_moment_parse(&time, trace, "14:00:01.5"), 0);
    assert_int_equal(time, AT(1500));
    assert_int_equal(smk_moment_parse(&time, trace, "2025-11-23T14:00:01.5Z"), 0);
    assert_int_equal(time, AT(1500));
    assert_int_equal(smk_moment_parse(&time, trace, "1500000000"), 0);
    assert_int_equal(smk_moment_parse(&time, trace, "+5s"), SMK_E_NOTFOUND);
    assert_int_equal(smk_moment_parse(&time, trace, "2025-11-22T14:00:01Z"), SMK_E_INVALID);
    assert_int_equal(smk_moment_make(&moment, trace, AT(1500), &options), 0);
    assert_int_equal(smk_moment_text(moment, put, &text), 0);
    assert_int_equal(smk_moment_json(moment, put, &json), 0);
    check_says(&text, "3 threads: 1 runnable, 2 waiting");
    check_says(&text, "deadlock: ");
    check_says(&text, "lock cart_lock");
    check_says(&text, "for 300 ms, to the end");
    check_says(&text, "request 7 GET /cart");
    check_says(&text, "region pool");
    check_says(&json, "\"state\": \"runnable\"");
    free(text.data);
    free(json.data);
    smk_moment_free(moment);
    smk_trace_close(trace);
}

static void test_pauses(void **state)
{
    (void)state;
    struct build b;
    struct build_bytes text = {0}, json = {0};
    struct smk_pauses *pauses;
    struct smk_request_view_options options = {.no_symbols = true};
    begin_trace(&b, "perf switch records");
    uint32_t unmap = build_string(&b, "munmap");
    uint32_t loop = a_thread(&b, 101, "loop", SMK_SCHED_PERF);
    build_event(&b, loop, AT(1100), SMK_EV_REQUEST_BEGIN, route, SLOW);
    build_event(&b, loop, AT(1120), SMK_EV_MEMORY_WAIT, 0, AT(7), unmap, 0x1000, 1u << 20);
    build_event(&b, loop, AT(1150), SMK_EV_REQUEST_END, route, SLOW, AT(50), 200);
    build_event(&b, loop, AT(1150), SMK_EV_LOOP_DELAY, SMK_LOOP_POLLED, NORMAL, AT(48), AT(48), 5);
    build_event(&b, loop, AT(1151), SMK_EV_LOOP_DELAY, SMK_LOOP_POLLED, NORMAL, AT(40), AT(40), 6);
    off(&b, loop, 1300, 1310, SMK_OFF_WAITED);
    build_event(&b, loop, AT(1310) + 2000, SMK_EV_MAJOR_FAULT, 0, 0x2000);
    smk_trace *trace = build_open(&b);
    assert_int_equal(smk_pauses_make(&pauses, trace, 0, &options), 0);
    assert_int_equal(smk_pauses_text(pauses, put, &text), 0);
    assert_int_equal(smk_pauses_json(pauses, put, &json), 0);
    check_says(&text, "\nloop                   1     49.0 ms");
    check_says(&text, "\nmemory                 1     7.00 ms");
    check_says(&text, "\nfault                  1     10.0 ms");
    check_says(&text, "munmap of 1.00 MiB  loop, ");
    check_says(&text, "in request 7 GET /cart");
    check_says(&text, "for GET /cart");
    check_says(&json, "\"schema\": \"stallmark.pauses/1\"");
    free(text.data);
    free(json.data);
    smk_pauses_free(pauses);
    smk_trace_close(trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_giver_is_not_at_it),
        cmocka_unit_test(test_no_scheduler),
        cmocka_unit_test(test_counted), cmocka_unit_test(test_counted_for_too_short),
        cmocka_unit_test(test_counted_in_a_wake),        cmocka_unit_test(test_to_the_end_of_the_chain),
        cmocka_unit_test(test_a_circle),       cmocka_unit_test(test_a_moment),
        cmocka_unit_test(test_a_peer),         cmocka_unit_test(test_pauses),
        cmocka_unit_test(test_one_flush_for_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
