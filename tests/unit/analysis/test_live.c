#include "analysis/live.h"

#include "unit/smk_test.h"

static char text[16384];
static size_t len;

static int put(void *arg, const char *bytes, size_t size)
{
    (void)arg;
    assert_true(len + size < sizeof text);
    memcpy(text + len, bytes, size);
    len += size;
    text[len] = '\0';
    return 0;
}

static struct smk_live_thread thread(uint32_t tid, const char *name, const char *kind, uint32_t holder)
{
    return (struct smk_live_thread){.tid = tid,
                                    .name = name,
                                    .state = "waiting",
                                    .kind = kind,
                                    .call = "",
                                    .object = "",
                                    .address = holder ? 0x1000 + holder : 0,
                                    .holder = holder,
                                    .since = "exact",
                                    .waited_ns = 312000000,
                                    .route = "",
                                    .stack_why = ""};
}

static void say(struct smk_live *live)
{
    live->program = "p";
    live->why = "";
    smk_live_link(live);
    len = 0;
    assert_int_equal(smk_live_text(live, put, NULL), 0);
}

static void says(const char *words)
{
    if (!strstr(text, words))
        fail_msg("'%s' is not in:\n%s", words, text);
}

static void test_circles(void **state)
{
    struct smk_live_thread threads[] = {
        thread(1, "one", "lock", 3),   thread(2, "two", "lock", 1),  thread(3, "three", "lock", 2),
        thread(4, "four", "lock", 4),  thread(5, "five", "lock", 1), thread(6, "six", "join", 7),
        thread(7, "seven", "lock", 6), thread(8, "eight", "lock", 99),
    };
    struct smk_live live = {.threads = threads, .count = 8, .total = 8};
    (void)state;
    threads[0].object = "a_lock";
    say(&live);
    assert_int_equal(live.circles, 3);
    says("deadlock: one → a_lock (held by three) → 0x1002 (held by two) → 0x1001 (held by one)\n");
    says("deadlock: four → 0x1004 (held by four)\n"); /* locked what it holds */
    says("deadlock: six → the end of seven → 0x1006 (held by six)\n");
    says("five waits for 0x1001 312 ms, held by one, which is in a deadlock\n");
    assert_int_equal(threads[4].circle, 0);
    assert_int_equal(threads[7].next, SMK_LIVE_NONE);
}

static void test_chain(void **state)
{
    struct smk_live_thread threads[] = {thread(1, "w", "disk", 0), thread(2, "w", "lock", 1), thread(3, "x", "lock", 1),
                                        thread(4, "y", "lock", 3), thread(5, "z", "cond", 0)};
    struct smk_live live = {.threads = threads, .count = 5, .total = 5};
    (void)state;
    threads[0].call = "fdatasync";
    threads[0].since = "estimated";
    threads[1].object = threads[2].object = "cart_lock";
    threads[4].state = "idle";
    threads[4].since = "unknown";
    say(&live);
    assert_int_equal(live.circles, 0);
    assert_null(strstr(text, "deadlock"));
    says("w/2 and 1 more wait for cart_lock, held by w/1, which waits for the disk (fdatasync) ~312 ms\n");
    says("y waits for 0x1003 312 ms, held by x, which waits for cart_lock 312 ms, held by w/1, which waits for the ");
    says("z                   cond something (idle)");
    says("5 threads: 4 waiting, 1 idle");
}

static void test_stack(void **state)
{
    const struct smk_live_frame frames[] = {
        {.pc = 1, .function = "___pthread_rwlock_rdlock@GLIBC", .module = "libc.so.6", .ours = true},
        {.pc = 2, .function = "smk_hook", .module = "libstallmark-preload.so", .ours = true},
        {.pc = 3, .function = "own\033", .module = "p", .file = "a.c", .line = 7},
        {.pc = 4, .function = "qsort", .module = "libc.so.6", .ours = true},
        {.pc = 5, .module = "p", .offset = 0x99},
        {.pc = 0xabc, .module = ""}};
    struct smk_live_thread one = thread(1, "one", "lock", 0);
    char name[64];
    (void)state;
    one.frames = frames;
    one.frame_count = 6;
    one.cut = true;
    one.request = 4;
    one.route = "GET /c";
    assert_int_equal(smk_live_own_frame(&one), 2);
    assert_true(smk_live_called(&one, name, sizeof name));
    assert_string_equal(name, "pthread_rwlock_rdlock");
    struct smk_live live = {.threads = &one, .count = 1, .total = 1};
    say(&live);
    says("in GET /c");
    says("own\\x1b a.c:7 ← p+0x99 ← 0xabc ← …\n");
    one.frame_count = 0;
    one.stack_why = "nobody knows";
    assert_false(smk_live_called(&one, name, sizeof name));
    say(&live);
    says("stack unknown (nobody knows)\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_circles),
        cmocka_unit_test(test_chain),
        cmocka_unit_test(test_stack),
    };
    return SMK_RUN(tests);
}
