/* Who wants the flight recorder, and how far back it goes. */
#include "unit/agent/agent_test.h"

#include "control.h"
#include "core/capture.h"
#include "format/events.h"
#include "recorder.h"
#include "rules.h"

static int rc;

static void want(void *arg)
{
    const uint64_t *reach = arg;
    rc = smk_recorder_want(SMK_RECORDER_BY_RULES, SMK_CAT_REQUEST | SMK_CAT_LOCK, *reach);
}

static void unwant(void *arg)
{
    (void)arg;
    smk_recorder_unwant(SMK_RECORDER_BY_RULES);
}

static void set_rule(void *text)
{
    struct smk_rule_refusal refusal = {0};
    rc = smk_rules_replace(text, strlen(text), false, &refusal);
    assert_int_equal(rc, 0);
}

static void on_the_loop(void (*run)(void *), uint64_t reach)
{
    assert_int_equal(smk_control_call(run, &reach, UINT64_C(5000000000)), 0);
}

static void test_a_rule_turns_it_on_and_off(void **state)
{
    (void)state;
    assert_int_equal(start_with(NULL), 0);
    fake_expect("GET", "/debug/trace/status", 200, "\"recorder\":{\"on\":false");
    on_the_loop(want, 3000000000);
    assert_int_equal(rc, 0);
    assert_int_equal(smk_recorder_categories(), SMK_CAT_REQUEST | SMK_CAT_LOCK);
    fake_expect("GET", "/debug/trace/status", 200, "\"wanted_by\":\"rules\"");
    fake_expect("GET", "/debug/trace/status", 200, "\"reach_wanted_ns\":3000000000");
    on_the_loop(unwant, 0);
    assert_int_equal(smk_recorder_categories(), 0);
    fake_expect("GET", "/debug/trace/status", 200, "\"recorder\":{\"on\":false");
}

static void test_never_is_never(void **state)
{
    (void)state;
    const struct smk_agent_setting never[] = {{"recorder", "never"}, {NULL, NULL}};
    assert_int_equal(start_with(never), 0);
    on_the_loop(want, 1000000000);
    assert_int_equal(rc, SMK_E_UNAVAILABLE);
    assert_int_equal(smk_recorder_categories(), 0);
    fake_expect("POST", "/debug/trace/snapshot", 409, "recorder = never");
}

static void test_the_furthest_reach_counts(void **state)
{
    (void)state;
    const struct smk_agent_setting option[] = {{"recorder", "200ms, 1MiB"}, {NULL, NULL}};
    assert_int_equal(start_with(option), 0);
    fake_expect("GET", "/debug/trace/status", 200, "\"reach_wanted_ns\":200000000");
    assert_in_range(smk_recorder_bytes(), 1048576 - 131072, 1048576);
    fake_expect("GET", "/debug/trace/status", 200, "\"wanted_by\":\"option\"");
    on_the_loop(want, 5000000000);
    fake_expect("GET", "/debug/trace/status", 200, "\"reach_wanted_ns\":5000000000");
    on_the_loop(unwant, 0);
    fake_expect("GET", "/debug/trace/status", 200, "\"reach_wanted_ns\":200000000");
    smk_control_call(set_rule, "when request > 1s", UINT64_C(5000000000)); /* all that there is, and no more */
    fake_expect("GET", "/debug/trace/status", 200, "\"reach_wanted_ns\":200000000");
    smk_control_call(set_rule, "when request > 1s then snapshot before 7s", UINT64_C(5000000000));
    fake_expect("GET", "/debug/trace/status", 200, "\"reach_wanted_ns\":7000000000");
    smk_control_call(set_rule, "", UINT64_C(5000000000));
    fake_expect("GET", "/debug/trace/status", 200, "\"wanted_by\":\"option\"");
    assert_int_equal(smk_recorder_categories(), smk_categories_recorder());
    usleep(400000);
    assert_in_range(smk_recorder_preroll_ns(), 1, 200000000);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, empty_directory, remove_directory)
    const struct CMUnitTest tests[] = {
        T(test_the_furthest_reach_counts), /* first: the buffer is made once, of the first's size */
        T(test_a_rule_turns_it_on_and_off),
        T(test_never_is_never),
    };
    return SMK_RUN(tests);
}
