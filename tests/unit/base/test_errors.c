#include "unit/smk_test.h"

#include <errno.h>
#include <pthread.h>

#include "base/errors.h"

static void test_message_and_code(void **state)
{
    (void)state;
    errno = EXDEV;
    assert_int_equal(smk_fail(SMK_E_INVALID, "%d is not a size", 7), SMK_E_INVALID);
    assert_string_equal(smk_last_error(), "7 is not a size");
    assert_int_equal(smk_fail_errno(ENOSPC, "/tmp/x"), SMK_E_NOSPACE);
    assert_string_equal(smk_last_error(), "/tmp/x: No space left on device");
    assert_int_equal(smk_fail_errno(-EACCES, "/tmp/x"), SMK_E_PERMISSION);
    assert_int_equal(smk_fail_errno(12345, "odd"), SMK_E_IO);
    assert_string_equal(smk_last_error(), "odd: unknown reason");
    assert_int_equal(errno, EXDEV);
    smk_error_clear();
    assert_string_equal(smk_last_error(), "");
}

static void *other_thread(void *arg)
{
    (void)arg;
    assert_string_equal(smk_last_error(), "");
    smk_fail(SMK_E_IO, "theirs");
    return NULL;
}

static void test_each_thread_has_its_own(void **state)
{
    pthread_t thread;
    (void)state;
    smk_fail(SMK_E_IO, "ours");
    pthread_create(&thread, NULL, other_thread, NULL);
    pthread_join(thread, NULL);
    assert_string_equal(smk_last_error(), "ours");
}

static void test_long_messages_are_cut(void **state)
{
    char text[2000];
    (void)state;
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    smk_fail_errno(EIO, "%s", text);
    assert_in_range(strlen(smk_last_error()), 200, 1000);
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(smk_error_name(SMK_E_BUSY), "SMK_E_BUSY");
    assert_string_equal(smk_error_name(0), "SMK_OK");
    assert_string_equal(smk_error_name(-99), "SMK_E_?");
    assert_string_equal(smk_error_text(SMK_E_TIMEOUT), "timed out");
    assert_string_equal(smk_error_text(1), "unknown error");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_message_and_code),
        cmocka_unit_test(test_each_thread_has_its_own),
        cmocka_unit_test(test_long_messages_are_cut),
        cmocka_unit_test(test_names),
    };
    return SMK_RUN(tests);
}
