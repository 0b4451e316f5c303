#define _GNU_SOURCE
#include "family_ask.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/errors.h"
#include "base/sys.h"
#include "control.h"
#include "core/fds.h"
#include "family.h"
#include "heap.h"
#include "text.h"

#define AGAIN_NS UINT64_C(2000000) /* until the other has read some of it */
#define IN_A_ROW 64                /* messages before the loop does something else */

/* One side of one question. */
struct talk {
    struct talk *next;
    int fd;
    struct smk_timer *timer;
    struct smk_watch *watch;
    struct smk_exchange *exchange;
    uint64_t until; /* ns of CLOCK_MONOTONIC */
    /* who asks */
    bool asks;
    int pid;
    struct smk_wire_said said; /* status 0: not yet */
    struct smk_text text;
    /* who answers */
    uint8_t *data; /* SMK_WIRE_DATA; what of the body has not gone out */
    size_t len;
    bool ended;
};

static struct talk *talks;
static uint32_t talk_count;

static void end_talk(struct talk *talk)
{
    struct talk **at = &talks;
    while (*at != talk)
        at = &(*at)->next;
    *at = talk->next;
    talk_count--;
    smk_watch_free(talk->watch);
    smk_timer_free(talk->timer);
    smk_fd_close(talk->fd);
    smk_text_free(&talk->text);
    smk_heap_free(talk->data);
    smk_heap_free(talk);
}

/* The descriptor is its own from now on, whatever happens. */
static struct talk *new_talk(int fd, void (*due)(void *arg))
{
    struct talk *talk = talk_count < SMK_ASK_MAX ? smk_heap_zalloc(sizeof *talk) : NULL;
    if (!talk) {
        smk_fd_close(fd);
        return NULL;
    }
    talk->fd = fd;
    talk->until = smk_sys_clock(CLOCK_MONOTONIC) + SMK_ASK_NS;
    talk->timer = smk_timer_new(due, talk);
    talk->next = talks;
    talks = talk;
    talk_count++;
    return talk;
}

/* ---- who asks -------------------------------------------------------------------------------------------------- */

/* Its exchange goes with it: nobody else has it any more. */
static void finish(struct talk *talk)
{
    struct smk_exchange *exchange = talk->exchange;
    exchange->abandoned = NULL;
    end_talk(talk);
    smk_exchange_answer(exchange);
}

static void fail(struct talk *talk, const char *why)
{
    smk_answer_problem(&talk->exchange->answer, 504, "that process does not answer", "process %d: %s", talk->pid, why);
    finish(talk);
}

static void hand_on(struct talk *talk)
{
    struct smk_answer *answer = &talk->exchange->answer;
    const char *plain = "text/plain; charset=utf-8";
    const char *json = talk->said.status == 200 ? "application/json" : "application/problem+json";
    smk_answer_memory(answer, (int)talk->said.status, talk->said.json ? json : plain, talk->text.data, talk->text.len);
    talk->text = (struct smk_text){0};
    finish(talk);
}

/* True: it is over. */
static bool take(struct talk *talk, const struct smk_wire_message *message, int len)
{
    bool first = talk->said.status == 0, fits = true;
    if (len < 0 || first != (message->kind == SMK_WIRE_SAID)) {
        fail(talk, len == -EPIPE ? "it has gone, or is asked by too many" : "it said what nobody of ours says");
        return true;
    }
    if (message->kind == SMK_WIRE_SAID) {
        bool known = message->is.said.status >= 200 && message->is.said.status <= 599;
        talk->said = message->is.said;
        talk->said.status = known ? talk->said.status : 502;
    } else if (message->kind == SMK_WIRE_CHUNKS) {
        fits = smk_text_put(&talk->text, (const char *)message->is.data, (size_t)len) == 0;
        if (!fits)
            fail(talk, "its answer is too long");
    } else if (message->kind == SMK_WIRE_END) {
        hand_on(talk);
    } else {
        fail(talk, "it said what nobody of ours says");
    }
    return !fits || (message->kind != SMK_WIRE_SAID && message->kind != SMK_WIRE_CHUNKS);
}

static void heard(void *arg)
{
    static struct smk_wire_message message; /* 32 KiB; the control loop's */
    struct talk *talk = arg;
    for (unsigned i = 0; i < IN_A_ROW; i++) {
        int len = smk_wire_receive(talk->fd, &message);
        if (len == -EAGAIN || take(talk, &message, len))
            return;
    }
}

static void too_late(void *arg) { fail(arg, "its agent does not answer within three seconds"); }

static void gave_up(struct smk_exchange *exchange)
{
    struct talk *talk = exchange->handler;
    end_talk(talk);
}

static int find(int pid, struct smk_family_process *found)
{
    struct smk_family_process others[SMK_FAMILY_MAX];
    uint32_t count = smk_family_is_first() ? smk_family_others(others) : 0;
    char list[300];
    size_t used = (size_t)snprintf(list, sizeof list, "%d, this process", smk_sys_getpid());
    for (uint32_t i = 0; i < count; i++) {
        if (others[i].pid == pid) {
            *found = others[i];
            return 0;
        }
        if (used < sizeof list)
            used += (size_t)snprintf(list + used, sizeof list - used, ", %d", others[i].pid);
    }
    if (!smk_family_is_first() && smk_family_first() != 0 && used < sizeof list)
        snprintf(list + used, sizeof list - used, "; the others of its family are asked at its first, %d",
                 smk_family_first());
    return smk_fail(SMK_E_INVALID, "pid is %d; allowed is %s", pid, list);
}

static int fill(struct smk_wire_ask *ask, const struct smk_http_request *request)
{
    const char *query = request->query ? request->query : "", *accept = request->headers.accept;
    memset(ask, 0, sizeof *ask);
    if (strlen(request->path) >= sizeof ask->path || strlen(query) >= sizeof ask->query)
        return smk_fail(SMK_E_INVALID, "the query has %zu bytes; allowed with pid are %zu", strlen(query),
                        sizeof ask->query - 1);
    memcpy(ask->path, request->path, strlen(request->path));
    memcpy(ask->query, query, strlen(query));
    if (accept && strlen(accept) < sizeof ask->accept)
        memcpy(ask->accept, accept, strlen(accept));
    return 0;
}

static int begin(struct smk_exchange *exchange, int pid)
{
    struct smk_family_process process;
    struct smk_wire_ask ask;
    uid_t uid;
    int rc = fill(&ask, &exchange->request);
    if (rc == 0)
        rc = find(pid, &process);
    if (rc < 0)
        return rc;
    int fd = smk_wire_connect(process.name);
    if (fd >= 0 && smk_wire_peer(fd, &uid) != pid) {
        smk_fd_close(fd);
        fd = -ESRCH;
    }
    if (fd < 0)
        return smk_fail(SMK_E_UNAVAILABLE, "process %d: %s", pid, strerrordesc_np(-fd));
    struct talk *talk = new_talk(fd, too_late);
    if (!talk)
        return smk_fail(SMK_E_LIMIT, "%u of the family are being asked already", talk_count);
    talk->asks = true;
    talk->pid = pid;
    talk->exchange = exchange;
    talk->watch = smk_watch_new(fd, heard, talk);
    if (!talk->watch || !talk->timer || smk_wire_send(fd, SMK_WIRE_ASK, &ask, sizeof ask) < 0) {
        end_talk(talk);
        return smk_fail(SMK_E_UNAVAILABLE, "process %d cannot be asked", pid);
    }
    smk_timer_set(talk->timer, SMK_ASK_NS);
    exchange->handler = talk;
    exchange->abandoned = gave_up;
    return 0;
}

bool smk_ask_other(struct smk_exchange *exchange, const struct smk_route_match *match)
{
    uint64_t pid = (uint64_t)smk_sys_getpid();
    int rc = smk_query_count(&match->query, "pid", 1, INT32_MAX, &pid);
    if (rc == 0 && pid == (uint64_t)smk_sys_getpid())
        return false;
    if (rc == 0)
        rc = begin(exchange, (int)pid);
    if (rc < 0) {
        smk_answer_failure(&exchange->answer, rc);
        smk_exchange_answer(exchange);
    }
    return true;
}

/* ---- who answers ----------------------------------------------------------------------------------------------- */

/* The next piece of the body. False: there is none; the last has gone out. */
static bool refill(struct talk *talk)
{
    struct smk_body *body = &talk->exchange->answer.body;
    ssize_t n = body->read ? body->read(body->arg, talk->data, SMK_WIRE_DATA) : 0;
    talk->len = n > 0 ? (size_t)n : 0;
    return n > 0;
}

static void send_some(void *arg)
{
    struct talk *talk = arg;
    for (unsigned i = 0; i < IN_A_ROW && !talk->ended; i++) {
        int rc = 0;
        if (talk->len == 0 && !refill(talk))
            talk->ended = true;
        else
            rc = smk_wire_send(talk->fd, SMK_WIRE_CHUNKS, talk->data, talk->len);
        if (rc == -EAGAIN)
            break;
        talk->len = 0;
        if (rc < 0) /* who asked has gone */
            talk->until = 0;
        if (rc < 0)
            break;
    }
    int rc = talk->ended ? smk_wire_send(talk->fd, SMK_WIRE_END, &(struct smk_wire_end){0}, sizeof(struct smk_wire_end))
                         : -EAGAIN;
    if (rc == -EAGAIN && smk_sys_clock(CLOCK_MONOTONIC) < talk->until) {
        smk_timer_set(talk->timer, AGAIN_NS);
        return;
    }
    struct smk_exchange *exchange = talk->exchange;
    end_talk(talk);
    smk_exchange_free(exchange);
}

static void answered(struct smk_exchange *exchange)
{
    struct talk *talk = exchange->front;
    struct smk_wire_said said = {.status = (uint32_t)exchange->answer.status};
    for (uint32_t i = 0; i < exchange->answer.header_count; i++)
        said.json |= strcmp(exchange->answer.headers[i].name, "Content-Type") == 0 &&
                     strstr(exchange->answer.headers[i].value, "json") != NULL;
    if (smk_wire_send(talk->fd, SMK_WIRE_SAID, &said, sizeof said) < 0)
        talk->until = 0;
    send_some(talk);
}

/* Nothing else may be asked so: what is sent comes from a process that may be less trusted than it was. */
static bool is_live_view(const char *path)
{
    return strcmp(path, "/debug/threads") == 0 || strcmp(path, "/debug/requests") == 0 ||
           strncmp(path, "/debug/requests/", 16) == 0;
}

void smk_ask_serve(int fd, const struct smk_wire_ask *ask)
{
    struct talk *talk = new_talk(fd, send_some);
    bool good = talk && talk->timer && memchr(ask->path, 0, sizeof ask->path) &&
                memchr(ask->query, 0, sizeof ask->query) && memchr(ask->accept, 0, sizeof ask->accept) &&
                is_live_view(ask->path);
    struct smk_http_request request = {.front = SMK_FRONT_UNIX,
                                       .method = SMK_METHOD_GET,
                                       .path = ask->path,
                                       .query = ask->query[0] ? ask->query : NULL,
                                       .headers = {.accept = ask->accept[0] ? ask->accept : NULL},
                                       .peer = "the first of the family",
                                       .scopes = SMK_SCOPE_READ};
    if (good)
        talk->data = smk_heap_alloc(SMK_WIRE_DATA);
    if (good && talk->data)
        talk->exchange = smk_exchange_new(&request);
    if (talk && talk->exchange) {
        talk->exchange->answered = answered;
        talk->exchange->front = talk;
        if (smk_exchange_submit(talk->exchange))
            return;
        smk_exchange_free(talk->exchange);
    }
    if (talk)
        end_talk(talk);
}

/* ---- the end --------------------------------------------------------------------------------------------------- */

void smk_ask_close(void)
{
    while (talks) {
        struct smk_exchange *exchange = talks->exchange;
        if (talks->asks) {
            fail(talks, "the agent is ending");
            continue;
        }
        end_talk(talks);
        smk_exchange_free(exchange);
    }
}

void smk_ask_reset_in_child(void)
{
    talks = NULL;
    talk_count = 0;
}
