#define _GNU_SOURCE
#undef _FORTIFY_SOURCE
#include "unit/smk_test.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "core/request.h"
#include "source/conn_state.h"
#include "unit/source/links.h"

#define CATEGORIES (SMK_CAT_REQUEST | SMK_CAT_LOOP)

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"
#define OK        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

/* ---- what was recorded ------------------------------------------------------------------------------------ */

static const struct record *number(unsigned event, int wanted)
{
    for (int i = 0; i < record_count; i++)
        if (records[i].event == event && wanted-- == 0)
            return &records[i];
    fail_msg("event %u was not recorded so often", event);
    return NULL;
}

static void expect_route(unsigned event, int wanted, const char *route)
{
    assert_string_equal(string_of(number(event, wanted)->first), route);
}

static bool count_flight(const struct smk_flight *flight, void *arg)
{
    (void)flight;
    ++*(int *)arg;
    return true;
}

static int in_flight(void)
{
    int count = 0;
    smk_requests_each(count_flight, &count);
    return count;
}

/* Arguments of request_answered behind the route. */
enum { REQUEST, DURATION, STATUS, AGO, DELAY, MORE };

/* ---- tests ------------------------------------------------------------------------------------------------ */

static void test_keep_alive(void **state)
{
    (void)state;
    struct link l = connect_one();
    take(&l, GET("/a"));
    assert_int_equal(in_flight(), 1);
    assert_true(smk_thread_self()->request != 0);
    answer(&l, OK);
    assert_int_equal(in_flight(), 0); /* an idle connection is nothing */
    assert_int_equal(smk_thread_self()->request, 0);
    take(&l, GET("/b"));
    answer(&l, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    read_records(l.since);
    disconnect(&l);
    assert_int_equal(count_of(SMK_EV_REQUEST_BEGIN), 2);
    assert_int_equal(count_of(SMK_EV_REQUEST_ANSWERED), 2);
    expect_route(SMK_EV_REQUEST_ANSWERED, 0, "GET /a");
    expect_route(SMK_EV_REQUEST_ANSWERED, 1, "GET /b");
    assert_int_equal(number(SMK_EV_REQUEST_ANSWERED, 0)->args[STATUS], 200);
    assert_int_equal(number(SMK_EV_REQUEST_ANSWERED, 1)->args[STATUS], 404);
    assert_int_equal(number(SMK_EV_REQUEST_ANSWERED, 0)->args[REQUEST], number(SMK_EV_REQUEST_BEGIN, 0)->args[REQUEST]);
}

/* An answer whose end cannot be seen ends with the next request, at its own last write. */
static void test_answer_in_parts(void **state)
{
    (void)state;
    struct link l = connect_one();
    take(&l, GET("/parts"));
    answer(&l, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
    assert_int_equal(in_flight(), 1);
    answer(&l, "world");
    assert_int_equal(in_flight(), 0);
    take(&l, GET("/chunks"));
    answer(&l, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    assert_int_equal(in_flight(), 1);
    answer(&l, "0\r\n\r\n");
    assert_int_equal(in_flight(), 0);
    take(&l, GET("/open"));
    answer(&l, "HTTP/1.1 200 OK\r\n\r\nhello");
    assert_int_equal(in_flight(), 1);
    smk_sys_sleep(3 * MS);
    take(&l, GET("/next"));
    read_records(l.since);
    disconnect(&l);
    assert_int_equal(count_of(SMK_EV_REQUEST_ANSWERED), 3);
    expect_route(SMK_EV_REQUEST_ANSWERED, 2, "GET /open");
    assert_true(smk_ticks_to_ns(number(SMK_EV_REQUEST_ANSWERED, 2)->args[AGO]) >= 3 * MS);
    assert_true(number(SMK_EV_REQUEST_ANSWERED, 1)->args[AGO] == 0);
}

static void test_pipelined(void **state)
{
    (void)state;
    struct link l = connect_one();
    take(&l, "*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nPING\r\n");
    answer(&l, "+PONG\r\n+PONG\r\n+PONG\r\n");
    assert_int_equal(in_flight(), 0);
    read_records(l.since);
    disconnect(&l);
    assert_int_equal(count_of(SMK_EV_REQUEST_ANSWERED), 1);
    assert_int_equal(number(SMK_EV_REQUEST_ANSWERED, 0)->args[MORE], 2);
    expect_route(SMK_EV_REQUEST_ANSWERED, 0, "PING");

    l = connect_one(); /* HTTP answers one after the other */
    take(&l, GET("/x") GET("/x"));
    answer(&l, OK);
    assert_int_equal(in_flight(), 1);
    answer(&l, OK);
    assert_int_equal(in_flight(), 0);
    read_records(l.since);
    disconnect(&l);
    assert_int_equal(count_of(SMK_EV_REQUEST_ANSWERED), 2);
    assert_int_equal(number(SMK_EV_REQUEST_ANSWERED, 1)->args[MORE], 0);
}

static void test_half_closed(void **state)
{
    (void)state;
    char byte;
    struct link l = connect_one();
    take(&l, GET("/half"));
    smk_sys_shutdown(l.client, SHUT_WR);
    assert_int_equal(recv(l.server, &byte, 1, 0), 0);
    assert_int_equal(in_flight(), 1);
    answer(&l, OK);
    assert_int_equal(in_flight(), 0);
    read_records(l.since);
    disconnect(&l);
    assert_int_equal(number(SMK_EV_REQUEST_ANSWERED, 0)->args[STATUS], 200);
}

static void answer_there(void *arg) { answer(arg, OK); }

static void test_two_threads(void **state)
{
    (void)state;
    struct link l = connect_one();
    struct doing doing = {.what = answer_there, .arg = &l};
    take(&l, GET("/two"));
    begin_doing(&doing);
    end_doing(&doing);
    assert_int_equal(in_flight(), 0);
    read_records(l.since);
    disconnect(&l);
    assert_int_equal(number(SMK_EV_REQUEST_BEGIN, 0)->tid, me());
    assert_int_equal(number(SMK_EV_REQUEST_ANSWERED, 0)->tid, doing.tid);
}

static struct link accept_another(int listener)
{
    struct sockaddr_in address;
    uint32_t size = sizeof address;
    struct link l = {.listener = listener};
    assert_int_equal(smk_sys_getsockname(listener, (struct sockaddr *)&address, &size), 0);
    l.client = connect_tcp(&address);
    l.server = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    return l;
}

static void test_number_again(void **state)
{
    (void)state;
    struct link l = connect_one();
    take(&l, GET("/unanswered"));
    int was = l.server;
    close(l.server); /* ends it */
    assert_int_equal(in_flight(), 0);
    struct link m = accept_another(l.listener);
    assert_int_equal(m.server, was);
    take(&m, GET("/lost"));
    smk_sys_close(m.server); /* behind our back: the next accept finds out */
    struct link n = accept_another(l.listener);
    assert_int_equal(n.server, was);
    assert_int_equal(in_flight(), 0);
    take(&n, GET("/new"));
    answer(&n, OK);
    read_records(l.since);
    disconnect(&n); /* and the listener */
    assert_int_equal(count_of(SMK_EV_REQUEST_ANSWERED), 3);
    assert_int_equal(number(SMK_EV_REQUEST_ANSWERED, 0)->args[STATUS], 0);
    expect_route(SMK_EV_REQUEST_ANSWERED, 2, "GET /new");
    assert_int_equal(number(SMK_EV_REQUEST_ANSWERED, 2)->args[STATUS], 200);
    smk_sys_close(l.client);
    smk_sys_close(m.client);
}

static void test_copies(void **state)
{
    (void)state;
    struct link l = connect_one();
    int copy = dup(l.server), other = fcntl(l.server, F_DUPFD_CLOEXEC, 0);
    take(&l, GET("/copy"));
    close(l.server); /* two others stand for it */
    assert_int_equal(in_flight(), 1);
    assert_int_equal(dup2(copy, other), other); /* the same again */
    assert_int_equal(in_flight(), 1);
    l.server = other;
    close(copy);
    answer(&l, OK);
    assert_int_equal(in_flight(), 0);
    read_records(l.since);
    disconnect(&l);
    assert_int_equal(number(SMK_EV_REQUEST_ANSWERED, 0)->args[STATUS], 200);
}

static void test_unknown(void **state)
{
    (void)state;
    static const char hello[] = "\x16\x03\x01\x02\x01\x01\xfc\x03\x03GET / HTTP/1.1\r\n\r\n";
    struct smk_conns_stats before, after;
    smk_conns_stats(&before);
    struct link l = connect_one();
    take(&l, hello);
    answer(&l, OK);
    take(&l, GET("/inside"));
    smk_conns_stats(&after);
    read_records(l.since);
    disconnect(&l);
    assert_int_equal(count_of(SMK_EV_REQUEST_BEGIN), 0);
    assert_int_equal(after.unknown, before.unknown + 1);
    char text[256];
    assert_true(smk_conns_missing(text, sizeof text) > 0 && strstr(text, "TLS"));
}

/* What is looked at and left there is no request yet, and files and pipes are none. */
static void test_not_taken(void **state)
{
    (void)state;
    char buf[64];
    int pipe_fds[2];
    struct link l = connect_one();
    ask(&l, GET("/peek"));
    assert_true(recv(l.server, buf, sizeof buf, MSG_PEEK) > 0);
    read_records(l.since);
    assert_int_equal(count_of(SMK_EV_REQUEST_BEGIN), 0);
    assert_true(recv(l.server, buf, sizeof buf, 0) > 0);
    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
    assert_int_equal(write(pipe_fds[1], GET("/pipe"), 10), 10);
    assert_int_equal(read(pipe_fds[0], buf, 10), 10);
    read_records(l.since);
    assert_int_equal(count_of(SMK_EV_REQUEST_BEGIN), 1);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    disconnect(&l);
}

/* Connections that were there before are found by their listener; what we connect is none of ours to serve. */
static void test_before_arming(void **state)
{
    (void)state;
    struct sockaddr_in address;
    disarm();
    struct link l = {.listener = listen_tcp(&address)}, out = {0};
    l.client = connect_tcp(&address);
    l.server = accept4(l.listener, NULL, NULL, SOCK_CLOEXEC);
    arm(CATEGORIES);
    l.since = smk_ticks();
    take(&l, GET("/before"));
    answer(&l, OK);
    out.client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(out.client, (struct sockaddr *)&address, sizeof address), 0);
    out.server = smk_sys_accept(l.listener, NULL, NULL);
    int serves = out.client;
    out.client = out.server; /* the far end asks: still no request, since we connected it */
    out.server = serves;
    take(&out, GET("/outgoing"));
    read_records(l.since);
    assert_int_equal(count_of(SMK_EV_REQUEST_BEGIN), 1);
    assert_int_equal(count_of(SMK_EV_REQUEST_ANSWERED), 1);
    expect_route(SMK_EV_REQUEST_ANSWERED, 0, "GET /before");
    smk_sys_close(out.client);
    close(serves);
    disconnect(&l);
}

/* ---- loops ------------------------------------------------------------------------------------------------ */

/* The loop's look, always from one place. */
static __attribute__((noinline)) int look(int fd, int ms)
{
    struct pollfd ready = {fd, POLLIN, 0};
    return poll(&ready, 1, ms);
}

/* Away for 40 ms behind the arrival: the next look returns at once, and knows nothing of when. */
static const struct record *delayed(struct link *l)
{
    static char buf[256];
    for (int i = 0; i < 2; i++)
        look(l->server, 0);
    ask(l, GET("/late"));
    smk_sys_sleep(40 * MS);
    assert_int_equal(look(l->server, -1), 1);
    assert_true(recv(l->server, buf, sizeof buf, 0) > 0);
    answer(l, OK);
    read_records(l->since);
    return number(SMK_EV_LOOP_DELAY, 0);
}

static void test_loop_delay(void **state)
{
    (void)state;
    struct link l = connect_one();
    const struct record *delay = delayed(&l);
    const struct record *end = number(SMK_EV_REQUEST_ANSWERED, 0);
    assert_int_equal(delay->first, SMK_LOOP_KERNEL);
    assert_int_equal(delay->args[0], end->args[REQUEST]);
    assert_true(smk_ticks_to_ns(delay->args[1]) >= 32 * MS); /* in steps of 4 */
    assert_true(delay->args[2] >= delay->args[1]);
    assert_int_equal(end->args[DELAY], delay->args[1]);
    assert_true(end->args[DURATION] >= end->args[DELAY]);
    disconnect(&l);
}

/* A connection that came, and asked, while the loop was away: it is accepted first, and then looked at again. */
static void test_loop_accept(void **state)
{
    (void)state;
    char buf[256];
    struct sockaddr_in address;
    struct link l = {.since = smk_ticks(), .listener = listen_tcp(&address)};
    smk_thread_self()->loop = (struct smk_loop_now){0};
    for (int i = 0; i < 2; i++)
        look(l.listener, 0);
    l.client = connect_tcp(&address);
    ask(&l, GET("/new"));
    smk_sys_sleep(40 * MS);
    assert_int_equal(look(l.listener, -1), 1);
    l.server = accept4(l.listener, NULL, NULL, SOCK_CLOEXEC);
    assert_int_equal(look(l.server, -1), 1);
    assert_true(recv(l.server, buf, sizeof buf, 0) > 0);
    answer(&l, OK);
    read_records(l.since);
    disconnect(&l);
    assert_true(smk_ticks_to_ns(number(SMK_EV_LOOP_DELAY, 0)->args[1]) >= 32 * MS);
}

static void *ask_later(void *l)
{
    smk_sys_sleep(40 * MS);
    ask(l, GET("/late"));
    return NULL;
}

/* A thread that accepts and reads, and polls nothing: bytes for which its read waited had not lain there. */
static void test_read_waits_after_accept(void **state)
{
    (void)state;
    char buf[256];
    pthread_t client;
    struct sockaddr_in address;
    struct link l = {.since = smk_ticks(), .listener = listen_tcp(&address)};
    smk_thread_self()->loop = (struct smk_loop_now){0};
    l.client = connect_tcp(&address);
    l.server = accept4(l.listener, NULL, NULL, SOCK_CLOEXEC);
    assert_int_equal(pthread_create(&client, NULL, ask_later, &l), 0);
    assert_true(recv(l.server, buf, sizeof buf, 0) > 0);
    answer(&l, OK);
    assert_int_equal(pthread_join(client, NULL), 0);
    read_records(l.since);
    assert_int_equal(number(SMK_EV_REQUEST_ANSWERED, 0)->args[DELAY], 0);
    disconnect(&l);
}

/* A poll that waited is exact, and no system call is made for it. */
static void test_loop_waited(void **state)
{
    (void)state;
    char buf[256];
    struct smk_conns_stats before, after;
    struct link l = connect_one();
    smk_conns_stats(&before);
    for (int i = 0; i < 20; i++) {
        look(l.server, 0);
        ask(&l, GET("/soon"));
        look(l.server, -1);
        assert_true(recv(l.server, buf, sizeof buf, 0) > 0);
        answer(&l, OK);
    }
    smk_conns_stats(&after);
    disconnect(&l);
    assert_true(after.asked - before.asked < 10); /* 0 where the machine is not busy */
}

static void test_loop_range(void **state)
{
    (void)state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct link l = {.since = smk_ticks(), .listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    uint32_t size = sizeof address;
    /* The kernel gives it a name. */
    assert_int_equal(bind(l.listener, (struct sockaddr *)&address, sizeof address.sun_family), 0);
    assert_int_equal(listen(l.listener, 8), 0);
    assert_int_equal(smk_sys_getsockname(l.listener, (struct sockaddr *)&address, &size), 0);
    l.client = smk_sys_socket(AF_UNIX, SOCK_STREAM);
    assert_int_equal(smk_sys_connect(l.client, (struct sockaddr *)&address, size), 0);
    l.server = accept4(l.listener, NULL, NULL, SOCK_CLOEXEC);
    const struct record *delay = delayed(&l);
    assert_int_equal(delay->first, SMK_LOOP_RANGE);
    assert_true(smk_ticks_to_ns(delay->args[2]) >= 40 * MS);
    assert_true(delay->args[1] < delay->args[2]);
    disconnect(&l);
}

/* A request that is not answered goes on without its thread when that looks for others. */
static void test_loop_leaves(void **state)
{
    (void)state;
    char buf[64];
    struct link l = connect_one(), other = connect_one();
    look(l.server, 0);
    ask(&l, "*3\r\n$5\r\nBLPOP\r\n$1\r\nk\r\n$1\r\n0\r\n");
    look(l.server, -1);
    assert_true(recv(l.server, buf, sizeof buf, 0) > 0);
    uint64_t id = smk_thread_self()->request;
    assert_true(id != 0);
    look(other.server, 0);
    assert_int_equal(smk_thread_self()->request, 0);
    assert_int_equal(in_flight(), 1);
    answer(&l, "*2\r\n$1\r\nk\r\n$1\r\nv\r\n");
    assert_int_equal(in_flight(), 0);
    read_records(l.since);
    assert_int_equal(number(SMK_EV_REQUEST_LEAVE, 0)->args[0], id);
    assert_int_equal(number(SMK_EV_REQUEST_ANSWERED, 0)->args[REQUEST], id);
    disconnect(&l);
    disconnect(&other);
}

/* ---- what is given up ------------------------------------------------------------------------------------- */

static void test_contended(void **state)
{
    (void)state;
    struct smk_conns_stats before, after;
    struct link l = connect_one();
    smk_conns_stats(&before);
    take(&l, GET("/held"));
    struct smk_conn *conn = smk_conn_hold(smk_fd_slot(l.server));
    assert_non_null(conn);
    answer(&l, OK); /* passes by unseen, and does not wait for ever */
    smk_conn_let_go(conn);
    take(&l, GET("/again"));
    smk_conns_stats(&after);
    assert_int_equal(after.contended, before.contended + 1);
    assert_int_equal(in_flight(), 0);
    read_records(l.since);
    disconnect(&l);
    assert_int_equal(count_of(SMK_EV_REQUEST_DROPPED), 1);
    assert_int_equal(count_of(SMK_EV_REQUEST_ANSWERED), 0);
}

/* A server whose answers are not seen (stdio writes them, say) has no requests that go on for ever. */
static void test_never_answered(void **state)
{
    (void)state;
    struct smk_conns_stats before, after;
    struct link l = connect_one();
    smk_conns_stats(&before);
    for (int i = 0; i < 70; i++)
        take(&l, GET("/mute"));
    smk_conns_stats(&after);
    assert_int_equal(after.unknown, before.unknown + 1);
    assert_int_equal(in_flight(), 0);
    read_records(l.since);
    disconnect(&l);
    assert_int_equal(count_of(SMK_EV_REQUEST_DROPPED), 1);
    assert_int_equal(count_of(SMK_EV_REQUEST_ANSWERED), 0);
}

static uint64_t ended(void)
{
    struct smk_requests_stats stats;
    smk_requests_stats(&stats);
    return stats.ended;
}

/* What was found and is marked by the program counts once. */
static void test_marked(void **state)
{
    (void)state;
    uint64_t before = ended();
    struct link l = connect_one();
    take(&l, GET("/marked"));
    smk_request own = smk_abi_request_begin("GET /marked", NULL);
    smk_abi_request_end(&own);
    answer(&l, OK);
    take(&l, GET("/marked"));
    answer(&l, OK);
    read_records(l.since);
    disconnect(&l);
    smk_store_relaxed(&smk_requests_marked, 0);
    assert_int_equal(ended(), before + 1);
    assert_int_equal(in_flight(), 0);
    assert_int_equal(count_of(SMK_EV_REQUEST_DROPPED), 1);
    assert_int_equal(count_of(SMK_EV_REQUEST_ANSWERED), 0);
    assert_int_equal(count_of(SMK_EV_REQUEST_END), 1);
}

static void test_disarmed_in_between(void **state)
{
    (void)state;
    struct link l = connect_one();
    take(&l, GET("/open"));
    assert_int_equal(in_flight(), 1);
    disarm();
    answer(&l, OK);
    arm(CATEGORIES);
    assert_int_equal(in_flight(), 0); /* nobody knows how it went on */
    l.since = smk_ticks();
    take(&l, GET("/again"));
    answer(&l, OK);
    read_records(l.since);
    disconnect(&l);
    assert_int_equal(count_of(SMK_EV_REQUEST_ANSWERED), 1);
}

static int set_up(void **state)
{
    (void)state;
    arm(CATEGORIES);
    return 0;
}

/* A loop that slept when something was armed: what it was told of before is of another time. */
static void test_armed_while_the_loop_sleeps(void **state)
{
    (void)state;
    char buf[256];
    struct link l = connect_one();
    for (int i = 0; i < 2; i++)
        look(l.server, 0);
    disarm();
    smk_sys_sleep(40 * MS);
    arm(CATEGORIES);
    l.since = smk_ticks();
    ask(&l, GET("/first")); /* the poll that told of it began before: it was not seen */
    assert_true(recv(l.server, buf, sizeof buf, 0) > 0);
    answer(&l, OK);
    look(l.server, 0); /* and that it was not seen for long does not mean that it was away */
    ask(&l, GET("/second"));
    assert_int_equal(look(l.server, -1), 1);
    assert_true(recv(l.server, buf, sizeof buf, 0) > 0);
    answer(&l, OK);
    read_records(l.since);
    disconnect(&l);
    assert_int_equal(count_of(SMK_EV_REQUEST_ANSWERED), 2);
    for (int i = 0; i < 2; i++) { /* neither arrived before it was asked */
        const struct record *end = number(SMK_EV_REQUEST_ANSWERED, i);
        assert_true(end->ticks - end->args[DURATION] >= l.since);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keep_alive),
        cmocka_unit_test(test_answer_in_parts),
        cmocka_unit_test(test_pipelined),
        cmocka_unit_test(test_half_closed),
        cmocka_unit_test(test_two_threads),
        cmocka_unit_test(test_number_again),
        cmocka_unit_test(test_copies),
        cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_not_taken),
        cmocka_unit_test(test_before_arming),
        cmocka_unit_test(test_loop_delay),
        cmocka_unit_test(test_loop_accept),
        cmocka_unit_test(test_read_waits_after_accept),
        cmocka_unit_test(test_loop_waited),
        cmocka_unit_test(test_loop_range),
        cmocka_unit_test(test_loop_leaves),
        cmocka_unit_test(test_contended),
        cmocka_unit_test(test_never_answered),
        cmocka_unit_test(test_marked),
        cmocka_unit_test(test_disarmed_in_between),
        cmocka_unit_test(test_armed_while_the_loop_sleeps),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
