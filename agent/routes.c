#include "routes.h"

#include <stdio.h>
#include <string.h>

#include "base/errors.h"
#include "log.h"
#include "rule.h"

#define GET  SMK_METHOD_GET
#define HEAD SMK_METHOD_HEAD
#define POST SMK_METHOD_POST
#define PUT  SMK_METHOD_PUT
#define READ SMK_SCOPE_READ
#define CTRL SMK_SCOPE_CONTROL
#define NONE SMK_SCOPE_NONE

/* clang-format off */
static const struct smk_route routes[] = {
    {"/debug/", GET | HEAD, NONE, NULL, smk_handle_index, "the control page, with this table"},
    {"/debug/page/FILE", GET | HEAD, NONE, NULL, smk_handle_page, "what the control page consists of"},
    {"/debug/trace", GET | POST, CTRL, smk_trace_parameters, smk_handle_trace,
     "arms a timed capture, which a timer stops"},
    {"/debug/trace/stop", POST, CTRL, NULL, smk_handle_stop, "stops the timed capture now and keeps its file"},
    {"/debug/trace/status", GET | HEAD, READ, NULL, smk_handle_status,
     "state, loss, own cost, limits, versions, what is not seen and why"},
    {"/debug/trace/snapshot", POST, CTRL, smk_snapshot_parameters, smk_handle_snapshot,
     "writes what the flight recorder holds into a file"},
    {"/debug/traces", GET | HEAD, READ, NULL, smk_handle_list, "the captures that there are"},
    {"/debug/traces/ID", GET | HEAD, READ, smk_download_parameters, smk_handle_download,
     "the file, all its segments joined"},
    {"/debug/traces/ID", SMK_METHOD_DELETE, CTRL, NULL, smk_handle_delete, "deletes it"},
    {"/debug/traces/ID/ticket", POST, READ, NULL, smk_handle_ticket,
     "a key that opens its download once, within a minute, without the token"},
    {"/debug/traces/ID/N", GET | HEAD, READ, NULL, smk_handle_segment, "segment N, as soon as it is closed"},
    {"/debug/traces/ID/report", GET, READ, smk_report_parameters, smk_handle_report,
     "what made requests slow, as text or JSON"},
    {"/debug/threads", GET, READ, smk_threads_parameters, smk_handle_threads,
     "every thread now: state, wait, holder, stack; deadlocks named"},
    {"/debug/trace/rules", GET | HEAD, READ, smk_rules_parameters, smk_handle_rules,
     "the rules, where each stands, and how often it would have fired"},
    {"/debug/trace/rules", PUT, CTRL, smk_rules_put_parameters, smk_handle_rules_put,
     "sets these rules, one a line of the body, in place of all that are set"},
    {"/debug/trace/rules/NAME", POST, CTRL, smk_rule_parameters, smk_handle_rule_post,
     "sets the rule that is the body, or changes the one of this name; tries it"},
    {"/debug/trace/rules/NAME", SMK_METHOD_DELETE, CTRL, NULL, smk_handle_rule_delete, "removes it"},
    {"/debug/trace/ledger", GET | HEAD, READ, smk_ledger_parameters, smk_handle_ledger,
     "what rules fired on, what was suppressed and why, as text or JSON"},
    {"/debug/requests", GET, READ, smk_requests_parameters, smk_handle_requests,
     "requests in flight and where each is now, the slowest, the last, latency by route"},
    {"/debug/requests/ID", GET, READ, smk_request_parameters, smk_handle_request,
     "one request: where it is now, or what is known of it"},
    {"/debug/pprof/", GET | HEAD, READ, NULL, smk_handle_pprof_index, "profiles as net/http/pprof has them"},
    {"/debug/pprof/NAME", GET, CTRL, smk_pprof_parameters, smk_handle_pprof,
     "profile, block, mutex or trace: arms what it needs, and answers as net/http/pprof does"},
    {"/metrics", GET | HEAD, READ, NULL, smk_handle_metrics, "the tracer's own figures for Prometheus"},
};
/* clang-format on */

const struct smk_route *smk_route_at(size_t number)
{
    return number < SMK_ARRAY_LEN(routes) ? &routes[number] : NULL;
}

void smk_methods_format(uint32_t methods, char *text, size_t size)
{
    static const char *const names[] = {"GET", "HEAD", "POST", "PUT", "DELETE"};
    size_t used = 0;
    text[0] = '\0';
    for (unsigned bit = 0; bit < SMK_ARRAY_LEN(names); bit++)
        if (methods >> bit & 1 && used < size)
            used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "", names[bit]);
}

/* ---- matching ------------------------------------------------------------------------------------------- */

static bool is_id(const char *text, size_t len)
{
    if (len == 0 || len >= SMK_CAPTURE_ID_SIZE)
        return false;
    for (size_t i = 0; i < len; i++)
        if (!((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= '0' && text[i] <= '9') || text[i] == '-'))
            return false;
    return true;
}

/* At most 9 digits, and no zero in front: each segment has one name. */
static bool is_number(const char *text, size_t len, uint64_t *number)
{
    if (len == 0 || len > 9 || (len > 1 && *text == '0'))
        return false;
    *number = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *number = *number * 10 + (unsigned)(text[i] - '0');
    }
    return true;
}

/* Letters, '-' and dots between them: "page.js". */
static bool is_file(const char *text, size_t len)
{
    if (len == 0 || len >= SMK_CAPTURE_ID_SIZE || text[0] == '.')
        return false;
    for (size_t i = 0; i < len; i++)
        if (!((text[i] >= 'a' && text[i] <= 'z') || text[i] == '-' || text[i] == '.'))
            return false;
    return true;
}

/* Which of the names in capitals a part of a pattern is, and what it allows. */
static bool (*variable(const char *pattern, size_t len))(const char *text, size_t len)
{
    static const struct {
        const char *name;
        bool (*allows)(const char *text, size_t len);
    } variables[] = {{"ID", is_id}, {"NAME", smk_rule_is_name}, {"FILE", is_file}};
    for (size_t i = 0; i < SMK_ARRAY_LEN(variables); i++)
        if (strlen(variables[i].name) == len && memcmp(pattern, variables[i].name, len) == 0)
            return variables[i].allows;
    return NULL;
}

static bool match_part(const char *pattern, size_t pattern_len, const char *part, size_t len,
                       struct smk_route_match *match)
{
    bool (*allows)(const char *, size_t) = variable(pattern, pattern_len);
    if (allows) {
        if (!allows(part, len))
            return false;
        memcpy(match->id, part, len);
        match->id[len] = '\0';
        return true;
    }
    if (pattern_len == 1 && *pattern == 'N')
        return is_number(part, len, &match->number);
    return len == pattern_len && memcmp(pattern, part, len) == 0;
}

/* Part by part; nothing is decoded or made simpler, so every page has one name. */
static bool matches(const char *pattern, const char *path, struct smk_route_match *match)
{
    for (;;) {
        size_t pattern_len = strcspn(pattern, "/"), len = strcspn(path, "/");
        if (!match_part(pattern, pattern_len, path, len, match) || pattern[pattern_len] != path[len])
            return false;
        if (path[len] == '\0')
            return true;
        pattern += pattern_len + 1;
        path += len + 1;
    }
}

/* The route, or NULL and the methods that this path would have had. */
static const struct smk_route *find(const char *path, enum smk_method method, struct smk_route_match *match,
                                    uint32_t *methods)
{
    *methods = 0;
    for (size_t i = 0; i < SMK_ARRAY_LEN(routes); i++) {
        if (!matches(routes[i].pattern, path, match))
            continue;
        *methods |= routes[i].methods;
        if (routes[i].methods & (uint32_t)method)
            return &routes[i];
    }
    return NULL;
}

/* ---- what handlers share ----------------------------------------------------------------------------------- */

int smk_route_wants_json(const struct smk_exchange *exchange, const struct smk_route_match *match)
{
    const char *format = smk_query_get(&match->query, "format"), *accept = exchange->request.headers.accept;
    if (format && strcmp(format, "json") != 0 && strcmp(format, "text") != 0)
        return smk_fail(SMK_E_INVALID, "format is '%.40s'; allowed is text or json", format);
    if (format)
        return format[0] == 'j';
    const char *json = accept ? strstr(accept, "application/json") : NULL;
    const char *text = accept ? strstr(accept, "text/plain") : NULL;
    return json && (!text || json < text);
}

/* ---- dispatch ------------------------------------------------------------------------------------------- */

static void answer_no_route(struct smk_exchange *exchange, uint32_t methods)
{
    char allowed[SMK_HEADER_VALUE];
    struct smk_answer *answer = &exchange->answer;
    smk_methods_format(methods, allowed, sizeof allowed);
    if (methods) {
        smk_answer_header(answer, "Allow", "%s", allowed);
        smk_answer_problem(answer, 405, "method not allowed", "allowed here: %s", allowed);
    } else {
        smk_answer_problem(answer, 404, "no such page", "GET /debug/ lists what there is");
    }
    smk_exchange_answer(exchange);
}

static void answer_no_scope(struct smk_exchange *exchange)
{
    smk_answer_problem(&exchange->answer, 403, "not permitted",
                       "this token may look and download; this needs the one that may control");
    smk_agent_audit(exchange->request.peer ? exchange->request.peer : "", "not permitted", exchange->request.path, 403);
    smk_exchange_answer(exchange);
}

void smk_routes_dispatch(struct smk_exchange *exchange)
{
    struct smk_route_match match;
    uint32_t methods;
    const struct smk_http_request *request = &exchange->request;
    const struct smk_route *route = find(request->path, request->method, &match, &methods);
    if (!route) {
        answer_no_route(exchange, methods);
        return;
    }
    if (route->scope != SMK_SCOPE_NONE && !(request->scopes & (uint32_t)route->scope)) {
        answer_no_scope(exchange);
        return;
    }
    int rc = smk_query_parse(&match.query, request->query, route->parameters);
    if (rc < 0) {
        smk_answer_failure(&exchange->answer, rc);
        smk_exchange_answer(exchange);
        return;
    }
    route->handle(exchange, &match);
}
