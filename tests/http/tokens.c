/* tokens.c: who may do what, and when the agent does not start. The numbers are those of the list of cases in
 * docs/http.md.
 */
#define _GNU_SOURCE
#include "unit/smk_test.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compiler.h"
#include "client.h"

#define CONTROL "control-token-0123456789"
#define READ    "read-token-0123456789abc"

/* The doors that ask for a token. */
static const enum door asking[] = {DOOR_TCP, DOOR_EVHTTP};

static char directory[] = "/tmp/smk-tokens-XXXXXX";
static char control_setting[128], read_setting[128], log_setting[128];

static const char *in_directory(const char *name)
{
    static char path[128];
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    return path;
}

static void put(const char *name, const char *text, mode_t mode)
{
    unlink(in_directory(name));
    int fd = open(in_directory(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static char *text_of(const char *name)
{
    char *text = calloc(1, 1 << 20);
    int fd = open(in_directory(name), O_RDONLY);
    assert_true(fd >= 0 && text);
    assert_true(read(fd, text, (1 << 20) - 1) >= 0);
    close(fd);
    return text;
}

static int start(void **state)
{
    (void)state;
    if (!mkdtemp(directory))
        return -1;
    put("control", CONTROL "\n", 0600);
    put("read", READ "\n", 0600);
    snprintf(control_setting, sizeof(control_setting), "token_file=%s/control", directory);
    snprintf(read_setting, sizeof(read_setting), "read_token_file=%s/read", directory);
    snprintf(log_setting, sizeof(log_setting), "log_file=%s/log", directory);
    return 0;
}

static int stop(void **state)
{
    static const char *const files[] = {"control", "read", "log", "other", "link"};
    (void)state;
    for (size_t i = 0; i < SMK_ARRAY_LEN(files); i++)
        unlink(in_directory(files[i]));
    return rmdir(directory);
}

/* ---- 17, 18: with tokens --------------------------------------------------------------------------------- */

static void case_17_scopes(void **state)
{
    static const struct {
        const char *method, *target, *headers;
        int status;
    } cases[] = {
        {"GET", "/debug/trace/status", "", 401},
        {"GET", "/debug/trace?duration=10ms", "", 401},
        {"GET", "/debug/trace/status", "Authorization: Bearer nothing-0123456789\r\n", 401},
        {"GET", "/debug/trace/status", "Authorization: Bearer " CONTROL "x\r\n", 401},
        {"GET", "/debug/trace/status", "Authorization: Bearer " READ "\r\n", 200},
        {"GET", "/debug/traces", "Authorization: Bearer " READ "\r\n", 200},
        {"GET", "/debug/trace?duration=10ms", "Authorization: Bearer " READ "\r\n", 403},
        {"POST", "/debug/trace/stop", "Authorization: Bearer " READ "\r\n", 403},
        {"POST", "/debug/trace/stop", "Authorization: Bearer " CONTROL "\r\n", 200},
        {"GET", "/debug/trace/status", "Authorization: Bearer " CONTROL "\r\n", 200},
        /* pprof:control-token-0123456789 */
        {"GET", "/debug/trace/status",
         "Authorization: Basic cHByb2Y6Y29udHJvbC10b2tlbi0wMTIzNDU2Nzg5\r\n", 200},
        {"GET", "/debug/trace/status?token=" CONTROL, "", 400},
        {"GET", "/debug/trace?duration=10ms&token=" CONTROL,
         "Authorization: Bearer " CONTROL "\r\n", 400},
        {"GET", "/debug/nothing", "", 401},
        /* The page asks for the token; its files say nothing of the process. */
        {"GET", "/debug/", "", 200},
        {"GET", "/debug/page/main.js", "", 200},
        {"GET", "/debug/page/style.css", "", 200},
        {"GET", "/debug/page/nothing.js", "", 404},
        {"GET", "/debug/page/../trace/status", "", 404},
        {"POST", "/debug/", "", 401},
        {"POST", "/debug/page/main.js", "", 401},
        {"GET", "/debug/", "Authorization: Bearer nothing-0123456789\r\n", 401},
        {"POST", "/debug/traces/none/ticket", "", 401},
        {"POST", "/debug/traces/none/ticket", "Authorization: Bearer " READ "\r\n", 404},
    };
    struct host host;
    (void)state;
    host_start(&host, control_setting, read_setting, NULL);
    for (size_t i = 0; i < SMK_ARRAY_LEN(cases) * SMK_ARRAY_LEN(asking); i++) {
        size_t at = i / SMK_ARRAY_LEN(asking);
        struct answer answer;
        request(&host, asking[i % SMK_ARRAY_LEN(asking)], &answer, cases[at].method, cases[at].target,
                cases[at].headers);
        expect(answer.status == cases[at].status, "%s %s %s: %d", cases[at].method,
               cases[at].target, cases[at].headers, answer.status);
        if (answer.status == 401)
            assert_non_null(strstr(answer_header(&answer, "WWW-Authenticate"), "Bearer"));
        assert_null(memmem(answer.raw, answer.raw_len, CONTROL, strlen(CONTROL)));
        answer_free(&answer);
    }
    assert_true(is_disarmed(&host));
    host_stop(&host);
}

/* A browser's download has no header for a token: it has a ticket, for this one file, once. */
static void case_18_a_ticket(void **state)
{
    char id[64], ticket[64], target[160];
    struct host host;
    (void)state;
    host_start(&host, control_setting, read_setting, NULL);
    for (size_t i = 0; i < SMK_ARRAY_LEN(asking); i++) {
        struct answer answer;
        request(&host, asking[i], &answer, "GET", "/debug/trace?duration=20ms&wait=1",
                "Authorization: Bearer " CONTROL "\r\n");
        const char *file = answer_header(&answer, "Content-Disposition");
        assert_int_equal(sscanf(file, "attachment; filename=\"%63[a-z0-9-]", id), 1);
        size_t bytes = answer.body_len;
        answer_free(&answer);
        snprintf(target, sizeof target, "/debug/traces/%s/ticket", id);
        request(&host, asking[i], &answer, "POST", target, "Authorization: Bearer " READ "\r\n");
        assert_int_equal(answer.status, 200);
        assert_int_equal(sscanf(strstr(answer.body, "\"ticket\":"), "\"ticket\":\"%63[0-9a-f]", ticket), 1);
        answer_free(&answer);
        snprintf(target, sizeof target, "/debug/traces/%s?ticket=%s", id, ticket);
        assert_int_equal(status_of(&host, asking[i], "DELETE", target, ""), 401);
        assert_int_equal(status_of(&host, asking[i], "HEAD", target, ""), 401);
        assert_int_equal(status_of(&host, asking[i], "GET", target, "Host: evil.example\r\n"), 403);
        request(&host, asking[i], &answer, "GET", target, "");
        assert_int_equal(answer.status, 200);
        assert_int_equal(answer.body_len, bytes);
        answer_free(&answer);
        assert_int_equal(status_of(&host, asking[i], "GET", target, ""), 401);
    }
    host_stop(&host);
}

/* Who tries with the token that may only look is in the log, as one without any is. */
static void case_17_is_logged(void **state)
{
    struct host host;
    (void)state;
    unlink(in_directory("log"));
    host_start(&host, control_setting, read_setting, log_setting, NULL);
    assert_int_equal(status_of(&host, DOOR_TCP, "POST", "/debug/trace/stop",
                               "Authorization: Bearer " READ "\r\n"),
                     403);
    host_stop(&host);
    char *text = text_of("log");
    assert_non_null(strstr(text, "not permitted /debug/trace/stop 403\n"));
    free(text);
}

static void case_18_many_wrong_tokens(void **state)
{
    struct host host;
    int unauthorized = 0, throttled = 0, audits = 0;
    (void)state;
    unlink(in_directory("log"));
    host_start(&host, control_setting, log_setting, NULL);
    for (int i = 0; i < 100; i++) {
        int status = status_of(&host, DOOR_TCP, "GET", "/debug/trace/status",
                               "Authorization: Bearer wrong-0123456789\r\n");
        unauthorized += status == 401;
        throttled += status == 429;
    }
    assert_int_equal(unauthorized + throttled, 100);
    assert_true(throttled > 0);
    assert_int_equal(status_of(&host, DOOR_UNIX, "POST", "/debug/trace/stop", NULL), 200);
    assert_int_equal(status_of(&host, DOOR_TCP, "GET", "/debug/trace/status",
                               "Authorization: Bearer " CONTROL "\r\n"),
                     200);
    host_stop(&host);
    char *text = text_of("log");
    for (const char *line = text; (line = strstr(line, "audit:")) != NULL; line++)
        audits++;
    expect(audits > 0 && audits < 100, "%d audit lines", audits);
    assert_null(strstr(text, "wrong-0123456789"));
    free(text);
}

/* ---- 19, 20: when it does not start ---------------------------------------------------------------------------- */

/* The host serves all the same, and its reason names the setting. */
static void expect_no_agent(const char *setting, const char *other, const char *reason)
{
    struct host host;
    struct answer answer;
    host_start(&host, setting, other ? other : log_setting, NULL);
    expect(strstr(host.refused, reason), "'%s' is not in '%s'", reason, host.refused);
    request(&host, DOOR_EVHTTP, &answer, "GET", "/debug/trace/status", NULL);
    assert_string_equal(answer.body, "own\n");
    answer_free(&answer);
    host_stop(&host);
}

static void case_19_token_files_that_are_none(void **state)
{
    char setting[256], big[2000];
    (void)state;
    snprintf(setting, sizeof(setting), "token_file=%s/other", directory);
    put("other", CONTROL, 0644);
    expect_no_agent(setting, NULL, "0600");
    put("other", "", 0600);
    expect_no_agent(setting, NULL, "16");
    memset(big, 'a', sizeof(big));
    big[sizeof(big) - 1] = '\0';
    put("other", big, 0600);
    expect_no_agent(setting, NULL, "512");
    unlink(in_directory("other"));
    expect_no_agent(setting, NULL, "token_file");
    snprintf(setting, sizeof(setting), "token_file=%s/link", directory);
    assert_int_equal(symlink("control", in_directory("link")), 0);
    expect_no_agent(setting, NULL, "symbolic link");
    snprintf(setting, sizeof(setting), "token_file=%s", directory);
    expect_no_agent(setting, NULL, "regular file");
    if (geteuid() != 0)
        return;
    put("other", CONTROL, 0600);
    assert_int_equal(chown(in_directory("other"), 12345, 12345), 0);
    snprintf(setting, sizeof(setting), "read_token_file=%s/other", directory);
    expect_no_agent(setting, NULL, "12345");
}

static void case_20_addresses_that_are_refused(void **state)
{
    (void)state;
    expect_no_agent("listen=0.0.0.0:0", NULL, "allow_remote");
    expect_no_agent("listen=0.0.0.0:0", "allow_remote=on", "token_file");
    expect_no_agent("listen=0.0.0.0:0", control_setting, "allow_remote");
    expect_no_agent("listen=6060", NULL, "127.0.0.1:6060");
    expect_no_agent("listen=localhost:6060", NULL, "127.0.0.1:6060");
    expect_no_agent("listen=[::1]:6060", NULL, "127.0.0.1:6060");
    expect_no_agent("hosts=a/b", NULL, "hosts");
}

static void case_20_a_port_that_is_taken(void **state)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(in);
    struct host host;
    char setting[64];
    int taken = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    (void)state;
    assert_int_equal(bind(taken, (struct sockaddr *)&in, sizeof(in)), 0);
    assert_int_equal(listen(taken, 1), 0);
    assert_int_equal(getsockname(taken, (struct sockaddr *)&in, &size), 0);
    snprintf(setting, sizeof(setting), "listen=127.0.0.1:%d", ntohs(in.sin_port));
    expect_no_agent(setting, NULL, "in use");
    host_start(&host, setting, "listen_next=on", NULL);
    if (host.tcp_port != 0) { /* else the twenty behind it are taken too, or there are none */
        expect(host.tcp_port > ntohs(in.sin_port) && host.tcp_port <= ntohs(in.sin_port) + 20,
               "port %d", host.tcp_port);
        assert_int_equal(status_of(&host, DOOR_TCP, "GET", "/debug/trace/status", NULL), 200);
    }
    host_stop(&host);
    close(taken);
}

/* ---- 31: the log ---------------------------------------------------------------------------------------------- */

static void case_31_what_a_client_cannot_write_into_the_log(void **state)
{
    struct host host;
    struct answer answer;
    (void)state;
    unlink(in_directory("log"));
    host_start(&host, log_setting, NULL);
    for (size_t i = 0; i < DOORS; i++) {
        ask(&host, doors[i], &answer,
            "GET /debug/\x1b[31mred HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
        answer_free(&answer);
        ask(&host, doors[i], &answer,
            "GET /debug/a\x0b"
            "2026-01-01T00:00:00.000Z audit:forged HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: "
            "close\r\n\r\n");
        answer_free(&answer);
    }
    host_stop(&host);
    char *text = text_of("log");
    assert_null(strchr(text, 0x1b));
    assert_null(strchr(text, 0x0b));
    assert_null(strstr(text, "\n2026-01-01"));
    assert_non_null(strstr(text, "\\x1b[31mred"));
    free(text);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(case_17_scopes),
        cmocka_unit_test(case_17_is_logged),
        cmocka_unit_test(case_18_a_ticket),
        cmocka_unit_test(case_18_many_wrong_tokens),
        cmocka_unit_test(case_19_token_files_that_are_none),
        cmocka_unit_test(case_20_addresses_that_are_refused),
        cmocka_unit_test(case_20_a_port_that_is_taken),
        cmocka_unit_test(case_31_what_a_client_cannot_write_into_the_log),
    };
    if (argc == 2)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, start, stop);
}
