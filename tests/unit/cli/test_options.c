#include "unit/smk_test.h"

#include "cli.h"

static int no_run(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return 0;
}

static const struct smk_command command = {"x", "usage: stallmark x\n", "does x", no_run};

struct values {
    const char *output, *format;
    const char *directory;
    uint64_t limit, top;
    bool json;
    struct smk_cli_args args;
    bool ok;
};

/* Splits `line` at blanks and parses it. The words live until the next call. */
static struct values parse(const char *line, bool leading)
{
    static char words[256];
    static char *argv[32];
    struct values v = {.limit = 7};
    const struct smk_cli_option options[] = {
        {"output", 'o', SMK_CLI_TEXT, &v.output},
        {"format", 0, SMK_CLI_TEXT, &v.format, "perfetto|chrome"},
        {"limit", 'n', SMK_CLI_NUMBER, &v.limit},
        {"top", 0, SMK_CLI_COUNT, &v.top},
        {"debug-dir", 0, SMK_CLI_DIRECTORY, &v.directory},
        {"json", 0, SMK_CLI_FLAG, &v.json},
        SMK_CLI_END,
    };
    int argc = 0;
    snprintf(words, sizeof(words), "x %s", line);
    for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
        argv[argc++] = word;
    argv[argc] = NULL;
    v.ok = leading ? smk_cli_parse_leading(&v.args, &command, options, argc, argv)
                   : smk_cli_parse(&v.args, &command, options, argc, argv);
    return v;
}

static void test_every_spelling(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "-o F --limit 12 --json A B", "A -oF --limit=12 B --json", "A B --json -n12 --output=F",
        "--json --output F -n 12 -- A B",
    };
    for (size_t i = 0; i < SMK_ARRAY_LEN(lines); i++) {
        struct values v = parse(lines[i], false);
        assert_true(v.ok);
        assert_string_equal(v.output, "F");
        assert_int_equal(v.limit, 12);
        assert_true(v.json);
        assert_int_equal(v.args.count, 2);
        assert_string_equal(v.args.operand[0], "A");
        assert_string_equal(v.args.operand[1], "B");
        assert_null(v.args.operand[2]);
    }
}

static void test_double_dash_ends_options(void **state)
{
    (void)state;
    struct values v = parse("A -- --json -o", false);
    assert_true(v.ok);
    assert_false(v.json);
    assert_int_equal(v.args.count, 3);
    assert_string_equal(v.args.operand[1], "--json");
}

static void test_leading_leaves_the_command_line_alone(void **state)
{
    (void)state;
    struct values v = parse("-o F server --json -o G", true);
    assert_true(v.ok);
    assert_string_equal(v.output, "F");
    assert_false(v.json);
    assert_int_equal(v.args.count, 4);
    assert_string_equal(v.args.operand[0], "server");
}

static void test_lone_dash_is_an_operand(void **state)
{
    (void)state;
    struct values v = parse("-", false);
    assert_true(v.ok);
    assert_int_equal(v.args.count, 1);
}

static void test_errors_are_usage(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "--top 0",   "--top 00",   "--debug-dir /dev/null", "--debug-dir /nowhere",
        "--unknown", "--outputs F", "-x",        "-o",          "--limit",      "--limit x",
        "-n -1",     "-n 1x",       "--limit=",  "--json=yes",  "--format ctf", "--format perf",
        "-n 99999999999999999999",  "--format=", "--format perfetto|chrome",
    };
    for (size_t i = 0; i < SMK_ARRAY_LEN(lines); i++) {
        struct values v = parse(lines[i], false);
        assert_false(v.ok);
        assert_int_equal(v.args.exit_code, SMK_EXIT_USAGE);
    }
}

static void test_help_is_fine(void **state)
{
    (void)state;
    struct values v = parse("--help", false);
    assert_false(v.ok);
    assert_int_equal(v.args.exit_code, SMK_EXIT_FINE);
}

static void test_allowed_words(void **state)
{
    (void)state;
    assert_string_equal(parse("--format chrome", false).format, "chrome");
    assert_string_equal(parse("--format=perfetto", false).format, "perfetto");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_spelling),
        cmocka_unit_test(test_double_dash_ends_options),
        cmocka_unit_test(test_leading_leaves_the_command_line_alone),
        cmocka_unit_test(test_lone_dash_is_an_operand),
        cmocka_unit_test(test_errors_are_usage),
        cmocka_unit_test(test_help_is_fine),
        cmocka_unit_test(test_allowed_words),
    };
    return SMK_RUN(tests);
}
