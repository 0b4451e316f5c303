/* Who may ask the viewer's server. tests/view/hostile.c has the same over a connection. */
#include "unit/smk_test.h"

#include "entry.h"

static const char token[] = "0123456789abcdef0123456789abcdef";
static const char bearer[] = "Bearer 0123456789abcdef0123456789abcdef";

static const char none[] = "none";

/* What is not said is as the page has it; `none`: it is not there. */
static const char *header(const char *said, const char *usual)
{
    return said == none ? NULL : said ? said : usual;
}

/* The status that it is refused with; 0: it may. */
static int status_of(struct smk_web_request request)
{
    struct smk_web_reply reply;
    request.host = header(request.host, "127.0.0.1:80");
    request.authorization = header(request.authorization, bearer);
    request.method = request.method ? request.method : "GET";
    request.path = request.path ? request.path : "/api/info";
    request.hosts = request.hosts ? request.hosts : 1;
    smk_web_reply_init(&reply);
    int status = smk_web_may_enter(&reply, &request, token) ? 0 : reply.status;
    smk_web_reply_free(&reply);
    return status;
}

#define ASK(...) status_of((struct smk_web_request){__VA_ARGS__})

static void the_page_may(void **state)
{
    (void)state;
    assert_int_equal(ASK(.query = NULL), 0);
    assert_int_equal(ASK(.method = "HEAD"), 0);
    assert_int_equal(ASK(.host = "localhost"), 0);
    assert_int_equal(ASK(.host = "LocalHost:8080"), 0);
    assert_int_equal(ASK(.host = "127.9.9.9:1"), 0);
    assert_int_equal(ASK(.origin = "http://127.0.0.1:80", .fetch_site = "same-origin"), 0);
    assert_int_equal(ASK(.path = "/", .authorization = none), 0);
}

static void others_may_not(void **state)
{
    (void)state;
    assert_int_equal(ASK(.host = none), 403);
    assert_int_equal(ASK(.hosts = 2), 403);
    assert_int_equal(ASK(.host = "evil.example"), 403);
    assert_int_equal(ASK(.host = "localhost.evil"), 403);
    assert_int_equal(ASK(.host = "128.0.0.1"), 403);
    assert_int_equal(ASK(.origin = "http://127.0.0.1:81"), 403);
    assert_int_equal(ASK(.origin = "https://127.0.0.1:80"), 403);
    assert_int_equal(ASK(.origin = "null"), 403);
    assert_int_equal(ASK(.fetch_site = "cross-site"), 403);
    assert_int_equal(ASK(.fetch_site = "cross-site", .fetch_mode = "navigate", .fetch_dest = "document"), 403);
    assert_int_equal(ASK(.path = "/", .fetch_site = "cross-site", .fetch_mode = "navigate", .fetch_dest = "document"),
                     0);
    assert_int_equal(ASK(.path = "/", .fetch_site = "cross-site", .fetch_mode = "cors", .fetch_dest = "document"), 403);
    assert_int_equal(ASK(.method = "POST"), 405);
    assert_int_equal(ASK(.headers = 61), 400);
    assert_int_equal(ASK(.double_header = true), 400);
}

static void the_token_opens(void **state)
{
    char wrong[sizeof(bearer)];
    (void)state;
    assert_int_equal(ASK(.authorization = none), 401);
    assert_int_equal(ASK(.authorization = ""), 401);
    assert_int_equal(ASK(.authorization = token), 401);
    assert_int_equal(ASK(.authorization = "Bearer "), 401);
    assert_int_equal(ASK(.authorization = "bearer 0123456789abcdef0123456789abcdef"), 0);
    for (size_t i = 7; i < sizeof(bearer) - 1; i++) {
        memcpy(wrong, bearer, sizeof(bearer));
        wrong[i] ^= 1;
        assert_int_equal(ASK(.authorization = wrong), 401);
    }
    assert_int_equal(ASK(.authorization = none, .path = "/api/"), 401);
}

static void tokens_differ(void **state)
{
    char a[SMK_WEB_TOKEN_SIZE], b[SMK_WEB_TOKEN_SIZE];
    (void)state;
    assert_true(smk_web_token_make(a) && smk_web_token_make(b));
    assert_int_equal(strlen(a), SMK_WEB_TOKEN_SIZE - 1);
    assert_string_not_equal(a, b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_page_may),
        cmocka_unit_test(others_may_not),
        cmocka_unit_test(the_token_opens),
        cmocka_unit_test(tokens_differ),
    };
    return SMK_RUN(tests);
}
