#define _GNU_SOURCE
#include "unit/smk_test.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sys.h"

static const struct smk_sys_call calls[] = {
    {"getppid", SYS_getppid, {0}},
    {"uname", SYS_uname, {0}},
    {"sysinfo", SYS_sysinfo, {0}},
    {"no such call", 100000, {0}},
};

enum { CALLS = sizeof calls / sizeof calls[0] };

/* Ends this process at the first and the third, and at `more` where it is not 0. */
static void set_filter(unsigned more)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sysinfo, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, more ? more : SYS_sysinfo, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        _exit(77);
}

static volatile sig_atomic_t told;

static void child_ended(int signal) { told = signal; }

/* 0: as it should be. */
static int try_under_a_filter(unsigned more, int expected_rc, uint64_t expected)
{
    uint64_t refused = 99;
    signal(SIGCHLD, child_ended);
    set_filter(more);
    int rc = smk_sys_try(calls, CALLS, &refused);
    if (rc != expected_rc || (rc == 0 && refused != expected) || told)
        return 1;
    errno = 0;
    return waitpid(-1, NULL, 0) == -1 && errno == ECHILD ? 0 : 2; /* the host sees no child */
}

static int in_a_process(unsigned more, int expected_rc, uint64_t expected)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0)
        _exit(try_under_a_filter(more, expected_rc, expected));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void test_no_filter_refuses_nothing(void **state)
{
    uint64_t refused = 99;
    (void)state;
    assert_int_equal(smk_sys_try(calls, CALLS, &refused), 0);
    assert_int_equal(refused, 0);
}

static void test_what_ends_a_process_is_found(void **state)
{
    (void)state;
    int status = in_a_process(0, 0, 1 | 4);
    if (status == 77)
        skip();
    assert_int_equal(status, 0);
}

/* Where the child cannot be waited for, waiting is not tried here either. */
static void test_no_wait_no_knowledge(void **state)
{
    (void)state;
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        uint64_t refused;
        set_filter(SYS_wait4);
        _exit(smk_sys_try(calls, CALLS, &refused) == -EPERM ? 0 : 1);
    }
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_filter_refuses_nothing),
        cmocka_unit_test(test_what_ends_a_process_is_found),
        cmocka_unit_test(test_no_wait_no_knowledge),
    };
    return SMK_RUN(tests);
}
