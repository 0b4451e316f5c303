/* A signal as a rule's condition: only where the operator allows it and the program does not use it, and given back. */
#include "agent_test.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "control.h"
#include "rule_signal.h"
#include "rules.h"

static int rc;
static char why[SMK_RULE_WHY];

static void set_all(void *text)
{
    struct smk_rule_refusal refusal = {0};
    rc = smk_rules_replace(text, strlen(text), false, &refusal);
    snprintf(why, sizeof why, "%s", rc < 0 ? smk_last_error() : "");
}

static int set(char *text)
{
    assert_int_equal(smk_control_call(set_all, text, UINT64_C(5000000000)), 0);
    return rc;
}

struct asked {
    uint64_t matched;
    bool broken;
};

static void look(void *arg)
{
    struct asked *asked = arg;
    for (int i = 0; i < 10; i++) /* a signal's handler is asked for once in ten looks */
        smk_rules_look();
    *asked = (struct asked){smk_rules_first()->matched, smk_rules_first()->broken};
}

static struct asked ask(void)
{
    struct asked asked;
    assert_int_equal(smk_control_call(look, &asked, UINT64_C(5000000000)), 0);
    return asked;
}

static bool is_default(int number)
{
    struct sigaction now;
    assert_int_equal(sigaction(number, NULL, &now), 0);
    return now.sa_handler == SIG_DFL;
}

static const struct smk_agent_setting allowed[] = {{"allow_signals", "on"}, {NULL, NULL}};

static void names(void **state)
{
    static const struct {
        const char *name;
        int number;
    } cases[] = {{"SIGUSR1", SIGUSR1}, {"SIGUSR2", SIGUSR2}, {"SIGURG", SIGURG}, {"SIGWINCH", SIGWINCH},
                 {"SIGRTMIN+0", 34}, {"SIGRTMIN+30", 64}, {"SIGRTMIN+31", 0}, {"SIGRTMIN+", 0}, {"SIGRTMIN+1x", 0},
                 {"SIGRTMIN+100", 0}, {"SIGRTMIN", 0}, {"SIGSEGV", 0}, {"SIGCHLD", 0}, {"SIGPIPE", 0}, {"USR2", 0},
                 {"12", 0}, {"", 0}};
    (void)state;
    for (size_t i = 0; i < SMK_ARRAY_LEN(cases); i++)
        assert_int_equal(smk_rule_signal_number(cases[i].name, strlen(cases[i].name)), cases[i].number);
}

static void not_unless_it_is_allowed(void **state)
{
    (void)state;
    assert_int_equal(start_with(NULL), 0);
    assert_int_equal(set("when signal SIGUSR2"), SMK_E_PERMISSION);
    assert_true(is_default(SIGUSR2));
}

static void each_is_counted_and_it_goes_back(void **state)
{
    (void)state;
    assert_int_equal(start_with(allowed), 0);
    assert_int_equal(set("when signal SIGUSR2 skip 99.99%\nother: when signal SIGURG"), 0);
    assert_false(is_default(SIGUSR2));
    errno = 4711;
    for (int i = 0; i < 3; i++)
        raise(SIGUSR2);
    assert_int_equal(errno, 4711);
    assert_int_equal(ask().matched, 3);
    assert_int_equal(set("when signal SIGUSR2 skip 99.99%"), 0); /* the other one goes */
    assert_true(is_default(SIGURG));
    raise(SIGUSR2);
    assert_int_equal(ask().matched, 1);
    pid_t child = fork();
    if (child == 0)
        _exit(is_default(SIGUSR2) ? 0 : 1);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    smk_agent_stop();
    assert_true(is_default(SIGUSR2));
}

static void handler(int number) { (void)number; }

static void what_the_program_uses_is_its_own(void **state)
{
    sigset_t one, before;
    (void)state;
    assert_int_equal(start_with(allowed), 0);
    signal(SIGUSR1, handler);
    assert_int_equal(set("when signal SIGUSR1"), SMK_E_UNAVAILABLE);
    assert_non_null(strstr(why, "has a handler"));
    signal(SIGUSR1, SIG_IGN);
    assert_int_equal(set("when signal SIGUSR1"), SMK_E_UNAVAILABLE);
    assert_non_null(strstr(why, "ignores"));
    signal(SIGUSR1, SIG_DFL);
    sigemptyset(&one);
    sigaddset(&one, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &one, &before);
    assert_int_equal(set("when signal SIGUSR1"), SMK_E_UNAVAILABLE);
    assert_non_null(strstr(why, "blocks"));
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    assert_true(is_default(SIGUSR1));
    assert_int_equal(set("when signal SIGUSR1"), 0);
    signal(SIGUSR1, handler);
    assert_true(ask().broken);
    assert_int_equal(set(""), 0);
    struct sigaction now;
    assert_int_equal(sigaction(SIGUSR1, NULL, &now), 0);
    assert_ptr_equal(now.sa_handler, handler);
    signal(SIGUSR1, SIG_DFL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        WITH_DIRECTORY(not_unless_it_is_allowed),
        WITH_DIRECTORY(each_is_counted_and_it_goes_back),
        WITH_DIRECTORY(what_the_program_uses_is_its_own),
    };
    return SMK_RUN(tests);
}
