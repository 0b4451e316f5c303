/* Several processes in one trace: whose is what, one order of time for all, one process's damage, limits. */
#define _GNU_SOURCE
#include "unit/smk_test.h"

#include <sys/mman.h>
#include <unistd.h>

#include "gen/cases.h"
#include "stallmark/reader.h"

/* Builds the case of this name. */
static void build(struct file *f, const char *name)
{
    for (size_t i = 0; i < HOSTILE_CASES; i++)
        if (strcmp(hostile_cases[i].name, name) == 0) {
            hostile_cases[i].build(f);
            return;
        }
    fail_msg("there is no case %s", name);
}

static smk_trace *open_built(struct file *f, const smk_open_options *options, int *fd)
{
    smk_trace *trace = NULL;
    *fd = memfd_create("processes", MFD_CLOEXEC);
    assert_int_equal(write(*fd, f->bytes.data, f->bytes.len), f->bytes.len);
    smk_trace_open_fd(&trace, *fd, options);
    file_free(f);
    *f = (struct file){0};
    return trace;
}

static smk_trace *open_clean(struct file *f, int *fd)
{
    smk_open_options options = {.size = sizeof options, .verify = true};
    smk_trace *trace = open_built(f, &options, fd);
    if (!trace)
        fail_msg("%s", smk_last_error());
    if (smk_trace_problem(trace, 0))
        fail_msg("%s", smk_trace_problem(trace, 0));
    return trace;
}

static void done(smk_trace *trace, int fd)
{
    smk_trace_close(trace);
    close(fd);
}

/* Threads of both have serial 1 and 2, and both call other things by the same ids. */
static void test_numbers_are_a_process_s_own(void **state)
{
    struct file f = {0};
    smk_cursor *cursor;
    const smk_event *event;
    uint64_t last = 0, seen[2] = {0};
    int fd;
    (void)state;
    build(&f, "two_processes");
    smk_trace *trace = open_clean(&f, &fd);
    assert_int_equal(smk_trace_get_info(trace)->processes, 2);
    assert_int_equal(smk_trace_get_info(trace)->events, 200);
    assert_int_equal(smk_trace_get_info(trace)->threads, 4);
    assert_int_equal(smk_trace_get_info(trace)->strings, 3); /* "a string" is both's */
    assert_string_equal(smk_trace_process_fact(trace, 1, "process.name"), "child");
    assert_string_equal(smk_trace_fact(trace, "process.name"), "parent");
    assert_null(smk_trace_process_fact(trace, 2, "process.name"));
    assert_int_equal(smk_cursor_open(&cursor, trace, NULL), 0);
    while (smk_cursor_next(cursor, &event) == 1) {
        assert_true(event->time >= last);
        last = event->time;
        assert_in_range(event->process, 0, 1);
        seen[event->process]++;
        const smk_thread_info *thread = smk_trace_thread(trace, event->thread);
        assert_int_equal(thread->process, event->process);
        assert_string_equal(thread->name, "a thread");
        assert_ptr_equal(smk_trace_process_tid(trace, event->process, event->tid, event->time), thread);
        assert_string_equal(smk_trace_site(trace, (uint32_t)event->args[0])->name,
                            event->process ? "child" : "parent");
    }
    smk_cursor_close(cursor);
    assert_int_equal(seen[0], 100);
    assert_int_equal(seen[1], 100);
    done(trace, fd);
}

static uint64_t count_events(smk_trace *trace, const smk_cursor_options *options, uint32_t process)
{
    smk_cursor *cursor;
    const smk_event *event;
    uint64_t count = 0;
    assert_int_equal(smk_cursor_open(&cursor, trace, options), 0);
    for (; smk_cursor_next(cursor, &event) == 1; count++)
        assert_int_equal(event->process, process);
    smk_cursor_close(cursor);
    return count;
}

static void test_a_cursor_over_one_process(void **state)
{
    struct file f = {0};
    smk_cursor *cursor;
    int fd;
    (void)state;
    build(&f, "two_processes");
    smk_trace *trace = open_clean(&f, &fd);
    smk_cursor_options options = {.size = sizeof options, .process = 2};
    assert_int_equal(count_events(trace, &options, 1), 100);
    options.from = FILE_EPOCH + FILE_FIRST + 1 + 50 * 1000;
    assert_int_equal(count_events(trace, &options, 1), 50);
    options.process = 0;
    options.from = 0;
    options.thread = smk_trace_process_tid(trace, 0, 4711, FILE_EPOCH)->serial;
    assert_int_equal(count_events(trace, &options, 0), 100);
    options.process = 3;
    assert_int_equal(smk_cursor_open(&cursor, trace, &options), SMK_E_INVALID);
    done(trace, fd);
}

/* A module, a stack, a lock's name and an open wait at the same numbers in both. */
static void put_tables(struct file *f, const char *name, uint64_t start, uint32_t holder)
{
    struct bytes module = {0}, stack = {0}, lock = {0}, wait = {0}, loss = {0};
    const uint64_t fields[] = {1, 4711, SMK_WAIT_LOCK, 0xdead, holder, 6000, 1, 9};
    put_number(&module, 1);
    put_number(&module, start);
    put_number(&module, start + 0x1000);
    put_number(&module, 0);
    put_text(&module, name);
    put_text(&module, "build");
    file_chunk(f, SMK_CHUNK_MODULES, &module, &(struct smk_chunk){.count = 1});
    put_number(&stack, 1);
    put_number(&stack, 1);
    put_signed(&stack, (int64_t)start);
    file_chunk(f, SMK_CHUNK_STACKS, &stack, &(struct smk_chunk){.count = 1});
    file_string(f, 2, name);
    put_number(&lock, 0xdead);
    put_number(&lock, 2);
    file_chunk(f, SMK_CHUNK_LOCKS, &lock, &(struct smk_chunk){.count = 1});
    for (unsigned i = 0; i < 8; i++)
        put_number(&wait, fields[i]);
    file_chunk(f, SMK_CHUNK_OPEN_WAITS, &wait, &(struct smk_chunk){.count = 1});
    put_number(&loss, 1);
    put_number(&loss, 4711);
    put_number(&loss, holder);
    file_chunk(f, SMK_CHUNK_LOSS, &loss, &(struct smk_chunk){.count = 1});
}

static void test_tables_of_each(void **state)
{
    static const char *const names[] = {"/bin/one", "/bin/two"};
    struct file f = {0};
    int fd;
    (void)state;
    for (uint32_t i = 0; i < 2; i++) {
        file_process(&f, PROCESS_ID(50) + i);
        file_begin(&f);
        put_tables(&f, names[i], 0x5000 - 0x800 * (uint64_t)i, 60 + i);
        file_end(&f);
    }
    smk_trace *trace = open_clean(&f, &fd);
    for (uint32_t i = 0; i < 2; i++) {
        const smk_process_info *info = smk_trace_process_at(trace, i);
        assert_int_equal(info->pid, 50);
        assert_int_equal(info->lost, 60 + i);
        assert_int_equal(info->modules, 1);
        assert_int_equal(info->stacks, 1);
        assert_string_equal(smk_trace_process_module(trace, i, 0x5100)->path, names[i]);
        assert_string_equal(smk_trace_process_lock_name(trace, i, 0xdead), names[i]);
        const smk_open_wait *wait = smk_trace_open_wait_at(trace, i);
        assert_int_equal(wait->process, i);
        assert_int_equal(wait->since, FILE_EPOCH + 6000);
        assert_int_equal(smk_trace_thread(trace, wait->serial)->process, i);
        const smk_stack_info *stack = smk_trace_stack(trace, wait->stack);
        assert_int_equal(stack->process, i);
        assert_int_equal(stack->pcs[0], 0x5000 - 0x800 * i);
    }
    assert_null(smk_trace_process_module(trace, 0, 0x4900)); /* the other's alone */
    assert_int_equal(smk_trace_get_info(trace)->lost, 121);
    assert_null(smk_trace_process_module(trace, 2, 0x5100));
    assert_null(smk_trace_process_lock_name(trace, 2, 0xdead));
    assert_null(smk_trace_process_tid(trace, 2, 4711, 0));
    done(trace, fd);
}

/* ---- times ------------------------------------------------------------------------------------------------ */

/* A stream whose units are 2^shift ns and begin at `epoch`, in a boot that began `boot` ns after 1970. */
static void put_stream(struct file *f, uint64_t epoch, unsigned shift, uint64_t boot, const char *boot_id,
                       const char *complete_from)
{
    struct bytes b = {0};
    char text[8];
    snprintf(text, sizeof text, "%u", shift);
    put_fact(&b, SMK_FACT_CLOCK_HZ, "1000000000");
    put_fact(&b, SMK_FACT_CLOCK_SHIFT, text);
    put_fact(&b, SMK_FACT_COMPLETE_FROM, complete_from);
    put_fact(&b, SMK_FACT_BOOT, boot_id);
    f->segment = f->bytes.len;
    f->chunks = f->indexed = 0;
    f->events = f->index_offset = f->index_first = 0;
    file_chunk(f, SMK_CHUNK_SEGMENT, &b, &(struct smk_chunk){.count = 4});
    for (unsigned i = 0; i < 2; i++) {
        put_signed(&b, i ? 1000000000 : 0);
        put_signed(&b, (int64_t)(i ? UINT64_C(1000000000) << shift : epoch));
        put_signed(&b, (int64_t)(i ? UINT64_C(1000000000) << shift : epoch + boot));
        put_number(&b, 20);
    }
    file_chunk(f, SMK_CHUNK_CLOCK, &b, &(struct smk_chunk){.count = 2});
    file_site(f, 1, "a site");
    file_thread(f, 1, "a thread");
    file_counters(f, 3, 1000, 1000, 1);
    file_end(f);
}

static void expect_times(smk_trace *trace, const uint64_t (*expected)[2], unsigned count)
{
    smk_cursor *cursor;
    const smk_event *event;
    assert_int_equal(smk_cursor_open(&cursor, trace, NULL), 0);
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(smk_cursor_next(cursor, &event), 1);
        assert_int_equal(event->time, expected[i][0]);
        assert_int_equal(event->process, expected[i][1]);
    }
    assert_int_equal(smk_cursor_next(cursor, &event), 0);
    smk_cursor_close(cursor);
}

/* Units that are nothing like each other: what is compared is nanoseconds. */
static void test_units_of_each(void **state)
{
    static const uint64_t times[][2] = {{502000, 1}, {503000, 0}, {504000, 1},
                                      {504000, 0}, {505000, 0}, {506000, 1}};
    struct file f = {0};
    int fd;
    (void)state;
    file_process(&f, PROCESS_ID(50));
    put_stream(&f, 502000, 0, 77, "same", "2000");
    file_process(&f, PROCESS_ID(51));
    put_stream(&f, 500000, 1, 77, "same", "1500");
    smk_trace *trace = open_clean(&f, &fd);
    expect_times(trace, times, 6);
    const smk_trace_info *info = smk_trace_get_info(trace);
    assert_int_equal(info->first, 502000);
    assert_int_equal(info->last, 506000);
    assert_int_equal(info->complete_from, 504000); /* the later one's */
    assert_int_equal(smk_trace_process_at(trace, 1)->complete_from, 503000);
    assert_false(smk_trace_process_at(trace, 0)->by_realtime);
    assert_false(smk_trace_process_at(trace, 1)->by_realtime);
    done(trace, fd);
}

/* The second machine began an hour later, and its clock says so: its events come when they did. */
static void test_boots_meet_in_real_time(void **state)
{
    const uint64_t hour = UINT64_C(3600000000000);
    const uint64_t times[][2] = {{hour + 1000, 0}, {hour + 1500, 1}, {hour + 2000, 0},
                                 {hour + 2500, 1}, {hour + 3000, 0}, {hour + 3500, 1}};
    struct file f = {0};
    int fd;
    (void)state;
    file_process(&f, PROCESS_ID(50));
    put_stream(&f, hour, 0, 1000, "one", "0");
    file_process(&f, PROCESS_ID(50));
    f.capture = 2;
    put_stream(&f, 500, 0, hour + 1000, "two", "0");
    smk_trace *trace = open_clean(&f, &fd);
    expect_times(trace, times, 6);
    assert_false(smk_trace_process_at(trace, 0)->by_realtime);
    assert_true(smk_trace_process_at(trace, 1)->by_realtime);
    assert_int_equal(smk_trace_process_at(trace, 1)->realtime_offset, 1000);
    assert_true(smk_trace_get_info(trace)->complete_from == UINT64_MAX);
    done(trace, fd);
}

/* ---- damage, limits --------------------------------------------------------------------------------------- */

static void test_damage_is_its_own(void **state)
{
    struct file f = {0};
    int fd;
    (void)state;
    build(&f, "second_cut");
    smk_trace *trace = open_built(&f, NULL, &fd);
    assert_non_null(strstr(smk_trace_problem(trace, 0), "cut at offset"));
    assert_false(smk_trace_get_info(trace)->complete);
    assert_true(smk_trace_process_at(trace, 0)->complete);
    assert_true(smk_trace_process_at(trace, 0)->to_end);
    assert_false(smk_trace_process_at(trace, 1)->complete);
    assert_false(smk_trace_process_at(trace, 1)->to_end);
    done(trace, fd);
    build(&f, "hole_in_second");
    trace = open_built(&f, NULL, &fd);
    assert_true(smk_trace_process_at(trace, 0)->complete);
    assert_false(smk_trace_process_at(trace, 1)->complete);
    done(trace, fd);
}

/* A chunk that turned out to be none takes its process with it. */
static void test_no_process_without_a_chunk(void **state)
{
    struct file f = {0};
    int fd;
    (void)state;
    build(&f, "first_begins_in_second");
    smk_trace *trace = open_built(&f, NULL, &fd);
    assert_int_equal(smk_trace_get_info(trace)->processes, 1);
    assert_int_equal(smk_trace_process_at(trace, 0)->pid, 4711);
    done(trace, fd);
}

static void test_limit_of_processes(void **state)
{
    smk_open_options options = {.size = sizeof options, .max_processes = 2};
    struct file f = {0};
    int fd;
    (void)state;
    build_processes(&f, 3);
    assert_null(open_built(&f, &options, &fd));
    assert_non_null(strstr(smk_last_error(), "beyond the 2 that"));
    close(fd);
    build_processes(&f, 2);
    smk_trace *trace = open_built(&f, &options, &fd);
    assert_int_equal(smk_trace_get_info(trace)->processes, 2);
    done(trace, fd);
    options.max_processes = 65536;
    build_processes(&f, 2);
    assert_null(open_built(&f, &options, &fd));
    assert_non_null(strstr(smk_last_error(), "from 1 to 65535"));
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_are_a_process_s_own),
        cmocka_unit_test(test_a_cursor_over_one_process),
        cmocka_unit_test(test_tables_of_each),
        cmocka_unit_test(test_units_of_each),
        cmocka_unit_test(test_boots_meet_in_real_time),
        cmocka_unit_test(test_damage_is_its_own),
        cmocka_unit_test(test_no_process_without_a_chunk),
        cmocka_unit_test(test_limit_of_processes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
