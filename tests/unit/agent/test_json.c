#include "unit/smk_test.h"

#include "heap.h"
#include "json.h"

static void check_text(const char *text, const char *expected)
{
    struct smk_json json = {0};
    size_t len;
    smk_json_text(&json, NULL, text);
    char *out = smk_json_take(&json, &len);
    assert_non_null(out);
    out[len - 1] = '\0';
    assert_string_equal(out, expected);
    smk_heap_free(out);
}

static void test_strings(void **state)
{
    (void)state;
    check_text("plain", "\"plain\"");
    check_text(NULL, "null");
    check_text("a\"b\\c", "\"a\\\"b\\\\c\"");
    check_text("\n\x1b\x7f", "\"\\u000a\\u001b\\u007f\"");
    check_text("</script>&", "\"\\u003c/script\\u003e\\u0026\"");
    check_text("\xc3\xbc \xe2\x82\xac \xf0\x9f\x98\x80", "\"\xc3\xbc \xe2\x82\xac \xf0\x9f\x98\x80\"");
    check_text("\xff", "\"\\ufffd\"");
    check_text("\xc0\x80", "\"\\ufffd\\ufffd\"");             /* overlong NUL */
    check_text("\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\"");  /* a surrogate */
    check_text("x\xe2\x82", "\"x\\ufffd\\ufffd\"");           /* cut */
    check_text("\xf5\x80\x80\x80", "\"\\ufffd\\ufffd\\ufffd\\ufffd\"");
}

static void test_structure(void **state)
{
    (void)state;
    struct smk_json json = {0};
    size_t len;
    smk_json_begin(&json, NULL, '{');
    smk_json_number(&json, "n", UINT64_MAX);
    smk_json_begin(&json, "list", '[');
    smk_json_end(&json, ']');
    smk_json_begin(&json, "more", '[');
    smk_json_flag(&json, NULL, true);
    smk_json_begin(&json, NULL, '{');
    smk_json_flag(&json, "off", false);
    smk_json_end(&json, '}');
    smk_json_number(&json, NULL, 0);
    smk_json_end(&json, ']');
    smk_json_time(&json, "at", UINT64_C(1795515300118000000));
    smk_json_time(&json, "never", 0);
    smk_json_end(&json, '}');
    char *text = smk_json_take(&json, &len);
    assert_string_equal(text, "{\"n\":18446744073709551615,\"list\":[],\"more\":[true,{\"off\":false},0],"
                              "\"at\":\"2026-11-24T10:15:00.118Z\",\"never\":null}\n");
    assert_int_equal(len, strlen(text));
    smk_heap_free(text);
}

static void test_too_deep_gives_nothing(void **state)
{
    (void)state;
    struct smk_json json = {0};
    size_t len;
    for (int i = 0; i < SMK_JSON_DEPTH + 5; i++)
        smk_json_begin(&json, NULL, '[');
    assert_null(smk_json_take(&json, &len));
    assert_int_equal(smk_heap_used(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_structure),
        cmocka_unit_test(test_too_deep_gives_nothing),
    };
    return SMK_RUN(tests);
}
