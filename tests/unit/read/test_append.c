/* Symbols are added to files of every shape: what was there is there still, index and END fit, and the reader
 * finds what was added. */
#define _GNU_SOURCE
#include "unit/smk_test.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "gen/cases.h"
#include "read/append.h"

#define SYMBOLS 5000u /* more than one chunk of them */

#define MODULE 3
#define BIAS   0x1000

static int file_of(const void *data, size_t len)
{
    int fd = memfd_create("append", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, len), len);
    return fd;
}

static const char *path_of(int fd)
{
    static char path[2][64];
    static unsigned turn;
    char *text = path[turn++ % 2];
    snprintf(text, sizeof(path[0]), "/proc/self/fd/%d", fd);
    return text;
}

static smk_trace *open_fd(int fd)
{
    smk_open_options options = {.size = sizeof(options), .verify = true};
    smk_trace *trace;
    assert_int_equal(smk_trace_open_fd(&trace, fd, &options), 0);
    return trace;
}

static uint64_t address_of(uint32_t number) { return 0x9000 + 16 * (uint64_t)number; }

/* Of processes in turn. */
static const smk_symbol_info *our_symbol(const smk_trace *trace, uint32_t number)
{
    uint32_t processes = smk_trace_get_info(trace)->processes;
    smk_module_info module = {.id = MODULE, .bias = BIAS, .process = number % processes};
    const smk_symbol_info *info = smk_trace_code_symbol(trace, &module, address_of(number) + 5 + BIAS);
    assert_null(smk_trace_data_symbol(trace, &module, address_of(number) + 5 + BIAS));
    assert_null(smk_trace_code_symbol(trace, &module, address_of(number) + 6 + BIAS));
    module.process++;
    assert_null(smk_trace_code_symbol(trace, &module, address_of(number) + 5 + BIAS));
    return info;
}

static int add(struct smk_append *append, uint32_t symbols)
{
    char name[64];
    int result = 0;
    for (uint32_t i = 0; i < symbols && result == 0; i++) {
        snprintf(name, sizeof(name), "a_function_of_its_own_%u_%llx", i, i * 0x9e3779b97f4a7c15ull);
        smk_symbol_frame frames[] = {{"inner", "inner.c", i}, {name, "a/file.c", 7}};
        smk_symbol_info info = {.process = i % append->stream_count,
                                .module = MODULE,
                                .address = address_of(i) + 5,
                                .start = address_of(i),
                                .size = 16,
                                .frame_count = 2,
                                .frames = frames};
        result = smk_append_symbol(append, &info);
    }
    return result;
}

/* The copy, or -1 and the code in *result. */
static int append_to(int fd, uint32_t symbols, int *result)
{
    struct smk_append append;
    struct smk_mem mem;
    smk_trace *trace = open_fd(fd);
    int out = memfd_create("out", MFD_CLOEXEC);
    assert_true(out >= 0);
    smk_mem_init(&mem, NULL, NULL, 0);
    *result = smk_append_begin(&append, &mem, path_of(fd), trace);
    if (*result == 0)
        *result = add(&append, symbols);
    if (*result == 0)
        *result = smk_append_write(&append, out);
    smk_append_free(&append);
    assert_int_equal(mem.used, 0);
    smk_trace_close(trace);
    if (*result == 0)
        return out;
    close(out);
    return -1;
}

static void check_symbols(const smk_trace *trace, uint32_t symbols)
{
    assert_int_equal(smk_trace_get_info(trace)->symbols, symbols);
    for (uint32_t i = 0; i < symbols; i++) {
        const smk_symbol_info *info = our_symbol(trace, i);
        assert_non_null(info);
        assert_int_equal(info->start, address_of(i));
        assert_int_equal(info->frame_count, 2);
        assert_int_equal(info->frames[0].line, i);
        assert_string_equal(info->frames[0].function, "inner");
        assert_string_equal(info->frames[1].file, "a/file.c");
    }
    assert_null(smk_trace_symbol_at(trace, symbols));
}

/* `clean`: it has no problem before, and none afterwards. */
static void check_added(void (*build)(struct file *f), bool clean)
{
    struct file f = {0};
    int result;
    build(&f);
    int fd = file_of(f.bytes.data, f.bytes.len), out = append_to(fd, SYMBOLS, &result);
    assert_int_equal(result, 0);
    smk_trace *before = open_fd(fd), *after = open_fd(out);
    assert_int_equal(smk_trace_get_info(after)->events, smk_trace_get_info(before)->events);
    assert_int_equal(smk_trace_get_info(after)->segments, smk_trace_get_info(before)->segments);
    assert_int_equal(smk_trace_get_info(after)->complete, clean);
    if (clean)
        assert_null(smk_trace_problem(after, 0));
    check_symbols(after, SYMBOLS);
    smk_trace_close(before);
    smk_trace_close(after);
    /* And once more: what is there already stays, and takes no place of its own. */
    int again = append_to(out, SYMBOLS, &result);
    assert_int_equal(result, 0);
    after = open_fd(again);
    assert_int_equal(smk_trace_get_info(after)->complete, clean);
    check_symbols(after, SYMBOLS);
    smk_trace_close(after);
    close(again);
    close(out);
    close(fd);
    file_free(&f);
}

static void build_cut(struct file *f)
{
    build_sound(f);
    f->bytes.len -= 100; /* END and a part of INDEX */
}

static void test_files_of_every_shape(void **state)
{
    (void)state;
    check_added(build_sound, true);
    check_added(build_two_segments, true);
    check_added(build_no_index, true);
    check_added(build_names, true);
    check_added(build_two_processes, true);
    check_added(build_interleaved, true);
    check_added(build_cut, false);
}

static void test_nothing_is_added(void **state)
{
    (void)state;
    struct file f = {0};
    int result;
    build_two_segments(&f);
    int fd = file_of(f.bytes.data, f.bytes.len), out = append_to(fd, 0, &result);
    uint8_t *copy = malloc(f.bytes.len);
    assert_int_equal(lseek(out, 0, SEEK_END), f.bytes.len);
    assert_int_equal(pread(out, copy, f.bytes.len, 0), f.bytes.len);
    assert_memory_equal(copy, f.bytes.data, f.bytes.len);
    free(copy);
    close(out);
    close(fd);
    file_free(&f);
}

static void check_refused(struct file *f, const char *says)
{
    int result, fd = file_of(f->bytes.data, f->bytes.len);
    assert_int_equal(append_to(fd, 1, &result), -1);
    assert_true(result < 0);
    assert_non_null(strstr(smk_last_error(), says));
    close(fd);
    file_free(f);
}

static void test_files_that_it_leaves_alone(void **state)
{
    (void)state;
    struct file f = {0};
    build_two_segments(&f); /* the first segment alone: another begins with the number that ours would have */
    f.bytes.len = f.segment;
    check_refused(&f, "a part of a capture");
    f = (struct file){0};
    build_sound(&f);
    put(&f.bytes, "bytes that nobody knows", 23);
    check_refused(&f, "bytes behind its END");
    f = (struct file){0};
    build_sound(&f);
    memset(f.bytes.data + 90, 0xff, 400); /* over the next header */
    check_refused(&f, "damaged before its end");
    f = (struct file){0};
    build_two_segments(&f); /* joined the wrong way round */
    struct file turned = {0};
    put(&turned.bytes, f.bytes.data + f.segment, f.bytes.len - f.segment);
    put(&turned.bytes, f.bytes.data, f.segment);
    file_free(&f);
    check_refused(&turned, "not in their order");
}

/* Each is refused, or becomes a file that opens and has what was added. */
static void test_hostile_files(void **state)
{
    (void)state;
    for (size_t i = 0; i < HOSTILE_CASES; i++) {
        struct file f = {0};
        smk_trace *trace;
        int result;
        if (hostile_cases[i].big || hostile_cases[i].verdict == REFUSED)
            continue;
        hostile_cases[i].build(&f);
        int fd = file_of(f.bytes.data, f.bytes.len), out = append_to(fd, 3, &result);
        if (result != 0 && hostile_cases[i].verdict != PROBLEM)
            fail_msg("%s: %s", hostile_cases[i].name, smk_last_error());
        if (result == 0 && smk_trace_open_fd(&trace, out, NULL) == 0) {
            assert_non_null(our_symbol(trace, 2));
            smk_trace_close(trace);
        }
        close(fd);
        if (out >= 0)
            close(out);
        file_free(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files_of_every_shape),
        cmocka_unit_test(test_nothing_is_added),
        cmocka_unit_test(test_files_that_it_leaves_alone),
        cmocka_unit_test(test_hostile_files),
    };
    return SMK_RUN(tests);
}
