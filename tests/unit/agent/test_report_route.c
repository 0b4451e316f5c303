#include <pthread.h>
#include <sys/stat.h>

#include "agent_test.h"

/* Ten requests on a lock that the main thread holds. */
static pthread_mutex_t contended = PTHREAD_MUTEX_INITIALIZER;
static uint32_t asking; /* atomic */

static void *serve(void *arg)
{
    (void)arg;
    SMK_REQUEST(request, "GET /cart");
    smk_add_relaxed(&asking, 1);
    pthread_mutex_lock(&contended);
    pthread_mutex_unlock(&contended);
    return NULL;
}

static void make_lock_waits(void)
{
    pthread_t threads[10];
    smk_lock_name(&contended, "cart_lock");
    smk_store_relaxed(&asking, 0);
    pthread_mutex_lock(&contended);
    for (int i = 0; i < 10; i++)
        pthread_create(&threads[i], NULL, serve, NULL);
    while (smk_load_relaxed(&asking) < 10)
        smk_sys_sleep(1000000);
    smk_sys_sleep(60000000);
    pthread_mutex_unlock(&contended);
    for (int i = 0; i < 10; i++)
        pthread_join(threads[i], NULL);
}

static void record_lock_waits(char target[128])
{
    char id[64];
    free(fake_body("GET", "/debug/trace?duration=20s", 202));
    make_lock_waits();
    char *body = fake_body("POST", "/debug/trace/stop", 200);
    value_of(body, "id", id, sizeof id);
    free(body);
    snprintf(target, 128, "/debug/traces/%s/report", id);
}

static void test_a_report_names_the_lock(void **state)
{
    (void)state;
    char target[128], with_format[160];
    assert_int_equal(start_with(NULL), 0);
    record_lock_waits(target);
    fake_expect("GET", target, 200, "cart_lock");
    struct fake_request json = {.method = "GET", .target = target, .headers.accept = "application/json"};
    struct fake_answer answer = fake_ask_with(&json);
    assert_int_equal(answer.status, 200);
    assert_string_equal(fake_header(&answer, "Content-Type"), "application/json");
    assert_non_null(strstr(answer.body, "cart_lock"));
    free(answer.body);
    snprintf(with_format, sizeof with_format, "%s?format=text", target);
    json.target = with_format;
    answer = fake_ask_with(&json);
    assert_string_equal(fake_header(&answer, "Content-Type"), "text/plain; charset=utf-8");
    free(answer.body);
    snprintf(with_format, sizeof with_format, "%s?format=xml", target);
    fake_expect("GET", with_format, 400, "allowed is text or json");
    fake_expect("GET", "/debug/traces/none/report", 404, "no capture none");
    free(fake_body("GET", "/debug/trace?duration=20s", 202));
    char *body = fake_body("GET", "/debug/traces", 200);
    char id[64];
    value_of(body, "id", id, sizeof id);
    free(body);
    snprintf(target, sizeof target, "/debug/traces/%s/report", id);
    fake_expect("GET", target, 409, "still recording");
}

static void test_a_report_out_of_memory_and_of_segments(void **state)
{
    (void)state;
    char target[128];
    assert_int_equal(chmod(directory, 0777), 0);
    assert_int_equal(start_with(NULL), 0);
    record_lock_waits(target);
    fake_expect("GET", target, 200, "cart_lock");
    assert_int_equal(smk_agent_stop(), 0);
    assert_int_equal(chmod(directory, 0700), 0);
    assert_int_equal(start_with(NULL), 0);
    char id[64];
    char *body = fake_body("GET", "/debug/trace?duration=20s&rotate_every=100ms", 202);
    value_of(body, "id", id, sizeof id);
    free(body);
    for (int i = 0; i < 3; i++)
        make_lock_waits();
    free(fake_body("POST", "/debug/trace/stop", 200));
    snprintf(target, sizeof target, "/debug/traces/%s/report", id);
    fake_expect("GET", target, 200, "cart_lock");
}

static void test_a_report_has_limits(void **state)
{
    (void)state;
    char target[128];
    const struct smk_agent_setting settings[] = {{"report_memory", "1MiB"}, {NULL, NULL}};
    assert_int_equal(start_with(settings), 0);
    free(fake_body("GET", "/debug/trace?duration=20s", 202));
    work(300000);
    char *body = fake_body("POST", "/debug/trace/stop", 200);
    char id[64];
    value_of(body, "id", id, sizeof id);
    free(body);
    snprintf(target, sizeof target, "/debug/traces/%s/report", id);
    fake_expect("GET", target, 422, "stallmark report /tmp/");
}

/* The report's thread may hand its work to the agent that was started after the one that asked for it. */
static void test_an_agent_ends_while_a_report_is_made(void **state)
{
    (void)state;
    char target[128], id[64];
    uint32_t answered = 0;
    assert_int_equal(start_with(NULL), 0);
    free(fake_body("GET", "/debug/trace?duration=20s", 202));
    work(200000);
    char *body = fake_body("POST", "/debug/trace/stop", 200);
    value_of(body, "id", id, sizeof id);
    free(body);
    snprintf(target, sizeof target, "/debug/traces/%s/report", id);
    struct smk_http_request request = {.method = SMK_METHOD_GET, .path = target, .peer = "test", .scopes = 3};
    struct smk_exchange *exchange = smk_exchange_new(&request);
    exchange->answered = fake_answered;
    exchange->front = &answered;
    assert_true(smk_exchange_submit(exchange));
    assert_int_equal(smk_agent_stop(), 0);
    fake_wait(&answered);
    smk_exchange_free(exchange);
    assert_int_equal(start_with(NULL), 0);
    int status = 503;
    for (int i = 0; i < 2500 && status == 503; i++) {
        struct fake_answer answer = fake_ask("GET", target);
        status = answer.status;
        free(answer.body);
        smk_sys_sleep(20000000);
    }
    assert_int_equal(status, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DIRECTORY(test_a_report_names_the_lock),
        WITH_DIRECTORY(test_a_report_out_of_memory_and_of_segments),
        WITH_DIRECTORY(test_a_report_has_limits),
        WITH_DIRECTORY(test_an_agent_ends_while_a_report_is_made),
    };
    return SMK_RUN(tests);
}
