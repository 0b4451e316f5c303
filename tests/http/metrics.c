/* metrics.c: /metrics as a scraper reads it, of a host that serves requests of its own: each line in form, each
 * histogram complete, and the figures those of what was asked. */
#include "unit/smk_test.h"

#include <ctype.h>

#include "client.h"

static struct host host;

/* A sample: a name, labels in braces whose quotes are closed, a number. */
static bool is_sample(const char *line)
{
    while (isalnum((unsigned char)*line) || *line == '_' || *line == ':')
        line++;
    if (*line == '{')
        for (bool quoted = false; *line && (*line != '}' || quoted); line++) {
            if (*line == '\\' && quoted && line[1])
                line++;
            else if (*line == '"')
                quoted = !quoted;
        }
    line += *line == '}';
    char *end;
    strtod(line + (*line == ' '), &end);
    return *line == ' ' && end > line + 1 && *end == '\0';
}

/* The value of the sample that begins so; -1: there is none. */
static double value_of(const char *text, const char *sample)
{
    for (const char *at = text; (at = strstr(at, sample)); at++)
        if (at == text || at[-1] == '\n')
            return strtod(at + strlen(sample), NULL);
    return -1;
}

static void check_form(const char *text)
{
    char *copy = strdup(text), *rest, *line;
    unsigned samples = 0;
    for (line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        if (strncmp(line, "# HELP stallmark_", 17) == 0 || strncmp(line, "# TYPE stallmark_", 17) == 0)
            continue;
        if (strncmp(line, "stallmark_", 10) != 0 || !is_sample(line))
            fail_msg("not a sample: %s", line);
        samples++;
    }
    assert_true(samples > 300); /* nine kinds of wait with 24 lines each among them */
    free(copy);
}

static void ask_own(const char *path, int times)
{
    while (times--)
        assert_true(status_of(&host, DOOR_EVHTTP, "GET", path, "") >= 200);
}

static void test_figures(void **state)
{
    struct answer answer;
    (void)state;
    assert_int_equal(status_of(&host, DOOR_TCP, "POST", "/debug/trace?duration=60s", ""), 202);
    ask_own("/cart", 5);
    ask_own("/fail", 2);
    request(&host, DOOR_TCP, &answer, "GET", "/metrics", "");
    assert_int_equal(answer.status, 200);
    assert_true(answer.whole);
    check_form(answer.body);
    const char *text = answer.body;
    assert_true(value_of(text, "stallmark_request_duration_seconds_count{route=\"/cart\"} ") == 5);
    assert_true(value_of(text, "stallmark_request_duration_seconds_bucket{route=\"/cart\",le=\"+Inf\"} ") == 5);
    assert_true(value_of(text, "stallmark_request_errors_total{route=\"/cart\",fault=\"service\"} ") == 0);
    assert_true(value_of(text, "stallmark_request_errors_total{route=\"/fail\",fault=\"service\"} ") == 2);
    assert_true(value_of(text, "stallmark_route_in_flight{route=\"/cart\"} ") == 0);
    double sum = value_of(text, "stallmark_request_duration_seconds_sum{route=\"/cart\"} ");
    assert_true(sum > 0 && sum < 60);
    answer_free(&answer);
    assert_int_equal(status_of(&host, DOOR_UNIX, "POST", "/debug/trace/stop", ""), 200);
}

/* As many routes as the option says, however many paths are asked for. */
static void test_routes_are_bounded(void **state)
{
    struct answer answer;
    unsigned routes = 0;
    (void)state;
    assert_int_equal(status_of(&host, DOOR_TCP, "POST", "/debug/trace?duration=60s", ""), 202);
    for (int i = 0; i < 40; i++) {
        char path[32];
        snprintf(path, sizeof path, "/page-%d", i);
        ask_own(path, 1);
    }
    request(&host, DOOR_TCP, &answer, "GET", "/metrics", "");
    const char *sample = "\nstallmark_request_duration_seconds_count{route=";
    for (const char *at = answer.body; (at = strstr(at, sample)); at++)
        routes++;
    assert_int_equal(routes, 9); /* and other */
    assert_true(value_of(answer.body, "stallmark_request_duration_seconds_count{route=\"other\"} ") >= 32);
    assert_true(value_of(answer.body, "stallmark_routes_unlisted_total ") >= 32);
    answer_free(&answer);
}

static int start(void **state)
{
    (void)state;
    host_start(&host, "own_marks=1", "routes=8", NULL);
    return host.refused[0] ? -1 : 0;
}

static int stop(void **state)
{
    (void)state;
    host_stop(&host);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_figures), cmocka_unit_test(test_routes_are_bounded)};
    return cmocka_run_group_tests(tests, start, stop);
}
