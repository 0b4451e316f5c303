/* proto_resp.c: RESP, the protocol of redis: "*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n", and inline commands among
 * those. A connection that begins with an inline command is not taken for one: a line says too little. */
#include <string.h>

#include "source/proto_machine.h"

enum phase {
    START = 0,
    COUNT,    /* digits behind "*" */
    COUNT_LF,
    TYPE,     /* "$" */
    LENGTH,   /* digits behind it */
    LENGTH_LF,
    DATA,     /* and its CR LF */
    INLINE
};

#define ARGUMENTS_MAX (UINT64_C(1) << 20) /* redis's own bound */
#define LENGTH_MAX    (UINT64_C(1) << 40)
#define WORD_MAX      24

/* ---- its name ------------------------------------------------------------------------------------------- */

/* Letters, digits, and what modules have in theirs ("FT.SEARCH"): all else may be somebody's data. */
static bool is_word(const uint8_t *word, size_t len)
{
    if (len == 0 || len > WORD_MAX || !smk_is_letter(word[0]))
        return false;
    for (size_t i = 1; i < len; i++)
        if (!smk_is_letter(word[i]) && !smk_is_digit(word[i]) && word[i] != '.' && word[i] != '_' && word[i] != '-')
            return false;
    return true;
}

static void put_word(struct smk_proto_seen *seen, const uint8_t *word, size_t len)
{
    for (size_t i = 0; i < len; i++)
        seen->name[seen->name_len++] = (char)(smk_is_lower(word[i]) ? word[i] - 0x20 : word[i]);
}

#define LETTER(c) (1u << ((c) - 'A'))

/* Commands whose first argument says what they do; what begins otherwise, as most that are hot, is none of them. */
static bool has_subcommands(const struct smk_proto_seen *seen)
{
    static const uint32_t first = LETTER('A') | LETTER('C') | LETTER('D') | LETTER('F') | LETTER('L') | LETTER('M') |
                                  LETTER('O') | LETTER('P') | LETTER('S') | LETTER('X');
    static const char *const names[] = {"ACL",    "CLIENT",  "CLUSTER", "COMMAND", "CONFIG", "DEBUG",
                                        "FUNCTION", "LATENCY", "MEMORY",  "MODULE",  "OBJECT", "PUBSUB",
                                        "SCRIPT", "SENTINEL", "SLOWLOG", "XGROUP",  "XINFO"};
    if (!(first >> (seen->name[0] - 'A') & 1))
        return false;
    for (size_t i = 0; i < SMK_ARRAY_LEN(names); i++)
        if (names[i][0] == seen->name[0] && strncmp(names[i], seen->name, seen->name_len) == 0 &&
            names[i][seen->name_len] == '\0')
            return true;
    return false;
}

/* Argument 0 or 1 of the request that is to be named, of which this much is here. */
static SMK_NOINLINE void name_argument(struct smk_proto_reader *r, uint64_t len)
{
    bool whole = len <= (uint64_t)(r->end - r->p) && is_word(r->p, len);
    if (r->argument++ == 0 && whole) {
        put_word(r->seen, r->p, len);
        if (r->seen->name_len <= 8 && has_subcommands(r->seen))
            return;
    } else if (r->seen->name_len > 0 && whole) {
        r->seen->name[r->seen->name_len++] = '|';
        put_word(r->seen, r->p, len);
    }
    r->start = NULL;
}

/* ---- the machine ---------------------------------------------------------------------------------------- */

static bool start(struct smk_proto_reader *r)
{
    struct smk_proto_state *s = r->state;
    uint8_t c = *r->p;
    if (c == '\r' || c == '\n') {
        r->p++;
        return true;
    }
    if (!smk_proto_begins(r))
        return false;
    s->number = s->at = 0;
    s->phase = c == '*' ? COUNT : INLINE;
    r->p += c == '*';
    return c == '*' || smk_is_letter(c);
}

/* Digits up to a CR. */
static bool number(struct smk_proto_reader *r, uint64_t most)
{
    struct smk_proto_state *s = r->state;
    for (; r->p < r->end && smk_is_digit(*r->p); r->p++) {
        s->at = 1;
        if (!smk_proto_digit(s, *r->p, most))
            return false;
    }
    if (r->p == r->end)
        return true;
    s->phase++;
    return *r->p++ == '\r' && s->at;
}

static bool count_ends(struct smk_proto_reader *r)
{
    struct smk_proto_state *s = r->state;
    s->left = (uint32_t)s->number;
    s->phase = TYPE;
    return *r->p++ == '\n' && s->left > 0;
}

static bool type(struct smk_proto_reader *r)
{
    r->state->number = r->state->at = 0;
    r->state->phase = LENGTH;
    return *r->p++ == '$';
}

static bool length_ends(struct smk_proto_reader *r)
{
    bool good = *r->p++ == '\n';
    if (r->start && good)
        name_argument(r, r->state->number);
    r->state->number += 2;
    r->state->phase = DATA;
    return good;
}

static bool data(struct smk_proto_reader *r)
{
    struct smk_proto_state *s = r->state;
    const uint8_t *from = r->p;
    if (!smk_proto_pass(r))
        return s->number > 1 || r->p[-1] == '\r'; /* of which nothing is here with the next read */
    s->phase = --s->left ? TYPE : START;
    return r->p - from < 2 ? r->p[-1] == '\n' : r->p[-2] == '\r' && r->p[-1] == '\n';
}

/* ---- what is whole in these bytes, which is nearly everything: the same in one go ----------------------- */

/* A number of at most 7 digits, and its CR LF. NULL: it is none, or not whole: the machine knows which. */
SMK_INLINE const uint8_t *whole_number(const uint8_t *p, const uint8_t *end, uint32_t *number)
{
    uint32_t n = 0;
    const uint8_t *from = p;
    while (p < end && smk_is_digit(*p) && p - from < 7)
        n = n * 10 + (*p++ - '0');
    *number = n;
    return p > from && end - p >= 2 && p[0] == '\r' && p[1] == '\n' ? p + 2 : NULL;
}

/* False, and nothing changed, where the machine has to go on. */
SMK_INLINE bool whole_count(struct smk_proto_reader *r)
{
    uint32_t count;
    const uint8_t *p = r->p[0] == '*' ? whole_number(r->p + 1, r->end, &count) : NULL;
    if (!p || count == 0 || count > ARGUMENTS_MAX || r->seen->requests >= SMK_PROTO_REQUESTS)
        return false;
    smk_proto_begins(r);
    r->p = p;
    r->state->phase = TYPE;
    r->state->left = count;
    r->state->number = count; /* as the machine leaves it */
    r->state->at = 1;
    return true;
}

SMK_INLINE bool whole_argument(struct smk_proto_reader *r)
{
    struct smk_proto_state *s = r->state;
    uint32_t len;
    const uint8_t *p = r->p[0] == '$' ? whole_number(r->p + 1, r->end, &len) : NULL;
    if (!p || (size_t)(r->end - p) < (size_t)len + 2 || p[len] != '\r' || p[len + 1] != '\n')
        return false;
    r->p = p;
    bool named = r->start && (name_argument(r, len), r->start == NULL);
    r->p = p + len + 2;
    s->phase = --s->left ? TYPE : START;
    s->number = 0;
    s->at = 1;
    if (SMK_UNLIKELY(named))
        smk_proto_learn(r);
    return true;
}

SMK_HOT bool smk_resp_read_rest(struct smk_proto_state *s, const uint8_t *p, const uint8_t *end)
{
    uint32_t len;
    if (s->phase != TYPE)
        return false;
    for (uint32_t left = s->left; left > 0; left--) {
        p = p < end && *p == '$' ? whole_number(p + 1, end, &len) : NULL;
        if (!p || (size_t)(end - p) < (size_t)len + 2 || p[len] != '\r' || p[len + 1] != '\n')
            return false;
        p += len + 2;
    }
    if (p != end)
        return false;
    s->phase = START; /* as whole_argument leaves it */
    s->left = 0;
    s->number = 0;
    s->at = 1;
    return true;
}

static bool inline_command(struct smk_proto_reader *r)
{
    const uint8_t *lf = memchr(r->p, '\n', (size_t)(r->end - r->p));
    if (lf && r->start) {
        const uint8_t *p = r->p;
        while (*p > ' ')
            p++;
        if (is_word(r->p, (size_t)(p - r->p)))
            put_word(r->seen, r->p, (size_t)(p - r->p));
    }
    r->p = lf ? lf + 1 : r->end;
    r->start = NULL;
    if (lf)
        r->state->phase = START;
    return true;
}

static bool step(struct smk_proto_reader *r)
{
    switch (r->state->phase) {
    case START:
        return start(r);
    case COUNT:
        return number(r, ARGUMENTS_MAX);
    case COUNT_LF:
        return count_ends(r);
    case TYPE:
        return type(r);
    case LENGTH:
        return number(r, LENGTH_MAX);
    case LENGTH_LF:
        return length_ends(r);
    case DATA:
        return data(r);
    default:
        return inline_command(r);
    }
}

SMK_HOT bool smk_resp_read(struct smk_proto_reader *r)
{
    bool good = true;
    while (good && r->p < r->end) {
        if (r->state->phase == TYPE ? whole_argument(r) : r->state->phase == START && whole_count(r))
            continue;
        good = step(r);
    }
    return good;
}

/* ---- answers -------------------------------------------------------------------------------------------- */

/* "-ERR unknown command" and the like are the client's fault; "-OOM", "-LOADING", "-ERR" of a script ours. */
static bool is_refusal(const uint8_t *bytes, size_t len)
{
    static const char *const words[] = {"-ERR unknown", "-ERR wrong number", "-ERR syntax", "-WRONGTYPE",
                                        "-NOAUTH",      "-WRONGPASS",        "-NOPERM",     "-MOVED",
                                        "-ASK",         "-NOSCRIPT"};
    for (size_t i = 0; i < SMK_ARRAY_LEN(words); i++)
        if (len >= strlen(words[i]) && memcmp(bytes, words[i], strlen(words[i])) == 0)
            return true;
    return false;
}

#define BIT(c) (UINT64_C(1) << ((c) - '!'))

static bool begins_answer(uint8_t c)
{
    static const uint64_t some = BIT('+') | BIT('-') | BIT(':') | BIT('$') | BIT('*') | BIT('#') | BIT(',') | BIT('(') |
                                 BIT('!') | BIT('=') | BIT('%') | BIT('>') | BIT('_');
    uint8_t at = (uint8_t)(c - '!');
    return at < 64 ? some >> at & 1 : c == '~' || c == '|';
}

SMK_HOT enum smk_proto_reply smk_resp_reply(const uint8_t *bytes, size_t len, struct smk_proto_answer *answer)
{
    if (len == 0)
        return SMK_REPLY_NOT_YET;
    if (!begins_answer(bytes[0]))
        return SMK_REPLY_FOREIGN;
    bool error = bytes[0] == '-' || bytes[0] == '!';
    bool refused = error && is_refusal(bytes, len);
    *answer = (struct smk_proto_answer){error, error && !refused, refused};
    return SMK_REPLY_DONE;
}
