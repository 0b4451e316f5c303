/* Everybody at one instant, as `stallmark at` says it; one item in full, as the trace says it. */
#include "unit/view/random_trace.h"

#include "unit/view/moments.h"

struct opened {
    char path[32];
    smk_trace *trace;
    struct smk_view *view;
};

static void open_random(struct opened *is, const struct random_trace *list, size_t count)
{
    strcpy(is->path, "/tmp/smk-view-XXXXXX");
    srand(3);
    random_file(is->path, list, count);
    assert_int_equal(smk_trace_open(&is->trace, is->path, NULL), 0);
    is->view = model_open(is->path, "", true);
}

static void close_random(struct opened *is)
{
    smk_view_close(is->view);
    smk_trace_close(is->trace);
    unlink(is->path);
}

static void test_instants(void **state)
{
    (void)state;
    struct opened is;
    for (unsigned i = 0; i < 4; i++) {
        struct random_trace list = {.seed = 70 + i, .threads = 6, .events = 600, .perf = i % 2, .cut = i > 1};
        open_random(&is, &list, 1);
        assert_true(moments_check_some(is.trace, is.view, 25) > 25);
        close_random(&is);
    }
}

static void test_instants_of_processes(void **state)
{
    (void)state;
    struct random_trace list[2] = {{.seed = 81, .threads = 4, .events = 500, .process = 1, .perf = true},
                                   {.seed = 82, .threads = 4, .events = 500, .process = 2}};
    struct opened is;
    open_random(&is, list, 2);
    assert_true(moments_check_some(is.trace, is.view, 25) > 25);
    close_random(&is);
}

/* ---- waits ---------------------------------------------------------------------------------------------- */

struct waits {
    struct smk_view *view;
    unsigned checked, chains, labels;
    uint32_t thread;
};

static void check_item(struct waits *waits, const struct smk_span *span)
{
    struct smk_view_at at;
    struct smk_view_item item;
    const struct smk_span_wait *wait = span->wait;
    uint32_t row = smk_view_row_of_thread(waits->view, span->thread);
    assert_int_equal(smk_view_thread_at(waits->view, row, span->from, &at), 0);
    assert_int_equal(smk_view_get_item(waits->view, row, at.item, &item), 0);
    assert_int_equal(item.from, span->from);
    assert_int_equal(item.request, span->request);
    assert_true(item.has_wait);
    assert_true(item.wait_read);
    assert_int_equal(item.wait.from, wait->from);
    assert_int_equal(item.wait.to, wait->to);
    assert_int_equal(item.wait.kind, wait->kind);
    assert_int_equal(item.wait.stack, wait->stack);
    assert_int_equal(item.wait.call, wait->call);
    assert_int_equal(item.wait.what, wait->what);
    assert_int_equal(item.wait.object, wait->object);
    assert_int_equal(item.wait.holder, wait->holder);
    assert_int_equal(item.wait.releaser, wait->releaser);
    assert_int_equal(item.wait.open, wait->open);
    assert_int_equal(item.holder.row, at.holder);
    for (uint32_t i = 1; i < item.step_count; i++)
        assert_true(item.steps[i].row < smk_view_row_count(waits->view));
    if (item.step_count)
        assert_int_equal(item.steps[1].row, item.holder.row != SMK_VIEW_NONE ? item.holder.row : item.waker.row);
    waits->chains += item.step_count > 1;
    waits->checked++;
}

static void on_span(void *arg, const struct smk_span *span)
{
    if (span->wait && span->state == SMK_SPAN_WAITING && rand() % 3 == 0)
        check_item(arg, span);
}

static void test_waits(void **state)
{
    static const struct smk_timeline_calls calls = {.span = on_span};
    (void)state;
    struct opened is;
    open_random(&is, &(struct random_trace){.seed = 91, .threads = 4, .events = 800}, 1);
    struct waits waits = {.view = is.view};
    assert_int_equal(smk_timeline_run(is.trace, NULL, &calls, &waits), 0);
    assert_true(waits.checked > 50);
    assert_true(waits.chains > 10);
    close_random(&is);
}

/* ---- a chain -------------------------------------------------------------------------------------------- */

#define AT(us) (RANDOM_FIRST + (us) * UINT64_C(1000))

/* One waits for a lock of another, which waits for a lock of a third, which writes to the disk. */
static void chain_of_three(struct build *b)
{
    build_init(b);
    build_window(b, AT(0), AT(0), AT(1000));
    uint32_t call = build_string(b, "pthread_mutex_lock"), write = build_string(b, "fsync");
    uint32_t file = build_string(b, "/var/log/audit.log");
    uint64_t pcs[] = {0x401000};
    uint32_t stack = build_stack(b, pcs, 1);
    uint32_t first = build_thread(b, 101, "first"), second = build_thread(b, 102, "second");
    uint32_t third = build_thread(b, 103, "third");
    build_lock_name(b, 0xa0, "cart_lock");
    build_event(b, third, AT(800), SMK_EV_DISK_WAIT, stack, 700000, write, 3, 0, file);
    build_event(b, third, AT(810), SMK_EV_LOCK_RELEASE, stack, 1000, 0xb0, 800000);
    build_event(b, second, AT(811), SMK_EV_LOCK_WAIT, stack, 650000, 0xb0, 103, 103, 0, call);
    build_event(b, second, AT(900), SMK_EV_LOCK_RELEASE, stack, 1000, 0xa0, 850000);
    build_event(b, first, AT(901), SMK_EV_LOCK_WAIT, stack, 700000, 0xa0, 102, 102, 0, call);
    for (uint32_t i = first; i <= third; i++)
        build_event(b, i, AT(990), SMK_EV_THREAD_EXIT, 0);
}

/* A view of what `fill` builds; the file is gone already, so it cannot be built anew. */
static struct smk_view *view_of(void (*fill)(struct build *))
{
    char path[] = "/tmp/smk-view-XXXXXX";
    struct build *b = calloc(1, sizeof(*b));
    int fd = mkstemp(path);
    fill(b);
    build_file(b);
    assert_int_equal(write(fd, b->file.data, b->file.len), (ssize_t)b->file.len);
    close(fd);
    free(b->file.data);
    free(b);
    struct smk_view *view = model_open(path, "", true);
    unlink(path);
    return view;
}

/* `waiter` waits from 200 to 900; `brief` has it until 210 and does nothing more, `long` has it from then on, or takes
 * it when it comes from its queue. */
static void two_holders(struct build *b)
{
    build_init(b);
    build_window(b, AT(0), AT(0), AT(1000));
    uint32_t call = build_string(b, "pthread_mutex_lock"), sleep = build_string(b, "nanosleep");
    uint32_t cond = build_string(b, "pthread_cond_wait");
    uint64_t pcs[] = {0x401000};
    uint32_t stack = build_stack(b, pcs, 1);
    uint32_t waiter = build_thread(b, 101, "waiter"), brief = build_thread(b, 102, "brief");
    uint32_t longer = build_thread(b, 103, "long");
    build_lock_name(b, 0xa0, "cart_lock");
    build_event(b, brief, AT(210), SMK_EV_LOCK_RELEASE, stack, 1000, 0xa0, 50000);
    build_event(b, longer, AT(600), SMK_EV_COND_WAIT, stack, 390000, 0xb0, 0xc0, 0, 0, cond);
    build_event(b, longer, AT(890), SMK_EV_SLEEP_WAIT, stack, 270000, sleep, 0);
    build_event(b, longer, AT(900), SMK_EV_LOCK_RELEASE, stack, 1000, 0xa0, 690000);
    build_event(b, waiter, AT(901), SMK_EV_LOCK_WAIT, stack, 700000, 0xa0, 102, 103, 0, call);
    for (uint32_t i = waiter; i <= longer; i++)
        build_event(b, i, AT(990), SMK_EV_THREAD_EXIT, 0);
}

/* `waiter` gets the lock at 300 that `brief` gave away at 210: until it had a CPU nobody had it, not who unlocks next,
 * which is `later`. */
static void free_lock(struct build *b)
{
    build_init(b);
    build_window(b, AT(0), AT(0), AT(1000));
    uint32_t call = build_string(b, "pthread_mutex_lock");
    uint64_t pcs[] = {0x401000};
    uint32_t stack = build_stack(b, pcs, 1);
    uint32_t waiter = build_thread(b, 101, "waiter"), brief = build_thread(b, 102, "brief");
    uint32_t later = build_thread(b, 103, "later");
    build_event(b, brief, AT(210), SMK_EV_LOCK_RELEASE, stack, 1000, 0xa0, 50000);
    build_event(b, waiter, AT(300), SMK_EV_LOCK_WAIT, stack, 100000, 0xa0, 102, 102, 0, call);
    build_event(b, later, AT(900), SMK_EV_LOCK_RELEASE, stack, 1000, 0xa0, 5000);
    for (uint32_t i = waiter; i <= later; i++)
        build_event(b, i, AT(990), SMK_EV_THREAD_EXIT, 0);
}

static void test_nobody_holds_it(void **state)
{
    (void)state;
    struct smk_view *view = view_of(free_lock);
    struct smk_view_item item;
    struct smk_view_at at;
    struct build b;
    uint32_t waiter = smk_view_row_of_thread(view, 1);
    assert_int_equal(smk_view_thread_at(view, waiter, AT(205), &at), 0);
    assert_int_equal(at.holder, smk_view_row_of_thread(view, 2));
    assert_int_equal(smk_view_thread_at(view, waiter, AT(250), &at), 0);
    assert_true(at.has_wait);
    assert_int_equal(at.holder, SMK_VIEW_NONE);
    assert_int_equal(smk_view_get_item(view, waiter, at.item, &item), 0);
    assert_true(item.holder_sure); /* when it began */
    free_lock(&b);
    smk_trace *trace = build_open(&b);
    for (uint64_t time = AT(205); time < AT(300); time += 10000)
        assert_true(moments_check(trace, view, time) > 0);
    smk_trace_close(trace);
    smk_view_close(view);
}

static void test_longest_holder(void **state)
{
    (void)state;
    struct smk_view *view = view_of(two_holders);
    struct smk_view_item item;
    struct smk_view_at at;
    uint32_t waiter = smk_view_row_of_thread(view, 1);
    assert_int_equal(smk_view_thread_at(view, waiter, AT(205), &at), 0);
    assert_int_equal(at.holder, smk_view_row_of_thread(view, 2));
    assert_int_equal(smk_view_get_item(view, waiter, at.item, &item), 0);
    assert_true(item.step_count >= 2);
    assert_int_equal(item.steps[1].row, smk_view_row_of_thread(view, 3));
    assert_int_equal(SMK_VIEW_LOOK_KIND(item.steps[1].look), SMK_WAIT_SLEEP);
    smk_view_close(view);
}

/* Of waits that go on when the record ends no call is known: nothing but the lock tells them apart. */
static void two_open_waits(struct build *b)
{
    build_init(b);
    build_window(b, AT(0), AT(0), AT(1000));
    uint64_t pcs[] = {0x401000};
    uint32_t stack = build_stack(b, pcs, 1);
    uint32_t first = build_thread(b, 101, "first"), second = build_thread(b, 102, "second");
    build_lock_name(b, 0xa0, "cart_lock");
    build_lock_name(b, 0xb0, "stock_lock");
    build_event(b, first, AT(1), SMK_EV_COUNTER, build_site(b, "n", "a.c", 1), 1);
    build_open_wait(b, first, 0xa0, 102, AT(500), stack, 0);
    build_open_wait(b, second, 0xb0, 101, AT(600), stack, 0);
}

static void test_open_waits(void **state)
{
    (void)state;
    static const char *const names[] = {"cart_lock", "stock_lock"};
    struct smk_view *view = view_of(two_open_waits);
    char text[SMK_NAME_MAX];
    struct smk_view_at at;
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(smk_view_thread_at(view, smk_view_row_of_thread(view, i + 1), AT(700), &at), 0);
        smk_view_label(view, at.label, text);
        assert_string_equal(text, names[i]);
    }
    smk_view_close(view);
}

static void test_chain(void **state)
{
    (void)state;
    char text[SMK_NAME_MAX];
    struct smk_view *view = view_of(chain_of_three);
    struct smk_view_item item;
    struct smk_view_at at;
    uint32_t rows[3];
    for (uint32_t i = 0; i < 3; i++)
        rows[i] = smk_view_row_of_thread(view, i + 1);
    assert_int_equal(smk_view_thread_at(view, rows[0], AT(300), &at), 0);
    assert_int_equal(at.holder, rows[1]);
    assert_int_equal(smk_view_get_item(view, rows[0], at.item, &item), 0);
    smk_view_label(view, item.label, text);
    assert_string_equal(text, "cart_lock");
    assert_true(item.holder_sure);
    assert_int_equal(item.releaser.row, rows[1]);
    assert_int_equal(item.releaser.at, AT(899));
    assert_int_equal(item.step_count, 3);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(item.steps[i].row, rows[i]);
    assert_false(item.circle);
    assert_int_equal(SMK_VIEW_LOOK_KIND(item.steps[1].look), SMK_WAIT_LOCK);
    assert_int_equal(SMK_VIEW_LOOK_KIND(item.steps[2].look), SMK_WAIT_DISK);
    assert_true(item.steps[2].stack != 0);
    smk_view_label(view, item.steps[2].label, text);
    assert_string_equal(text, "fsync /var/log/audit.log");
    assert_int_equal(smk_view_get_item(view, rows[0], 99, &item), SMK_E_NOTFOUND);
    assert_int_equal(smk_view_get_item(view, 99, 0, &item), SMK_E_NOTFOUND);
    smk_view_close(view);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_instants),
        cmocka_unit_test(test_instants_of_processes),
        cmocka_unit_test(test_waits),
        cmocka_unit_test(test_chain),
        cmocka_unit_test(test_nobody_holds_it),
        cmocka_unit_test(test_longest_holder),
        cmocka_unit_test(test_open_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
