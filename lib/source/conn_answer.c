#define _GNU_SOURCE
#include "source/conn_answer.h"

#include <string.h>
#include <strings.h>

#include "source/proto_machine.h"

#define HEAD_MOST  16384u /* of an answer's head; and an answer in lines that is longer may have more to come */
#define LENGTH_MAX (UINT64_C(1) << 50)

/* ---- bytes ----------------------------------------------------------------------------------------------- */

static size_t first_len(const struct smk_bytes *bytes)
{
    if (!bytes->pieces || bytes->count < 1)
        return 0;
    return bytes->pieces[0].iov_len < bytes->len ? bytes->pieces[0].iov_len : bytes->len;
}

/* Whether what was written ends with `end`, in one piece. */
SMK_INLINE bool ends_with(const struct smk_bytes *bytes, const char *end, size_t len)
{
    size_t left = bytes->len;
    for (int i = 0; bytes->pieces && i < bytes->count; i++) {
        const struct iovec *piece = &bytes->pieces[i];
        if (piece->iov_len >= left)
            return left >= len && memcmp((const char *)piece->iov_base + left - len, end, len) == 0;
        left -= piece->iov_len;
    }
    return false;
}

/* ---- HTTP ------------------------------------------------------------------------------------------------ */

/* What a head says of its body, found in one pass over its lines. */
struct head {
    const char *end;              /* behind the empty line; NULL: it is not there */
    const char *length, *chunked; /* the values of the first such headers; NULL: there are none */
};

/* The value of the header in this line, where that has the name, which is in small letters and ends with a colon. */
SMK_INLINE const char *value_of(const char *line, const char *end, const char *name, size_t name_len)
{
    if ((size_t)(end - line) <= name_len || strncasecmp(line, name, name_len) != 0)
        return NULL;
    for (line += name_len; line < end && (*line == ' ' || *line == '\t');)
        line++;
    return line;
}

/* `from` begins with the status line. */
static struct head read_head(const char *from, const char *end)
{
    struct head head = {0};
    const char *line = from;
    while ((line = memchr(line, '\n', (size_t)(end - line))) != NULL && end - ++line >= 2) {
        char c = line[0] | 0x20;
        if (c == ('\r' | 0x20) && line[1] == '\n' && line - from >= 2 && line[-2] == '\r') {
            head.end = line + 2;
            break;
        }
        if (c == 'c' && !head.length)
            head.length = value_of(line, end, "content-length:", 15);
        else if (c == 't' && !head.chunked)
            head.chunked = value_of(line, end, "transfer-encoding:", 18);
    }
    return head;
}

static bool length_of(const char *digits, const char *end, uint64_t *length)
{
    const char *at = digits;
    for (*length = 0; at < end && *at >= '0' && *at <= '9' && *length < LENGTH_MAX; at++)
        *length = *length * 10 + (uint64_t)(*at - '0');
    return at > digits && *length < LENGTH_MAX;
}

static void begin_http(struct smk_conn_answer *answer, const struct smk_bytes *bytes, uint32_t status, bool no_body)
{
    size_t len = first_len(bytes);
    const char *from = len ? bytes->pieces[0].iov_base : NULL;
    struct head head = from ? read_head(from, from + (len < HEAD_MOST ? len : HEAD_MOST)) : (struct head){0};
    uint64_t length;
    if (!head.end)
        return;
    size_t body = bytes->len - (size_t)(head.end - from);
    if (no_body || status == 204 || status == 304) {
        answer->kind = SMK_ANSWER_COUNTED;
        answer->to_come = 0;
        return;
    }
    if (head.length && length_of(head.length, head.end, &length)) {
        answer->kind = SMK_ANSWER_COUNTED;
        answer->to_come = length > body ? length - body : 0;
        return;
    }
    if (head.chunked && head.end - head.chunked > 7 && strncasecmp(head.chunked, "chunked", 7) == 0)
        answer->kind = SMK_ANSWER_CHUNKED;
    if (answer->kind == SMK_ANSWER_CHUNKED && ends_with(bytes, "\r\n0\r\n\r\n", 7))
        answer->to_come = 0;
}

/* ---- lines ----------------------------------------------------------------------------------------------- */

static void whole_if(struct smk_conn_answer *answer, bool whole)
{
    if (!whole)
        return;
    answer->kind = SMK_ANSWER_COUNTED;
    answer->to_come = 0;
}

/* "$5\r\nhello\r\n" says its length; what else there is ends with a line, and is not cut before it is long. */
static void begin_resp(struct smk_conn_answer *answer, const struct smk_bytes *bytes, bool full)
{
    size_t len = first_len(bytes);
    const char *text = len ? bytes->pieces[0].iov_base : NULL;
    uint64_t length;
    if (text && text[0] == '$' && length_of(text + 1, text + (len < 24 ? len : 24), &length)) {
        const char *line = memchr(text, '\n', len < 24 ? len : 24);
        uint64_t all = line ? (uint64_t)(line + 1 - text) + length + 2 : UINT64_MAX;
        if (line) {
            answer->kind = SMK_ANSWER_COUNTED;
            answer->to_come = all > bytes->len ? all - bytes->len : 0;
        }
        return;
    }
    whole_if(answer, full && bytes->len < HEAD_MOST && ends_with(bytes, "\r\n", 2));
}

static void begin_memcached(struct smk_conn_answer *answer, const struct smk_bytes *bytes, bool full)
{
    size_t len = first_len(bytes);
    bool values = len > 6 && memcmp(bytes->pieces[0].iov_base, "VALUE ", 6) == 0;
    whole_if(answer, full && bytes->len < HEAD_MOST && ends_with(bytes, values ? "END\r\n" : "\r\n", values ? 5 : 2));
}

/* ---- what is whole and went well, in one look ------------------------------------------------------------ */

#define DIGITS_MAX 7

/* Values of a length, and what else begins as no error does and ends with a line. */
SMK_INLINE bool resp_at_once(const char *text, size_t len)
{
    if (text[0] != '$')
        return (text[0] == '+' || text[0] == ':' || text[0] == '*') && text[len - 2] == '\r' && text[len - 1] == '\n';
    size_t value = 0, at = 1;
    for (; at < len && at <= DIGITS_MAX && smk_is_digit((uint8_t)text[at]); at++)
        value = value * 10 + (size_t)(text[at] - '0');
    return at > 1 && at + 4 <= len && text[at] == '\r' && text[at + 1] == '\n' && at + 4 + value <= len;
}

SMK_INLINE bool memcached_at_once(const char *text, size_t len)
{
    if (len >= 11 && memcmp(text, "VALUE ", 6) == 0)
        return memcmp(text + len - 5, "END\r\n", 5) == 0;
    return (len == 5 && memcmp(text, "END\r\n", 5) == 0) || (len == 8 && memcmp(text, "STORED\r\n", 8) == 0);
}

SMK_HOT bool smk_answer_at_once(struct smk_proto_state *state, const struct smk_bytes *bytes, bool full)
{
    const struct iovec *piece = bytes->pieces;
    size_t len = bytes->len;
    if (!piece || bytes->count < 1 || piece->iov_len < len || len < 4 || len >= HEAD_MOST || !full)
        return false;
    if (state->protocol == SMK_PROTO_RESP ? !resp_at_once(piece->iov_base, len)
                                          : state->protocol != SMK_PROTO_MEMCACHED ||
                                                !memcached_at_once(piece->iov_base, len))
        return false;
    state->bits |= SMK_PROTO_ANSWERED;
    return true;
}

/* ---- together -------------------------------------------------------------------------------------------- */

SMK_HOT void smk_answer_begin(struct smk_conn_answer *answer, enum smk_proto protocol, const struct smk_bytes *bytes,
                      uint32_t status, bool no_body, bool full)
{
    *answer = (struct smk_conn_answer){.to_come = UINT64_MAX, .kind = SMK_ANSWER_UNKNOWN};
    switch (protocol) {
    case SMK_PROTO_HTTP1:
        begin_http(answer, bytes, status, no_body);
        break;
    case SMK_PROTO_RESP:
        begin_resp(answer, bytes, full);
        break;
    case SMK_PROTO_MEMCACHED:
        begin_memcached(answer, bytes, full);
        break;
    default:
        break;
    }
}

void smk_answer_goes_on(struct smk_conn_answer *answer, const struct smk_bytes *bytes)
{
    if (answer->kind == SMK_ANSWER_COUNTED)
        answer->to_come -= bytes->len < answer->to_come ? bytes->len : answer->to_come;
    else if (answer->kind == SMK_ANSWER_CHUNKED && ends_with(bytes, "0\r\n\r\n", 5))
        answer->to_come = 0;
}

bool smk_answer_is_whole(const struct smk_conn_answer *answer)
{
    return answer->kind != SMK_ANSWER_NONE && answer->to_come == 0;
}
