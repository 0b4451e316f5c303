/* front_evhttp.c: a service's own evhttp as a door: smk_agent_handle_evhttp().
 *
 * It runs on the thread of the service's event base and never waits. Answers are filled on the control loop's
 * thread and come back through a relay, one for each base that has requests open:
 *
 *     service's thread                        control loop
 *     visit ── smk_exchange_submit ─────────▶ handler
 *     relay's event ◀── eventfd ◀── relay ◀── answered
 *
 * A base does not say when it is freed. So a relay lives only as long as visits of its base do, and those end
 * with their connections, which the service frees before the base.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/lock.h"
#include "base/sys.h"
#include "control.h"
#include "core/fds.h"
#include "evhttp_visit.h"
#include "heap.h"
#include "stallmark/agent.h"

struct relay {
    struct smk_evhttp_place place; /* first: a visit's place is its relay */
    struct event *event;
    int fd;
    uint32_t visits; /* the service's thread's */
    struct smk_lock lock;
    struct smk_evhttp_visit *first_answered, **last; /* lock */
    struct relay *next;                              /* relays_lock */
};

static struct smk_lock relays_lock = SMK_LOCK_INIT(SMK_RANK_DOORS);
static struct relay *relays; /* relays_lock */

/* ---- answers on their way back -------------------------------------------------------------------------- */

/* On the control loop's thread. The eventfd is written under the lock: behind it the relay may be gone. */
static void answered(struct smk_evhttp_visit *visit)
{
    struct relay *relay = (struct relay *)visit->place;
    uint64_t one = 1;
    smk_lock(&relay->lock);
    visit->next = NULL;
    *relay->last = visit;
    relay->last = &visit->next;
    smk_sys_write(relay->fd, &one, sizeof(one));
    smk_unlock(&relay->lock);
}

static struct smk_evhttp_visit *take_answered(struct relay *relay)
{
    smk_lock(&relay->lock);
    struct smk_evhttp_visit *first = relay->first_answered;
    relay->first_answered = NULL;
    relay->last = &relay->first_answered;
    smk_unlock(&relay->lock);
    return first;
}

/* The relay is held by one visit more meanwhile: sending may end the last one. */
static void release(struct relay *relay);

static void woken(evutil_socket_t fd, short what, void *arg)
{
    struct relay *relay = arg;
    uint64_t count;
    (void)what;
    smk_sys_read(fd, &count, sizeof(count));
    relay->visits++;
    for (struct smk_evhttp_visit *visit = take_answered(relay), *next; visit; visit = next) {
        next = visit->next;
        smk_evhttp_visit_send(visit);
    }
    release(relay);
}

/* ---- relays ----------------------------------------------------------------------------------------------- */

static void free_relay(struct relay *relay)
{
    if (relay->event)
        event_free(relay->event);
    smk_fd_close(relay->fd);
    smk_heap_free(relay);
}

static void release(struct relay *relay)
{
    if (--relay->visits > 0)
        return;
    smk_lock(&relays_lock);
    struct relay **at = &relays;
    while (*at != relay)
        at = &(*at)->next;
    *at = relay->next;
    smk_unlock(&relays_lock);
    free_relay(relay);
}

static void visit_ended(struct smk_evhttp_visit *visit)
{
    release((struct relay *)visit->place);
}

static struct relay *make_relay(struct event_base *base)
{
    struct relay *relay = smk_heap_zalloc(sizeof(*relay));
    if (!relay)
        return NULL;
    relay->place = (struct smk_evhttp_place){.front = SMK_FRONT_EVHTTP,
                                             .base = base,
                                             .stall_ns = smk_front_stall(),
                                             .answered = answered,
                                             .ended = visit_ended};
    relay->lock = (struct smk_lock)SMK_LOCK_INIT(SMK_RANK_MAILBOX);
    relay->last = &relay->first_answered;
    relay->fd = smk_fd_keep(smk_sys_eventfd());
    relay->event =
        relay->fd >= 0 ? event_new(base, relay->fd, EV_READ | EV_PERSIST, woken, relay) : NULL;
    if (relay->event && event_add(relay->event, NULL) == 0)
        return relay;
    free_relay(relay);
    return NULL;
}

/* Held by one visit more. Only the base's own thread makes, uses and frees its relay. */
static struct relay *relay_of(struct event_base *base)
{
    smk_lock(&relays_lock);
    struct relay *relay = relays;
    while (relay && relay->place.base != base)
        relay = relay->next;
    smk_unlock(&relays_lock);
    if (!relay) {
        relay = make_relay(base);
        if (!relay)
            return NULL;
        smk_lock(&relays_lock);
        relay->next = relays;
        relays = relay;
        smk_unlock(&relays_lock);
    }
    relay->visits++;
    return relay;
}

void smk_front_evhttp_reset_in_child(void)
{
    smk_lock_reset(&relays_lock);
    relays = NULL; /* their bases are the child's to free; ours were the parent's */
}

/* ---- the door -------------------------------------------------------------------------------------------------- */

/* Loopback, or this machine's own unix socket. */
static bool describe_peer(struct evhttp_connection *connection, char *text, size_t size)
{
    struct sockaddr_storage address = {0};
    uint32_t len = sizeof(address);
    int fd = bufferevent_getfd(evhttp_connection_get_bufferevent(connection));
    const struct sockaddr_in *in = (const struct sockaddr_in *)&address;
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&address;
    snprintf(text, size, "unknown");
    if (smk_sys_getpeername(fd, (struct sockaddr *)&address, &len) < 0)
        return false;
    if (address.ss_family == AF_INET) {
        uint32_t host = ntohl(in->sin_addr.s_addr);
        snprintf(text, size, "%u.%u.%u.%u:%u", host >> 24, host >> 16 & 255, host >> 8 & 255,
                 host & 255, ntohs(in->sin_port));
        return smk_quad_is_loopback(host);
    }
    if (address.ss_family == AF_INET6) {
        inet_ntop(AF_INET6, &in6->sin6_addr, text, (socklen_t)size);
        return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
    }
    if (address.ss_family == AF_UNIX)
        snprintf(text, size, "the service's unix socket");
    return address.ss_family == AF_UNIX;
}

static bool is_for_us(const char *target)
{
    return target && strncmp(target, "/debug/", 7) == 0 && smk_control_running();
}

SMK_EXPORT bool smk_agent_handle_evhttp(struct evhttp_request *request)
{
    char peer[64];
    if (!request || !is_for_us(evhttp_request_get_uri(request)))
        return false;
    struct evhttp_connection *connection = evhttp_request_get_connection(request);
    struct relay *relay = relay_of(evhttp_connection_get_base(connection));
    bool is_local = describe_peer(connection, peer, sizeof(peer));
    if (relay && smk_evhttp_visit_begin(&relay->place, request, peer, is_local))
        return true;
    if (relay)
        release(relay);
    evhttp_send_error(request, 503, NULL);
    return true;
}
