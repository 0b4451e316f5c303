/* Putting functions in the place of those that a loaded object calls: libcivetweb, as the TCP front does. */
#define _GNU_SOURCE
#include "unit/smk_test.h"

#include <dlfcn.h>
#include <unistd.h>

#include "base/errors.h"
#include "imports.h"

typedef const int32_t **(*table_fn)(void);

static table_fn real_table;
static int calls;

/* What tolower() of an older libc's callers comes down to. */
static const int32_t **our_table(void)
{
    calls++;
    return real_table();
}

static void *library;
static int (*compare)(const char *a, const char *b);

static int open_library(void **state)
{
    (void)state;
    library = dlopen("libcivetweb.so.1", RTLD_NOW | RTLD_LOCAL);
    if (library)
        *(void **)&compare = dlsym(library, "mg_strcasecmp");
    return compare ? 0 : -1;
}

static void one_that_is_missing_leaves_all_as_they_were(void **state)
{
    const struct smk_import imports[] = {
        {"__ctype_tolower_loc", (void *)our_table, (void **)&real_table, true},
        {"no_such_function_at_all", (void *)our_table, NULL, true},
    };
    (void)state;
    assert_int_equal(smk_imports_replace(library, imports, 2), SMK_E_UNAVAILABLE);
    assert_non_null(strstr(smk_last_error(), "no_such_function_at_all"));
    assert_int_equal(compare("ABC", "abc"), 0);
    assert_int_equal(calls, 0);
    assert_null(real_table);
}

static void calls_come_to_us(void **state)
{
    const struct smk_import imports[] = {
        {"__ctype_tolower_loc", (void *)our_table, (void **)&real_table, true},
        {"no_such_function_at_all", (void *)our_table, NULL, false},
    };
    (void)state;
    for (int twice = 0; twice < 2; twice++) {
        calls = 0;
        assert_int_equal(smk_imports_replace(library, imports, 2), 0);
        assert_int_equal(compare("ABC", "abc"), 0);
        assert_true(calls > 0);
        assert_ptr_not_equal(real_table, our_table);
    }
}

/* The loader's protection of the table is there again. */
static void the_table_is_read_only_again(void **state)
{
    char line[512];
    int writable = 0, seen = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    (void)state;
    assert_non_null(maps);
    while (fgets(line, sizeof(line), maps)) {
        char mode[8];
        if (!strstr(line, "libcivetweb") || sscanf(line, "%*s %7s", mode) != 1)
            continue;
        seen++;
        writable += strncmp(mode, "rw", 2) == 0;
    }
    fclose(maps);
    assert_true(seen > 1);
    assert_int_equal(writable, 1); /* its data */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_is_missing_leaves_all_as_they_were),
        cmocka_unit_test(calls_come_to_us),
        cmocka_unit_test(the_table_is_read_only_again),
    };
    return cmocka_run_group_tests(tests, open_library, NULL);
}
