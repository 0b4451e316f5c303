/* What programs say through trace.h, used well and badly, as the reader gives it back. */
#include "unit/trip/trip.h"

#include <signal.h>
#include <sys/time.h>

struct got {
    uint64_t by_event[SMK_EV_LIMIT], total, lost;
    bool complete;
};

/* Calls `look`, if any, for each event in order of time. */
static struct got read_all(struct trip *trip, void (*look)(const smk_event *event, void *arg), void *arg)
{
    struct got got = {.total = 0};
    int fd;
    smk_cursor *cursor;
    const smk_event *event;
    struct trip_bytes all = {0};
    uint64_t last = 0;
    trip_end(trip);
    for (unsigned i = 0; i < trip->count; i++)
        trip_append(&all, trip->segments[i].data, trip->segments[i].size);
    smk_trace *trace = trip_read(all.data, all.size, true, &fd);
    assert_non_null(trace);
    trip_print_problems(trace);
    assert_null(smk_trace_problem(trace, 0));
    got.lost = smk_trace_get_info(trace)->lost;
    got.complete = smk_trace_get_info(trace)->complete;
    assert_int_equal(smk_cursor_open(&cursor, trace, NULL), 0);
    while (smk_cursor_next(cursor, &event) == 1) {
        assert_true(event->time >= last);
        last = event->time;
        got.by_event[event->id]++;
        got.total++;
        if (look)
            look(event, arg);
    }
    assert_int_equal(got.total, smk_trace_get_info(trace)->events);
    smk_cursor_close(cursor);
    smk_trace_close(trace);
    close(fd);
    free(all.data);
    trip_free(trip);
    return got;
}

static void start(struct trip *trip, uint32_t categories)
{
    trip_begin(trip, (struct smk_capture_spec){.kind = SMK_CAPTURE_TIMED, .categories = categories});
}

#define MARKS (SMK_CAT_REGION | SMK_CAT_REQUEST | SMK_CAT_OTHER)

static void *end_region(void *region)
{
    smk_region_end(*(smk_region *)region);
    return NULL;
}

/* Nothing of this may do harm; what was said is in the file as it was said. */
static void test_unbalanced(void **state)
{
    struct trip trip;
    pthread_t thread;
    (void)state;
    smk_region before = SMK_REGION_BEGIN("begun while disarmed");
    smk_request early = smk_request_begin("GET /early");
    start(&trip, MARKS);
    smk_region_end(before); /* nothing */
    smk_request_end(early); /* nothing */
    smk_region open = SMK_REGION_BEGIN("never ended");
    smk_region twice = SMK_REGION_BEGIN("ended twice");
    smk_region_end(twice);
    smk_region_end(twice);
    smk_region elsewhere = SMK_REGION_BEGIN("ended on another thread");
    pthread_create(&thread, NULL, end_region, &elsewhere);
    pthread_join(thread, NULL);
    smk_request request = smk_request_begin("GET /");
    smk_request_end(request);
    smk_request_end(request); /* nothing: it has ended */
    smk_request_status(request, 500);
    smk_handoff none = {0};
    smk_handoff_end(none);
    smk_wait no_wait = {0};
    smk_wait_end(no_wait);
    smk_request_leave(request, 0); /* without having entered */
    smk_lock_name(NULL, "no lock");
    smk_thread_name(NULL);
    struct got got = read_all(&trip, NULL, NULL);
    assert_int_equal(got.by_event[SMK_EV_REGION_BEGIN], 3);
    assert_int_equal(got.by_event[SMK_EV_REGION_END], 3);
    assert_int_equal(got.by_event[SMK_EV_REQUEST_BEGIN], 1);
    assert_int_equal(got.by_event[SMK_EV_REQUEST_END], 1);
    assert_int_equal(got.by_event[SMK_EV_REQUEST_LEAVE], 1);
    assert_int_equal(got.by_event[SMK_EV_HANDOFF] + got.by_event[SMK_EV_USER_WAIT], 0);
    assert_int_equal(got.lost, 0);
    smk_region_end(open); /* disarmed again: nothing */
}

static void test_a_million_deep(void **state)
{
    enum { DEEP = 1000000 };
    static smk_region regions[DEEP];
    struct trip trip;
    (void)state;
    start(&trip, SMK_CAT_REGION);
    for (int i = 0; i < DEEP; i++)
        regions[i] = SMK_REGION_BEGIN("deeper");
    for (int i = DEEP; i > 0; i--)
        smk_region_end(regions[i - 1]);
    struct got got = read_all(&trip, NULL, NULL);
    assert_int_equal(got.total + got.lost, 2 * DEEP);
}

/* ---- ids of requests ----------------------------------------------------------------------------------- */

enum { REQUESTS = 3000, ID_LIMIT = 1 << 20 };
static uint8_t seen_ids[ID_LIMIT];
static uint32_t handled;

static void on_alarm(int signal)
{
    (void)signal;
    smk_request_end(smk_request_begin("GET /handler"));
    smk_add_relaxed(&handled, 1);
}

static void note_id(const smk_event *event, void *arg)
{
    (void)arg;
    if (event->id != SMK_EV_REQUEST_BEGIN)
        return;
    assert_in_range(event->args[1], 1, ID_LIMIT - 1);
    assert_int_equal(seen_ids[event->args[1]], 0);
    seen_ids[event->args[1]] = 1;
}

static void *make_requests(void *arg)
{
    for (int i = 0; i < REQUESTS; i++)
        smk_request_end(smk_request_begin("GET /thread"));
    return arg;
}

/* Threads, and handlers that interrupt them at any moment: no two requests have one id. */
static void test_ids_are_unique(void **state)
{
    struct sigaction action = {.sa_handler = on_alarm}, old;
    struct itimerval often = {{0, 100}, {0, 100}}, never = {{0, 0}, {0, 0}};
    pthread_t threads[4];
    struct smk_threads_stats before, after;
    struct trip trip;
    (void)state;
    smk_threads_stats(&before);
    start(&trip, SMK_CAT_REQUEST);
    sigaction(SIGALRM, &action, &old);
    setitimer(ITIMER_REAL, &often, NULL);
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, make_requests, NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    setitimer(ITIMER_REAL, &never, NULL);
    sigaction(SIGALRM, &old, NULL);
    struct got got = read_all(&trip, note_id, NULL);
    /* A handler on a thread that has ended for us has no slot any more: counted as late, by its beginning. */
    smk_threads_stats(&after);
    uint64_t late = after.late - before.late;
    assert_int_equal(got.total + got.lost, 2 * (4 * REQUESTS + smk_load_relaxed(&handled) - late));
#if !SMK_TSAN /* docs/design.md, "What TSan cannot follow" */
    assert_int_equal(got.lost, 0);
    assert_int_equal(got.by_event[SMK_EV_REQUEST_END], got.by_event[SMK_EV_REQUEST_BEGIN]);
#endif
}

/* ---- whole records, each once ---------------------------------------------------------------------------- */

enum { THREADS = 6, EACH = 150000 };

static void *count_up(void *arg)
{
    int64_t from = (int64_t)(intptr_t)arg * EACH;
    for (int i = 0; i < EACH; i++)
        SMK_COUNTER("number", from + i);
    return NULL;
}

/* Of each thread its numbers in rising order: none twice, none that nobody said. */
static void note_number(const smk_event *event, void *arg)
{
    int64_t *next = arg;
    int64_t value = (int64_t)event->args[1];
    if (event->id != SMK_EV_COUNTER)
        return;
    assert_in_range(value, 0, (int64_t)THREADS * EACH - 1);
    int64_t thread = value / EACH;
    assert_true(value >= next[thread]);
    next[thread] = value + 1;
}

static void test_each_event_once(void **state)
{
    pthread_t threads[THREADS];
    int64_t next[THREADS];
    struct trip trip;
    (void)state;
    trip_begin(&trip, (struct smk_capture_spec){.kind = SMK_CAPTURE_TIMED,
                                                .categories = SMK_CAT_OTHER,
                                                .rotate_bytes = SMK_ROTATE_BYTES_MIN});
    for (intptr_t i = 0; i < THREADS; i++) {
        next[i] = i * EACH;
        pthread_create(&threads[i], NULL, count_up, (void *)i);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    struct got got = read_all(&trip, note_number, next);
    assert_int_equal(got.by_event[SMK_EV_COUNTER] + got.lost, THREADS * EACH);
    assert_true(got.complete);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unbalanced),
        cmocka_unit_test(test_a_million_deep),
        cmocka_unit_test(test_ids_are_unique),
        cmocka_unit_test(test_each_event_once),
    };
    return SMK_RUN(tests);
}
