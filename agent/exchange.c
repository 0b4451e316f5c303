#include "exchange.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/atomic.h"
#include "base/errors.h"
#include "heap.h"
#include "json.h"

enum { OPEN, ANSWERED, ABANDONED };

/* ---- life ----------------------------------------------------------------------------------------------- */

static size_t size_of(const char *text) { return text ? strlen(text) + 1 : 0; }

static const char *copy(char **room, const char *text)
{
    size_t size = size_of(text);
    if (!size)
        return NULL;
    char *to = memcpy(*room, text, size);
    *room += size;
    return to;
}

struct smk_exchange *smk_exchange_new(const struct smk_http_request *request)
{
    const struct smk_request_headers *headers = &request->headers;
    size_t texts = size_of(request->path) + size_of(request->query) + size_of(headers->accept) +
                   size_of(headers->range) + size_of(headers->if_range) + size_of(headers->if_none_match) +
                   size_of(request->peer) + request->body_len;
    struct smk_exchange *exchange = smk_heap_zalloc(sizeof *exchange + texts);
    if (!exchange)
        return NULL;
    char *room = (char *)(exchange + 1);
    struct smk_http_request *own = &exchange->request;
    *own = *request;
    own->path = copy(&room, request->path);
    own->query = copy(&room, request->query);
    own->headers.accept = copy(&room, headers->accept);
    own->headers.range = copy(&room, headers->range);
    own->headers.if_range = copy(&room, headers->if_range);
    own->headers.if_none_match = copy(&room, headers->if_none_match);
    own->peer = copy(&room, request->peer);
    own->body = request->body_len ? memcpy(room, request->body, request->body_len) : NULL;
    exchange->references = 1;
    return exchange;
}

void smk_exchange_free(struct smk_exchange *exchange)
{
    if (!exchange || smk_sub_acq_rel(&exchange->references, 1) != 1)
        return;
    smk_answer_clear(&exchange->answer);
    smk_heap_free(exchange);
}

void smk_exchange_answer(struct smk_exchange *exchange)
{
    uint32_t open = OPEN;
    smk_control_forget(exchange);
    exchange->abandoned = NULL;
    if (smk_cas_acq_rel(&exchange->state, &open, ANSWERED)) /* pairs with: smk_exchange_abandon */
        exchange->answered(exchange);
    smk_exchange_free(exchange);
}

bool smk_exchange_abandon(struct smk_exchange *exchange)
{
    uint32_t open = OPEN;
    if (!smk_cas_acq_rel(&exchange->state, &open, ABANDONED)) /* pairs with: smk_exchange_answer */
        return false;
    smk_control_note_abandoned();
    return true;
}

bool smk_exchange_is_abandoned(const struct smk_exchange *exchange)
{
    return smk_load_acquire(&exchange->state) == ABANDONED; /* pairs with: smk_exchange_abandon */
}

/* ---- answers -------------------------------------------------------------------------------------------- */

void smk_answer_header(struct smk_answer *answer, const char *name, const char *format, ...)
{
    if (answer->header_count == SMK_ANSWER_HEADERS)
        return;
    va_list args;
    va_start(args, format);
    vsnprintf(answer->headers[answer->header_count].value, SMK_HEADER_VALUE, format, args);
    va_end(args);
    answer->headers[answer->header_count++].name = name;
}

struct memory_body {
    const char *data;
    char *owned; /* data, where it is to be freed; or NULL */
    size_t len, sent;
};

static ssize_t memory_read(void *arg, void *data, size_t size)
{
    struct memory_body *body = arg;
    size_t left = body->len - body->sent;
    size_t n = size < left ? size : left;
    memcpy(data, body->data + body->sent, n);
    body->sent += n;
    return (ssize_t)n;
}

static void memory_close(void *arg)
{
    struct memory_body *body = arg;
    smk_heap_free(body->owned);
    smk_heap_free(body);
}

static void answer_bytes(struct smk_answer *answer, int status, const char *type, struct memory_body bytes)
{
    struct memory_body *body = bytes.data ? smk_heap_alloc(sizeof *body) : NULL;
    size_t len = bytes.len;
    if (!body) {
        smk_heap_free(bytes.owned);
        answer->status = 503; /* not even a problem's text fits: no body */
        smk_answer_header(answer, "Retry-After", "1");
        return;
    }
    *body = bytes;
    answer->status = status;
    answer->body = (struct smk_body){
        .length = (int64_t)len, .read = memory_read, .close = memory_close, .arg = body};
    smk_answer_header(answer, "Content-Type", "%s", type);
}

void smk_answer_memory(struct smk_answer *answer, int status, const char *type, char *data, size_t len)
{
    answer_bytes(answer, status, type, (struct memory_body){.data = data, .owned = data, .len = len});
}

void smk_answer_static(struct smk_answer *answer, int status, const char *type, const char *data, size_t len)
{
    answer_bytes(answer, status, type, (struct memory_body){.data = data, .len = len});
}

void smk_answer_problem(struct smk_answer *answer, int status, const char *title, const char *detail_format, ...)
{
    char detail[1024];
    struct smk_json json = {0};
    size_t len = 0;
    va_list args;
    va_start(args, detail_format);
    vsnprintf(detail, sizeof detail, detail_format, args);
    va_end(args);
    smk_json_begin(&json, NULL, '{');
    smk_json_text(&json, "type", "about:blank");
    smk_json_text(&json, "title", title);
    smk_json_number(&json, "status", (uint64_t)status);
    smk_json_text(&json, "detail", detail);
    smk_json_end(&json, '}');
    char *text = smk_json_take(&json, &len);
    smk_answer_memory(answer, status, "application/problem+json", text, len);
}

void smk_answer_failure(struct smk_answer *answer, int code)
{
    static const struct {
        int code, status;
    } statuses[] = {{SMK_E_INVALID, 400}, {SMK_E_BUSY, 409},       {SMK_E_UNAVAILABLE, 409}, {SMK_E_NOTFOUND, 404},
                    {SMK_E_LIMIT, 429},   {SMK_E_PERMISSION, 403}, {SMK_E_NOSPACE, 507},     {SMK_E_NOMEM, 503},
                    {SMK_E_INERT, 503},   {SMK_E_TIMEOUT, 503}};
    int status = 500;
    for (size_t i = 0; i < SMK_ARRAY_LEN(statuses); i++)
        if (statuses[i].code == code)
            status = statuses[i].status;
    if (status == 429 || status == 503)
        smk_answer_header(answer, "Retry-After", status == 429 ? "60" : "1");
    smk_answer_problem(answer, status, smk_error_text(code), "%s", smk_last_error());
}

void smk_answer_clear(struct smk_answer *answer)
{
    if (answer->body.close)
        answer->body.close(answer->body.arg);
    memset(answer, 0, sizeof *answer);
}

const char *smk_status_text(int status)
{
    static const struct {
        int status;
        const char *text;
    } texts[] = {{200, "OK"},
                 {202, "Accepted"},
                 {204, "No Content"},
                 {206, "Partial Content"},
                 {304, "Not Modified"},
                 {400, "Bad Request"},
                 {401, "Unauthorized"},
                 {403, "Forbidden"},
                 {404, "Not Found"},
                 {405, "Method Not Allowed"},
                 {408, "Request Timeout"},
                 {409, "Conflict"},
                 {411, "Length Required"},
                 {413, "Content Too Large"},
                 {414, "URI Too Long"},
                 {416, "Range Not Satisfiable"},
                 {417, "Expectation Failed"},
                 {422, "Unprocessable Content"},
                 {429, "Too Many Requests"},
                 {431, "Request Header Fields Too Large"},
                 {500, "Internal Server Error"},
                 {501, "Not Implemented"},
                 {503, "Service Unavailable"},
                 {504, "Gateway Timeout"},
                 {505, "HTTP Version Not Supported"},
                 {507, "Insufficient Storage"}};
    for (size_t i = 0; i < SMK_ARRAY_LEN(texts); i++)
        if (texts[i].status == status)
            return texts[i].text;
    return "Unknown";
}
