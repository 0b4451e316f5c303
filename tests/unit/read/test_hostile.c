/* Hostile files: each gets its verdict, in bounded memory, and is read to its end without harm. And each
 * single bit of a small file: whichever is wrong, it is noticed. */
#define _GNU_SOURCE
#include "unit/smk_test.h"

#include <sys/mman.h>
#include <unistd.h>

#include "gen/cases.h"
#include "stallmark/reader.h"

#define MEMORY_MAX (UINT64_C(64) << 20)

/* ---- memory that is counted ----------------------------------------------------------------------------- */

struct budget {
    size_t used, most;
    size_t fail_at, calls; /* the n-th request fails; 0: none */
};

static void *resize(void *arg, void *old, size_t old_bytes, size_t bytes)
{
    struct budget *budget = arg;
    if (bytes == 0) {
        budget->used -= old_bytes;
        free(old);
        return NULL;
    }
    if (bytes > old_bytes && ++budget->calls == budget->fail_at)
        return NULL;
    void *memory = realloc(old, bytes);
    assert_non_null(memory);
    budget->used += bytes - old_bytes;
    budget->most = budget->used > budget->most ? budget->used : budget->most;
    return memory;
}

/* ---- reading -------------------------------------------------------------------------------------------- */

static int file_of(const struct bytes *bytes)
{
    int fd = memfd_create("hostile", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes->data, bytes->len), bytes->len);
    return fd;
}

/* All tables and events; the result of the last smk_cursor_next. */
static int read_all(smk_trace *trace)
{
    smk_cursor *cursor;
    const smk_event *event;
    const char *key, *value;
    uint64_t last = 0, count = 0;
    int rc = smk_cursor_open(&cursor, trace, NULL);
    while (rc >= 0 && (rc = smk_cursor_next(cursor, &event)) == 1) {
        assert_true(event->time >= last);
        assert_non_null(smk_event_name(event->id));
        last = event->time;
        count++;
        smk_trace_thread_by_tid(trace, event->tid, event->time);
        smk_trace_module(trace, event->args[0]);
        smk_trace_lock_name(trace, event->args[0]);
    }
    smk_cursor_close(cursor);
    for (size_t i = 0; smk_trace_fact_at(trace, i, &key, &value); i++)
        assert_true(key && value);
    for (size_t i = 0; smk_trace_thread_at(trace, i); i++)
        assert_non_null(smk_trace_thread_at(trace, i)->name);
    assert_true(count <= smk_trace_get_info(trace)->events);
    return rc;
}

static int open_and_read(int fd, bool verify, struct budget *budget, smk_trace **trace)
{
    smk_open_options options = {.size = sizeof options,
                                .verify = verify,
                                .max_memory = MEMORY_MAX,
                                .resize = resize,
                                .resize_arg = budget};
    int rc = smk_trace_open_fd(trace, fd, &options);
    if (rc < 0)
        assert_null(*trace);
    return rc < 0 ? rc : read_all(*trace);
}

static bool says(const smk_trace *trace, const char *words)
{
    for (size_t i = 0; smk_trace_problem(trace, i); i++)
        if (strstr(smk_trace_problem(trace, i), words))
            return true;
    return false;
}

/* ---- cases ---------------------------------------------------------------------------------------------- */

static bool verdict_holds(const struct hostile_case *c, int rc, const smk_trace *trace)
{
    switch (c->verdict) {
    case CLEAN:
        return trace && rc == 0 && !smk_trace_problem(trace, 0);
    case PROBLEM:
        return trace && rc == 0 && says(trace, c->says);
    default:
        return !trace && rc < 0 && strstr(smk_last_error(), c->says);
    }
}

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < HOSTILE_CASES; i++) {
        const struct hostile_case *c = &hostile_cases[i];
        struct file f = {0};
        if (c->big)
            continue;
        c->build(&f);
        int fd = file_of(&f.bytes);
        for (int verify = 0; verify < 2; verify++) {
            struct budget budget = {0};
            smk_trace *trace = NULL;
            int rc = open_and_read(fd, verify, &budget, &trace);
            if (verify && !verdict_holds(c, rc, trace)) {
                print_error("%s: %d, %s\n", c->name, rc,
                            !trace                        ? smk_last_error()
                            : smk_trace_problem(trace, 0) ? smk_trace_problem(trace, 0)
                                                          : "clean");
                fail();
            }
            assert_true(budget.most <= MEMORY_MAX);
            smk_trace_close(trace);
            assert_int_equal(budget.used, 0);
        }
        close(fd);
        file_free(&f);
    }
}

static void test_each_bit(void **state)
{
    struct file f = {0};
    (void)state;
    file_begin(&f);
    file_counters(&f, 10, FILE_FIRST, 1000, 1);
    file_end(&f);
    int fd = file_of(&f.bytes);
    for (size_t bit = 0; bit < 8 * f.bytes.len; bit++) {
        uint8_t byte = f.bytes.data[bit / 8] ^ (uint8_t)(1u << bit % 8);
        struct budget budget = {0};
        smk_trace *trace = NULL;
        assert_int_equal(pwrite(fd, &byte, 1, (off_t)(bit / 8)), 1);
        int rc = open_and_read(fd, true, &budget, &trace);
        if (rc == 0 && !smk_trace_problem(trace, 0))
            fail_msg("bit %zu went unnoticed", bit);
        smk_trace_close(trace);
        assert_int_equal(budget.used, 0);
        assert_int_equal(pwrite(fd, &f.bytes.data[bit / 8], 1, (off_t)(bit / 8)), 1);
    }
    close(fd);
    file_free(&f);
}

/* Random bytes at random places, with the checksums made right again: what a fuzzer does, a little. */
static void test_random_payloads(void **state)
{
    uint64_t random = 88172645463325252u;
    (void)state;
    for (int round = 0; round < 3000; round++) {
        struct file f = {0};
        struct bytes payload = {0};
        file_begin(&f);
        for (unsigned i = 0; i < 8 + random % 120; i++) {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            put_byte(&payload, random % 3 ? (unsigned)(random % 12) : (unsigned)(random >> 20) & 0xff);
        }
        file_chunk(&f, 1 + (unsigned)(random % 15), &payload,
                   &(struct smk_chunk){.count = (uint32_t)(1 + (random >> 30) % 6), .thread = 1, .last = 99});
        file_end(&f);
        int fd = file_of(&f.bytes);
        struct budget budget = {0};
        smk_trace *trace = NULL;
        open_and_read(fd, round % 2, &budget, &trace);
        smk_trace_close(trace);
        assert_int_equal(budget.used, 0);
        close(fd);
        file_free(&f);
    }
}

/* ---- memory --------------------------------------------------------------------------------------------- */

static void test_each_allocation_fails(void **state)
{
    struct file f = {0};
    int rc = -1;
    (void)state;
    build_names(&f);
    int fd = file_of(&f.bytes);
    for (size_t n = 1; rc < 0; n++) {
        struct budget budget = {.fail_at = n};
        smk_trace *trace = NULL;
        rc = open_and_read(fd, n % 2, &budget, &trace);
        assert_true(rc == 0 || rc == SMK_E_NOMEM);
        smk_trace_close(trace);
        assert_int_equal(budget.used, 0);
        assert_true(n < 10000);
    }
    close(fd);
    file_free(&f);
}

static void test_limit_of_memory(void **state)
{
    struct file f = {0};
    struct budget budget = {0};
    smk_open_options options = {
        .size = sizeof options, .max_memory = 3 << 20, .resize = resize, .resize_arg = &budget};
    smk_trace *trace;
    (void)state;
    build_all_overlap(&f);
    int fd = file_of(&f.bytes);
    assert_int_equal(smk_trace_open_fd(&trace, fd, &options), 0);
    assert_int_equal(read_all(trace), SMK_E_LIMIT);
    assert_non_null(strstr(smk_last_error(), "3 MiB"));
    assert_true(budget.most <= options.max_memory);
    smk_trace_close(trace);
    options.max_memory = 1000;
    assert_int_equal(smk_trace_open_fd(&trace, fd, &options), SMK_E_LIMIT);
    assert_int_equal(budget.used, 0);
    close(fd);
    file_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_each_bit),
        cmocka_unit_test(test_random_payloads),
        cmocka_unit_test(test_each_allocation_fails),
        cmocka_unit_test(test_limit_of_memory),
    };
    return SMK_RUN(tests);
}
