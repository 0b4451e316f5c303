#include "unit/smk_test.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "client.h"
#include "process.h"
#include "target.h"

static void test_urls(void **state)
{
    (void)state;
    static const char *const good[][2] = {
        {"http://127.0.0.1:6060", "http://127.0.0.1:6060"},
        {"http://127.0.0.1:6060/", "http://127.0.0.1:6060"},
        {"https://[::1]:6060/debug/trace?duration=5s", "https://[::1]:6060"},
        {"http://host#x", "http://host"},
    };
    static const char *const bad[] = {"http://", "https:///debug", "http://user@host", "ftp://host", "http:/host"};
    struct smk_target target;
    for (size_t i = 0; i < SMK_ARRAY_LEN(good); i++) {
        assert_int_equal(smk_target_find(&target, good[i][0]), 0);
        assert_string_equal(target.url, good[i][1]);
        assert_string_equal(target.socket, "");
        smk_target_close(&target);
    }
    for (size_t i = 0; i < SMK_ARRAY_LEN(bad); i++)
        assert_int_equal(smk_target_find(&target, bad[i]), 2);
}

static void test_what_is_no_target(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "0", "-1", "99999999999999999999", "1x",
                                      "/nowhere/at/all", "/etc/passwd", "/"};
    struct smk_target target;
    for (size_t i = 0; i < SMK_ARRAY_LEN(bad); i++)
        assert_int_equal(smk_target_find(&target, bad[i]), 2);
}

static void test_a_process_and_its_socket(void **state)
{
    (void)state;
    char directory[] = "/tmp/smk-target-XXXXXX", pid[16];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct smk_target target;
    assert_non_null(mkdtemp(directory));
    assert_int_equal(smk_target_of_process(&target, getpid()), -ENOENT);
    snprintf(address.sun_path, sizeof(address.sun_path), "%s/s.sock", directory);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(smk_target_find(&target, address.sun_path), 0);
    assert_string_equal(target.name, address.sun_path);
    assert_true(target.directory >= 0);
    smk_target_close(&target);
    snprintf(pid, sizeof(pid), "%d", getpid());
    assert_int_equal(smk_target_find(&target, pid), 2);
    close(fd);
    unlink(address.sun_path);
    rmdir(directory);
}

static void test_a_process(void **state)
{
    (void)state;
    struct smk_process process;
    char text[4096];
    assert_true(smk_process_read(&process, getpid()));
    assert_int_equal(process.uid, geteuid());
    assert_true(process.inner_pid > 0);
    assert_memory_equal(process.name, "test_cli_target", 15);
    assert_false(smk_process_read(&process, 0x7fffffff));
    smk_process_command(getpid(), text, sizeof(text));
    assert_non_null(strstr(text, "test_cli_target"));
    smk_process_command(getpid(), text, 8);
    assert_true(strlen(text) < 8);
    assert_false(smk_process_variable(getpid(), "STALLMARK_NOT_SET_AT_ALL", text, sizeof(text)));
}

static void test_queries(void **state)
{
    (void)state;
    static struct smk_query query;
    smk_query_begin(&query, "/debug/trace");
    smk_query_add(&query, "duration", NULL);
    assert_string_equal(query.text, "/debug/trace");
    smk_query_add(&query, "categories", "+lock,-net");
    smk_query_add(&query, "name", "a&b=c %\xc3\xa9\n/?#");
    assert_string_equal(query.text, "/debug/trace?categories=%2Block,-net&name=a%26b%3Dc%20%25%C3%A9%0A%2F%3F%23");
    assert_false(query.too_long);
    static char text[2 * SMK_QUERY_SIZE];
    memset(text, '&', sizeof(text) - 1);
    smk_query_add(&query, "name", text);
    assert_true(query.too_long);
    assert_true(strlen(query.text) < sizeof(query.text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_urls),          cmocka_unit_test(test_what_is_no_target),
        cmocka_unit_test(test_a_process_and_its_socket), cmocka_unit_test(test_a_process),
        cmocka_unit_test(test_queries),
    };
    unsetenv("STALLMARK_SOCKET");
    return SMK_RUN(tests);
}
