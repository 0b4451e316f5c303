#include "unit/smk_test.h"

#include "duration.h"

static void test_what_people_write(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t ns;
    } cases[] = {
        {"5s", 5000000000},       {"500ms", 500000000},  {"1m30s", UINT64_C(90000000000)},
        {"1.5h", UINT64_C(5400000000000)}, {"10us", 10000}, {"10µs", 10000}, {"7ns", 7}, {"0s", 0},
        {".5s", 500000000},       {"1.s", 1000000000},   {"1h1m1s1ms1us1ns", UINT64_C(3661001001001)},
        {"0.000001s", 1000},      {"1.999999999999s", 1999999000},
    };
    for (size_t i = 0; i < SMK_ARRAY_LEN(cases); i++) {
        uint64_t ns = 77;
        assert_true(smk_duration_parse(cases[i].text, &ns));
        assert_int_equal(ns, cases[i].ns);
    }
}

static void test_what_is_none(void **state)
{
    (void)state;
    static const char *const cases[] = {"",     "5",    "s",     "5x",  "-5s", "+5s", " 5s", "5s ", "5 s", ".s",
                                        "5s5",  "1e3s", "5S",    "5m-", "..5s", "99999999999999999999s",
                                        "9223372036854775808ns", "2562048h"};
    for (size_t i = 0; i < SMK_ARRAY_LEN(cases); i++) {
        uint64_t ns = 77;
        assert_false(smk_duration_parse(cases[i], &ns));
        assert_int_equal(ns, 77);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_people_write),
        cmocka_unit_test(test_what_is_none),
    };
    return SMK_RUN(tests);
}
