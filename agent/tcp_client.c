/* tcp_client.c: one client of the TCP front, on the worker's thread: waiting for the answer, sending it.
 *
 * Nothing here waits without end: a client that goes away, that takes too little (front.h, pace), or an agent
 * that ends, ends the wait within WAKE_MS.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/atomic.h"
#include "base/sys.h"
#include "heap.h"
#include "tcp_calls.h"
#include "tcp_client.h"

#define WAKE_MS   50
#define BLOCK     (64u * 1024)
#define HEAD_SIZE 4096u
#define FRAME     16u /* room for "10000\r\n" before a block, and "\r\n" behind it */
/* A request that is unanswered for so long is one of those who wait. */
#define QUICK_NS UINT64_C(500000000)

static uint32_t ending;    /* atomic */
static uint32_t slow_now;  /* atomic: clients that wait or download */
static uint32_t slow_most; /* set before the first worker runs */
static uint64_t stall_ns;  /* the same */

void smk_tcp_open(const struct smk_settings *settings)
{
    slow_most = (uint32_t)settings->http_clients;
    stall_ns = settings->http_stall;
    smk_store_relaxed(&slow_now, 0);
    smk_store_release(&ending, 0); /* pairs with: is_ending */
}

void smk_tcp_end(void)
{
    smk_store_release(&ending, 1); /* pairs with: is_ending */
}

static bool is_ending(void)
{
    return smk_load_acquire(&ending) != 0;
}

/* ---- those who wait or download -------------------------------------------------------------- */

static bool count_in(struct smk_tcp_client *client)
{
    if (client->counted)
        return true;
    uint32_t now = smk_load_relaxed(&slow_now);
    while (now < slow_most)
        if (smk_cas_relaxed(&slow_now, &now, now + 1)) {
            client->counted = true;
            return true;
        }
    return false;
}

static void count_out(struct smk_tcp_client *client)
{
    if (client->counted)
        smk_sub_relaxed(&slow_now, 1);
    client->counted = false;
}

static const char too_many[] = "as many clients wait or download as http_clients allows";

/* Whether it says that it will wait, or is of those that always do: then it is turned away before it arms anything. */
static bool asks_to_wait(const char *path, const char *query)
{
    static const char profiles[] = "/debug/pprof/";
    if (strncmp(path, profiles, sizeof(profiles) - 1) == 0 && path[sizeof(profiles) - 1])
        return true;
    for (const char *pair = query; pair; pair = strchr(pair, '&')) {
        pair += *pair == '&';
        if (strncmp(pair, "wait=1", 6) == 0 && (pair[6] == '&' || pair[6] == '\0'))
            return true;
    }
    return false;
}

/* ---- the client ------------------------------------------------------------------------------ */

/* True when it went away while nothing is on the way to it. A client that closed its own direction is taken to
 * have gone. */
static bool is_gone(const struct smk_tcp_client *client)
{
    struct pollfd look = {.fd = client->fd, .events = POLLRDHUP};
    return client->fd < 0 || smk_tcp_connection() != client->fd ||
           (smk_sys_poll(&look, 1, 0) > 0 && look.revents != 0);
}

/* One look, and what the client took meanwhile is set against it. */
static bool wait_writable(struct smk_tcp_client *client, struct smk_pace *pace)
{
    struct pollfd look = {.fd = client->fd, .events = POLLOUT};
    uint64_t from = smk_sys_clock(CLOCK_MONOTONIC);
    smk_sys_poll(&look, 1, WAKE_MS);
    return !(look.revents & (POLLERR | POLLNVAL)) && !is_ending() &&
           smk_pace_goes_on(pace, 0, smk_sys_clock(CLOCK_MONOTONIC) - from);
}

/* False: the connection is of no more use. The descriptor is asked for anew each time: what was ours a
 * moment ago may be the host's now. */
static bool send_all(struct smk_tcp_client *client, struct smk_pace *pace, const char *data,
                     size_t len)
{
    while (len > 0) {
        if (smk_tcp_connection() != client->fd)
            return false;
        ssize_t n = smk_sys_send(client->fd, data, len, MSG_DONTWAIT);
        if (n > 0) {
            smk_pace_goes_on(pace, (uint64_t)n, 0);
            data += n;
            len -= (size_t)n;
        } else if (n != -EAGAIN && n != -EINTR) {
            return false;
        } else if (!wait_writable(client, pace)) {
            return false;
        }
    }
    return true;
}

/* ---- the head of the answer ------------------------------------------------------------------ */

struct head {
    char text[HEAD_SIZE];
    size_t len;
};

static void put(struct head *head, const char *format, ...) SMK_PRINTF(2, 3);

static void put(struct head *head, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(head->text + head->len, HEAD_SIZE - head->len, format, args);
    va_end(args);
    if (n > 0)
        head->len = head->len + (size_t)n < HEAD_SIZE ? head->len + (size_t)n : HEAD_SIZE - 1;
}

static void put_header(void *arg, const char *name, const char *value)
{
    put(arg, "%s: %s\r\n", name, value);
}

static bool has_no_length(int status)
{
    return status == 204 || status == 304;
}

static void make_head(struct head *head, const struct smk_answer *answer, bool chunks)
{
    int64_t length = answer->body.read ? answer->body.length : 0;
    head->len = 0;
    put(head, "HTTP/1.1 %d %s\r\n", answer->status, smk_status_text(answer->status));
    smk_front_headers(answer, put_header, head);
    if (chunks)
        put(head, "Transfer-Encoding: chunked\r\n");
    else if (length >= 0 && !has_no_length(answer->status))
        put(head, "Content-Length: %lld\r\n", (long long)length);
    put(head, "\r\n");
}

/* ---- its body -------------------------------------------------------------------------------- */

/* Frames the block in place: `room` has FRAME bytes before it and behind it. */
static bool send_block(struct smk_tcp_client *client, struct smk_pace *pace, char *room, size_t len,
                       bool chunks)
{
    char *data = room + FRAME;
    size_t size = len;
    if (chunks) {
        char frame[FRAME];
        int n = snprintf(frame, sizeof(frame), "%zx\r\n", len);
        data -= n;
        memcpy(data, frame, (size_t)n);
        memcpy(room + FRAME + len, "\r\n", 2);
        size += (size_t)n + 2;
    }
    return send_all(client, pace, data, size);
}

/* 0: all of it was sent; -1: not, and what was sent does not look whole. */
static int send_blocks(struct smk_tcp_client *client, struct smk_pace *pace,
                       const struct smk_body *body, char *room, bool chunks)
{
    int64_t left = body->length;
    while (left != 0) {
        size_t most = left > 0 && (uint64_t)left < BLOCK ? (size_t)left : BLOCK;
        ssize_t n = body->read(body->arg, room + FRAME, most);
        if (n == -EAGAIN) {
            if (is_ending() || is_gone(client))
                return -1;
            smk_sys_sleep(SMK_BODY_POLL_MS * UINT64_C(1000000));
            continue;
        }
        if (n <= 0)
            return n == 0 && left < 0 ? 0 : -1;
        if (left > 0)
            left -= n;
        if (!send_block(client, pace, room, (size_t)n, chunks))
            return -1;
    }
    return 0;
}

static int send_body(struct smk_tcp_client *client, struct smk_pace *pace,
                     const struct smk_body *body, bool chunks)
{
    char *room = smk_heap_alloc(BLOCK + 2 * FRAME);
    int rc = room ? send_blocks(client, pace, body, room, chunks) : -1;
    smk_heap_free(room);
    if (rc == 0 && chunks && !send_all(client, pace, "0\r\n\r\n", 5))
        rc = -1;
    return rc;
}

static void send_answer(struct smk_tcp_client *client, const struct smk_answer *answer)
{
    struct smk_pace pace;
    struct head head;
    bool has_body = answer->body.read && answer->body.length != 0 && !client->is_head;
    bool chunks = answer->body.read && answer->body.length < 0 && client->knows_chunks;
    client->status = answer->status;
    smk_pace_begin(&pace, stall_ns);
    make_head(&head, answer, chunks);
    bool sent = send_all(client, &pace, head.text, head.len);
    if (sent && has_body)
        sent = send_body(client, &pace, &answer->body, chunks) == 0;
    if (sent)
        return;
    smk_front_count(cut);
    if (smk_tcp_connection() == client->fd)
        smk_sys_shutdown(client->fd, SHUT_RDWR);
}

/* ---- one request ----------------------------------------------------------------------------- */

static void answered(struct smk_exchange *exchange)
{
    uint32_t *done = exchange->front;
    smk_store_release(done, 1); /* pairs with: wait_for_answer */
    smk_sys_futex_wake(done, 1);
}

enum waited { ANSWERED, GONE, TOO_MANY };

/* One that is being answered while it is given up is answered. */
static enum waited give_up(struct smk_exchange *exchange, uint32_t *done, enum waited why)
{
    if (smk_exchange_abandon(exchange))
        return why;
    while (!smk_load_acquire(done)) /* pairs with: answered */
        smk_sys_futex_wait(done, 0, WAKE_MS * UINT64_C(1000000));
    return ANSWERED;
}

static enum waited wait_for_answer(struct smk_tcp_client *client, struct smk_exchange *exchange,
                                   uint32_t *done)
{
    uint64_t from = smk_sys_clock(CLOCK_MONOTONIC);
    while (!smk_load_acquire(done)) { /* pairs with: answered */
        smk_sys_futex_wait(done, 0, WAKE_MS * UINT64_C(1000000));
        if (smk_load_acquire(done))
            break;
        if (is_ending() || is_gone(client))
            return give_up(exchange, done, GONE);
        if (smk_sys_clock(CLOCK_MONOTONIC) - from > QUICK_NS && !count_in(client))
            return give_up(exchange, done, TOO_MANY);
    }
    return ANSWERED;
}

static void refuse_busy(struct smk_tcp_client *client, const char *why)
{
    struct smk_answer answer;
    smk_front_busy(&answer, why);
    send_answer(client, &answer);
    smk_answer_clear(&answer);
}

static void serve(struct smk_tcp_client *client, struct smk_exchange *exchange)
{
    uint32_t done = 0;
    exchange->front = &done;
    exchange->answered = answered;
    if (asks_to_wait(exchange->request.path, exchange->request.query) && !count_in(client)) {
        refuse_busy(client, too_many);
        return;
    }
    if (!smk_exchange_submit(exchange)) {
        refuse_busy(client, "the agent is busy or ending");
        return;
    }
    enum waited waited = wait_for_answer(client, exchange, &done);
    if (waited == TOO_MANY || (waited == ANSWERED && exchange->answer.slow && !count_in(client))) {
        refuse_busy(client, too_many);
    } else if (waited == ANSWERED) {
        if (exchange->answer.status == 403)
            smk_front_count(unauthorized);
        send_answer(client, &exchange->answer);
    }
}

void smk_tcp_serve(struct smk_tcp_client *client, const struct smk_gate_head *head,
                   const char *peer)
{
    struct smk_answer refusal = {0};
    struct smk_exchange *exchange = smk_front_admit(head, peer, &refusal);
    if (exchange)
        serve(client, exchange);
    else
        send_answer(client, &refusal);
    count_out(client);
    smk_answer_clear(&refusal);
    smk_exchange_free(exchange);
}

void smk_tcp_refuse(struct smk_tcp_client *client, int status, const char *message)
{
    struct smk_answer answer = {0};
    smk_front_count(refused);
    smk_answer_problem(&answer, status, smk_status_text(status), "%.100s", message ? message : "");
    send_answer(client, &answer);
    smk_answer_clear(&answer);
}
