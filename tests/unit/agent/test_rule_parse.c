/* The language of rules: what each clause says, and for each wrong one the place and what was expected. */
#include "unit/smk_test.h"

#include "rule.h"

static bool parse(struct smk_rule *rule, const char *text, struct smk_rule_error *error)
{
    /* Of exactly this size, so that a read behind it is seen. */
    size_t len = strlen(text);
    char *copy = malloc(len + (len == 0));
    memcpy(copy, text, len);
    bool good = smk_rule_parse(rule, copy, len, error);
    free(copy);
    return good;
}

static struct smk_rule good(const char *text)
{
    struct smk_rule rule;
    struct smk_rule_error error;
    if (!parse(&rule, text, &error))
        fail_msg("'%s' is refused at %zu: %s", text, error.at, error.expected);
    return rule;
}

static void the_shortest_has_the_defaults(void **state)
{
    (void)state;
    struct smk_rule rule = good("when request > 250ms");
    assert_string_equal(rule.name, "");
    assert_string_equal(rule.text, "when request > 250ms");
    assert_int_equal(rule.on, SMK_RULE_REQUEST);
    assert_int_equal(rule.threshold, 250000000);
    assert_int_equal(rule.factor_milli, 0);
    assert_string_equal(rule.route, "");
    assert_int_equal(rule.count, 1);
    assert_int_equal(rule.action, SMK_RULE_SNAPSHOT);
    assert_int_equal(rule.before_ns, 0);
    assert_int_equal(rule.after_ns, SMK_RULE_AFTER);
    assert_int_equal(rule.cooldown_ns, UINT64_C(30000000000));
    assert_int_equal(rule.window_most, 5);
    assert_int_equal(rule.window_in_ns, UINT64_C(600000000000));
    assert_int_equal(rule.day_most, 100);
    assert_int_equal(rule.skip, 0);
}

static void the_longest_says_all_of_it(void **state)
{
    (void)state;
    struct smk_rule rule = good("  cart-2 :  when request > 1.5x p90 on \"GET /cart*\" count 3 in 1m then snapshot "
                                "before 10s after 2s and run \"/usr/bin/page me\" cooldown 1h at most 2 per 24h "
                                "7 per day skip 90%  ");
    assert_string_equal(rule.name, "cart-2");
    assert_int_equal(strncmp(rule.text, "when request", 12), 0);
    assert_int_equal(rule.text[strlen(rule.text) - 1], '%');
    assert_int_equal(rule.factor_milli, 1500);
    assert_int_equal(rule.per_mille, 900);
    assert_string_equal(rule.route, "GET /cart*");
    assert_int_equal(rule.count, 3);
    assert_int_equal(rule.count_in_ns, UINT64_C(60000000000));
    assert_int_equal(rule.before_ns, UINT64_C(10000000000));
    assert_int_equal(rule.after_ns, UINT64_C(2000000000));
    assert_string_equal(rule.run, "/usr/bin/page me");
    assert_int_equal(rule.cooldown_ns, UINT64_C(3600000000000));
    assert_int_equal(rule.window_most, 2);
    assert_int_equal(rule.window_in_ns, UINT64_C(86400000000000));
    assert_int_equal(rule.day_most, 7);
    assert_int_equal(rule.skip, 9000);
}

static void conditions(void **state)
{
    (void)state;
    struct smk_rule rule = good("when status >= 500");
    assert_int_equal(rule.on, SMK_RULE_STATUS);
    assert_int_equal(rule.least, 500);
    assert_int_equal(rule.most, UINT32_MAX);
    rule = good("when status = 503 on \"*\"");
    assert_int_equal(rule.most, 503);
    rule = good("when loop delay > 50ms");
    assert_int_equal(rule.on, SMK_RULE_LOOP);
    assert_int_equal(rule.threshold, 50000000);
    rule = good("when lock wait > 100ms");
    assert_int_equal(rule.on, SMK_RULE_WAIT);
    assert_int_equal(rule.wait_kind, SMK_WAIT_LOCK);
    assert_int_equal(good("when disk wait>1s").wait_kind, SMK_WAIT_DISK);
    assert_int_equal(good("when runnable > 50ms").on, SMK_RULE_RUNNABLE);
    rule = good("when queue > 100 on \"GET *\"");
    assert_int_equal(rule.on, SMK_RULE_QUEUE);
    assert_int_equal(rule.threshold, 100);
    rule = good("when cpu > 350% then capture 5s");
    assert_int_equal(rule.on, SMK_RULE_CPU);
    assert_int_equal(rule.threshold, 35000);
    assert_int_equal(rule.action, SMK_RULE_CAPTURE);
    assert_int_equal(rule.duration_ns, UINT64_C(5000000000));
    rule = good("when rss > 2GiB then run \"/bin/true\"");
    assert_int_equal(rule.on, SMK_RULE_RSS);
    assert_int_equal(rule.threshold, UINT64_C(2147483648));
    assert_int_equal(rule.action, SMK_RULE_NO_CAPTURE);
    rule = good("when trigger \"cache full\" at most 1");
    assert_int_equal(rule.on, SMK_RULE_TRIGGER);
    assert_string_equal(rule.trigger, "cache full");
    assert_int_equal(rule.window_most, 1);
    assert_int_equal(rule.window_in_ns, 0);
}

static void what_needs_the_recorder(void **state)
{
    (void)state;
    struct smk_rule rule = good("when cpu > 90% then capture 5s");
    assert_false(smk_rule_needs_recorder(&rule));
    rule = good("when cpu > 90%");
    assert_true(smk_rule_needs_recorder(&rule));
    rule = good("when request > 1s then capture 5s");
    assert_true(smk_rule_needs_recorder(&rule));
}

/* The place is where the '|' stands, which is not part of the rule. */
static const struct {
    const char *text, *expected;
} wrong_places[] = {
    {"|", "'when'"},
    {"   |", "'when'"},
    {"|if request > 1s", "'when'"},
    {"|Cart: when request > 1s", "a name"},
    {"|: when request > 1s", "a name"},
    {"|\"cart\": when request > 1s", "a name"},
    {"|abcdefghijklmnopqrstuvwxyz-0123456: when cpu > 1%", "a name"},
    {"cart: |", "'when'"},
    {"cart: |: when", "'when'"},
    {"when |", "a condition"},
    {"when |frobs > 1s", "a condition"},
    {"when |\"request\" > 1s", "a condition"},
    {"when signal |USR2", "SIGUSR1, SIGUSR2"},
    {"when signal |SIGTERM", "SIGUSR1, SIGUSR2"},
    {"when signal |\"SIGUSR2\"", "SIGUSR1, SIGUSR2"},
    {"when signal|", "SIGUSR1, SIGUSR2"},
    {"when signal SIGUSR2 |on \"GET /\"", "the end, or each once: count"},
    {"when request |", "'>'"},
    {"when request |>= 1s", "'>'"},
    {"when request |1s", "'>'"},
    {"when request > |", "a time"},
    {"when request > |250", "a time"},
    {"when request > |250sec", "a time"},
    {"when request > |1ns", "a time"},
    {"when request > |25h", "a time"},
    {"when request > |\"1s\"", "a time"},
    {"when request > |-1s", "a time"},
    {"when request > |1x p99", "a time"},
    {"when request > |0.5x p99", "a time"},
    {"when request > |1001x p99", "a time"},
    {"when request > |1.2345x p99", "a time"},
    {"when request > |1.x p99", "a time"},
    {"when request > |1..5x p99", "a time"},
    {"when request > |x p99", "a time"},
    {"when request > 3x |", "p50"},
    {"when request > 3x |p98", "p50"},
    {"when request > 3x |1s", "p50"},
    {"when status |> 500", "'>=' or '='"},
    {"when status >= |", "a whole number from 1 to 999"},
    {"when status >= |1000", "a whole number from 1 to 999"},
    {"when status >= |5xx", "a whole number from 1 to 999"},
    {"when status = |0", "a whole number from 1 to 999"},
    {"when loop |> 1s", "'delay'"},
    {"when loop delay |1s", "'>'"},
    {"when loop delay > |1", "a time"},
    {"when lock |> 1s", "'wait'"},
    {"when lock wait |< 1s", "'>'"},
    {"when lock wait > |x", "a time"},
    {"when runnable > |", "a time"},
    {"when queue > |0", "a whole number"},
    {"when queue > |1.5", "a whole number"},
    {"when queue > |1000001", "a whole number"},
    {"when queue > |99999999999999999999", "a whole number"},
    {"when cpu > |90", "a share"},
    {"when cpu > |%", "a share"},
    {"when cpu > |0%", "a share"},
    {"when cpu > |100001%", "a share"},
    {"when cpu > |", "a share"},
    {"when rss > |1", "a size"},
    {"when rss > |2GeB", "a size"},
    {"when trigger |cache", "the name in quotes"},
    {"when trigger |\"\"", "the name in quotes"},
    {"when trigger |\"cache", "the name in quotes"},
    {"when trigger |\"abcdefghijklmnopqrstuvwxyz-0123456\"", "the name in quotes"},
    {"when request > 1s |frob", "the end, or each once: on"},
    {"when request > 1s |\"GET /\"", "the end"},
    {"when cpu > 1% |on \"GET /\"", "the end, or each once: count"},
    {"when trigger \"x\" |on \"y\"", "the end"},
    {"when request > 1s on |GET", "a route in quotes"},
    {"when request > 1s on |", "a route in quotes"},
    {"when request > 1s on |\"\"", "a route in quotes"},
    {"when request > 1s on |\"GET", "a route in quotes"},
    {"when request > 1s on |\"a\tb\"", "a route in quotes"},
    {"when request > 1s on \"a\" |on \"b\"", "the end"},
    {"when request > 1s count |x", "a whole number from 1 to 1000"},
    {"when request > 1s count |0 in 1m", "a whole number from 1 to 1000"},
    {"when request > 1s count |1001 in 1m", "a whole number from 1 to 1000"},
    {"when request > 1s count 3 |per 1m", "'in'"},
    {"when request > 1s count 3 in |", "a time"},
    {"when request > 1s count 3 in |1us", "a time"},
    {"when request > 1s count 3 in 1m |count 3 in 1m", "the end"},
    {"when request > 1s then |", "snapshot, capture or run"},
    {"when request > 1s then |sleep", "snapshot, capture or run"},
    {"when request > 1s then snapshot before |", "a time from 1ms"},
    {"when request > 1s then snapshot before |1us", "a time from 1ms"},
    {"when request > 1s then snapshot before 1s |before 2s", "the end"},
    {"when request > 1s then snapshot after |x", "a time"},
    {"when request > 1s then snapshot and |capture 5s", "run"},
    {"when request > 1s then snapshot and run \"/x\" and |run \"/y\"", "the end, or another clause"},
    {"when request > 1s then capture |", "a time from 10ms"},
    {"when request > 1s then capture |1ms", "a time from 10ms"},
    {"when request > 1s then run |", "the absolute path"},
    {"when request > 1s then run |/bin/true", "the absolute path"},
    {"when request > 1s then run |\"true\"", "the absolute path"},
    {"when request > 1s then run |\"/\"", "the absolute path"},
    {"when request > 1s then run \"/x\" and |", "snapshot, capture or run"},
    {"when request > 1s then run \"/x\" |then run \"/y\"", "the end"},
    {"when request > 1s cooldown |", "a time up to 24h"},
    {"when request > 1s cooldown |30", "a time up to 24h"},
    {"when request > 1s at |least 3", "'most'"},
    {"when request > 1s at most |", "a whole number"},
    {"when request > 1s at most |0", "a whole number"},
    {"when request > 1s at most 3 per |", "a time from 1s"},
    {"when request > 1s at most 3 per |1ms", "a time from 1s"},
    {"when request > 1s |0 per day", "a whole number"},
    {"when request > 1s 5 |day", "'per'"},
    {"when request > 1s 5 per |week", "'day'"},
    {"when request > 1s 5 per day |6 per day", "the end"},
    {"when request > 1s skip |", "a share"},
    {"when request > 1s skip |100%", "a share"},
    {"when request > 1s skip |90", "a share"},
    {"when request > 1s |\x01", "the end"},
};

static void each_wrong_place_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < SMK_ARRAY_LEN(wrong_places); i++) {
        struct smk_rule rule;
        struct smk_rule_error error = {0};
        char text[200] = "";
        const char *mark = strchr(wrong_places[i].text, '|');
        size_t at = (size_t)(mark - wrong_places[i].text);
        memcpy(text, wrong_places[i].text, at);
        strcpy(text + at, mark + 1);
        if (parse(&rule, text, &error))
            fail_msg("'%s' is taken", text);
        if (error.at != at || !strstr(error.expected, wrong_places[i].expected))
            fail_msg("'%s': at %zu '%s', not at %zu '%s'", text, error.at, error.expected, at,
                     wrong_places[i].expected);
    }
}

static void a_rule_has_a_bound(void **state)
{
    (void)state;
    struct smk_rule rule;
    struct smk_rule_error error = {0};
    char text[700] = "when request > 1s", out[300];
    memset(text + 17, ' ', 600);
    text[617] = '\0';
    assert_true(parse(&rule, text, &error)); /* of its end nothing is kept */
    text[616] = 'x';
    assert_false(parse(&rule, text, &error));
    assert_int_equal(error.at, SMK_RULE_TEXT - 1);
    smk_rule_error_format(&error, text, 617, out, sizeof out);
    assert_non_null(strstr(out, "at most 511 bytes"));
}

static void a_message_says_where_and_what(void **state)
{
    (void)state;
    struct smk_rule rule;
    struct smk_rule_error error = {0};
    char out[300];
    const char *text = "when request > 250 on \"GET /\"";
    assert_false(parse(&rule, text, &error));
    smk_rule_error_format(&error, text, strlen(text), out, sizeof out);
    assert_int_equal(strncmp(out, "character 16, '250': expected is a time", 39), 0);
    assert_false(parse(&rule, "when", &error));
    smk_rule_error_format(&error, "when", 4, out, sizeof out);
    assert_int_equal(strncmp(out, "character 5, at its end: expected is a condition", 48), 0);
}

static void globs(void **state)
{
    (void)state;
    static const struct {
        const char *glob, *text;
        bool matches;
    } cases[] = {{"GET /cart*", "GET /cart", true},    {"GET /cart*", "GET /cart/7", true},
                 {"GET /cart*", "POST /cart", false},  {"*", "", true},
                 {"", "", true},                       {"", "x", false},
                 {"?", "x", true},                     {"?", "", false},
                 {"*/item/:id", "GET /item/:id", true}, {"*a*b*c", "xxaxxbxxbxxc", true},
                 {"*a*b*c", "xxaxxbxxbxxcd", false},   {"a**b", "ab", true},
                 {"GET", "GETX", false},               {"GETX", "GET", false},
                 {"*aab", "aaaaab", true},             {"*x", "y", false}};
    for (size_t i = 0; i < SMK_ARRAY_LEN(cases); i++)
        if (smk_rule_glob(cases[i].glob, cases[i].text, strlen(cases[i].text)) != cases[i].matches)
            fail_msg("'%s' and '%s'", cases[i].glob, cases[i].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shortest_has_the_defaults),
        cmocka_unit_test(the_longest_says_all_of_it),
        cmocka_unit_test(conditions),
        cmocka_unit_test(what_needs_the_recorder),
        cmocka_unit_test(each_wrong_place_is_named),
        cmocka_unit_test(a_rule_has_a_bound),
        cmocka_unit_test(a_message_says_where_and_what),
        cmocka_unit_test(globs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
