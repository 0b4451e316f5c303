#include "unit/smk_test.h"

#include "source/contended.h"

#define LOCK UINT64_C(0x7f1234567890)

static const uint64_t hour = UINT64_C(3600) << 31; /* ticks, of two a nanosecond or so */

static void test_releaser_within_the_wait(void **state)
{
    uint64_t now = hour;
    (void)state;
    smk_contended_release(LOCK, 4194303, now);
    assert_int_equal(smk_contended_releaser(LOCK, now - 5000, now + 5000), 4194303);
    assert_int_equal(smk_contended_releaser(LOCK, now + 5000, now + 9000), 0); /* before the wait */
    assert_int_equal(smk_contended_releaser(LOCK + 64, now - 5000, now + 5000), 0);
    smk_contended_release(LOCK, 17, now + 3000); /* the last one counts */
    assert_int_equal(smk_contended_releaser(LOCK, now - 5000, now + 5000), 17);
}

/* The time of a place goes round; a note from long ago is still not one of now. */
static void test_time_goes_round(void **state)
{
    uint64_t round = UINT64_C(1) << (32 + SMK_CONTENDED_TICK_SHIFT), now = round - 100000;
    (void)state;
    smk_contended_release(LOCK, 5, now);
    assert_int_equal(smk_contended_releaser(LOCK, now - 2000, now + 200000), 5); /* over the edge */
    assert_int_equal(smk_contended_releaser(LOCK, now + round / 2, now + round / 2 + 5000), 0);
    assert_int_equal(smk_contended_releaser(LOCK, now + round / 4 * 3, now + round / 4 * 3 + 5000), 0);
}

static void test_waiters_are_counted(void **state)
{
    (void)state;
    assert_false(smk_contended_waited_for(LOCK));
    smk_contended_begin_wait(LOCK);
    smk_contended_begin_wait(LOCK);
    smk_contended_end_wait(LOCK);
    assert_true(smk_contended_waited_for(LOCK));
    smk_contended_end_wait(LOCK);
    assert_false(smk_contended_waited_for(LOCK));
    smk_contended_begin_wait(LOCK);
    smk_contended_reset_in_child();
    assert_false(smk_contended_waited_for(LOCK));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_releaser_within_the_wait),
        cmocka_unit_test(test_time_goes_round),
        cmocka_unit_test(test_waiters_are_counted),
    };
    return SMK_RUN(tests);
}
