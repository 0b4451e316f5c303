/* What a process of the family says of a rule, when it is somebody else's by now: figures that are none, texts without
 * an end, matches without number. It is never more than a cause, and the kernel says whose. */
#include "unit/smk_test.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include <signal.h>
#include <sys/wait.h>

#include "agent_test.h"
#include "core/notable.h"
#include "family.h"
#include "rule_family.h"

static struct smk_wire_matched good(void)
{
    struct smk_wire_matched said = {
        .number = 7, .value = 312000000, .request = 91, .tid = 4713, .status = 200, .count = 3, .running = 0};
    snprintf(said.what, sizeof said.what, "GET /slow");
    return said;
}

static void what_is_said_is_the_cause_of_that_process(void **state)
{
    struct smk_wire_matched said = good();
    struct smk_rule rule = {.on = SMK_RULE_REQUEST};
    struct smk_cause cause;
    char text[256];
    (void)state;
    assert_true(smk_rule_family_read(&said, 4711, 1000, &cause));
    assert_int_equal(cause.pid, 4711);
    assert_int_equal(cause.time_unix_ns, 1000); /* our own clock's */
    smk_cause_format(&rule, &cause, text, sizeof text);
    assert_string_equal(text, "GET /slow took 312 ms (process 4711, request 91, thread 4713, status 200)");
}

static void a_text_has_an_end(void **state)
{
    struct smk_wire_matched said = good();
    struct smk_cause cause;
    (void)state;
    memset(said.what, 'x', sizeof said.what);
    assert_false(smk_rule_family_read(&said, 1, 1, &cause));
    said.what[sizeof said.what - 1] = '\0'; /* longer than a route may be */
    assert_false(smk_rule_family_read(&said, 1, 1, &cause));
    said.what[SMK_RULE_ROUTE - 1] = '\0';
    assert_true(smk_rule_family_read(&said, 1, 1, &cause));
    assert_int_equal(strlen(cause.what), SMK_RULE_ROUTE - 1);
}

static void figures_have_bounds(void **state)
{
    static const uint32_t counts[] = {SMK_NOTABLES + 1, INT32_MAX, UINT32_MAX};
    struct smk_wire_matched said = good();
    struct smk_cause cause;
    (void)state;
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        said.count = counts[i];
        assert_false(smk_rule_family_read(&said, 1, 1, &cause));
    }
    said = good();
    said.count = 0; /* of those that were told before */
    assert_true(smk_rule_family_read(&said, 1, 1, &cause));
    said = good();
    said.running = 2;
    assert_false(smk_rule_family_read(&said, 1, 1, &cause));
    said = good();
    said.value = UINT64_MAX;
    said.status = UINT32_MAX;
    assert_true(smk_rule_family_read(&said, 1, 1, &cause));
    assert_int_equal(cause.value, INT64_MAX);
    assert_int_equal(cause.status, 0);
}

/* Whatever bytes come, what is taken can be written into the ledger as one line, and be read again. */
static void any_bytes_make_one_line(void **state)
{
    struct smk_wire_matched said;
    struct smk_rule rule = {.on = SMK_RULE_REQUEST};
    struct smk_ledger_entry entry, again;
    char line[4096];
    uint64_t seed = 1;
    unsigned taken = 0;
    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        for (size_t i = 0; i < sizeof said; i++) {
            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
            ((uint8_t *)&said)[i] = (uint8_t)(seed >> 56);
        }
        said.count = 1 + said.count % SMK_NOTABLES;
        said.running &= 1;
        entry = (struct smk_ledger_entry){.kind = SMK_LEDGER_FIRED, .time_unix_ns = 1, .pid = 1, .service = "nginx",
                                          .rule = "slow", .count = 1};
        if (!smk_rule_family_read(&said, 4711, 1, &entry.cause))
            continue;
        taken++;
        smk_cause_format(&rule, &entry.cause, entry.text, sizeof entry.text);
        size_t len = smk_ledger_format(&entry, line, sizeof line);
        assert_true(len < sizeof line);
        assert_ptr_equal(memchr(line, '\n', len), line + len - 1);
        assert_true(smk_ledger_parse(line, len - 1, &again));
        assert_int_equal(again.pid, 1);
        assert_string_equal(again.rule, "slow");
    }
    assert_true(taken > 1000);
}

/* ---- a process of the family that is hostile ------------------------------------------------------------------- */

static void set_rule(void *arg)
{
    static const char text[] = "when request > 1h then snapshot after 10ms cooldown 0s at most 1 per 1m";
    struct smk_rule_refusal refusal = {0};
    struct smk_rule_live *live;
    *(int *)arg = smk_rules_put("slow", text, strlen(text), false, &refusal, &live);
}

/* It is in the table as who it is, takes what the first sends, and then says what it likes. */
static void be_a_member(void (*says)(int fd, const struct smk_wire_message *rules))
{
    static struct smk_wire_message message;
    uint8_t name[SMK_FAMILY_NAME];
    int listener = smk_wire_listen(name), fd = -1;
    if (listener < 0 || !smk_family_enter(name))
        _exit(1);
    for (int rc = -EAGAIN; rc < 0; usleep(1000)) { /* who looks whether we live says nothing */
        if (fd < 0 || rc != -EAGAIN)
            fd = smk_wire_accept(listener);
        rc = fd < 0 ? -EAGAIN : smk_wire_receive(fd, &message);
    }
    says(fd, &message);
    for (;;)
        pause();
}

static void says_garbage(int fd, const struct smk_wire_message *rules)
{
    (void)rules;
    smk_wire_send(fd, SMK_WIRE_CHUNKS, "garbage", 7);
}

static void answers_twice(int fd, const struct smk_wire_message *rules)
{
    struct smk_wire_answer answer = {0};
    (void)rules;
    smk_wire_send(fd, SMK_WIRE_ANSWER, &answer, sizeof answer);
    smk_wire_send(fd, SMK_WIRE_ANSWER, &answer, sizeof answer);
}

/* Of the rule that it was told, and of those that are none, as often as there is room. */
static void says_it_all_the_time(int fd, const struct smk_wire_message *rules)
{
    struct smk_wire_matched said = good();
    struct smk_wire_answer answer = {0};
    smk_wire_send(fd, SMK_WIRE_ANSWER, &answer, sizeof answer);
    said.count = SMK_NOTABLES;
    for (uint64_t i = 0;; i++) {
        said.number = i % 2 ? i : strtoull(rules->is.rules.text, NULL, 10);
        if (smk_wire_send(fd, SMK_WIRE_MATCHED, &said, sizeof said) < 0)
            usleep(10000);
    }
}

static pid_t begin_family(void (*says)(int fd, const struct smk_wire_message *rules))
{
    int rc = -1;
    assert_int_equal(start_with(NULL), 0);
    pid_t child = fork();
    if (child == 0)
        be_a_member(says);
    assert_int_equal(smk_control_call(set_rule, &rc, UINT64_C(10000000000)), 0);
    assert_int_equal(rc, 0);
    return child;
}

static void end_family(pid_t child)
{
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

/* Until the rules as JSON have it; within ten seconds. */
static void await(const char *text)
{
    for (int i = 0; i < 500; i++) {
        char *body = fake_body("GET", "/debug/trace/rules?format=json", 200);
        bool there = strstr(body, text) != NULL;
        free(body);
        if (there)
            return;
        smk_sys_sleep(20000000);
    }
    char *body = fake_body("GET", "/debug/trace/rules?format=json", 200);
    fail_msg("'%s' does not come: %s", text, body);
}

static void who_says_what_is_not_understood_is_named(void **state)
{
    (void)state;
    pid_t child = begin_family(says_garbage);
    await("it said what is not understood");
    end_family(child);
}

static void who_answers_what_was_not_asked_is_named(void **state)
{
    (void)state;
    pid_t child = begin_family(answers_twice);
    await("it said what is not understood");
    end_family(child);
}

static void who_says_it_all_the_time_fires_within_the_limits(void **state)
{
    (void)state;
    pid_t child = begin_family(says_it_all_the_time);
    await("\"fired\":1,");
    await("\"window\":1"); /* and a thousand more */
    char *body = fake_body("GET", "/debug/trace/rules?format=json", 200);
    assert_non_null(strstr(body, "\"fired\":1,"));
    char process[32];
    snprintf(process, sizeof process, "\"process\":%d,", child);
    assert_non_null(strstr(body, process));
    free(body);
    end_family(child);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_said_is_the_cause_of_that_process),
        cmocka_unit_test(a_text_has_an_end),
        cmocka_unit_test(figures_have_bounds),
        cmocka_unit_test(any_bytes_make_one_line),
        cmocka_unit_test_setup_teardown(who_says_what_is_not_understood_is_named, empty_directory, remove_directory),
        cmocka_unit_test_setup_teardown(who_answers_what_was_not_asked_is_named, empty_directory, remove_directory),
        cmocka_unit_test_setup_teardown(who_says_it_all_the_time_fires_within_the_limits, empty_directory,
                                        remove_directory),
    };
    return SMK_RUN(tests);
}
