/* proto_http1.c: HTTP/1 (RFC 9112). Requests are followed through their headers, of which two matter, and
 * their bodies. Where servers differ about where a body ends, as with two lengths or spaces before a colon,
 * the connection is unknown: that is also how requests are smuggled. */
#include <string.h>

#include "source/proto_machine.h"

enum phase {
    START = 0,
    METHOD,
    TARGET,
    VERSION,
    LINE,   /* the end of the request's line */
    HEADER, /* a header begins, or the empty line */
    MATCH,  /* a header that may be one of the two */
    VALUE,  /* of one of the two */
    SKIP,   /* of another */
    BODY,
    CHUNK_SIZE,
    CHUNK,
    CHUNK_END,
    TRAILER,
    TRAILER_SKIP,
    LF /* after a CR; state->left: of what */
};

#define METHOD_MAX 20
#define BODY_MAX   (UINT64_C(1) << 60)

/* In state->bits. */
#define HAS_LENGTH   0x01u
#define CHUNKED      0x02u
#define NOT_CONNECT  0x04u
#define IS_LENGTH    0x08u /* MATCH and VALUE: the header is Content-Length; else Transfer-Encoding */
#define OF_A_REQUEST (HAS_LENGTH | CHUNKED | NOT_CONNECT | IS_LENGTH)

/* ---- its name ------------------------------------------------------------------------------------------- */

/* What is in nobody's list is whatever a stranger wrote. */
static bool is_known_method(const uint8_t *method, size_t len)
{
    static const char *const known[] = {"GET",      "POST",      "HEAD",  "PUT",  "DELETE", "OPTIONS", "PATCH",
                                        "CONNECT",  "TRACE",     "PURGE", "COPY", "MOVE",   "LOCK",    "UNLOCK",
                                        "PROPFIND", "PROPPATCH", "MKCOL", "REPORT", "SEARCH"};
    for (size_t i = 0; i < SMK_ARRAY_LEN(known); i++)
        if (known[i][0] == (char)method[0] && strncmp(known[i], (const char *)method, len) == 0 &&
            known[i][len] == '\0')
            return true;
    return false;
}

/* "http://shop/cart" is "/cart". */
static const uint8_t *path_of(const uint8_t *target, const uint8_t *end)
{
    const uint8_t *p = target;
    while (p < end && smk_is_letter(*p))
        p++;
    if (p == target || end - p < 3 || memcmp(p, "://", 3) != 0)
        return target;
    p += 3;
    while (p < end && *p != '/' && *p != '?' && *p != '#')
        p++;
    return p;
}

/* The line from r->start to r->p, whose form was checked. */
static void name_request(struct smk_proto_reader *r)
{
    char *name = r->seen->name;
    const uint8_t *space = memchr(r->start, ' ', (size_t)(r->p - r->start));
    size_t len = (size_t)(space - r->start);
    if (len > 9 || !is_known_method(r->start, len))
        return;
    const uint8_t *target = space + 1;
    const uint8_t *end = memchr(target, ' ', (size_t)(r->p - target));
    memcpy(name, r->start, len);
    if (target[0] == '*')
        memcpy(name + len, " *", 2);
    size_t used = len + (target[0] == '*' ? 2 : 0);
    target = path_of(target, end);
    if (target == end) /* "http://shop" */
        target = (const uint8_t *)"/", end = target + 1;
    if (target[0] == '/') {
        name[used++] = ' ';
        used += smk_path_name(name + used, SMK_PROTO_NAME - 1 - used, target, (size_t)(end - target));
    }
    r->seen->name_len = (uint8_t)used;
}

/* ---- the first line ------------------------------------------------------------------------------------- */

static bool start(struct smk_proto_reader *r)
{
    uint8_t c = *r->p;
    if (c == '\r' || c == '\n') { /* some clients send an empty line behind a body */
        r->p++;
        return true;
    }
    r->state->phase = METHOD;
    r->state->at = 0;
    r->state->bits &= (uint8_t)~OF_A_REQUEST;
    return smk_is_upper(c) && smk_proto_begins(r);
}

static bool method(struct smk_proto_reader *r)
{
    struct smk_proto_state *s = r->state;
    for (; r->p < r->end && (smk_is_upper(*r->p) || *r->p == '-'); r->p++, s->at++) {
        if (s->at >= METHOD_MAX)
            return false;
        if (s->at >= 7 || *r->p != "CONNECT"[s->at])
            s->bits |= NOT_CONNECT;
    }
    if (r->p == r->end)
        return true;
    if (s->at < 7)
        s->bits |= NOT_CONNECT;
    s->phase = TARGET;
    s->at = 0;
    return *r->p++ == ' ';
}

static bool target(struct smk_proto_reader *r)
{
    const uint8_t *p = r->p;
    while (p < r->end && *p > ' ' && *p != 0x7f)
        p++;
    r->state->at |= p > r->p;
    r->p = p;
    if (p == r->end)
        return true;
    bool some = r->state->at;
    r->state->phase = VERSION;
    r->state->at = 0;
    return *r->p++ == ' ' && some;
}

static bool version(struct smk_proto_reader *r)
{
    static const char text[] = "HTTP/1.";
    struct smk_proto_state *s = r->state;
    for (; r->p < r->end && s->at < sizeof text - 1; r->p++, s->at++)
        if (*r->p != text[s->at])
            return false;
    if (r->p == r->end)
        return true;
    s->phase = LINE;
    return smk_is_digit(*r->p++);
}

/* ---- headers -------------------------------------------------------------------------------------------- */

static bool header(struct smk_proto_reader *r)
{
    struct smk_proto_state *s = r->state;
    uint8_t c = *r->p | 0x20;
    if (*r->p == ' ' || *r->p == '\t') /* a folded line, which servers read in several ways */
        return false;
    s->phase = c == 'c' || c == 't' ? MATCH : SKIP;
    s->at = 0;
    s->bits = (uint8_t)((s->bits & ~IS_LENGTH) | (c == 'c' ? IS_LENGTH : 0));
    return true;
}

static bool match(struct smk_proto_reader *r)
{
    struct smk_proto_state *s = r->state;
    const char *text = s->bits & IS_LENGTH ? "content-length" : "transfer-encoding";
    for (; r->p < r->end && text[s->at]; r->p++, s->at++) {
        uint8_t c = smk_is_upper(*r->p) ? *r->p | 0x20 : *r->p;
        if (c != (uint8_t)text[s->at]) {
            s->phase = SKIP;
            return true;
        }
    }
    if (r->p == r->end)
        return true;
    if (*r->p != ':') {
        s->phase = SKIP;
        return *r->p != ' ' && *r->p != '\t';
    }
    r->p++;
    s->phase = VALUE;
    s->at = 0;
    if (s->bits & IS_LENGTH)
        s->number = 0;
    return !(s->bits & (HAS_LENGTH | CHUNKED));
}

/* Digits; at: 0, none yet; 1, some; 2, what follows them. */
static bool length_value(struct smk_proto_reader *r)
{
    struct smk_proto_state *s = r->state;
    uint8_t c = *r->p++;
    if (c == ' ' || c == '\t') {
        s->at = s->at ? 2 : 0;
        return true;
    }
    bool first = s->at < 2;
    s->at = 1;
    return first && smk_is_digit(c) && smk_proto_digit(s, c, BODY_MAX);
}

/* "chunked", and no other; at: how many letters of it came; 8, what follows them. */
static bool encoding_value(struct smk_proto_reader *r)
{
    struct smk_proto_state *s = r->state;
    uint8_t c = *r->p++;
    if (c == ' ' || c == '\t') {
        bool good = s->at == 0 || s->at >= 7;
        s->at = s->at ? 8 : 0;
        return good;
    }
    return s->at < 7 && (c | 0x20) == "chunked"[s->at++];
}

/* ---- ends of lines -------------------------------------------------------------------------------------- */

static bool headers_end(struct smk_proto_state *s)
{
    if (!(s->bits & NOT_CONNECT))
        return false; /* what follows is somebody else's */
    if (s->bits & CHUNKED) {
        s->phase = CHUNK_SIZE;
        s->number = s->at = 0;
    } else {
        s->phase = s->bits & HAS_LENGTH && s->number ? BODY : START;
    }
    return true;
}

static bool value_end(struct smk_proto_state *s)
{
    bool is_length = s->bits & IS_LENGTH;
    s->bits |= is_length ? HAS_LENGTH : CHUNKED;
    s->phase = HEADER;
    return is_length ? s->at > 0 : s->at >= 7;
}

/* The line's end was consumed. */
static bool line_ended(struct smk_proto_reader *r, unsigned phase)
{
    struct smk_proto_state *s = r->state;
    switch (phase) {
    case LINE:
        s->phase = HEADER;
        if (r->start) {
            name_request(r);
            r->start = NULL;
            smk_proto_learn(r);
        }
        return true;
    case HEADER:
        return headers_end(s);
    case VALUE:
        return value_end(s);
    case CHUNK_SIZE:
        s->phase = s->number ? CHUNK : TRAILER;
        return s->at > 0;
    case CHUNK_END:
        s->phase = CHUNK_SIZE;
        s->number = s->at = 0;
        return true;
    default: /* TRAILER */
        s->phase = START;
        return true;
    }
}

/* CR LF, or LF alone, which everybody takes. */
static bool line_end(struct smk_proto_reader *r)
{
    struct smk_proto_state *s = r->state;
    unsigned phase = s->phase == LF ? s->left : s->phase;
    uint8_t c = *r->p++;
    if (c == '\n')
        return line_ended(r, phase);
    bool good = c == '\r' && s->phase != LF;
    s->left = phase;
    s->phase = LF;
    return good;
}

static bool skip_line(struct smk_proto_reader *r)
{
    const uint8_t *lf = memchr(r->p, '\n', (size_t)(r->end - r->p));
    r->p = lf ? lf + 1 : r->end;
    if (lf)
        r->state->phase = r->state->phase == SKIP ? HEADER : TRAILER;
    return true;
}

/* ---- bodies --------------------------------------------------------------------------------------------- */

/* Hexadecimal, without the extensions that nobody sends and servers read in several ways. */
static bool chunk_size(struct smk_proto_reader *r)
{
    struct smk_proto_state *s = r->state;
    uint8_t c = *r->p++, letter = c | 0x20;
    if (!smk_is_digit(c) && (uint8_t)(letter - 'a') >= 6)
        return false;
    s->number = s->number << 4 | (smk_is_digit(c) ? c - '0' : letter - 'a' + 10);
    return ++s->at <= 15;
}

static bool body(struct smk_proto_reader *r)
{
    if (smk_proto_pass(r))
        r->state->phase = r->state->phase == BODY ? START : CHUNK_END;
    return true;
}

static bool is_line_end(uint8_t c) { return c == '\r' || c == '\n'; }

static bool step(struct smk_proto_reader *r)
{
    switch (r->state->phase) {
    case START:
        return start(r);
    case METHOD:
        return method(r);
    case TARGET:
        return target(r);
    case VERSION:
        return version(r);
    case HEADER:
        return is_line_end(*r->p) ? line_end(r) : header(r);
    case MATCH:
        return match(r);
    case VALUE:
        if (is_line_end(*r->p))
            return line_end(r);
        return r->state->bits & IS_LENGTH ? length_value(r) : encoding_value(r);
    case SKIP:
    case TRAILER_SKIP:
        return skip_line(r);
    case BODY:
    case CHUNK:
        return body(r);
    case CHUNK_SIZE:
        return is_line_end(*r->p) ? line_end(r) : chunk_size(r);
    case TRAILER:
        if (is_line_end(*r->p))
            return line_end(r);
        r->state->phase = TRAILER_SKIP;
        return true;
    default: /* LINE, CHUNK_END, LF */
        return line_end(r);
    }
}

SMK_HOT bool smk_http1_read(struct smk_proto_reader *r)
{
    bool good = true;
    while (good && r->p < r->end)
        good = step(r);
    return good;
}

/* ---- answers -------------------------------------------------------------------------------------------- */

SMK_HOT enum smk_proto_reply smk_http1_reply(const uint8_t *bytes, size_t len, struct smk_proto_answer *answer)
{
    if (len < 12)
        return SMK_REPLY_NOT_YET;
    if (memcmp(bytes, "HTTP/1.", 7) != 0 || !smk_is_digit(bytes[7]) || bytes[8] != ' ')
        return SMK_REPLY_FOREIGN;
    int status = 0;
    for (size_t i = 9; i < 12; i++) {
        if (!smk_is_digit(bytes[i]))
            return SMK_REPLY_FOREIGN;
        status = status * 10 + (bytes[i] - '0');
    }
    if (status == 101)
        return SMK_REPLY_SWITCHED;
    if (status < 200)
        return status < 100 ? SMK_REPLY_FOREIGN : SMK_REPLY_NOT_YET;
    *answer = (struct smk_proto_answer){status, status >= 500 && status < 600, status >= 400 && status < 500};
    return SMK_REPLY_DONE;
}
