#include "unit/smk_test.h"

#include "base/escape.h"

static void check_len(const char *text, size_t len, unsigned keep, const char *expected)
{
    char out[256];
    size_t used = 0;
    size_t n = smk_escape(out, sizeof(out) - 1, text, len, keep, &used);
    out[n] = '\0';
    assert_int_equal(used, len);
    assert_string_equal(out, expected);
}

static void check(const char *text, const char *expected) { check_len(text, strlen(text), 0, expected); }

static void test_plain_text_stays(void **state)
{
    (void)state;
    check("", "");
    check("GET /cart?x=\\n", "GET /cart?x=\\n");
    check("Grüße, 東京 \xf0\x9f\x8c\x8d", "Grüße, 東京 \xf0\x9f\x8c\x8d");
}

static void test_controls_are_written_out(void **state)
{
    (void)state;
    check("a\x1b[31mb", "a\\x1b[31mb");
    check("a\nb\tc\rd\x7f", "a\\nb\\tc\\rd\\x7f");
    check_len("a\0b", 3, 0, "a\\x00b");
    check("\xc2\x9b" "31m", "\\u009b31m"); /* CSI as one C1 character */
}

static void test_direction_and_invisible(void **state)
{
    (void)state;
    check("a\xe2\x80\xae" "b", "a\\u202eb");
    check("\xe2\x81\xa6\xe2\x80\x8b\xef\xbb\xbf", "\\u2066\\u200b\\ufeff");
    check("\xf3\xa0\x81\x81", "\\U000e0041");
}

static void test_malformed_utf8(void **state)
{
    (void)state;
    check("\x80\xff", "\\x80\\xff");
    check("\xc0\xaf", "\\xc0\\xaf");                 /* overlong */
    check("\xe0\x80\xaf", "\\xe0\\x80\\xaf");        /* overlong */
    check("\xed\xa0\x80", "\\xed\\xa0\\x80");        /* surrogate */
    check("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"); /* beyond the last */
    check("x\xe6\x9d", "x\\xe6\\x9d");               /* cut */
}

static void test_lines_are_kept_where_asked(void **state)
{
    (void)state;
    check_len("a\n\tb\r", 5, SMK_ESCAPE_KEEP_LINES, "a\n\tb\\r");
}

static void test_small_output_stops_at_a_character(void **state)
{
    (void)state;
    const char text[] = "\xe2\x80\xae\xe2\x80\xae\xe2\x80\xae\xe2\x80\xae";
    char out[SMK_ESCAPE_MIN + 6];
    size_t at = 0, written = 0, rounds = 0;
    while (at < strlen(text)) {
        size_t used = 0;
        size_t n = smk_escape(out, sizeof(out), text + at, strlen(text) - at, 0, &used);
        assert_true(n <= sizeof(out));
        assert_int_equal(used % 3, 0);
        assert_true(used > 0);
        at += used;
        written += n;
        rounds++;
    }
    assert_int_equal(written, 4 * 6);
    assert_true(rounds > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_text_stays),
        cmocka_unit_test(test_controls_are_written_out),
        cmocka_unit_test(test_direction_and_invisible),
        cmocka_unit_test(test_malformed_utf8),
        cmocka_unit_test(test_lines_are_kept_where_asked),
        cmocka_unit_test(test_small_output_stops_at_a_character),
    };
    return SMK_RUN(tests);
}
