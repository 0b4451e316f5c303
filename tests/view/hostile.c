/* hostile.c: the viewer's server as somebody hostile meets it, byte by byte: a page of somebody else, another user of
 * the machine, a client that sends nonsense. Nothing of a trace gets to who has no token, and it answers on.
 *
 * usage: view_hostile STALLMARK TRACE
 */
#define _GNU_SOURCE
#include "unit/smk_test.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compiler.h"
#include "http/client.h"

static const char *stallmark, *trace;
static struct host server; /* its tcp_port and pid alone */
static char token[80];
static char bearer[128]; /* a header, with its line end */

/* ---- the server ----------------------------------------------------------------------------------------- */

static int start(void **state)
{
    int out[2];
    char line[256] = "";
    (void)state;
    assert_int_equal(pipe(out), 0);
    server.pid = fork();
    if (server.pid == 0) {
        dup2(out[1], STDOUT_FILENO);
        execl(stallmark, stallmark, "view", "--no-browser", trace, (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    server.says = fdopen(out[0], "r");
    assert_non_null(fgets(line, sizeof(line), server.says));
    expect(sscanf(line, "http://127.0.0.1:%d/#token=%70[0-9a-f]", &server.tcp_port, token) == 2, "it says: %s", line);
    assert_int_equal(strlen(token), 32);
    snprintf(bearer, sizeof(bearer), "Authorization: Bearer %s\r\n", token);
    return 0;
}

static int stop(void **state)
{
    int status = 0;
    (void)state;
    kill(server.pid, SIGTERM);
    assert_int_equal(waitpid(server.pid, &status, 0), server.pid);
    expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "it ended with status %#x", (unsigned)status);
    fclose(server.says);
    return 0;
}

/* No byte of a client's is in a header, no other page may read, and the page's policy stands in every answer. */
static void expect_clean(const struct answer *answer)
{
    assert_null(strcasestr(answer->head, "access-control"));
    assert_null(strcasestr(answer->head, "set-cookie"));
    assert_null(strcasestr(answer->head, "evil"));
    assert_true(answer->closed);
    if (answer->status <= 0)
        return;
    expect(strstr(answer->head, "\r\nContent-Security-Policy: default-src 'none'; script-src 'self'; "),
           "no policy: %s", answer->head);
    expect(strstr(answer->head, "\r\nX-Content-Type-Options: nosniff\r\n"), "no nosniff: %s", answer->head);
    expect(strstr(answer->head, "\r\nReferrer-Policy: no-referrer\r\n"), "no referrer policy: %s", answer->head);
    expect(strstr(answer->head, "\r\nCache-Control: no-"), "it may be kept: %s", answer->head);
}

/* `format` is the whole request. */
static void expect_status(int status, const char *format, ...) SMK_PRINTF(2, 3);
static void expect_status(int status, const char *format, ...)
{
    struct answer answer;
    char *text;
    va_list args;
    va_start(args, format);
    int len = vasprintf(&text, format, args);
    va_end(args);
    assert_true(len > 0);
    ask_bytes(&server, DOOR_TCP, &answer, text, (size_t)len);
    expect(answer.status == status, "%.300s\n%d, not %d: %.300s", text, answer.status, status, answer.raw);
    expect_clean(&answer);
    if (answer.status != 200)
        assert_null(strstr(answer.raw, "first_ns"));
    answer_free(&answer);
    free(text);
}

static void expect_alive(void)
{
    expect_status(200, "GET /api/info HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n%s\r\n", server.tcp_port, bearer);
}

/* ---- who asks ------------------------------------------------------------------------------------------- */

static void case_foreign_hosts(void **state)
{
    static const char *const bad[] = {"evil.example", "localhost.evil", "127.1", "0177.0.0.1", "127.0.0.1.", "[::1]",
                                      "2130706433", "127.0.0.1@evil", "10.0.0.1", "0.0.0.0", "127.0.0.1:99999",
                                      "127.0.0.1:", "", "localhost:80:80", "127.0.0.1 evil"};
    (void)state;
    for (size_t i = 0; i < SMK_ARRAY_LEN(bad); i++) {
        expect_status(403, "GET /api/info HTTP/1.1\r\nHost: %s\r\n%s\r\n", bad[i], bearer);
        expect_status(403, "GET / HTTP/1.1\r\nHost: %s\r\n\r\n", bad[i]);
    }
    expect_status(403, "GET /api/info HTTP/1.1\r\n%s\r\n", bearer);
    expect_status(403, "GET /api/info HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: 127.0.0.1\r\n%s\r\n", bearer);
    expect_status(200, "GET /api/info HTTP/1.1\r\nHost: localhost:8080\r\n%s\r\n", bearer); /* ssh -L */
    expect_status(200, "GET /api/info HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n", bearer);
}

static void case_foreign_pages(void **state)
{
    static const char *const bad[] = {"http://evil.example", "null", "http://127.0.0.1:1", "https://127.0.0.1",
                                      "http://localhost", "file://", ""};
    static const char *const sites[] = {"cross-site", "same-site", "nonsense", ""};
    (void)state;
    for (size_t i = 0; i < SMK_ARRAY_LEN(bad); i++)
        expect_status(403, "GET /api/info HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: %s\r\n%s\r\n", bad[i], bearer);
    for (size_t i = 0; i < SMK_ARRAY_LEN(sites); i++)
        expect_status(403, "GET /viewer.js HTTP/1.1\r\nHost: 127.0.0.1\r\nSec-Fetch-Site: %s\r\n\r\n", sites[i]);
    expect_status(200, "GET /api/info HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://127.0.0.1\r\n%s\r\n", bearer);
    /* A link leads to the page, and a frame of somebody else does not. */
    expect_status(200, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n"
                       "Sec-Fetch-Dest: document\r\n\r\n");
    expect_status(403, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n"
                       "Sec-Fetch-Dest: iframe\r\n\r\n");
    expect_status(403, "GET /api/info HTTP/1.1\r\nHost: 127.0.0.1\r\nSec-Fetch-Site: cross-site\r\n"
                       "Sec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n%s\r\n", bearer);
}

static void case_tokens(void **state)
{
    char wrong[80];
    (void)state;
    expect_status(401, "GET /api/info HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    for (size_t i = 0; i < 32; i += 31) {
        snprintf(wrong, sizeof(wrong), "%s", token);
        wrong[i] = wrong[i] == '0' ? '1' : '0';
        expect_status(401, "GET /api/info HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s\r\n\r\n", wrong);
    }
    expect_status(401, "GET /api/info HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %.31s\r\n\r\n", token);
    expect_status(401, "GET /api/info HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer %s0\r\n\r\n", token);
    expect_status(401, "GET /api/info HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic %s\r\n\r\n", token);
    expect_status(401, "GET /api/info?token=%s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", token);
    expect_status(401, "GET /api/nothing HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    expect_status(400, "GET /api/info HTTP/1.1\r\nHost: 127.0.0.1\r\n%s%s\r\n", bearer, bearer);
}

/* ---- what is asked -------------------------------------------------------------------------------------- */

static void case_methods(void **state)
{
    static const char *const bad[] = {"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND", "LOCK", "CONNECT"};
    (void)state;
    for (size_t i = 0; i < SMK_ARRAY_LEN(bad); i++) {
        struct answer answer;
        ask(&server, DOOR_TCP, &answer, "%s /api/info HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n", bad[i], bearer);
        expect(answer.status == 405 || answer.status == 400 || answer.status == 0, "%s: %d", bad[i], answer.status);
        expect_clean(&answer);
        answer_free(&answer);
    }
    expect_status(405, "OPTIONS /api/info HTTP/1.1\r\nHost: 127.0.0.1\r\nAccess-Control-Request-Method: GET\r\n\r\n");
    struct answer answer;
    ask(&server, DOOR_TCP, &answer, "HEAD /viewer.js HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.body_len, 0);
    answer_free(&answer);
}

static void case_paths(void **state)
{
    static const char *const bad[] = {"/api", "/api/", "/api/info/", "/api//info", "//api/info", "/API/INFO",
                                      "/api/info%00", "/api/./info", "/api/../api/info", "/index.html", "/viewer.js/",
                                      "/../../etc/passwd", "/..%2f..%2fetc/passwd", "/%2e%2e/etc/passwd",
                                      "/viewer.js%00",
                                      "/.", "/..", "/viewer.css.gz", "/favicon.ico", "/etc/passwd"};
    (void)state;
    for (size_t i = 0; i < SMK_ARRAY_LEN(bad); i++) {
        struct answer answer;
        ask(&server, DOOR_TCP, &answer, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n", bad[i], bearer);
        expect(answer.status == 404 || answer.status == 400, "%s: %d", bad[i], answer.status);
        expect_clean(&answer);
        answer_free(&answer);
    }
    struct answer absolute;
    ask(&server, DOOR_TCP, &absolute, "GET http://evil.example/api/info HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n", bearer);
    expect(absolute.status == 400 || absolute.status == 0, "an absolute address: %d", absolute.status);
    answer_free(&absolute);
}

static void case_parameters(void **state)
{
    static const char *const bad[] = {
        "info?x=1", "progress?wait=", "progress?wait=abc", "progress?wait=-1", "progress?wait=1&wait=2",
        "progress?wait", "tiles", "tiles?level=5", "tiles?level=64&tile=0&rows=0", "tiles?level=5&tile=x&rows=0",
        "tiles?level=5&tile=0&rows=", "tiles?level=5&tile=0&rows=1,,2", "tiles?level=5&tile=0&rows=99999999999",
        "tiles?level=5&tile=18446744073709551616&rows=0", "window?t0=5&t1=4&px=10&rows=0",
        "window?t0=0&t1=1000&px=0&rows=0", "window?t0=0&t1=1000&px=8193&rows=0", "window?t0=1e9&t1=2e9&px=10&rows=0",
        "window?t0=0x10&t1=99&px=10&rows=0", "window?t0=NaN&t1=99&px=10&rows=0", "density?px=0", "density?px=99999",
        "labels?ids=-1", "item?row=0", "item?row=0&item=1%00", "item?row=0&item=%zz", "item?row=0&item=%4",
        "at", "at?time=%0d%0aevil:1", "sums?t0=9&t1=1", "requests?sort=best", "requests?limit=0", "requests?limit=1001",
        "requests?offset=10001", "requests?route=evil", "scatter?points=0", "latency?route=nonsense", "parts?process=0",
        "request?process=0&id=0", "request?process=4294967296&id=1", "flame", "flame?kind=odd",
        "flame?kind=off&wait=odd", "flame?kind=off&row=4294967295", "scheduler?t0=2&t1=1", "search", "search?q=%01",
        "diff?x=1", "report?top=5"};
    char many[SMK_ARRAY_LEN("rows=") + 2 * 300];
    (void)state;
    for (size_t i = 0; i < SMK_ARRAY_LEN(bad); i++) {
        struct answer answer;
        ask(&server, DOOR_TCP, &answer, "GET /api/%s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n", bad[i], bearer);
        expect(answer.status == 400, "%s: %d %.200s", bad[i], answer.status, answer.body ? answer.body : "");
        expect(strstr(answer.body, "\"error\"") && strstr(answer.body, "allowed"),
               "%s: it does not say what is allowed: %s", bad[i], answer.body);
        expect_clean(&answer);
        answer_free(&answer);
    }
    strcpy(many, "rows=0");
    for (int i = 0; i < 280; i++)
        strcat(many, ",0");
    expect_status(400, "GET /api/tiles?level=20&tile=0&%s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n", many, bearer);
    expect_status(404, "GET /api/diff HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n", bearer);
    expect_status(404, "GET /api/item?row=4000000&item=0 HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n", bearer);
}

/* ---- how it is asked ------------------------------------------------------------------------------------ */

static void send_large(const char *before, const char *each, unsigned times)
{
    struct answer answer;
    size_t room = strlen(before) + times * strlen(each) + 64;
    char *text = malloc(room);
    assert_non_null(text);
    char *end = stpcpy(text, before);
    for (unsigned i = 0; i < times; i++)
        end = stpcpy(end, each);
    stpcpy(end, "\r\n\r\n");
    ask_bytes(&server, DOOR_TCP, &answer, text, strlen(text));
    expect(answer.status != 200, "%.60s… of %zu bytes: %d", text, strlen(text), answer.status);
    answer_free(&answer);
    free(text);
}

static void case_large_and_broken(void **state)
{
    (void)state;
    send_large("GET /api/info?x=", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 1024);
    send_large("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 1024);
    send_large("GET /api/info HTTP/1.1\r\nHost: 127.0.0.1", "\r\nX-Y: z", 100);
    send_large("\x16\x03\x01\x02", "\x80\x01\x7f\xff", 32);
    send_large("PRI * HTTP/2.0", "\r\n\r\nSM", 2);
    send_large("GET /api/info", "\r\n", 2);
    /* A second request behind the first is not run. */
    struct answer answer;
    ask(&server, DOOR_TCP, &answer,
        "GET /nothing HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nGET /api/info HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n", bearer);
    assert_int_equal(answer.status, 404);
    assert_null(strstr(answer.raw, "first_ns"));
    answer_free(&answer);
    expect_status(200, "GET /api/info HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                       "%s\r\n", bearer);
}

/* Those that connect and say nothing hold workers for a while; those that go away hold none. */
static void case_clients_that_go(void **state)
{
    char head[256];
    (void)state;
    int len = snprintf(head, sizeof(head), "GET /api/report HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n", bearer);
    for (int i = 0; i < 60; i++) {
        int fd = client_connect(&server, DOOR_TCP);
        client_send(fd, head, (size_t)(i * len / 60));
        if (i % 2)
            client_reset(fd);
        else
            close(fd);
    }
    expect_alive();
}

static void case_files(void **state)
{
    struct answer packed, plain, same;
    char tag[80];
    (void)state;
    ask(&server, DOOR_TCP, &packed, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: br, gzip\r\n\r\n");
    ask(&server, DOOR_TCP, &plain, "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip;q=0\r\n\r\n");
    assert_string_equal(answer_header(&packed, "Content-Encoding"), "gzip");
    assert_string_equal(answer_header(&plain, "Content-Encoding"), "");
    assert_true(plain.body_len > packed.body_len && strstr(plain.body, "<!doctype html>") == plain.body);
    assert_string_equal(answer_header(&packed, "Vary"), "Accept-Encoding");
    snprintf(tag, sizeof(tag), "%s", answer_header(&packed, "ETag"));
    assert_string_not_equal(tag, answer_header(&plain, "ETag"));
    ask(&server, DOOR_TCP, &same,
        "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip\r\nIf-None-Match: %s\r\n\r\n", tag);
    assert_int_equal(same.status, 304);
    assert_int_equal(same.body_len, 0);
    answer_free(&packed);
    answer_free(&plain);
    answer_free(&same);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(case_foreign_hosts), cmocka_unit_test(case_foreign_pages), cmocka_unit_test(case_tokens),
        cmocka_unit_test(case_methods),       cmocka_unit_test(case_paths),         cmocka_unit_test(case_parameters),
        cmocka_unit_test(case_large_and_broken), cmocka_unit_test(case_clients_that_go), cmocka_unit_test(case_files),
    };
    if (argc != 3) {
        fprintf(stderr, "usage: view_hostile STALLMARK TRACE\n");
        return 2;
    }
    stallmark = argv[1];
    trace = argv[2];
    return cmocka_run_group_tests(tests, start, stop);
}
