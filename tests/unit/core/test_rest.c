/* What threads of ours do when the host has set a filter: they ask when they wake, go on where nothing was
 * refused, and rest for ever where something was. */
#define _GNU_SOURCE
#include "unit/core/captures.h"

#include "core/rest.h"

static uint32_t asked;
static const char *answer;

static const char *check(void)
{
    smk_add_relaxed(&asked, 1);
    return answer;
}

static void *wakes(void *arg)
{
    uint32_t *went_on = arg;
    smk_rest_if_refused();
    smk_add_acq_rel(went_on, 1); /* pairs with: the test, which looks after a while */
    return NULL;
}

static void test_nothing_is_refused(void **state)
{
    uint32_t went_on = 0;
    (void)state;
    smk_rest_add_check(check);
    smk_rest_add_check(check); /* once is enough */
    wakes(&went_on);
    assert_int_equal(asked, 0); /* there is no filter */
    smk_rest_filter_set();
    wakes(&went_on);
    wakes(&went_on);
    assert_int_equal(asked, 1);
    assert_int_equal(went_on, 3);
    assert_false(smk_resting());
    assert_null(smk_core_inert());
}

static void test_refused(void **state)
{
    pthread_t threads[3];
    uint32_t went_on = 0;
    (void)state;
    asked = 0;
    answer = "a test refuses it";
    smk_rest_filter_set();
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, wakes, &went_on), 0);
    while (!smk_resting())
        usleep(1000);
    usleep(20000);
    assert_int_equal(went_on, 0);
    assert_int_equal(asked, 1); /* the others need not ask */
    assert_string_equal(smk_core_inert(), answer);
    answer = NULL;
    smk_rest_filter_set(); /* what was refused stays so */
    assert_true(smk_resting());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_refused),
        cmocka_unit_test(test_refused),
    };
    start_core(2u << 20);
    return SMK_RUN(tests);
}
