/* Stacks that are none, code that nothing is known of, signals at the worst moments: a wrong stack or
 * none at all, but never a fault, and nothing of the host's touched. */
#define _GNU_SOURCE
#include "unit/smk_test.h"

#include <dlfcn.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/atomic.h"
#include "source/modules.h"
#include "source/probe.h"
#include "unit/source/stack_test.h"

static volatile int sink;
static uint64_t seed = 88172645463325252u;

/* xorshift64 (Marsaglia 2003): the same numbers each time. */
static uint64_t any(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    return seed ^= seed << 17;
}

static SMK_NOINLINE uint32_t take_here(void) { return STACK_OF_CALLER(); }

/* A word as it may stand on a stack: an address of code, of the stack, nothing in particular. */
static uint64_t any_word(const uint64_t *stack, size_t words)
{
    static const uintptr_t code[] = {(uintptr_t)any, (uintptr_t)take_here, (uintptr_t)qsort, (uintptr_t)malloc,
                                     (uintptr_t)printf, (uintptr_t)pthread_create};
    switch (any() % 8) {
    case 0:
        return any();
    case 1:
        return any() % 4096;
    case 2:
        return any() | UINT64_C(0xffff) << 48;
    case 3:
    case 4:
        return (uint64_t)&stack[any() % words] + (any() % 16 == 0 ? any() % 8 : 0);
    default:
        return code[any() % SMK_ARRAY_LEN(code)] + any() % 256;
    }
}

static void test_registers_of_no_sense(void **state)
{
    (void)state;
    uint64_t stack[64] = {0};
    for (int i = 0; i < 20000; i++) {
        uint64_t pc = any_word(stack, 64), sp = any_word(stack, 64), fp = any_word(stack, 64);
        smk_stack_here(pc, sp, fp);
        smk_stack_of_blocked(pc, sp, fp);
    }
    assert_int_equal(smk_stack_here(0, (uint64_t)stack, 0), 0);
}

static void test_stacks_of_no_sense(void **state)
{
    (void)state;
    static uint64_t elsewhere[512];
    uint64_t here[512];
    for (int round = 0; round < 20000; round++) {
        for (int i = 0; i < 8; i++) {
            here[any() % 512] = any_word(here, 512);
            elsewhere[any() % 512] = any_word(elsewhere, 512);
        }
        smk_stack_here(any_word(here, 512), (uint64_t)here, (uint64_t)&here[any() % 512]);
        smk_stack_here(any_word(elsewhere, 512), (uint64_t)elsewhere, (uint64_t)&elsewhere[any() % 512]);
        smk_stack_of_blocked(any_word(here, 512), (uint64_t)here, (uint64_t)&here[any() % 512]);
    }
}

static void test_stack_that_ends_in_nothing(void **state)
{
    (void)state;
    char *pages = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(pages + 2 * 4096, 4096);
    uint64_t *stack = (uint64_t *)pages;
    for (int round = 0; round < 2000; round++) {
        for (int i = 0; i < 1024; i++)
            stack[i] = any_word(stack, 1024);
        uint64_t *sp = &stack[1024 - any() % 32];
        smk_stack_here(any_word(stack, 1024), (uint64_t)sp, (uint64_t)(sp + any() % 4));
        smk_stack_of_blocked(any_word(stack, 1024), (uint64_t)sp, (uint64_t)(sp + any() % 4));
    }
    munmap(pages, 2 * 4096);
}

int main(void);

/* ---- code that nothing is known of ------------------------------------------------------------------------------ */

typedef void (*call_fn)(void (*call)(void));

/* push rbp; mov rbp, rsp; call rdi; pop rbp; ret */
static const uint8_t with_frame_pointer[] = {0x55, 0x48, 0x89, 0xe5, 0xff, 0xd7, 0x5d, 0xc3};
/* push rbx; call rdi; pop rbx; ret, where rbx is anything */
static const uint8_t without[] = {0x53, 0xff, 0xd7, 0x5b, 0xc3};

static call_fn make_code(const uint8_t *bytes, size_t len)
{
    uint8_t *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memcpy(code, bytes, len);
    return (call_fn)(uintptr_t)code;
}

static uint64_t found[STACK_MAX];
static uint32_t found_depth;

static SMK_NOINLINE void take(void) { found_depth = stack_get(STACK_OF_CALLER(), found); }
static void call_take(void)
{
    take();
    sink = 1;
}

static bool has_address_in(uint64_t start, uint64_t len)
{
    for (uint32_t i = 0; i < found_depth; i++)
        if (found[i] >= start && found[i] < start + len)
            return true;
    return false;
}

static void test_code_made_at_run_time(void **state)
{
    (void)state;
    call_fn code = make_code(with_frame_pointer, sizeof with_frame_pointer);
    smk_modules_refresh();
    code(call_take);
    assert_true(has_address_in((uint64_t)(uintptr_t)code, 4096));
    assert_true(has_address_in((uint64_t)(uintptr_t)main, 4096)); /* and on to the end */
    munmap((void *)(uintptr_t)code, 4096);
    code = make_code(without, sizeof without);
    smk_modules_refresh();
    code(call_take);
    assert_true(found_depth >= 2); /* up to that code at least */
    assert_true(has_address_in((uint64_t)(uintptr_t)code, 4096));
    munmap((void *)(uintptr_t)code, 4096);
}

/* libunwind 1.6.2 wrote into whatever had the number of its pipe. In a child: it closes everything. */
static int child_that_reuses_descriptors(void)
{
    int pair[2];
    int numbers[64][2];
    char byte;
    call_fn code = make_code(without, sizeof without);
    smk_modules_refresh();
    code(call_take);
    for (int fd = 3; fd < 1024; fd++)
        close(fd);
    for (int i = 0; i < 64; i++) {
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) < 0)
            return 1;
        numbers[i][0] = pair[0];
        numbers[i][1] = pair[1];
    }
    for (int i = 0; i < 1000; i++) {
        code(call_take);
        smk_stack_here(found[0], any(), any());
    }
    smk_stack_prepare();
    for (int i = 0; i < 64; i++)
        for (int k = 0; k < 2; k++)
            if (read(numbers[i][k], &byte, 1) != -1 || errno != EAGAIN)
                return 2;
    return found_depth >= 2 ? 0 : 3;
}

static void test_descriptors_of_the_host(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        smk_stack_reset_in_child();
        smk_stack_prepare();
        _exit(child_that_reuses_descriptors());
    }
    int status = -1;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
}

/* ---- a filter of system calls ------------------------------------------------------------------------------------ */

/* Ends the process at process_vm_readv, as a service's own filter may. */
static bool add_filter(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_process_vm_readv, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = SMK_ARRAY_LEN(code), .filter = code};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static int child_with_filter(void)
{
    static uint64_t elsewhere[64];
    uint64_t pcs[STACK_MAX];
    if (!add_filter())
        return 1;
    smk_stack_reset_in_child();
    if (smk_probe_calls() || !smk_probe_refused())
        return 5;
    smk_stack_prepare();
    void *lib = dlopen("libresolv.so.2", RTLD_NOW); /* a module whose table is made from here on */
    struct smk_modules_stats stats;
    smk_modules_refresh();
    smk_modules_stats(&stats);
    if (!lib || stats.without > 0)
        return 2;
    if (stack_get(take_here(), pcs) < 4)
        return 3;
    uint64_t *frame = __builtin_frame_address(0);
    uint64_t pc = (uint64_t)__builtin_return_address(0);
    if (stack_get(smk_stack_of_blocked(pc, (uint64_t)(frame + 2), frame[0]), pcs) < 3)
        return 4;
    smk_stack_here(pc, (uint64_t)elsewhere, 0); /* a stack that has to be copied */
    return 0;
}

static void test_filter_of_system_calls(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0)
        _exit(child_with_filter());
    int status = -1;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
}

/* ---- a first thread that ends before the others ------------------------------------------------------------------ */

static void *outlive(void *arg)
{
    struct smk_modules_stats stats;
    uint64_t pcs[STACK_MAX];
    pthread_join(*(pthread_t *)arg, NULL);
    void *lib = dlopen("libresolv.so.2", RTLD_NOW);
    smk_modules_stats(&stats);
    uint64_t before = stats.changes;
    smk_stack_prepare();
    smk_modules_stats(&stats);
    uint64_t *frame = __builtin_frame_address(0);
    uint64_t pc = (uint64_t)__builtin_return_address(0);
    if (!lib || stats.changes == before || stats.without > 0)
        _exit(1);
    if (stack_get(smk_stack_of_blocked(pc, (uint64_t)(frame + 2), frame[0]), pcs) < 2)
        _exit(2);
    _exit(stack_get(take_here(), pcs) >= 2 ? 0 : 3);
}

static void test_first_thread_that_ends(void **state)
{
    (void)state;
    if (SMK_TSAN) /* it cannot join the first thread */
        skip();
    pid_t child = fork();
    if (child == 0) {
        static pthread_t first;
        pthread_t other;
        first = pthread_self();
        smk_stack_reset_in_child();
        if (pthread_create(&other, NULL, outlive, &first) != 0)
            _exit(4);
        pthread_exit(NULL);
    }
    int status = -1;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
}

/* ---- deep and growing stacks ------------------------------------------------------------------------------------ */

static SMK_NOINLINE int deep(int n, int *taken)
{
    volatile char room[1000];
    room[n % 1000] = (char)n;
    if (n % 50 == 0)
        *taken += take_here() != 0;
    if (n > 0)
        sink = deep(n - 1, taken) + room[n % 1000];
    return sink;
}

static void *deep_main(void *arg)
{
    deep(3000, arg);
    return arg;
}

static void test_deep_recursion(void **state)
{
    (void)state;
    int taken = 0;
    deep(3000, &taken); /* 3 MB; the first thread's stack grows as it is used */
    assert_int_equal(taken, 61);
    pthread_t thread;
    taken = 0;
    assert_int_equal(pthread_create(&thread, NULL, deep_main, &taken), 0);
    pthread_join(thread, NULL);
    assert_int_equal(taken, 61);
}

/* ---- a storm of signals ----------------------------------------------------------------------------------------- */

#define WORKERS    3
#define STORM_NS   UINT64_C(1000000000)
#define SIGNAL_GAP 100000 /* ns */

static struct {
    pthread_t workers[WORKERS];
    uint32_t stop;                   /* atomic */
    uint64_t taken, empty, refreshed; /* atomic */
} storm;

static SMK_NOINLINE void on_signal(int signo)
{
    (void)signo;
    int before = errno;
    uint32_t id = take_here();
    smk_add_relaxed(id ? &storm.taken : &storm.empty, 1);
    errno = before;
}

static int compare_bytes(const void *a, const void *b) { return *(const char *)a - *(const char *)b; }

static void *work(void *arg)
{
    for (size_t i = 0; !smk_load_relaxed(&storm.stop); i++) {
        /* A thread sanitizer does not see the loader's own lock. */
        void *lib = SMK_TSAN ? NULL : dlopen("libutil.so.1", RTLD_NOW);
        char *memory = malloc(64 + i % 1000);
        memset(memory, 'x', 64);
        qsort(memory, 64, 1, compare_bytes);
        free(memory);
        if (lib)
            dlclose(lib);
    }
    return arg;
}

static void *refresh(void *arg)
{
    while (!smk_load_relaxed(&storm.stop)) {
        smk_modules_refresh();
        smk_add_relaxed(&storm.refreshed, 1);
        usleep(200);
    }
    return arg;
}

static uint64_t now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static void test_signal_storm(void **state)
{
    (void)state;
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    struct timespec gap = {.tv_nsec = SIGNAL_GAP};
    pthread_t refresher;
    sigaction(SIGUSR1, &action, NULL);
    for (int i = 0; i < WORKERS; i++)
        assert_int_equal(pthread_create(&storm.workers[i], NULL, work, NULL), 0);
    assert_int_equal(pthread_create(&refresher, NULL, refresh, NULL), 0);
    for (uint64_t end = now() + STORM_NS; now() < end; nanosleep(&gap, NULL))
        for (int i = 0; i < WORKERS; i++)
            pthread_kill(storm.workers[i], SIGUSR1);
    smk_store_relaxed(&storm.stop, 1);
    for (int i = 0; i < WORKERS; i++)
        pthread_join(storm.workers[i], NULL);
    pthread_join(refresher, NULL);
    print_message("%llu stacks, %llu without one, %llu maps\n", (unsigned long long)storm.taken,
                  (unsigned long long)storm.empty, (unsigned long long)storm.refreshed);
    assert_true(storm.taken > 100);
    assert_int_equal(storm.empty, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_registers_of_no_sense),
        cmocka_unit_test(test_stacks_of_no_sense),
        cmocka_unit_test(test_stack_that_ends_in_nothing),
        cmocka_unit_test(test_code_made_at_run_time),
        cmocka_unit_test(test_descriptors_of_the_host),
        cmocka_unit_test(test_filter_of_system_calls),
        cmocka_unit_test(test_first_thread_that_ends),
        cmocka_unit_test(test_deep_recursion),
        cmocka_unit_test(test_signal_storm),
    };
    smk_core_init(NULL);
    smk_stack_prepare();
    return SMK_RUN(tests);
}
