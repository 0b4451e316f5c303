/* What a fork's child keeps of its parent: nothing that says that threads of ours run there, no request. */
#define _GNU_SOURCE
#include <sys/resource.h>
#include <sys/wait.h>

#include "unit/core/captures.h"

#include "core/output.h"
#include "core/ownthread.h"
#include "core/request.h"

static uint32_t enough;

static void *wait_here(void *arg)
{
    while (!smk_load_acquire(&enough)) /* pairs with: child_whose_main_ends */
        usleep(1000);
    return arg;
}

/* Two threads of the host's live on when its main thread ends: ours must not go. */
static int child_whose_main_ends(void)
{
    pthread_t threads[2];
    smk_core_after_fork_in_child();
    if (smk_host_main_has_ended())
        return 1;
    for (int i = 0; i < 2; i++)
        if (pthread_create(&threads[i], NULL, wait_here, NULL) != 0)
            return 2;
    smk_host_main_ended();
    bool gone = smk_host_is_gone();
    smk_store_release(&enough, 1); /* pairs with: wait_here */
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    return gone ? 3 : 0;
}

static void in_child(int (*run)(void))
{
    int status = -1;
    pid_t child = fork();
    if (child == 0)
        _exit(run());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void test_our_threads_stay_behind(void **state)
{
    (void)state;
    if (SMK_TSAN) /* it starts no thread in such a child */
        skip();
    for (int i = 0; i < 4; i++)
        smk_own_thread_begins();
    smk_host_main_ended();
    in_child(child_whose_main_ends);
    for (int i = 0; i < 4; i++)
        smk_own_thread_ends();
}

static int child_without_requests(void)
{
    struct smk_requests_stats stats;
    smk_core_after_fork_in_child();
    smk_requests_stats(&stats);
    return stats.in_flight != 0 || stats.begun != 0;
}

static void test_requests_stay_behind(void **state)
{
    struct memory_sink sink = {0};
    struct smk_capture *capture = begin(&sink, SMK_CAT_REQUEST);
    (void)state;
    smk_request request = smk_request_begin("GET /cart");
    in_child(child_without_requests);
    smk_request_end(request);
    assert_int_equal(end(capture, &sink).events, 2);
    forget(&sink);
}

/* A child that is made past pthread_atfork knows by its number that it is another process. */
static void test_a_raw_child_is_another_process(void **state)
{
    int status = -1;
    (void)state;
    assert_true(smk_core_is_own_process());
    pid_t child = _Fork();
    if (child == 0)
        _exit(smk_core_is_own_process() ? 1 : 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    in_child(child_without_requests);
}

/* ---- the buffer ------------------------------------------------------------------------------------------- */

/* The flags of the mapping that holds the address, as in /proc/self/smaps: "rd wr mr mw me wf dd". */
static void flags_of(const void *address, char flags[256])
{
    char line[512];
    bool inside = false;
    FILE *smaps = fopen("/proc/self/smaps", "r");
    assert_non_null(smaps);
    flags[0] = '\0';
    while (!flags[0] && fgets(line, sizeof line, smaps)) {
        unsigned long start, stop;
        if (sscanf(line, "%lx-%lx ", &start, &stop) == 2)
            inside = (uintptr_t)address >= start && (uintptr_t)address < stop;
        else if (inside && strncmp(line, "VmFlags:", 8) == 0)
            snprintf(flags, 256, "%.255s", line + 8);
    }
    fclose(smaps);
}

static void test_the_buffer_stays_out_of_dumps_and_children(void **state)
{
    char flags[256];
    (void)state;
    assert_int_equal(smk_core_ready(), 0);
    flags_of(smk_pool.memory, flags);
    assert_non_null(strstr(flags, " dd")); /* not dumped */
    assert_non_null(strstr(flags, " wf")); /* wiped on fork */
}

/* ---- no memory ------------------------------------------------------------------------------------------ */

static int child_without_memory(void)
{
    struct memory_sink sink = {0};
    struct smk_output output;
    static const struct rlimit none = {0, 0};
    const struct smk_output_chunk chunk = {.kind = SMK_CHUNK_FACTS, .count = 1, .payload = "x", .len = 1};
    if (setrlimit(RLIMIT_AS, &none) != 0)
        return 1;
    if (smk_output_init(&output, &memory_sink_calls, &sink, NULL) == 0)
        return 2;
    smk_output_begin_segment(&output);
    if (smk_output_put(&output, &chunk))
        return 3;
    smk_output_end_segment(&output, SMK_REASON_SHED, 0);
    smk_output_give_up(&output, SMK_REASON_SHED, 0);
    return sink.opens || sink.writes ? 4 : 0;
}

static void test_an_output_without_memory_writes_nothing(void **state)
{
    (void)state;
    in_child(child_without_memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests_stay_behind),
        cmocka_unit_test(test_a_raw_child_is_another_process),
        cmocka_unit_test(test_the_buffer_stays_out_of_dumps_and_children),
        cmocka_unit_test(test_an_output_without_memory_writes_nothing),
        cmocka_unit_test(test_our_threads_stay_behind), /* last: our writer then takes the host for gone */
    };
    start_core(2u << 20);
    return SMK_RUN(tests);
}
