/* What is done where perf events are refused, in a fork's child, with many threads, and with little memory
 * that may be locked. */
#define _GNU_SOURCE
#include "unit/smk_test.h"

#include <dirent.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "source/perf_ring.h"
#include "unit/source/sched_test.h"

enum { BUSY = 4, MS = 1500, LATE_NS = 40000000, MANY = 500 };

/* ---- filters -------------------------------------------------------------------------------------------- */

static void set_filter(uint32_t answer)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_perf_event_open, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, answer),
    };
    struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        _exit(77);
}

/* Runs in a process of its own; 0: as it should be, else the line that it was not at. */
static void in_a_process(int (*run)(void))
{
    int status = 0;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(run());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

static bool close_enough(uint64_t ours, uint64_t kernels)
{
    uint64_t off = ours > kernels ? ours - kernels : kernels - ours;
    return off <= kernels / 10 + LATE_NS;
}

/* Threads that never wait: running and runnable come out all the same, from where the status says. */
static int busy_under_a_filter(void)
{
    struct busy busy[BUSY];
    struct smk_sched_status status;
    uint64_t ran, runnable;
    if (!kernel_counts((uint32_t)smk_sys_gettid(), &ran, &runnable))
        return 77;
    for (int i = 0; i < BUSY; i++)
        busy_begin(&busy[i], first_cpu());
    look_begins(SMK_CAT_SCHED | SMK_CAT_CPU);
    for (int i = 0; i < BUSY; i++)
        kernel_begin(&busy[i]);
    look_for(SMK_CAT_SCHED | SMK_CAT_CPU, MS);
    for (int i = 0; i < BUSY; i++)
        kernel_end(&busy[i]);
    look_ends(SMK_CAT_SCHED | SMK_CAT_CPU);
    smk_sched_status(&status);
    if (strcmp(status.source, "schedstat") != 0 || !strstr(status.why, "filter") ||
        !strstr(status.samples, "none: perf_event_open: forbidden by a system-call filter"))
        return 2;
    for (int i = 0; i < BUSY; i++) {
        busy_end(&busy[i]);
        if (!close_enough(sum_ns(busy[i].tid, SUM_RAN), busy[i].cpu))
            return 3;
        if (!close_enough(sum_ns(busy[i].tid, SUM_RUNNABLE), busy[i].runnable))
            return 4;
    }
    return count_events(0, SMK_EV_OFF_CPU) == 0 ? 0 : 5;
}

static int under_an_error(void)
{
    set_filter(SECCOMP_RET_ERRNO | EPERM);
    return busy_under_a_filter();
}

static int under_a_kill(void)
{
    set_filter(SECCOMP_RET_KILL_PROCESS);
    return busy_under_a_filter();
}

static void test_a_filter_that_answers_eperm(void **state)
{
    (void)state;
    in_a_process(under_an_error);
}

static void test_a_filter_that_kills(void **state)
{
    (void)state;
    in_a_process(under_a_kill);
}

/* The host sets it in the middle of a capture; a thread that begins later would be the first to be opened. */
static int killed_later(void)
{
    struct busy busy;
    look_begins(SMK_CAT_SCHED | SMK_CAT_CPU);
    smk_probe_filter_set(); /* as the wrapper of prctl does */
    set_filter(SECCOMP_RET_KILL_PROCESS);
    busy_begin(&busy, -1);
    for (int i = 0; i < 40 && sum_ns(busy.tid, SUM_RAN) == 0; i++) /* others may have the CPU for long */
        look_for(SMK_CAT_SCHED | SMK_CAT_CPU, 250);
    look_ends(SMK_CAT_SCHED | SMK_CAT_CPU);
    busy_end(&busy);
    return sum_ns(busy.tid, SUM_RAN) > 0 ? 0 : 1;
}

static void test_a_filter_that_comes_later(void **state)
{
    (void)state;
    in_a_process(killed_later);
}

/* ---- fork ----------------------------------------------------------------------------------------------- */

static int after_fork(void)
{
    struct smk_sched_status status;
    const struct smk_piece *pieces;
    smk_sched_status(&status);
    if (status.threads != 0 || smk_sched_collect(&(struct smk_collecting){0}, &pieces) != 0 ||
        smk_sched_tick() != UINT64_MAX)
        return 1;
    look_begins(SMK_CAT_SCHED | SMK_CAT_CPU); /* its own, from the beginning */
    look_for(SMK_CAT_SCHED | SMK_CAT_CPU, 120);
    smk_sched_status(&status);
    look_ends(SMK_CAT_SCHED | SMK_CAT_CPU);
    return status.threads == 1 + SMK_TSAN ? 0 : 2; /* TSan starts one of its own */
}

/* The rings are not in the child's memory: it must not touch them. */
static void test_a_childs_rings(void **state)
{
    struct smk_sched_status status;
    (void)state;
    look_begins(SMK_CAT_SCHED | SMK_CAT_CPU);
    smk_sched_status(&status);
    assert_true(status.threads >= 1);
    in_a_process(after_fork);
    look_for(SMK_CAT_SCHED | SMK_CAT_CPU, 120); /* the parent goes on */
    look_ends(SMK_CAT_SCHED | SMK_CAT_CPU);
    assert_true(count_events((uint32_t)smk_sys_gettid(), SMK_EV_CPU_TIME) > 0);
}

/* ---- many threads --------------------------------------------------------------------------------------- */

static uint32_t many_stop; /* atomic, futex */

static void *many_main(void *arg)
{
    while (!smk_load_acquire(&many_stop))
        smk_sys_futex_wait(&many_stop, 0, UINT64_MAX);
    return arg;
}

static unsigned open_descriptors(void)
{
    unsigned count = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (readdir(dir))
        count++;
    closedir(dir);
    return count;
}

static uint64_t pinned_kb(void)
{
    char text[8192];
    smk_sys_slurp("/proc/self/status", text, sizeof text);
    const char *at = strstr(text, "\nVmPin:");
    return at ? strtoull(at + 7, NULL, 10) : 0;
}

/* No descriptor stays, the memory is bounded, and all of it comes back. */
static void test_five_hundred_threads(void **state)
{
    pthread_t threads[MANY];
    pthread_attr_t attr;
    struct smk_sched_status status;
    unsigned before = open_descriptors();
    (void)state;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, 65536);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(pthread_create(&threads[i], &attr, many_main, NULL), 0);
    look_begins(SMK_CAT_SCHED | SMK_CAT_CPU);
    look_for(SMK_CAT_SCHED | SMK_CAT_CPU, 300);
    smk_sched_status(&status);
    assert_true(status.threads > MANY);
    assert_int_equal(open_descriptors(), before);
    assert_true(pinned_kb() < 16384);
    assert_int_equal(status.lost, 0);
    look_ends(SMK_CAT_SCHED | SMK_CAT_CPU);
    smk_store_release(&many_stop, 1); /* pairs with: many_main */
    smk_sys_futex_wake(&many_stop, INT32_MAX);
    for (int i = 0; i < MANY; i++)
        pthread_join(threads[i], NULL);
    assert_true(count_events(0, SMK_EV_SCHED_SOURCE) > MANY);
    assert_int_equal(open_descriptors(), before);
    assert_int_equal(pinned_kb(), 0);
    pthread_attr_destroy(&attr);
}

/* ---- little memory -------------------------------------------------------------------------------------- */

static int little_memory(void)
{
    const struct perf_event_attr attr = {.type = PERF_TYPE_SOFTWARE, .size = sizeof attr,
                                         .config = PERF_COUNT_SW_DUMMY, .sample_type = PERF_SAMPLE_TIME,
                                         .exclude_kernel = 1, .exclude_hv = 1, .sample_id_all = 1,
                                         .context_switch = 1, .use_clockid = 1, .clockid = CLOCK_MONOTONIC};
    struct rlimit none = {0, 0};
    struct smk_perf_ring rings[16] = {{0}};
    bool mapping = false;
    uint32_t least = UINT32_MAX;
    int rc = 0, opened = 0;
    if (setrlimit(RLIMIT_MEMLOCK, &none) < 0 || (getuid() == 0 && setresuid(65534, 65534, 65534) < 0))
        return 77;
    for (; opened < 16; opened++) {
        rc = smk_perf_ring_open(&rings[opened], &attr, 0, 9, 1, &mapping); /* 2 MiB, of 0.5 a CPU */
        if (rc < 0)
            break;
        least = rings[opened].data_bytes < least ? rings[opened].data_bytes : least;
    }
    if (rc < 0 && !mapping)
        return 77; /* not allowed here at all */
    if (opened == 0 || least >= 4096u << 9)
        return 1;
    if (rc < 0 && !strstr(smk_perf_refusal(rc, mapping, false), "locked memory"))
        return 2;
    while (opened > 0)
        smk_perf_ring_close(&rings[--opened]);
    return 0;
}

static void test_refused_memory_is_halved(void **state)
{
    (void)state;
    in_a_process(little_memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_filter_that_answers_eperm), cmocka_unit_test(test_a_filter_that_kills),
        cmocka_unit_test(test_a_filter_that_comes_later),   cmocka_unit_test(test_a_childs_rings),
        cmocka_unit_test(test_five_hundred_threads),        cmocka_unit_test(test_refused_memory_is_halved),
    };
    if (smk_core_init(NULL) < 0)
        return 1;
    return SMK_RUN(tests);
}
