/* A small trace cut at every byte: it opens from its first whole chunk on, says that it was cut, and what
 * it has only ever grows: of each thread the events are the first ones of the whole trace. */
#include "unit/trip/trip.h"

#include "base/hash.h"

#define THREADS_MAX 8
#define EVENTS_MAX  2000

/* Events of each thread, as one number each: id and arguments. */
struct contents {
    struct {
        uint32_t serial, count;
        uint64_t events[EVENTS_MAX];
    } threads[THREADS_MAX];
    uint64_t events;
};

static void *work(void *arg)
{
    for (int i = 0; i < 20; i++) {
        SMK_REGION("work");
        SMK_LOG("step", i, arg);
        usleep(100);
    }
    return NULL;
}

static void make(struct trip *trip)
{
    pthread_t threads[2];
    trip_begin(trip, (struct smk_capture_spec){.kind = SMK_CAPTURE_TIMED});
    for (int pass = 0; pass < 2; pass++) {
        for (int i = 0; i < 2; i++)
            pthread_create(&threads[i], NULL, work, "some text");
        for (int i = 0; i < 2; i++)
            pthread_join(threads[i], NULL);
        usleep(120000); /* the writer comes by, so that there are several chunks */
    }
    trip_end(trip);
}

static void take(struct contents *contents, const smk_event *event)
{
    uint64_t digest = event->id;
    unsigned t = 0;
    while (t < THREADS_MAX && contents->threads[t].serial && contents->threads[t].serial != event->thread)
        t++;
    assert_true(t < THREADS_MAX && contents->threads[t].count < EVENTS_MAX);
    for (uint32_t i = 0; i < event->arg_count; i++)
        if (strcmp(smk_event_arg_type(event->id, i), "duration") != 0) /* depends on the clocks */
            digest = smk_hash_fold(digest ^ event->args[i], 0x9e3779b97f4a7c15u);
    contents->threads[t].serial = event->thread;
    contents->threads[t].events[contents->threads[t].count++] = digest;
    contents->events++;
}

static void read_trace(smk_trace *trace, struct contents *contents)
{
    smk_cursor *cursor;
    const smk_event *event;
    memset(contents, 0, sizeof *contents);
    assert_int_equal(smk_cursor_open(&cursor, trace, NULL), 0);
    while (smk_cursor_next(cursor, &event) == 1)
        take(contents, event);
    smk_cursor_close(cursor);
}

static void assert_prefix(const struct contents *part, const struct contents *whole)
{
    for (unsigned p = 0; p < THREADS_MAX && part->threads[p].serial; p++) {
        unsigned w = 0;
        while (w < THREADS_MAX && whole->threads[w].serial != part->threads[p].serial)
            w++;
        assert_true(w < THREADS_MAX && part->threads[p].count <= whole->threads[w].count);
        assert_memory_equal(part->threads[p].events, whole->threads[w].events,
                            part->threads[p].count * sizeof part->threads[p].events[0]);
    }
}

static void test_cut_at_every_byte(void **state)
{
    static struct contents whole, part;
    struct trip trip;
    uint64_t last = 0, opened = 0;
    int fd;
    (void)state;
    make(&trip);
    size_t size = trip.segments[0].size;
    smk_trace *trace = trip_read(trip.segments[0].data, size, true, &fd);
    assert_non_null(trace);
    trip_print_problems(trace);
    assert_true(smk_trace_get_info(trace)->complete);
    read_trace(trace, &whole);
    assert_true(whole.events > 100);
    smk_trace_close(trace);
    while (size-- > 0) {
        assert_int_equal(ftruncate(fd, (off_t)size), 0);
        int rc = smk_trace_open_fd(&trace, fd, NULL);
        if (rc < 0) {
            assert_int_equal(rc, SMK_E_FORMAT);
            assert_true(size < 1000); /* not even the first chunk is whole */
            continue;
        }
        opened++;
        assert_non_null(smk_trace_problem(trace, 0));
        assert_false(smk_trace_get_info(trace)->complete);
        read_trace(trace, &part);
        assert_true(part.events <= (last ? last : whole.events));
        assert_prefix(&part, &whole);
        last = part.events;
        smk_trace_close(trace);
    }
    assert_true(opened > 1000);
    close(fd);
    trip_free(&trip);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cut_at_every_byte)};
    return SMK_RUN(tests);
}
