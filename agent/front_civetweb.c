/* front_civetweb.c: TCP, through civetweb, which parses requests and lends its workers; nothing else.
 *
 * libcivetweb is loaded when an address is given, and what it calls is answered by tcp_calls.c. Its
 * begin_request callback comes before everything of its own (preflights, handlers, files) and always says
 * that the request is handled. A worker hands the exchange to the control loop, waits for the answer, and
 * writes it itself, so that how slow a client may be is decided here.
 */
#define _GNU_SOURCE
#include <civetweb.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/atomic.h"
#include "base/errors.h"
#include "base/lock.h"
#include "base/sys.h"
#include "tcp_calls.h"
#include "front.h"
#include "tcp_client.h"

#define LIBRARY "libcivetweb.so.1"
#define PACKAGE "libcivetweb1"

/* Beside those who wait or download, these answer what is quick. */
#define SPARE_WORKERS 4
#define NEXT_PORTS    20

static struct {
    void *library;
    unsigned (*init_library)(unsigned features);
    struct mg_context *(*start)(const struct mg_callbacks *callbacks, void *data,
                                const char **options);
    void (*stop)(struct mg_context *context);
    int (*server_ports)(const struct mg_context *context, int size, struct mg_server_port *ports);
    const struct mg_request_info *(*request_info)(const struct mg_connection *connection);
    int (*read)(struct mg_connection *connection, void *buf, size_t len);
} civetweb; /* the control loop's; the workers read it */

static struct mg_context *context; /* the control loop's */
static uint64_t body_ns;           /* atomic: for a body to arrive */

static struct smk_lock address_lock = SMK_LOCK_INIT(SMK_RANK_DOORS);
static char bound[64]; /* address_lock */

/* ---- the library ----------------------------------------------------------------------------- */

static int load(void)
{
    if (civetweb.library)
        return 0;
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return smk_fail(SMK_E_UNAVAILABLE,
                        "listen: the TCP front needs %s (Debian: apt install %s): %s", LIBRARY,
                        PACKAGE, dlerror());
    *(void **)&civetweb.init_library = dlsym(library, "mg_init_library");
    *(void **)&civetweb.start = dlsym(library, "mg_start");
    *(void **)&civetweb.stop = dlsym(library, "mg_stop");
    *(void **)&civetweb.server_ports = dlsym(library, "mg_get_server_ports");
    *(void **)&civetweb.request_info = dlsym(library, "mg_get_request_info");
    *(void **)&civetweb.read = dlsym(library, "mg_read");
    if (!civetweb.read || !civetweb.init_library || !civetweb.start || !civetweb.stop || !civetweb.server_ports ||
        !civetweb.request_info)
        return smk_fail(SMK_E_UNAVAILABLE, "listen: %s lacks functions that version 1.15 has",
                        LIBRARY);
    int rc = smk_tcp_calls_replace(library);
    if (rc < 0)
        return rc;
    civetweb.init_library(0); /* 0: no TLS, which would load more libraries into the host */
    civetweb.library = library;
    return 0;
}

/* ---- requests -------------------------------------------------------------------------------- */

static void read_head(struct smk_gate_head *head, const struct mg_request_info *info)
{
    uint32_t address;
    head->front = SMK_FRONT_TCP;
    head->method = info->request_method ? info->request_method : "";
    head->path = info->request_uri ? info->request_uri : "";
    head->query = info->query_string;
    for (int i = 0; i < info->num_headers && i < SMK_GATE_HEADERS; i++) {
        head->headers[i].name = info->http_headers[i].name;
        head->headers[i].value = info->http_headers[i].value;
    }
    head->header_count = (uint32_t)info->num_headers;
    head->peer_is_local = smk_parse_quad(info->remote_addr, strlen(info->remote_addr), &address) &&
                          smk_quad_is_loopback(address);
}

/* It waits for each piece as long as for a head; whoever sends byte by byte is cut when as much time has passed
 * in all. */
static bool read_body(void *arg, char *to, size_t len)
{
    uint64_t until = smk_sys_clock(CLOCK_MONOTONIC) + smk_load_relaxed(&body_ns);
    while (len > 0) {
        int n = civetweb.read(arg, to, len);
        if (n <= 0 || smk_sys_clock(CLOCK_MONOTONIC) > until)
            return false;
        to += n;
        len -= (size_t)n;
    }
    return true;
}

static int begin_request(struct mg_connection *connection)
{
    const struct mg_request_info *info = civetweb.request_info(connection);
    struct smk_gate_head head = {.read_body = read_body, .body_arg = connection};
    struct smk_tcp_client client = {.fd = smk_tcp_connection()};
    char peer[64];
    read_head(&head, info);
    snprintf(peer, sizeof(peer), "%s:%d", info->remote_addr, info->remote_port);
    client.is_head = strcmp(head.method, "HEAD") == 0;
    client.knows_chunks = info->http_version && strcmp(info->http_version, "1.1") == 0;
    smk_tcp_serve(&client, &head, peer);
    smk_tcp_connection_done();
    return client.status > 0 ? client.status : 499;
}

/* What civetweb refuses by itself: a head that it cannot parse, or that does not come. */
static int http_error(struct mg_connection *connection, int status, const char *message)
{
    struct smk_tcp_client client = {.fd = smk_tcp_connection()};
    (void)connection;
    smk_tcp_refuse(&client, status, message);
    smk_tcp_connection_done();
    return 0;
}

static int log_message(const struct mg_connection *connection, const char *message)
{
    (void)connection;
    (void)message;
    return 1; /* said: it writes nothing anywhere */
}

/* ---- start and stop -------------------------------------------------------------------------- */

void smk_front_tcp_address(char *text, size_t size)
{
    smk_lock(&address_lock);
    snprintf(text, size, "%s", bound);
    smk_unlock(&address_lock);
}

static void publish(const char *host, int port)
{
    smk_lock(&address_lock);
    bound[0] = '\0';
    if (host)
        snprintf(bound, sizeof(bound), "%.40s:%d", host, port);
    smk_unlock(&address_lock);
}

static struct mg_context *start_at(const char *address, const struct smk_settings *settings)
{
    char workers[16], timeout[24];
    struct mg_callbacks callbacks = {.begin_request = begin_request,
                                     .http_error = http_error,
                                     .log_message = log_message,
                                     .log_access = log_message};
    const char *options[] = {
        "listening_ports",
        address,
        "num_threads",
        workers,
        "connection_queue",
        "16",
        "listen_backlog",
        "64",
        "request_timeout_ms",
        timeout,
        "max_request_size",
        "8192",
        "enable_keep_alive",
        "no",
        "tcp_nodelay",
        "1",
        "decode_url",
        "no",
        "enable_auth_domain_check",
        "no",
        "enable_directory_listing",
        "no",
        "enable_websocket_ping_pong",
        "no",
        "allow_sendfile_call",
        "no",
        "access_control_allow_origin",
        "",
        "access_control_allow_methods",
        "",
        "access_control_allow_headers",
        "",
        settings->allow_remote ? NULL : "access_control_list",
        "-0.0.0.0/0,+127.0.0.0/8",
        NULL,
    };
    snprintf(workers, sizeof(workers), "%u", (unsigned)settings->http_clients + SPARE_WORKERS);
    snprintf(timeout, sizeof(timeout), "%llu",
             (unsigned long long)(settings->http_timeout / 1000000));
    return civetweb.start(&callbacks, NULL, options);
}

/* Tries the ports from `port` on; the first only, unless listen_next is set. */
static int start_near(const char *host, int port, const struct smk_settings *settings)
{
    char address[64];
    struct mg_server_port ports[2];
    int last = settings->listen_next && port != 0 ? port + NEXT_PORTS : port;
    for (; port <= last && port <= 65535; port++) {
        snprintf(address, sizeof(address), "%s:%d", host, port);
        context = start_at(address, settings);
        if (context || smk_tcp_bind_error() != EADDRINUSE)
            break;
    }
    if (!context && smk_tcp_bind_error() != 0)
        return smk_fail_errno(smk_tcp_bind_error(), "listen: %s", settings->listen);
    if (!context)
        return smk_fail(SMK_E_IO, "listen: %s: civetweb did not start", settings->listen);
    memset(ports, 0, sizeof(ports));
    civetweb.server_ports(context, 2, ports);
    publish(host, ports[0].port);
    return 0;
}

int smk_front_tcp_start(const struct smk_settings *settings)
{
    char host[16];
    uint32_t address;
    uint16_t port;
    context = NULL;
    publish(NULL, 0);
    if (!smk_parse_listen(settings->listen, &address, &port))
        return smk_fail(SMK_E_INVALID,
                        "listen: '%s': allowed is an IPv4 address and a port, as in 127.0.0.1:6060",
                        settings->listen);
    snprintf(host, sizeof(host), "%u.%u.%u.%u", address >> 24, address >> 16 & 255,
             address >> 8 & 255, address & 255);
    int rc = load();
    if (rc < 0)
        return rc;
    smk_tcp_open(settings);
    smk_store_relaxed(&body_ns, settings->http_timeout);
    return start_near(host, port, settings);
}

void smk_front_tcp_reset_in_child(void)
{
    smk_lock_reset(&address_lock);
    smk_tcp_calls_reset_in_child();
    bound[0] = '\0';
    context = NULL; /* its threads did not come along: it is left as it is */
}

/* The workers give up what they wait for before they are joined: they may wait for this very thread. */
void smk_front_tcp_stop(void)
{
    publish(NULL, 0);
    if (!context)
        return;
    smk_tcp_end();
    smk_tcp_shutdown_all();
    civetweb.stop(context);
    context = NULL;
}
