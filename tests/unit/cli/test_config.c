#include "unit/smk_test.h"

#include <unistd.h>

#include "config.h"

static struct smk_config config;

static int read_text(const char *text)
{
    char path[] = "/tmp/smk-config-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    int status = smk_config_read(&config, path);
    unlink(path);
    return status;
}

static void test_the_last_line_counts(void **state)
{
    (void)state;
    assert_int_equal(read_text("# a comment\n\n listen =  none \r\nlog_file=/a b = c\nlisten=127.0.0.1:1"), 0);
    assert_string_equal(smk_config_get(&config, "listen"), "127.0.0.1:1");
    assert_string_equal(smk_config_get(&config, "log_file"), "/a b = c");
    assert_null(smk_config_get(&config, "socket"));
}

static void test_the_environment_counts_before(void **state)
{
    (void)state;
    assert_int_equal(read_text("token_file = /of/file\n"), 0);
    setenv("STALLMARK_TOKEN_FILE", "/of/environment", 1);
    assert_string_equal(smk_config_get(&config, "token_file"), "/of/environment");
    setenv("STALLMARK_TOKEN_FILE", "", 1);
    assert_string_equal(smk_config_get(&config, "token_file"), "/of/file");
    unsetenv("STALLMARK_TOKEN_FILE");
}

static void test_no_file_and_bad_ones(void **state)
{
    (void)state;
    assert_int_equal(smk_config_read(&config, NULL), 0);
    assert_null(smk_config_get(&config, "listen"));
    assert_int_equal(smk_config_read(&config, "/nowhere/at/all"), 2);
    assert_int_equal(read_text("listen\n"), 2);
    assert_int_equal(read_text("a = b\n= c\n"), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_last_line_counts),
        cmocka_unit_test(test_the_environment_counts_before),
        cmocka_unit_test(test_no_file_and_bad_ones),
    };
    return SMK_RUN(tests);
}
