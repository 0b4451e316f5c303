#include "server.h"

#include <civetweb.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/errors.h"
#include "hosts.h"
#include "page.h"

#define LIBRARY "libcivetweb.so.1"
#define PACKAGE "libcivetweb1"

static struct {
    void *library;
    unsigned (*init_library)(unsigned features);
    struct mg_context *(*start)(const struct mg_callbacks *callbacks, void *data, const char **options);
    void (*stop)(struct mg_context *context);
    int (*server_ports)(const struct mg_context *context, int size, struct mg_server_port *ports);
    const struct mg_request_info *(*request_info)(const struct mg_connection *connection);
    int (*write)(struct mg_connection *connection, const void *data, size_t len);
} civetweb; /* written before a worker lives */

static char complaint[200]; /* what civetweb said last while it started */

static int load(void)
{
    if (civetweb.library)
        return 0;
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        return smk_fail(SMK_E_UNAVAILABLE, "the viewer's server needs %s (Debian: apt install %s): %s", LIBRARY,
                        PACKAGE, dlerror());
    *(void **)&civetweb.init_library = dlsym(library, "mg_init_library");
    *(void **)&civetweb.start = dlsym(library, "mg_start");
    *(void **)&civetweb.stop = dlsym(library, "mg_stop");
    *(void **)&civetweb.server_ports = dlsym(library, "mg_get_server_ports");
    *(void **)&civetweb.request_info = dlsym(library, "mg_get_request_info");
    *(void **)&civetweb.write = dlsym(library, "mg_write");
    if (!civetweb.init_library || !civetweb.start || !civetweb.stop || !civetweb.server_ports ||
        !civetweb.request_info || !civetweb.write)
        return smk_fail(SMK_E_UNAVAILABLE, "%s lacks functions that version 1.15 has", LIBRARY);
    civetweb.init_library(0);
    civetweb.library = library;
    return 0;
}

/* ---- requests ------------------------------------------------------------------------------------------- */

static void keep_header(struct smk_web_request *request, const char *name, const char *value)
{
    const struct {
        const char *name;
        const char **to;
    } kept[] = {{"host", &request->host},
                {"origin", &request->origin},
                {"authorization", &request->authorization},
                {"sec-fetch-site", &request->fetch_site},
                {"sec-fetch-mode", &request->fetch_mode},
                {"sec-fetch-dest", &request->fetch_dest},
                {"accept-encoding", &request->accept_encoding},
                {"if-none-match", &request->if_none_match}};
    for (size_t i = 0; i < SMK_ARRAY_LEN(kept); i++)
        if (strcasecmp(name, kept[i].name) == 0) {
            request->double_header = request->double_header || (*kept[i].to && i > 0);
            request->hosts += i == 0;
            *kept[i].to = value;
        }
}

static void read_head(struct smk_web_request *request, const struct mg_request_info *info)
{
    *request = (struct smk_web_request){.method = info->request_method ? info->request_method : "",
                                        .path = info->request_uri ? info->request_uri : "",
                                        .query = info->query_string,
                                        .headers = (unsigned)info->num_headers};
    for (int i = 0; i < info->num_headers; i++)
        keep_header(request, info->http_headers[i].name, info->http_headers[i].value);
}

/* ---- answers -------------------------------------------------------------------------------------------- */

static const char *status_name(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 304:
        return "Not Modified";
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 503:
        return "Service Unavailable";
    default:
        return "Internal Server Error";
    }
}

/* Everything that a browser is told about every answer. Frames, foreign scripts and forms are of no use here. */
#define COMMON_HEADERS                                                                                             \
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; " \
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"                          \
    "X-Content-Type-Options: nosniff\r\n"                                                                          \
    "X-Frame-Options: DENY\r\n"                                                                                    \
    "Referrer-Policy: no-referrer\r\n"                                                                             \
    "Cross-Origin-Resource-Policy: same-origin\r\n"                                                                \
    "Cross-Origin-Opener-Policy: same-origin\r\n"                                                                  \
    "Connection: close\r\n"

struct body {
    int status;
    const char *type, *headers; /* more of them, each with its line end */
    const void *data;
    size_t len;
};

static void send_body(struct mg_connection *connection, const struct smk_web_request *request, const struct body *body)
{
    char head[1600];
    int len = snprintf(head, sizeof(head),
                       "HTTP/1.1 %d %s\r\n" COMMON_HEADERS "%sContent-Type: %s\r\nContent-Length: %zu\r\n\r\n",
                       body->status, status_name(body->status), body->headers, body->type, body->len);
    if (len <= 0 || (size_t)len >= sizeof(head))
        return;
    civetweb.write(connection, head, (size_t)len);
    if (strcmp(request->method, "HEAD") != 0 && body->len > 0 && body->status != 304)
        civetweb.write(connection, body->data, body->len);
}

static void send_reply(struct mg_connection *connection, const struct smk_web_request *request,
                       const struct smk_web_reply *reply)
{
    char headers[128];
    snprintf(headers, sizeof(headers), "Cache-Control: no-store\r\n%s%s",
             reply->status == 405 ? "Allow: GET, HEAD\r\n" : "", reply->status == 503 ? "Retry-After: 1\r\n" : "");
    struct body body = {reply->status, reply->type, headers, reply->data, reply->len};
    send_body(connection, request, &body);
}

/* "gzip" as a word of its own, and not "gzip;q=0". */
static bool takes_gzip(const char *accept)
{
    for (const char *at = accept; at && (at = strstr(at, "gzip")) != NULL; at += 4) {
        const char *behind = at + 4 + strspn(at + 4, " ");
        bool begins = at == accept || at[-1] == ',' || at[-1] == ' ';
        if (begins && (*behind == '\0' || *behind == ',' || (*behind == ';' && !strstr(behind, "q=0"))))
            return true;
    }
    return false;
}

static void send_file(struct mg_connection *connection, const struct smk_web_request *request,
                      const struct smk_page_file *file)
{
    char headers[200], tag[40];
    bool packed = takes_gzip(request->accept_encoding);
    size_t len = file->len;
    char *plain = packed ? NULL : smk_page_unpack(file, &len);
    snprintf(tag, sizeof(tag), "\"%s-%s\"", file->tag, packed ? "gzip" : "plain");
    bool same = request->if_none_match && strstr(request->if_none_match, tag);
    snprintf(headers, sizeof(headers), "Cache-Control: no-cache\r\nVary: Accept-Encoding\r\nETag: %s\r\n%s", tag,
             packed ? "Content-Encoding: gzip\r\n" : "");
    struct body body = {same ? 304 : 200, file->type, headers, plain ? plain : (const void *)file->packed, len};
    if (packed || plain)
        send_body(connection, request, &body);
    free(plain);
}

/* ---- a thread for an answer ----------------------------------------------------------------------------- */

/* civetweb's workers have stacks of 100 KiB, and what reads DWARF puts more on one. */
#define STACK_BYTES (8u << 20)

struct answer {
    struct smk_web_server *server;
    const struct smk_web_request *request;
    struct smk_web_reply *reply;
};

static void *run_answer(void *arg)
{
    struct answer *answer = arg;
    answer->server->answer(answer->server->arg, answer->request->path, answer->request->query, answer->reply);
    return NULL;
}

static void make_answer(struct smk_web_server *server, const struct smk_web_request *request,
                        struct smk_web_reply *reply)
{
    struct answer answer = {server, request, reply};
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    if (pthread_create(&thread, &attributes, run_answer, &answer) == 0)
        pthread_join(thread, NULL);
    else
        smk_web_refuse(reply, 503, "the system gives no thread for the answer");
    pthread_attr_destroy(&attributes);
}

static int begin_request(struct mg_connection *connection)
{
    const struct mg_request_info *info = civetweb.request_info(connection);
    struct smk_web_server *server = info->user_data;
    struct smk_web_request request;
    struct smk_web_reply reply;
    const struct smk_page_file *file = NULL;
    read_head(&request, info);
    smk_web_reply_init(&reply);
    if (smk_web_may_enter(&reply, &request, server->token)) {
        file = smk_page_find(request.path);
        if (strncmp(request.path, "/api/", 5) == 0)
            make_answer(server, &request, &reply);
        else if (!file)
            smk_web_refuse(&reply, 404, "there is no such path; allowed: /");
    }
    if (file)
        send_file(connection, &request, file);
    else
        send_reply(connection, &request, &reply);
    int status = file ? 200 : reply.status;
    smk_web_reply_free(&reply);
    return status;
}

/* What civetweb refuses by itself: a head that it cannot parse, or that does not come. */
static int http_error(struct mg_connection *connection, int status, const char *message)
{
    struct smk_web_request request = {.method = "GET"};
    struct smk_web_reply reply;
    smk_web_reply_init(&reply);
    smk_web_refuse(&reply, status == 503 ? 503 : 400, "%.200s", message);
    send_reply(connection, &request, &reply);
    smk_web_reply_free(&reply);
    return 0;
}

static int log_message(const struct mg_connection *connection, const char *message)
{
    if (!connection && !complaint[0])
        snprintf(complaint, sizeof(complaint), "%s", message);
    return 1; /* said: it writes nothing anywhere */
}

/* ---- start and stop ------------------------------------------------------------------------------------- */

static struct mg_context *start_at(struct smk_web_server *server, const char *address)
{
    char workers[16];
    struct mg_callbacks callbacks = {.begin_request = begin_request, .http_error = http_error,
                                     .log_message = log_message, .log_access = log_message};
    const char *options[] = {"listening_ports", address, "num_threads", workers, "connection_queue", "64",
                             "listen_backlog", "64", "request_timeout_ms", "10000", "max_request_size", "8192",
                             "enable_keep_alive", "no", "tcp_nodelay", "1", "decode_url", "no",
                             "enable_auth_domain_check", "no", "enable_directory_listing", "no",
                             "allow_sendfile_call", "no", "access_control_allow_origin", "",
                             "access_control_allow_methods", "", "access_control_allow_headers", "",
                             "access_control_list", "-0.0.0.0/0,+127.0.0.0/8", NULL};
    snprintf(workers, sizeof(workers), "%u", SMK_WEB_WORKERS);
    complaint[0] = '\0';
    return civetweb.start(&callbacks, server, options);
}

static int parse(const char *listen, uint32_t *quad, uint16_t *port)
{
    if (!smk_parse_listen(listen, quad, port))
        return smk_fail(SMK_E_INVALID, "'%s' is no address to listen at; allowed is one of this machine's own, as "
                        "127.0.0.1:8080, or with port 0, which takes a free one", listen);
    if (!smk_quad_is_loopback(*quad))
        return smk_fail(SMK_E_INVALID, "'%s' can be reached from other machines; allowed is 127.0.0.1 and a port "
                        "(from elsewhere: ssh -L 8080:127.0.0.1:8080)", listen);
    return 0;
}

int smk_web_server_check(const char *listen)
{
    uint32_t quad;
    uint16_t port;
    return parse(listen, &quad, &port);
}

int smk_web_server_start(struct smk_web_server *server)
{
    char address[64];
    uint32_t quad;
    uint16_t port;
    struct mg_server_port ports[2] = {{0}};
    int rc = parse(server->listen, &quad, &port);
    if (rc < 0)
        return rc;
    if (!smk_web_token_make(server->token))
        return smk_fail(SMK_E_UNAVAILABLE, "the system gave no random bytes for a token");
    rc = load();
    if (rc < 0)
        return rc;
    snprintf(address, sizeof(address), "%u.%u.%u.%u:%u", quad >> 24, quad >> 16 & 255, quad >> 8 & 255, quad & 255,
             port);
    server->context = start_at(server, address);
    if (!server->context)
        return smk_fail(SMK_E_IO, "%s: the server did not start: %s", server->listen,
                        complaint[0] ? complaint : "civetweb does not say why");
    civetweb.server_ports(server->context, 2, ports);
    snprintf(server->address, sizeof(server->address), "%u.%u.%u.%u:%d", quad >> 24, quad >> 16 & 255,
             quad >> 8 & 255, quad & 255, ports[0].port);
    return 0;
}

void smk_web_server_stop(struct smk_web_server *server)
{
    if (server->context)
        civetweb.stop(server->context);
    server->context = NULL;
}
