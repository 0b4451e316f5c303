/* pprof.c: /debug/pprof/NAME at every door: what arms there must not be armed by a foreign page, is given up when its
 * client goes or the agent ends, leaves nothing, and says so when it is too much.
 */
#define _GNU_SOURCE
#include "unit/smk_test.h"

#include <sys/socket.h>
#include <unistd.h>

#include "client.h"
#include "held.h"

/* The connection on which it was asked for. */
static int get(const struct host *host, enum door door, const char *target)
{
    char text[200];
    int len = snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", target);
    int fd = client_connect(host, door);
    client_send(fd, text, (size_t)len);
    return fd;
}

static void begin(const struct host *host, enum door door, const char *target, int *fd)
{
    *fd = get(host, door, target);
    for (int look = 0; look < 500 && is_disarmed(host); look++)
        sleep_ms(10);
    expect(!is_disarmed(host), "%s arms nothing", target);
}

/* Of what was captured for it. */
static void expect_nothing_stays(const struct host *host)
{
    struct answer answer;
    bool empty = false;
    for (int look = 0; look < 400 && !(empty && is_disarmed(host)); look++) {
        sleep_ms(look ? 20 : 0);
        request(host, DOOR_UNIX, &answer, "GET", "/debug/traces", NULL);
        empty = strstr(answer.body, "\"captures\":[]") != NULL;
        answer_free(&answer);
    }
    expect(empty && is_disarmed(host), "a capture stays");
}

static void expect_fds(const struct host *host, unsigned before)
{
    for (int look = 0; look < 200 && host_fds(host) > before; look++)
        sleep_ms(20);
    expect(host_fds(host) <= before, "%u descriptors, %u before", host_fds(host), before);
}

static void a_foreign_page_arms_nothing(void **state)
{
    static const char *const headers[] = {
        "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\n", "Sec-Fetch-Site: same-site\r\n",
        "Origin: http://evil.example\r\n", "Origin: null\r\n"};
    struct host host;
    (void)state;
    host_start(&host, NULL);
    for (size_t d = 0; d < DOORS; d++)
        for (size_t i = 0; i < SMK_ARRAY_LEN(headers); i++) {
            int status = status_of(&host, doors[d], "GET", "/debug/pprof/block?seconds=60", headers[i]);
            expect(status == 403, "%s, %s: %d", door_names[d], headers[i], status);
        }
    assert_int_equal(status_of(&host, DOOR_TCP, "HEAD", "/debug/pprof/block?seconds=60", NULL), 405);
    assert_true(is_disarmed(&host));
    host_stop(&host);
}

static void a_client_that_goes_ends_it(void **state)
{
    struct host host;
    (void)state;
    host_start(&host, "own_busy=1", NULL);
    unsigned before = host_fds(&host);
    for (size_t d = 0; d < DOORS; d++) {
        int fd;
        begin(&host, doors[d], "/debug/pprof/trace?seconds=60", &fd);
        assert_int_equal(status_of(&host, doors[d], "GET", "/debug/pprof/block?seconds=1", NULL), 409);
        client_reset(fd);
        expect_nothing_stays(&host);
        assert_int_equal(status_of(&host, doors[d], "GET", "/debug/pprof/mutex?seconds=0.05", NULL), 200);
        expect_nothing_stays(&host);
    }
    expect_fds(&host, before);
    host_stop(&host);
}

/* Asks for a profile, and the thread that makes it is held when it has begun. */
static void begin_to_make(const struct host *host, enum door door, int *fd, struct held *held)
{
    if (!held_begin(held, host, "stallmark-rep"))
        skip();
    *fd = get(host, door, "/debug/pprof/mutex?seconds=0.2");
    held_await(held);
}

/* Nobody reads it any more: it is given up, and who asked meanwhile has his turn. */
static void a_client_goes_while_it_is_made(void **state)
{
    struct host host;
    struct held held;
    struct answer answer;
    (void)state;
    host_start(&host, "own_busy=1", NULL);
    unsigned before = host_fds(&host);
    for (size_t d = 0; d < DOORS; d++) {
        int fd;
        begin_to_make(&host, doors[d], &fd, &held);
        client_reset(fd);
        fd = get(&host, doors[d], "/debug/pprof/block?seconds=0.1");
        assert_int_equal(status_of(&host, doors[d], "GET", "/debug/trace/status", NULL), 200);
        held_end(&held);
        client_read(fd, &answer, 20000);
        expect(answer.status == 200, "%s: %d %s", door_names[d], answer.status, answer.body);
        answer_free(&answer);
        close(fd);
        expect_nothing_stays(&host);
    }
    expect_fds(&host, before);
    host_stop(&host);
}

/* The end does not wait for the thread, which goes when it is through. The next agent's job waits until then. */
static void the_agent_ends_while_it_is_made(void **state)
{
    struct host host;
    struct held held;
    struct answer answer;
    (void)state;
    host_start(&host, "own_busy=1", NULL);
    unsigned before = host_fds(&host);
    for (size_t d = 0; d < DOORS; d++) {
        int fd, result;
        begin_to_make(&host, doors[d], &fd, &held);
        assert_int_equal(sscanf(host_obeys(&host, "stop"), "ended %ld %d", &host.ended_ms, &result), 2);
        expect(result == 0 && host.ended_ms < 2000, "%s: the end took %ld ms", door_names[d], host.ended_ms);
        client_read(fd, &answer, 5000);
        expect(answer.closed && answer.status != 200, "%s: %d", door_names[d], answer.status);
        answer_free(&answer);
        close(fd);
        assert_int_equal(sscanf(host_obeys(&host, "start"), "tcp 127.0.0.1:%d", &host.tcp_port), 1);
        fd = get(&host, doors[d], "/debug/pprof/mutex?seconds=0.1");
        assert_false(held_is_gone(&held, &host));
        held_end(&held);
        client_read(fd, &answer, 20000);
        expect(answer.status == 200, "%s, again: %d %s", door_names[d], answer.status, answer.body);
        answer_free(&answer);
        close(fd);
        for (int look = 0; look < 500 && !held_is_gone(&held, &host); look++)
            sleep_ms(10);
        expect(held_is_gone(&held, &host), "%s: the thread stays", door_names[d]);
        expect_nothing_stays(&host);
    }
    expect_fds(&host, before);
    host_stop(&host);
}

/* Then its file is not the profile's alone: it stays, and its time is not cut. */
static void a_capture_that_is_joined_stays(void **state)
{
    struct host host;
    struct answer answer;
    char id[64], target[80];
    int fds[2];
    (void)state;
    host_start(&host, "own_busy=1", NULL);
    begin(&host, DOOR_TCP, "/debug/pprof/block?seconds=0.7", &fds[0]);
    request(&host, DOOR_UNIX, &answer, "GET", "/debug/trace?join=1", NULL);
    assert_int_equal(sscanf(answer_header(&answer, "Location"), "/debug/traces/%63s", id), 1);
    answer_free(&answer);
    client_read(fds[0], &answer, 10000);
    assert_int_equal(answer.status, 200);
    answer_free(&answer);
    snprintf(target, sizeof(target), "/debug/traces/%s", id);
    assert_int_equal(status_of(&host, DOOR_TCP, "GET", target, NULL), 200);

    begin(&host, DOOR_UNIX, "/debug/pprof/block?seconds=60", &fds[1]);
    assert_int_equal(status_of(&host, DOOR_TCP, "GET", "/debug/trace?join=1", NULL), 200);
    client_reset(fds[1]);
    sleep_ms(700);
    assert_false(is_disarmed(&host));
    close(fds[0]);
    host_stop(&host);
}

/* Those that wait are as many as http_clients. One more is sent away before it tries to arm: else this were 409. */
static void one_too_many_is_sent_away(void **state)
{
    struct host host;
    struct answer answer;
    int fd;
    (void)state;
    host_start(&host, "own_busy=1", "http_clients=1", NULL);
    begin(&host, DOOR_TCP, "/debug/trace?duration=1s&wait=1", &fd);
    request(&host, DOOR_TCP, &answer, "GET", "/debug/pprof/block?seconds=60", NULL);
    assert_int_equal(answer.status, 503);
    assert_true(answer_says(&answer, "http_clients"));
    answer_free(&answer);
    assert_int_equal(status_of(&host, DOOR_TCP, "GET", "/debug/pprof/", NULL), 200);
    client_reset(fd);
    host_stop(&host);
}

/* The file that it was made of is gone by then: it is not named. */
static void too_large_is_said(void **state)
{
    struct host host;
    struct answer answer;
    (void)state;
    host_start(&host, "own_busy=2", "report_memory=1MiB", NULL);
    for (size_t d = 0; d < DOORS; d++) {
        request(&host, doors[d], &answer, "GET", "/debug/pprof/trace?seconds=1", NULL);
        expect(answer.status == 422, "%s: %d %s", door_names[d], answer.status, answer.body);
        assert_string_equal(answer_header(&answer, "X-Go-Pprof"), "1");
        assert_true(answer_says(&answer, "report_memory is 1MiB"));
        assert_true(answer_says(&answer, "stallmark export"));
        assert_false(answer_says(&answer, ".stall"));
        answer_free(&answer);
        expect_nothing_stays(&host);
    }
    host_stop(&host);
}

static void the_agent_ends_meanwhile(void **state)
{
    (void)state;
    for (size_t d = 0; d < DOORS; d++) {
        struct host host;
        struct answer answer;
        int fd;
        host_start(&host, "own_busy=2", NULL);
        begin(&host, doors[d], "/debug/pprof/trace?seconds=60", &fd);
        host_stop(&host);
        expect(host.ended_ms < 2000, "%s: the end took %ld ms", door_names[d], host.ended_ms);
        client_read(fd, &answer, 5000);
        expect(answer.closed && answer.status != 200, "%s: %d", door_names[d], answer.status);
        answer_free(&answer);
        close(fd);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_foreign_page_arms_nothing), cmocka_unit_test(a_client_that_goes_ends_it),
        cmocka_unit_test(one_too_many_is_sent_away),   cmocka_unit_test(a_capture_that_is_joined_stays),
        cmocka_unit_test(too_large_is_said),           cmocka_unit_test(the_agent_ends_meanwhile),
        cmocka_unit_test(a_client_goes_while_it_is_made), cmocka_unit_test(the_agent_ends_while_it_is_made),
    };
    if (argc == 2)
        cmocka_set_test_filter(argv[1]);
    return SMK_RUN(tests);
}
