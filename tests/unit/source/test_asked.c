/* What requests wait for while their loop does something else: questions to others, on sockets in non-blocking mode. */
#define _GNU_SOURCE
#undef _FORTIFY_SOURCE
#include "unit/smk_test.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "unit/source/links.h"

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"
#define OK        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

/* Arguments of answer_wait behind the stack. */
enum { DURATION, CALL, FD, REQUEST, PEER, AGO };

/* A service: our end of the connection to it, and its own, whose calls pass us by. */
struct service {
    int listener, ours, its;
};

static struct service connect_service(bool blocking)
{
    struct sockaddr_in address;
    struct service s = {.listener = listen_tcp(&address)};
    s.ours = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | (blocking ? 0 : SOCK_NONBLOCK), 0);
    int rc = connect(s.ours, (struct sockaddr *)&address, sizeof address);
    assert_true(rc == 0 || errno == EINPROGRESS);
    s.its = accept4(s.listener, NULL, NULL, SOCK_CLOEXEC);
    return s;
}

static void forget_service(struct service *s)
{
    close(s->ours);
    smk_sys_close(s->its);
    close(s->listener);
}

static void say(const struct service *s) { assert_int_equal(smk_sys_send(s->its, "!", 1, 0), 1); }

static void question(const struct service *s) { assert_int_equal(write(s->ours, "?", 1), 1); }

static void read_answer(const struct service *s)
{
    char byte;
    assert_int_equal(recv(s->ours, &byte, 1, 0), 1);
}

static const struct record *only_answer(void)
{
    assert_int_equal(count_of(SMK_EV_ANSWER_WAIT), 1);
    return find_record(SMK_EV_ANSWER_WAIT, 0);
}

static __attribute__((noinline)) int look(int fd, int ms)
{
    struct pollfd ready = {fd, POLLIN, 0};
    return poll(&ready, 1, ms);
}

/* It asks for one request, and reads the answer when it works for none. */
static void test_answer(void **state)
{
    (void)state;
    struct link l = connect_one();
    take(&l, GET("/a"));
    uint64_t request = smk_thread_self()->request;
    struct service s = connect_service(false);
    question(&s);
    look(s.ours, 5);
    smk_thread_self()->request = 0;
    say(&s);
    look(s.ours, -1);
    read_answer(&s);
    answer(&l, OK);
    read_records(l.since);
    const struct record *r = only_answer();
    assert_int_equal(r->args[REQUEST], request);
    assert_int_equal((int)r->args[FD], s.ours);
    assert_in_range(smk_ticks_to_ns(r->args[DURATION]), 4 * MS, 60000 * MS);
    assert_string_equal(string_of((uint32_t)r->args[CALL]), "recv");
    assert_memory_equal(string_of((uint32_t)r->args[PEER]), "127.0.0.1:", 10);
    assert_true(r->first != 0); /* its stack */
    forget_service(&s);
    disconnect(&l);
}

/* What comes without a question is none; nor is an answer that came at once, or the time between two questions. */
static void test_no_answer(void **state)
{
    (void)state;
    struct link l = connect_one();
    take(&l, GET("/a"));
    struct service s = connect_service(true);
    assert_int_equal(fcntl(s.ours, F_SETFL, O_NONBLOCK), 0);
    say(&s);
    look(s.ours, -1);
    read_answer(&s);
    smk_sys_sleep(3 * MS);
    say(&s);
    question(&s);
    read_answer(&s);
    read_records(l.since);
    for (int i = 0; i < record_count; i++) /* a machine that was away between two calls may make a short one */
        if (records[i].event == SMK_EV_ANSWER_WAIT)
            assert_true(smk_ticks_to_ns(records[i].args[DURATION]) < 3 * MS);
    forget_service(&s);
    disconnect(&l);
}

/* A thread that waits in the call has that for its event. */
static void test_blocking(void **state)
{
    (void)state;
    struct link l = connect_one();
    take(&l, GET("/a"));
    struct service s = connect_service(true);
    question(&s);
    look(s.ours, 3);
    say(&s);
    read_answer(&s);
    read_records(l.since);
    assert_int_equal(count_of(SMK_EV_ANSWER_WAIT), 0);
    forget_service(&s);
    disconnect(&l);
}

/* One answer leads to the next question, though the thread works for no request; until it looks for other work. */
static void test_one_after_the_other(void **state)
{
    (void)state;
    struct link l = connect_one();
    look(l.server, 0); /* it is a loop, and no thread that accepts */
    take(&l, GET("/a"));
    uint64_t request = smk_thread_self()->request;
    struct service a = connect_service(false);
    question(&a);
    look(l.server, 3);
    smk_thread_self()->request = 0;
    say(&a);
    read_answer(&a);
    struct service b = connect_service(false);
    question(&b);
    look(l.server, 3);
    say(&b);
    read_answer(&b);
    look(l.server, 0);
    struct service c = connect_service(false);
    question(&c);
    look(l.server, 3);
    say(&c);
    read_answer(&c);
    read_records(l.since);
    assert_int_equal(count_of(SMK_EV_ANSWER_WAIT), 2);
    for (int i = 0; i < record_count; i++)
        if (records[i].event == SMK_EV_ANSWER_WAIT)
            assert_int_equal(records[i].args[REQUEST], request);
    forget_service(&a);
    forget_service(&b);
    forget_service(&c);
    disconnect(&l);
}

/* Who writes to it later may work for another request at that moment: who connected asks. And what is sent on for ever
 * makes a bounded number of events. */
static void test_who_asks(void **state)
{
    (void)state;
    struct link l = connect_one();
    take(&l, GET("/a"));
    uint64_t request = smk_thread_self()->request;
    struct service s = connect_service(false);
    smk_thread_self()->request = request + 1;
    question(&s);
    for (int i = 0; i < 100; i++) {
        smk_sys_sleep(MS / 10);
        say(&s);
        read_answer(&s);
    }
    smk_thread_self()->request = request;
    read_records(l.since);
    int seen = 0;
    for (int i = 0; i < record_count; i++)
        if (records[i].event == SMK_EV_ANSWER_WAIT && ++seen)
            assert_int_equal(records[i].args[REQUEST], request);
    assert_in_range(seen, 1, 64);
    forget_service(&s);
    disconnect(&l);
}

/* A connection that was there before anything was armed has a peer as well. */
static void test_found(void **state)
{
    (void)state;
    disarm();
    struct service s = connect_service(false);
    arm(SMK_CAT_REQUEST | SMK_CAT_NET | SMK_CAT_POLL);
    struct link l = connect_one();
    take(&l, GET("/a"));
    question(&s);
    look(s.ours, 3);
    say(&s);
    read_answer(&s);
    read_records(l.since);
    assert_int_equal(only_answer()->args[REQUEST], smk_thread_self()->request);
    forget_service(&s);
    disconnect(&l);
}

static int set_up(void **state)
{
    (void)state;
    arm(SMK_CAT_REQUEST | SMK_CAT_NET | SMK_CAT_POLL);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answer),   cmocka_unit_test(test_no_answer),
        cmocka_unit_test(test_blocking), cmocka_unit_test(test_one_after_the_other),
        cmocka_unit_test(test_who_asks), cmocka_unit_test(test_found),
    };
    return cmocka_run_group_tests(tests, set_up, NULL);
}
