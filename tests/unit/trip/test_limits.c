/* Bounds of the tables that only fill: what has no room is refused, counted, and said in the file. */
#include "unit/trip/trip.h"

#include "core/drain.h"
#include "core/intern.h"
#include "core/limits.h"
#include "core/locknames.h"
#include "core/pool.h"
#include "format/tables.h"

#define WAITERS 4

static struct smk_limits all_of_it(void)
{
    return (struct smk_limits){.threads = SMK_THREADS_DEFAULT, .strings = UINT32_MAX, .sites = UINT32_MAX,
                               .stacks = UINT32_MAX, .lock_names = UINT32_MAX, .open_waits = UINT32_MAX,
                               .lock_epochs = UINT32_MAX};
}

static struct smk_limit_status table(const char *name)
{
    struct smk_limit_status status;
    for (unsigned i = 0; smk_limit_at(i, &status); i++)
        if (strcmp(status.name, name) == 0)
            return status;
    fail_msg("no table %s", name);
    return status;
}

static void test_names(void **state)
{
    char name[32];
    struct smk_limits limits = all_of_it();
    (void)state;
    assert_int_equal(smk_core_init(NULL), 0);
    smk_limits_set(&limits);
    assert_int_equal(table("strings").limit, SMK_STRINGS_MAX); /* what there is room for */
    limits.strings = (uint32_t)table("strings").used + 10;
    limits.lock_names = 5;
    smk_limits_set(&limits);
    uint64_t refused = table("strings").refused;
    for (unsigned i = 0; i < 15; i++) {
        snprintf(name, sizeof name, "name %u", i);
        assert_int_equal(smk_intern(&smk_strings, name, (uint32_t)strlen(name)) != 0, i < 10);
        smk_locknames_set(0x1000 + 16 * i, 1);
    }
    assert_int_equal(table("strings").refused - refused, 5);
    assert_int_equal(table("strings").used, limits.strings);
    assert_int_equal(table("lock_names").used, 5);
    assert_int_equal(table("lock_names").refused, 10);
    assert_int_not_equal(smk_intern(&smk_strings, "name 3", 6), 0); /* what is there stays */
    limits = all_of_it();
    smk_limits_set(&limits);
    assert_int_not_equal(smk_intern(&smk_strings, "name 12", 7), 0);
}

static pthread_barrier_t begun, over;

static void *wait_main(void *arg)
{
    smk_wait wait = SMK_WAIT_BEGIN(SMK_WAITING_OTHER, "it", NULL);
    pthread_barrier_wait(&begun);
    pthread_barrier_wait(&over);
    smk_wait_end(wait);
    return arg;
}

static void test_open_waits(void **state)
{
    pthread_t threads[WAITERS];
    struct trip trip;
    struct smk_limits limits = all_of_it();
    int fd;
    (void)state;
    trip_begin(&trip, (struct smk_capture_spec){.kind = SMK_CAPTURE_TIMED});
    limits.open_waits = WAITERS - 1;
    smk_limits_set(&limits);
    pthread_barrier_init(&begun, NULL, WAITERS + 1);
    pthread_barrier_init(&over, NULL, WAITERS + 1);
    for (unsigned i = 0; i < WAITERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, wait_main, NULL), 0);
    pthread_barrier_wait(&begun);
    trip_end(&trip);
    pthread_barrier_wait(&over);
    for (unsigned i = 0; i < WAITERS; i++)
        pthread_join(threads[i], NULL);
    smk_trace *trace = trip_read(trip.segments[0].data, trip.segments[0].size, false, &fd);
    assert_non_null(trace);
    assert_non_null(smk_trace_open_wait_at(trace, WAITERS - 2));
    assert_null(smk_trace_open_wait_at(trace, WAITERS - 1));
    assert_string_equal(smk_trace_fact(trace, SMK_FACT_OPEN_WAITS_REFUSED), "1");
    assert_int_equal(table("open_waits").used, WAITERS);
    assert_int_equal(table("open_waits").refused, 1);
    smk_trace_close(trace);
    close(fd);
    trip_free(&trip);
}

/* A snapshot that finds no memory for all of the buffer: what it lacks is counted to the event. */
static uint64_t left_out;

static void count_left_out(void *arg, const struct smk_piece *piece)
{
    (void)arg;
    for (uint32_t at = 0; at + 16 <= piece->len;) {
        uint64_t head = *(const uint64_t *)(piece->data + at);
        if (head == 0)
            break;
        left_out++;
        at += smk_record_words(head) * 8;
    }
}

static uint64_t count_batch(const struct smk_batch *batch)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < batch->count; i++)
        for (uint32_t at = 0; at + 16 <= batch->pieces[i].len; count++)
            at += smk_record_words(*(const uint64_t *)(batch->pieces[i].data + at)) * 8;
    return count;
}

static void test_what_a_copy_leaves_out(void **state)
{
    struct smk_batch whole, little;
    (void)state;
    assert_int_equal(smk_recorder_set(SMK_CAT_OTHER), 0);
    for (int i = 0; i < 200000; i++)
        SMK_COUNTER("n", i);
    smk_recorder_set(0);
    assert_int_equal(smk_batch_init(&whole, smk_pool_bytes()), 0);
    smk_drain_retained(&whole);
    assert_int_equal(smk_batch_init(&little, 1 << 20), 0);
    little.capacity = 100; /* pieces: as if there were no memory for more */
    little.left_out = count_left_out;
    smk_drain_retained(&little);
    assert_true(little.full);
    assert_true(left_out > 0);
    assert_int_equal(count_batch(&little) + left_out, count_batch(&whole));
    little.capacity = (1u << 20) / SMK_SUB_SIZE + SMK_THREADS_DEFAULT;
    smk_batch_free(&little);
    smk_batch_free(&whole);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_open_waits),
        cmocka_unit_test(test_what_a_copy_leaves_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
