#include <unistd.h>

#include "unit/smk_test.h"

#include "base/errors.h"
#include "heap.h"
#include "recorder_spec.h"
#include "settings.h"

extern char **environ;

static char file[64];

static int clean(void **state)
{
    (void)state;
    static char *none[] = {NULL};
    environ = none;
    snprintf(file, sizeof file, "/tmp/smk-settings-XXXXXX");
    int fd = mkstemp(file);
    if (fd >= 0)
        close(fd);
    return fd < 0;
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(file);
}

static void write_file(const char *text)
{
    FILE *f = fopen(file, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static smk_agent_options with(const struct smk_agent_setting *settings)
{
    smk_agent_options options = SMK_AGENT_OPTIONS;
    options.settings = settings;
    return options;
}

static void expect_wrong(const smk_agent_options *options, const char *const *parts)
{
    struct smk_settings settings;
    assert_int_equal(smk_settings_load(&settings, options), SMK_E_INVALID);
    for (; *parts; parts++) {
        if (!strstr(smk_last_error(), *parts))
            print_error("no '%s' in: %s\n", *parts, smk_last_error());
        assert_non_null(strstr(smk_last_error(), *parts));
    }
}

#define PARTS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_defaults_stand_in_the_table(void **state)
{
    (void)state;
    struct smk_settings settings;
    char text[64];
    assert_int_equal(smk_settings_load(&settings, NULL), 0);
    for (size_t i = 0; smk_setting_at(i); i++) {
        const struct smk_setting *setting = smk_setting_at(i);
        smk_setting_value(setting, &settings, text, sizeof text);
        assert_string_equal(text, setting->standard ? setting->standard : "");
    }
    assert_null(settings.listen);
    assert_int_equal(settings.max_duration, UINT64_C(600000000000));
    smk_settings_free(&settings);
    assert_int_equal(smk_heap_used(), 0);
}

static void test_program_before_environment_before_file(void **state)
{
    (void)state;
    struct smk_settings settings;
    write_file("# bounds\n max_duration = 1m \nkeep_files=3\r\nkeep_age = 1h\n\nlisten_next = on");
    static char *variables[] = {"STALLMARK_MAX_DURATION=2m", "STALLMARK_KEEP_AGE=2h", "STALLMARK_HOSTS=", "OTHER=x",
                                "STALLMARK_CLOCK=monotonic", NULL};
    environ = variables;
    const struct smk_agent_setting program[] = {{"max_duration", "3m"}, {NULL, NULL}};
    smk_agent_options options = with(program);
    options.config = file;
    options.listen = "127.0.0.1:0";
    assert_int_equal(smk_settings_load(&settings, &options), 0);
    assert_int_equal(settings.max_duration, UINT64_C(180000000000));
    assert_int_equal(settings.keep_age, UINT64_C(7200000000000));
    assert_int_equal(settings.keep_files, 3);
    assert_true(settings.listen_next);
    assert_null(settings.hosts);
    assert_string_equal(settings.listen, "127.0.0.1:0");
    smk_settings_free(&settings);
}

static void test_the_environment_may_name_the_file(void **state)
{
    (void)state;
    struct smk_settings settings;
    static char variable[100];
    static char *variables[] = {variable, NULL};
    write_file("keep_files = 7\n");
    snprintf(variable, sizeof variable, "STALLMARK_CONFIG=%s", file);
    environ = variables;
    assert_int_equal(smk_settings_load(&settings, NULL), 0);
    assert_int_equal(settings.keep_files, 7);
    smk_settings_free(&settings);
}

/* One value that no setting of this kind takes. */
static const char *wrong_value(const struct smk_setting *setting)
{
    static const char *const wrong[] = {[SMK_SETTING_TEXT] = "a\tb",
                                        [SMK_SETTING_BYTES] = "many",
                                        [SMK_SETTING_TIME] = "5x",
                                        [SMK_SETTING_COUNT] = "-1",
                                        [SMK_SETTING_FLAG] = "maybe",
                                        [SMK_SETTING_SHARE] = "0.001%"};
    return wrong[setting->kind];
}

static void test_every_wrong_value_is_named_with_its_origin(void **state)
{
    (void)state;
    static char variable[100];
    char where[100], allowed[200], line[300];
    static char *variables[] = {variable, NULL};
    static char *none[] = {NULL};
    for (size_t i = 0; smk_setting_at(i); i++) {
        const struct smk_setting *setting = smk_setting_at(i);
        const char *wrong = wrong_value(setting);
        smk_setting_allowed(setting, allowed, sizeof allowed);
        const struct smk_agent_setting program[] = {{setting->name, wrong}, {NULL, NULL}};
        smk_agent_options options = with(program);
        snprintf(where, sizeof where, "options.%s: %s is", setting->name, setting->name);
        expect_wrong(&options, PARTS(where, wrong, allowed));

        snprintf(variable, sizeof variable, "STALLMARK_%s=%s", setting->name, wrong);
        for (char *p = variable; *p != '='; p++)
            *p = *p >= 'a' && *p <= 'z' ? (char)(*p - 32) : *p;
        environ = variables;
        expect_wrong(NULL, PARTS(wrong, allowed, "STALLMARK_"));
        environ = none;

        if (setting->kind == SMK_SETTING_TEXT)
            continue; /* a line cannot hold that one */
        snprintf(line, sizeof line, "# one\n%s = %s\n", setting->name, wrong);
        write_file(line);
        options = with(NULL);
        options.config = file;
        snprintf(where, sizeof where, "%s:2: %s is", file, setting->name);
        expect_wrong(&options, PARTS(where, allowed));
    }
}

static void test_values_out_of_range(void **state)
{
    (void)state;
    static const struct smk_agent_setting wrong[] = {
        {"max_duration", "1ms"}, {"max_duration", "25h"}, {"keep_files", "0"},     {"keep_files", "100001"},
        {"buffer", "1KiB"},      {"buffer", "5GiB"},      {"http_clients", "17"}, {"recorder", "10"},
        {"recorder", "1ms"},     {"recorder", "10s,"},    {"recorder", "10s, 5s"}, {"recorder", "1KiB"},
        {"recorder", "32MiB, 32MiB"}, {"recorder", "10s 32MiB"}, {"recorder", "nevr"},
        {"keep_files", "18446744073709551617"}};
    for (size_t i = 0; i < SMK_ARRAY_LEN(wrong); i++) {
        const struct smk_agent_setting program[] = {wrong[i], {NULL, NULL}};
        smk_agent_options options = with(program);
        expect_wrong(&options, PARTS(wrong[i].name, wrong[i].value, "allowed is"));
    }
    const struct smk_agent_setting pair[] = {{"max_bytes", "2GiB"}, {"max_bytes_limit", "1GiB"}, {NULL, NULL}};
    smk_agent_options options = with(pair);
    expect_wrong(&options, PARTS("max_bytes is 2GiB", "max_bytes_limit, which is 1GiB"));
}

static void test_the_recorder_is_a_time_a_size_or_both(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        struct smk_recorder_spec spec;
    } good[] = {{"off", {0}},
                {"never", {.never = true}},
                {"10s", {.on = true, .age_ns = UINT64_C(10000000000)}},
                {"1m", {.on = true, .age_ns = UINT64_C(60000000000)}},
                {"64MiB", {.on = true, .bytes = UINT64_C(64) << 20}},
                {"10s, 32MiB", {.on = true, .age_ns = UINT64_C(10000000000), .bytes = UINT64_C(32) << 20}},
                {"1MB,100ms", {.on = true, .age_ns = UINT64_C(100000000), .bytes = 1000000}}};
    for (size_t i = 0; i < SMK_ARRAY_LEN(good); i++) {
        struct smk_recorder_spec spec;
        assert_true(smk_recorder_parse(good[i].text, strlen(good[i].text), &spec));
        assert_int_equal(spec.on, good[i].spec.on);
        assert_int_equal(spec.never, good[i].spec.never);
        assert_int_equal(spec.age_ns, good[i].spec.age_ns);
        assert_int_equal(spec.bytes, good[i].spec.bytes);
    }
}

static void test_unknown_names(void **state)
{
    (void)state;
    const struct smk_agent_setting program[] = {{"max_duraton", "1m"}, {NULL, NULL}};
    smk_agent_options options = with(program);
    expect_wrong(&options, PARTS("no setting 'max_duraton'", "max_duration"));
    static char *variables[] = {"STALLMARK_LISTEM=x", NULL};
    static char *none[] = {NULL};
    environ = variables;
    expect_wrong(NULL, PARTS("the environment", "LISTEM"));
    environ = none;
    write_file("colour = red\n");
    options = with(NULL);
    options.config = file;
    expect_wrong(&options, PARTS(":1", "colour"));
}

static void test_wrong_files(void **state)
{
    (void)state;
    smk_agent_options options = with(NULL);
    options.config = file;
    write_file("listen\n");
    expect_wrong(&options, PARTS("name = value"));
    write_file("config = /etc/other\n");
    expect_wrong(&options, PARTS("cannot name another"));
    options.config = "/tmp";
    expect_wrong(&options, PARTS("/tmp", "allowed is a file"));
    options.config = "/nonexistent/file";
    struct smk_settings settings;
    assert_true(smk_settings_load(&settings, &options) < 0);
    options = with(NULL);
    options.size = 8;
    expect_wrong(&options, PARTS("SMK_AGENT_OPTIONS"));
    assert_int_equal(smk_heap_used(), 0);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, clean, remove_file)
    const struct CMUnitTest tests[] = {
        T(test_defaults_stand_in_the_table),
        T(test_program_before_environment_before_file),
        T(test_the_environment_may_name_the_file),
        T(test_every_wrong_value_is_named_with_its_origin),
        T(test_values_out_of_range),
        T(test_the_recorder_is_a_time_a_size_or_both),
        T(test_unknown_names),
        T(test_wrong_files),
    };
    return SMK_RUN(tests);
}
