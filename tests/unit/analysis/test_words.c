#include "unit/smk_test.h"

#include "analysis/json.h"
#include "analysis/words.h"

static void check_ns(uint64_t ns, const char *expected)
{
    char text[SMK_UNIT_MAX];
    assert_string_equal(smk_words_ns(text, ns), expected);
}

static void test_lengths_of_time_have_three_digits(void **state)
{
    (void)state;
    check_ns(0, "0 ns");
    check_ns(999, "999 ns");
    check_ns(1000, "1.00 us");
    check_ns(9994, "9.99 us");
    check_ns(9996, "10.0 us");
    check_ns(99960, "100 us");
    check_ns(431400, "431 us");
    check_ns(999499, "999 us");
    check_ns(999500, "1.00 ms");
    check_ns(312000000, "312 ms");
    check_ns(54200000000, "54.2 s");
    check_ns(UINT64_MAX, "18446744074 s");
}

static void test_counts_and_shares(void **state)
{
    (void)state;
    char text[SMK_UNIT_MAX];
    assert_string_equal(smk_words_count(text, 0), "0");
    assert_string_equal(smk_words_count(text, 1204), "1,204");
    assert_string_equal(smk_words_count(text, UINT64_MAX), "18,446,744,073,709,551,615");
    assert_string_equal(smk_words_mille(text, 6), "0.6 %");
    assert_string_equal(smk_words_mille(text, 813), "81 %");
    assert_string_equal(smk_words_mille(text, 816), "82 %");
    assert_string_equal(smk_words_mille(text, UINT32_MAX), "429496730 %");
}

static void test_dates_are_utc(void **state)
{
    (void)state;
    char text[SMK_UNIT_MAX];
    assert_string_equal(smk_words_date(text, 1763906527118000000), "2025-11-23T14:02:07.118Z");
    assert_string_equal(smk_words_clock(text, 1763906527118999999), "14:02:07.118");
    assert_string_equal(smk_words_clock(text, -1), "00:00:00.000");
    smk_words_date(text, INT64_MAX);
}

struct output {
    char text[4096];
    size_t len;
    int calls, stop_at;
};

static int take(void *arg, const char *text, size_t len)
{
    struct output *out = arg;
    if (++out->calls == out->stop_at)
        return 7;
    assert_true(out->len + len < sizeof(out->text));
    memcpy(out->text + out->len, text, len);
    out->len += len;
    out->text[out->len] = '\0';
    return 0;
}

static void test_columns_count_characters(void **state)
{
    (void)state;
    struct output out = {0};
    struct smk_words words;
    smk_words_init(&words, take, &out);
    smk_words_name(&words, "Grüße\x1b");
    smk_words_to(&words, 12);
    smk_words_say(&words, "|");
    smk_words_right(&words, 20, "7 …");
    smk_words_say(&words, "\n");
    smk_words_name_cut(&words, "abcdefgh", 4);
    smk_words_say(&words, " ");
    smk_words_name_cut(&words, "abcd", 4);
    smk_words_to(&words, 2);
    smk_words_say(&words, "|");
    assert_int_equal(smk_words_flush(&words), 0);
    assert_string_equal(out.text, "Grüße\\x1b   |    7 …\nabc… abcd |");
}

static void test_who_takes_the_text_can_stop_it(void **state)
{
    (void)state;
    struct output out = {.stop_at = 2};
    struct smk_words words;
    smk_words_init(&words, take, &out);
    for (int i = 0; i < 500; i++)
        smk_words_say(&words, "0123456789");
    assert_int_equal(smk_words_flush(&words), 7);
    assert_int_equal(out.calls, 2);
}

static void test_json_escapes(void **state)
{
    (void)state;
    struct output out = {0};
    struct smk_json_text json;
    smk_put_json_init(&json, take, &out);
    smk_put_json_object(&json, NULL);
    smk_put_json_string(&json, "a", "\"\\\x1b\xe2\x80\xae");
    smk_put_json_string(&json, "b", NULL);
    smk_put_json_array(&json, "c");
    smk_put_json_number(&json, NULL, UINT64_MAX);
    smk_put_json_mille(&json, NULL, 1042);
    smk_put_json_array_end(&json);
    smk_put_json_array(&json, "d");
    smk_put_json_array_end(&json);
    smk_put_json_bool(&json, "e", true);
    smk_put_json_object_end(&json);
    assert_int_equal(smk_put_json_finish(&json), 0);
    assert_string_equal(out.text, "{\n \"a\": \"\\\"\\\\\\\\x1b\\\\u202e\",\n \"b\": null,\n \"c\": [\n"
                                  "  18446744073709551615,\n  1.042\n ],\n \"d\": [],\n \"e\": true\n}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lengths_of_time_have_three_digits),
        cmocka_unit_test(test_counts_and_shares),
        cmocka_unit_test(test_dates_are_utc),
        cmocka_unit_test(test_columns_count_characters),
        cmocka_unit_test(test_who_takes_the_text_can_stop_it),
        cmocka_unit_test(test_json_escapes),
    };
    return SMK_RUN(tests);
}
