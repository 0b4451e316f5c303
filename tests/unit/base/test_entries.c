#include "unit/smk_test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/entries.h"

#define FILES 300u /* more than one look brings */

static void test_each_name_comes_once(void **state)
{
    (void)state;
    char path[] = "/tmp/smk_entries.XXXXXX", name[16];
    bool seen[FILES] = {false};
    struct smk_entries entries;
    unsigned count = 0, others = 0;
    assert_non_null(mkdtemp(path));
    int dir = open(path, O_RDONLY | O_DIRECTORY);
    assert_true(dir >= 0);
    for (unsigned i = 0; i < FILES; i++) {
        snprintf(name, sizeof name, "%u", i);
        int fd = openat(dir, name, O_CREAT | O_WRONLY, 0600);
        assert_true(fd >= 0);
        close(fd);
    }
    smk_entries_begin(&entries, dir);
    for (const char *got; (got = smk_entries_next(&entries)) != NULL;) {
        int64_t number = smk_entry_number(got);
        if (number < 0) {
            assert_true(strcmp(got, ".") == 0 || strcmp(got, "..") == 0);
            others++;
            continue;
        }
        assert_in_range(number, 0, FILES - 1);
        assert_false(seen[number]);
        seen[number] = true;
        count++;
    }
    assert_int_equal(entries.result, 0);
    assert_int_equal(count, FILES);
    assert_int_equal(others, 2);
    for (unsigned i = 0; i < FILES; i++) {
        snprintf(name, sizeof name, "%u", i);
        unlinkat(dir, name, 0);
    }
    close(dir);
    rmdir(path);
}

static void test_no_directory(void **state)
{
    (void)state;
    struct smk_entries entries;
    smk_entries_begin(&entries, -1);
    assert_null(smk_entries_next(&entries));
    assert_int_equal(entries.result, -EBADF);
}

static void test_numbers(void **state)
{
    (void)state;
    assert_int_equal(smk_entry_number("0"), 0);
    assert_int_equal(smk_entry_number("4194304"), 4194304);
    static const char *const none[] = {"", ".", "..", "self", "12a", "-1", "+1", " 1", "9999999999",
                                       "99999999999999999999999"};
    for (size_t i = 0; i < SMK_ARRAY_LEN(none); i++)
        assert_int_equal(smk_entry_number(none[i]), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_name_comes_once),
        cmocka_unit_test(test_no_directory),
        cmocka_unit_test(test_numbers),
    };
    return SMK_RUN(tests);
}
