/* The header for services that use libevent, on a real base and a real evhttp. */
#define _GNU_SOURCE
#undef _FORTIFY_SOURCE
#include "unit/smk_test.h"

#include <event2/buffer.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "core/loops.h"
#include "core/request.h"
#include "core/site.h"
#include "source/loop.h"
#include "stallmark/libevent.h"
#include "unit/source/waits.h"

#define CATEGORIES (SMK_CAT_REQUEST | SMK_CAT_LOOP | SMK_CAT_POLL)

/* Arguments behind the first: of loop_callback, and of request_answered. */
enum { TOOK, DELAY, WHY, BASE };
enum { REQUEST, DURATION, STATUS, AGO, LAY };

static struct event_base *base;
static struct smk_loop_view in_callback; /* what others saw of the last callback */
static const char *in_callback_name;

/* Not inlined: from one function it is always as deep, and that is how a loop is known. */
static SMK_NOINLINE void turn(int flags) { event_base_loop(base, flags); }

static void run(void) { turn(EVLOOP_ONCE); }

static const char *site_name(uint32_t id)
{
    struct smk_site_view site;
    return smk_site_get(id, &site) ? site.name : "";
}

static const struct record *number(unsigned event, int wanted)
{
    for (int i = 0; i < record_count; i++)
        if (records[i].event == event && wanted-- == 0)
            return &records[i];
    fail_msg("event %u was not recorded so often", event);
    return NULL;
}

static const struct record *callback_named(const char *name)
{
    for (int i = 0; i < record_count; i++)
        if (records[i].event == SMK_EV_LOOP_CALLBACK && strcmp(site_name(records[i].first), name) == 0)
            return &records[i];
    fail_msg("no callback %s was recorded", name);
    return NULL;
}

static bool look_at_me(const struct smk_loop_view *view, void *arg)
{
    (void)arg;
    if (view->tid == me())
        in_callback = *view;
    return true;
}

static void look(void)
{
    struct smk_loop_view view;
    memset(&in_callback, 0, sizeof in_callback);
    smk_loops_each(&view, look_at_me, NULL);
    in_callback_name = site_name(in_callback.site);
}

/* ---- callbacks ------------------------------------------------------------------------------------------- */

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    smk_sys_sleep(*(const uint64_t *)arg);
    look();
}

static void on_quick(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    ++*(int *)arg;
}

static void test_timer(void **state)
{
    (void)state;
    uint64_t sleeps = 3 * MS, since = smk_ticks();
    struct event *timer = smk_event_new(base, -1, 0, on_timer, &sleeps);
    smk_event_add(timer, &(struct timeval){.tv_usec = 2000});
    run();
    smk_event_free(timer);
    read_records(since);
    const struct record *record = callback_named("on_timer");
    assert_int_equal(record->tid, me());
    assert_int_equal(record->args[WHY], SMK_CALLBACK_TIMER);
    assert_true(smk_ticks_to_ns(record->args[TOOK]) >= 3 * MS);
    assert_int_equal(record->args[BASE], (uint64_t)(uintptr_t)base);
    assert_string_equal(in_callback_name, "on_timer");
    assert_true(in_callback.since != 0 && in_callback.since <= in_callback.entered);
    look();
    assert_int_equal(in_callback.site, 0); /* it returned */
}

static void test_late(void **state)
{
    (void)state;
    int count = 0;
    uint64_t sleeps = 30 * MS, since = smk_ticks();
    struct event *slow = smk_event_new(base, -1, 0, on_timer, &sleeps);
    struct event *quick = smk_event_new(base, -1, EV_PERSIST, on_quick, &count);
    smk_event_add(slow, &(struct timeval){.tv_usec = 1000});
    smk_event_add(quick, &(struct timeval){.tv_usec = 6000});
    while (count < 3)
        run();
    smk_event_free(slow);
    smk_event_free(quick);
    read_records(since);
    assert_true(smk_ticks_to_ns(callback_named("on_quick")->args[DELAY]) >= 20 * MS);
    struct smk_histogram late;
    smk_loop_figure_get(SMK_LOOP_LATE, &late);
    assert_true(smk_histogram_count(&late) >= 4 && late.max_ns >= 20 * MS);
}

/* A timer that was set while nothing recorded says nothing of being late, the next round does. */
static void test_set_disarmed(void **state)
{
    (void)state;
    uint64_t sleeps = 1 * MS, since = smk_ticks();
    disarm();
    struct event *timer = smk_event_new(base, -1, EV_PERSIST, on_timer, &sleeps);
    smk_event_add(timer, &(struct timeval){.tv_usec = 1000});
    run();
    arm(CATEGORIES);
    run();
    run();
    smk_event_free(timer);
    read_records(since);
    assert_int_equal(count_of(SMK_EV_LOOP_CALLBACK), 2);
    assert_int_equal(number(SMK_EV_LOOP_CALLBACK, 0)->args[WHY], SMK_CALLBACK_UNDUE);
    assert_int_equal(number(SMK_EV_LOOP_CALLBACK, 0)->args[DELAY], 0);
    assert_int_equal(number(SMK_EV_LOOP_CALLBACK, 1)->args[WHY], SMK_CALLBACK_TIMER);
}

static void on_jump(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)arg;
    smk_abi_callback_begin(SMK_SITE("left"), NULL, SMK_ABI_DUE_READY); /* as if its end had been jumped over */
    look();
}

/* Each test is as deep as its frame is large: after so many looks the loop is the one that is run from here. */
SMK_INLINE void loop_from_here(void)
{
    for (unsigned i = 0; i < SMK_LOOP_INNER_MAX; i++)
        turn(EVLOOP_NONBLOCK | EVLOOP_NO_EXIT_ON_EMPTY);
}

/* The loop looks for work again, so it is in no callback. */
static void test_left_by_a_jump(void **state)
{
    (void)state;
    uint64_t sleeps = 0;
    loop_from_here();
    for (int i = 0; i < 3; i++) {
        event_base_once(base, -1, EV_TIMEOUT, on_jump, NULL, &(struct timeval){.tv_usec = 1000});
        run();
    }
    assert_string_equal(in_callback_name, "left");
    struct event *timer = smk_event_new(base, -1, 0, on_timer, &sleeps);
    smk_event_add(timer, &(struct timeval){.tv_usec = 1000});
    run();
    smk_event_free(timer);
    assert_string_equal(in_callback_name, "on_timer");
    look();
    assert_int_equal(in_callback.site, 0);
}

static SMK_NOINLINE void loop_from_below(void)
{
    SMK_UNUSED volatile char room[4096];
    room[0] = 0;
    loop_from_here();
    room[1] = 0;
}

/* One that is run further down might be that of the callback; when the other is not seen again, it is not. */
static void test_left_for_a_loop_below(void **state)
{
    (void)state;
    loop_from_here();
    event_base_once(base, -1, EV_TIMEOUT, on_jump, NULL, &(struct timeval){.tv_usec = 1000});
    run();
    assert_string_equal(in_callback_name, "left");
    look();
    assert_string_equal(in_callback_name, "left");
    loop_from_below();
    look();
    assert_int_equal(in_callback.site, 0);
}

static void free_itself(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    smk_event_free(*(struct event **)arg);
    *(struct event **)arg = NULL;
}

static void test_frees_itself(void **state)
{
    (void)state;
    struct event *timer = NULL, *foreign = event_new(base, -1, 0, free_itself, &timer);
    timer = smk_event_new(base, -1, 0, free_itself, &timer);
    smk_event_add(timer, &(struct timeval){0});
    run();
    assert_null(timer);
    smk_event_add(foreign, &(struct timeval){0}); /* both take events that are not ours */
    smk_event_free(foreign);
    smk_event_free(NULL);
}

/* ---- requests of evhttp ------------------------------------------------------------------------------------ */

static struct evhttp *http;
static struct sockaddr_in address;
static struct evhttp_request *kept;
static int answered;

static void give(struct evhttp_request *req, int status)
{
    struct evbuffer *body = evbuffer_new();
    evbuffer_add(body, "hello", 5);
    evhttp_send_reply(req, status, NULL, body);
    evbuffer_free(body);
    answered++;
}

static void on_item(struct evhttp_request *req, void *arg)
{
    SMK_EVHTTP_REQUEST(req);
    (void)arg;
    smk_sys_sleep(MS / 10);
    give(req, 200);
}

static void on_later(struct evhttp_request *req, void *arg)
{
    SMK_EVHTTP_REQUEST(req);
    (void)arg;
    kept = req;
}

static int ask(const char *head)
{
    int fd = smk_sys_socket(AF_INET, SOCK_STREAM);
    assert_int_equal(smk_sys_connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(smk_sys_send(fd, head, strlen(head), 0), (int)strlen(head));
    return fd;
}

static uint32_t in_flight(void)
{
    struct smk_requests_stats stats;
    smk_requests_stats(&stats);
    return stats.in_flight;
}

static void turn_until(const int *word, int value)
{
    while (*word < value || in_flight() > 0)
        run();
}

/* Until the first mark they are found on their sockets, too. */
static void test_first(void **state)
{
    (void)state;
    answered = 0;
    int fd = ask("GET /item/1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    turn_until(&answered, 1);
    smk_sys_close(fd);
    assert_int_equal(smk_requests_marked, 1);
}

static void test_requests(void **state)
{
    (void)state;
    uint64_t since = smk_ticks();
    answered = 0;
    int fd = ask("GET /item/12?q=1 HTTP/1.1\r\nHost: x\r\n"
                 "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n\r\n");
    turn_until(&answered, 1);
    const char *again = "GET /item/deadbeef00 HTTP/1.1\r\nHost: x\r\n\r\n"; /* on the same connection */
    for (int i = 0; i < 20; i++) {
        assert_int_equal(smk_sys_send(fd, again, strlen(again), 0), (int)strlen(again));
        turn_until(&answered, 2 + i);
    }
    smk_sys_close(fd);
    run();
    read_records(since);
    assert_int_equal(count_of(SMK_EV_REQUEST_BEGIN), 21);
    assert_int_equal(count_of(SMK_EV_REQUEST_ANSWERED), 21);
    assert_int_equal(count_of(SMK_EV_REQUEST_TRACE), 1);
    for (int i = 0; i < 21; i++) {
        const struct record *end = number(SMK_EV_REQUEST_ANSWERED, i);
        assert_string_equal(string_of(end->first), "GET /item/:id");
        assert_int_equal(end->args[STATUS], 200);
        assert_true(smk_ticks_to_ns(end->args[DURATION]) >= MS / 10);
    }
    assert_string_equal(site_name(callback_named("on_item")->first), "on_item");
}

static void test_answered_later(void **state)
{
    (void)state;
    uint64_t since = smk_ticks();
    answered = 0;
    kept = NULL;
    int fd = ask("POST /later HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
    while (!kept)
        run();
    assert_int_equal(in_flight(), 1);
    smk_sys_sleep(10 * MS);
    give(kept, 503);
    turn_until(&answered, 1);
    smk_sys_close(fd);
    run();
    read_records(since);
    const struct record *end = number(SMK_EV_REQUEST_ANSWERED, 0);
    assert_string_equal(string_of(end->first), "POST /later");
    assert_int_equal(end->args[STATUS], 503);
    assert_true(smk_ticks_to_ns(end->args[DURATION]) >= 10 * MS);
}

/* The client goes before it is answered. evhttp does not look for that, and learns of it when it writes. */
static void test_closed(void **state)
{
    (void)state;
    uint64_t since = smk_ticks();
    answered = 0;
    kept = NULL;
    int fd = ask("GET /later HTTP/1.1\r\nHost: x\r\n\r\n");
    while (!kept)
        run();
    smk_sys_close(fd);
    struct evbuffer *body = evbuffer_new();
    evbuffer_expand(body, 8 << 20);
    struct evbuffer_iovec all;
    assert_int_equal(evbuffer_reserve_space(body, 8 << 20, &all, 1), 1);
    all.iov_len = 8 << 20;
    memset(all.iov_base, 'x', all.iov_len);
    evbuffer_commit_space(body, &all, 1);
    evhttp_send_reply(kept, 200, NULL, body);
    evbuffer_free(body);
    while (in_flight() > 0)
        run();
    read_records(since);
    assert_int_equal(count_of(SMK_EV_REQUEST_ANSWERED), 1);
    assert_int_equal(number(SMK_EV_REQUEST_ANSWERED, 0)->args[STATUS], 0);
}

/* A request that lies there while a callback sleeps has waited for it. */
static void test_arrival(void **state)
{
    (void)state;
    uint64_t sleeps = 40 * MS, since = smk_ticks();
    answered = 0;
    struct event *slow = smk_event_new(base, -1, 0, on_timer, &sleeps);
    int fd = ask("GET /item/1 HTTP/1.1\r\nHost: x\r\n\r\n");
    smk_event_add(slow, &(struct timeval){0});
    event_active(slow, EV_TIMEOUT, 1); /* before the poll that tells of the connection */
    turn_until(&answered, 1);
    smk_event_free(slow);
    smk_sys_close(fd);
    run();
    read_records(since);
    const struct record *delay = number(SMK_EV_LOOP_DELAY, 0), *end = number(SMK_EV_REQUEST_ANSWERED, 0);
    assert_int_equal(end->args[LAY], delay->args[1]);
    assert_true(delay->first == SMK_LOOP_RANGE || smk_ticks_to_ns(end->args[DURATION]) >= 30 * MS);
}

static void test_disarmed(void **state)
{
    (void)state;
    uint64_t since = smk_ticks();
    disarm();
    answered = 0;
    int fd = ask("GET /item/1 HTTP/1.1\r\nHost: x\r\n\r\n");
    turn_until(&answered, 1);
    smk_sys_close(fd);
    run();
    arm(CATEGORIES);
    read_records(since);
    assert_int_equal(record_count, 0);
}

static int set_up(void **state)
{
    (void)state;
    socklen_t size = sizeof address;
    base = event_base_new();
    http = evhttp_new(base);
    evhttp_set_cb(http, "/later", on_later, NULL);
    evhttp_set_gencb(http, on_item, NULL);
    struct evhttp_bound_socket *bound = evhttp_bind_socket_with_handle(http, "127.0.0.1", 0);
    arm(CATEGORIES);
    return bound && getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&address, &size) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    disarm();
    evhttp_free(http);
    event_base_free(base);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_timer),        cmocka_unit_test(test_late),
        cmocka_unit_test(test_set_disarmed), cmocka_unit_test(test_left_by_a_jump),
        cmocka_unit_test(test_left_for_a_loop_below), cmocka_unit_test(test_frees_itself),
        cmocka_unit_test(test_first),        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_answered_later), cmocka_unit_test(test_closed),
        cmocka_unit_test(test_arrival),      cmocka_unit_test(test_disarmed),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
