#include "unit/smk_test.h"

#include "settings.h"

static void good_time(const char *text, uint64_t expected)
{
    uint64_t ns = 1;
    if (!smk_parse_duration(text, strlen(text), &ns) || ns != expected)
        print_error("%s: %llu\n", text, (unsigned long long)ns);
    assert_true(smk_parse_duration(text, strlen(text), &ns));
    assert_int_equal(ns, expected);
}

static void test_times(void **state)
{
    (void)state;
    good_time("0", 0);
    good_time("0s", 0);
    good_time("5s", UINT64_C(5000000000));
    good_time("1m30s", UINT64_C(90000000000));
    good_time("500ms", 500000000);
    good_time("1.5h", UINT64_C(5400000000000));
    good_time(".5s", 500000000);
    good_time("1.s", UINT64_C(1000000000));
    good_time("7us", 7000);
    good_time("7\xc2\xb5s", 7000);
    good_time("7\xce\xbcs", 7000);
    good_time("0.0000000019s", 1);
    good_time("1h1m1s1ms1us1ns", UINT64_C(3661001001001));
    good_time("9223372036854775807ns", UINT64_C(9223372036854775807));
    good_time("0.1000000000000000000000000001s", 100000000);
}

static void test_wrong_times(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",      "5",     "s",       ".s",    "-1s",   "+1s",   "1e9s",
                                        "0x10s", "NaN",   "5s5",     "5 s",   " 5s",   "5S",    "1d",
                                        "5s ",   "1..5s", "9223372036854775808ns",      "2562048h",
                                        "99999999999999999999s", "1sm",   "5s5s",  "1s1h",  "1ms1ms"};
    uint64_t ns;
    for (size_t i = 0; i < SMK_ARRAY_LEN(wrong); i++) {
        if (smk_parse_duration(wrong[i], strlen(wrong[i]), &ns))
            print_error("'%s' was let through\n", wrong[i]);
        assert_false(smk_parse_duration(wrong[i], strlen(wrong[i]), &ns));
    }
}

static void test_exactly_so_many_bytes_count(void **state)
{
    (void)state;
    uint64_t value;
    assert_true(smk_parse_duration("5sXX", 2, &value));
    assert_false(smk_parse_duration("5s\0", 3, &value));
    assert_true(smk_parse_bytes("4KiBzz", 4, &value));
    assert_int_equal(value, 4096);
}

static void good_size(const char *text, uint64_t expected)
{
    uint64_t bytes = 1;
    assert_true(smk_parse_bytes(text, strlen(text), &bytes));
    assert_int_equal(bytes, expected);
}

static void test_sizes(void **state)
{
    (void)state;
    good_size("4096", 4096);
    good_size("4096B", 4096);
    good_size("64MiB", UINT64_C(64) << 20);
    good_size("1GB", 1000000000);
    good_size("1.5KiB", 1536);
    good_size("1k", 1024);
    good_size("2M", 2 << 20);
    good_size("3g", UINT64_C(3) << 30);
    good_size("1TiB", UINT64_C(1) << 40);
}

static void test_wrong_sizes(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",    "MiB",  "-1",   "1.5",      "1 KiB", "1kib",
                                        "1KB ", "0x10", "1e3", "16777216TiB", "99999999999999999999", "4KiB4"};
    uint64_t bytes;
    for (size_t i = 0; i < SMK_ARRAY_LEN(wrong); i++)
        assert_false(smk_parse_bytes(wrong[i], strlen(wrong[i]), &bytes));
}

static void test_and_back(void **state)
{
    (void)state;
    static const char *const times[] = {"0s", "1ns", "1500us", "90s", "10m", "168h"};
    static const char *const sizes[] = {"0", "1000", "1KiB", "64MiB", "1536GiB", "1TiB"};
    char text[32];
    uint64_t value;
    for (size_t i = 0; i < SMK_ARRAY_LEN(times); i++) {
        assert_true(smk_parse_duration(times[i], strlen(times[i]), &value));
        smk_format_duration(value, text, sizeof text);
        assert_string_equal(text, times[i]);
    }
    for (size_t i = 0; i < SMK_ARRAY_LEN(sizes); i++) {
        assert_true(smk_parse_bytes(sizes[i], strlen(sizes[i]), &value));
        smk_format_bytes(value, text, sizeof text);
        assert_string_equal(text, sizes[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_times),      cmocka_unit_test(test_wrong_times),
        cmocka_unit_test(test_sizes),      cmocka_unit_test(test_wrong_sizes),
        cmocka_unit_test(test_and_back),   cmocka_unit_test(test_exactly_so_many_bytes_count),
    };
    return SMK_RUN(tests);
}
