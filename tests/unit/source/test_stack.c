/* Real stacks of this process, beside what libc's unwinder says of them. */
#define _GNU_SOURCE
#include "unit/smk_test.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "base/atomic.h"
#include "core/stats.h"
#include "unit/source/stack_test.h"

static volatile int sink;
static int last_depth;

static SMK_NOINLINE void check_here(void)
{
    void *theirs[STACK_MAX];
    uint32_t id = STACK_OF_CALLER();
    int count = backtrace(theirs, STACK_MAX);
    last_depth = stack_compare(id, theirs, count);
}

/* ---- shapes of stacks ------------------------------------------------------------------------------------------ */

static SMK_NOINLINE int descend(int n)
{
    if (n == 0)
        check_here();
    else
        sink = descend(n - 1) + 1;
    return sink;
}

static void test_recursion(void **state)
{
    (void)state;
    descend(0);
    int shallow = last_depth;
    assert_true(shallow > 3);
    descend(30);
    assert_int_equal(last_depth, shallow + 30);
}

static int compare_numbers(const void *a, const void *b)
{
    check_here();
    return *(const int *)a - *(const int *)b;
}

static void test_through_libc(void **state)
{
    (void)state;
    int numbers[] = {3, 1, 2};
    last_depth = 0;
    qsort(numbers, 3, sizeof *numbers, compare_numbers);
    assert_true(last_depth > 4); /* libc has no frame pointers: two frames of it are between */
    int key = 2;
    assert_non_null(bsearch(&key, numbers, 3, sizeof *numbers, compare_numbers));
    assert_true(last_depth > 3);
}

/* A frame that moves with what it allocates, and one larger than a plain rule can say. */
static SMK_NOINLINE void with_large_frame(int n)
{
    volatile char large[40000];
    volatile char *moving = __builtin_alloca((size_t)n);
    large[n] = moving[0] = 1;
    check_here();
    sink = large[n] + moving[0];
}

static SMK_NOINLINE void with_aligned_frame(int n)
{
    volatile char aligned[256] __attribute__((aligned(128)));
    volatile char *moving = __builtin_alloca((size_t)n);
    aligned[n % 256] = moving[0] = 1;
    check_here();
    sink = aligned[0] + moving[0];
}

static void test_odd_frames(void **state)
{
    (void)state;
    with_large_frame(300);
    assert_true(last_depth > 3);
    with_aligned_frame(300);
    assert_true(last_depth > 3);
}

static void *thread_main(void *arg)
{
    descend(*(int *)arg);
    return NULL;
}

static void test_thread(void **state)
{
    (void)state;
    pthread_t thread;
    int depth = 5;
    last_depth = 0;
    assert_int_equal(pthread_create(&thread, NULL, thread_main, &depth), 0);
    pthread_join(thread, NULL);
    assert_in_range(last_depth, 8, 12); /* 6, thread_main, start_thread, clone */
}

static void test_depth_is_bounded(void **state)
{
    (void)state;
    uint64_t cut = smk_stats.stacks_cut;
    descend(100);
    assert_int_equal(last_depth, SMK_STACK_DEPTH);
    assert_int_equal(smk_stats.stacks_cut, cut + 1);
}

static SMK_NOINLINE uint32_t take_here(void) { return STACK_OF_CALLER(); }

static void test_same_stack_same_number(void **state)
{
    (void)state;
    uint32_t ids[2];
    for (volatile int i = 0; i < 2; i++) /* one call, not two */
        ids[i] = take_here();
    assert_int_not_equal(ids[0], 0);
    assert_int_equal(ids[0], ids[1]);
    uint64_t pcs[STACK_MAX];
    uint32_t other = take_here();
    assert_true(stack_get(other, pcs) > 2);
    assert_int_not_equal(ids[0], other);
}

/* ---- signals --------------------------------------------------------------------------------------------------- */

static volatile int depth_in_handler; /* raise() is declared as a function that changes nothing here */

static void on_signal(int signo)
{
    (void)signo;
    check_here();
    depth_in_handler = last_depth;
}

static void test_signal_frame(void **state)
{
    (void)state;
    struct sigaction action = {.sa_handler = on_signal};
    struct sigaction before;
    sigaction(SIGUSR1, &action, &before);
    depth_in_handler = 0;
    raise(SIGUSR1);
    assert_true(depth_in_handler > 6); /* the restorer, three frames of raise, this one, main … */
    sigaction(SIGUSR1, &before, NULL);
}

/* The stack of a handler that runs elsewhere goes on with what it interrupted. */
static void test_signal_on_its_own_stack(void **state)
{
    (void)state;
    static char memory[65536];
    stack_t alternate = {.ss_sp = memory, .ss_size = sizeof memory};
    stack_t none = {.ss_flags = SS_DISABLE};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};
    struct sigaction before;
    sigaltstack(&alternate, NULL);
    sigaction(SIGUSR1, &action, &before);
    depth_in_handler = 0;
    raise(SIGUSR1);
    assert_true(depth_in_handler > 6);
    sigaction(SIGUSR1, &before, NULL);
    sigaltstack(&none, NULL);
}

/* Interrupted anywhere: in the first and last instructions of functions too, where only the tables know
 * what the stack looks like. libc's own routines are what is interrupted most. */
static struct {
    pthread_t worker;
    uint32_t stop;             /* atomic */
    uint32_t same, other, deepest; /* of the worker */
} anywhere;

static void on_signal_anywhere(int signo)
{
    void *theirs[STACK_MAX];
    (void)signo;
    uint32_t id = STACK_OF_CALLER();
    int depth = stack_compare(id, theirs, backtrace(theirs, STACK_MAX));
    if (depth < 0)
        anywhere.other++;
    else
        anywhere.same++;
    if (depth > (int)anywhere.deepest)
        anywhere.deepest = (uint32_t)depth;
}

static int compare_texts(const void *a, const void *b) { return strcmp(a, b); }

static void *work(void *arg)
{
    char texts[64][32];
    while (!smk_load_relaxed(&anywhere.stop)) {
        for (int i = 0; i < 64; i++)
            snprintf(texts[i], sizeof texts[i], "%d %g", (i * 37) % 64, i / 7.0);
        qsort(texts, 64, sizeof texts[0], compare_texts);
        for (int i = 0; i < 64; i++)
            sink += (int)strtod(strchr(texts[i], ' '), NULL);
    }
    return arg;
}

static void test_interrupted_anywhere(void **state)
{
    (void)state;
    struct sigaction action = {.sa_handler = on_signal_anywhere};
    struct sigaction before;
    struct timespec gap = {.tv_nsec = 100000};
    sigaction(SIGUSR1, &action, &before);
    assert_int_equal(pthread_create(&anywhere.worker, NULL, work, NULL), 0);
    for (int i = 0; i < 3000; i++) {
        pthread_kill(anywhere.worker, SIGUSR1);
        nanosleep(&gap, NULL);
    }
    smk_store_relaxed(&anywhere.stop, 1);
    pthread_join(anywhere.worker, NULL);
    sigaction(SIGUSR1, &before, NULL);
    print_message("%u the same, %u not, deepest %u\n", anywhere.same, anywhere.other, anywhere.deepest);
    assert_true(anywhere.same > 100);
    /* The lazy binder of ld.so is the one place known that ours does not follow. */
    assert_true(anywhere.other * 100 <= anywhere.same);
    assert_true(SMK_TSAN || anywhere.deepest > 6); /* that one runs handlers where it likes */
}

/* ---- other stacks ---------------------------------------------------------------------------------------------- */

static ucontext_t outside, inside;
static uint32_t inside_depth;

static SMK_NOINLINE void take_inside(void)
{
    uint64_t pcs[STACK_MAX];
    inside_depth = stack_get(STACK_OF_CALLER(), pcs);
}

static void coroutine(void)
{
    take_inside();
    sink = 1;
}

static void test_coroutine(void **state)
{
    (void)state;
    char *memory = malloc(65536);
    getcontext(&inside);
    inside.uc_stack.ss_sp = memory;
    inside.uc_stack.ss_size = 65536;
    inside.uc_link = &outside;
    makecontext(&inside, coroutine, 0);
    inside_depth = 0;
    swapcontext(&outside, &inside);
    assert_in_range(inside_depth, 2, 4); /* coroutine, and __start_context, which has no caller */
    free(memory);
    descend(3); /* this thread's own stack is still what it was */
    assert_true(last_depth > 6);
}

static struct {
    uint64_t pc, sp, fp;
    uint32_t id;
    int ready[2], done[2];
} blocked;

static SMK_NOINLINE void block_here(void)
{
    uint64_t *frame = __builtin_frame_address(0);
    char byte = 0;
    blocked.pc = (uint64_t)__builtin_return_address(0);
    blocked.sp = (uint64_t)(frame + 2);
    blocked.fp = frame[0];
    blocked.id = smk_stack_here(blocked.pc, blocked.sp, blocked.fp);
    sink = (int)write(blocked.ready[1], &byte, 1);
    sink = (int)read(blocked.done[0], &byte, 1);
}

static SMK_NOINLINE int descend_and_block(int n)
{
    if (n == 0)
        block_here();
    else
        sink = descend_and_block(n - 1) + 1;
    return sink;
}

static void *blocked_main(void *arg)
{
    descend_and_block(30);
    return arg;
}

static void test_blocked_thread(void **state)
{
    (void)state;
    pthread_t thread;
    char byte = 0;
    assert_int_equal(pipe(blocked.ready), 0);
    assert_int_equal(pipe(blocked.done), 0);
    assert_int_equal(pthread_create(&thread, NULL, blocked_main, NULL), 0);
    assert_int_equal(read(blocked.ready[0], &byte, 1), 1);
    uint64_t pcs[STACK_MAX];
    assert_true(stack_get(blocked.id, pcs) > 32);
    assert_int_equal(smk_stack_of_blocked(blocked.pc, blocked.sp, blocked.fp), blocked.id);
    assert_int_equal(write(blocked.done[1], &byte, 1), 1);
    pthread_join(thread, NULL);
    /* It has ended: its stack may be gone. Anything but a fault. */
    smk_stack_of_blocked(blocked.pc, blocked.sp, blocked.fp);
    for (int i = 0; i < 2; i++) {
        close(blocked.ready[i]);
        close(blocked.done[i]);
    }
}

static void test_fork_child(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        smk_stack_reset_in_child();
        smk_stack_prepare();
        descend(10);
        _exit(last_depth > 12 ? 0 : 1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
}

static void test_errno_is_left_alone(void **state)
{
    (void)state;
    errno = 77;
    assert_int_not_equal(take_here(), 0);
    smk_stack_of_blocked(take_here(), 8, 8);
    smk_stack_prepare();
    assert_int_equal(errno, 77);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recursion),
        cmocka_unit_test(test_through_libc),
        cmocka_unit_test(test_odd_frames),
        cmocka_unit_test(test_thread),
        cmocka_unit_test(test_depth_is_bounded),
        cmocka_unit_test(test_same_stack_same_number),
        cmocka_unit_test(test_signal_frame),
        cmocka_unit_test(test_signal_on_its_own_stack),
        cmocka_unit_test(test_interrupted_anywhere),
        cmocka_unit_test(test_coroutine),
        cmocka_unit_test(test_blocked_thread),
        cmocka_unit_test(test_fork_child),
        cmocka_unit_test(test_errno_is_left_alone),
    };
    smk_core_init(NULL);
    smk_stack_prepare();
    return SMK_RUN(tests);
}
