/* The ledger's lines: there and back, whatever stands in them, and what is cut or strange is none. */
#include "unit/smk_test.h"

#include "ledger.h"

static struct smk_ledger_entry sample(void)
{
    struct smk_ledger_entry e = {.time_unix_ns = UINT64_C(1795521650378578445),
                                 .pid = 4711,
                                 .service = "shop",
                                 .kind = SMK_LEDGER_SUPPRESSED,
                                 .rule = "slow-cart",
                                 .reason = "cooldown",
                                 .count = 38,
                                 .capture = "20261124t031209846-fwjtpdx9",
                                 .cause = {.value = 812000000, .request = 20391, .tid = 4715, .status = 200,
                                           .running = true, .what = "GET /cart"},
                                 .text = "GET /cart took 812 ms"};
    return e;
}

static bool parse(const char *line, size_t len, struct smk_ledger_entry *e)
{
    char *copy = malloc(len ? len : 1);
    memcpy(copy, line, len);
    bool good = smk_ledger_parse(copy, len, e);
    free(copy);
    return good;
}

static void there_and_back(void **state)
{
    (void)state;
    struct smk_ledger_entry e = sample(), back;
    char line[2048];
    size_t len = smk_ledger_format(&e, line, sizeof line);
    assert_int_equal(line[len - 1], '\n');
    assert_ptr_equal(memchr(line, '\n', len), line + len - 1);
    assert_true(parse(line, len - 1, &back));
    assert_int_equal(back.time_unix_ns, e.time_unix_ns);
    assert_int_equal(back.pid, 4711);
    assert_int_equal(back.kind, SMK_LEDGER_SUPPRESSED);
    assert_string_equal(back.rule, "slow-cart");
    assert_string_equal(back.reason, "cooldown");
    assert_int_equal(back.count, 38);
    assert_string_equal(back.capture, e.capture);
    assert_int_equal(back.cause.value, 812000000);
    assert_int_equal(back.cause.request, 20391);
    assert_true(back.cause.running);
    assert_string_equal(back.cause.what, "GET /cart");
    assert_string_equal(back.text, e.text);
}

/* A route that a stranger chose does not make a line of its own, or a field. */
static void what_a_stranger_chose(void **state)
{
    (void)state;
    struct smk_ledger_entry e = sample(), back;
    char line[2048];
    memset(e.cause.what, '\t', sizeof e.cause.what - 1);
    memset(e.text, '\n', sizeof e.text - 1);
    size_t len = smk_ledger_format(&e, line, sizeof line);
    assert_true(len < sizeof line);
    assert_ptr_equal(memchr(line, '\n', len), line + len - 1);
    assert_true(parse(line, len - 1, &back));
    assert_string_equal(back.rule, "slow-cart");
    assert_null(strchr(back.cause.what, '\t'));
}

/* Whatever of a line was written when its process was killed. */
static void cut_at_every_byte(void **state)
{
    (void)state;
    struct smk_ledger_entry e = sample(), back;
    char line[2048];
    size_t len = smk_ledger_format(&e, line, sizeof line), tabs = 0;
    for (size_t i = 0; i + 1 < len; i++) {
        tabs += line[i] == '\t';
        if (parse(line, i, &back) && tabs < 15)
            fail_msg("cut at %zu it is taken", i);
    }
}

static void strange_lines(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "", "\t", "2\t1\t1\ts\tfired\tr\t\t1\tc\t1\t1\t1\t1\t0\tw\tt",
        "1\tx\t1\ts\tfired\tr\t\t1\tc\t1\t1\t1\t1\t0\tw\tt",
        "1\t1\t1\ts\tfrobbed\tr\t\t1\tc\t1\t1\t1\t1\t0\tw\tt",
        "1\t1\t99999999999\ts\tfired\tr\t\t1\tc\t1\t1\t1\t1\t0\tw\tt",
        "1\t1\t1\ts\tfired\tr\t\t99999999999999999999999\tc\t1\t1\t1\t1\t0\tw\tt",
        "1\t1\t1\ts\tfired\tr\t\t1\tc\t1\t1\t1\t1\t0\tw\tt\tmore", "1\t1\t1\ts\tfired\tr\t\t1\tc\t1\t1\t1\t1\t0\tw"};
    struct smk_ledger_entry e;
    for (size_t i = 0; i < SMK_ARRAY_LEN(lines); i++)
        if (parse(lines[i], strlen(lines[i]), &e))
            fail_msg("'%s' is taken", lines[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(there_and_back), cmocka_unit_test(what_a_stranger_chose),
                                       cmocka_unit_test(cut_at_every_byte), cmocka_unit_test(strange_lines)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
