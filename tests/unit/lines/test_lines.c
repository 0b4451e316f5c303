#include "unit/analysis/own_module.h"

#include "lines/lines.h"

#define FAR (UINT64_C(64) << 20)

__attribute__((noinline)) static uint64_t here(void)
{
    return (uint64_t)(uintptr_t)__builtin_return_address(0);
}

static smk_trace *open_with(const char *path, bool right)
{
    struct build b;
    build_init(&b);
    build_window(&b, 0, 0, 1000);
    own_module(&b, path, right, FAR);
    return build_open(&b);
}

static void test_the_line_of_a_call(void **state)
{
    (void)state;
    char path[512];
    struct smk_line_frame frames[4];
    own_path(path);
    smk_trace *trace = open_with(path, true);
    struct smk_lines *lines = smk_lines_new(NULL);
    struct smk_line_source source = smk_lines_source(lines);
    uint64_t pc = here();
    uint32_t wanted = __LINE__ - 1;
    const smk_module_info *module = smk_trace_module(trace, pc);
    assert_non_null(module);
    assert_int_equal(source.find(source.arg, module, pc - 1, frames, 4), 1);
    assert_string_equal(frames[0].function, "test_the_line_of_a_call");
    assert_non_null(strstr(frames[0].file, "test_lines.c"));
    assert_int_equal(frames[0].line, wanted);
    /* Where no code is there is no line; and again, now that it is open. */
    assert_int_equal(source.find(source.arg, module, module->start + 1, frames, 4), 0);
    assert_int_equal(source.find(source.arg, module, pc - 1, frames, 4), 1);
    smk_lines_free(lines);
    smk_trace_close(trace);
}

static void check_no_line(const char *path, bool right)
{
    struct smk_line_frame frames[4];
    smk_trace *trace = open_with(path, right);
    struct smk_lines *lines = smk_lines_new(NULL);
    struct smk_line_source source = smk_lines_source(lines);
    uint64_t pc = here();
    assert_int_equal(source.find(source.arg, smk_trace_module(trace, pc), pc, frames, 4), 0);
    smk_lines_free(lines);
    smk_trace_close(trace);
}

static void test_another_file_is_not_believed(void **state)
{
    (void)state;
    char path[512];
    own_path(path);
    check_no_line(path, false);
    check_no_line("/nowhere/to/be/found", true);
    check_no_line("/etc/passwd", true);
    check_no_line("/dev/zero", true);
    check_no_line("", true);
    smk_lines_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_line_of_a_call),
        cmocka_unit_test(test_another_file_is_not_believed),
    };
    return SMK_RUN(tests);
}
