/* A shop of one thread: an evhttp on an event loop, with a timer beside it. Its callbacks and its requests have names
 * in a trace by one line each (stallmark/libevent.h).
 *
 * With --fault slow-callback the timer's callback writes the figures of the day where it should not: 300 ms, in which
 * no request is read. Without it the shop is healthy.
 *
 *     evshop --port 8080 --fault slow-callback
 *     curl -OJ 'http://127.0.0.1:6060/debug/trace?duration=5s&wait=1'      while somebody asks for /cart
 */
#include <getopt.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stallmark/agent.h>
#include <stallmark/libevent.h>

static const char usage[] = "usage: evshop [--port N] [--debug ADDRESS] [--fault slow-callback]\n"
                            "\n"
                            "  --port N         of the shop on 127.0.0.1, 0: any (8080)\n"
                            "  --debug ADDRESS  of the tracer's HTTP front; none: the unix socket alone (none)\n"
                            "  --fault NAME     misbehave\n"
                            "      slow-callback      a timer's callback takes 300 ms\n"
                            "\n"
                            "GET /cart, /order (answered 5 ms later, in another callback), /count\n";

static int port = 8080;
static const char *debug = "none";
static int slow;
static unsigned long served;

static void reply(struct evhttp_request *req, const char *text)
{
    struct evbuffer *body = evbuffer_new();
    evbuffer_add_printf(body, "%s\n", text);
    evhttp_send_reply(req, HTTP_OK, NULL, body);
    evbuffer_free(body);
    served++;
}

static void get_cart(struct evhttp_request *req, void *arg)
{
    SMK_EVHTTP_REQUEST(req);
    (void)arg;
    reply(req, "one apple");
}

/* Not a request that the trace should have: how many there were. */
static void get_count(struct evhttp_request *req, void *arg)
{
    char text[32];
    (void)arg;
    snprintf(text, sizeof text, "%lu", served);
    served--;
    reply(req, text);
}

/* ---- an answer that comes from another callback ---------------------------------------------------------- */

struct order {
    struct evhttp_request *req;
    struct event *timer;
};

static void on_packed(evutil_socket_t fd, short what, void *arg)
{
    struct order *order = arg;
    (void)fd;
    (void)what;
    reply(order->req, "ordered");
    smk_event_free(order->timer);
    free(order);
}

static void post_order(struct evhttp_request *req, void *arg)
{
    SMK_EVHTTP_REQUEST(req);
    struct event_base *base = arg;
    struct order *order = calloc(1, sizeof *order);
    if (!order) {
        evhttp_send_error(req, HTTP_INTERNAL, NULL);
        return;
    }
    order->req = req;
    order->timer = smk_event_new(base, -1, 0, on_packed, order);
    smk_event_add(order->timer, &(struct timeval){.tv_usec = 5000});
}

/* ---- the timer ------------------------------------------------------------------------------------------- */

/* As a slow disk would. */
__attribute__((noinline)) static void write_figures(void)
{
    nanosleep(&(struct timespec){.tv_nsec = slow ? 300000000 : 100000}, NULL);
}

static void on_figures(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)arg;
    write_figures();
}

/* ---- the program ----------------------------------------------------------------------------------------- */

static void anything_else(struct evhttp_request *req, void *arg)
{
    (void)arg;
    if (!smk_agent_handle_evhttp(req)) /* /debug/… */
        evhttp_send_error(req, HTTP_NOTFOUND, NULL);
}

static void on_signal(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    event_base_loopbreak(arg);
}

static void start_agent(void)
{
    smk_agent_options options = SMK_AGENT_OPTIONS;
    options.recorder = "1m";
    if (strcmp(debug, "none") != 0)
        options.listen = debug;
    if (smk_agent_start(&options) < 0)
        fprintf(stderr, "evshop: no tracing: %s\n", smk_last_error());
}

static int parse(int argc, char **argv)
{
    static const struct option options[] = {{"port", required_argument, NULL, 'p'},
                                            {"debug", required_argument, NULL, 'd'},
                                            {"fault", required_argument, NULL, 'f'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        char *end = optarg;
        if (option == 'p')
            port = (int)strtol(optarg, &end, 10);
        else if (option == 'd')
            debug = optarg;
        else if (option == 'f' && strcmp(optarg, "slow-callback") == 0)
            slow = 1;
        else if (option == 'h')
            return fputs(usage, stdout) < 0 ? 1 : 0;
        else
            return fputs(usage, stderr) < 0 ? 1 : 2;
        if (option == 'p' && (end == optarg || *end || port < 0 || port > 65535))
            return fprintf(stderr, "evshop: '%s' is no port; allowed is 0 to 65535\n", optarg) < 0 ? 1 : 2;
    }
    return -1;
}

static int serve(struct event_base *base)
{
    struct sockaddr_in address;
    socklen_t size = sizeof address;
    struct evhttp *http = evhttp_new(base);
    evhttp_set_cb(http, "/cart", get_cart, NULL);
    evhttp_set_cb(http, "/order", post_order, base);
    evhttp_set_cb(http, "/count", get_count, NULL);
    evhttp_set_gencb(http, anything_else, NULL);
    struct evhttp_bound_socket *bound = evhttp_bind_socket_with_handle(http, "127.0.0.1", (unsigned short)port);
    if (!bound || getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&address, &size) != 0) {
        fprintf(stderr, "evshop: port %d is not to be had\n", port);
        evhttp_free(http);
        return 2;
    }
    struct event *figures = smk_event_new(base, -1, EV_PERSIST, on_figures, NULL);
    smk_event_add(figures, &(struct timeval){.tv_usec = 700000});
    struct event *term = evsignal_new(base, SIGTERM, on_signal, base);
    event_add(term, NULL);
    printf("evshop: http://127.0.0.1:%d/\n", ntohs(address.sin_port));
    fflush(stdout);
    event_base_dispatch(base);
    event_free(term);
    smk_event_free(figures);
    evhttp_free(http);
    return 0;
}

int main(int argc, char **argv)
{
    int status = parse(argc, argv);
    if (status >= 0)
        return status;
    struct event_base *base = event_base_new();
    if (!base)
        return 2;
    start_agent();
    status = serve(base);
    event_base_free(base);
    smk_agent_stop();
    return status;
}
