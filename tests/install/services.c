/* Each macro of the headers for services, as C11 and as C++17, with the tracer and with SMK_DISABLE. Compiled, not run;
 * see tree.sh. */
#include <stddef.h>

#include <stallmark/civetweb.h>
#include <stallmark/libevent.h>

int service_start(struct event_base *base, struct evhttp *http, struct mg_callbacks *callbacks);

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
    SMK_CALLBACK();
    (void)fd;
    (void)what;
    (void)arg;
}

static void get_cart(struct evhttp_request *req, void *arg)
{
    SMK_EVHTTP_REQUEST(req);
    (void)arg;
    evhttp_send_reply(req, HTTP_OK, NULL, NULL);
}

static void get_item(struct evhttp_request *req, void *arg)
{
    SMK_CALLBACK();
    SMK_EVHTTP_REQUEST_AS(request, req);
    SMK_IN_REQUEST(request);
    (void)arg;
    evhttp_send_reply(req, HTTP_OK, NULL, NULL);
}

static void get_other(struct evhttp_request *req, void *arg)
{
    smk_served served = smk_evhttp_begin(req);
    (void)arg;
    evhttp_send_error(req, HTTP_NOTFOUND, NULL);
    smk_evhttp_end(served, HTTP_NOTFOUND);
}

static int hello(struct mg_connection *connection, void *arg)
{
    SMK_CIVETWEB_REQUEST(request, connection);
    (void)arg;
    return smk_civetweb_status(request, 200);
}

int service_start(struct event_base *base, struct evhttp *http, struct mg_callbacks *callbacks)
{
    struct timeval second = {1, 0};
    struct event *tick = smk_event_new(base, -1, EV_PERSIST, on_tick, NULL);
    int rc = smk_event_add(tick, &second);
    evhttp_set_cb(http, "/cart", get_cart, NULL);
    evhttp_set_cb(http, "/item", get_item, NULL);
    evhttp_set_gencb(http, get_other, NULL);
    SMK_CIVETWEB_CALLBACKS(*callbacks);
    smk_event_free(tick);
    return rc + (hello(NULL, NULL) != 200);
}
