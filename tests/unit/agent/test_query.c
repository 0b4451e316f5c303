#include "unit/smk_test.h"

#include "base/errors.h"
#include "query.h"

static const struct smk_parameter table[] = {
    {"duration", ""}, {"size", ""}, {"count", ""}, {"flag", ""}, {"name", ""}, {NULL, NULL}};

static void test_values_are_decoded(void **state)
{
    (void)state;
    struct smk_query query;
    assert_int_equal(smk_query_parse(&query, "name=a%20b%C3%bc+c&duration=5s&flag=1&size=4KiB&count=7", table), 0);
    assert_string_equal(smk_query_get(&query, "name"), "a b\xc3\xbc+c");
    uint64_t ns = 1, bytes = 1, count = 1;
    bool flag = false;
    assert_int_equal(smk_query_time(&query, "duration", 1, UINT64_C(10000000000), &ns), 0);
    assert_int_equal(ns, UINT64_C(5000000000));
    assert_int_equal(smk_query_bytes(&query, "size", 1, 4096, &bytes), 0);
    assert_int_equal(bytes, 4096);
    assert_int_equal(smk_query_count(&query, "count", 7, 7, &count), 0);
    assert_int_equal(count, 7);
    assert_int_equal(smk_query_flag(&query, "flag", &flag), 0);
    assert_true(flag);
}

static void test_what_is_absent_stays_as_it_was(void **state)
{
    (void)state;
    struct smk_query query;
    uint64_t value = 42;
    bool flag = true;
    assert_int_equal(smk_query_parse(&query, NULL, table), 0);
    assert_int_equal(smk_query_parse(&query, "", table), 0);
    assert_int_equal(smk_query_parse(&query, "", NULL), 0);
    assert_null(smk_query_get(&query, "name"));
    assert_int_equal(smk_query_time(&query, "duration", 1, 2, &value), 0);
    assert_int_equal(smk_query_flag(&query, "flag", &flag), 0);
    assert_int_equal(value, 42);
    assert_true(flag);
}

static void test_malformed(void **state)
{
    (void)state;
    static const char *const wrong[] = {"name",       "name=",      "=x",         "&",           "name=x&",
                                        "&name=x",    "name=%",     "name=%4",    "name=%4g",    "name=%00",
                                        "name=%0a",   "name=%7f",   "name=a\x01", "name=x&name=y", "NAME=x",
                                        "nam=x",      "names=x",    "na%6de=x",   "name=x;count=1&count=2&x=1"};
    struct smk_query query;
    for (size_t i = 0; i < SMK_ARRAY_LEN(wrong); i++) {
        if (smk_query_parse(&query, wrong[i], table) == 0)
            print_error("'%s' was let through\n", wrong[i]);
        assert_int_equal(smk_query_parse(&query, wrong[i], table), SMK_E_INVALID);
        assert_true(smk_last_error()[0] != '\0');
    }
    assert_int_equal(smk_query_parse(&query, "x=1", NULL), SMK_E_INVALID);
}

static void test_long_values(void **state)
{
    (void)state;
    struct smk_query query;
    char raw[20000] = "name=";
    memset(raw + 5, '7', sizeof raw - 6);
    assert_int_equal(smk_query_parse(&query, raw, table), SMK_E_INVALID);
    raw[5 + SMK_QUERY_TEXT - 1] = '\0';
    assert_int_equal(smk_query_parse(&query, raw, table), 0);
    assert_int_equal(strlen(smk_query_get(&query, "name")), SMK_QUERY_TEXT - 1);
    memcpy(raw, "coun=", 5);
    assert_int_equal(smk_query_parse(&query, raw, table), SMK_E_INVALID);
}

static void expect_range(const char *raw, const char *part)
{
    struct smk_query query;
    uint64_t value = 42;
    assert_int_equal(smk_query_parse(&query, raw, table), 0);
    int rc = raw[0] == 'd'   ? smk_query_time(&query, "duration", 10000000, UINT64_C(60000000000), &value)
             : raw[0] == 's' ? smk_query_bytes(&query, "size", 1024, 4096, &value)
                             : smk_query_count(&query, "count", 2, 9, &value);
    assert_int_equal(rc, SMK_E_INVALID);
    assert_non_null(strstr(smk_last_error(), part));
    assert_int_equal(value, 42);
}

static void test_ranges_are_named(void **state)
{
    (void)state;
    expect_range("duration=9ms", "from 10ms to 1m");
    expect_range("duration=61s", "from 10ms to 1m");
    expect_range("size=1023", "from 1KiB to 4KiB");
    expect_range("size=4097", "from 1KiB to 4KiB");
    expect_range("count=1", "from 2 to 9");
    expect_range("count=10", "from 2 to 9");
    expect_range("count=99999999999999999999999", "from 2 to 9");
    expect_range("count=18446744073709551620", "from 2 to 9");
    expect_range("count=3x", "from 2 to 9");
    expect_range("count=-3", "from 2 to 9");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_are_decoded), cmocka_unit_test(test_what_is_absent_stays_as_it_was),
        cmocka_unit_test(test_malformed),          cmocka_unit_test(test_long_values),
        cmocka_unit_test(test_ranges_are_named),
    };
    return SMK_RUN(tests);
}
