#include "gate.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* ---- verdicts -------------------------------------------------------------------------------- */

static bool refuse(struct smk_gate_verdict *verdict, int status, const char *title,
                   const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Always false, so that a rule can end with it. */
static bool refuse(struct smk_gate_verdict *verdict, int status, const char *title,
                   const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(verdict->detail, sizeof(verdict->detail), format, args);
    va_end(args);
    verdict->status = status;
    verdict->title = title;
    return false;
}

/* ---- headers --------------------------------------------------------------------------------- */

/* How often the header is there; *value gets the last one. */
static uint32_t find_header(const struct smk_gate_head *head, const char *name, const char **value)
{
    uint32_t found = 0;
    *value = NULL;
    for (uint32_t i = 0; i < head->header_count; i++)
        if (strcasecmp(head->headers[i].name, name) == 0) {
            *value = head->headers[i].value;
            found++;
        }
    return found;
}

static bool check_headers(const struct smk_gate_head *head, struct smk_gate_verdict *verdict)
{
    if (head->header_count >= SMK_GATE_HEADERS)
        return refuse(verdict, 400, "too many headers", "at most %d are read",
                      SMK_GATE_HEADERS - 1);
    for (uint32_t i = 0; i < head->header_count; i++) {
        const char *value = head->headers[i].value;
        if (strlen(value) > SMK_GATE_VALUE)
            return refuse(verdict, 400, "a header is too long", "%.40s: at most %d bytes are read",
                          head->headers[i].name, SMK_GATE_VALUE);
        for (; *value; value++)
            if (((unsigned char)*value < ' ' && *value != '\t') || *value == 0x7f)
                return refuse(verdict, 400, "a header has control characters", "%.40s",
                              head->headers[i].name);
    }
    return true;
}

/* The two that set rules. */
static bool takes_body(const struct smk_gate_head *head)
{
    static const char rules[] = "/debug/trace/rules";
    size_t len = sizeof(rules) - 1;
    if (strncmp(head->path, rules, len) != 0)
        return false;
    return (strcmp(head->method, "PUT") == 0 && head->path[len] == '\0') ||
           (strcmp(head->method, "POST") == 0 && head->path[len] == '/');
}

static bool is_plain_text(const char *type)
{
    static const char plain[] = "text/plain";
    size_t len = sizeof(plain) - 1;
    return strncasecmp(type, plain, len) == 0 &&
           (type[len] == '\0' || strcasecmp(type + len, "; charset=utf-8") == 0 ||
            strcasecmp(type + len, ";charset=utf-8") == 0);
}

/* Digits, and no zero in front: a length has one way to be written. */
static bool parse_length(const char *text, size_t *len)
{
    size_t digits = strspn(text, "0123456789");
    *len = 0;
    if (digits == 0 || text[digits] || (digits > 1 && text[0] == '0'))
        return false;
    for (size_t i = 0; i < digits; i++)
        *len = *len > SMK_GATE_BODY ? *len : *len * 10 + (size_t)(text[i] - '0');
    return true;
}

/* Of text only: it is what no form of a foreign page is without being asked for its type, and is read as lines. */
static bool check_text(const struct smk_gate_head *head, struct smk_gate_verdict *verdict, const char *length)
{
    const char *type;
    uint32_t types = find_header(head, "Content-Type", &type);
    if (!parse_length(length, &verdict->body_len))
        return refuse(verdict, 400, "Content-Length is no length", "'%.40s': allowed is a number from 0 to %d", length,
                      SMK_GATE_BODY);
    if (verdict->body_len > SMK_GATE_BODY)
        return refuse(verdict, 413, "the body is too long", "at most %d bytes are read", SMK_GATE_BODY);
    if (types > 1 || (verdict->body_len > 0 && (types == 0 || !is_plain_text(type))))
        return refuse(verdict, 400, "the body is not text",
                      "Content-Type is '%.40s': allowed is text/plain, as with curl -H 'Content-Type: text/plain'",
                      types ? type : "");
    return true;
}

/* Two parsers that disagree about where a body ends are how requests are smuggled: so nearly nothing has one, and
 * what may says its length, once. */
static bool check_body(const struct smk_gate_head *head, struct smk_gate_verdict *verdict)
{
    const char *value, *length;
    if (find_header(head, "Transfer-Encoding", &value))
        return refuse(verdict, 400, "no body is taken",
                      "Transfer-Encoding is not allowed: parameters stand in the query");
    uint32_t lengths = find_header(head, "Content-Length", &length);
    if (lengths > 1)
        return refuse(verdict, 400, "Content-Length is there twice",
                      "allowed is one of 0, or none");
    if (find_header(head, "Upgrade", &value))
        return refuse(verdict, 400, "no other protocol is spoken", "Upgrade is not allowed");
    if (lengths == 1 && takes_body(head)) {
        if (find_header(head, "Expect", &value))
            return refuse(verdict, 400, "nothing is promised before the body", "Expect is not allowed");
        return check_text(head, verdict, length);
    }
    if (lengths == 1 && strcmp(length, "0") != 0)
        return refuse(
            verdict, 400, "no body is taken",
            "Content-Length is '%.40s': allowed is 0, or none; parameters stand in the query",
            length);
    if (head->has_body)
        return refuse(verdict, 400, "no body is taken", "parameters stand in the query");
    return true;
}

/* ---- where the request comes from: a foreign page in a browser must not get here ------------- */

static bool is_own_name(const struct smk_gate_rules *rules, const char *name, size_t len)
{
    uint32_t address;
    /* A name can be made to point at us by whoever owns it; an address cannot. */
    if (smk_parse_quad(name, len, &address))
        return smk_quad_is_loopback(address) ||
               (address != 0 && (address == rules->address || rules->allow_remote));
    if (len == 9 && strncasecmp(name, "localhost", 9) == 0)
        return true;
    return smk_hosts_have(rules->hosts, name, len);
}

static bool check_host(const struct smk_gate_rules *rules, const struct smk_gate_head *head,
                       struct smk_gate_verdict *verdict)
{
    const char *host;
    size_t name_len;
    uint32_t hosts = find_header(head, "Host", &host);
    if (head->front == SMK_FRONT_UNIX)
        return true;
    if (hosts != 1)
        return refuse(verdict, 403, hosts == 0 ? "Host is missing" : "Host is there twice",
                      "exactly one is allowed");
    if (!smk_split_host(host, &name_len) || !is_own_name(rules, host, name_len))
        return refuse(
            verdict, 403, "Host is not one of this server's names",
            "'%.60s': allowed are 127.0.0.1, localhost and the names of the setting hosts, "
            "with any port",
            host);
    return true;
}

static bool check_origin(const struct smk_gate_head *head, struct smk_gate_verdict *verdict)
{
    const char *origin, *host, *site;
    uint32_t origins = find_header(head, "Origin", &origin);
    uint32_t hosts = find_header(head, "Host", &host);
    if (origins > 1 || (origins == 1 && (hosts != 1 || strncasecmp(origin, "http://", 7) != 0 ||
                                         strcasecmp(origin + 7, host) != 0)))
        return refuse(verdict, 403, "a page of another origin may not ask",
                      "Origin '%.60s': allowed is http:// and this request's own Host, or none",
                      origin);
    for (uint32_t i = 0; i < head->header_count; i++) {
        if (strcasecmp(head->headers[i].name, "Sec-Fetch-Site") != 0)
            continue;
        site = head->headers[i].value;
        if (strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0)
            return refuse(verdict, 403, "a page of another site may not ask",
                          "Sec-Fetch-Site '%.40s': allowed are same-origin and none", site);
    }
    return true;
}

/* ---- the request line ------------------------------------------------------------------------ */

static bool check_method(const struct smk_gate_head *head, struct smk_gate_verdict *verdict)
{
    static const struct {
        const char *name;
        enum smk_method method;
    } methods[] = {{"GET", SMK_METHOD_GET},
                   {"HEAD", SMK_METHOD_HEAD},
                   {"POST", SMK_METHOD_POST},
                   {"PUT", SMK_METHOD_PUT},
                   {"DELETE", SMK_METHOD_DELETE}};
    for (size_t i = 0; i < SMK_ARRAY_LEN(methods); i++)
        if (strcmp(head->method, methods[i].name) == 0) {
            verdict->method = methods[i].method;
            return true;
        }
    verdict->method = SMK_METHOD_OTHER;
    return refuse(verdict, 405, "no such method",
                  "'%.20s': allowed are GET, HEAD, POST, PUT and DELETE", head->method);
}

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/' ||
           c == '-' || c == '_' || c == '.';
}

/* "." and ".." as whole segments, and empty ones: what a proxy would tidy away. */
static bool has_odd_segment(const char *path)
{
    for (const char *segment = path; *segment == '/';) {
        segment++;
        size_t len = strcspn(segment, "/");
        if (len == 0 && *segment == '/')
            return true;
        if ((len == 1 && segment[0] == '.') || (len == 2 && segment[0] == '.' && segment[1] == '.'))
            return true;
        segment += len;
    }
    return false;
}

static bool check_path(const struct smk_gate_head *head, struct smk_gate_verdict *verdict)
{
    const char *path = head->path;
    if (path[0] != '/')
        return refuse(verdict, 400, "the target is not a path", "allowed is a path from '/' on");
    for (const char *at = path; *at; at++)
        if (!is_plain(*at) || at - path >= SMK_GATE_PATH - 1)
            return refuse(verdict, 404, "no such path", "GET /debug/ lists what there is");
    if (has_odd_segment(path))
        return refuse(verdict, 404, "no such path", "GET /debug/ lists what there is");
    return true;
}

static bool names_token(const char *query)
{
    static const char *const names[] = {"token=", "access_token=", "authorization="};
    for (const char *pair = query; pair; pair = strchr(pair, '&')) {
        pair += *pair == '&';
        for (size_t i = 0; i < SMK_ARRAY_LEN(names); i++)
            if (strncasecmp(pair, names[i], strlen(names[i])) == 0)
                return true;
    }
    return false;
}

static bool check_query(const struct smk_gate_head *head, struct smk_gate_verdict *verdict)
{
    const char *query = head->query;
    if (!query)
        return true;
    if (strlen(query) >= SMK_GATE_QUERY)
        return refuse(verdict, 400, "the query is too long", "at most %d bytes are read",
                      SMK_GATE_QUERY - 1);
    for (; *query; query++)
        if (*query <= ' ' || *query > '~' || *query == '#')
            return refuse(verdict, 400, "the query has characters that are not allowed",
                          "allowed is printable ASCII without spaces; anything else as %%XX");
    /* It would stand in the logs of every proxy on the way. */
    if (names_token(head->query))
        return refuse(verdict, 400, "a token does not stand in a URL",
                      "it is sent as 'Authorization: Bearer TOKEN'");
    return true;
}

/* ---- the token ------------------------------------------------------------------------------- */

static bool grant(const struct smk_gate_rules *rules, const char *authorization, uint32_t *scopes)
{
    char secret[SMK_TOKEN_MOST];
    uint8_t digest[SMK_SHA256_BYTES];
    size_t len = smk_token_of_authorization(authorization, secret);
    smk_sha256(secret, len, digest);
    /* Both are always compared. */
    bool control = smk_token_equals(&rules->control, digest);
    bool read = smk_token_equals(&rules->read, digest);
    explicit_bzero(secret, sizeof(secret));
    *scopes = control ? SMK_SCOPE_READ | SMK_SCOPE_CONTROL : read ? SMK_SCOPE_READ : 0;
    return len > 0 && *scopes != 0;
}

/* The page's own files, as they stand in the table of routes. */
static bool is_page(const struct smk_gate_verdict *verdict, const char *path)
{
    static const char index[] = "/debug/", files[] = "/debug/page/";
    return (verdict->method & (SMK_METHOD_GET | SMK_METHOD_HEAD)) &&
           (strcmp(path, index) == 0 || strncmp(path, files, sizeof files - 1) == 0);
}

static bool check_without_token(struct smk_gate_rules *rules, const struct smk_gate_head *head, uint64_t now,
                                struct smk_gate_verdict *verdict)
{
    if (is_page(verdict, head->path))
        return true;
    if (verdict->method == SMK_METHOD_GET && smk_tickets_take(&rules->tickets, head->path, head->query, now)) {
        verdict->scopes = SMK_SCOPE_READ;
        return true;
    }
    return refuse(verdict, 401, "a token is needed", "it is sent as 'Authorization: Bearer TOKEN'");
}

static bool check_peer(struct smk_gate_rules *rules, const struct smk_gate_head *head, uint64_t now,
                       struct smk_gate_verdict *verdict)
{
    const char *authorization;
    bool asked = rules->control.set || rules->read.set;
    if (head->front != SMK_FRONT_UNIX && !head->peer_is_local && !(asked && rules->allow_remote))
        return refuse(verdict, 403, "only this machine may ask",
                      "others may with the settings allow_remote and token_file");
    /* Who comes through the unix socket is this user or root: the front has asked the kernel. */
    if (head->front == SMK_FRONT_UNIX || !asked) {
        verdict->scopes = SMK_SCOPE_READ | SMK_SCOPE_CONTROL;
        return true;
    }
    uint32_t given = find_header(head, "Authorization", &authorization);
    if (given == 0)
        return check_without_token(rules, head, now, verdict);
    if (given > 1)
        return refuse(verdict, 400, "Authorization is there twice", "one is allowed");
    verdict->wrong_token = !grant(rules, authorization, &verdict->scopes);
    if (verdict->wrong_token)
        return refuse(
            verdict, 401, "this token opens nothing",
            "allowed are 'Authorization: Bearer TOKEN', and Basic with the token as password");
    return true;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static bool keep_headers(const struct smk_gate_head *head, struct smk_gate_verdict *verdict)
{
    find_header(head, "Accept", &verdict->headers.accept);
    find_header(head, "If-None-Match", &verdict->headers.if_none_match);
    find_header(head, "If-Range", &verdict->headers.if_range);
    if (find_header(head, "Range", &verdict->headers.range) > 1)
        return refuse(verdict, 400, "Range is there twice", "one is allowed");
    return true;
}

void smk_gate_judge(struct smk_gate_rules *rules, const struct smk_gate_head *head, uint64_t now,
                    struct smk_gate_verdict *verdict)
{
    memset(verdict, 0, sizeof(*verdict));
    bool may = check_headers(head, verdict) && check_body(head, verdict) &&
               check_host(rules, head, verdict) && check_origin(head, verdict) &&
               check_method(head, verdict) && check_path(head, verdict) &&
               check_query(head, verdict) && check_peer(rules, head, now, verdict) &&
               keep_headers(head, verdict);
    if (!may)
        verdict->scopes = 0;
}

/* A bucket that leaks (Turner, "New directions in communications", 1986), kept as one time. */
bool smk_gate_bucket_take(struct smk_gate_bucket *bucket, uint64_t now)
{
    uint64_t from = smk_max_u64(bucket->empty_at, now);
    if (from - now > (SMK_GATE_WRONG_TOKENS - 1) * SMK_GATE_WRONG_TOKEN_NS)
        return false;
    bucket->empty_at = from + SMK_GATE_WRONG_TOKEN_NS;
    return true;
}
