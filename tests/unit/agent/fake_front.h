/* fake_front.h: asks the agent's routes without HTTP: what a front does, on the test's own thread. */
#ifndef SMK_TESTS_FAKE_FRONT_H
#define SMK_TESTS_FAKE_FRONT_H

#include <errno.h>

#include "base/atomic.h"
#include "base/sys.h"
#include "exchange.h"
#include "unit/smk_test.h"

struct fake_answer {
    int status;
    uint32_t header_count;
    struct {
        const char *name;
        char value[SMK_HEADER_VALUE];
    } headers[SMK_ANSWER_HEADERS];
    int64_t length; /* -1: streamed */
    char *body;     /* ended by NUL; the test's to free */
    size_t body_len;
    bool cut;  /* the body ended with an error */
    bool slow;
};

struct fake_request {
    const char *method, *target; /* "GET", "/debug/trace?duration=1s" */
    uint32_t scopes;             /* 0: all */
    struct smk_request_headers headers;
    size_t read_at_most; /* then the client goes away; 0: reads all */
};

static inline enum smk_method fake_method(const char *name)
{
    static const char *const names[] = {"GET", "HEAD", "POST", "PUT", "DELETE"};
    for (unsigned i = 0; i < 5; i++)
        if (strcmp(name, names[i]) == 0)
            return (enum smk_method)(1u << i);
    return SMK_METHOD_OTHER;
}

static inline void fake_answered(struct smk_exchange *exchange)
{
    uint32_t *done = exchange->front;
    smk_store_release(done, 1); /* pairs with: fake_wait */
    smk_sys_futex_wake(done, 1);
}

static inline void fake_wait(uint32_t *done)
{
    while (!smk_load_acquire(done))
        smk_sys_futex_wait(done, 0, UINT64_C(1000000000));
}

static inline void fake_read_body(struct smk_answer *answer, size_t at_most, struct fake_answer *out)
{
    size_t room = 1 << 16;
    out->body = malloc(room);
    while (!at_most || out->body_len < at_most) {
        if (out->body_len + 65536 > room)
            out->body = realloc(out->body, room *= 2);
        ssize_t n = answer->body.read(answer->body.arg, out->body + out->body_len, 65535);
        if (n == -EAGAIN) {
            smk_sys_sleep(SMK_BODY_POLL_MS * 1000000u);
            continue;
        }
        out->cut = n < 0;
        if (n <= 0)
            break;
        out->body_len += (size_t)n;
    }
    out->body[out->body_len] = '\0';
}

static inline struct fake_answer fake_ask_with(const struct fake_request *fake)
{
    struct fake_answer out = {0};
    char path[1024];
    uint32_t done = 0;
    const char *mark = strchr(fake->target, '?');
    snprintf(path, sizeof path, "%.*s", (int)(mark ? mark - fake->target : (long)strlen(fake->target)), fake->target);
    struct smk_http_request request = {.front = SMK_FRONT_TCP,
                                       .method = fake_method(fake->method),
                                       .path = path,
                                       .query = mark ? mark + 1 : NULL,
                                       .headers = fake->headers,
                                       .peer = "test",
                                       .scopes = fake->scopes ? fake->scopes : SMK_SCOPE_READ | SMK_SCOPE_CONTROL};
    struct smk_exchange *exchange = smk_exchange_new(&request);
    assert_non_null(exchange);
    exchange->answered = fake_answered;
    exchange->front = &done;
    if (!smk_exchange_submit(exchange)) {
        smk_exchange_free(exchange);
        return out;
    }
    fake_wait(&done);
    struct smk_answer *answer = &exchange->answer;
    out.status = answer->status;
    out.header_count = answer->header_count;
    memcpy(out.headers, answer->headers, sizeof out.headers);
    out.length = answer->body.length;
    out.slow = answer->slow;
    if (answer->body.read && request.method != SMK_METHOD_HEAD)
        fake_read_body(answer, fake->read_at_most, &out);
    smk_exchange_free(exchange);
    return out;
}

static inline struct fake_answer fake_ask(const char *method, const char *target)
{
    struct fake_request fake = {.method = method, .target = target};
    return fake_ask_with(&fake);
}

static inline const char *fake_header(const struct fake_answer *answer, const char *name)
{
    for (uint32_t i = 0; i < answer->header_count; i++)
        if (strcmp(answer->headers[i].name, name) == 0)
            return answer->headers[i].value;
    return "";
}

/* Asks, checks the status, and returns the body; free it. */
static inline char *fake_body(const char *method, const char *target, int status)
{
    struct fake_answer answer = fake_ask(method, target);
    if (answer.status != status)
        print_error("%s %s: %d %s\n", method, target, answer.status, answer.body ? answer.body : "");
    assert_int_equal(answer.status, status);
    return answer.body;
}

static inline void fake_expect(const char *method, const char *target, int status, const char *part)
{
    char *body = fake_body(method, target, status);
    if (part && (!body || !strstr(body, part)))
        print_error("%s %s: no \"%s\" in %s\n", method, target, part, body ? body : "(nothing)");
    assert_true(!part || (body && strstr(body, part)));
    free(body);
}

#endif
