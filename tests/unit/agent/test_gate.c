/* The gate: what passes, what is refused and with which code, case by case. */
#include "gate_heads.h"

#include "base/errors.h"

/* ---- heads ------------------------------------------------------------------------------------------ */

#define expect_each(cases, made)                                                                   \
    for (size_t i = 0; i < SMK_ARRAY_LEN(cases); i++) {                                            \
        struct smk_gate_head head = good();                                                        \
        made;                                                                                      \
        int got = judged(NULL, &head);                                                             \
        if (got != cases[i].status)                                                                \
            fail_msg("case %zu '%s': %d, not %d", i, cases[i].value, got, cases[i].status);        \
    }

struct value_case {
    const char *value;
    int status;
};

static void a_plain_request_passes(void **state)
{
    (void)state;
    struct smk_gate_head head = good();
    struct smk_gate_rules rules = {0};
    struct smk_gate_verdict verdict;
    head.query = "duration=5s&wait=1";
    add(&head, "Accept", "*/*");
    add(&head, "range", "bytes=0-0");
    smk_gate_judge(&rules, &head, 0, &verdict);
    assert_int_equal(verdict.status, 0);
    assert_int_equal(verdict.method, SMK_METHOD_GET);
    assert_int_equal(verdict.scopes, SMK_SCOPE_READ | SMK_SCOPE_CONTROL);
    assert_string_equal(verdict.headers.accept, "*/*");
    assert_string_equal(verdict.headers.range, "bytes=0-0");
    assert_null(verdict.headers.if_range);
}

static void methods(void **state)
{
    (void)state;
    static const struct value_case cases[] = {
        {"GET", 0},       {"HEAD", 0},     {"POST", 0},    {"PUT", 0},    {"DELETE", 0},
        {"OPTIONS", 405}, {"TRACE", 405},  {"PATCH", 405}, {"LOCK", 405}, {"PROPFIND", 405},
        {"CONNECT", 405}, {"get", 405},    {"PRI", 405},   {"", 405},     {"GETX", 405},
        {"MKCOL", 405},   {"UNLOCK", 405}, {"MOVE", 405},  {"COPY", 405}, {"REPORT", 405},
    };
    expect_each(cases, head.method = cases[i].value);
}

static void hosts(void **state)
{
    (void)state;
    static const struct value_case cases[] = {
        {"127.0.0.1", 0},
        {"127.0.0.1:6060", 0},
        {"127.0.0.1:1", 0},
        {"127.8.9.10:65535", 0},
        {"localhost", 0},
        {"LocalHost:8080", 0},
        {"", 403},
        {"evil.example", 403},
        {"evil.example:6060", 403},
        {"localhost.evil", 403},
        {"localhost.evil.example:6060", 403},
        {"evil.localhost", 403},
        {"localhost.", 403},
        {"localhost6", 403},
        {"127.0.0.1.", 403},
        {"127.0.0.1.evil.example", 403},
        {"127.1", 403},
        {"127.0.1", 403},
        {"127", 403},
        {"2130706433", 403},
        {"0x7f.0.0.1", 403},
        {"0x7f000001", 403},
        {"0177.0.0.1", 403},
        {"127.0.0.01", 403},
        {"127.00.0.1", 403},
        {"127.0.0.256", 403},
        {"127.0.0.1.1", 403},
        {"127..0.1", 403},
        {"127.0.0.", 403},
        {".127.0.0.1", 403},
        {"0.0.0.0", 403},
        {"10.0.0.1", 403},
        {"192.168.1.1:6060", 403},
        {"128.0.0.1", 403},
        {"[::1]", 403},
        {"[::1]:6060", 403},
        {"::1", 403},
        {"[::ffff:127.0.0.1]", 403},
        {"user@127.0.0.1", 403},
        {"127.0.0.1@evil.example", 403},
        {"127.0.0.1:80@evil.example", 403},
        {"127.0.0.1/", 403},
        {"127.0.0.1 ", 403},
        {" 127.0.0.1", 403},
        {"127.0.0.1,evil.example", 403},
        {"127.0.0.1:", 403},
        {"127.0.0.1:0", 403},
        {"127.0.0.1:65536", 403},
        {"127.0.0.1:080", 403},
        {"127.0.0.1:99999999999999999999", 403},
        {"127.0.0.1:6060:6060", 403},
        {"127.0.0.1:http", 403},
        {"127.0.0.1:-1", 403},
        {"127.0.0.1:+80", 403},
        {"localhost:60a", 403},
        {"local host", 403},
        {"xn--localhost", 403},
        {"http://127.0.0.1", 403},
    };
    expect_each(cases, head.headers[0].value = cases[i].value);
}

static void exactly_one_host(void **state)
{
    (void)state;
    struct smk_gate_head head = good();
    head.header_count = 0;
    assert_int_equal(judged(NULL, &head), 403);
    head = good();
    add(&head, "host", "127.0.0.1:6060");
    assert_int_equal(judged(NULL, &head), 403);
    head.front = SMK_FRONT_UNIX;
    assert_int_equal(judged(NULL, &head), 0);
}

static void configured_names_and_addresses(void **state)
{
    (void)state;
    struct smk_gate_rules rules = {.address = 0x0a010203};
    struct smk_gate_head head = good();
    assert_int_equal(smk_parse_hosts("one.example, Two-3.example,localhost4", rules.hosts), 0);
    static const struct value_case cases[] = {
        {"one.example", 0},    {"ONE.example:80", 0}, {"two-3.EXAMPLE:6060", 0}, {"localhost4", 0},
        {"one.example.", 403}, {"one.exampl", 403},   {"xone.example", 403},     {"example", 403},
        {"10.1.2.3:6060", 0},  {"10.1.2.4", 403},     {"three.example", 403},
    };
    for (size_t i = 0; i < SMK_ARRAY_LEN(cases); i++) {
        head.headers[0].value = cases[i].value;
        assert_int_equal(judged(&rules, &head), cases[i].status);
    }
    rules.allow_remote = true;
    head.headers[0].value = "10.1.2.4";
    assert_int_equal(judged(&rules, &head), 0);
}

static void names_that_the_setting_may_hold(void **state)
{
    (void)state;
    char names[SMK_HOSTS_SIZE], big[2000];
    assert_int_equal(smk_parse_hosts(NULL, names), 0);
    assert_int_equal(smk_parse_hosts("", names), 0);
    assert_int_equal(smk_parse_hosts(" , ,", names), 0);
    static const char *const bad[] = {"a:80", "a.",        ".a",  "a b/c",
                                      "*",    "*.example", "a@b", "[::1]"};
    for (size_t i = 0; i < SMK_ARRAY_LEN(bad); i++) {
        assert_int_equal(smk_parse_hosts(bad[i], names), SMK_E_INVALID);
        assert_non_null(strstr(smk_last_error(), "hosts"));
    }
    memset(big, 'a', sizeof(big));
    for (size_t i = 50; i < sizeof(big); i += 50)
        big[i] = ',';
    big[sizeof(big) - 1] = '\0';
    assert_int_equal(smk_parse_hosts(big, names), SMK_E_INVALID);
}

static void origins(void **state)
{
    (void)state;
    static const struct value_case cases[] = {
        {"http://127.0.0.1:6060", 0},
        {"HTTP://127.0.0.1:6060", 0},
        {"http://127.0.0.1", 403},
        {"http://127.0.0.1:6061", 403},
        {"https://127.0.0.1:6060", 403},
        {"http://localhost:6060", 403},
        {"http://127.0.0.1:6060/", 403},
        {"http://127.0.0.1:60600", 403},
        {"http://evil.example", 403},
        {"http://127.0.0.1:6060.evil.example", 403},
        {"http://evil.example@127.0.0.1:6060", 403},
        {"null", 403},
        {"", 403},
        {"http://", 403},
        {"file://", 403},
        {"chrome-extension://abcdef", 403},
        {"127.0.0.1:6060", 403},
        {"http://127.0.0.1:6060 http://evil.example", 403},
    };
    expect_each(cases, add(&head, "Origin", cases[i].value));
    struct smk_gate_head twice = good();
    add(&twice, "Origin", "http://127.0.0.1:6060");
    add(&twice, "origin", "http://127.0.0.1:6060");
    assert_int_equal(judged(NULL, &twice), 403);
}

static void fetch_sites(void **state)
{
    (void)state;
    static const struct value_case cases[] = {
        {"same-origin", 0}, {"none", 0},   {"cross-site", 403},       {"same-site", 403},
        {"", 403},          {"None", 403}, {"same-origin,none", 403}, {"foo", 403},
    };
    expect_each(cases, add(&head, "Sec-Fetch-Site", cases[i].value));
    expect_each(cases, {
        add(&head, "sec-fetch-site", cases[i].value);
        add(&head, "SEC-FETCH-SITE", "none");
    });
}

static void a_page_is_refused_on_the_unix_socket_too(void **state)
{
    (void)state;
    struct smk_gate_head head = good();
    head.front = SMK_FRONT_UNIX;
    head.headers[0].value = "whatever";
    assert_int_equal(judged(NULL, &head), 0);
    add(&head, "Origin", "http://evil.example");
    assert_int_equal(judged(NULL, &head), 403);
    head.headers[1].value = "http://whatever";
    assert_int_equal(judged(NULL, &head), 0);
    add(&head, "Sec-Fetch-Site", "cross-site");
    assert_int_equal(judged(NULL, &head), 403);
}

static void bodies(void **state)
{
    (void)state;
    static const struct value_case lengths[] = {
        {"0", 0},    {"1", 400},    {"-1", 400},  {"00", 400},
        {"+0", 400}, {"0, 0", 400}, {"", 400},    {"0x0", 400},
        {" 0", 400}, {"0 ", 400},   {"abc", 400}, {"18446744073709551616", 400},
    };
    expect_each(lengths, {
        head.method = "POST";
        add(&head, "Content-Length", lengths[i].value);
    });
    static const struct value_case encodings[] = {
        {"chunked", 400}, {"xchunked", 400}, {"identity", 400}, {"", 400}, {"gzip, chunked", 400},
    };
    expect_each(encodings, add(&head, "transfer-encoding", encodings[i].value));
    expect_each(encodings, {
        add(&head, "Content-Length", "0");
        add(&head, "Transfer-Encoding", encodings[i].value);
    });
    struct smk_gate_head head = good();
    add(&head, "Content-Length", "0");
    add(&head, "content-length", "0");
    assert_int_equal(judged(NULL, &head), 400);
    head = good();
    head.has_body = true;
    assert_int_equal(judged(NULL, &head), 400);
    head = good();
    add(&head, "Upgrade", "websocket");
    assert_int_equal(judged(NULL, &head), 400);
}

/* Of the two that set rules. */
static void bodies_of_rules(void **state)
{
    (void)state;
    static const struct value_case lengths[] = {
        {"0", 0},     {"1", 0},     {"16384", 0},  {"16385", 413}, {"99999999999999999999999", 413},
        {"00", 400},  {"01", 400},  {"-1", 400},   {"+1", 400},    {"", 400},
        {"1 ", 400},  {"1,1", 400}, {"0x10", 400}, {"1e3", 400},
    };
    expect_each(lengths, {
        head.method = "PUT";
        head.path = "/debug/trace/rules";
        add(&head, "Content-Type", "text/plain");
        add(&head, "Content-Length", lengths[i].value);
    });
    static const struct value_case types[] = {
        {"text/plain", 0},         {"Text/Plain; charset=utf-8", 0}, {"text/plain;charset=UTF-8", 0},
        {"text/plainer", 400},     {"text/html", 400},               {"application/x-www-form-urlencoded", 400},
        {"multipart/form-data", 400}, {"", 400},                     {"text/plain; charset=utf-7", 400},
    };
    expect_each(types, {
        head.method = "POST";
        head.path = "/debug/trace/rules/a";
        add(&head, "Content-Type", types[i].value);
        add(&head, "Content-Length", "5");
    });
    static const struct {
        const char *method, *path;
    } others[] = {{"POST", "/debug/trace/rules"}, {"PUT", "/debug/trace/rules/a"}, {"GET", "/debug/trace/rules"},
                  {"PUT", "/debug/trace/rulesx"}, {"DELETE", "/debug/trace/rules/a"}, {"POST", "/debug/trace"}};
    for (size_t i = 0; i < SMK_ARRAY_LEN(others); i++) {
        struct smk_gate_head head = good();
        head.method = others[i].method;
        head.path = others[i].path;
        add(&head, "Content-Type", "text/plain");
        add(&head, "Content-Length", "5");
        assert_int_equal(judged(NULL, &head), 400);
    }
}

static void paths(void **state)
{
    (void)state;
    static const struct value_case cases[] = {
        {"/", 0},
        {"/debug/", 0},
        {"/debug/trace", 0},
        {"/debug/traces/20261123t101500-4711-k3", 0},
        {"/debug/traces/20261123t101500-4711-k3/1", 0},
        {"/DEBUG/TRACE", 0}, /* plain: the routes know no such path */
        {"/debug/trace/extra", 0},
        {"/debug/trace.", 0},
        {"/debug/...", 0},
        {"/metrics", 0},
        {"", 400},
        {"*", 400},
        {"debug/trace", 400},
        {"http://127.0.0.1:6060/debug/trace", 400},
        {"http://evil.example/debug/trace", 400},
        {"evil.example:80", 400},
        {"//debug/trace", 404},
        {"/debug//trace", 404},
        {"///", 404},
        {"/./debug/trace", 404},
        {"/debug/./trace", 404},
        {"/debug/../debug/trace", 404},
        {"/debug/trace/..", 404},
        {"/debug/trace/.", 404},
        {"/..", 404},
        {"/debug/traces/../../etc/passwd", 404},
        {"/debug/traces/..%2f..%2fetc%2fpasswd", 404},
        {"/debug/traces/%252e%252e", 404},
        {"/debug/trace%00", 404},
        {"/debug/trace%", 404},
        {"/debug/tr%61ce", 404},
        {"/debug/trace;x=1", 404},
        {"/debug/trace#x", 404},
        {"/debug\\trace", 404},
        {"/debug/trace\x01", 404},
        {"/debug/trace\xc0\xaf", 404},
        {"/debug/trace\xe2\x88\x95x", 404},
        {"/debug/tra ce", 404},
        {"/debug/trace\t", 404},
        {"/debug/trace&x", 404},
        {"/debug/trace@x", 404},
        {"/debug/trace:80", 404},
        {"/debug/<script>", 404},
        {"/debug/'", 404},
        {"/debug/\"", 404},
        {"/debug/trace\r\nSet-Cookie: a", 404},
    };
    expect_each(cases, head.path = cases[i].value);
}

static void long_paths_and_queries(void **state)
{
    (void)state;
    char text[10001];
    struct smk_gate_head head = good();
    memset(text, 'a', sizeof(text));
    text[0] = '/';
    text[10000] = '\0';
    head.path = text;
    assert_int_equal(judged(NULL, &head), 404);
    text[SMK_GATE_PATH - 1] = '\0';
    assert_int_equal(judged(NULL, &head), 0);
    memset(text, '1', sizeof(text));
    text[10000] = '\0';
    head = good();
    head.query = text;
    assert_int_equal(judged(NULL, &head), 400);
    text[SMK_GATE_QUERY - 1] = '\0';
    assert_int_equal(judged(NULL, &head), 0);
}

static void queries(void **state)
{
    (void)state;
    static const struct value_case cases[] = {
        {"", 0},
        {"duration=5s", 0},
        {"duration=5s%00x", 0}, /* the routes decode, and refuse */
        {"duration=abc&&", 0},
        {"x=/..//", 0},
        {"a b", 400},
        {"a\tb", 400},
        {"a\r\nSet-Cookie: x", 400},
        {"a\x7f", 400},
        {"a\x80", 400},
        {"a\xe2\x80\xae", 400},
        {"a#b", 400},
        {"token=0123456789abcdef", 400},
        {"Token=x", 400},
        {"duration=5s&token=x", 400},
        {"duration=5s&access_token=x", 400},
        {"authorization=Bearer", 400},
        {"tokens=x", 0},
        {"xtoken=x", 0},
    };
    expect_each(cases, head.query = cases[i].value);
}

static void too_many_or_too_long_headers(void **state)
{
    (void)state;
    char value[SMK_GATE_VALUE + 2];
    struct smk_gate_head head = good();
    while (head.header_count < SMK_GATE_HEADERS - 1)
        add(&head, "X-Some", "thing");
    assert_int_equal(judged(NULL, &head), 0);
    add(&head, "X-Some", "thing");
    assert_int_equal(judged(NULL, &head), 400);
    head = good();
    memset(value, 'a', sizeof(value));
    value[SMK_GATE_VALUE + 1] = '\0';
    add(&head, "Accept", value);
    assert_int_equal(judged(NULL, &head), 400);
    value[SMK_GATE_VALUE] = '\0';
    assert_int_equal(judged(NULL, &head), 0);
    head = good();
    add(&head, "Accept", "a\r\n folded");
    assert_int_equal(judged(NULL, &head), 400);
    head = good();
    add(&head, "Range", "bytes=0-0");
    add(&head, "Range", "bytes=1-1");
    assert_int_equal(judged(NULL, &head), 400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_request_passes),
        cmocka_unit_test(methods),
        cmocka_unit_test(hosts),
        cmocka_unit_test(exactly_one_host),
        cmocka_unit_test(configured_names_and_addresses),
        cmocka_unit_test(names_that_the_setting_may_hold),
        cmocka_unit_test(origins),
        cmocka_unit_test(fetch_sites),
        cmocka_unit_test(a_page_is_refused_on_the_unix_socket_too),
        cmocka_unit_test(bodies),
        cmocka_unit_test(bodies_of_rules),
        cmocka_unit_test(paths),
        cmocka_unit_test(long_paths_and_queries),
        cmocka_unit_test(queries),
        cmocka_unit_test(too_many_or_too_long_headers),
    };
    return SMK_RUN(tests);
}
