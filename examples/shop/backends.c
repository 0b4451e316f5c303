/* Three backends, which a second event loop in this process plays: users, orders and stock. One asks a
 * backend by a letter over a TCP connection that each worker keeps, and gets a letter back some
 * milliseconds later. */
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "shop.h"

static const struct {
    char letter;
    const char *name;
    unsigned ms;
} backends[SHOP_BACKENDS] = {{'u', "users", 2}, {'o', "orders", 3}, {'s', "stock", 3}};

static struct sockaddr_in address;
static int stop_fd = -1;
static struct event_base *loop;
static struct evconnlistener *listener;
static pthread_t thread;

/* ---- the side that answers ----------------------------------------------------------------------- */

struct connection {
    struct bufferevent *stream;
    struct event *timer;
};

static void answer(evutil_socket_t fd, short what, void *arg)
{
    struct connection *connection = arg;
    (void)fd;
    (void)what;
    bufferevent_write(connection->stream, "k", 1);
}

static void on_ask(struct bufferevent *stream, void *arg)
{
    struct connection *connection = arg;
    char letter = 0;
    while (evbuffer_remove(bufferevent_get_input(stream), &letter, 1) == 1)
        for (size_t i = 0; i < SHOP_BACKENDS; i++)
            if (backends[i].letter == letter)
                evtimer_add(connection->timer,
                            &(struct timeval){.tv_usec = (suseconds_t)backends[i].ms * 1000});
}

static void on_end(struct bufferevent *stream, short what, void *arg)
{
    struct connection *connection = arg;
    (void)what;
    event_free(connection->timer);
    bufferevent_free(stream);
    free(connection);
}

static void on_connection(struct evconnlistener *l, evutil_socket_t fd, struct sockaddr *peer, int len,
                          void *arg)
{
    struct connection *connection = calloc(1, sizeof(*connection));
    (void)l;
    (void)peer;
    (void)len;
    (void)arg;
    if (!connection) {
        close(fd);
        return;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    connection->stream = bufferevent_socket_new(loop, fd, BEV_OPT_CLOSE_ON_FREE);
    connection->timer = evtimer_new(loop, answer, connection);
    bufferevent_setcb(connection->stream, on_ask, NULL, on_end, connection);
    bufferevent_enable(connection->stream, EV_READ | EV_WRITE);
}

static void on_stop(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)arg;
    event_base_loopbreak(loop);
}

static void *backends_main(void *arg)
{
    (void)arg;
    smk_thread_name("backends");
    struct event *stop = event_new(loop, stop_fd, EV_READ, on_stop, NULL);
    event_add(stop, NULL);
    event_base_dispatch(loop);
    event_free(stop);
    return NULL;
}

int backends_start(void)
{
    socklen_t len = sizeof(address);
    address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    loop = event_base_new();
    stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (!loop || stop_fd < 0)
        return -1;
    listener = evconnlistener_new_bind(loop, on_connection, NULL, LEV_OPT_CLOSE_ON_FREE, -1,
                                       (struct sockaddr *)&address, sizeof(address));
    if (!listener ||
        getsockname(evconnlistener_get_fd(listener), (struct sockaddr *)&address, &len) != 0)
        return -1;
    return pthread_create(&thread, NULL, backends_main, NULL) == 0 ? 0 : -1;
}

void backends_stop(void)
{
    if (write(stop_fd, &(uint64_t){1}, sizeof(uint64_t)) != sizeof(uint64_t))
        return;
    pthread_join(thread, NULL);
    evconnlistener_free(listener);
    event_base_free(loop);
    close(stop_fd);
}

/* ---- the side that asks ---------------------------------------------------------------------------- */

/* A worker's connection to a backend; made at first use, kept for the worker's life. */
static int connection_to(size_t backend)
{
    static __thread int fds[SHOP_BACKENDS]; /* plus 1; 0: none yet */
    if (fds[backend] == 0) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
            perror("shop: backend");
            if (fd >= 0)
                close(fd);
            return -1;
        }
        fds[backend] = fd + 1;
    }
    return fds[backend] - 1;
}

SHOP_NOINLINE static void send_question(size_t backend)
{
    if (send(connection_to(backend), &backends[backend].letter, 1, MSG_NOSIGNAL) != 1)
        perror("shop: backend");
}

SHOP_NOINLINE static void receive_answer(struct job *job, size_t backend)
{
    char answer_byte = '-';
    if (recv(connection_to(backend), &answer_byte, 1, 0) != 1)
        job->status = HTTP_SERVUNAVAIL;
    job_print(job, "<p>%s: %c</p>\n", backends[backend].name, answer_byte);
}

SHOP_NOINLINE void ask_backends(struct job *job)
{
    SMK_REGION("ask_backends");
    if (shop_options.fault_sequential) {
        for (size_t i = 0; i < SHOP_BACKENDS; i++) {
            send_question(i);
            receive_answer(job, i);
        }
        return;
    }
    for (size_t i = 0; i < SHOP_BACKENDS; i++)
        send_question(i);
    for (size_t i = 0; i < SHOP_BACKENDS; i++)
        receive_answer(job, i);
}

SHOP_NOINLINE void ask_stock(struct job *job)
{
    SMK_REGION("ask_stock");
    send_question(SHOP_BACKENDS - 1);
    receive_answer(job, SHOP_BACKENDS - 1);
}
