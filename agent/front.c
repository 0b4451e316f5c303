#include "front.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/atomic.h"
#include "heap.h"
#include "log.h"

struct smk_fronts_stats smk_fronts_counts;

void smk_fronts_get_stats(struct smk_fronts_stats *stats)
{
    const struct smk_fronts_stats *now = &smk_fronts_counts;
    for (size_t i = 0; i < SMK_ARRAY_LEN(stats->requests); i++)
        stats->requests[i] = smk_load_relaxed(&now->requests[i]);
    stats->refused = smk_load_relaxed(&now->refused);
    stats->unauthorized = smk_load_relaxed(&now->unauthorized);
    stats->throttled = smk_load_relaxed(&now->throttled);
    stats->busy = smk_load_relaxed(&now->busy);
    stats->cut = smk_load_relaxed(&now->cut);
    stats->accept_failures = smk_load_relaxed(&now->accept_failures);
    stats->audit_suppressed = smk_agent_audit_suppressed();
}

static uint64_t stall; /* atomic */

uint64_t smk_front_stall(void) { return smk_load_relaxed(&stall); }
void smk_front_set_stall(uint64_t ns) { smk_store_relaxed(&stall, ns); }

void smk_fronts_reset_in_child(void)
{
    smk_gate_reset_in_child();
    smk_front_tcp_reset_in_child();
    smk_front_unix_reset_in_child();
    smk_front_evhttp_reset_in_child();
}

/* ---- admission -------------------------------------------------------------------------------------------- */

static void refuse(const struct smk_gate_head *head, const struct smk_gate_verdict *verdict,
                   const char *peer, struct smk_answer *answer)
{
    smk_front_count(refused);
    if (verdict->status == 401)
        smk_front_count(unauthorized);
    if (verdict->status == 429)
        smk_front_count(throttled);
    memset(answer, 0, sizeof(*answer));
    smk_answer_problem(answer, verdict->status, verdict->title, "%s", verdict->detail);
    if (verdict->status == 401)
        smk_answer_header(answer, "WWW-Authenticate", "Bearer realm=\"stallmark\"");
    if (verdict->status == 405)
        smk_answer_header(answer, "Allow", "GET, HEAD, POST, PUT, DELETE");
    if (verdict->status == 429)
        smk_answer_header(answer, "Retry-After", "1");
    smk_agent_audit(peer, verdict->title, head->path, verdict->status);
}

/* False: it did not come whole, and `refusal` is the answer. */
static bool read_body(const struct smk_gate_head *head, size_t len, char **body, struct smk_answer *refusal)
{
    *body = smk_heap_alloc(len);
    if (!*body) {
        smk_front_busy(refusal, "the agent's memory is full");
        return false;
    }
    if (head->read_body && head->read_body(head->body_arg, *body, len))
        return true;
    smk_heap_free(*body);
    *body = NULL;
    smk_front_count(refused);
    memset(refusal, 0, sizeof(*refusal));
    smk_answer_problem(refusal, 400, "the body did not come", "%zu bytes were announced", len);
    return false;
}

struct smk_exchange *smk_front_admit(const struct smk_gate_head *head, const char *peer,
                                     struct smk_answer *refusal)
{
    struct smk_gate_verdict verdict;
    struct smk_http_request request = {
        .front = head->front, .path = head->path, .query = head->query, .peer = peer};
    smk_front_count(requests[head->front]);
    smk_gate_pass(head, &verdict);
    if (verdict.status != 0) {
        refuse(head, &verdict, peer, refusal);
        return NULL;
    }
    request.method = verdict.method;
    request.headers = verdict.headers;
    request.scopes = verdict.scopes;
    char *body = NULL;
    if (verdict.body_len > 0 && !read_body(head, verdict.body_len, &body, refusal))
        return NULL;
    request.body = body;
    request.body_len = verdict.body_len;
    struct smk_exchange *exchange = smk_exchange_new(&request);
    smk_heap_free(body);
    if (!exchange)
        smk_front_busy(refusal, "the agent's memory is full");
    return exchange;
}

void smk_front_busy(struct smk_answer *answer, const char *why)
{
    smk_front_count(busy);
    memset(answer, 0, sizeof(*answer));
    smk_answer_problem(answer, 503, "busy", "%s; ask again in a second", why);
    smk_answer_header(answer, "Retry-After", "1");
}

/* ---- headers ------------------------------------------------------------------------------------------------ */

static bool has_header(const struct smk_answer *answer, const char *name)
{
    for (uint32_t i = 0; i < answer->header_count; i++)
        if (strcasecmp(answer->headers[i].name, name) == 0)
            return true;
    return false;
}

/* Whatever is answered is of this moment and for this client, is what its type says, and may load nothing. */
static const struct {
    const char *name, *value;
} always[] = {
    {"Cache-Control", "no-store"},
    {"X-Content-Type-Options", "nosniff"},
    {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
    {"Referrer-Policy", "no-referrer"},
    {"Connection", "close"},
};

void smk_front_headers(const struct smk_answer *answer,
                       void (*put)(void *arg, const char *name, const char *value), void *arg)
{
    for (uint32_t i = 0; i < answer->header_count; i++)
        put(arg, answer->headers[i].name, answer->headers[i].value);
    for (size_t i = 0; i < SMK_ARRAY_LEN(always); i++)
        if (!has_header(answer, always[i].name))
            put(arg, always[i].name, always[i].value);
}

/* ---- pace ----------------------------------------------------------------------------------------------------- */

void smk_pace_begin(struct smk_pace *pace, uint64_t stall_ns)
{
    *pace = (struct smk_pace){.stall_ns = stall_ns};
}

bool smk_pace_goes_on(struct smk_pace *pace, uint64_t bytes, uint64_t waited_ns)
{
    pace->taken += bytes;
    pace->waited_ns += waited_ns;
    if (pace->waited_ns < pace->stall_ns)
        return true;
    bool enough = pace->taken >= pace->waited_ns / 1000000 * SMK_PACE_LEAST / 1000;
    smk_pace_begin(pace, pace->stall_ns);
    return enough;
}
