/* Parameters of the viewer's questions: each is taken once, in its range, and what is refused says what is allowed. */
#include "unit/smk_test.h"

#include "query.h"

struct values {
    uint64_t number, most;
    char text[SMK_WEB_TEXT_MAX];
    struct smk_web_list list;
    unsigned word;
    bool given;
};

/* The status that `query` is refused with; 0: it is taken. */
static int status_of(struct values *values, const char *query)
{
    const struct smk_web_parameter parameters[] = {
        {"n", SMK_WEB_NUMBER, &values->number, false, 2, 0, NULL, &values->given},
        {"m", SMK_WEB_NUMBER, &values->most, false, 0, 50, NULL, NULL},
        {"t", SMK_WEB_TEXT, values->text, false, 0, 0, NULL, NULL},
        {"l", SMK_WEB_LIST, &values->list, false, 0, 0, NULL, NULL},
        {"w", SMK_WEB_WORD, &values->word, false, 0, 0, "off|on|of", NULL},
        SMK_WEB_PARAMETERS_END};
    struct smk_web_reply reply;
    smk_web_reply_init(&reply);
    int status = smk_web_query_read(&reply, query, parameters) ? 0 : reply.status;
    if (status)
        assert_non_null(strstr(reply.data, "allowed"));
    else
        assert_int_equal(reply.status, 0);
    smk_web_reply_free(&reply);
    return status;
}

static void takes_what_is_in_range(void **state)
{
    struct values values = {.number = 7};
    (void)state;
    assert_int_equal(status_of(&values, NULL), 0);
    assert_int_equal(status_of(&values, ""), 0);
    assert_int_equal(values.number, 7);
    assert_false(values.given);
    assert_int_equal(status_of(&values, "n=18446744073709551615&m=50&t=a%20b%2Bc+d&l=1,2,4294967295&w=of"), 0);
    assert_true(values.number == UINT64_MAX && values.most == 50 && values.given);
    assert_string_equal(values.text, "a b+c d");
    assert_int_equal(values.list.count, 3);
    assert_true(values.list.array[2] == UINT32_MAX);
    assert_int_equal(values.word, 2);
    assert_int_equal(status_of(&values, "n=12.75"), 0); /* a page divides */
    assert_int_equal(values.number, 12);
    assert_int_equal(status_of(&values, "l=1%2C2"), 0);
    assert_int_equal(values.list.count, 2);
}

static void refuses_what_is_not(void **state)
{
    static const char *const bad[] = {
        "n=1", "n=", "n", "n=x", "n=-2", "n=+2", "n= 2", "n=2x", "n=0x2", "n=2.x", "n=.5",
        "n=18446744073709551616", "n=100000000000000000000000", "m=51", "n=2&n=2", "l=", "l=1,", "l=,1", "l=1,,2",
        "l=4294967296", "l=1;2", "w=o", "w=offon", "w=", "w=off|on", "x=1", "=1", "nn=2", "t=%", "t=%2", "t=%zz",
        "t=%00", "t=%0a", "t=%7f", "&", "n=2&&m=1"};
    struct values values = {0};
    (void)state;
    for (size_t i = 0; i < SMK_ARRAY_LEN(bad); i++)
        if (status_of(&values, bad[i]) != 400)
            fail_msg("'%s' is taken", bad[i]);
}

static void knows_bounds(void **state)
{
    struct values values;
    char query[5000] = "t=";
    (void)state;
    memset(query + 2, 'a', SMK_WEB_TEXT_MAX - 1);
    query[2 + SMK_WEB_TEXT_MAX - 1] = '\0';
    assert_int_equal(status_of(&values, query), 0);
    strcat(query, "a");
    assert_int_equal(status_of(&values, query), 400);
    snprintf(query, sizeof(query), "l=0");
    for (unsigned i = 1; i < SMK_WEB_LIST_MAX; i++)
        strcat(query, ",1");
    assert_int_equal(status_of(&values, query), 0);
    assert_int_equal(values.list.count, SMK_WEB_LIST_MAX);
    strcat(query, ",1");
    assert_int_equal(status_of(&values, query), 400);
    memset(query + 2, '1', sizeof(query) - 3);
    query[sizeof(query) - 1] = '\0';
    assert_int_equal(status_of(&values, query), 400);
}

static void wants_what_must_be_there(void **state)
{
    uint64_t number = 0;
    const struct smk_web_parameter parameters[] = {{"n", SMK_WEB_NUMBER, &number, true, 0, 0, NULL, NULL},
                                                   SMK_WEB_PARAMETERS_END};
    struct smk_web_reply reply;
    (void)state;
    smk_web_reply_init(&reply);
    assert_false(smk_web_query_read(&reply, "", parameters));
    assert_int_equal(reply.status, 400);
    assert_non_null(strstr(reply.data, "n is missing"));
    assert_true(smk_web_query_read(&reply, "n=0", parameters));
    smk_web_reply_free(&reply);
}

/* Whatever somebody sends comes back as text of JSON. */
static void refusals_are_escaped(void **state)
{
    struct smk_web_reply reply;
    (void)state;
    smk_web_reply_init(&reply);
    assert_false(smk_web_refuse(&reply, 400, "'%s'", "\"</script>\\\x1b[2J\n"));
    assert_non_null(strstr(reply.data, "'\\\"</script>\\\\\\\\x1b[2J\\\\n'"));
    smk_web_reply_free(&reply);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_what_is_in_range), cmocka_unit_test(refuses_what_is_not),
        cmocka_unit_test(knows_bounds),           cmocka_unit_test(wants_what_must_be_there),
        cmocka_unit_test(refusals_are_escaped),
    };
    return SMK_RUN(tests);
}
