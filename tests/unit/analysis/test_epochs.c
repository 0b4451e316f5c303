/* Two locks at one address are two locks. */
#include "unit/analysis/report_checks.h"

enum { ADDRESS = 0x7000 };

static void wait_for(struct build *b, uint32_t thread, uint64_t end, uint64_t ns, uint32_t stack)
{
    uint64_t wait[] = {stack, ns, ADDRESS, 0, 0, SMK_LOCK_ACQUIRED};
    build_event_args(b, thread, end, SMK_EV_LOCK_WAIT, wait, SMK_ARRAY_LEN(wait));
}

/* The first was waited for twice, the second once; the unlock of the first is recorded behind the epoch. */
static void build_two(struct build *b, uint32_t *thread)
{
    static const uint64_t first_pcs[] = {0x1011}, second_pcs[] = {0x2011};
    build_init(b);
    build_window(b, AT(1000), AT(1000), AT(2000));
    *thread = build_thread(b, 101, "worker-1");
    uint32_t first = build_stack(b, first_pcs, 1), second = build_stack(b, second_pcs, 1);
    wait_for(b, *thread, AT(1100), AT(10), first);
    wait_for(b, *thread, AT(1200), AT(10), first);
    build_event(b, *thread, AT(1300), SMK_EV_LOCK_EPOCH, SMK_EPOCH_FREE, ADDRESS);
    build_event(b, *thread, AT(1301), SMK_EV_LOCK_RELEASE, first, AT(2), ADDRESS, 0);
    wait_for(b, *thread, AT(1400), AT(50), second);
}

static struct smk_report *open_report(struct build *b, smk_trace **trace)
{
    *trace = build_open(b);
    return make(*trace);
}

static void close_report(struct smk_report *report, smk_trace *trace)
{
    smk_report_free(report);
    smk_trace_close(trace);
}

static void test_two_locks(void **state)
{
    struct build b;
    uint32_t thread;
    smk_trace *trace;
    (void)state;
    build_two(&b, &thread);
    struct smk_report *report = open_report(&b, &trace);
    assert_int_equal(report->locks.count, 2);
    const struct smk_lock *first = &report->locks.array[0], *second = &report->locks.array[1];
    assert_int_equal(first->waits.count, 2);
    assert_int_equal(first->in_window, AT(20));
    assert_int_equal(second->waits.count, 1);
    assert_int_equal(second->in_window, AT(50));
    assert_int_equal(second->epoch, 1);
    assert_int_equal(report->locks.release_count, 1);
    assert_int_equal(report->locks.releases[0].lock, 0); /* it began before */
    char *text = text_of(report), *json = json_of(report);
    check_says(text, "mutex first waited for in 0x1010 (0x7000)");
    check_says(text, "mutex first waited for in 0x2010 (0x7000 #2)");
    check_says(json, "\"epoch\": 1");
    free(text);
    free(json);
    close_report(report, trace);
}

/* Children of one fork have their locks at the same addresses: what ends in one of them goes on in the other. */
static void test_an_epoch_is_of_one_process(void **state)
{
    static const uint64_t pcs[] = {0x1011};
    struct build b[2];
    uint32_t thread, begun = 0, from_first = 0;
    (void)state;
    build_two(&b[0], &thread);
    b[0].process = UINT64_C(4711) << 32 | 5;
    build_init(&b[1]);
    b[1].process = UINT64_C(4712) << 32 | 5;
    build_window(&b[1], AT(1000), AT(1000), AT(2000));
    thread = build_thread(&b[1], 201, "worker-1");
    uint32_t stack = build_stack(&b[1], pcs, 1);
    wait_for(&b[1], thread, AT(1150), AT(10), stack);
    wait_for(&b[1], thread, AT(1350), AT(20), stack); /* behind the other's epoch */
    wait_for(&b[1], thread, AT(1450), AT(30), stack);
    smk_trace *trace = build_open_all(b, 2);
    struct smk_report *report = make(trace);
    assert_int_equal(report->locks.count, 3);
    for (uint32_t i = 0; i < report->locks.count; i++) {
        const struct smk_lock *lock = &report->locks.array[i];
        if (lock->waits.count == 3) {
            assert_int_equal(lock->in_window, AT(60));
            assert_int_equal(lock->epoch, 0);
        } else {
            begun += lock->epoch;
            from_first += (uint32_t)lock->waits.count;
        }
    }
    assert_int_equal(begun, 1);
    assert_int_equal(from_first, 3);
    close_report(report, trace);
}

/* A name that the tables know, and no event: the first's. */
static void test_the_first_had_a_name(void **state)
{
    struct build b;
    uint32_t thread;
    smk_trace *trace;
    (void)state;
    build_two(&b, &thread);
    build_lock_name(&b, ADDRESS, "cart");
    struct smk_report *report = open_report(&b, &trace);
    char *text = text_of(report);
    check_says(text, "cart ");
    check_says(text, "mutex first waited for in 0x2010 (0x7000 #2)");
    free(text);
    close_report(report, trace);
}

/* Named later: it is not the first's, whatever the tables say at the end. */
static void test_the_second_has_a_name(void **state)
{
    struct build b;
    uint32_t thread;
    smk_trace *trace;
    (void)state;
    build_two(&b, &thread);
    uint32_t name = build_string(&b, "basket");
    build_event(&b, thread, AT(1350), SMK_EV_LOCK_NAME, name, ADDRESS);
    build_lock_name(&b, ADDRESS, "basket");
    struct smk_report *report = open_report(&b, &trace);
    char *text = text_of(report);
    check_says(text, "basket ");
    check_says(text, "mutex first waited for in 0x1010 (0x7000)");
    check_silent(text, "#2");
    free(text);
    close_report(report, trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_locks),
        cmocka_unit_test(test_an_epoch_is_of_one_process),
        cmocka_unit_test(test_the_first_had_a_name),
        cmocka_unit_test(test_the_second_has_a_name),
    };
    return SMK_RUN(tests);
}
