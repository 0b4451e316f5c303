/* input.c: hostile requests, one after the other, through the door that the command line names ("tcp", "unix",
 * "evhttp"). The numbers are those of the list of cases in docs/http.md.
 *
 * After each case: nothing was armed, and the door still answers.
 */
#define _GNU_SOURCE
#include "unit/smk_test.h"

#include <fcntl.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/compiler.h"
#include "client.h"

static enum door door;
static struct host host;

/* What a service's own evhttp does not hand on, the service answers. */
static bool is_not_ours(const struct answer *answer)
{
    return door == DOOR_EVHTTP && answer->status == 200 && strcmp(answer->body, "own\n") == 0;
}

/* No byte of a client's is in a header, and no header lets a foreign page read. */
static void expect_clean_head(const struct answer *answer)
{
    assert_null(strcasestr(answer->head, "access-control"));
    assert_null(strcasestr(answer->head, "set-cookie"));
    assert_null(strstr(answer->head, "evil"));
}

static void expect_refused(const char *method, const char *target, const char *headers, int status)
{
    struct answer answer;
    request(&host, door, &answer, method, target, headers);
    if (!is_not_ours(&answer))
        expect(answer.status == status, "%s %.80s %.80s: %d, not %d", method, target,
               headers ? headers : "", answer.status, status);
    if (answer.status == 400 && !is_not_ours(&answer))
        assert_true(answer.closed);
    expect_clean_head(&answer);
    answer_free(&answer);
}

/* ---- the query ------------------------------------------------------------------------------- */

static void case_1_durations_that_are_none(void **state)
{
    static const char *const bad[] = {"",      "abc", "-1s",   "0",    "0s",    "1e9s", "5s5s",
                                      "0x10",  "NaN", "5",     "5x",   "s",     "+5s",  "5%20s",
                                      "5s%20", ".s",  "5s.",   "1m1h", "inf",   "5S",   "5s,",
                                      "1ns",   "9ms", "%35s%", "5s%0", "5s%zz", "5s%2", "%u0035s"};
    char target[11000];
    (void)state;
    for (size_t i = 0; i < SMK_ARRAY_LEN(bad); i++) {
        snprintf(target, sizeof(target), "/debug/trace?duration=%s", bad[i]);
        expect_refused("GET", target, NULL, 400);
        expect_refused("POST", target, NULL, 400);
    }
    expect_refused("GET", "/debug/trace?duration=1s&duration=1s", NULL, 400);
    memset(target, '9', sizeof(target));
    memcpy(target, "/debug/trace?duration=", 22);
    target[1500] = '\0';
    expect_refused("GET", target, NULL, 400);
}

static void case_2_durations_above_the_most(void **state)
{
    static const char *const bad[] = {"10m1ns",      "11m",         "24h",
                                      "9223372036s", "9223372037s", "18446744073709551616s",
                                      "153722867h"};
    (void)state;
    for (size_t i = 0; i < SMK_ARRAY_LEN(bad); i++) {
        struct answer answer;
        char target[100];
        snprintf(target, sizeof(target), "/debug/trace?duration=%s", bad[i]);
        request(&host, door, &answer, "GET", target, NULL);
        assert_int_equal(answer.status, 400);
        expect(answer_says(&answer, "10m"), "%s: the most is not named: %s", bad[i], answer.body);
        answer_free(&answer);
    }
}

static void case_3_parameters_that_are_none(void **state)
{
    static const char *const bad[] = {"durations=5s",
                                      "Duration=5s",
                                      "x=1",
                                      "duration=5s&x=1",
                                      "duration",
                                      "duration=5s%00x",
                                      "=5s",
                                      "wait=2",
                                      "wait=yes",
                                      "categories=lock,foo",
                                      "max_bytes=abc",
                                      "max_bytes=-1",
                                      "join=true",
                                      "dryrun=x",
                                      "name=%00",
                                      "duration=5s&&x",
                                      "rotate_every=1",
                                      "keep_segments=x"};
    char target[200];
    (void)state;
    for (size_t i = 0; i < SMK_ARRAY_LEN(bad); i++) {
        snprintf(target, sizeof(target), "/debug/trace?%s", bad[i]);
        expect_refused("GET", target, NULL, 400);
    }
}

static void case_6_line_ends_in_values(void **state)
{
    static const char *const bad[] = {"duration=5s%0d%0aSet-Cookie:%20evil=1",
                                      "name=a%0d%0aSet-Cookie:%20evil=1", "name=a%0aevil",
                                      "categories=%0d%0a%0d%0aevil"};
    struct answer answer;
    char target[200];
    (void)state;
    for (size_t i = 0; i < SMK_ARRAY_LEN(bad); i++) {
        snprintf(target, sizeof(target), "/debug/trace?%s", bad[i]);
        expect_refused("GET", target, NULL, 400);
    }
    ask(&host, door, &answer,
        "GET /debug/trace/status?x=a\rSet-Cookie:evil HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    assert_int_not_equal(answer.status, 200);
    expect_clean_head(&answer);
    answer_free(&answer);
}

/* ---- ids ------------------------------------------------------------------------------------- */

/* Bytes that are no ASCII civetweb refuses by itself, with 400. */
static void expect_no_page(const char *method, const char *target)
{
    int status = status_of(&host, door, method, target, NULL);
    expect(status == 404 || (status == 400 && (target[14] & 0x80)), "%s %s: %d", method, target,
           status);
}

static void case_4_ids_that_are_none_open_nothing(void **state)
{
    static const char *const bad[] = {"../canary",
                                      "..%2fcanary",
                                      "../../etc/passwd",
                                      "..%2f..%2fetc%2fpasswd",
                                      "%252e%252e",
                                      "/etc/passwd",
                                      "a/b",
                                      "a%00b",
                                      ".",
                                      "..",
                                      "...",
                                      "%2e%2e",
                                      "A",
                                      "a_b",
                                      "a.stall",
                                      "\xe2\x88\x95",
                                      "\xc0\xae\xc0\xae",
                                      "a\\b",
                                      "20261123t101500-4711-k3/0x1",
                                      "a/1/2",
                                      "a/-1",
                                      "a/01"};
    char target[500], events[4096], canary[100];
    int watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    (void)state;
    /* Not /etc/passwd itself: others open it all the time. */
    snprintf(canary, sizeof(canary), "%s/canary", host.directory);
    int fd = open(canary, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_true(inotify_add_watch(watch, canary, IN_OPEN) >= 0);
    assert_true(inotify_add_watch(watch, host.captures, IN_OPEN) >= 0);
    for (size_t i = 0; i < SMK_ARRAY_LEN(bad); i++) {
        snprintf(target, sizeof(target), "/debug/traces/%s", bad[i]);
        expect_no_page("GET", target);
        expect_no_page("DELETE", target);
    }
    memset(target, 'a', 400);
    memcpy(target, "/debug/traces/", 14);
    target[314] = '\0';
    expect_refused("GET", target, NULL, 404);
    assert_int_equal(read(watch, events, sizeof(events)), -1);
    close(watch);
}

/* ---- the head -------------------------------------------------------------------------------- */

static void expect_bytes(const char *data, size_t len, const char *what)
{
    struct answer answer;
    ask_bytes(&host, door, &answer, data, len);
    bool refused =
        answer.closed && (answer.status == 0 || answer.status == 400 || answer.status == 404 ||
                          answer.status == 405 || answer.status == 413 || answer.status == 414 ||
                          answer.status == 431 || answer.status == 501);
    expect(refused || is_not_ours(&answer), "%s: %d, closed %d", what, answer.status,
           answer.closed);
    expect_clean_head(&answer);
    answer_free(&answer);
}

static size_t repeat(char *to, const char *text, size_t times)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < times; i++)
        memcpy(to + i * len, text, len);
    to[times * len] = '\0';
    return times * len;
}

static void case_7_heads_that_are_too_large(void **state)
{
    static char text[40000];
    (void)state;
    size_t len = (size_t)sprintf(text, "GET /debug/trace HTTP/1.1\r\nHost: 127.0.0.1\r\n");
    len += repeat(text + len, "X-Some: 0123456789012345678901234567890\r\n", 512);
    len += (size_t)sprintf(text + len, "\r\n");
    if (door != DOOR_EVHTTP) /* how much it takes is the service's business */
        expect_bytes(text, len, "20 KB of headers");
    for (size_t headers = 63; headers < 200; headers += 45) {
        len = (size_t)sprintf(text, "GET /debug/trace HTTP/1.1\r\nHost: 127.0.0.1\r\n");
        len += repeat(text + len, "X: 1\r\n", headers);
        len += (size_t)sprintf(text + len, "\r\n");
        expect_bytes(text, len, "too many headers");
    }
    len = (size_t)sprintf(text, "GET /debug/trace?duration=");
    len += repeat(text + len, "1", 8192);
    len += (size_t)sprintf(text + len, "s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    expect_bytes(text, len, "a request line of 8 KB");
}

static void case_8_hosts_that_are_not_ours(void **state)
{
    static const char *const bad[] = {"",
                                      "Host: evil.example\r\n",
                                      "Host: localhost.evil\r\n",
                                      "Host: 127.1\r\n",
                                      "Host: 0177.0.0.1\r\n",
                                      "Host: 2130706433\r\n",
                                      "Host: [::1]\r\n",
                                      "Host: 127.0.0.1.\r\n",
                                      "Host: user@127.0.0.1\r\n",
                                      "Host: 127.0.0.1:80:80\r\n",
                                      "Host: 0.0.0.0\r\n",
                                      "Host:\r\n",
                                      "Host: 127.0.0.1\r\nHost: 127.0.0.1\r\n",
                                      "Host: 127.0.0.1\r\nhOsT: evil.example\r\n"};
    (void)state;
    for (size_t i = 0; i < SMK_ARRAY_LEN(bad); i++) {
        struct answer answer;
        ask(&host, door, &answer, "GET /debug/trace?duration=10ms HTTP/1.1\r\n%s\r\n", bad[i]);
        expect(answer.status == 403, "'%s': %d", bad[i], answer.status);
        expect_clean_head(&answer);
        answer_free(&answer);
    }
}

static void case_9_pages_of_other_origins(void **state)
{
    static const char *const bad[] = {"http://evil.example", "null",
                                      "http://127.0.0.1:1",  "https://127.0.0.1",
                                      "http://localhost",    ""};
    char headers[200];
    (void)state;
    for (size_t i = 0; i < SMK_ARRAY_LEN(bad); i++) {
        snprintf(headers, sizeof(headers), "Origin: %s\r\n", bad[i]);
        expect_refused("GET", "/debug/trace?duration=10ms", headers, 403);
        expect_refused("POST", "/debug/trace/stop", headers, 403);
        if (door == DOOR_EVHTTP) /* a service's evhttp knows no OPTIONS */
            continue;
        snprintf(headers, sizeof(headers),
                 "Origin: %s\r\nAccess-Control-Request-Method: POST\r\n"
                 "Access-Control-Request-Headers: authorization\r\n",
                 bad[i]);
        expect_refused("OPTIONS", "/debug/trace", headers, 403);
    }
    assert_int_equal(status_of(&host, door, "GET", "/debug/", "Origin: http://127.0.0.1\r\n"), 200);
}

static void case_10_pages_of_other_sites(void **state)
{
    (void)state;
    expect_refused("GET", "/debug/trace?duration=10ms", "Sec-Fetch-Site: cross-site\r\n", 403);
    expect_refused("GET", "/debug/trace?duration=10ms", "Sec-Fetch-Site: same-site\r\n", 403);
    expect_refused("GET", "/debug/", "Sec-Fetch-Site: evil\r\n", 403);
    assert_int_equal(status_of(&host, door, "GET", "/debug/", "Sec-Fetch-Site: none\r\n"), 200);
    assert_int_equal(status_of(&host, door, "GET", "/debug/", "Sec-Fetch-Site: same-origin\r\n"),
                     200);
}

static void case_11_bodies(void **state)
{
    static const struct {
        const char *method, *headers, *body;
    } bad[] = {
        {"POST", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"},
        {"POST", "Content-Length: 0\r\nContent-Length: 3\r\n", "abc"},
        {"POST", "Content-Length: 0\r\nContent-Length: 0\r\n", ""},
        {"POST", "Content-Length: -1\r\n", ""},
        {"POST", "Content-Length: 1x\r\n", "a"},
        {"POST", "Transfer-Encoding: xchunked\r\n", "0\r\n\r\n"},
        {"POST", "Transfer-Encoding: chunked\r\n", "0\r\n\r\n"},
        {"POST", "Content-Length: 3\r\n", "abc"},
        {"GET", "Content-Length: 3\r\n", "abc"},
        {"GET", "Transfer-Encoding: chunked\r\n", "0\r\n\r\n"},
        {"DELETE", "Content-Length: 3\r\n", "abc"},
    };
    (void)state;
    for (size_t i = 0; i < SMK_ARRAY_LEN(bad); i++) {
        struct answer answer;
        ask(&host, door, &answer, "%s /debug/trace HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n%s",
            bad[i].method, bad[i].headers, bad[i].body);
        /* 411 is civetweb's own answer to a length that is none. */
        expect(answer.closed &&
                   (answer.status == 400 || answer.status == 411 || answer.status == 0),
               "'%s': %d", bad[i].headers, answer.status);
        answer_free(&answer);
    }
}

#define TEXT "Content-Type: text/plain\r\n"

/* The two routes that take a body take one whose end is beyond doubt, and no other. */
static void case_11b_bodies_of_rules(void **state)
{
    static const struct {
        const char *line, *headers, *body;
    } bad[] = {
        {"PUT /debug/trace/rules", TEXT "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"},
        {"PUT /debug/trace/rules", TEXT "Transfer-Encoding: chunked\r\n", "0\r\n\r\n"},
        {"PUT /debug/trace/rules", TEXT "Content-Length: 1\r\nContent-Length: 1\r\n", "#"},
        {"PUT /debug/trace/rules", TEXT "Content-Length: +1\r\n", "#"},
        {"PUT /debug/trace/rules", TEXT "Content-Length: 01\r\n", "#"},
        {"PUT /debug/trace/rules", TEXT "Content-Length: 1, 1\r\n", "#"},
        {"PUT /debug/trace/rules", TEXT "Content-Length: 16385\r\n", "#"},
        {"PUT /debug/trace/rules", TEXT "Content-Length: 18446744073709551615\r\n", "#"},
        {"PUT /debug/trace/rules", TEXT "Expect: 100-continue\r\nContent-Length: 1\r\n", "#"},
        {"PUT /debug/trace/rules", TEXT TEXT "Content-Length: 1\r\n", "#"},
        {"PUT /debug/trace/rules", "Content-Length: 1\r\n", "#"},
        {"PUT /debug/trace/rules", "Content-Type: multipart/form-data\r\nContent-Length: 1\r\n", "#"},
        {"PUT /debug/trace/rules", "Content-Type: text/plainer\r\nContent-Length: 1\r\n", "#"},
        {"PUT /debug/trace/rulesx", TEXT "Content-Length: 1\r\n", "#"},
        {"PUT /debug/trace/rules/a", TEXT "Content-Length: 1\r\n", "#"},
        {"POST /debug/trace/rules", TEXT "Content-Length: 1\r\n", "#"},
        {"GET /debug/trace/rules", TEXT "Content-Length: 1\r\n", "#"},
        {"DELETE /debug/trace/rules/a", TEXT "Content-Length: 1\r\n", "#"},
        {"PUT /debug/trace/rules", TEXT "Content-Length: 5\r\n", "when "},
        {"POST /debug/trace/rules/a", TEXT "Content-Length: 9\r\n", "when\x01\x02\xff x"},
        {"POST /debug/trace/rules/A", TEXT "Content-Length: 1\r\n", "#"},
        {"PUT /debug/trace/rules", TEXT "Sec-Fetch-Site: cross-site\r\nContent-Length: 1\r\n", "#"},
        {"PUT /debug/trace/rules", TEXT "Origin: http://evil.example\r\nContent-Length: 1\r\n", "#"},
    };
    (void)state;
    for (size_t i = 0; i < SMK_ARRAY_LEN(bad); i++) {
        struct answer answer;
        ask(&host, door, &answer, "%s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n%s", bad[i].line, bad[i].headers,
            bad[i].body);
        expect(answer.closed && (answer.status == 0 || (answer.status >= 400 && answer.status < 500)), "%s '%s': %d",
               bad[i].line, bad[i].headers, answer.status);
        answer_free(&answer);
    }
}

/* Of a body that is longer than was said the rest is no request. */
static void case_11c_what_stands_behind_a_body(void **state)
{
    struct answer answer;
    (void)state;
    ask(&host, door, &answer,
        "PUT /debug/trace/rules HTTP/1.1\r\nHost: 127.0.0.1\r\n" TEXT "Content-Length: 1\r\n\r\n#"
        "GET /debug/trace?duration=10s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    expect(answer.closed && answer.status == 200, "a comment for rules: %d %s", answer.status, answer.body);
    assert_null(strstr(answer.raw, "202 Accepted"));
    answer_free(&answer);
    assert_true(is_disarmed(&host));
}

static void case_12_what_stands_behind_a_refused_request(void **state)
{
    static const char *const refused[] = {
        "GET /debug/nothing HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        "GET /debug/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        "GET /debug/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n\r\n",
        "GET /debug/trace/status HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: keep-alive\r\n\r\n",
    };
    (void)state;
    for (size_t i = 0; i < SMK_ARRAY_LEN(refused); i++) {
        struct answer answer;
        ask(&host, door, &answer,
            "%sGET /debug/trace?duration=10s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", refused[i]);
        assert_true(answer.closed);
        assert_null(strstr(answer.body, "HTTP/1.1"));
        assert_null(strstr(answer.raw, "202 Accepted"));
        answer_free(&answer);
        assert_true(is_disarmed(&host));
    }
}

/* ---- the request line ------------------------------------------------------------------------ */

static void case_13_targets_that_are_no_paths(void **state)
{
    static const char *const bad[] = {"http://127.0.0.1/debug/trace",
                                      "http://evil.example/debug/trace",
                                      "https://127.0.0.1/debug/trace",
                                      "127.0.0.1:80",
                                      "*",
                                      "debug/trace",
                                      "?duration=10ms"};
    (void)state;
    for (size_t i = 0; i < SMK_ARRAY_LEN(bad); i++) {
        struct answer answer;
        request(&host, door, &answer, "GET", bad[i], NULL);
        expect(is_not_ours(&answer) ||
                   (answer.closed && (answer.status == 400 || answer.status <= 0)),
               "'%s': %d", bad[i], answer.status);
        answer_free(&answer);
    }
}

static void case_14_paths_that_are_nearly_ours(void **state)
{
    static const char *const bad[] = {
        "/debug/trace/extra", "/debug/trace%00",       "//debug/trace",      "/DEBUG/TRACE",
        "/debug/./trace",     "/debug/../debug/trace", "/debug//trace",      "/debug/trace/",
        "/debug/traceX",      "/debug/tracesX",        "/debug/trac%65",     "/debug/trace;x",
        "/debug/%2e/trace",   "/debug/trace/.",        "/debug/trace/stop/", "/debug/x/../trace"};
    (void)state;
    for (size_t i = 0; i < SMK_ARRAY_LEN(bad); i++)
        expect_refused("GET", bad[i], NULL, 404);
}

static void case_15_methods(void **state)
{
    static const char *const bad[] = {"PUT",     "DELETE",  "TRACE",  "PROPFIND", "LOCK",
                                      "PATCH",   "OPTIONS", "MKCOL",  "get",      "GETT",
                                      "CONNECT", "REPORT",  "UNLOCK", "MOVE"};
    (void)state;
    for (size_t i = 0; i < SMK_ARRAY_LEN(bad); i++) {
        struct answer answer;
        request(&host, door, &answer, bad[i], "/debug/trace?duration=10ms", NULL);
        /* 501 is evhttp's own answer to a method that it does not know. */
        expect(answer.status == 405 || answer.status == 400 || answer.status == 501, "%s: %d",
               bad[i], answer.status);
        assert_true(answer.closed);
        answer_free(&answer);
    }
    expect_refused("POST", "/debug/trace/status", NULL, 405);
    expect_refused("GET", "/debug/trace/stop", NULL, 405);
    expect_refused("DELETE", "/debug/traces", NULL, 405);
}

static void case_16_other_protocols(void **state)
{
    static const char hello[] = "\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\r\n\r\n";
    static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    static const char zero[] = "GET /debug/\0trace HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    struct answer answer;
    (void)state;
    expect_refused("GET", "/debug/trace?duration=10ms",
                   "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
                   400);
    expect_bytes(hello, sizeof(hello) - 1, "TLS");
    expect_bytes(preface, sizeof(preface) - 1, "HTTP/2");
    expect_bytes("\r\n\r\n\r\n", 6, "empty lines");
    expect_bytes("GET\r\n\r\n", 7, "no target");
    ask_bytes(&host, door, &answer, zero, sizeof(zero) - 1);
    assert_int_not_equal(answer.status, 202);
    answer_free(&answer);
}

static void case_31_control_characters(void **state)
{
    struct answer answer;
    (void)state;
    ask(&host, door, &answer, "GET /debug/\x1b[31mx HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    expect(answer.status == 404 || answer.status == 400, "%d", answer.status);
    assert_null(memchr(answer.raw, 0x1b, answer.raw_len));
    answer_free(&answer);
    ask(&host, door, &answer,
        "GET /debug/ HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: \x1b]52;c;evil\x07\r\n\r\n");
    expect(answer.status == 403 || answer.status == 400, "%d", answer.status);
    assert_null(memchr(answer.raw, 0x1b, answer.raw_len));
    answer_free(&answer);
}

/* ---- before and after ------------------------------------------------------------------------ */

static int nothing_happened(void **state)
{
    (void)state;
    if (!is_disarmed(&host))
        fail_msg("something was armed");
    assert_int_equal(status_of(&host, door, "GET", "/debug/trace/status", NULL), 200);
    return 0;
}

static int start(void **state)
{
    (void)state;
    host_start(&host, "http_timeout=2s", NULL);
    assert_string_equal(host.refused, "");
    return 0;
}

static int stop(void **state)
{
    (void)state;
    assert_string_equal(host_obeys(&host, "sigpipe"), "default");
    host_stop(&host);
    return 0;
}

#define CASE(name) cmocka_unit_test_teardown(name, nothing_happened)

static int run(void)
{
    const struct CMUnitTest tests[] = {
        CASE(case_1_durations_that_are_none),
        CASE(case_2_durations_above_the_most),
        CASE(case_3_parameters_that_are_none),
        CASE(case_4_ids_that_are_none_open_nothing),
        CASE(case_6_line_ends_in_values),
        CASE(case_7_heads_that_are_too_large),
        CASE(case_9_pages_of_other_origins),
        CASE(case_10_pages_of_other_sites),
        CASE(case_11_bodies),
        CASE(case_11b_bodies_of_rules),
        CASE(case_11c_what_stands_behind_a_body),
        CASE(case_12_what_stands_behind_a_refused_request),
        CASE(case_13_targets_that_are_no_paths),
        CASE(case_14_paths_that_are_nearly_ours),
        CASE(case_15_methods),
        CASE(case_16_other_protocols),
        CASE(case_31_control_characters),
        CASE(case_8_hosts_that_are_not_ours),
    };
    /* Who comes through the unix socket is no browser: any Host will do. */
    size_t count = SMK_ARRAY_LEN(tests) - (door == DOOR_UNIX);
    return _cmocka_run_group_tests("input", tests, count, start, stop);
}

int main(int argc, char **argv)
{
    for (size_t i = 0; i < DOORS; i++)
        if (argc == 2 && strcmp(argv[1], door_names[i]) == 0) {
            door = (enum door)i;
            return run();
        }
    fprintf(stderr, "usage: input tcp|unix|evhttp\n");
    return 2;
}
