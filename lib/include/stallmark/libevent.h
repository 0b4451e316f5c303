/* stallmark/libevent.h: event loops of libevent 2.1 in a trace: callbacks by name, requests of evhttp.
 *
 * One line a handler:
 *
 *     static void get_cart(struct evhttp_request *req, void *arg)
 *     {
 *         SMK_EVHTTP_REQUEST(req);             a request, from the arrival of its bytes to the last byte of its answer
 *         …
 *     }
 *
 *     static void on_data(struct bufferevent *stream, void *arg)
 *     {
 *         SMK_CALLBACK();                      this callback by its name, until it returns
 *         …
 *     }
 *
 * or one word where an event is made; then timers say how late they are as well:
 *
 *     struct event *tick = smk_event_new(base, -1, EV_PERSIST, on_tick, arg);
 *     smk_event_add(tick, &every);
 *     …
 *     smk_event_free(tick);
 *
 * What comes of it: the file has each callback that took 20 us or began 1 ms late, with the delay between the
 * moment at which it was ready (the return of the loop's poll; the time for which a timer was set) and its begin;
 * the report names the callback that held a loop and the requests that lay there meanwhile; status says which
 * callback a loop is in while it is held.
 *
 * Cost: one load and one predicted branch while nothing records. On the thread of the loop; the program links
 * libevent itself, the tracer needs none. With SMK_DISABLE all of it is libevent's own.
 *
 * Since 0.1. SPDX-License-Identifier: MIT
 */
#ifndef STALLMARK_LIBEVENT_H
#define STALLMARK_LIBEVENT_H

#include <stdlib.h>

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>

#include <stallmark/trace.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef SMK_DISABLE

/* One of each in a program, however many of its files include this. */
#define SMK__ONCE __attribute__((weak, visibility("hidden"), unused))

/* ---- callbacks ---------------------------------------------------------------------------------------- */

static inline smk_callback smk__callback_begin(smk_site *site, const struct event_base *base, uint64_t due)
{
    smk_callback none = {0, 0, 0, 0, 0, 0, 0};
    return SMK__ARMED(SMK_ABI_CAT_LOOP) ? smk_abi_callback_begin(site, base, due) : none;
}

static inline void smk__callback_end(smk_callback *callback)
{
    if (__builtin_expect(callback->site != NULL, 0))
        smk_abi_callback_end(callback);
}

/* This function is a callback of an event loop, and returns to it. */
#define SMK_CALLBACK()                                                                             \
    smk_callback SMK__UNIQUE(smk__callback_)                                                       \
        __attribute__((cleanup(smk__callback_end), unused)) =                                      \
            smk__callback_begin(SMK_SITE(__func__), NULL, SMK_ABI_DUE_READY)

/* ---- events ------------------------------------------------------------------------------------------- */

struct smk__event {
    event_callback_fn callback;
    void *arg;
    smk_site *site;
    const struct event_base *base;
    uint64_t due;      /* ticks; 0: not known */
    uint64_t interval; /* ns, of one that is set again by itself */
};

static inline uint64_t smk__event_due(struct smk__event *own, short what)
{
    uint64_t due = own->due;
    if (!(what & EV_TIMEOUT))
        return SMK_ABI_DUE_READY;
    own->due = own->interval ? smk_abi_due_again(due, own->interval) : 0;
    return due;
}

SMK__ONCE void smk__event_run(evutil_socket_t fd, short what, void *arg);

/* The callback may free its event. */
SMK__ONCE void smk__event_run(evutil_socket_t fd, short what, void *arg)
{
    struct smk__event *own = (struct smk__event *)arg;
    smk_callback callback = {0, 0, 0, 0, 0, 0, 0};
    if (SMK__ARMED(SMK_ABI_CAT_LOOP))
        callback = smk_abi_callback_begin(own->site, own->base, smk__event_due(own, what));
    own->callback(fd, what, own->arg);
    smk__callback_end(&callback);
}

static inline struct event *smk__event_new(struct event_base *base, evutil_socket_t fd, short what,
                                           event_callback_fn callback, void *arg, smk_site *site)
{
    struct smk__event *own = (struct smk__event *)calloc(1, sizeof(*own));
    struct event *event = own ? event_new(base, fd, what, smk__event_run, own) : NULL;
    if (!event) {
        free(own);
        return NULL;
    }
    own->callback = callback;
    own->arg = arg;
    own->site = site;
    own->base = base;
    return event;
}

/* event_new, for an event whose callback has a name. smk_event_free frees it. */
#define smk_event_new(base, fd, what, callback, arg)                                               \
    smk__event_new((base), (fd), (what), (callback), (arg), SMK_SITE(#callback))

static inline struct smk__event *smk__event_of(const struct event *event)
{
    return event_get_callback(event) == smk__event_run ? (struct smk__event *)event_get_callback_arg(event) : NULL;
}

/* event_add that notes for when a timer is set. For any event. */
static inline int smk_event_add(struct event *event, const struct timeval *timeout)
{
    struct smk__event *own = smk__event_of(event);
    if (own) {
        uint64_t ns = timeout ? (uint64_t)timeout->tv_sec * 1000000000u + (uint64_t)timeout->tv_usec * 1000u : 0;
        own->due = timeout && SMK__ARMED(SMK_ABI_CAT_LOOP) ? smk_abi_due(ns) : 0;
        own->interval = event_get_events(event) & EV_PERSIST ? ns : 0;
    }
    return event_add(event, timeout);
}

/* event_free, for any event; NULL is allowed. In its own callback too. */
static inline void smk_event_free(struct event *event)
{
    struct smk__event *own = event ? smk__event_of(event) : NULL;
    if (event)
        event_free(event);
    free(own);
}

/* ---- requests of evhttp ------------------------------------------------------------------------------- */

/* Begins it: for those who keep it themselves and end it with smk_evhttp_end. */
static inline smk_served smk_evhttp_begin(struct evhttp_request *req)
{
    static const char *const methods[] = {"GET",     "POST",  "HEAD",    "PUT",  "DELETE",
                                          "OPTIONS", "TRACE", "CONNECT", "PATCH"};
    smk_served none = {{0, 0, 0, 0}, 0};
    struct evhttp_connection *connection;
    struct bufferevent *stream;
    unsigned number;
    if (!SMK__ARMED(SMK_ABI_CAT_REQUEST))
        return none;
    connection = evhttp_request_get_connection(req);
    stream = connection ? evhttp_connection_get_bufferevent(connection) : NULL;
    number = (unsigned)__builtin_ctz((unsigned)evhttp_request_get_command(req) | 1u << 16);
    return smk_abi_request_served(stream ? (int)bufferevent_getfd(stream) : -1,
                                  number < sizeof(methods) / sizeof(methods[0]) ? methods[number] : "?",
                                  evhttp_request_get_uri(req),
                                  evhttp_find_header(evhttp_request_get_input_headers(req), "traceparent"));
}

static inline void smk_evhttp_end(smk_served served, int status)
{
    if (__builtin_expect(served.request.id != 0, 0))
        smk_abi_request_answered(&served, status);
}

struct smk__evhttp {
    smk_served served;
    struct evhttp_request *req;
};

/* The last byte is out. The connection may live on, and has nothing of ours then. */
static inline void smk__evhttp_complete(struct evhttp_request *req, void *arg)
{
    struct smk__evhttp *own = (struct smk__evhttp *)arg;
    struct evhttp_connection *connection = evhttp_request_get_connection(req);
    if (connection)
        evhttp_connection_set_closecb(connection, NULL, NULL);
    smk_evhttp_end(own->served, evhttp_request_get_response_code(req));
    free(own);
}

/* The connection went first: there is no answer, or not all of one. The request may be the program's still. */
static inline void smk__evhttp_closed(struct evhttp_connection *connection, void *arg)
{
    struct smk__evhttp *own = (struct smk__evhttp *)arg;
    (void)connection;
    evhttp_request_set_on_complete_cb(own->req, NULL, NULL);
    smk_evhttp_end(own->served, 0);
    free(own);
}

static inline smk_request smk__evhttp_request(struct evhttp_request *req)
{
    smk_request none = {0, 0, 0, 0};
    smk_served served = smk_evhttp_begin(req);
    struct smk__evhttp *own;
    if (__builtin_expect(served.request.id == 0, 1))
        return none;
    own = (struct smk__evhttp *)malloc(sizeof(*own));
    if (!own || !evhttp_request_get_connection(req)) {
        free(own);
        smk_evhttp_end(served, 0);
        return none;
    }
    own->served = served;
    own->req = req;
    evhttp_request_set_on_complete_cb(req, smk__evhttp_complete, own);
    evhttp_connection_set_closecb(evhttp_request_get_connection(req), smk__evhttp_closed, own);
    return served.request;
}

/* The request that a handler was given, and its callback by name. It ends by itself when its answer is out, or its
 * connection closes, in whatever callback that is. It takes the request's completion callback and the connection's
 * close callback: who needs these has smk_evhttp_begin and smk_evhttp_end. */
#define SMK_EVHTTP_REQUEST(req)                                                                    \
    SMK_CALLBACK();                                                                                \
    SMK_EVHTTP_REQUEST_AS(SMK__UNIQUE(smk__evhttp_), req)
/* The same, in a variable of type smk_request, for regions, handoffs and SMK_IN_REQUEST in later callbacks. */
#define SMK_EVHTTP_REQUEST_AS(variable, req)                                                       \
    smk_request variable __attribute__((unused)) = smk__evhttp_request(req)

#else /* SMK_DISABLE: libevent's own */

#define SMK_CALLBACK()                                    ((void)0)
#define smk_event_new(base, fd, what, callback, arg)      event_new((base), (fd), (what), (callback), (arg))
#define smk_event_add(event, timeout)                     event_add((event), (timeout))
#define smk_event_free(event)                             smk__event_free(event)
#define SMK_EVHTTP_REQUEST(req)                           ((void)(req))
#define SMK_EVHTTP_REQUEST_AS(variable, req)              smk_request variable __attribute__((unused)) = {0, 0, 0, 0}

static inline void smk__event_free(struct event *event)
{
    if (event)
        event_free(event);
}
static inline smk_served smk_evhttp_begin(struct evhttp_request *req)
{
    smk_served none = {{0, 0, 0, 0}, 0};
    (void)req;
    return none;
}
static inline void smk_evhttp_end(smk_served served, int status)
{
    (void)served;
    (void)status;
}

#endif

#ifdef __cplusplus
}
#endif
#endif
