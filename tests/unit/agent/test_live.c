/* What /metrics and status say of requests and waits while they happen. */
#define _GNU_SOURCE
#include "agent_test.h"

#include "base/atomic.h"
#include "core/routes.h"
#include "source/proto.h"

static void serve(const char *route, int status, unsigned times)
{
    for (unsigned i = 0; i < times; i++) {
        smk_request request = smk_request_begin(route);
        smk_request_status(request, status);
        smk_sys_sleep(200000);
        smk_request_end(request);
    }
}

/* The number behind the line that begins with this. */
static uint64_t number_of(const char *body, const char *line)
{
    const char *at = strstr(body, line);
    if (!at)
        fail_msg("no line %s in\n%s", line, body);
    return strtoull(at + strlen(line), NULL, 10);
}

static void test_histograms(void **state)
{
    static const struct smk_agent_setting settings[] = {{"routes", "5"}, {NULL, NULL}};
    (void)state;
    assert_int_equal(start_with(settings), 0);
    free(fake_body("GET", "/debug/trace?duration=60s", 202));
    serve("GET /cart", 200, 5);
    serve("GET /cart", 503, 2);
    serve("a \"quoted\\\n\x1b[31m name", 0, 1);
    smk_wait_end(SMK_WAIT_BEGIN(SMK_WAITING_DISK, "flush", NULL));
    smk_callback tick = smk_abi_callback_begin(SMK_SITE("on_tick"), NULL, SMK_ABI_DUE_READY);
    smk_abi_callback_end(&tick);
    smk_request running = smk_request_begin("GET /cart");
    char *body = fake_body("GET", "/metrics", 200);
    assert_non_null(strstr(body, "# TYPE stallmark_request_duration_seconds histogram\n"));
    assert_int_equal(number_of(body, "stallmark_request_duration_seconds_count{route=\"GET /cart\"} "), 7);
    assert_int_equal(
        number_of(body, "stallmark_request_duration_seconds_bucket{route=\"GET /cart\",le=\"+Inf\"} "), 7);
    assert_int_equal(
        number_of(body, "stallmark_request_duration_seconds_bucket{route=\"GET /cart\",le=\"0.000131072\"} "), 0);
    assert_int_equal(
        number_of(body, "stallmark_request_duration_seconds_bucket{route=\"GET /cart\",le=\"68.719476736\"} "), 7);
    assert_int_equal(number_of(body, "stallmark_request_errors_total{route=\"GET /cart\",fault=\"service\"} "), 2);
    assert_int_equal(number_of(body, "stallmark_route_in_flight{route=\"GET /cart\"} "), 1);
    assert_int_equal(number_of(body, "stallmark_request_duration_seconds_count{route=\"other\"} "), 0);
    assert_int_equal(number_of(body, "stallmark_wait_duration_seconds_count{kind=\"disk\"} "), 1);
    assert_int_equal(number_of(body, "stallmark_loop_duration_seconds_count{what=\"callback\"} "), 1);
    const char *escaped = "stallmark_request_duration_seconds_count{route=\"a \\\"quoted\\\\\\\\n\\\\x1b[31m name\"} ";
    assert_int_equal(number_of(body, escaped), 1);
    assert_null(strchr(body, '\x1b'));
    free(body);
    smk_request_end(running);
}

/* Each bucket is at least the one before it. */
static void test_buckets_add_up(void **state)
{
    const char *at, *bucket = "stallmark_request_duration_seconds_bucket{route=\"GET /cart\",le=\"";
    uint64_t before = 0;
    unsigned buckets = 0;
    (void)state;
    assert_int_equal(start_with(NULL), 0);
    char *body = fake_body("GET", "/metrics", 200);
    for (at = body; (at = strstr(at, bucket)); at++, buckets++) {
        uint64_t now = strtoull(strchr(at, '}') + 2, NULL, 10);
        assert_true(now >= before);
        before = now;
    }
    assert_int_equal(buckets, 22);
    assert_int_equal(before, number_of(body, "stallmark_request_duration_seconds_count{route=\"GET /cart\"} "));
    free(body);
}

static void test_a_full_table(void **state)
{
    (void)state;
    assert_int_equal(start_with(NULL), 0); /* routes=256 comes too late */
    free(fake_body("GET", "/debug/trace?duration=60s", 202));
    char name[32];
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "job %d", i);
        serve(name, 0, 1);
    }
    char *body = fake_body("GET", "/metrics", 200);
    uint64_t unlisted = number_of(body, "\nstallmark_routes_unlisted_total ");
    assert_in_range(unlisted, 35, 37);
    assert_int_equal(number_of(body, "stallmark_request_duration_seconds_count{route=\"other\"} "), unlisted);
    free(body);
    body = fake_body("GET", "/debug/trace/status", 200);
    assert_non_null(strstr(body, "\"requests\":{\"without_source\":true,\"names_of_those\":true,"));
    assert_int_equal(number_of(body, "\"routes_max\":"), 5);
    assert_int_equal(number_of(body, "\"unlisted\":"), unlisted);
    assert_int_equal(number_of(body, "\"slowest_missed\":"), 0);
    free(body);
}

static void test_settings(void **state)
{
    static const struct smk_agent_setting off[] = {
        {"requests_without_source", "off"}, {"request_names", "off"}, {NULL, NULL}};
    static const struct smk_agent_setting bad[] = {{"routes", "5000"}, {NULL, NULL}};
    (void)state;
    assert_int_equal(start_with(bad), SMK_E_INVALID);
    assert_non_null(strstr(smk_last_error(), "5000"));
    assert_non_null(strstr(smk_last_error(), "1 to 4096"));
    assert_int_equal(start_with(off), 0);
    free(fake_body("GET", "/debug/trace/status", 200));
    assert_int_equal(smk_load_relaxed(&smk_proto_wanted.requests), 0);
    assert_int_equal(smk_load_relaxed(&smk_proto_wanted.names), 0);
    fake_expect("GET", "/debug/trace/status", 200, "\"without_source\":false,\"names_of_those\":false,");
    assert_int_equal(smk_agent_stop(), 0);
    assert_int_equal(start_with(NULL), 0);
    fake_expect("GET", "/debug/trace/status", 200, "\"without_source\":true,\"names_of_those\":true,");
}

/* A bound that can no longer be had is said, and the agent runs. */
static void remember(void *arg, const char *line)
{
    snprintf(arg, 200, "%s", line);
}

static void test_a_late_bound_is_said(void **state)
{
    static char said[200];
    static const struct smk_agent_setting settings[] = {{"routes", "300"}, {NULL, NULL}};
    smk_agent_options options = SMK_AGENT_OPTIONS;
    (void)state;
    options.socket = "off";
    options.directory = directory;
    options.settings = settings;
    options.log = remember;
    options.log_arg = said;
    assert_int_equal(smk_agent_start(&options), 0);
    assert_non_null(strstr(said, "routes: the table of routes exists already"));
}

#define WITH_DIRECTORY(test) cmocka_unit_test_setup_teardown(test, empty_directory, remove_directory)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DIRECTORY(test_histograms), /* makes the table, for five routes: first */
        WITH_DIRECTORY(test_buckets_add_up),
        WITH_DIRECTORY(test_a_full_table),
        WITH_DIRECTORY(test_settings),
        WITH_DIRECTORY(test_a_late_bound_is_said),
    };
    return SMK_RUN(tests);
}
