/* What a trace says beside its events: names, threads, requests, waits that had not ended, a snapshot's
 * times; and losses, to the event. */
#include "unit/trip/trip.h"

static pthread_barrier_t barrier;
static int lock_object, wait_object;

static void *wait_for_ever(void *arg)
{
    uint64_t *request = arg;
    smk_thread_name("sleeper \xc3\xa9");
    smk_request r = smk_request_begin("GET /cart");
    *request = r.id;
    smk_wait wait = SMK_WAIT_BEGIN(SMK_WAITING_NET, "batch", &wait_object);
    pthread_barrier_wait(&barrier); /* waits from here … */
    pthread_barrier_wait(&barrier); /* … to here, when the capture has ended */
    smk_wait_end(wait);
    smk_request_end(r);
    return NULL;
}

static void test_names_and_open_waits(void **state)
{
    struct trip trip;
    pthread_t thread;
    uint64_t request = 0, before, after;
    int fd;
    (void)state;
    pthread_barrier_init(&barrier, NULL, 2);
    trip_begin(&trip, (struct smk_capture_spec){.kind = SMK_CAPTURE_PROGRAM, .categories = SMK_CAT_ALL});
    smk_lock_name(&lock_object, "cart_lock");
    before = trip_now();
    pthread_create(&thread, NULL, wait_for_ever, &request);
    pthread_barrier_wait(&barrier);
    after = trip_now();
    trip_end(&trip);
    pthread_barrier_wait(&barrier);
    pthread_join(thread, NULL);
    smk_trace *trace = trip_read(trip.segments[0].data, trip.segments[0].size, true, &fd);
    assert_non_null(trace);
    trip_print_problems(trace);
    assert_null(smk_trace_problem(trace, 0));
    assert_string_equal(smk_trace_lock_name(trace, (uint64_t)(uintptr_t)&lock_object), "cart_lock");
    assert_null(smk_trace_lock_name(trace, 1));
    assert_string_equal(smk_trace_get_info(trace)->kind, "program");
    assert_int_equal(smk_trace_get_info(trace)->categories, SMK_CAT_ALL);
    const smk_open_wait *wait = smk_trace_open_wait_at(trace, 0);
    assert_non_null(wait);
    assert_null(smk_trace_open_wait_at(trace, 1));
    assert_int_equal(wait->kind, SMK_WAITING_NET);
    assert_int_equal(wait->object, (uintptr_t)&wait_object);
    assert_true(wait->request != 0 && wait->request == request);
    assert_in_range(wait->since, before - 1000, after + 1000);
    const smk_thread_info *info = smk_trace_thread(trace, wait->serial);
    assert_string_equal(info->name, "sleeper \xc3\xa9");
    assert_int_equal(info->tid, wait->tid);
    smk_trace_close(trace);
    close(fd);
    trip_free(&trip);
    pthread_barrier_destroy(&barrier);
}

/* ---- a snapshot ----------------------------------------------------------------------------------------- */

static void test_snapshot(void **state)
{
    struct trip trip;
    smk_cursor *cursor;
    const smk_event *event;
    uint64_t first = 0, last = 0, counters = 0;
    int fd;
    (void)state;
    assert_int_equal(smk_core_init(NULL), 0);
    assert_int_equal(smk_recorder_set(SMK_CAT_ALL), 0);
    first = trip_now();
    for (int i = 0; i < 1000; i++)
        SMK_COUNTER("before", i);
    last = trip_now();
    trip_begin(&trip, (struct smk_capture_spec){.kind = SMK_CAPTURE_SNAPSHOT});
    assert_true(smk_capture_wait(trip.capture, UINT64_C(60000000000)));
    smk_capture_release(trip.capture);
    assert_int_equal(smk_recorder_set(0), 0);
    smk_trace *trace = trip_read(trip.segments[0].data, trip.segments[0].size, true, &fd);
    assert_non_null(trace);
    trip_print_problems(trace);
    assert_null(smk_trace_problem(trace, 0));
    const smk_trace_info *info = smk_trace_get_info(trace);
    assert_string_equal(info->kind, "snapshot");
    assert_string_equal(info->reason, "complete");
    assert_true(info->complete_from >= info->first && info->complete_from <= first + 1000);
    assert_true(info->last + 1000 >= last);
    assert_int_equal(smk_cursor_open(&cursor, trace, NULL), 0);
    while (smk_cursor_next(cursor, &event) == 1)
        if (strcmp(smk_event_name(event->id), "counter") == 0) {
            assert_int_equal(event->args[1], counters++);
            assert_in_range(event->time, first - 1000, last + 1000);
        }
    assert_int_equal(counters, 1000);
    smk_cursor_close(cursor);
    smk_trace_close(trace);
    close(fd);
    trip_free(&trip);
}

/* ---- losses --------------------------------------------------------------------------------------------- */

static void *flood(void *arg)
{
    uint64_t *count = arg;
    for (int i = 0; i < 1500000; i++, ++*count)
        SMK_COUNTER("flood", i);
    ++*count; /* its end */
    return NULL;
}

/* More than the buffer holds: what is not in the file is counted, of whichever thread it was. */
static void test_losses(void **state)
{
    struct trip trip;
    pthread_t threads[2];
    uint64_t counts[2] = {0}, lost = 0;
    const smk_thread_info *thread;
    int fd;
    (void)state;
    trip_begin(&trip, (struct smk_capture_spec){.kind = SMK_CAPTURE_TIMED});
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, flood, &counts[i]);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    trip_end(&trip);
    smk_trace *trace = trip_read(trip.segments[0].data, trip.segments[0].size, true, &fd);
    assert_non_null(trace);
    trip_print_problems(trace);
    const smk_trace_info *info = smk_trace_get_info(trace);
    assert_int_equal(info->events + info->lost, counts[0] + counts[1]);
    for (size_t i = 0; (thread = smk_trace_thread_at(trace, i)); i++)
        lost += thread->lost;
    assert_true(lost <= info->lost);
    smk_trace_close(trace);
    close(fd);
    trip_free(&trip);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_and_open_waits),
        cmocka_unit_test(test_snapshot),
        cmocka_unit_test(test_losses),
    };
    return SMK_RUN(tests);
}
