/* The agent beside a host that has less rights than the agent's threads, or a filter. What a thread gives up
 * it never gets back, so each is in a child of its own. */
#define _GNU_SOURCE
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "agent_test.h"

static void run_in_child(int (*run)(void))
{
    if (SMK_TSAN) /* it starts no thread in such a child */
        skip();
    int status = -1;
    pid_t child = fork();
    if (child == 0)
        _exit(run());
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
}

/* The fronts are closed a little after the answer. */
static bool fronts_close(const char *socket)
{
    for (int i = 0; i < 300; i++) {
        if (access(socket, F_OK) != 0)
            return true;
        smk_sys_sleep(10000000);
    }
    return false;
}

static int give_up_rights(void)
{
    char socket[100];
    smk_agent_options options = SMK_AGENT_OPTIONS;
    snprintf(socket, sizeof socket, "%s/agent.sock", directory);
    options.directory = directory;
    options.socket = socket;
    if (smk_agent_start(&options) != 0 || access(socket, F_OK) != 0)
        return 1;
    free(fake_body("GET", "/debug/trace?duration=10ms", 202));
    wait_until_done();
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) /* of this thread, and not of the agent's */
        return 2;
    fake_expect("GET", "/debug/trace", 403, "no_new_privs");
    fake_expect("GET", "/debug/trace/status", 200, "start the agent after that");
    if (!fronts_close(socket))
        return 3;
    if (smk_agent_capture(NULL, NULL) != SMK_E_PERMISSION)
        return 4;
    return smk_agent_stop() == 0 ? 0 : 5;
}

static void test_less_rights_close_the_fronts(void **state)
{
    (void)state;
    run_in_child(give_up_rights);
}

static bool forbid(unsigned call)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = SMK_ARRAY_LEN(code), .filter = code};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static int start_under_filter(void)
{
    if (!forbid(SYS_eventfd2))
        return 1;
    if (start_with(NULL) != SMK_E_UNAVAILABLE)
        return 2;
    return strstr(smk_last_error(), "eventfd2") ? 0 : 3;
}

static void test_a_filter_that_kills_is_found_out_before(void **state)
{
    (void)state;
    run_in_child(start_under_filter);
}

static int start_under_harmless_filter(void)
{
    if (!forbid(SYS_acct))
        return 1;
    if (start_with(NULL) != 0)
        return 2;
    free(fake_body("GET", "/debug/trace?duration=10ms", 202));
    return smk_agent_stop() == 0 ? 0 : 3;
}

static void test_a_filter_that_lets_us_work(void **state)
{
    (void)state;
    run_in_child(start_under_harmless_filter);
}

/* A directory that was found when the agent began, and is the former user's: said before anything is recorded. */
static int change_the_user(void)
{
    char socket[100];
    smk_agent_options options = SMK_AGENT_OPTIONS;
    snprintf(socket, sizeof socket, "%s/agent.sock", directory);
    options.directory = directory;
    options.socket = socket;
    if (smk_agent_start(&options) != 0)
        return 1;
    if (setuid(65534) != 0) /* of all threads, the agent's as well */
        return 2;
    fake_expect("GET", "/debug/trace?duration=10ms", 403, "user 65534, whom the program has now, may not write there");
    return smk_agent_stop() == 0 ? 0 : 3;
}

static void test_another_user_has_no_room(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    run_in_child(change_the_user);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_DIRECTORY(test_less_rights_close_the_fronts),
        WITH_DIRECTORY(test_another_user_has_no_room),
        WITH_DIRECTORY(test_a_filter_that_kills_is_found_out_before),
        WITH_DIRECTORY(test_a_filter_that_lets_us_work),
    };
    return SMK_RUN(tests);
}
