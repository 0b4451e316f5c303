/* rule_parse.c: the language of rules. One word is read ahead; each clause has a function. */
#include <stdio.h>
#include <string.h>

#include "rule.h"
#include "rule_signal.h"
#include "settings.h"

struct word {
    const char *text; /* NULL: the end */
    size_t len;
    bool quoted;      /* text and len are what stands between the quotes */
};

struct parser {
    const char *begin, *at, *end; /* `at`: behind `word` */
    struct word word;
    struct smk_rule *rule;
    struct smk_rule_error *error;
};

#define TIME_EXPECTED "a time from 1us to 24h, as 250ms"

/* ---- words ------------------------------------------------------------------------------------------------------ */

static bool is_space(char c) { return c == ' ' || c == '\t'; }
static bool is_mark(char c) { return c == '>' || c == '=' || c == ':' || c == '"'; }

/* Always false, so that a clause can end with it. */
static bool expected(struct parser *p, const char *what)
{
    const char *at = p->word.text ? p->word.text - (p->word.quoted ? 1 : 0) : p->end;
    *p->error = (struct smk_rule_error){.at = (size_t)(at - p->begin), .len = p->word.len + (p->word.quoted ? 2 : 0)};
    snprintf(p->error->expected, sizeof p->error->expected, "%s", what);
    return false;
}

/* A quote without its end, and control characters, are words that no clause takes. */
static void advance(struct parser *p)
{
    while (p->at < p->end && is_space(*p->at))
        p->at++;
    p->word = (struct word){.text = p->at < p->end ? p->at : NULL};
    if (!p->word.text)
        return;
    if (*p->at == '"') {
        const char *close = memchr(p->at + 1, '"', (size_t)(p->end - p->at - 1));
        if (close) {
            p->word = (struct word){.text = p->at + 1, .len = (size_t)(close - p->at - 1), .quoted = true};
            p->at = close + 1;
            return;
        }
        p->at = p->end;
    } else if (*p->at == ':') {
        p->at++;
    } else if (is_mark(*p->at)) {
        while (p->at < p->end && (*p->at == '>' || *p->at == '='))
            p->at++;
    } else {
        while (p->at < p->end && !is_space(*p->at) && !is_mark(*p->at))
            p->at++;
    }
    p->word.len = (size_t)(p->at - p->word.text);
}

static bool is(const struct parser *p, const char *word)
{
    return p->word.text && !p->word.quoted && p->word.len == strlen(word) &&
           memcmp(p->word.text, word, p->word.len) == 0;
}

static bool take(struct parser *p, const char *word)
{
    if (!is(p, word))
        return false;
    advance(p);
    return true;
}

static bool want(struct parser *p, const char *word)
{
    char what[40];
    if (take(p, word))
        return true;
    snprintf(what, sizeof what, "'%s'", word);
    return expected(p, what);
}

static bool want_time(struct parser *p, uint64_t least, uint64_t *ns, const char *what)
{
    uint64_t value;
    if (!p->word.text || p->word.quoted || !smk_parse_duration(p->word.text, p->word.len, &value) || value < least ||
        value > SMK_RULE_TIME_MOST)
        return expected(p, what);
    *ns = value;
    advance(p);
    return true;
}

static bool is_number(const struct word *word)
{
    for (size_t i = 0; i < word->len; i++)
        if (word->text[i] < '0' || word->text[i] > '9')
            return false;
    return word->text && !word->quoted && word->len > 0 && word->len < 10;
}

static bool want_number(struct parser *p, uint32_t least, uint32_t most, uint32_t *number)
{
    char what[80];
    uint64_t value = 0;
    snprintf(what, sizeof what, "a whole number from %u to %u", least, most);
    if (!is_number(&p->word))
        return expected(p, what);
    for (size_t i = 0; i < p->word.len; i++)
        value = value * 10 + (unsigned)(p->word.text[i] - '0');
    if (value < least || value > most)
        return expected(p, what);
    *number = (uint32_t)value;
    advance(p);
    return true;
}

/* A text in quotes without control characters. */
static bool want_quoted(struct parser *p, char *to, size_t size, const char *what)
{
    bool good = p->word.text && p->word.quoted && p->word.len > 0 && p->word.len < size;
    for (size_t i = 0; good && i < p->word.len; i++)
        good = (unsigned char)p->word.text[i] >= ' ' && p->word.text[i] != 0x7f;
    if (!good)
        return expected(p, what);
    memcpy(to, p->word.text, p->word.len);
    to[p->word.len] = '\0';
    advance(p);
    return true;
}

/* ---- the condition ---------------------------------------------------------------------------------------------- */

/* "3x", "1.5x": in thousandths, more than one. */
static bool parse_factor(const struct word *word, uint32_t *milli)
{
    uint64_t value = 0, scale = 0;
    if (!word->text || word->quoted || word->len < 2 || word->text[word->len - 1] != 'x')
        return false;
    for (size_t i = 0; i + 1 < word->len; i++) {
        char c = word->text[i];
        if (c == '.' && scale == 0 && i > 0 && i + 2 < word->len) {
            scale = 1000;
        } else if (c >= '0' && c <= '9' && value < 10000000 && scale != 1) {
            value = value * 10 + (unsigned)(c - '0');
            scale /= 10;
        } else {
            return false;
        }
    }
    value *= scale ? scale : 1000;
    *milli = (uint32_t)value;
    return value > 1000 && value <= SMK_RULE_FACTOR_MOST * 1000u;
}

static bool request(struct parser *p)
{
    static const struct {
        const char *word;
        uint32_t per_mille;
    } quantiles[] = {{"p50", 500}, {"p90", 900}, {"p99", 990}, {"p999", 999}};
    p->rule->on = SMK_RULE_REQUEST;
    if (!want(p, ">"))
        return false;
    if (!parse_factor(&p->word, &p->rule->factor_milli)) {
        p->rule->factor_milli = 0;
        return want_time(p, SMK_RULE_TIME_LEAST, &p->rule->threshold,
                         TIME_EXPECTED ", or more than 1 and up to 1000 times what is usual for the route, as 3x p99");
    }
    advance(p);
    for (size_t i = 0; i < SMK_ARRAY_LEN(quantiles); i++)
        if (take(p, quantiles[i].word)) {
            p->rule->per_mille = quantiles[i].per_mille;
            return true;
        }
    return expected(p, "p50, p90, p99 or p999");
}

static bool status(struct parser *p)
{
    struct smk_rule *rule = p->rule;
    rule->on = SMK_RULE_STATUS;
    rule->most = UINT32_MAX;
    bool exactly = is(p, "=");
    if (!exactly && !is(p, ">="))
        return expected(p, "'>=' or '='");
    advance(p);
    if (!want_number(p, 1, 999, &rule->least))
        return false;
    if (exactly)
        rule->most = rule->least;
    return true;
}

static bool longer_than(struct parser *p, enum smk_rule_on on)
{
    p->rule->on = on;
    return want(p, ">") && want_time(p, SMK_RULE_TIME_LEAST, &p->rule->threshold, TIME_EXPECTED);
}

static bool queue(struct parser *p)
{
    uint32_t number = 0;
    p->rule->on = SMK_RULE_QUEUE;
    bool good = want(p, ">") && want_number(p, 1, 1000000, &number);
    p->rule->threshold = number;
    return good;
}

/* Of one CPU, as top shows it, so more than 100% is allowed. */
static bool cpu(struct parser *p)
{
    uint64_t value = 0;
    size_t len = p->word.len;
    p->rule->on = SMK_RULE_CPU;
    if (!want(p, ">"))
        return false;
    len = p->word.len;
    struct word number = {.text = p->word.text, .len = len > 0 ? len - 1 : 0, .quoted = p->word.quoted};
    if (!is_number(&number) || p->word.text[len - 1] != '%')
        return expected(p, "a share of one CPU from 1% to 100000%, as 90%");
    for (size_t i = 0; i + 1 < len; i++)
        value = value * 10 + (unsigned)(p->word.text[i] - '0');
    if (value == 0 || value > 100000)
        return expected(p, "a share of one CPU from 1% to 100000%, as 90%");
    p->rule->threshold = value * 100;
    advance(p);
    return true;
}

static bool rss(struct parser *p)
{
    p->rule->on = SMK_RULE_RSS;
    if (!want(p, ">"))
        return false;
    if (!p->word.text || p->word.quoted || !smk_parse_bytes(p->word.text, p->word.len, &p->rule->threshold) ||
        p->rule->threshold < 4096)
        return expected(p, "a size of 4KiB or more, as 2GiB");
    advance(p);
    return true;
}

static bool trigger(struct parser *p)
{
    p->rule->on = SMK_RULE_TRIGGER;
    return want_quoted(p, p->rule->trigger, sizeof p->rule->trigger,
                       "the name in quotes that the program gives smk_trigger(), 1 to 32 bytes");
}

static bool signal_of(struct parser *p)
{
    int number = p->word.text && !p->word.quoted ? smk_rule_signal_number(p->word.text, p->word.len) : 0;
    p->rule->on = SMK_RULE_SIGNAL;
    if (number == 0)
        return expected(p, SMK_RULE_SIGNALS);
    p->rule->threshold = (uint64_t)number;
    snprintf(p->rule->trigger, sizeof p->rule->trigger, "signal %.*s", (int)p->word.len, p->word.text);
    advance(p);
    return true;
}

static bool wait_of_kind(struct parser *p)
{
    for (unsigned kind = SMK_WAIT_NONE + 1; kind <= SMK_WAIT_OTHER; kind++)
        if (take(p, smk_wait_kind_name(kind))) {
            p->rule->wait_kind = (enum smk_wait_kind)kind;
            return want(p, "wait") && longer_than(p, SMK_RULE_WAIT);
        }
    return expected(p, "a condition: request, status, loop delay, KIND wait (lock, cond, net, poll, disk, sleep, "
                       "memory, join, other), runnable, queue, cpu, rss, trigger or signal");
}

static bool condition(struct parser *p)
{
    if (take(p, "request"))
        return request(p);
    if (take(p, "status"))
        return status(p);
    if (take(p, "loop"))
        return want(p, "delay") && longer_than(p, SMK_RULE_LOOP);
    if (take(p, "runnable"))
        return longer_than(p, SMK_RULE_RUNNABLE);
    if (take(p, "queue"))
        return queue(p);
    if (take(p, "cpu"))
        return cpu(p);
    if (take(p, "rss"))
        return rss(p);
    if (take(p, "trigger"))
        return trigger(p);
    if (take(p, "signal"))
        return signal_of(p);
    return wait_of_kind(p);
}

/* ---- actions ---------------------------------------------------------------------------------------------------- */

static bool snapshot(struct parser *p)
{
    bool before = false, after = false;
    for (;;) {
        if (!before && take(p, "before")) {
            before = true;
            if (!want_time(p, UINT64_C(1000000), &p->rule->before_ns, "a time from 1ms to 24h, as 10s"))
                return false;
        } else if (!after && take(p, "after")) {
            after = true;
            if (!want_time(p, 0, &p->rule->after_ns, "a time up to 24h, as 2s"))
                return false;
        } else {
            return true;
        }
    }
}

static bool command(struct parser *p)
{
    const char *what = "the absolute path of a program in quotes, of 2 to 255 bytes";
    if (!p->word.quoted || p->word.len < 2 || p->word.text[0] != '/')
        return expected(p, what);
    return want_quoted(p, p->rule->run, sizeof p->rule->run, what);
}

static bool actions(struct parser *p)
{
    bool captures = false, runs = false;
    p->rule->action = SMK_RULE_NO_CAPTURE;
    do {
        if (!captures && take(p, "snapshot")) {
            captures = true;
            p->rule->action = SMK_RULE_SNAPSHOT;
            if (!snapshot(p))
                return false;
        } else if (!captures && take(p, "capture")) {
            captures = true;
            p->rule->action = SMK_RULE_CAPTURE;
            if (!want_time(p, UINT64_C(10000000), &p->rule->duration_ns, "a time from 10ms to 24h, as 5s"))
                return false;
        } else if (!runs && take(p, "run")) {
            runs = true;
            if (!command(p))
                return false;
        } else {
            return expected(p, captures && runs ? "the end, or another clause: one capture and one command are allowed"
                               : captures       ? "run"
                                                : "snapshot, capture or run");
        }
    } while (take(p, "and"));
    return true;
}

/* ---- clauses ---------------------------------------------------------------------------------------------------- */

enum clause { ON = 1, COUNT = 2, THEN = 4, COOLDOWN = 8, AT_MOST = 16, PER_DAY = 32, SKIP = 64 };

static bool has_routes(const struct smk_rule *rule)
{
    return rule->on == SMK_RULE_REQUEST || rule->on == SMK_RULE_STATUS || rule->on == SMK_RULE_QUEUE;
}

static bool count(struct parser *p)
{
    return want_number(p, 1, SMK_RULE_COUNT_MOST, &p->rule->count) && want(p, "in") &&
           want_time(p, UINT64_C(1000000), &p->rule->count_in_ns, "a time from 1ms to 24h, as 1m");
}

static bool at_most(struct parser *p)
{
    if (!want(p, "most") || !want_number(p, 1, SMK_RULE_COUNT_MOST, &p->rule->window_most))
        return false;
    p->rule->window_in_ns = 0;
    return !take(p, "per") ||
           want_time(p, UINT64_C(1000000000), &p->rule->window_in_ns, "a time from 1s to 24h, as 10m");
}

static bool skip(struct parser *p)
{
    uint64_t share = 0;
    if (!p->word.text || p->word.quoted || !smk_parse_share(p->word.text, p->word.len, &share) || share == 0 ||
        share >= 10000)
        return expected(p, "a share from 0.01% to 99.99%, as 90%");
    p->rule->skip = (uint32_t)share;
    advance(p);
    return true;
}

static bool clause(struct parser *p, unsigned *seen)
{
    static const struct {
        const char *word;
        enum clause clause;
        bool (*parse)(struct parser *p);
    } clauses[] = {{"count", COUNT, count}, {"then", THEN, actions}, {"at", AT_MOST, at_most}, {"skip", SKIP, skip}};
    for (size_t i = 0; i < SMK_ARRAY_LEN(clauses); i++)
        if (!(*seen & clauses[i].clause) && take(p, clauses[i].word)) {
            *seen |= clauses[i].clause;
            return clauses[i].parse(p);
        }
    if (!(*seen & ON) && has_routes(p->rule) && take(p, "on")) {
        *seen |= ON;
        return want_quoted(p, p->rule->route, sizeof p->rule->route,
                           "a route in quotes, as \"GET /cart*\": 1 to 128 bytes; * is anything, ? one character");
    }
    if (!(*seen & COOLDOWN) && take(p, "cooldown")) {
        *seen |= COOLDOWN;
        return want_time(p, 0, &p->rule->cooldown_ns, "a time up to 24h, as 30s");
    }
    if (!(*seen & PER_DAY) && is_number(&p->word)) {
        *seen |= PER_DAY;
        return want_number(p, 1, SMK_RULE_COUNT_MOST, &p->rule->day_most) && want(p, "per") && want(p, "day");
    }
    return expected(p, has_routes(p->rule)
                           ? "the end, or each once: on, count, then, cooldown, at most, N per day, skip"
                           : "the end, or each once: count, then, cooldown, at most, N per day, skip");
}

bool smk_rule_is_name(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (!((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= '0' && text[i] <= '9') || text[i] == '-'))
            return false;
    return len > 0 && len < SMK_RULE_NAME;
}

/* "NAME:", if there is one. */
static bool name(struct parser *p)
{
    struct parser ahead = *p;
    advance(&ahead);
    if (!is(&ahead, ":"))
        return true;
    if (p->word.quoted || !smk_rule_is_name(p->word.text, p->word.len))
        return expected(p, "a name of 1 to 32 of a-z, 0-9 and -");
    memcpy(p->rule->name, p->word.text, p->word.len);
    advance(p);
    advance(p);
    return true;
}

static bool keep_text(struct parser *p)
{
    const char *from = p->word.text, *end = p->end;
    if (!from)
        return expected(p, "'when', or a name and ':' before it");
    while (end > from && is_space(end[-1]))
        end--;
    if ((size_t)(end - from) >= sizeof p->rule->text) {
        p->word.text = from + sizeof p->rule->text - 1;
        return expected(p, "a rule of at most 511 bytes");
    }
    memcpy(p->rule->text, from, (size_t)(end - from));
    return true;
}

bool smk_rule_parse(struct smk_rule *rule, const char *text, size_t len, struct smk_rule_error *error)
{
    struct parser p = {.begin = text, .at = text, .end = text + len, .rule = rule, .error = error};
    unsigned seen = 0;
    *rule = (struct smk_rule){.action = SMK_RULE_SNAPSHOT,
                              .after_ns = SMK_RULE_AFTER,
                              .duration_ns = SMK_RULE_DURATION,
                              .cooldown_ns = SMK_RULE_COOLDOWN,
                              .window_most = SMK_RULE_WINDOW_MOST,
                              .window_in_ns = SMK_RULE_WINDOW_IN,
                              .day_most = SMK_RULE_DAY_MOST,
                              .count = 1};
    advance(&p);
    bool good = name(&p) && keep_text(&p) &&
                (take(&p, "when") || expected(&p, "'when', or a name and ':' before it")) && condition(&p);
    while (good && p.word.text)
        good = clause(&p, &seen);
    return good;
}

/* ---- the rest --------------------------------------------------------------------------------------------------- */

void smk_rule_error_format(const struct smk_rule_error *error, const char *text, size_t len, char *out, size_t size)
{
    size_t shown = smk_min_u64(error->len, 40);
    if (error->at >= len || shown == 0)
        snprintf(out, size, "character %zu, at its end: expected is %s", error->at + 1, error->expected);
    else
        snprintf(out, size, "character %zu, '%.*s': expected is %s", error->at + 1,
                 (int)smk_min_u64(shown, len - error->at), text + error->at, error->expected);
}

bool smk_rule_glob(const char *glob, const char *text, size_t len)
{
    const char *end = text + len, *star = NULL, *from = NULL;
    while (text < end) {
        if (*glob == '*') {
            star = ++glob;
            from = text;
        } else if (*glob && (*glob == '?' || *glob == *text)) {
            glob++;
            text++;
        } else if (star) {
            glob = star;
            text = ++from;
        } else {
            return false;
        }
    }
    while (*glob == '*')
        glob++;
    return *glob == '\0';
}

bool smk_rule_needs_recorder(const struct smk_rule *rule)
{
    return rule->action == SMK_RULE_SNAPSHOT || (rule->on != SMK_RULE_CPU && rule->on != SMK_RULE_RSS &&
                                                 rule->on != SMK_RULE_TRIGGER && rule->on != SMK_RULE_SIGNAL &&
                                                 rule->on != SMK_RULE_RUNNABLE);
}
