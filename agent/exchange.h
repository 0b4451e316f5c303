/* exchange.h: one HTTP request and its answer, whichever front carries it.
 *
 *     front thread                              control loop
 *     ─────────────                             ────────────
 *     parse, gate (gate.h)
 *     smk_exchange_new(request)
 *     smk_exchange_submit ──── mailbox ───────▶ route (routes.h) → handler fills `answer`
 *                         ◀─── answered() ───── smk_exchange_answer, now or later
 *     send `answer`, pulling the body
 *     smk_exchange_free
 *
 * Front and control loop hold the exchange together: the front looks at `answer` only after `answered`
 * was called, and calls smk_exchange_free exactly once, whether it was answered, abandoned, or not taken.
 *
 * All handlers run on the control loop's thread, so that agent state has one owner. A handler that
 * cannot answer yet (wait=1, a report) keeps the exchange and answers later. Fronts: front_civetweb.c
 * (TCP; its worker blocks, bounded), front_unix.c (evhttp on the control loop itself), front_evhttp.c
 * (a service's own evhttp; never blocks).
 */
#ifndef SMK_AGENT_EXCHANGE_H
#define SMK_AGENT_EXCHANGE_H

#include <sys/types.h>

#include "base/compiler.h"
#include "control.h"

enum smk_method {
    SMK_METHOD_GET = 1,
    SMK_METHOD_HEAD = 2,
    SMK_METHOD_POST = 4,
    SMK_METHOD_PUT = 8,
    SMK_METHOD_DELETE = 16,
    SMK_METHOD_OTHER = 32 /* always answered by the gate */
};

enum smk_front { SMK_FRONT_TCP, SMK_FRONT_UNIX, SMK_FRONT_EVHTTP };

/* NONE: of the control page's own files, which say nothing of the process: anyone may have them whom the gate lets
 * pass, since the page is what asks for the token. */
enum smk_scope { SMK_SCOPE_NONE = 0, SMK_SCOPE_READ = 1, SMK_SCOPE_CONTROL = 2 };

/* Headers that handlers look at; everything else ends in the gate. Values are as they came, or NULL. */
struct smk_request_headers {
    const char *accept, *range, *if_range, *if_none_match;
};

struct smk_http_request {
    enum smk_front front;
    enum smk_method method;
    const char *path;  /* raw, exactly as sent, without the query */
    const char *query; /* raw, what stands behind '?'; NULL: no '?' */
    struct smk_request_headers headers;
    const char *body; /* not ended by NUL; NULL: none */
    size_t body_len;
    const char *peer; /* "127.0.0.1:41524", "uid 1000 pid 4711": for the audit line */
    uint32_t scopes;  /* that the gate granted */
};

/* Where an answer's bytes come from. `read` is called on the front's thread: > 0 bytes; 0: the end;
 * -EAGAIN: nothing yet, ask again in SMK_BODY_POLL_MS; other negatives: the connection is cut, so that
 * the client knows. It never waits for anything but a disk. The answer to a HEAD has the body that a GET
 * would get: the front sends its length, reads nothing, and closes it. */
struct smk_body {
    int64_t length; /* -1: not known, sent as chunks */
    ssize_t (*read)(void *arg, void *data, size_t size);
    void (*close)(void *arg); /* exactly once, also when read was never called */
    void *arg;
};

#define SMK_BODY_POLL_MS    20
#define SMK_ANSWER_HEADERS  10
#define SMK_HEADER_VALUE    200

struct smk_answer {
    int status;
    /* Values that we made: no byte of a client's ever stands in one. */
    struct {
        const char *name; /* static */
        char value[SMK_HEADER_VALUE];
    } headers[SMK_ANSWER_HEADERS];
    uint32_t header_count;
    struct smk_body body; /* read NULL: no body, Content-Length: 0 */
    bool slow; /* a download or a wait: the front counts these, and the third on TCP gets 503 */
};

struct smk_exchange {
    struct smk_http_request request;
    struct smk_answer answer;
    /* The front's: called once, on the control loop's thread, when `answer` is filled. */
    void (*answered)(struct smk_exchange *exchange);
    void *front; /* the front's own */
    /* The handler's, while it keeps the exchange: called on the control loop when the front gives up on
     * it (its client went away, its deadline passed); the handler forgets the exchange. May be NULL. */
    void (*abandoned)(struct smk_exchange *exchange);
    void *handler;
    struct smk_exchange *next; /* of the handler's list, while it keeps the exchange */

    /* control.c's and exchange.c's own */
    struct smk_job job;
    struct smk_exchange *open_next; /* of the exchanges that are not answered */
    uint32_t state;                 /* atomic: open, answered, abandoned */
    uint32_t references;            /* atomic */
};

/* ---- exchange.c gives, fronts call ------------------------------------------------------------------ */

/* A new one with a copy of the request and its texts; NULL when there is no memory. The front sets
 * `answered` and `front`. */
struct smk_exchange *smk_exchange_new(const struct smk_http_request *request);

/* The front needs it no more; an answer's body is closed. */
void smk_exchange_free(struct smk_exchange *exchange);

/* Hands the exchange to the control loop; on the loop's own thread it is handled at once. Returns false
 * when the loop does not take it (it is full or ending): then the front answers 503 by itself. */
bool smk_exchange_submit(struct smk_exchange *exchange);

/* The front gives up on an exchange that it submitted and that was not answered. Whoever comes first
 * wins: true: it was still open and nobody will call `answered` any more; false: it was answered, or is
 * being so. Any thread. */
bool smk_exchange_abandon(struct smk_exchange *exchange);

/* ---- exchange.c gives, handlers call ----------------------------------------------------------------- */

/* `answer` is filled: the front gets it, or it is closed where the front gave up meanwhile. Once for each
 * exchange; the handler forgets it. On the control loop. */
void smk_exchange_answer(struct smk_exchange *exchange);

/* For control.c. */
bool smk_exchange_is_abandoned(const struct smk_exchange *exchange);

/* ---- and both ---------------------------------------------------------------------------------------- */

void smk_answer_header(struct smk_answer *answer, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A body out of memory: takes `data`, which came from smk_heap_alloc (heap.h). NULL, since there was no
 * memory for it: 503. */
void smk_answer_memory(struct smk_answer *answer, int status, const char *type, char *data, size_t len);

/* The same with bytes that stay where they are. */
void smk_answer_static(struct smk_answer *answer, int status, const char *type, const char *data, size_t len);

/* application/problem+json. `detail` names the allowed values; it is escaped here. */
void smk_answer_problem(struct smk_answer *answer, int status, const char *title, const char *detail_format,
                        ...) __attribute__((format(printf, 4, 5)));

/* The problem that belongs to an error: its code picks the status, smk_last_error() is the detail. */
void smk_answer_failure(struct smk_answer *answer, int code);

/* Closes the body and makes the answer empty. */
void smk_answer_clear(struct smk_answer *answer);

const char *smk_status_text(int status);

#endif
