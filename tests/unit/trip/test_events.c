/* Every event of the table, with arguments of all sizes, from several threads: what is read is what was
 * recorded, in order of time, at the time of CLOCK_MONOTONIC at which it was. Driven by the table, so
 * an event that is added is tested. */
#include "unit/trip/trip.h"

#include "core/intern.h"

#define THREADS     3
#define EVENTS      4000
#define CLOCK_ERROR 1000 /* ns: what the spec allows */

struct sent {
    unsigned id;
    uint64_t args[SMK_EVENT_ARGS];
    uint64_t before, after; /* CLOCK_MONOTONIC */
    char text[40];
};

struct thread {
    pthread_t pthread;
    uint32_t tid, serial;
    uint64_t random;
    unsigned received;
    struct sent sent[EVENTS];
};

static struct thread threads[THREADS];
static uint32_t sites[8], strings[8], stacks[8];

static uint64_t next_random(struct thread *thread)
{
    thread->random ^= thread->random << 13;
    thread->random ^= thread->random >> 7;
    thread->random ^= thread->random << 17;
    return thread->random;
}

/* ---- recording ------------------------------------------------------------------------------------------ */

static void make_tables(void)
{
    static smk_site places[8];
    for (unsigned i = 0; i < 8; i++) {
        char text[32];
        uint64_t pcs[3] = {0x400000 + i, 0x7f0000000000 - i, i};
        places[i] = (smk_site){i % 2 ? "odd" : "even", __FILE__, __func__, 100 + i, 0};
        sites[i] = smk_site_id(&places[i]);
        snprintf(text, sizeof text, "string number %u", i);
        strings[i] = smk_string_id(text);
        stacks[i] = smk_intern(&smk_stacks, pcs, sizeof pcs);
        assert_true(sites[i] && strings[i] && stacks[i]);
    }
}

/* Small numbers, large ones and the ends of the range. */
static uint64_t make_number(struct thread *thread)
{
    uint64_t random = next_random(thread);
    switch (random % 5) {
    case 0:
        return UINT64_MAX;
    case 1:
        return 0;
    default:
        return next_random(thread) >> (random / 5 % 64);
    }
}

static uint64_t make_argument(struct thread *thread, unsigned type)
{
    uint64_t random = next_random(thread);
    switch (type) {
    case SMK_ARG_SITE:
        return sites[random % 8];
    case SMK_ARG_STRING:
        return strings[random % 8];
    case SMK_ARG_STACK:
        return random % 3 ? stacks[random % 8] : 0;
    case SMK_ARG_TICKS:
        return random % 1000000;
    case SMK_ARG_THREAD:
        return random & 0x3fffff;
    case SMK_ARG_TEXT:
        return random % sizeof ((struct sent *)0)->text;
    default:
        return make_number(thread);
    }
}

static void record(struct thread *thread, struct sent *sent, const struct smk_event_spec *spec)
{
    struct smk_thread *self = smk_thread_self();
    unsigned words = 1 + spec->arg_count, text_len = 0;
    sent->id = spec->id;
    for (unsigned i = 0; i < spec->arg_count; i++) {
        sent->args[i] = make_argument(thread, spec->args[i].type);
        if (spec->args[i].type == SMK_ARG_TEXT)
            text_len = (unsigned)sent->args[i];
    }
    if (spec->args[spec->arg_count - 1].type == SMK_ARG_TEXT)
        words += (text_len + 7) / 8 - 1;
    sent->args[0] = (uint32_t)sent->args[0];
    for (unsigned i = 0; i < text_len; i++)
        sent->text[i] = (char)next_random(thread);
    sent->before = trip_now();
    uint64_t *rec = smk_reserve(self, words, spec->id);
    assert_non_null(rec);
    rec[1] = smk_ticks();
    sent->after = trip_now();
    for (unsigned i = 1; i < spec->arg_count; i++)
        if (spec->args[i].type != SMK_ARG_TEXT)
            rec[1 + i] = sent->args[i];
        else if (text_len)
            memcpy(rec + 1 + i, sent->text, text_len);
    smk_commit(self, rec, smk_record_head(spec->id, words, text_len, (uint32_t)sent->args[0]));
}

static void *run(void *arg)
{
    struct thread *thread = arg;
    unsigned count = 0;
    thread->tid = (uint32_t)gettid();
    while (count < EVENTS)
        for (unsigned id = 1; id < SMK_EV_LIMIT && count < EVENTS; id++)
            if (smk_event_spec(id))
                record(thread, &thread->sent[count++], smk_event_spec(id));
    return NULL;
}

/* ---- comparing ------------------------------------------------------------------------------------------ */

static void compare_argument(const smk_trace *trace, const struct sent *sent, const smk_event *event,
                             unsigned i, double unit_ns)
{
    unsigned type = smk_event_spec(sent->id)->args[i].type;
    if (type == SMK_ARG_TICKS) {
        double ns = (double)sent->args[i] * 1e9 / (double)smk_clock_hz();
        assert_true((double)event->args[i] > ns * 0.999 - 3 - unit_ns);
        assert_true((double)event->args[i] < ns * 1.001 + 3 + unit_ns);
        return;
    }
    assert_int_equal(event->args[i], sent->args[i]);
    if (type == SMK_ARG_SITE)
        assert_non_null(smk_trace_site(trace, (uint32_t)event->args[i]));
    if (type == SMK_ARG_STRING)
        assert_non_null(smk_trace_string(trace, (uint32_t)event->args[i]));
    if (type == SMK_ARG_STACK && event->args[i])
        assert_int_equal(smk_trace_stack(trace, (uint32_t)event->args[i])->depth, 3);
    if (type == SMK_ARG_TEXT && event->text_len)
        assert_memory_equal(event->text, sent->text, event->text_len);
}

static void compare(const smk_trace *trace, const smk_event *event)
{
    struct thread *thread = NULL;
    for (unsigned i = 0; i < THREADS; i++)
        if (threads[i].tid == event->tid)
            thread = &threads[i];
    if (!thread || thread->received == EVENTS) {
        assert_int_equal(event->id, SMK_EV_THREAD_EXIT); /* recorded by core itself */
        return;
    }
    const struct sent *sent = &thread->sent[thread->received++];
    const struct smk_event_spec *spec = smk_event_spec(sent->id);
    assert_int_equal(event->id, sent->id);
    assert_string_equal(smk_event_name(event->id), spec->name);
    assert_int_equal(event->arg_count, spec->arg_count);
    assert_true(event->time + CLOCK_ERROR >= sent->before);
    assert_true(event->time <= sent->after + CLOCK_ERROR);
    for (unsigned i = 0; i < spec->arg_count; i++)
        compare_argument(trace, sent, event, i, 2.0);
}

static void test_every_event_comes_back(void **state)
{
    struct trip trip;
    smk_cursor *cursor;
    const smk_event *event;
    uint64_t last = 0, count = 0;
    int fd, rc;
    (void)state;
    trip_begin(&trip, (struct smk_capture_spec){.kind = SMK_CAPTURE_TIMED, .name = "round trip"});
    make_tables();
    for (unsigned i = 0; i < THREADS; i++) {
        threads[i].random = 88172645463325252u + i;
        assert_int_equal(pthread_create(&threads[i].pthread, NULL, run, &threads[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i].pthread, NULL);
    trip_end(&trip);
    assert_int_equal(trip.count, 1);
    smk_trace *trace = trip_read(trip.segments[0].data, trip.segments[0].size, true, &fd);
    assert_non_null(trace);
    trip_print_problems(trace);
    assert_null(smk_trace_problem(trace, 0));
    const smk_trace_info *info = smk_trace_get_info(trace);
    assert_true(info->complete);
    assert_string_equal(info->name, "round trip");
    assert_string_equal(info->reason, "stopped");
    assert_int_equal(info->lost, 0);
    assert_int_equal(smk_cursor_open(&cursor, trace, NULL), 0);
    while ((rc = smk_cursor_next(cursor, &event)) == 1) {
        assert_true(event->time >= last);
        assert_true(event->time + CLOCK_ERROR >= info->first && event->time <= info->last + CLOCK_ERROR);
        last = event->time;
        count++;
        compare(trace, event);
    }
    assert_int_equal(rc, 0);
    for (unsigned i = 0; i < THREADS; i++)
        assert_int_equal(threads[i].received, EVENTS);
    assert_int_equal(count, info->events);
    smk_cursor_close(cursor);
    smk_trace_close(trace);
    close(fd);
    trip_free(&trip);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_event_comes_back)};
    return SMK_RUN(tests);
}
