/* The page of examples/sequence on an event loop: an evhttp that needs three services, each of which answers after 5 to
 * 15 ms, and asks them through libevent, so that no thread waits. It asks one after the other; its healthy twin asks
 * all three at once, and answers when the last has come.
 *
 *     ./evsequence [--healthy] [FILE]
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/thread.h>
#include <stallmark/libevent.h>

#include "../example.h"

enum { PAGES = 20, SERVICES = 3 };

static struct service {
    unsigned answers_after_us;
    int listener;
    uint16_t port;
    pthread_t thread;
} services[SERVICES] = {{.answers_after_us = 5000}, {.answers_after_us = 10000}, {.answers_after_us = 15000}};

/* A request, until its page is sent. */
struct page {
    struct evhttp_request *req;
    smk_request request;
    int asked, came;
    uint64_t since, sum, most;
};

static struct event_base *base;
static bool healthy;
static uint64_t measured; /* sum less maximum, of all pages */

/* ---- the services ------------------------------------------------------------------------------------------ */

static int listen_somewhere(uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bind(fd, (struct sockaddr *)&address, len);
    listen(fd, 16);
    getsockname(fd, (struct sockaddr *)&address, &len);
    *port = ntohs(address.sin_port);
    return fd;
}

static void *service_main(void *arg)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx";
    struct service *service = arg;
    char question[1024];
    int fd;
    smk_thread_name("service");
    while ((fd = accept(service->listener, NULL, NULL)) >= 0) {
        if (recv(fd, question, sizeof(question), 0) > 0) {
            usleep(service->answers_after_us);
            send(fd, answer, sizeof(answer) - 1, MSG_NOSIGNAL);
        }
        close(fd);
    }
    return NULL;
}

/* ---- the page ---------------------------------------------------------------------------------------------- */

static void ask(struct page *page);

static void send_page(struct page *page)
{
    struct evbuffer *body = evbuffer_new();
    evbuffer_add_printf(body, "hello\n");
    measured += page->sum - page->most;
    evhttp_send_reply(page->req, HTTP_OK, NULL, body);
    evbuffer_free(body);
    free(page);
}

static void on_answer(struct evhttp_request *answer, void *arg)
{
    struct page *page = arg;
    SMK_CALLBACK();
    SMK_IN_REQUEST(page->request);
    uint64_t took = now_ns() - page->since;
    if (!answer)
        exit(1);
    page->sum += took;
    page->most = took > page->most ? took : page->most;
    page->came++;
    if (page->came == SERVICES)
        send_page(page);
    else if (!healthy)
        ask(page);
}

static void ask(struct page *page)
{
    struct service *service = &services[page->asked++];
    struct evhttp_connection *connection = evhttp_connection_base_new(base, NULL, "127.0.0.1", service->port);
    evhttp_connection_free_on_completion(connection);
    page->since = now_ns();
    if (evhttp_make_request(connection, evhttp_request_new(on_answer, page), EVHTTP_REQ_GET, "/") != 0)
        exit(1);
}

static void get_page(struct evhttp_request *req, void *arg)
{
    SMK_EVHTTP_REQUEST_AS(request, req);
    SMK_CALLBACK();
    struct page *page = calloc(1, sizeof(*page));
    (void)arg;
    page->req = req;
    page->request = request;
    do
        ask(page);
    while (healthy && page->asked < SERVICES);
}

/* ---- who wants it ------------------------------------------------------------------------------------------ */

static uint16_t port;

static void *client_main(void *arg)
{
    static const char question[] = "GET /page HTTP/1.0\r\nHost: here\r\n\r\n";
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    char answer[1024];
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    smk_thread_name("client");
    for (int i = 0; i < PAGES; i++) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
            exit(1);
        send(fd, question, sizeof(question) - 1, MSG_NOSIGNAL);
        while (recv(fd, answer, sizeof(answer), 0) > 0)
            ;
        close(fd);
    }
    event_base_loopexit(base, NULL);
    return arg;
}

int main(int argc, char **argv)
{
    pthread_t client;
    healthy = example_begin(argc, argv);
    evthread_use_pthreads(); /* another thread ends the loop */
    base = event_base_new();
    struct evhttp *http = evhttp_new(base);
    evhttp_set_cb(http, "/page", get_page, NULL);
    int listener = listen_somewhere(&port);
    evutil_make_socket_nonblocking(listener);
    evhttp_accept_socket(http, listener);
    for (int i = 0; i < SERVICES; i++) {
        services[i].listener = listen_somewhere(&services[i].port);
        pthread_create(&services[i].thread, NULL, service_main, &services[i]);
    }

    pthread_create(&client, NULL, client_main, NULL);
    event_base_dispatch(base);
    pthread_join(client, NULL);
    for (int i = 0; i < SERVICES; i++) {
        shutdown(services[i].listener, SHUT_RDWR);
        pthread_join(services[i].thread, NULL);
    }
    evhttp_free(http);
    event_base_free(base);
    return example_end(measured);
}
