#include "unit/core/captures.h"

static void good(const char *text, uint32_t expected)
{
    uint32_t set = 0;
    assert_int_equal(smk_categories_parse(text, strlen(text), &set), 0);
    assert_int_equal(set, expected);
}

static void bad(const char *text, const char *says)
{
    uint32_t set = 0x12345;
    assert_int_equal(smk_categories_parse(text, strlen(text), &set), SMK_E_INVALID);
    assert_int_equal(set, 0x12345);
    assert_non_null(strstr(smk_last_error(), says));
}

static void test_lists(void **state)
{
    const uint32_t usual = smk_categories_timed();
    (void)state;
    good("default", usual);
    good("all", SMK_CAT_ALL);
    good("lock", SMK_CAT_LOCK);
    good("lock,net", SMK_CAT_LOCK | SMK_CAT_NET);
    good("-net", usual & ~SMK_CAT_NET); /* a sign first: a change of the default */
    good("+alloc", usual | SMK_CAT_ALLOC);
    good(" alloc", usual | SMK_CAT_ALLOC); /* a + that was a query string */
    good("default,-net,+alloc", (usual & ~SMK_CAT_NET) | SMK_CAT_ALLOC);
    good("all,-default", SMK_CAT_ALLOC);
    good("lock,-lock,net", SMK_CAT_NET);
}

static void test_mistakes(void **state)
{
    (void)state;
    bad("", "unknown category \"\"");
    bad("lokc", "\"lokc\"");
    bad("lokc", "lock"); /* what is allowed */
    bad("lock,", "unknown category \"\"");
    bad(",lock", "unknown category");
    bad("lock,,net", "unknown category");
    bad("+", "unknown category");
    bad("--net", "\"-net\"");
    bad("LOCK", "\"LOCK\"");
    bad("lock,-lock", "no category is left");
    bad("-all", "no category is left");
    uint32_t set;
    assert_int_equal(smk_categories_parse("lock\0net", 8, &set), SMK_E_INVALID);
}

static void test_as_text(void **state)
{
    char text[200], small[10];
    uint32_t back;
    (void)state;
    smk_categories_format(SMK_CAT_LOCK | SMK_CAT_NET, text, sizeof text);
    assert_string_equal(text, "lock,net");
    smk_categories_format(SMK_CAT_ALL, text, sizeof text);
    assert_int_equal(smk_categories_parse(text, strlen(text), &back), 0);
    assert_int_equal(back, SMK_CAT_ALL);
    smk_categories_format(SMK_CAT_ALL, small, sizeof small);
    assert_true(strlen(small) < sizeof small);
    smk_categories_format(0, text, sizeof text);
    assert_string_equal(text, "");
}

/* ---- ids ------------------------------------------------------------------------------------------------ */

static void check_id(const char *id)
{
    assert_int_equal(strlen(id), 27);
    assert_int_equal(strspn(id, "0123456789abcdefghijklmnopqrstuvwxyz-"), 27);
    assert_int_equal(id[8], 't');
    assert_int_equal(id[18], '-');
}

static void test_ids_are_ordered(void **state)
{
    char ids[5][SMK_CAPTURE_ID_SIZE];
    (void)state;
    for (int i = 0; i < 5; i++) {
        smk_capture_new_id(ids[i]);
        check_id(ids[i]);
        assert_true(i == 0 || strcmp(ids[i - 1], ids[i]) < 0);
        usleep(1100);
    }
}

/* The same moment in several processes: forked after the library began, as workers are. */
static void test_ids_are_unique(void **state)
{
    enum { PROCESSES = 4, EACH = 500 };
    static char ids[PROCESSES * EACH][SMK_CAPTURE_ID_SIZE];
    int pipes[2], count = 0;
    (void)state;
    assert_int_equal(pipe(pipes), 0);
    for (int p = 0; p < PROCESSES; p++) {
        if (fork() == 0) {
            for (int i = 0; i < EACH; i++) {
                smk_capture_new_id(ids[i]);
                if (write(pipes[1], ids[i], sizeof ids[i]) != sizeof ids[i])
                    _exit(1);
            }
            _exit(0);
        }
    }
    close(pipes[1]);
    for (size_t at = 0; count < PROCESSES * EACH;) {
        ssize_t n = read(pipes[0], ids[count] + at, sizeof *ids - at);
        assert_true(n > 0);
        at += (size_t)n;
        if (at == sizeof *ids)
            at = 0, count++;
    }
    close(pipes[0]);
    qsort(ids, (size_t)count, sizeof *ids, (int (*)(const void *, const void *))strcmp);
    for (int i = 1; i < count; i++)
        assert_string_not_equal(ids[i - 1], ids[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),           cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_as_text),         cmocka_unit_test(test_ids_are_ordered),
        cmocka_unit_test(test_ids_are_unique),
    };
    return SMK_RUN(tests);
}
