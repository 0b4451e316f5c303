/* The guard rails, with a clock of the test's own. */
#include "unit/smk_test.h"

#include "rule_guard.h"

#define SECOND UINT64_C(1000000000)
#define HOUR   (3600 * SECOND)
#define START  (UINT64_C(1800000000) * SECOND)

static struct smk_rule rule;
static struct smk_guard guard;

static void begin(const char *text)
{
    struct smk_rule_error error;
    smk_guard_free(&guard);
    assert_true(smk_rule_parse(&rule, text, strlen(text), &error));
    assert_int_equal(smk_guard_init(&guard, &rule), 0);
}

static enum smk_suppression judge(uint64_t now) { return smk_guard_judge(&guard, &rule, now, 9999); }

/* Matches once each `every` from `from` on until `to`; returns how often it fires. */
static unsigned fires(uint64_t from, uint64_t to, uint64_t every)
{
    unsigned count = 0;
    for (uint64_t now = from; now < to; now += every)
        if (smk_guard_match(&guard, &rule, now) && judge(now) == SMK_SUPPRESSED_NONE) {
            smk_guard_fired(&guard, now);
            count++;
        }
    return count;
}

static void a_cool_down(void **state)
{
    uint64_t again;
    (void)state;
    begin("when request > 1s cooldown 30s at most 1000 per 24h 1000 per day");
    assert_int_equal(smk_guard_state(&guard, &rule, START, &again), SMK_RULE_RUNNING);
    assert_int_equal(again, 0);
    smk_guard_fired(&guard, START);
    assert_int_equal(judge(START), SMK_SUPPRESSED_COOLDOWN);
    assert_int_equal(judge(START + 30 * SECOND - 1), SMK_SUPPRESSED_COOLDOWN);
    assert_int_equal(smk_guard_state(&guard, &rule, START + SECOND, &again), SMK_RULE_COOLING);
    assert_int_equal(again, START + 30 * SECOND);
    assert_int_equal(judge(START + 30 * SECOND), SMK_SUPPRESSED_NONE);
    assert_int_equal(fires(START + 30 * SECOND, START + 330 * SECOND, SECOND / 100), 10);
}

static void the_defaults_over_a_day_of_floods(void **state)
{
    uint64_t again;
    (void)state;
    begin("when request > 1s");
    assert_int_equal(fires(START, START + 600 * SECOND, SECOND / 10), 5);
    assert_int_equal(smk_guard_state(&guard, &rule, START + 300 * SECOND, &again), SMK_RULE_THROTTLED);
    assert_int_equal(again, START + 600 * SECOND);
    assert_int_equal(smk_guard_in_window(&guard, &rule, START + 300 * SECOND), 5);
    assert_int_equal(judge(START + 300 * SECOND), SMK_SUPPRESSED_WINDOW);
    assert_int_equal(fires(START + 600 * SECOND, START + 24 * HOUR, SECOND), 95);
    assert_int_equal(judge(START + 24 * HOUR - 1), SMK_SUPPRESSED_DAY);
    assert_int_equal(smk_guard_in_day(&guard, START + 24 * HOUR - 1), 100);
    smk_guard_state(&guard, &rule, START + 24 * HOUR - 1, &again);
    assert_int_equal(again, START + 24 * HOUR);
    assert_int_equal(judge(START + 24 * HOUR), SMK_SUPPRESSED_NONE);
}

static void at_most_so_many_for_ever(void **state)
{
    uint64_t again;
    (void)state;
    begin("when request > 1s at most 2 cooldown 0s");
    assert_int_equal(fires(START, START + 100 * HOUR, HOUR), 2);
    assert_int_equal(smk_guard_state(&guard, &rule, START + 1000 * HOUR, &again), SMK_RULE_FINISHED);
    assert_int_equal(again, UINT64_MAX);
    assert_int_equal(judge(START + 1000 * HOUR), SMK_SUPPRESSED_FINISHED);
}

static void a_count_within_a_time(void **state)
{
    (void)state;
    begin("when request > 1s count 3 in 10s cooldown 0s");
    assert_false(smk_guard_match(&guard, &rule, START));
    assert_false(smk_guard_match(&guard, &rule, START + 9 * SECOND));
    assert_false(smk_guard_match(&guard, &rule, START + 11 * SECOND)); /* the first is too long ago */
    assert_true(smk_guard_match(&guard, &rule, START + 12 * SECOND));
    assert_false(smk_guard_match(&guard, &rule, START + 13 * SECOND)); /* they count once */
    assert_false(smk_guard_match(&guard, &rule, START + 13 * SECOND));
    assert_true(smk_guard_match(&guard, &rule, START + 13 * SECOND));
    assert_false(smk_guard_match(&guard, &rule, START + 20 * SECOND));
    assert_false(smk_guard_match(&guard, &rule, START + 25 * SECOND));
    assert_true(smk_guard_match(&guard, &rule, START + 30 * SECOND)); /* to the ns */
}

static void chance(void **state)
{
    (void)state;
    begin("when request > 1s skip 90% cooldown 1s");
    assert_int_equal(smk_guard_judge(&guard, &rule, START, 0), SMK_SUPPRESSED_SKIPPED);
    assert_int_equal(smk_guard_judge(&guard, &rule, START, 8999), SMK_SUPPRESSED_SKIPPED);
    assert_int_equal(smk_guard_judge(&guard, &rule, START, 9000), SMK_SUPPRESSED_NONE);
    smk_guard_fired(&guard, START);
    assert_int_equal(smk_guard_judge(&guard, &rule, START, 0), SMK_SUPPRESSED_COOLDOWN);
}

static void a_clock_that_was_set_back(void **state)
{
    uint64_t again;
    (void)state;
    begin("when request > 1s cooldown 30s at most 1 per 1m");
    smk_guard_fired(&guard, START + 1000 * HOUR);
    assert_int_equal(judge(START), SMK_SUPPRESSED_COOLDOWN);
    smk_guard_state(&guard, &rule, START, &again);
    assert_int_equal(again, START + 30 * SECOND); /* and not in 1,000 hours */
}

static void every_name_is_there(void **state)
{
    (void)state;
    assert_string_equal(smk_suppression_name(SMK_SUPPRESSED_COOLDOWN), "cooldown");
    assert_string_equal(smk_suppression_name(SMK_SUPPRESSED_REFUSED), "refused");
    assert_string_equal(smk_suppression_name(SMK_SUPPRESSED_KINDS), "unknown");
    assert_string_equal(smk_rule_state_name(SMK_RULE_BROKEN), "broken");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cool_down),
        cmocka_unit_test(the_defaults_over_a_day_of_floods),
        cmocka_unit_test(at_most_so_many_for_ever),
        cmocka_unit_test(a_count_within_a_time),
        cmocka_unit_test(chance),
        cmocka_unit_test(a_clock_that_was_set_back),
        cmocka_unit_test(every_name_is_there),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    smk_guard_free(&guard);
    return failed;
}
