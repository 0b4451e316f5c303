/* front_unix.c: the unix socket: evhttp on the control loop, for this user and root on this machine.
 *
 * Whoever may enter the directory may connect; who it is the kernel says when a request is dispatched. Slow
 * clients do not hold the loop: connections are few, and one that has not brought its request in time is
 * shut down.
 *
 * evhttp has no limit of connections and says neither that one began nor that it ended. So we note which
 * socket each descriptor is, in an event that runs right behind the accept, and look ten times a second which
 * of them are still the same.
 */
#define _GNU_SOURCE
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/atomic.h"
#include "base/errors.h"
#include "base/lock.h"
#include "base/sys.h"
#include "core/fds.h"
#include "evhttp_visit.h"
#include "log.h"
#include "unix_socket.h"

#define CLIENTS_MAX 32
#define BACKLOG     16
#define HEADER_MAX  8192
#define SWEEP_MS    100

static struct smk_lock path_lock = SMK_LOCK_INIT(SMK_RANK_DOORS);
static char bound_path[SMK_UNIX_PATH]; /* path_lock */

static struct {
    struct smk_evhttp_place place;
    struct smk_unix_socket socket;
    struct evhttp *http;
    struct evconnlistener *listener;
    struct event *sweep;
    uint64_t timeout_ns;
    struct event *arrival;
    struct bufferevent *arrived[CLIENTS_MAX]; /* by the accept before `arrival` runs */
    uint32_t arrived_count;
    struct connection {
        int fd; /* 0: free */
        ino_t inode;
        uint64_t since;
        bool dispatched;
    } connections[CLIENTS_MAX];
    uint32_t clients;
    bool deaf;        /* the listener is off */
    bool dispatching; /* evhttp is on the stack: it is not freed now, */
    bool stop_wanted; /* but at the next sweep */
} front;              /* the control loop's */

void smk_front_unix_path(char *text, size_t size)
{
    smk_lock(&path_lock);
    snprintf(text, size, "%s", bound_path);
    smk_unlock(&path_lock);
}

static void publish_path(const char *path)
{
    smk_lock(&path_lock);
    snprintf(bound_path, sizeof(bound_path), "%s", path);
    smk_unlock(&path_lock);
}

/* ---- connections ----------------------------------------------------------------------------- */

static void turn_deaf(bool deaf)
{
    if (deaf == front.deaf)
        return;
    front.deaf = deaf;
    if (deaf)
        evconnlistener_disable(front.listener);
    else
        evconnlistener_enable(front.listener);
}

/* evhttp asks for it when it has accepted; the descriptor is put into it behind this. */
static struct bufferevent *new_connection(struct event_base *base, void *arg)
{
    struct bufferevent *buffer = bufferevent_socket_new(base, -1, 0);
    (void)arg;
    if (!buffer || front.clients + front.arrived_count == CLIENTS_MAX)
        return buffer;
    front.arrived[front.arrived_count++] = buffer;
    event_active(front.arrival, EV_TIMEOUT, 0);
    if (front.clients + front.arrived_count == CLIENTS_MAX)
        turn_deaf(true);
    return buffer;
}

static void note(int fd)
{
    struct stat st;
    if (fd < 0 || smk_sys_fstat(fd, &st) < 0)
        return;
    for (uint32_t i = 0; i < CLIENTS_MAX; i++)
        if (front.connections[i].fd == 0) {
            front.connections[i] = (struct connection){
                .fd = fd, .inode = st.st_ino, .since = smk_sys_clock(CLOCK_MONOTONIC)};
            front.clients++;
            return;
        }
}

/* Nothing else has run since the accept: the bufferevents are all there. */
static void arrived(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)arg;
    for (uint32_t i = 0; i < front.arrived_count; i++)
        note(bufferevent_getfd(front.arrived[i]));
    front.arrived_count = 0;
}

/* One that has not brought its request in time is shut down: evhttp then closes it. */
static void sweep_connection(struct connection *at, uint64_t now)
{
    struct stat st;
    if (smk_sys_fstat(at->fd, &st) < 0 || st.st_ino != at->inode) {
        at->fd = 0;
        front.clients--;
    } else if (!at->dispatched && now - at->since > front.timeout_ns) {
        smk_sys_shutdown(at->fd, SHUT_RDWR);
        at->dispatched = true; /* once is enough */
    }
}

static void sweep(evutil_socket_t fd, short what, void *arg)
{
    uint64_t now = smk_sys_clock(CLOCK_MONOTONIC);
    (void)fd;
    (void)what;
    (void)arg;
    if (front.stop_wanted) {
        smk_front_unix_stop();
        return;
    }
    for (uint32_t i = 0; i < CLIENTS_MAX; i++)
        if (front.connections[i].fd != 0)
            sweep_connection(&front.connections[i], now);
    if (front.clients < CLIENTS_MAX)
        turn_deaf(false);
}

/* No descriptor for a connection: without a pause the loop would try again and again. */
static void accept_failed(struct evconnlistener *listener, void *arg)
{
    (void)listener;
    (void)arg;
    smk_front_count(accept_failures);
    turn_deaf(true); /* until the next sweep */
}

static void mark_dispatched(int fd)
{
    for (uint32_t i = 0; i < CLIENTS_MAX; i++)
        if (front.connections[i].fd == fd)
            front.connections[i].dispatched = true;
}

/* ---- requests -------------------------------------------------------------------------------- */

static void refuse(struct evhttp_request *request, int status)
{
    evhttp_add_header(evhttp_request_get_output_headers(request), "Connection", "close");
    evhttp_send_reply(request, status, smk_status_text(status), NULL);
}

static void dispatch(struct evhttp_request *request, void *arg)
{
    int fd = bufferevent_getfd(
        evhttp_connection_get_bufferevent(evhttp_request_get_connection(request)));
    struct ucred who;
    char peer[64];
    (void)arg;
    mark_dispatched(fd);
    front.dispatching = true;
    bool allowed = smk_unix_peer(fd, &who);
    snprintf(peer, sizeof(peer), "uid %u pid %d", (unsigned)who.uid, (int)who.pid);
    if (!allowed) {
        smk_front_count(refused);
        smk_agent_audit(peer, "the socket is not for this user", evhttp_request_get_uri(request),
                        403);
        refuse(request, 403);
    } else if (!smk_evhttp_visit_begin(&front.place, request, peer, true)) {
        refuse(request, 503);
    }
    front.dispatching = false;
}

/* ---- start and stop -------------------------------------------------------------------------- */

static int open_http(const struct smk_settings *settings)
{
    struct timeval timeout = {.tv_sec = (time_t)(settings->http_timeout / 1000000000u),
                              .tv_usec = (suseconds_t)(settings->http_timeout / 1000 % 1000000)};
    struct timeval every = {.tv_usec = SWEEP_MS * 1000};
    struct event_base *base = front.place.base;
    front.http = evhttp_new(base);
    front.listener =
        evconnlistener_new(base, NULL, NULL, LEV_OPT_CLOSE_ON_EXEC, 0, front.socket.fd);
    front.sweep = event_new(base, -1, EV_PERSIST, sweep, NULL);
    front.arrival = event_new(base, -1, 0, arrived, NULL);
    if (!front.http || !front.listener || !front.arrival || !front.sweep ||
        event_add(front.sweep, &every) < 0)
        return smk_fail(SMK_E_NOMEM, "no memory for the unix socket's server");
    evhttp_set_bevcb(front.http, new_connection, NULL);
    evhttp_set_gencb(front.http, dispatch, NULL);
    evhttp_set_max_headers_size(front.http, HEADER_MAX);
    evhttp_set_max_body_size(front.http, SMK_GATE_BODY);
    evhttp_set_timeout_tv(front.http, &timeout);
    /* Those that are not listed evhttp answers with 501 by itself. */
    evhttp_set_allowed_methods(front.http, EVHTTP_REQ_GET | EVHTTP_REQ_HEAD | EVHTTP_REQ_POST |
                                               EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE |
                                               EVHTTP_REQ_OPTIONS | EVHTTP_REQ_TRACE |
                                               EVHTTP_REQ_PATCH);
    evconnlistener_set_error_cb(front.listener, accept_failed);
    if (!evhttp_bind_listener(front.http, front.listener))
        return smk_fail(SMK_E_NOMEM, "no memory for the unix socket's server");
    return 0;
}

/* On the loop's own thread the answer is sent at once. */
static void answered(struct smk_evhttp_visit *visit)
{
    smk_evhttp_visit_send(visit);
}

int smk_front_unix_start(struct event_base *base, const struct smk_settings *settings)
{
    if (settings->socket && strcmp(settings->socket, "off") == 0)
        return 0;
    memset(&front, 0, sizeof(front));
    int rc = smk_unix_socket_open(&front.socket, settings->socket, BACKLOG);
    if (rc < 0)
        return rc;
    front.place = (struct smk_evhttp_place){.front = SMK_FRONT_UNIX,
                                            .base = base,
                                            .stall_ns = settings->http_stall,
                                            .answered = answered};
    front.timeout_ns = settings->http_timeout;
    rc = open_http(settings);
    if (rc < 0)
        smk_front_unix_stop();
    else
        publish_path(front.socket.path);
    return rc;
}

void smk_front_unix_reset_in_child(void)
{
    smk_lock_reset(&path_lock);
    bound_path[0] = '\0';
    memset(&front, 0,
           sizeof(front)); /* what it points to stays, unused; the file is the parent's */
}

void smk_front_unix_stop(void)
{
    publish_path("");
    if (front.dispatching) { /* what is asked for made us find out that our threads may too much */
        front.stop_wanted = true;
        turn_deaf(true);
        return;
    }
    if (front.http)
        evhttp_free(front.http); /* with its connections, visits and, once bound, its listener */
    else if (front.listener)
        evconnlistener_free(front.listener);
    if (front.sweep)
        event_free(front.sweep);
    if (front.arrival)
        event_free(front.arrival);
    smk_unix_socket_close(&front.socket);
    memset(&front, 0, sizeof(front));
}
