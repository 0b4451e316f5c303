#include "unit/smk_test.h"

#include "heap.h"
#include "text.h"

static void check(const struct smk_text *text, const char *expected)
{
    assert_false(text->failed);
    assert_int_equal(text->len, strlen(expected));
    assert_memory_equal(text->data, expected, text->len);
}

static void test_it_grows(void **state)
{
    (void)state;
    struct smk_text text = {0};
    for (unsigned i = 0; i < 10000; i++)
        smk_text_say(&text, "%04u\n", i);
    assert_false(text.failed);
    assert_int_equal(text.len, 50000);
    assert_memory_equal(text.data, "0000\n0001\n", 10);
    assert_memory_equal(text.data + text.len - 5, "9999\n", 5);
    smk_text_free(&text);
    assert_null(text.data);
}

static void test_a_line_is_cut(void **state)
{
    (void)state;
    struct smk_text text = {0};
    smk_text_say(&text, "%2000s", "");
    assert_int_equal(text.len, 1023);
    smk_text_free(&text);
}

static void test_words_of_others(void **state)
{
    (void)state;
    struct smk_text text = {0};
    smk_text_say_escaped(&text, "a\nb\x1b[31m");
    check(&text, "a\\nb\\x1b[31m");
    smk_text_free(&text);
    smk_text_metric(&text, "up", "gauge", "What it is.");
    check(&text, "# HELP stallmark_up What it is.\n# TYPE stallmark_up gauge\n");
    smk_text_free(&text);
}

static void test_what_has_no_room_is_left_out_with_all_behind_it(void **state)
{
    (void)state;
    static const char large[65536];
    struct smk_text text = {0};
    smk_text_say(&text, "first");
    while (!text.failed && text.len < 2 * SMK_ANSWER_TEXT_MAX)
        smk_text_add(&text, large, sizeof large);
    assert_true(text.failed);
    size_t len = text.len;
    assert_true(len <= SMK_ANSWER_TEXT_MAX);
    smk_text_say(&text, "last");
    assert_int_equal(text.len, len);
    smk_text_free(&text);
    assert_false(text.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_grows),
        cmocka_unit_test(test_a_line_is_cut),
        cmocka_unit_test(test_words_of_others),
        cmocka_unit_test(test_what_has_no_room_is_left_out_with_all_behind_it),
    };
    return SMK_RUN(tests);
}
