#include "fake_front.h"

#include "base/errors.h"
#include "routes.h"
#include "stallmark/agent.h"

static int start(void **state)
{
    (void)state;
    smk_agent_options options = SMK_AGENT_OPTIONS;
    options.socket = "off";
    return smk_agent_start(&options);
}

static int stop(void **state)
{
    (void)state;
    return smk_agent_stop();
}

static void test_a_second_start_is_busy(void **state)
{
    (void)state;
    smk_agent_options options = SMK_AGENT_OPTIONS;
    assert_int_equal(smk_agent_start(&options), SMK_E_BUSY);
}

static void test_unknown_paths_are_404(void **state)
{
    (void)state;
    static const char *const paths[] = {"/",
                                        "/debug",
                                        "//debug/",
                                        "/debug//",
                                        "/debug/trace/",
                                        "/DEBUG/",
                                        "/debug/trace/extra",
                                        "/debug/./trace",
                                        "/debug/trace%00",
                                        "/debug/trace/status/",
                                        "",
                                        "*",
                                        "/debug/traces/",
                                        "/debug/traces/../../etc/passwd",
                                        "/debug/traces/..%2f",
                                        "/debug/traces/A",
                                        "/debug/traces/x/01",
                                        "/debug/traces/x/-1",
                                        "/debug/traces/x/9999999999"};
    for (size_t i = 0; i < SMK_ARRAY_LEN(paths); i++)
        fake_expect("GET", paths[i], 404, "\"title\":\"no such page\"");
}

static void test_other_methods_are_405_with_allow(void **state)
{
    (void)state;
    struct fake_answer answer = fake_ask("DELETE", "/debug/trace/status");
    assert_int_equal(answer.status, 405);
    assert_string_equal(fake_header(&answer, "Allow"), "GET, HEAD");
    assert_string_equal(fake_header(&answer, "Content-Type"), "application/problem+json");
    free(answer.body);
}

static void test_parameters_are_checked(void **state)
{
    (void)state;
    fake_expect("GET", "/debug/trace/status?x=1", 400, "'x' is no parameter here; there are: none");
    fake_expect("GET", "/debug/?", 200, "<table>");
}

static void test_index_lists_every_route(void **state)
{
    (void)state;
    char *body = fake_body("GET", "/debug/", 200);
    for (size_t i = 0; smk_route_at(i); i++)
        assert_non_null(strstr(body, smk_route_at(i)->pattern));
    free(body);
}

static void test_status_says_what_is_in_force(void **state)
{
    (void)state;
    char *body = fake_body("GET", "/debug/trace/status", 200);
    assert_non_null(strstr(body, "\"state\":\"disarmed\""));
    assert_non_null(strstr(body, "\"max_duration\":\"10m\""));
    assert_non_null(strstr(body, "\"stallmark\":\"0.1.0\""));
    free(body);
}

static void test_a_stopped_agent_takes_nothing(void **state)
{
    assert_int_equal(smk_agent_stop(), 0);
    assert_int_equal(fake_ask("GET", "/debug/").status, 0);
    assert_int_equal(start(state), 0);
    fake_expect("GET", "/debug/", 200, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_second_start_is_busy),
        cmocka_unit_test(test_unknown_paths_are_404),
        cmocka_unit_test(test_other_methods_are_405_with_allow),
        cmocka_unit_test(test_parameters_are_checked),
        cmocka_unit_test(test_index_lists_every_route),
        cmocka_unit_test(test_status_says_what_is_in_force),
        cmocka_unit_test(test_a_stopped_agent_takes_nothing),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
