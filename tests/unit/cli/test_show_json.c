#include "unit/smk_test.h"

#include "show_json.h"

static char shown[16384];

static const char *show(const char *text)
{
    static const char *const but[] = {"hidden", NULL};
    json_t *json = json_loads(text, 0, NULL);
    FILE *out = fmemopen(shown, sizeof(shown), "w");
    assert_non_null(json);
    assert_non_null(out);
    smk_show_json(out, json, but);
    fclose(out);
    json_decref(json);
    return shown;
}

static void test_lines(void **state)
{
    (void)state;
    assert_string_equal(show("{\"state\":\"armed\",\"none\":null,\"hidden\":1,\"on\":true,\"count\":12}"),
                        "state               armed\n"
                        "on                  yes\n"
                        "count               12\n");
    assert_string_equal(show("{\"limits\":{\"a\":\"x\",\"b\":{\"c\":false}}}"),
                        "limits\n"
                        "  a                 x\n"
                        "  b\n"
                        "    c               no\n");
    assert_string_equal(show("{\"list\":[\"a\",\"b\"],\"empty\":[],\"nothing\":{}}"),
                        "list                a, b\n"
                        "empty               none\n"
                        "nothing             none\n");
    assert_string_equal(show("{\"many\":[{\"id\":\"x\",\"n\":1},{\"id\":\"y\",\"n\":2}]}"),
                        "many\n"
                        "  id x, n 1\n"
                        "  id y, n 2\n");
}

static void test_units(void **state)
{
    (void)state;
    assert_string_equal(show("{\"bytes\":33554432,\"max_bytes\":1536,\"a_ns\":999,\"b_ns\":1500,\"c_ns\":250000000}"),
                        "bytes               32 MiB\n"
                        "max_bytes           1.5 KiB\n"
                        "a_ns                999 ns\n"
                        "b_ns                1.5 us\n"
                        "c_ns                250 ms\n");
}

static void test_what_a_terminal_obeys(void **state)
{
    (void)state;
    assert_string_equal(show("{\"a\\u001b[2J\":\"\\u202e\\u009b\\nx\"}"),
                        "a\\x1b[2J               \\u202e\\u009b\\nx\n");
}

static void test_deep_and_wide(void **state)
{
    (void)state;
    char text[4096] = "";
    for (int i = 0; i < 200; i++)
        memcpy(text + i * 5, "{\"a\":", 5);
    text[1000] = '1';
    memset(text + 1001, '}', 200);
    assert_non_null(strstr(show(text), "…"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_what_a_terminal_obeys),
        cmocka_unit_test(test_deep_and_wide),
    };
    return SMK_RUN(tests);
}
