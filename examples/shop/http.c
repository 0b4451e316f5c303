/* The loop's side: routes become jobs, finished jobs become answers. */
#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/keyvalq_struct.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "shop.h"
#ifdef SHOP_AGENT
#include <stallmark/agent.h>
#endif

static struct evhttp *server;
static struct event *done_event;
static int done_fd = -1;

static pthread_mutex_t done_lock = PTHREAD_MUTEX_INITIALIZER;
static struct job *done_first, **done_last = &done_first; /* done_lock */

/* ---- the work of each route, on a worker ----------------------------------------------------------- */

SHOP_NOINLINE static void work_cart(struct job *job)
{
    cart_add(job->item);
    struct cart copy = cart_copy();
    render_cart(job, &copy);
    ask_stock(job);
    render_log("add");
}

SHOP_NOINLINE static void work_checkout(struct job *job)
{
    ask_backends(job);
    job_print(job, "<p>to pay: %llu</p>\n", (unsigned long long)cart_check_out());
    render_log("checkout");
}

SHOP_NOINLINE static void work_product(struct job *job)
{
    ask_stock(job);
    SMK_REGION("render_product");
    for (unsigned i = 0; i < 40; i++)
        job_print(job, "<p>Product %u, property %u: %08x</p>\n", job->item, i,
                  (job->item + 1) * 2654435761u * (i + 1));
}

static const struct route {
    const char *path, *name;
    void (*work)(struct job *);
} routes[] = {
    {"/cart", "GET /cart", work_cart},
    {"/checkout", "GET /checkout", work_checkout},
    {"/product", "GET /product", work_product},
};

/* ---- on the loop -------------------------------------------------------------------------------------- */

void job_print(struct job *job, const char *format, ...)
{
    size_t room = sizeof(job->body) - job->body_len;
    va_list args;
    va_start(args, format);
    int n = vsnprintf(job->body + job->body_len, room, format, args);
    va_end(args);
    if (n > 0)
        job->body_len += (size_t)n < room ? (size_t)n : room - 1;
}

static void reply(struct job *job)
{
    struct evbuffer *body = evbuffer_new();
    if (body) {
        evbuffer_add(body, job->body, job->body_len);
        evhttp_send_reply(job->http, job->status, NULL, body);
        evbuffer_free(body);
    } else {
        evhttp_send_error(job->http, HTTP_INTERNAL, NULL);
    }
    smk_request_status(job->request, job->status);
    smk_request_end(job->request);
    free(job);
}

static void reply_to_all_done(void)
{
    pthread_mutex_lock(&done_lock);
    struct job *job = done_first;
    done_first = NULL;
    done_last = &done_first;
    pthread_mutex_unlock(&done_lock);
    while (job) {
        struct job *next = job->next;
        reply(job);
        job = next;
    }
}

static void on_done(evutil_socket_t fd, short what, void *arg)
{
    uint64_t count;
    (void)what;
    (void)arg;
    if (read(fd, &count, sizeof(count)) == sizeof(count))
        reply_to_all_done();
}

/* On a worker. */
static void job_is_done(struct job *job)
{
    job->next = NULL;
    pthread_mutex_lock(&done_lock);
    *done_last = job;
    done_last = &job->next;
    pthread_mutex_unlock(&done_lock);
    if (write(done_fd, &(uint64_t){1}, sizeof(uint64_t)) < 0)
        perror("shop: eventfd");
}

static unsigned item_of(struct evhttp_request *http)
{
    struct evkeyvalq query;
    const char *text = evhttp_uri_get_query(evhttp_request_get_evhttp_uri(http));
    unsigned item = 0;
    if (text && evhttp_parse_query_str(text, &query) == 0) {
        const char *value = evhttp_find_header(&query, "item");
        item = value ? (unsigned)strtoul(value, NULL, 10) : 0;
        evhttp_clear_headers(&query);
    }
    return item;
}

static void on_route(struct evhttp_request *http, void *arg)
{
    const struct route *route = arg;
    struct job *job = malloc(sizeof(*job));
    if (!job) {
        evhttp_send_error(http, HTTP_INTERNAL, NULL);
        return;
    }
    job->http = http;
    job->work = route->work;
    job->item = item_of(http);
    job->status = HTTP_OK;
    job->body_len = 0;
    smk_request request = smk_request_begin_traced(
        route->name, evhttp_find_header(evhttp_request_get_input_headers(http), "traceparent"));
    job->request = request;
    pool_put(job); /* from here on the job is somebody else's */
    smk_request_leave(request, 0);
}

static void on_health(struct evhttp_request *http, void *arg)
{
    (void)arg;
    evhttp_send_reply(http, HTTP_OK, NULL, NULL);
}

static void on_anything_else(struct evhttp_request *http, void *arg)
{
    (void)arg;
#ifdef SHOP_AGENT
    if (smk_agent_handle_evhttp(http)) /* /debug/… */
        return;
#endif
    evhttp_send_error(http, HTTP_NOTFOUND, NULL);
}

static int bind_port(uint16_t *port)
{
    struct evhttp_bound_socket *bound = evhttp_bind_socket_with_handle(server, "127.0.0.1", *port);
    struct sockaddr_in address;
    socklen_t len = sizeof(address);
    if (!bound ||
        getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&address, &len) != 0) {
        fprintf(stderr, "shop: cannot listen on 127.0.0.1:%u\n", *port);
        return -1;
    }
    *port = ntohs(address.sin_port);
    return 0;
}

int http_start(struct event_base *base, uint16_t *port)
{
    server = evhttp_new(base);
    done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (!server || done_fd < 0 || bind_port(port) < 0)
        return -1;
    done_event = event_new(base, done_fd, EV_READ | EV_PERSIST, on_done, NULL);
    event_add(done_event, NULL);
    smk_lock_name(&done_lock, "done_lock");
    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
        evhttp_set_cb(server, routes[i].path, on_route, (void *)&routes[i]);
    evhttp_set_cb(server, "/health", on_health, NULL);
    evhttp_set_gencb(server, on_anything_else, NULL);
    return pool_start(shop_options.workers, job_is_done);
}

void http_stop(void)
{
    pool_stop();
    reply_to_all_done();
    event_free(done_event);
    evhttp_free(server);
    close(done_fd);
}
