/* client.h: a client that sends exactly the bytes it is told to, and a host process to send them to. */
#ifndef SMK_TESTS_HTTP_CLIENT_H
#define SMK_TESTS_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/compiler.h"

#define expect(condition, ...)                                                                                     \
    do {                                                                                                           \
        if (!(condition))                                                                                          \
            fail_msg(__VA_ARGS__);                                                                                 \
    } while (0)

enum door { DOOR_TCP, DOOR_UNIX, DOOR_EVHTTP };

static const enum door doors[] __attribute__((unused)) = {DOOR_TCP, DOOR_UNIX, DOOR_EVHTTP};
static const char *const door_names[] __attribute__((unused)) = {"tcp", "unix", "evhttp"};
#define DOORS SMK_ARRAY_LEN(doors)

/* ---- the host (host.c) -------------------------------------------------------------------------------- */

struct host {
    pid_t pid;
    FILE *commands, *says;
    int tcp_port; /* 0: no TCP front */
    int own_port;
    char directory[64]; /* of its own: its captures are in captures/, its socket is agent.sock */
    char socket[96], captures[96];
    char refused[640]; /* why the agent did not start; "": it did */
    long ended_ms;     /* after host_stop: how long smk_agent_stop took */
    long foreign, closed; /* after host_stop, with "closeall": see host.c; else -1 */
};

/* Starts one with the settings "name=value", up to NULL. "listen=127.0.0.1:0", a socket and a directory are
 * given to it unless they are among them. Fails the test when it does not come up. */
void host_start(struct host *host, ...) __attribute__((sentinel));
/* Ends it; fails the test when it did not end well. */
void host_stop(struct host *host);
/* What it says to the command, without the line end. */
const char *host_obeys(struct host *host, const char *command);

unsigned host_fds(const struct host *host);
unsigned host_threads(const struct host *host);
/* Hundredths of seconds of CPU so far. */
unsigned long host_cpu(const struct host *host);

/* ---- connections ------------------------------------------------------------------------------------------ */

/* Fails the test when it does not connect. */
int client_connect(const struct host *host, enum door door);
/* The same, but goes on while it is not connected yet, or where there is no room for it. */
int client_connect_soon(const struct host *host, enum door door);
void client_send(int fd, const void *data, size_t len); /* whether it is taken or not */
void client_reset(int fd);                              /* closes with RST */

struct answer {
    int status; /* 0: closed without an answer; -1: nothing came in time */
    bool closed;
    char *raw; /* all that came, ended by NUL */
    size_t raw_len;
    const char *head; /* raw, up to the empty line; "" without one */
    char *body;       /* with chunks joined */
    size_t body_len;
    bool whole; /* the body is as long as it was announced, or its last chunk came */
};

/* Reads until the connection is closed, at most `ms`. */
void client_read(int fd, struct answer *answer, unsigned ms);
void answer_free(struct answer *answer);
/* The value of a header, "" when it is not there; static. */
const char *answer_header(const struct answer *answer, const char *name);
bool answer_says(const struct answer *answer, const char *text);

/* Sends the bytes on a connection of their own and reads the answer. */
void ask_bytes(const struct host *host, enum door door, struct answer *answer, const void *data,
               size_t len);
/* The same for text made by printf. */
void ask(const struct host *host, enum door door, struct answer *answer, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* A proper request: "GET", "/debug/trace?duration=1s", more headers, each with its "\r\n". */
void request(const struct host *host, enum door door, struct answer *answer, const char *method,
             const char *target, const char *headers);
/* The status of such a request, and no more. */
int status_of(const struct host *host, enum door door, const char *method, const char *target,
              const char *headers);

/* True when nothing is being recorded: asked through the unix socket. */
bool is_disarmed(const struct host *host);

void sleep_ms(unsigned ms);
uint64_t now_ms(void);

#endif
