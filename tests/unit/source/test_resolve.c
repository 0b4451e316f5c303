#define _GNU_SOURCE
#include "unit/smk_test.h"

#include <dlfcn.h>

#include "source/resolve.h"

static void test_real_ones_are_libcs(void **state)
{
    char absent[512];
    (void)state;
    assert_int_equal(smk_resolve_all(), 0);
    assert_int_equal(smk_resolve_absent(absent, sizeof absent), 0);
    assert_string_equal(absent, "");
    /* Not one leads back to us. */
    Dl_info self, other;
    assert_true(dladdr((void *)test_real_ones_are_libcs, &self));
#define X(result, name, version, params, args, absent_result)                                      \
    assert_true(dladdr((void *)smk_real.name, &other));                                            \
    assert_ptr_not_equal(other.dli_fbase, self.dli_fbase);
    SMK_REAL_CALLS(X)
#undef X
}

/* The condition variables that the headers describe, not those of glibc before 2.3.2. */
static void test_condition_variables_are_the_new_ones(void **state)
{
    (void)state;
    void *old = dlvsym(RTLD_NEXT, "pthread_cond_wait", "GLIBC_2.2.5");
    if (!old)
        skip(); /* an architecture that never had them */
    assert_ptr_not_equal((void *)smk_real.pthread_cond_wait, old);
}

/* A failing look-up is ours, and the host's dlerror() does not tell of it. */
static void test_dlerror_is_the_hosts(void **state)
{
    (void)state;
    dlerror();
    smk_resolve_all();
    assert_null(dlerror());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_real_ones_are_libcs),
        cmocka_unit_test(test_condition_variables_are_the_new_ones),
        cmocka_unit_test(test_dlerror_is_the_hosts),
    };
    return SMK_RUN(tests);
}
