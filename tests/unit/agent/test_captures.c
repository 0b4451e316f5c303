#include <pthread.h>
#include <sys/stat.h>

#include "agent_test.h"

static void test_arm_stop_list_download_delete(void **state)
{
    (void)state;
    char id[64], target[128], other[64];
    assert_int_equal(start_with(NULL), 0);
    fake_expect("POST", "/debug/trace/stop", 200, "{\"state\":\"idle\"}");
    char *body = fake_body("GET", "/debug/trace?duration=20s&name=one", 202);
    value_of(body, "id", id, sizeof id);
    assert_non_null(strstr(body, "\"state\":\"recording\""));
    assert_non_null(strstr(body, "\"name\":\"one\""));
    assert_non_null(strstr(body, directory));
    free(body);
    work(1000);

    struct fake_answer answer = fake_ask("GET", "/debug/trace");
    assert_int_equal(answer.status, 409);
    assert_non_null(strstr(answer.body, id));
    assert_true(atoi(fake_header(&answer, "Retry-After")) > 10);
    free(answer.body);
    body = fake_body("GET", "/debug/trace?join=1", 200);
    value_of(body, "id", other, sizeof other);
    assert_string_equal(id, other);
    free(body);
    snprintf(target, sizeof target, "/debug/traces/%s", id);
    answer = fake_ask("GET", target);
    assert_int_equal(answer.status, 409);
    assert_true(atoi(fake_header(&answer, "Retry-After")) > 10);
    free(answer.body);
    fake_expect("DELETE", target, 409, "still recording");

    body = fake_body("POST", "/debug/trace/stop", 200);
    assert_non_null(strstr(body, "\"reason_ended\":\"stopped\""));
    assert_non_null(strstr(body, "\"state\":\"done\""));
    free(body);
    fake_expect("GET", "/debug/traces", 200, "\"reason_ended\":\"stopped\"");
    answer = fake_ask("GET", target);
    assert_int_equal(answer.status, 200);
    assert_true(is_trace(answer.body, answer.body_len));
    assert_int_equal(answer.length, answer.body_len);
    assert_true(answer.slow);
    char expected[128];
    snprintf(expected, sizeof expected, "attachment; filename=\"%s.stall\"", id);
    assert_string_equal(fake_header(&answer, "Content-Disposition"), expected);
    free(answer.body);
    fake_expect("DELETE", target, 200, "deleted");
    fake_expect("GET", target, 404, "no capture");
    fake_expect("DELETE", target, 404, "no capture");
}

static void test_a_timer_stops_it(void **state)
{
    (void)state;
    assert_int_equal(start_with(NULL), 0);
    free(fake_body("POST", "/debug/trace?duration=30ms", 202));
    wait_until_done();
    fake_expect("GET", "/debug/traces", 200, "\"reason_ended\":\"timer\"");
}

static void test_a_dry_run_keeps_nothing(void **state)
{
    (void)state;
    assert_int_equal(start_with(NULL), 0);
    char *body = fake_body("GET", "/debug/trace?dryrun=1&duration=10s&categories=lock", 200);
    assert_non_null(strstr(body, "\"how\":\"counted in a probe of 200ms\""));
    assert_non_null(strstr(body, "\"categories\":\"lock\""));
    free(body);
    assert_int_equal(count_files(), 0);
    free(fake_body("POST", "/debug/trace?duration=10s", 202)); /* nothing is in the way */
    work(1000);
    body = fake_body("GET", "/debug/trace?dryrun=1", 200);
    assert_non_null(strstr(body, "\"how\":\"counted in the running capture\""));
    free(body);
    assert_int_equal(smk_agent_capture("dryrun=1", NULL), SMK_E_INVALID);
}

static void test_ranges_and_tags(void **state)
{
    (void)state;
    char id[64], target[128], expected[64];
    assert_int_equal(start_with(NULL), 0);
    free(fake_body("GET", "/debug/trace?duration=10s", 202));
    work(100);
    char *stopped = fake_body("POST", "/debug/trace/stop", 200);
    value_of(stopped, "id", id, sizeof id);
    free(stopped);
    snprintf(target, sizeof target, "/debug/traces/%s", id);
    struct fake_answer whole = fake_ask("GET", target);
    const char *tag = fake_header(&whole, "ETag");

    struct fake_request part = {.method = "GET", .target = target, .headers.range = "bytes=4-9"};
    struct fake_answer answer = fake_ask_with(&part);
    assert_int_equal(answer.status, 206);
    assert_int_equal(answer.body_len, 6);
    assert_memory_equal(answer.body, whole.body + 4, 6);
    snprintf(expected, sizeof expected, "bytes 4-9/%zu", whole.body_len);
    assert_string_equal(fake_header(&answer, "Content-Range"), expected);
    free(answer.body);

    part.headers.range = "bytes=-10";
    answer = fake_ask_with(&part);
    assert_int_equal(answer.status, 206);
    assert_memory_equal(answer.body, whole.body + whole.body_len - 10, 10);
    free(answer.body);

    part.headers.range = "bytes=99999999999-";
    answer = fake_ask_with(&part);
    assert_int_equal(answer.status, 416);
    free(answer.body);

    part.headers = (struct smk_request_headers){.range = "bytes=0-0", .if_range = tag};
    answer = fake_ask_with(&part);
    assert_int_equal(answer.status, 206);
    free(answer.body);
    part.headers.if_range = "\"other\"";
    answer = fake_ask_with(&part);
    assert_int_equal(answer.status, 200);
    free(answer.body);
    part.headers = (struct smk_request_headers){.if_none_match = tag};
    answer = fake_ask_with(&part);
    assert_int_equal(answer.status, 304);
    free(answer.body);

    answer = fake_ask("HEAD", target);
    assert_int_equal(answer.status, 200);
    assert_int_equal(answer.length, whole.body_len);
    snprintf(target, sizeof target, "/debug/traces/%s/0", id);
    answer = fake_ask("GET", target);
    assert_int_equal(answer.body_len, whole.body_len);
    assert_memory_equal(answer.body, whole.body, whole.body_len);
    free(answer.body);
    snprintf(target, sizeof target, "/debug/traces/%s/1", id);
    fake_expect("GET", target, 404, "no segment 1");
    free(whole.body);
}

static void test_wait_streams_the_same_file(void **state)
{
    (void)state;
    char id[64], target[128];
    assert_int_equal(start_with(NULL), 0);
    struct fake_answer streamed = fake_ask("GET", "/debug/trace?duration=150ms&wait=1");
    assert_int_equal(streamed.status, 200);
    assert_int_equal(streamed.length, -1);
    assert_false(streamed.cut);
    wait_until_done();
    char *list = fake_body("GET", "/debug/traces", 200);
    value_of(list, "id", id, sizeof id);
    free(list);
    snprintf(target, sizeof target, "/debug/traces/%s", id);
    struct fake_answer saved = fake_ask("GET", target);
    assert_int_equal(saved.body_len, streamed.body_len);
    assert_memory_equal(saved.body, streamed.body, saved.body_len);
    free(saved.body);
    free(streamed.body);
}

static void test_a_client_that_goes_away_ends_nothing(void **state)
{
    (void)state;
    assert_int_equal(start_with(NULL), 0);
    struct fake_request impatient = {
        .method = "GET", .target = "/debug/trace?duration=100ms&wait=1", .read_at_most = 100};
    struct fake_answer answer = fake_ask_with(&impatient);
    assert_true(answer.body_len >= 100);
    free(answer.body);
    smk_sys_sleep(150000000);
    wait_until_done();
    fake_expect("GET", "/debug/traces", 200, "\"reason_ended\":\"timer\"");
}

/* Busy enough to fill several segments. */
static void *busy(void *arg)
{
    while (!smk_load_acquire((uint32_t *)arg))
        work(100);
    return NULL;
}

static void test_segments_joined_and_alone(void **state)
{
    (void)state;
    char id[64], target[128];
    assert_int_equal(start_with(NULL), 0);
    pthread_t thread;
    uint32_t enough = 0;
    pthread_create(&thread, NULL, busy, &enough);
    char *body = fake_body("GET", "/debug/trace?duration=20s&rotate_every=100ms", 202);
    value_of(body, "id", id, sizeof id);
    free(body);
    snprintf(target, sizeof target, "/debug/traces/%s/0", id);
    int status = 0;
    for (int i = 0; i < 200 && status != 200; i++) {
        struct fake_answer answer = fake_ask("GET", target);
        status = answer.status;
        assert_true(status == 200 || status == 409);
        free(answer.body);
        smk_sys_sleep(20000000);
    }
    assert_int_equal(status, 200);
    smk_sys_sleep(300000000);
    smk_store_release(&enough, 1); /* pairs with: busy */
    pthread_join(thread, NULL);
    free(fake_body("POST", "/debug/trace/stop", 200));

    snprintf(target, sizeof target, "/debug/traces/%s", id);
    struct fake_answer whole = fake_ask("GET", target);
    size_t at = 0;
    for (int n = 0; at < whole.body_len; n++) {
        snprintf(target, sizeof target, "/debug/traces/%s/%d", id, n);
        struct fake_answer segment = fake_ask("GET", target);
        assert_int_equal(segment.status, 200);
        assert_true(is_trace(segment.body, segment.body_len));
        assert_memory_equal(segment.body, whole.body + at, segment.body_len);
        at += segment.body_len;
        free(segment.body);
    }
    assert_int_equal(at, whole.body_len);
    snprintf(target, sizeof target, "/debug/traces/%s", id);
    struct fake_request part = {.method = "GET", .target = target, .headers.range = "bytes=10-"};
    struct fake_answer rest = fake_ask_with(&part);
    assert_int_equal(rest.body_len, whole.body_len - 10);
    assert_memory_equal(rest.body, whole.body + 10, rest.body_len);
    free(rest.body);
    free(whole.body);
}

static void test_keep_segments_deletes_the_oldest(void **state)
{
    (void)state;
    assert_int_equal(start_with(NULL), 0);
    char id[64], target[128];
    char *body = fake_body("GET", "/debug/trace?duration=2s&rotate_every=100ms&keep_segments=2", 202);
    value_of(body, "id", id, sizeof id);
    free(body);
    smk_sys_sleep(1050000000);
    snprintf(target, sizeof target, "/debug/traces/%s/2", id);
    fake_expect("GET", target, 404, "has no segment 2"); /* it will not come back */
    snprintf(target, sizeof target, "/debug/traces/%s/100", id);
    fake_expect("GET", target, 409, "records until");
    wait_until_done();
    assert_int_equal(count_files(), 2);
    fake_expect("GET", "/debug/traces", 200, "\"segments\":2");
}

static void test_max_bytes_end_it(void **state)
{
    (void)state;
    pthread_t thread;
    uint32_t enough = 0;
    assert_int_equal(start_with(NULL), 0);
    pthread_create(&thread, NULL, busy, &enough);
    free(fake_body("GET", "/debug/trace?duration=60s&max_bytes=256KiB", 202));
    wait_until_done();
    smk_store_release(&enough, 1); /* pairs with: busy */
    pthread_join(thread, NULL);
    fake_expect("GET", "/debug/traces", 200, "\"reason_ended\":\"max_bytes\"");
}

static void test_without_a_directory_it_is_kept_in_memory(void **state)
{
    (void)state;
    char id[64], target[128];
    assert_int_equal(chmod(directory, 0777), 0);
    assert_int_equal(start_with(NULL), 0);
    fake_expect("GET", "/debug/trace/status", 200, "may be written by others (mode 777); allowed is 0700");
    char *body = fake_body("GET", "/debug/trace?duration=10s", 202);
    assert_non_null(strstr(body, "\"path\":null"));
    free(body);
    work(1000);
    body = fake_body("POST", "/debug/trace/stop", 200);
    value_of(body, "id", id, sizeof id);
    free(body);
    assert_int_equal(count_files(), 0);
    snprintf(target, sizeof target, "/debug/traces/%s", id);
    struct fake_request part = {.method = "GET", .target = target, .headers.range = "bytes=0-3"};
    struct fake_answer answer = fake_ask_with(&part);
    assert_int_equal(answer.status, 206);
    assert_memory_equal(answer.body, "SMK\x89", 4);
    free(answer.body);
    answer = fake_ask("GET", target);
    assert_true(is_trace(answer.body, answer.body_len));
    free(answer.body);
    struct fake_answer streamed = fake_ask("GET", "/debug/trace?duration=50ms&wait=1");
    assert_true(is_trace(streamed.body, streamed.body_len));
    free(streamed.body);
    fake_expect("DELETE", target, 200, "deleted");
    fake_expect("GET", target, 404, NULL);
}

static void test_snapshots_need_the_recorder(void **state)
{
    (void)state;
    assert_int_equal(start_with(NULL), 0);
    fake_expect("POST", "/debug/trace/snapshot", 409, "STALLMARK_RECORDER=10s");
    fake_expect("GET", "/debug/trace/snapshot", 405, NULL);
    assert_int_equal(smk_agent_stop(), 0);
    const struct smk_agent_setting recorder[] = {{"recorder", "10s"}, {NULL, NULL}};
    assert_int_equal(start_with(recorder), 0);
    work(100);
    free(fake_body("GET", "/debug/trace?duration=10s", 202)); /* side by side */
    struct fake_answer answer = fake_ask("POST", "/debug/trace/snapshot?before=5s&after=50ms&wait=1&name=two");
    assert_int_equal(answer.status, 200);
    assert_true(is_trace(answer.body, answer.body_len));
    free(answer.body);
    fake_expect("GET", "/debug/traces", 200, "\"reason_ended\":\"complete\"");
    fake_expect("GET", "/debug/trace/status", 200, "\"recorder\":{\"on\":true");
    free(fake_body("POST", "/debug/trace/stop", 200));
}

static void test_wrong_values_arm_nothing(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        {"duration=", "has no value"},
        {"duration", "has no value"},
        {"duration=abc", "duration is 'abc'; allowed is"},
        {"duration=-1s", "from 10ms to 10m"},
        {"duration=0", "from 10ms to 10m"},
        {"duration=1e9s", "duration is"},
        {"duration=5", "duration is"},
        {"duration=0x10", "duration is"},
        {"duration=11m", "from 10ms to 10m"},
        {"duration=9223372036854775808ns", "duration is"},
        {"duration=1s&duration=1s", "twice"},
        {"duration=5s%00x", "malformed"},
        {"duration=5s%0d%0aX:y", "malformed"},
        {"duration=%zz", "malformed"},
        {"duration=1s&", "is no parameter here"},
        {"duraton=1s", "there are: duration, categories"},
        {"dryrun=2", "allowed is 1 or 0"},
        {"dryrun=1&wait=1", "without wait and join"},
        {"categories=lock,nett", "unknown category"},
        {"categories=-all", "no category is left"},
        {"max_bytes=1", "from 256KiB to 4GiB"},
        {"max_bytes=5GiB", "from 256KiB to 4GiB"},
        {"rotate_bytes=1k", "from 256KiB"},
        {"rotate_every=1ms", "from 100ms"},
        {"keep_segments=2", "only with rotate_bytes or rotate_every"},
        {"rotate_every=1s&keep_segments=0", "from 1 to 100000"},
        {"pid=1", "this process"},
        {"pid=x", "this process"},
        {"wait=yes", "allowed is 1 or 0"},
        {"join=2", "allowed is 1 or 0"},
        {"name=0123456789012345678901234567890123456789012345678901234567890123", "allowed are 1 to 63"},
    };
    char target[200];
    assert_int_equal(start_with(NULL), 0);
    for (size_t i = 0; i < SMK_ARRAY_LEN(wrong); i++) {
        snprintf(target, sizeof target, "/debug/trace?%s", wrong[i][0]);
        fake_expect("GET", target, 400, wrong[i][1]);
    }
    fake_expect("POST", "/debug/trace/snapshot?before=1", 400, "before is '1'");
    fake_expect("POST", "/debug/trace/snapshot?after=-1s", 400, "after is '-1s'");
    fake_expect("GET", "/debug/traces/x?wait=2", 400, "allowed is 1 or 0");
    fake_expect("POST", "/debug/trace/stop", 200, "idle");
    assert_int_equal(count_files(), 0);
}

static void test_limits_are_named(void **state)
{
    (void)state;
    const struct smk_agent_setting settings[] = {{"day_bytes", "512KiB"}, {"max_duration", "1m"}, {NULL, NULL}};
    assert_int_equal(start_with(settings), 0);
    fake_expect("GET", "/debug/trace?duration=2m", 400, "from 10ms to 1m");
    struct fake_answer answer = fake_ask("GET", "/debug/trace?max_bytes=1MiB");
    assert_int_equal(answer.status, 429);
    assert_non_null(strstr(answer.body, "day_bytes"));
    assert_true(atoi(fake_header(&answer, "Retry-After")) > 0);
    free(answer.body);
    fake_expect("GET", "/debug/trace?duration=20ms", 202, "\"max_bytes\":524288");
    wait_until_done();
    assert_int_equal(smk_agent_stop(), 0);
    const struct smk_agent_setting floor[] = {{"free_floor", "1TiB"}, {NULL, NULL}};
    assert_int_equal(start_with(floor), 0);
    fake_expect("GET", "/debug/trace", 507, "free_floor is 1TiB");
}

static void test_read_scope_may_not_arm(void **state)
{
    (void)state;
    assert_int_equal(start_with(NULL), 0);
    static const char *const control[][2] = {{"GET", "/debug/trace"},
                                             {"POST", "/debug/trace/stop"},
                                             {"POST", "/debug/trace/snapshot"},
                                             {"DELETE", "/debug/traces/x"}};
    for (size_t i = 0; i < SMK_ARRAY_LEN(control); i++) {
        struct fake_request fake = {.method = control[i][0], .target = control[i][1], .scopes = SMK_SCOPE_READ};
        struct fake_answer answer = fake_ask_with(&fake);
        assert_int_equal(answer.status, 403);
        free(answer.body);
    }
    struct fake_request list = {.method = "GET", .target = "/debug/traces", .scopes = SMK_SCOPE_READ};
    struct fake_answer answer = fake_ask_with(&list);
    assert_int_equal(answer.status, 200);
    free(answer.body);
}

static void test_from_c(void **state)
{
    (void)state;
    char id[SMK_CAPTURE_ID_SIZE], other[SMK_CAPTURE_ID_SIZE];
    assert_int_equal(smk_agent_capture(NULL, id), SMK_E_UNAVAILABLE);
    assert_int_equal(start_with(NULL), 0);
    assert_int_equal(smk_agent_capture("duration=x", id), SMK_E_INVALID);
    assert_non_null(strstr(smk_last_error(), "duration is 'x'"));
    assert_int_equal(smk_agent_capture("duration=10s&categories=lock,region", id), 0);
    assert_int_equal(smk_agent_capture(NULL, other), SMK_E_BUSY);
    assert_string_equal(id, other);
    assert_int_equal(smk_agent_snapshot(NULL, NULL), SMK_E_UNAVAILABLE);
    assert_int_equal(smk_agent_stop_capture(), 0);
    wait_until_done();
    fake_expect("GET", "/debug/traces", 200, id);
    assert_int_equal(smk_agent_stop_capture(), 0);
}

static void test_the_end_of_the_agent_ends_captures(void **state)
{
    (void)state;
    assert_int_equal(start_with(NULL), 0);
    free(fake_body("GET", "/debug/trace?duration=60s", 202));
    work(10);
    assert_int_equal(smk_agent_stop(), 0);
    assert_int_equal(count_files(), 1);
    assert_int_equal(start_with(NULL), 0);
    fake_expect("GET", "/debug/traces", 200, "\"reason_ended\":\"exit\"");
    fake_expect("GET", "/metrics", 200, "stallmark_stored_captures 1\n");
}

static void test_metrics_count(void **state)
{
    (void)state;
    assert_int_equal(start_with(NULL), 0);
    free(fake_body("GET", "/debug/trace?duration=20ms", 202));
    wait_until_done();
    char *body = fake_body("GET", "/metrics", 200);
    assert_non_null(strstr(body, "stallmark_captures_started_total{kind=\"timed\"} 1\n"));
    assert_non_null(strstr(body, "stallmark_captures_ended_total{reason=\"timer\"} 1\n"));
    assert_non_null(strstr(body, "# TYPE stallmark_heap_bytes gauge\n"));
    free(body);
}


int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DIRECTORY(test_arm_stop_list_download_delete),
        WITH_DIRECTORY(test_a_timer_stops_it),
        WITH_DIRECTORY(test_a_dry_run_keeps_nothing),
        WITH_DIRECTORY(test_ranges_and_tags),
        WITH_DIRECTORY(test_wait_streams_the_same_file),
        WITH_DIRECTORY(test_a_client_that_goes_away_ends_nothing),
        WITH_DIRECTORY(test_segments_joined_and_alone),
        WITH_DIRECTORY(test_keep_segments_deletes_the_oldest),
        WITH_DIRECTORY(test_max_bytes_end_it),
        WITH_DIRECTORY(test_without_a_directory_it_is_kept_in_memory),
        WITH_DIRECTORY(test_snapshots_need_the_recorder),
        WITH_DIRECTORY(test_wrong_values_arm_nothing),
        WITH_DIRECTORY(test_limits_are_named),
        WITH_DIRECTORY(test_read_scope_may_not_arm),
        WITH_DIRECTORY(test_from_c),
        WITH_DIRECTORY(test_the_end_of_the_agent_ends_captures),
        WITH_DIRECTORY(test_metrics_count),
    };
    return SMK_RUN(tests);
}
