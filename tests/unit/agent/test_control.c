#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent_test.h"

#include "control.h"
#include "heap.h"
#include "log.h"

/* ---- calls ------------------------------------------------------------------------------------------------------ */

static void add_one(void *arg)
{
    assert_true(smk_control_here());
    ++*(uint32_t *)arg;
}

static void *call_often(void *arg)
{
    for (int i = 0; i < 1000; i++)
        if (smk_control_call(add_one, arg, UINT64_C(10000000000)) != 0)
            return (void *)1;
    return NULL;
}

static void test_calls_from_many_threads(void **state)
{
    (void)state;
    pthread_t threads[4];
    void *wrong;
    uint32_t count = 0;
    assert_int_equal(smk_control_call(add_one, &count, 1000000), SMK_E_UNAVAILABLE);
    assert_int_equal(start_with(NULL), 0);
    assert_false(smk_control_here());
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, call_often, &count);
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], &wrong);
        assert_null(wrong);
    }
    assert_int_equal(count, 4000);
}

static uint32_t blocks, released;

static void block(void *arg)
{
    (void)arg;
    smk_store_release(&blocks, 1); /* pairs with: test_a_call_is_bounded */
    while (!smk_load_acquire(&released))
        smk_sys_sleep(1000000);
}

static void *block_loop(void *arg)
{
    smk_control_call(block, arg, UINT64_C(10000000000));
    return NULL;
}

static void test_a_call_is_bounded(void **state)
{
    (void)state;
    pthread_t thread;
    uint32_t count = 0;
    assert_int_equal(start_with(NULL), 0);
    pthread_create(&thread, NULL, block_loop, NULL);
    while (!smk_load_acquire(&blocks))
        smk_sys_sleep(1000000);
    assert_int_equal(smk_control_call(add_one, &count, 20000000), SMK_E_TIMEOUT);
    smk_store_release(&released, 1); /* pairs with: block */
    pthread_join(thread, NULL);
    assert_int_equal(smk_control_call(add_one, &count, UINT64_C(10000000000)), 0);
    assert_int_equal(count, 1); /* the one that timed out was never run */
}

/* ---- exchanges -------------------------------------------------------------------------------------------------- */

static struct smk_exchange *submit(const char *path, uint32_t *answered)
{
    struct smk_http_request request = {.method = SMK_METHOD_POST, .path = path, .peer = "test", .scopes = 3};
    struct smk_exchange *exchange = smk_exchange_new(&request);
    assert_non_null(exchange);
    exchange->answered = fake_answered;
    exchange->front = answered;
    assert_true(smk_exchange_submit(exchange));
    return exchange;
}

static void nothing(void *arg) { (void)arg; }

/* A stop is answered at the capture's end; 300 clients that do not wait for that. */
static void test_abandoned_exchanges_are_forgotten(void **state)
{
    (void)state;
    uint32_t answered[10];
    const struct smk_agent_setting settings[] = {{"recorder", "10s"}, {NULL, NULL}};
    assert_int_equal(start_with(settings), 0);
    uint64_t before = smk_heap_used();
    for (int round = 0; round < 30; round++) {
        free(fake_body("GET", "/debug/trace?duration=60s", 202));
        struct smk_exchange *exchanges[10];
        for (int i = 0; i < 10; i++) {
            answered[i] = 0;
            exchanges[i] = submit("/debug/trace/stop", &answered[i]);
        }
        for (int i = 0; i < 10; i++) {
            if (!smk_exchange_abandon(exchanges[i]))
                fake_wait(&answered[i]);
            assert_false(smk_exchange_abandon(exchanges[i]));
            smk_exchange_free(exchanges[i]);
        }
        wait_until_done();
    }
    smk_control_call(nothing, NULL, UINT64_C(10000000000));
    assert_int_equal(smk_control_open_exchanges(), 0);
    assert_true(smk_heap_used() < before + 65536);
}

static void test_the_mailbox_is_bounded(void **state)
{
    (void)state;
    pthread_t thread;
    uint32_t answered[SMK_EXCHANGES_MAX] = {0};
    struct smk_exchange *exchanges[SMK_EXCHANGES_MAX];
    struct smk_http_request request = {.method = SMK_METHOD_GET, .path = "/debug/", .peer = "test", .scopes = 3};
    assert_int_equal(start_with(NULL), 0);
    blocks = released = 0;
    pthread_create(&thread, NULL, block_loop, NULL);
    while (!smk_load_acquire(&blocks))
        smk_sys_sleep(1000000);
    for (int i = 0; i < SMK_EXCHANGES_MAX; i++)
        exchanges[i] = submit("/debug/", &answered[i]);
    struct smk_exchange *one_more = smk_exchange_new(&request);
    assert_false(smk_exchange_submit(one_more));
    smk_exchange_free(one_more);
    smk_store_release(&released, 1); /* pairs with: block */
    pthread_join(thread, NULL);
    for (int i = 0; i < SMK_EXCHANGES_MAX; i++) {
        fake_wait(&answered[i]);
        assert_int_equal(exchanges[i]->answer.status, 405);
        smk_exchange_free(exchanges[i]);
    }
    fake_expect("GET", "/debug/", 200, NULL);
}

static void test_whoever_waits_is_told_of_the_end(void **state)
{
    (void)state;
    uint32_t answered = 0;
    assert_int_equal(start_with(NULL), 0);
    free(fake_body("GET", "/debug/trace?duration=60s", 202));
    struct smk_exchange *stop = submit("/debug/trace/stop", &answered);
    assert_int_equal(smk_agent_stop(), 0);
    fake_wait(&answered);
    int status = stop->answer.status;
    assert_true(status == 200 || status == 202 || status == 503);
    smk_exchange_free(stop);
}

static void *stop_agent(void *arg)
{
    smk_agent_stop();
    return arg;
}

static void *capture_now(void *rc)
{
    *(int *)rc = smk_agent_capture("duration=60s", NULL);
    return NULL;
}

static void test_nothing_is_armed_at_the_end(void **state)
{
    (void)state;
    uint32_t answered = 0;
    pthread_t blocker, stopper, caller;
    int rc = 1;
    blocks = released = 0;
    assert_int_equal(start_with(NULL), 0);
    pthread_create(&blocker, NULL, block_loop, NULL);
    while (!smk_load_acquire(&blocks))
        smk_sys_sleep(1000000);
    pthread_create(&stopper, NULL, stop_agent, NULL);
    while (smk_control_running())
        smk_sys_sleep(1000000);
    struct smk_exchange *arm = submit("/debug/trace", &answered);
    pthread_create(&caller, NULL, capture_now, &rc);
    smk_sys_sleep(50000000);
    smk_store_release(&released, 1); /* pairs with: block */
    fake_wait(&answered);
    assert_int_equal(arm->answer.status, 503);
    smk_exchange_free(arm);
    pthread_join(caller, NULL);
    pthread_join(stopper, NULL);
    pthread_join(blocker, NULL);
    assert_int_equal(rc, SMK_E_UNAVAILABLE);
    assert_int_equal(count_files(), 0);
}

/* ---- life ------------------------------------------------------------------------------------------------------ */

static int wait_for(pid_t child)
{
    int status = -1;
    waitpid(child, &status, 0);
    return status;
}

static void test_a_forks_child_may_start_its_own(void **state)
{
    (void)state;
    char id[SMK_CAPTURE_ID_SIZE];
    if (SMK_TSAN) /* it starts no thread in such a child */
        skip();
    assert_int_equal(start_with(NULL), 0);
    assert_int_equal(smk_agent_capture("duration=60s", id), 0);
    pid_t child = fork();
    if (child == 0) {
        if (smk_agent_capture(NULL, NULL) != SMK_E_UNAVAILABLE)
            _exit(1);
        if (smk_agent_stop() != 0 || start_with(NULL) != 0)
            _exit(2);
        if (smk_agent_capture("duration=60s", NULL) != 0)
            _exit(3);
        _exit(smk_agent_stop() == 0 ? 0 : 4);
    }
    assert_int_equal(wait_for(child), 0);
    assert_int_equal(smk_agent_stop_capture(), 0);
    wait_until_done();
    assert_int_equal(count_files(), 2); /* its own, and the child's */
}

static void test_starting_and_stopping_leaves_nothing(void **state)
{
    (void)state;
    assert_int_equal(start_with(NULL), 0);
    assert_int_equal(smk_agent_stop(), 0);
    uint64_t before = smk_heap_used();
    int fd = dup(0);
    close(fd);
    for (int i = 0; i < 20; i++) {
        assert_int_equal(start_with(NULL), 0);
        free(fake_body("GET", "/debug/trace?duration=20ms", 202));
        assert_int_equal(smk_agent_stop(), 0);
        assert_int_equal(smk_agent_stop(), 0);
    }
    assert_int_equal(smk_heap_used(), before);
    int after = dup(0);
    assert_int_equal(after, fd);
    close(after);
}

static uint32_t signals;

/* ---- what it says ---------------------------------------------------------------------------------------------- */

static char lines[8192];

static void take_line(void *arg, const char *line)
{
    size_t used = strlen(lines);
    (void)arg;
    snprintf(lines + used, sizeof lines - used, "%s\n", line);
}

static void test_log_and_audit(void **state)
{
    (void)state;
    smk_agent_options options = SMK_AGENT_OPTIONS;
    char path[100], text[4096] = "";
    options.socket = "off";
    options.directory = directory;
    options.log = take_line;
    snprintf(path, sizeof path, "%s/log", directory);
    options.log_file = path;
    smk_sys_sleep(1100000000); /* the tests before have used up this second's audit lines */
    assert_int_equal(smk_agent_start(&options), 0);
    free(fake_body("GET", "/debug/trace?duration=20ms", 202));
    wait_until_done();
    smk_agent_log("a\nb\x1b[31m");
    uint64_t suppressed = smk_agent_audit_suppressed();
    for (int i = 0; i < 100; i++)
        smk_agent_audit("test", "flood", "x", 403);
    assert_true(smk_agent_audit_suppressed() - suppressed >= 60); /* two seconds' worth, at most, were said */
    assert_int_equal(smk_agent_stop(), 0);
    assert_non_null(strstr(lines, "trace saved to /tmp/"));
    assert_non_null(strstr(lines, "audit: test arm 20"));
    assert_non_null(strstr(lines, "a\\nb\\x1b[31m"));
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    assert_true(fread(text, 1, sizeof text - 1, f) > 0);
    fclose(f);
    assert_non_null(strstr(text, "trace saved to /tmp/"));
    snprintf(path, sizeof path, "%s/none/log", directory);
    options.log_file = path;
    assert_true(smk_agent_start(&options) < 0);
    assert_non_null(strstr(smk_last_error(), "log_file"));
}

static void note_signal(int number) { (void)number; smk_add_relaxed(&signals, 1); }

/* A line may be written by a thread of the program's: it is not to die of it. */
static void test_a_log_that_nobody_reads(void **state)
{
    (void)state;
    char path[100];
    smk_agent_options options = SMK_AGENT_OPTIONS;
    options.socket = "off";
    options.directory = directory;
    options.log_file = path;
    snprintf(path, sizeof path, "%s/pipe", directory);
    assert_int_equal(mkfifo(path, 0600), 0);
    int reader = open(path, O_RDONLY | O_NONBLOCK);
    assert_true(reader >= 0);
    signal(SIGPIPE, note_signal);
    assert_int_equal(smk_agent_start(&options), 0);
    close(reader);
    smk_agent_log("nobody reads this");
    assert_int_equal(smk_agent_stop(), 0);
    signal(SIGPIPE, SIG_DFL);
    assert_int_equal(smk_load_relaxed(&signals), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DIRECTORY(test_calls_from_many_threads),
        WITH_DIRECTORY(test_a_call_is_bounded),
        WITH_DIRECTORY(test_abandoned_exchanges_are_forgotten),
        WITH_DIRECTORY(test_the_mailbox_is_bounded),
        WITH_DIRECTORY(test_whoever_waits_is_told_of_the_end),
        WITH_DIRECTORY(test_nothing_is_armed_at_the_end),
        WITH_DIRECTORY(test_a_forks_child_may_start_its_own),
        WITH_DIRECTORY(test_starting_and_stopping_leaves_nothing),
        WITH_DIRECTORY(test_log_and_audit),
        WITH_DIRECTORY(test_a_log_that_nobody_reads),
    };
    return SMK_RUN(tests);
}
