#define _GNU_SOURCE
#include "evhttp_visit.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/atomic.h"
#include "base/sys.h"
#include "heap.h"

#define LOOK_MS 250
#define BLOCK   (64u * 1024)

static void set_timer(struct smk_evhttp_visit *visit, unsigned ms)
{
    struct timeval in = {.tv_sec = ms / 1000, .tv_usec = (suseconds_t)(ms % 1000 * 1000)};
    event_add(visit->timer, &in);
}

/* ---- the end of a visit ---------------------------------------------------------------------- */

static void let_go(struct smk_evhttp_visit *visit)
{
    if (visit->place->ended)
        visit->place->ended(visit);
    if (visit->timer)
        event_free(visit->timer);
    smk_answer_clear(&visit->refusal);
    smk_exchange_free(visit->exchange);
    smk_heap_free(visit);
}

/* The connection is closed: by us, by the client, or by a service that shuts its evhttp down. Of a request
 * whose connection failed while it was not answered evhttp lets go: then it is ours to free. */
static void closed(struct evhttp_connection *connection, void *arg)
{
    struct smk_evhttp_visit *visit = arg;
    (void)connection;
    if (!visit->complete && !evhttp_request_get_connection(visit->request))
        evhttp_request_free(visit->request);
    visit->request = NULL;
    event_del(visit->timer);
    if (visit->answer || smk_exchange_abandon(visit->exchange))
        let_go(visit);
    /* Else its answer is on the way here: smk_evhttp_visit_send lets it go. */
}

/* Ends the connection now; `closed` is called. Not from inside evhttp's own callbacks. */
static void cut(struct smk_evhttp_visit *visit)
{
    evhttp_connection_free(evhttp_request_get_connection(visit->request));
}

/* ---- the client ------------------------------------------------------------------------------ */

static struct bufferevent *buffer_of(const struct smk_evhttp_visit *visit)
{
    return evhttp_connection_get_bufferevent(evhttp_request_get_connection(visit->request));
}

static size_t unsent(const struct smk_evhttp_visit *visit)
{
    return evbuffer_get_length(bufferevent_get_output(buffer_of(visit)));
}

/* evhttp does not read while a request is being answered, so it does not see that a client went. A client
 * that closed its own direction is taken to have gone, unless something is on the way to it, which shows. */
static bool client_is_gone(const struct smk_evhttp_visit *visit)
{
    short gone = POLLHUP | POLLERR | POLLNVAL | (unsent(visit) > 0 ? 0 : POLLRDHUP);
    struct pollfd look = {.fd = bufferevent_getfd(buffer_of(visit)), .events = POLLRDHUP};
    return smk_sys_poll(&look, 1, 0) > 0 && (look.revents & gone);
}

/* What it took since it was last looked at counts, and the time only where it was waited for. */
static bool client_keeps_pace(struct smk_evhttp_visit *visit)
{
    uint64_t now = smk_sys_clock(CLOCK_MONOTONIC);
    size_t left = unsent(visit);
    bool goes_on = true;
    if (visit->unsent > 0)
        goes_on = smk_pace_goes_on(&visit->pace, visit->unsent > left ? visit->unsent - left : 0,
                                   now - visit->looked_at);
    visit->looked_at = now;
    visit->unsent = left;
    return goes_on;
}

/* ---- the answer ------------------------------------------------------------------------------ */

/* The client took the block. */
static void block_sent(struct evhttp_connection *connection, void *arg)
{
    struct smk_evhttp_visit *visit = arg;
    (void)connection;
    client_keeps_pace(visit);
    /* From the loop, not from inside evhttp: the visit may end. */
    if (!visit->complete)
        set_timer(visit, 0);
}

static void complete(struct smk_evhttp_visit *visit)
{
    visit->complete = true;
    evhttp_send_reply_end(
        visit->request); /* may close at once: nothing of the visit is used behind it */
}

/* A body that ends early or fails must not look whole: the connection is cut before its end. */
static void fail(struct smk_evhttp_visit *visit)
{
    smk_front_count(cut);
    cut(visit);
}

static void send_block(struct smk_evhttp_visit *visit, struct evbuffer *block)
{
    size_t len = evbuffer_get_length(block);
    if (visit->left >= 0)
        visit->left -= (int64_t)len;
    visit->looked_at = smk_sys_clock(CLOCK_MONOTONIC);
    visit->unsent = unsent(visit) + len;
    set_timer(visit, LOOK_MS);
    evhttp_send_reply_chunk_with_cb(visit->request, block, block_sent, visit);
}

static void send_more(struct smk_evhttp_visit *visit)
{
    struct evbuffer *block = evbuffer_new();
    struct evbuffer_iovec room;
    ssize_t n = -ENOMEM;
    if (block && evbuffer_reserve_space(block, BLOCK, &room, 1) == 1) {
        size_t most =
            visit->left >= 0 && (uint64_t)visit->left < BLOCK ? (size_t)visit->left : BLOCK;
        n = most == 0 ? 0 : visit->answer->body.read(visit->answer->body.arg, room.iov_base, most);
        room.iov_len = n > 0 ? (size_t)n : 0;
        evbuffer_commit_space(block, &room, 1);
    }
    if (n > 0)
        send_block(visit, block);
    else if (n == -EAGAIN)
        set_timer(visit, SMK_BODY_POLL_MS);
    if (block)
        evbuffer_free(block);
    if (n == 0 && visit->left <= 0)
        complete(visit);
    else if (n <= 0 && n != -EAGAIN)
        fail(visit);
}

static void put_header(void *arg, const char *name, const char *value)
{
    evhttp_add_header(arg, name, value);
}

static void send_answer(struct smk_evhttp_visit *visit)
{
    const struct smk_answer *answer = visit->answer;
    struct evkeyvalq *headers = evhttp_request_get_output_headers(visit->request);
    bool has_body = answer->body.read != NULL;
    char length[24];
    smk_front_headers(answer, put_header, headers);
    visit->left = has_body ? answer->body.length : 0;
    if (visit->left >= 0 && answer->status != 204 && answer->status != 304) {
        snprintf(length, sizeof(length), "%lld", (long long)visit->left);
        evhttp_add_header(headers, "Content-Length", length);
    }
    smk_pace_begin(&visit->pace, visit->place->stall_ns);
    visit->looked_at = smk_sys_clock(CLOCK_MONOTONIC);
    visit->sending = true;
    set_timer(visit, LOOK_MS);
    if (!has_body || visit->left == 0 ||
        evhttp_request_get_command(visit->request) == EVHTTP_REQ_HEAD) {
        visit->complete = true;
        evhttp_send_reply(visit->request, answer->status, smk_status_text(answer->status), NULL);
        return;
    }
    evhttp_send_reply_start(visit->request, answer->status, smk_status_text(answer->status));
    set_timer(visit, 0); /* a body that fails ends the connection, which evhttp may be using now */
}

void smk_evhttp_visit_send(struct smk_evhttp_visit *visit)
{
    visit->answer = &visit->exchange->answer;
    if (!visit->request) {
        let_go(visit);
        return;
    }
    if (visit->answer->status == 403)
        smk_front_count(unauthorized);
    send_answer(visit);
}

/* ---- the timer ------------------------------------------------------------------------------- */

static void look(evutil_socket_t fd, short what, void *arg)
{
    struct smk_evhttp_visit *visit = arg;
    (void)fd;
    (void)what;
    if (client_is_gone(visit)) {
        if (visit->sending && !visit->complete)
            smk_front_count(cut);
        cut(visit);
        return;
    }
    if (visit->sending && !client_keeps_pace(visit)) {
        fail(visit);
        return;
    }
    if (visit->sending && !visit->complete && unsent(visit) < BLOCK)
        send_more(visit);
    else
        set_timer(visit, LOOK_MS);
}

/* ---- the request ----------------------------------------------------------------------------- */

static const char *method_name(enum evhttp_cmd_type command)
{
    switch (command) {
    case EVHTTP_REQ_GET:
        return "GET";
    case EVHTTP_REQ_HEAD:
        return "HEAD";
    case EVHTTP_REQ_POST:
        return "POST";
    case EVHTTP_REQ_PUT:
        return "PUT";
    case EVHTTP_REQ_DELETE:
        return "DELETE";
    case EVHTTP_REQ_OPTIONS:
        return "OPTIONS";
    default:
        return "another one";
    }
}

/* The path ends where its query begins: `target` is a copy to cut in two. */
static void read_head(struct smk_gate_head *head, struct evhttp_request *request, char *target)
{
    struct evkeyvalq *headers = evhttp_request_get_input_headers(request);
    struct evkeyval *header;
    head->method = method_name(evhttp_request_get_command(request));
    head->path = target;
    char *mark = strchr(target, '?');
    if (mark) {
        *mark = '\0';
        head->query = mark + 1;
    }
    for (header = headers->tqh_first; header && head->header_count < SMK_GATE_HEADERS;
         header = header->next.tqe_next) {
        head->headers[head->header_count].name = header->key;
        head->headers[head->header_count++].value = header->value;
    }
    head->has_body = evbuffer_get_length(evhttp_request_get_input_buffer(request)) > 0;
}

/* evhttp has read all of it before it asked us. */
static bool read_body(void *arg, char *to, size_t len)
{
    struct evbuffer *input = evhttp_request_get_input_buffer(arg);
    return evbuffer_get_length(input) == len && evbuffer_copyout(input, to, len) == (ssize_t)len;
}

static void exchange_answered(struct smk_exchange *exchange)
{
    struct smk_evhttp_visit *visit = exchange->front;
    visit->place->answered(visit);
}

static void submit(struct smk_evhttp_visit *visit)
{
    if (visit->exchange) {
        visit->exchange->front = visit;
        visit->exchange->answered = exchange_answered;
        if (smk_exchange_submit(visit->exchange))
            return; /* the visit may be over already */
        smk_front_busy(&visit->refusal, "the agent is busy or ending");
    }
    visit->answer = &visit->refusal;
    send_answer(visit);
}

bool smk_evhttp_visit_begin(const struct smk_evhttp_place *place, struct evhttp_request *request,
                            const char *peer, bool peer_is_local)
{
    struct smk_gate_head head = {
        .front = place->front, .peer_is_local = peer_is_local, .read_body = read_body, .body_arg = request};
    struct smk_evhttp_visit *visit = smk_heap_zalloc(sizeof(*visit));
    char *target = smk_heap_strdup(evhttp_request_get_uri(request));
    if (visit)
        visit->timer = event_new(place->base, -1, 0, look, visit);
    if (!visit || !target || !visit->timer) {
        smk_heap_free(target);
        smk_heap_free(visit);
        return false;
    }
    visit->place = place;
    visit->request = request;
    read_head(&head, request, target);
    visit->exchange = smk_front_admit(&head, peer, &visit->refusal);
    smk_heap_free(target);
    evhttp_connection_set_closecb(evhttp_request_get_connection(request), closed, visit);
    set_timer(visit, LOOK_MS);
    submit(visit);
    return true;
}
