/* proto_memcached.c: memcached's text protocol, its meta commands among it. A line, and behind those that
 * store a block of the length that the line says. */
#include <string.h>

#include "source/proto_machine.h"

enum phase {
    START = 0,
    WORD,   /* the command; state->number: its first 8 letters */
    TOKENS, /* of a command that stores; state->left: how many lie before the length */
    LENGTH, /* state->number */
    LINE,   /* the rest of the line; state->number: the block behind it */
    DATA    /* the block and its CR LF */
};

#define DATA_MAX (UINT64_C(1) << 40)

struct command {
    const char *name;
    uint8_t len;
    uint8_t before; /* arguments before the length of a block; 0: it has none */
};

/* clang-format off */
#define COMMAND(name, before) {name, sizeof(name) - 1, before}
static const struct command commands[] = {
    COMMAND("get", 0), COMMAND("set", 3), COMMAND("gets", 0), COMMAND("delete", 0), COMMAND("incr", 0),
    COMMAND("add", 3), COMMAND("mg", 0), COMMAND("ms", 1), COMMAND("md", 0), COMMAND("ma", 0),
    COMMAND("cas", 3), COMMAND("replace", 3), COMMAND("append", 3), COMMAND("prepend", 3), COMMAND("decr", 0),
    COMMAND("touch", 0), COMMAND("gat", 0), COMMAND("gats", 0), COMMAND("mn", 0), COMMAND("me", 0),
    COMMAND("stats", 0), COMMAND("version", 0), COMMAND("quit", 0), COMMAND("flush_all", 0),
    COMMAND("verbosity", 0), COMMAND("watch", 0), COMMAND("slabs", 0), COMMAND("lru", 0),
    COMMAND("lru_crawler", 0), COMMAND("cache_memlimit", 0), COMMAND("shutdown", 0),
};
/* clang-format on */

#define WORD_MAX 14

static bool is_command(const struct command *command, uint64_t first, unsigned len)
{
    if (command->len != len)
        return false;
    uint64_t packed = 0;
    for (unsigned i = 0; i < len && i < 8; i++)
        packed = packed << 8 | (uint8_t)command->name[i];
    return packed == first;
}

static bool start(struct smk_proto_reader *r)
{
    uint8_t c = *r->p;
    if (c == '\r' || c == '\n') {
        r->p++;
        return true;
    }
    r->state->phase = WORD;
    r->state->number = r->state->at = 0;
    return smk_is_lower(c) && smk_proto_begins(r);
}

static bool word_ends(struct smk_proto_reader *r)
{
    struct smk_proto_state *s = r->state;
    for (size_t i = 0; i < SMK_ARRAY_LEN(commands); i++) {
        const struct command *command = &commands[i];
        if (!is_command(command, s->number, s->at))
            continue;
        if (r->start) {
            memcpy(r->seen->name, command->name, command->len);
            r->seen->name_len = command->len;
            r->start = NULL;
        }
        s->left = command->before;
        s->phase = command->before ? TOKENS : LINE;
        s->number = s->at = 0;
        return true;
    }
    return false;
}

static bool word(struct smk_proto_reader *r)
{
    struct smk_proto_state *s = r->state;
    for (; r->p < r->end && (smk_is_lower(*r->p) || *r->p == '_'); r->p++) {
        if (s->at >= WORD_MAX)
            return false;
        if (s->at < 8)
            s->number = s->number << 8 | *r->p;
        s->at++;
    }
    if (r->p == r->end)
        return true;
    if (*r->p == '\r' || *r->p == '\n')
        return word_ends(r);
    if (*r->p != ' ' || !word_ends(r))
        return false;
    r->p++; /* a space begins no argument */
    smk_proto_learn(r);
    return true;
}

/* Passes over arguments; at: inside one. A line that ends here stores nothing, and servers differ in what
 * they take its block for. */
static bool tokens(struct smk_proto_reader *r)
{
    struct smk_proto_state *s = r->state;
    for (; r->p < r->end; r->p++) {
        if (*r->p == '\r' || *r->p == '\n')
            return false;
        if (*r->p == ' ') {
            s->left -= s->at;
            s->at = 0;
        } else if (s->left == 0) {
            s->phase = LENGTH;
            return true;
        } else {
            s->at = 1;
        }
    }
    return true;
}

static bool length(struct smk_proto_reader *r)
{
    struct smk_proto_state *s = r->state;
    for (; r->p < r->end && smk_is_digit(*r->p); r->p++)
        if (!smk_proto_digit(s, *r->p, DATA_MAX))
            return false;
    if (r->p == r->end)
        return true;
    s->number += 2; /* CR LF */
    s->phase = LINE;
    return *r->p == ' ' || *r->p == '\r' || *r->p == '\n';
}

static bool line(struct smk_proto_reader *r)
{
    const uint8_t *lf = memchr(r->p, '\n', (size_t)(r->end - r->p));
    r->p = lf ? lf + 1 : r->end;
    if (lf)
        r->state->phase = r->state->number ? DATA : START;
    return true;
}

static bool data(struct smk_proto_reader *r)
{
    if (!smk_proto_pass(r))
        return true;
    r->state->phase = START;
    return r->p[-1] == '\n';
}

static bool step(struct smk_proto_reader *r)
{
    switch (r->state->phase) {
    case START:
        return start(r);
    case WORD:
        return word(r);
    case TOKENS:
        return tokens(r);
    case LENGTH:
        return length(r);
    case LINE:
        return line(r);
    default:
        return data(r);
    }
}

SMK_HOT bool smk_memcached_read(struct smk_proto_reader *r)
{
    bool good = true;
    while (good && r->p < r->end)
        good = step(r);
    return good;
}

/* ---- answers -------------------------------------------------------------------------------------------- */

struct reply {
    const char *text;
    bool failed, refused;
};

/* Two letters and a space or the line's end are a meta command's; numbers are incr's and decr's. */
static bool is_short_reply(const uint8_t *bytes, size_t len)
{
    if (smk_is_digit(bytes[0]))
        return true;
    return len >= 3 && smk_is_upper(bytes[0]) && smk_is_upper(bytes[1]) &&
           (bytes[2] == ' ' || bytes[2] == '\r' || bytes[2] == '\n');
}

SMK_HOT enum smk_proto_reply smk_memcached_reply(const uint8_t *bytes, size_t len, struct smk_proto_answer *answer)
{
    static const struct reply replies[] = {
        {"VALUE ", false, false},     {"END\r", false, false},      {"STORED", false, false},
        {"NOT_STORED", false, false}, {"NOT_FOUND", false, false},  {"EXISTS", false, false},
        {"DELETED", false, false},    {"TOUCHED", false, false},    {"STAT ", false, false},
        {"VERSION ", false, false},   {"SERVER_ERROR", true, false}, {"CLIENT_ERROR", false, true},
        {"ERROR", false, true},       {"RESET", false, false},      {"BUSY", true, false},
        {"BADCLASS", false, true},    {"SAME", false, true},        {"NOSPARE", true, false},
    };
    if (len == 0)
        return SMK_REPLY_NOT_YET;
    for (size_t i = 0; i < SMK_ARRAY_LEN(replies); i++) {
        size_t n = strlen(replies[i].text);
        if (bytes[0] != (uint8_t)replies[i].text[0] || len < n || memcmp(bytes, replies[i].text, n) != 0)
            continue;
        bool error = replies[i].failed || replies[i].refused;
        *answer = (struct smk_proto_answer){error, replies[i].failed, replies[i].refused};
        return SMK_REPLY_DONE;
    }
    if (!is_short_reply(bytes, len))
        return SMK_REPLY_FOREIGN;
    *answer = (struct smk_proto_answer){0, false, false};
    return SMK_REPLY_DONE;
}
