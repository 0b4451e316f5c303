/* The merge: chunks whose events are not in order of time, chunks that overlap, ties; several cursors; what
 * is damaged is passed over, and said once. */
#define _GNU_SOURCE
#include "unit/smk_test.h"

#include <sys/mman.h>
#include <unistd.h>

#include "gen/file.h"
#include "stallmark/reader.h"

static smk_trace *open_file(struct file *f, int *fd)
{
    smk_trace *trace = NULL;
    *fd = memfd_create("order", MFD_CLOEXEC);
    assert_int_equal(write(*fd, f->bytes.data, f->bytes.len), f->bytes.len);
    if (smk_trace_open_fd(&trace, *fd, NULL) < 0)
        fail_msg("%s", smk_last_error());
    file_free(f);
    return trace;
}

/* Logs at the given times, with their place as value and text. */
static void file_logs(struct file *f, uint32_t thread, const uint64_t *times, uint32_t count)
{
    struct columns columns = {0};
    struct bytes types = {0}, low = {0}, high = {0}, sites = {0}, values = {0}, lengths = {0}, text = {0};
    uint64_t first = times[0], last = times[0];
    for (uint32_t i = 0; i < count; i++) {
        first = times[i] < first ? times[i] : first;
        last = times[i] > last ? times[i] : last;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint64_t delta = smk_zigzag((int64_t)(times[i] - (i ? times[i - 1] : first)));
        put_byte(&types, SMK_EV_LOG);
        put_byte(&low, (unsigned)(delta & 0xff));
        put_number(&high, delta >> 8);
        put_number(&sites, 1);
        put_signed(&values, (int64_t)i);
        put_number(&lengths, i + 1);
        for (uint32_t c = 0; c <= i; c++)
            put_byte(&text, 'a' + i);
    }
    columns_add(&columns, SMK_COLUMN_TYPES, &types);
    columns_add(&columns, SMK_COLUMN_TIME_LOW, &low);
    columns_add(&columns, SMK_COLUMN_TIME_HIGH, &high);
    columns_add(&columns, smk_column_of_arg(SMK_EV_LOG, 0), &sites);
    columns_add(&columns, smk_column_of_arg(SMK_EV_LOG, 1), &values);
    columns_add(&columns, smk_column_of_arg(SMK_EV_LOG, 2), &lengths);
    columns_add(&columns, SMK_COLUMN_TEXT, &text);
    struct bytes payload = columns_end(&columns);
    file_chunk(f, SMK_CHUNK_EVENTS, &payload,
               &(struct smk_chunk){.count = count, .thread = thread, .first = first, .last = last});
}

/* The next event has this time, thread, value, and the text of its place. */
static void expect(smk_cursor *cursor, uint64_t time, uint32_t thread, int64_t value)
{
    const smk_event *event;
    assert_int_equal(smk_cursor_next(cursor, &event), 1);
    assert_int_equal(event->time, FILE_EPOCH + time);
    assert_int_equal(event->thread, thread);
    assert_int_equal((int64_t)event->args[1], value);
    assert_int_equal(event->text_len, value + 1);
    for (int64_t i = 0; i <= value; i++)
        assert_int_equal(event->text[i], 'a' + value);
}

static void expect_end(smk_cursor *cursor)
{
    const smk_event *event;
    assert_int_equal(smk_cursor_next(cursor, &event), 0);
    assert_int_equal(smk_cursor_next(cursor, &event), 0);
}

static void test_a_chunk_out_of_order(void **state)
{
    struct file f = {0};
    smk_cursor *cursor;
    int fd;
    (void)state;
    file_begin(&f);
    file_logs(&f, 1, (uint64_t[]){5000, 3000, 4000, 3000, 9000}, 5);
    file_end(&f);
    smk_trace *trace = open_file(&f, &fd);
    assert_int_equal(smk_cursor_open(&cursor, trace, NULL), 0);
    expect(cursor, 3000, 1, 1);
    expect(cursor, 3000, 1, 3);
    expect(cursor, 4000, 1, 2);
    expect(cursor, 5000, 1, 0);
    expect(cursor, 9000, 1, 4);
    expect_end(cursor);
    smk_cursor_close(cursor);
    smk_cursor_options options = {
        .size = sizeof options, .from = FILE_EPOCH + 3001, .to = FILE_EPOCH + 9000};
    assert_int_equal(smk_cursor_open(&cursor, trace, &options), 0);
    expect(cursor, 4000, 1, 2);
    expect(cursor, 5000, 1, 0);
    expect_end(cursor);
    smk_cursor_close(cursor);
    smk_trace_close(trace);
    close(fd);
}

/* Chunks of one thread in the wrong order and over each other, another thread between; of events at one
 * time those of the earlier chunk come first. */
static void test_chunks_out_of_order(void **state)
{
    struct file f = {0};
    smk_cursor *cursor;
    int fd;
    (void)state;
    file_begin(&f);
    file_logs(&f, 1, (uint64_t[]){7000, 8000}, 2);
    file_logs(&f, 1, (uint64_t[]){2000, 7500}, 2);
    file_logs(&f, 2, (uint64_t[]){2000, 2500, 7500}, 3);
    file_end(&f);
    smk_trace *trace = open_file(&f, &fd);
    assert_int_equal(smk_cursor_open(&cursor, trace, NULL), 0);
    expect(cursor, 2000, 1, 0);
    expect(cursor, 2000, 2, 0);
    expect(cursor, 2500, 2, 1);
    expect(cursor, 7000, 1, 0);
    expect(cursor, 7500, 1, 1);
    expect(cursor, 7500, 2, 2);
    expect(cursor, 8000, 1, 1);
    expect_end(cursor);
    smk_cursor_close(cursor);
    smk_trace_close(trace);
    close(fd);
}

static void test_two_cursors(void **state)
{
    struct file f = {0};
    smk_cursor *one, *two;
    int fd;
    (void)state;
    file_begin(&f);
    file_logs(&f, 1, (uint64_t[]){1000, 2000}, 2);
    file_logs(&f, 2, (uint64_t[]){1500}, 1);
    file_end(&f);
    smk_trace *trace = open_file(&f, &fd);
    smk_cursor_options options = {.size = sizeof options, .thread = 1};
    assert_int_equal(smk_cursor_open(&one, trace, NULL), 0);
    assert_int_equal(smk_cursor_open(&two, trace, &options), 0);
    expect(one, 1000, 1, 0);
    expect(two, 1000, 1, 0);
    expect(two, 2000, 1, 1);
    expect(one, 1500, 2, 0);
    expect_end(two);
    expect(one, 2000, 1, 1);
    expect_end(one);
    smk_cursor_close(one);
    smk_cursor_close(two);
    smk_trace_close(trace);
    close(fd);
}

static void test_a_damaged_chunk_is_passed_over(void **state)
{
    struct file f = {0};
    smk_cursor *cursor;
    int fd;
    (void)state;
    file_begin(&f);
    file_logs(&f, 1, (uint64_t[]){1000}, 1);
    size_t damaged = f.bytes.len;
    file_logs(&f, 1, (uint64_t[]){2000}, 1);
    f.bytes.data[damaged + SMK_CHUNK_HEADER + 4] ^= 1;
    file_logs(&f, 1, (uint64_t[]){3000}, 1);
    file_end(&f);
    smk_trace *trace = open_file(&f, &fd);
    assert_null(smk_trace_problem(trace, 0));
    assert_true(smk_trace_get_info(trace)->complete);
    for (int pass = 0; pass < 2; pass++) {
        assert_int_equal(smk_cursor_open(&cursor, trace, NULL), 0);
        expect(cursor, 1000, 1, 0);
        expect(cursor, 3000, 1, 0);
        expect_end(cursor);
        smk_cursor_close(cursor);
        char offset[32];
        snprintf(offset, sizeof offset, "offset %zu", damaged);
        assert_non_null(strstr(smk_trace_problem(trace, 0), offset));
        assert_null(smk_trace_problem(trace, 1));
        assert_false(smk_trace_get_info(trace)->complete);
    }
    smk_trace_close(trace);
    close(fd);
}

static void test_wrong_options(void **state)
{
    struct file f = {0};
    smk_trace *trace;
    smk_cursor *cursor;
    smk_open_options nothing = {0};
    const char *none[1] = {NULL};
    int fd;
    (void)state;
    assert_int_equal(smk_trace_open(&trace, "/nowhere/at/all", NULL), SMK_E_NOTFOUND);
    assert_int_equal(smk_trace_open(&trace, "/", NULL), SMK_E_INVALID);
    assert_int_equal(smk_trace_open(&trace, "/dev/null", NULL), SMK_E_INVALID);
    assert_int_equal(smk_trace_open(&trace, "/dev/null", &nothing), SMK_E_INVALID);
    assert_int_equal(smk_trace_open_segments(&trace, none, 0, NULL), SMK_E_INVALID);
    assert_true(smk_trace_open_fd(&trace, -1, NULL) < 0);
    smk_trace_close(NULL);
    smk_cursor_close(NULL);
    file_begin(&f);
    file_end(&f);
    trace = open_file(&f, &fd);
    smk_cursor_options backwards = {.size = sizeof backwards, .from = 10, .to = 5};
    assert_int_equal(smk_cursor_open(&cursor, trace, &backwards), SMK_E_INVALID);
    smk_cursor_options categories = {.size = sizeof categories, .categories = 1u << 30};
    assert_int_equal(smk_cursor_open(&cursor, trace, &categories), SMK_E_INVALID);
    assert_int_equal(smk_cursor_open(&cursor, trace, NULL), 0);
    expect_end(cursor);
    smk_cursor_close(cursor);
    smk_trace_close(trace);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_chunk_out_of_order),
        cmocka_unit_test(test_chunks_out_of_order),
        cmocka_unit_test(test_two_cursors),
        cmocka_unit_test(test_a_damaged_chunk_is_passed_over),
        cmocka_unit_test(test_wrong_options),
    };
    return SMK_RUN(tests);
}
