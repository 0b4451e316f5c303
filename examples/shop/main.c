/* The shop: flags, start, end. `shop --help` says what it can do wrong. */
#include <event2/thread.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shop.h"
#ifdef SHOP_AGENT
#include <stallmark/agent.h>
#endif

struct shop_options shop_options = {
    .port = 8080, .debug = "127.0.0.1:6060", .log_path = "shop.log", .workers = 16, .disk_ms = 4};

static const char usage[] =
    "usage: shop [--port N] [--debug ADDRESS] [--log FILE] [--workers N] [--disk-ms N] [--fault NAME]…\n"
    "\n"
    "  --port N         of the shop on 127.0.0.1, 0: any (8080)\n"
    "  --debug ADDRESS  of the tracer's HTTP front; none: the unix socket alone (127.0.0.1:6060)\n"
    "  --log FILE       the audit log (shop.log)\n"
    "  --workers N      threads that work, 1 to 256 (16)\n"
    "  --disk-ms N      what a flush of the log takes at least, 0 to 999 (4)\n"
    "  --fault NAME     misbehave; may be given several times\n"
    "      cart-lock          the log is rendered and flushed while the cart is locked\n"
    "      serial-backends    three backends are asked one after the other\n"
    "\n"
    "GET /cart?item=N, /checkout, /product?item=N, /health\n";

static int bad(const char *option, const char *value, const char *allowed)
{
    fprintf(stderr, "shop: '%s' is no value for --%s; allowed is %s\n", value, option, allowed);
    return -1;
}

static int set_fault(const char *name)
{
    if (strcmp(name, "cart-lock") == 0)
        shop_options.fault_cart_lock = true;
    else if (strcmp(name, "serial-backends") == 0)
        shop_options.fault_sequential = true;
    else
        return bad("fault", name, "cart-lock, serial-backends");
    return 0;
}

static int set_number(unsigned *value, const char *option, const char *text, unsigned least,
                      unsigned most)
{
    char *end, allowed[32];
    unsigned long number = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || number < least || number > most) {
        snprintf(allowed, sizeof(allowed), "%u to %u", least, most);
        return bad(option, text, allowed);
    }
    *value = (unsigned)number;
    return 0;
}

static int set_port(const char *text)
{
    unsigned port = 0;
    if (set_number(&port, "port", text, 0, 65535) < 0)
        return -1;
    shop_options.port = (uint16_t)port;
    return 0;
}

static int read_options(int argc, char **argv)
{
    static const struct option options[] = {
        {"port", required_argument, NULL, 'p'},    {"debug", required_argument, NULL, 'd'},
        {"log", required_argument, NULL, 'l'},     {"workers", required_argument, NULL, 'w'},
        {"disk-ms", required_argument, NULL, 'k'}, {"fault", required_argument, NULL, 'f'},
        {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0},
    };
    int option, bad_value = 0;
    while (!bad_value && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'h') {
            fputs(usage, stdout);
            exit(0);
        }
        if (option == 'p')
            bad_value = set_port(optarg);
        else if (option == 'd')
            shop_options.debug = optarg;
        else if (option == 'l')
            shop_options.log_path = optarg;
        else if (option == 'w')
            bad_value = set_number(&shop_options.workers, "workers", optarg, 1, 256);
        else if (option == 'k')
            bad_value = set_number(&shop_options.disk_ms, "disk-ms", optarg, 0, 999);
        else if (option == 'f')
            bad_value = set_fault(optarg);
        else
            bad_value = -1;
    }
    return bad_value || optind != argc ? -1 : 0;
}

static void on_signal(evutil_socket_t number, short what, void *base)
{
    (void)number;
    (void)what;
    event_base_loopexit(base, NULL);
}

/* Without a tracer the shop serves all the same. */
static void start_agent(struct event_base *base)
{
    (void)base;
#ifdef SHOP_AGENT
    smk_agent_options options = SMK_AGENT_OPTIONS;
    if (strcmp(shop_options.debug, "none") != 0)
        options.listen = shop_options.debug;
    if (smk_agent_start(&options) < 0) {
        fprintf(stderr, "shop: no tracing: %s\n", smk_last_error());
        return;
    }
    char address[80];
    smk_agent_address(address, sizeof(address));
    if (address[0])
        printf("shop: tracer on http://%s/debug/\n", address);
#endif
}

static void stop_agent(void)
{
#ifdef SHOP_AGENT
    smk_agent_stop();
#endif
}

static int run(struct event_base *base)
{
    struct event *term = evsignal_new(base, SIGTERM, on_signal, base);
    struct event *interrupt = evsignal_new(base, SIGINT, on_signal, base);
    event_add(term, NULL);
    event_add(interrupt, NULL);
    printf("shop: http://127.0.0.1:%u/\n", shop_options.port);
    fflush(stdout);
    event_base_dispatch(base);
    event_free(term);
    event_free(interrupt);
    return 0;
}

int main(int argc, char **argv)
{
    if (read_options(argc, argv) < 0) {
        fputs(usage, stderr);
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    evthread_use_pthreads();
    struct event_base *base = event_base_new();
    smk_thread_name("loop");
    cart_init();
    start_agent(base);
    if (!base || log_open(shop_options.log_path) < 0 || backends_start() < 0 ||
        http_start(base, &shop_options.port) < 0)
        return 1;
    run(base);
    http_stop();
    backends_stop();
    log_close();
    stop_agent();
    event_base_free(base);
    return 0;
}
