/* peers.c: clients that are slow, gone, many, or have the wrong token. The numbers are those of the list of
 * cases in docs/http.md. Each case has a host of its own, with limits small enough to be met soon.
 */
#define _GNU_SOURCE
#include "unit/smk_test.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/compiler.h"
#include "client.h"

static const char GET_STATUS[] = "GET /debug/trace/status HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";

/* ---- captures --------------------------------------------------------------------------------------------- */

static void wait_until_disarmed(const struct host *host)
{
    for (int i = 0; i < 400 && !is_disarmed(host); i++)
        sleep_ms(50);
    assert_true(is_disarmed(host));
}

/* Of the answer that armed, or refused to since another one runs. */
static void id_of(const struct answer *answer, char id[64])
{
    const char *location = answer_header(answer, "Location");
    assert_int_equal(strncmp(location, "/debug/traces/", 14), 0);
    snprintf(id, 64, "%s", location + 14);
}

static void arm(const struct host *host, enum door door, const char *query, char id[64])
{
    struct answer answer;
    char target[200];
    snprintf(target, sizeof(target), "/debug/trace?%s", query);
    request(host, door, &answer, "GET", target, NULL);
    expect(answer.status == 202, "arming with %s: %d %s", query, answer.status, answer.body);
    id_of(&answer, id);
    answer_free(&answer);
}

/* Disarmed it is a moment before its file is closed. */
static void wait_until_done(const struct host *host, const char *id)
{
    char target[100];
    int status = 409;
    snprintf(target, sizeof(target), "/debug/traces/%s", id);
    for (int i = 0; i < 400 && status == 409; i++) {
        status = status_of(host, DOOR_UNIX, "HEAD", target, NULL);
        if (status == 409)
            sleep_ms(50);
    }
    assert_int_equal(status, 200);
}

/* A capture that does not fit into the buffers of a connection. */
static void make_large(const struct host *host, char id[64])
{
    arm(host, DOOR_UNIX, "duration=1s", id);
    wait_until_done(host, id);
}

static bool is_trace(const struct answer *answer)
{
    return answer->body_len > 64 && memcmp(answer->body, "SMK\x89", 4) == 0;
}

/* ---- 5, 27, 29: downloads ------------------------------------------------------------------------------------ */

static void start_download(const struct host *host, enum door door, const char *id, int *fd)
{
    char text[200];
    int small = 65536;
    *fd = client_connect(host, door);
    setsockopt(*fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    int len = snprintf(text, sizeof(text),
                       "GET /debug/traces/%s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", id);
    client_send(*fd, text, (size_t)len);
}

static void case_5_deleted_while_it_is_downloaded(void **state)
{
    struct host host;
    char id[64], target[100];
    (void)state;
    host_start(&host, "own_busy=2", NULL);
    for (size_t i = 0; i < DOORS; i++) {
        struct answer answer;
        int fd;
        make_large(&host, id);
        start_download(&host, doors[i], id, &fd);
        sleep_ms(200);
        snprintf(target, sizeof(target), "/debug/traces/%s", id);
        assert_int_equal(status_of(&host, DOOR_UNIX, "DELETE", target, NULL), 200);
        assert_int_equal(status_of(&host, DOOR_UNIX, "GET", target, NULL), 404);
        client_read(fd, &answer, 30000);
        close(fd);
        expect(answer.status == 200 && answer.whole && is_trace(&answer), "%s: %d, %zu bytes",
               door_names[i], answer.status, answer.body_len);
        expect(answer.body_len > 3000000, "the capture is too small for this test: %zu",
               answer.body_len);
        answer_free(&answer);
    }
    host_stop(&host);
}

static void case_27_downloads_of_what_is_not_finished(void **state)
{
    struct host host;
    struct answer answer;
    char id[64], target[100];
    (void)state;
    host_start(&host, "own_busy=1", NULL);
    arm(&host, DOOR_TCP, "duration=2s", id);
    snprintf(target, sizeof(target), "/debug/traces/%s", id);
    for (size_t i = 0; i < DOORS; i++) {
        request(&host, doors[i], &answer, "GET", target, NULL);
        expect(answer.status == 409, "%s: %d", door_names[i], answer.status);
        assert_string_not_equal(answer_header(&answer, "Retry-After"), "");
        answer_free(&answer);
    }
    wait_until_done(&host, id);
    assert_int_equal(status_of(&host, DOOR_TCP, "GET", target, NULL), 200);
    host_stop(&host);
}

static void expect_range(const struct host *host, enum door door, const char *target,
                         const char *range, int status, size_t bytes)
{
    struct answer answer;
    char headers[8000];
    snprintf(headers, sizeof(headers), "Range: %s\r\n", range);
    request(host, door, &answer, "GET", target, headers);
    expect(answer.status == status, "Range %.40s: %d, not %d", range, answer.status, status);
    if (status != 416)
        expect(answer.whole && answer.body_len == bytes, "Range %.40s: %zu bytes, not %zu", range,
               answer.body_len, bytes);
    answer_free(&answer);
}

static void expect_ranges(const struct host *host, enum door door, const char *target, size_t size)
{
    char many[900] = "bytes=0-0";
    struct answer answer;
    request(host, door, &answer, "HEAD", target, NULL);
    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.body_len, 0);
    assert_int_equal(strtoul(answer_header(&answer, "Content-Length"), NULL, 10), size);
    assert_non_null(strstr(answer_header(&answer, "Content-Disposition"), ".stall"));
    answer_free(&answer);
    expect_range(host, door, target, "bytes=0-0", 206, 1);
    expect_range(host, door, target, "bytes=-1", 206, 1);
    expect_range(host, door, target, "bytes=1-", 206, size - 1);
    expect_range(host, door, target, "bytes=0-99999999", 206, size);
    expect_range(host, door, target, "bytes=99999999-", 416, 0);
    expect_range(host, door, target, "bytes=-0", 416, 0);
    while (strlen(many) < sizeof(many) - 10)
        strcat(many, ",0-0");
    request(host, door, &answer, "GET", target, NULL);
    assert_true(is_trace(&answer));
    answer_free(&answer);
}

static void case_29_head_and_ranges(void **state)
{
    struct host host;
    struct answer answer;
    char id[64], target[100];
    (void)state;
    host_start(&host, "own_busy=1", NULL);
    arm(&host, DOOR_TCP, "duration=300ms", id);
    wait_until_done(&host, id);
    snprintf(target, sizeof(target), "/debug/traces/%s", id);
    request(&host, DOOR_TCP, &answer, "GET", target, NULL);
    assert_int_equal(answer.status, 200);
    assert_true(answer.whole && is_trace(&answer));
    for (size_t i = 0; i < DOORS; i++)
        expect_ranges(&host, doors[i], target, answer.body_len);
    answer_free(&answer);
    host_stop(&host);
}

/* ---- 21, 22: arming ------------------------------------------------------------------------------------------- */

/* The capture's id is the same in all answers: the one that armed it, and those that name it. */
static void case_21_many_arm_at_once(void **state)
{
    static const char text[] = "GET /debug/trace?duration=3s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    struct host host;
    char first[64] = "", id[64];
    int fds[64], armed = 0, refused = 0;
    (void)state;
    host_start(&host, NULL);
    for (size_t i = 0; i < SMK_ARRAY_LEN(fds); i++)
        fds[i] = client_connect(&host, DOOR_TCP);
    for (size_t i = 0; i < SMK_ARRAY_LEN(fds); i++)
        client_send(fds[i], text, sizeof(text) - 1);
    for (size_t i = 0; i < SMK_ARRAY_LEN(fds); i++) {
        struct answer answer;
        client_read(fds[i], &answer, 20000);
        close(fds[i]);
        armed += answer.status == 202;
        refused += answer.status == 409;
        id_of(&answer, id);
        if (!first[0])
            strcpy(first, id);
        assert_string_equal(id, first);
        answer_free(&answer);
    }
    assert_int_equal(armed, 1);
    assert_int_equal(refused, 63);
    assert_int_equal(status_of(&host, DOOR_UNIX, "POST", "/debug/trace/stop", NULL), 200);
    host_stop(&host);
}

static size_t count_of(const struct answer *answer, const char *text)
{
    size_t count = 0;
    for (const char *at = answer->body; (at = strstr(at, text)) != NULL; at++)
        count++;
    return count;
}

/* So many captures, once the last of their files is closed. */
static void expect_ended_by_timer(const struct host *host, size_t captures)
{
    size_t ended = 0;
    for (int i = 0; i < 400 && ended < captures; i++) {
        struct answer answer;
        request(host, DOOR_UNIX, &answer, "GET", "/debug/traces", NULL);
        ended = count_of(&answer, "\"reason_ended\":\"timer\"");
        assert_int_equal(count_of(&answer, "\"reason_ended\":\"stopped\""), 0);
        answer_free(&answer);
        if (ended < captures)
            sleep_ms(50);
    }
    assert_int_equal(ended, captures);
}

/* The rule: a client that goes away does not end the capture. */
static void case_22_arm_and_go_away(void **state)
{
    static const char *const queries[] = {"duration=500ms", "duration=500ms&wait=1"};
    struct host host;
    (void)state;
    host_start(&host, "own_busy=1", "own_sigpipe=1", NULL);
    for (size_t i = 0; i < DOORS; i++)
        for (size_t q = 0; q < SMK_ARRAY_LEN(queries); q++) {
            char text[200];
            int fd = client_connect(&host, doors[i]);
            int len =
                snprintf(text, sizeof(text),
                         "GET /debug/trace?%s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", queries[q]);
            client_send(fd, text, (size_t)len);
            for (int look = 0; look < 40 && is_disarmed(&host); look++)
                sleep_ms(10);
            client_reset(fd);
            wait_until_disarmed(&host);
            expect_ended_by_timer(&host, 2 * i + q + 1);
        }
    host_stop(&host);
}

/* ---- 23, 24, 25, 26, 28: peers that are slow or gone ---- */

/* Ends at a different place each time, by FIN or RST: in the request line, in the headers, behind the request,
 * in the answer. */
static void disconnect(const struct host *host, enum door door, const char *text, size_t len,
                       int round)
{
    char some[4096];
    size_t sent = (size_t)round % (len + 16);
    int fd = client_connect(host, door);
    client_send(fd, text, sent < len ? sent : len);
    if (sent >= len)
        (void)!recv(fd, some, (sent - len) * sizeof(some) / 16 + 1, 0);
    if (round % 2)
        client_reset(fd);
    else
        close(fd);
}

static void disconnect_often(const struct host *host, const enum door *through, size_t count,
                             int rounds)
{
    char id[64], text[200];
    make_large(host, id);
    size_t len = (size_t)snprintf(text, sizeof(text),
                                  "GET /debug/traces/%s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", id);
    for (size_t i = 0; i < count; i++)
        disconnect(host, through[i], GET_STATUS, sizeof(GET_STATUS) - 1, 0);
    sleep_ms(1000);
    unsigned fds = host_fds(host), threads = host_threads(host);
    for (int round = 0; round < rounds; round++) {
        enum door door = through[(size_t)round % count];
        if (round % 5 == 0)
            disconnect(host, door, text, len, round / (int)count);
        else
            disconnect(host, door, GET_STATUS, sizeof(GET_STATUS) - 1, round / (int)count);
    }
    for (int i = 0; i < 600 && host_fds(host) > fds; i++)
        sleep_ms(100);
    expect(host_fds(host) <= fds, "%u descriptors, %u before", host_fds(host), fds);
    assert_int_equal(host_threads(host), threads);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(status_of(host, through[i], "GET", "/debug/trace/status", NULL), 200);
}

static void case_23_disconnects_at_every_stage(void **state)
{
    struct host host;
    (void)state;
    host_start(&host, "http_timeout=500ms", "own_busy=2", NULL);
    disconnect_often(&host, doors, 2, 1000);
    assert_string_equal(host_obeys(&host, "sigpipe"), "default");
    host_stop(&host);
}

/* What is sent through a service's own evhttp the service's libevent writes: with SIGPIPE as it was at the
 * start any of its clients could end it. */
static void case_23_disconnects_from_a_services_evhttp(void **state)
{
    static const enum door own[] = {DOOR_EVHTTP};
    struct host host;
    (void)state;
    host_start(&host, "http_timeout=500ms", "own_busy=2", "own_sigpipe=1", NULL);
    disconnect_often(&host, own, 1, 500);
    assert_string_equal(host_obeys(&host, "sigpipe"), "ignored");
    host_stop(&host);
}

/* Within seconds, not never: how soon exactly depends on the machine. */
static void case_24_headers_that_drip(void **state)
{
    struct host host;
    (void)state;
    host_start(&host, "http_timeout=500ms", NULL);
    for (size_t i = 0; i < 2; i++) {
        int fd = client_connect(&host, doors[i]);
        uint64_t from = now_ms();
        bool cut = false;
        client_send(fd, "GET /debug/trace/status HTTP/1.1\r\n", 34);
        while (!cut && now_ms() - from < 10000) {
            struct answer answer;
            client_send(fd, "X: y\r\n", 6);
            client_read(fd, &answer, 100);
            cut = answer.closed;
            answer_free(&answer);
        }
        close(fd);
        expect(cut, "%s: headers drip on", door_names[i]);
    }
    host_stop(&host);
}

/* Reads a byte a second. */
static void case_25_readers_that_are_slow(void **state)
{
    struct host host;
    char id[64];
    (void)state;
    host_start(&host, "http_stall=1s", "own_busy=2", "own_sigpipe=1", NULL);
    make_large(&host, id);
    for (size_t i = 0; i < DOORS; i++) {
        int fds[2];
        struct answer answer;
        start_download(&host, doors[i], id, &fds[0]);
        start_download(&host, doors[i], id, &fds[1]);
        sleep_ms(200);
        assert_int_equal(status_of(&host, doors[i], "GET", "/debug/trace/status", NULL), 200);
        for (int second = 0; second < 5; second++) {
            char byte;
            sleep_ms(1000);
            (void)!recv(fds[0], &byte, 1, MSG_DONTWAIT);
            (void)!recv(fds[1], &byte, 1, MSG_DONTWAIT);
        }
        for (int f = 0; f < 2; f++) {
            client_read(fds[f], &answer, 10000);
            close(fds[f]);
            expect(answer.closed && !answer.whole, "%s: a slow reader got it all", door_names[i]);
            answer_free(&answer);
        }
    }
    host_stop(&host);
}

static void case_25_one_too_many_is_sent_away(void **state)
{
    struct host host;
    struct answer answer;
    char id[64], target[100];
    int fds[2];
    (void)state;
    host_start(&host, "own_busy=2", NULL);
    make_large(&host, id);
    start_download(&host, DOOR_TCP, id, &fds[0]);
    start_download(&host, DOOR_TCP, id, &fds[1]);
    sleep_ms(300);
    snprintf(target, sizeof(target), "/debug/traces/%s", id);
    request(&host, DOOR_TCP, &answer, "GET", target, NULL);
    assert_int_equal(answer.status, 503);
    assert_string_equal(answer_header(&answer, "Retry-After"), "1");
    answer_free(&answer);
    /* It waits, so it is sent away before it arms. */
    assert_int_equal(status_of(&host, DOOR_TCP, "GET", "/debug/trace?duration=1s&wait=1", NULL),
                     503);
    assert_true(is_disarmed(&host));
    assert_int_equal(status_of(&host, DOOR_UNIX, "GET", target, NULL), 200);
    client_reset(fds[0]);
    client_reset(fds[1]);
    host_stop(&host);
}

static void case_26_connections_that_say_nothing(void **state)
{
    struct host host;
    int fds[200];
    (void)state;
    host_start(&host, NULL);
    unsigned before = host_fds(&host);
    for (size_t i = 0; i < SMK_ARRAY_LEN(fds); i++)
        fds[i] = client_connect_soon(&host, DOOR_TCP);
    sleep_ms(300);
    expect(host_fds(&host) < before + 60, "%u descriptors, %u before", host_fds(&host), before);
    assert_int_equal(status_of(&host, DOOR_UNIX, "GET", "/debug/trace/status", NULL), 200);
    assert_int_equal(status_of(&host, DOOR_EVHTTP, "GET", "/own", NULL), 200);
    for (size_t i = 0; i < SMK_ARRAY_LEN(fds); i++)
        close(fds[i]);
    host_stop(&host);
}

/* Those that it takes are few, and each has its time: then come those who ask for something. */
static void case_26_the_unix_socket_too(void **state)
{
    struct host host;
    struct answer answer;
    int fds[60];
    (void)state;
    host_start(&host, "http_timeout=500ms", NULL);
    unsigned before = host_fds(&host);
    for (size_t i = 0; i < SMK_ARRAY_LEN(fds); i++)
        fds[i] = client_connect_soon(&host, DOOR_UNIX);
    assert_int_equal(status_of(&host, DOOR_TCP, "GET", "/debug/trace/status", NULL), 200);
    expect(host_fds(&host) <= before + 40, "%u descriptors, %u before", host_fds(&host), before);
    for (int tries = 0; tries < 100; tries++) {
        int fd = client_connect_soon(&host, DOOR_UNIX);
        client_send(fd, GET_STATUS, sizeof(GET_STATUS) - 1);
        client_read(fd, &answer, 2000);
        int status = answer.status;
        close(fd);
        answer_free(&answer);
        if (status == 200)
            break;
        expect(tries < 99, "the unix socket does not come back");
        sleep_ms(100);
    }
    for (size_t i = 0; i < SMK_ARRAY_LEN(fds); i++)
        close(fds[i]);
    host_stop(&host);
}

static void case_28_the_end_during_a_download(void **state)
{
    struct host host;
    char id[64];
    int fds[4];
    (void)state;
    host_start(&host, "own_busy=2", NULL);
    make_large(&host, id);
    for (int i = 0; i < 3; i++)
        start_download(&host, doors[i], id, &fds[i]);
    fds[3] = client_connect(&host, DOOR_TCP);
    client_send(fds[3], "GET /debug", 10);
    sleep_ms(300);
    host_stop(&host);
    expect(host.ended_ms < 5000, "the end took %ld ms", host.ended_ms);
    for (int i = 0; i < 4; i++)
        close(fds[i]);
}

/* ---- 30: no descriptor left -------------------------------------------------------------------------------------- */

static void case_30_no_descriptor_is_left(void **state)
{
    struct host host;
    struct answer answer;
    int fds[2];
    (void)state;
    host_start(&host, "own_nofile=512", NULL);
    assert_int_equal(strncmp(host_obeys(&host, "fill"), "filled ", 7), 0);
    fds[0] = client_connect(&host, DOOR_TCP);
    fds[1] = client_connect(&host, DOOR_UNIX);
    client_send(fds[0], GET_STATUS, sizeof(GET_STATUS) - 1);
    client_send(fds[1], GET_STATUS, sizeof(GET_STATUS) - 1);
    unsigned long before = host_cpu(&host);
    sleep_ms(2000);
    unsigned long spent = host_cpu(&host) - before;
    expect(spent <= 20, "%lu hundredths of a second of CPU in two seconds", spent);
    assert_string_equal(host_obeys(&host, "free"), "freed");
    for (int i = 0; i < 2; i++) {
        client_read(fds[i], &answer, 20000);
        close(fds[i]);
        expect(answer.status == 200, "%s: %d", door_names[i], answer.status);
        answer_free(&answer);
    }
    request(&host, DOOR_UNIX, &answer, "GET", "/debug/trace/status", NULL);
    assert_false(answer_says(&answer, "\"accept_failures\":0"));
    answer_free(&answer);
    host_stop(&host);
}

/* ---- a host that closes every descriptor ------------------------------------------------------------------------ */

static void a_host_that_closes_by_number(void **state)
{
    struct host host;
    struct answer answer;
    char id[64];
    int fds[2];
    (void)state;
    host_start(&host, "own_busy=2", NULL);
    make_large(&host, id);
    for (int i = 0; i < 2; i++)
        start_download(&host, doors[i], id, &fds[i]);
    sleep_ms(200);
    assert_string_equal(host_obeys(&host, "closeall"), "closed");
    for (int i = 0; i < 2; i++) {
        client_read(fds[i], &answer, 30000);
        close(fds[i]);
        expect(answer.whole && is_trace(&answer), "%s: %zu bytes", door_names[i], answer.body_len);
        answer_free(&answer);
        assert_int_equal(status_of(&host, doors[i], "GET", "/debug/trace/status", NULL), 200);
    }
    assert_string_equal(host_obeys(&host, "foreign"), "foreign 0");
    host_stop(&host);
    assert_int_equal(host.foreign, 0);
    assert_int_equal(host.closed, 0);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(case_5_deleted_while_it_is_downloaded),
        cmocka_unit_test(case_21_many_arm_at_once),
        cmocka_unit_test(case_22_arm_and_go_away),
        cmocka_unit_test(case_23_disconnects_at_every_stage),
        cmocka_unit_test(case_23_disconnects_from_a_services_evhttp),
        cmocka_unit_test(case_24_headers_that_drip),
        cmocka_unit_test(case_25_readers_that_are_slow),
        cmocka_unit_test(case_25_one_too_many_is_sent_away),
        cmocka_unit_test(case_26_connections_that_say_nothing),
        cmocka_unit_test(case_26_the_unix_socket_too),
        cmocka_unit_test(case_27_downloads_of_what_is_not_finished),
        cmocka_unit_test(case_28_the_end_during_a_download),
        cmocka_unit_test(case_29_head_and_ranges),
        cmocka_unit_test(case_30_no_descriptor_is_left),
        cmocka_unit_test(a_host_that_closes_by_number),
    };
    if (argc == 2)
        cmocka_set_test_filter(argv[1]);
    return SMK_RUN(tests);
}
