/* smk_trigger(): counted by name once somebody waits for it, and not before. */
#define _GNU_SOURCE
#include "unit/smk_test.h"

#include <unistd.h>

#include "core/trigger.h"
#include "stallmark/error.h"
#include "stallmark/trace.h"

static void counted_by_name(void **state)
{
    uint32_t tid = 0;
    (void)state;
    smk_trigger("cache full"); /* nobody waits for it */
    int full = smk_trigger_want("cache full"), empty = smk_trigger_want("cache empty");
    assert_true(full >= 0 && empty >= 0 && full != empty);
    assert_int_equal(smk_trigger_want("cache full"), full);
    assert_int_equal(smk_trigger_count(full, &tid), 0);
    smk_trigger("cache full");
    smk_trigger("cache full");
    smk_trigger("cache");
    smk_trigger("");
    smk_trigger(NULL);
    assert_int_equal(smk_trigger_count(full, &tid), 2);
    assert_int_equal(tid, gettid());
    assert_int_equal(smk_trigger_count(empty, &tid), 0);
}

static void a_bound(void **state)
{
    char name[16];
    int rc = 0;
    (void)state;
    for (int i = 0; rc >= 0 && i <= SMK_TRIGGERS_MAX; i++) {
        snprintf(name, sizeof name, "name-%d", i);
        rc = smk_trigger_want(name);
    }
    assert_int_equal(rc, SMK_E_LIMIT);
    assert_true(smk_trigger_want("cache full") >= 0);
    assert_int_equal(smk_trigger_want("a name that is longer than any name may be"), SMK_E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(counted_by_name), cmocka_unit_test(a_bound)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
