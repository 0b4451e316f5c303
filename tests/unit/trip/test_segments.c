/* A capture that rotates: each segment alone, all of them in any order, joined end to end, with one
 * missing, with one twice; and segments of two captures. */
#include "unit/trip/trip.h"

#define PARTS 5

static struct trip trip;
static uint64_t emitted;

/* Until there are so many segments, however fast this machine is. */
static void *count_a_while(void *arg)
{
    uint64_t *count = arg;
    struct smk_capture_progress progress = {0};
    while (progress.segments < PARTS) {
        for (int i = 0; i < 50; i++, *count += 3) {
            SMK_REGION("work");
            SMK_COUNTER("queue", i);
        }
        usleep(2000);
        smk_capture_get_progress(trip.capture, &progress);
    }
    return NULL;
}

static int make_capture(void **state)
{
    pthread_t thread;
    uint64_t others = 1; /* the thread's end */
    (void)state;
    trip_begin(&trip, (struct smk_capture_spec){.kind = SMK_CAPTURE_TIMED,
                                                .rotate_every_ns = SMK_ROTATE_EVERY_MIN_NS});
    pthread_create(&thread, NULL, count_a_while, &others);
    count_a_while(&emitted);
    pthread_join(thread, NULL);
    trip_end(&trip);
    emitted += others;
    assert_true(trip.count >= PARTS);
    return 0;
}

static int free_capture(void **state)
{
    (void)state;
    trip_free(&trip);
    return 0;
}

/* ---- reading -------------------------------------------------------------------------------------------- */

/* Walks all of it; the number of events. */
static uint64_t read_events(smk_trace *trace)
{
    smk_cursor *cursor;
    const smk_event *event;
    uint64_t count = 0, last = 0;
    int rc;
    assert_int_equal(smk_cursor_open(&cursor, trace, NULL), 0);
    while ((rc = smk_cursor_next(cursor, &event)) == 1) {
        assert_true(event->time >= last);
        last = event->time;
        count++;
    }
    assert_int_equal(rc, 0);
    smk_cursor_close(cursor);
    assert_int_equal(count, smk_trace_get_info(trace)->events);
    return count;
}

/* Writes the segments whose numbers are in `order` as files and opens them together. */
static smk_trace *open_files(const unsigned *order, unsigned count)
{
    char paths[TRIP_SEGMENTS][64];
    const char *list[TRIP_SEGMENTS] = {NULL};
    smk_open_options options = {.size = sizeof options, .verify = true};
    smk_trace *trace = NULL;
    for (unsigned i = 0; i < count; i++) {
        int fd = trip_file(trip.segments[order[i]].data, trip.segments[order[i]].size);
        snprintf(paths[i], sizeof paths[i], "/proc/self/fd/%d", fd);
        list[i] = paths[i];
    }
    assert_int_equal(smk_trace_open_segments(&trace, list, count, &options), 0);
    for (unsigned i = 0; i < count; i++)
        close(atoi(paths[i] + strlen("/proc/self/fd/")));
    return trace;
}

static smk_trace *open_joined(const unsigned *order, unsigned count, int *fd)
{
    struct trip_bytes joined = {0};
    for (unsigned i = 0; i < count; i++)
        trip_append(&joined, trip.segments[order[i]].data, trip.segments[order[i]].size);
    smk_trace *trace = trip_read(joined.data, joined.size, true, fd);
    free(joined.data);
    return trace;
}

static void assert_whole(smk_trace *trace)
{
    assert_non_null(trace);
    trip_print_problems(trace);
    assert_null(smk_trace_problem(trace, 0));
    assert_true(smk_trace_get_info(trace)->complete);
    assert_int_equal(smk_trace_get_info(trace)->segments, trip.count);
    assert_int_equal(smk_trace_get_info(trace)->lost, 0);
    assert_int_equal(read_events(trace), emitted);
    smk_trace_close(trace);
}

static unsigned *in_order(bool backwards)
{
    static unsigned order[TRIP_SEGMENTS];
    for (unsigned i = 0; i < trip.count; i++)
        order[i] = backwards ? trip.count - 1 - i : i;
    return order;
}

/* ---- tests ---------------------------------------------------------------------------------------------- */

static void test_each_opens_alone(void **state)
{
    uint64_t sum = 0;
    (void)state;
    for (unsigned i = 0; i < trip.count; i++) {
        int fd;
        smk_trace *trace = trip_read(trip.segments[i].data, trip.segments[i].size, true, &fd);
        assert_non_null(trace);
        trip_print_problems(trace);
        assert_null(smk_trace_problem(trace, 0));
        const smk_trace_info *info = smk_trace_get_info(trace);
        assert_int_equal(info->from_start, i == 0);
        assert_int_equal(info->to_end, i + 1 == trip.count);
        assert_false(info->complete);
        sum += read_events(trace);
        smk_trace_close(trace);
        close(fd);
    }
    assert_int_equal(sum, emitted);
}

static void test_together_in_any_order(void **state)
{
    (void)state;
    assert_whole(open_files(in_order(false), trip.count));
    assert_whole(open_files(in_order(true), trip.count));
}

static void test_joined_in_any_order(void **state)
{
    int fd;
    (void)state;
    assert_whole(open_joined(in_order(false), trip.count, &fd));
    close(fd);
    assert_whole(open_joined(in_order(true), trip.count, &fd));
    close(fd);
}

static void test_one_is_missing(void **state)
{
    unsigned order[] = {0, 1, 3, 4};
    (void)state;
    smk_trace *trace = open_files(order, 4);
    assert_non_null(strstr(smk_trace_problem(trace, 0), "one or more segments"));
    assert_null(smk_trace_problem(trace, 1));
    assert_false(smk_trace_get_info(trace)->complete);
    read_events(trace);
    smk_trace_close(trace);
}

static void test_one_is_there_twice(void **state)
{
    unsigned order[TRIP_SEGMENTS];
    (void)state;
    memcpy(order, in_order(false), sizeof order);
    order[trip.count] = 2;
    smk_trace *trace = open_files(order, trip.count + 1);
    assert_non_null(strstr(smk_trace_problem(trace, 0), "more than once"));
    assert_int_equal(read_events(trace), emitted);
    smk_trace_close(trace);
}

/* A cut segment with another behind it: the cut one's whole chunks and all of the other. */
static void test_a_cut_one_in_front(void **state)
{
    struct trip_bytes joined = {0};
    int fd;
    (void)state;
    trip_append(&joined, trip.segments[0].data, trip.segments[0].size - 300);
    trip_append(&joined, trip.segments[1].data, trip.segments[1].size);
    smk_trace *trace = trip_read(joined.data, joined.size, true, &fd);
    assert_non_null(trace);
    assert_non_null(smk_trace_problem(trace, 0));
    assert_int_equal(smk_trace_get_info(trace)->segments, 2);
    read_events(trace);
    smk_trace_close(trace);
    close(fd);
    free(joined.data);
}

/* Two captures of this process, one after the other: two entries, and the events of both. */
static void test_two_captures_are_two_processes(void **state)
{
    struct trip other;
    struct trip_bytes joined = {0};
    int fd;
    (void)state;
    trip_begin(&other, (struct smk_capture_spec){.kind = SMK_CAPTURE_TIMED});
    trip_end(&other);
    for (unsigned i = 0; i < trip.count; i++)
        trip_append(&joined, trip.segments[i].data, trip.segments[i].size);
    trip_append(&joined, other.segments[0].data, other.segments[0].size);
    smk_trace *trace = trip_read(joined.data, joined.size, true, &fd);
    assert_non_null(trace);
    assert_null(smk_trace_problem(trace, 0));
    const smk_trace_info *info = smk_trace_get_info(trace);
    assert_int_equal(info->processes, 2);
    assert_true(info->complete);
    const smk_process_info *one = smk_trace_process_at(trace, 0), *two = smk_trace_process_at(trace, 1);
    assert_null(smk_trace_process_at(trace, 2));
    assert_true(one->id == two->id);
    assert_int_equal(one->pid, getpid());
    assert_int_equal(one->parent, getppid());
    assert_true(one->complete && two->complete && !two->by_realtime);
    assert_int_equal(one->segments, trip.count);
    assert_int_equal(two->segments, 1);
    assert_int_equal(one->events + two->events, info->events);
    assert_true(one->first < two->first);
    smk_trace_close(trace);
    close(fd);
    free(joined.data);
    trip_free(&other);
}

static void test_stretches_of_time_add_up(void **state)
{
    smk_trace *trace = open_files(in_order(false), trip.count);
    const smk_trace_info *info = smk_trace_get_info(trace);
    uint64_t count = 0, first = info->first - 1000, step = (info->last - info->first) / 7;
    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        smk_cursor_options options = {.size = sizeof options,
                                      .from = first + i * step,
                                      .to = i == 7 ? 0 : first + (i + 1) * step};
        smk_cursor *cursor;
        const smk_event *event;
        assert_int_equal(smk_cursor_open(&cursor, trace, &options), 0);
        for (; smk_cursor_next(cursor, &event) == 1; count++)
            assert_true(event->time >= options.from && (!options.to || event->time < options.to));
        smk_cursor_close(cursor);
    }
    assert_int_equal(count, emitted);
    smk_trace_close(trace);
}

static void test_categories_and_threads_add_up(void **state)
{
    smk_trace *trace = open_files(in_order(false), trip.count);
    uint64_t by_category = 0, by_thread = 0;
    const smk_thread_info *thread;
    (void)state;
    for (unsigned bit = 0; bit < SMK_CATEGORY_COUNT; bit++) {
        smk_cursor_options options = {.size = sizeof options, .categories = 1u << bit};
        smk_cursor *cursor;
        const smk_event *event;
        assert_int_equal(smk_cursor_open(&cursor, trace, &options), 0);
        for (; smk_cursor_next(cursor, &event) == 1; by_category++)
            assert_string_equal(smk_event_category(event->id), smk_category_name(1u << bit));
        smk_cursor_close(cursor);
    }
    for (size_t i = 0; (thread = smk_trace_thread_at(trace, i)); i++) {
        smk_cursor_options options = {.size = sizeof options, .thread = thread->serial};
        smk_cursor *cursor;
        const smk_event *event;
        assert_int_equal(smk_cursor_open(&cursor, trace, &options), 0);
        for (; smk_cursor_next(cursor, &event) == 1; by_thread++)
            assert_int_equal(event->thread, thread->serial);
        smk_cursor_close(cursor);
        assert_ptr_equal(smk_trace_thread_by_tid(trace, thread->tid, smk_trace_get_info(trace)->last),
                         thread);
    }
    assert_int_equal(by_category, emitted);
    assert_int_equal(by_thread, emitted);
    smk_trace_close(trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_opens_alone),
        cmocka_unit_test(test_together_in_any_order),
        cmocka_unit_test(test_joined_in_any_order),
        cmocka_unit_test(test_one_is_missing),
        cmocka_unit_test(test_one_is_there_twice),
        cmocka_unit_test(test_a_cut_one_in_front),
        cmocka_unit_test(test_two_captures_are_two_processes),
        cmocka_unit_test(test_stretches_of_time_add_up),
        cmocka_unit_test(test_categories_and_threads_add_up),
    };
    return cmocka_run_group_tests(tests, make_capture, free_capture);
}
