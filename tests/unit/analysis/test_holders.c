/* Who is charged with how much of whose wait. */
#include "unit/analysis/trace_builder.h"

#include "analysis/holders.h"

enum { LOCK = 0x5000, OTHER = 0x6000, ONE = 1, TWO = 2, THREE = 3 };

struct fixture {
    struct build build;
    smk_trace *trace;
    struct smk_mem mem;
    struct smk_symbols symbols;
    struct smk_locks locks;
    struct smk_holders holders;
    uint32_t flush, look; /* stacks */
};

static void set_up(struct fixture *f)
{
    static const uint64_t flush[] = {0x1011}, look[] = {0x2011};
    memset(f, 0, sizeof(*f));
    build_init(&f->build);
    build_window(&f->build, 0, 0, 10000);
    f->flush = build_stack(&f->build, flush, 1);
    f->look = build_stack(&f->build, look, 1);
    f->trace = build_open(&f->build);
    smk_mem_init(&f->mem, NULL, NULL, 0);
    smk_symbols_init(&f->symbols, &f->mem, f->trace, NULL, true);
    f->locks = (struct smk_locks){.keep = 1000, .others.keep = 1000};
}

static void tear_down(struct fixture *f)
{
    smk_holders_free(&f->holders, &f->mem);
    smk_locks_free(&f->locks, &f->mem);
    smk_symbols_free(&f->symbols);
    assert_int_equal(f->mem.used, 0);
    smk_trace_close(f->trace);
}

static void waits(struct fixture *f, uint64_t lock, uint32_t thread, uint64_t begin, uint64_t end,
                  uint32_t result)
{
    struct smk_lock_seen seen = {.address = lock,
                                 .begin = begin,
                                 .end = end,
                                 .thread = thread,
                                 .stack = f->look,
                                 .result = result};
    smk_locks_wait(&f->locks, &f->mem, &seen);
}

static void unlocks(struct fixture *f, uint32_t thread, uint64_t time, uint32_t stack, uint64_t held)
{
    struct smk_lock_release release = {.time = time, .thread = thread, .stack = stack, .held = held};
    smk_locks_release(&f->locks, &f->mem, 0, LOCK, &release);
}

static void waits_in_call(struct fixture *f, uint32_t thread, uint64_t begin, uint64_t end, uint32_t call)
{
    struct smk_call_wait wait = {begin, end, thread, f->look, SMK_WAIT_DISK, call, 0};
    smk_call_waits_add(&f->locks.others, &f->mem, &wait);
}

static const struct smk_at_function *conclude(struct fixture *f)
{
    uint32_t lock = smk_locks_index(&f->locks, &f->mem, 0, LOCK, UINT64_MAX);
    assert_true(smk_holders_make(&f->holders, &f->mem, &f->locks, &f->symbols, lock));
    return f->holders.holding;
}

static void test_a_wait_is_cut_at_each_unlock(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    unlocks(&f, TWO, 1000000, f.flush, 500000);  /* before anybody waits */
    unlocks(&f, TWO, 2000000, f.flush, 900000);  /* 1,000,000 of the wait */
    unlocks(&f, THREE, 2300000, f.look, 290000); /* 300,000 */
    unlocks(&f, TWO, 5000000, f.flush, 2600000); /* 2,700,000 */
    waits(&f, LOCK, ONE, 1000001, 5000500, SMK_LOCK_ACQUIRED);
    const struct smk_at_function *holding = conclude(&f);
    assert_int_equal(f.holders.holding_count, 2);
    assert_int_equal(holding[0].ns, 999999 + 2700000);
    assert_int_equal(holding[0].count, 2);
    assert_int_equal(holding[0].thread_count, 1);
    assert_int_equal(holding[0].longest, 1);
    assert_int_equal(holding[0].held, 900000 + 2600000);
    assert_int_equal(holding[0].held_max, 2600000);
    assert_int_equal(holding[1].ns, 300000);
    assert_int_equal(holding[1].longest, 0);
    assert_int_equal(f.holders.wake, 500);
    assert_int_equal(f.holders.charged + f.holders.wake + f.holders.unknown, 5000500 - 1000001);
    tear_down(&f);
}

/* The sums of one pass are those of wait by wait. */
static void test_many_waits_add_up(void **state)
{
    (void)state;
    struct fixture f;
    uint64_t total = 0, random = 7;
    set_up(&f);
    for (uint64_t i = 1; i <= 200; i++)
        unlocks(&f, TWO, i * 10000, i % 3 ? f.flush : f.look, 0);
    for (uint64_t end = 20000; end < 2000000; end += 7001) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        uint64_t length = random % 20000 + (random % 11 == 0 ? 300000 : 0);
        length = length < end ? length : end;
        waits(&f, LOCK, ONE + (uint32_t)(random % 5), end - length, end, SMK_LOCK_ACQUIRED);
        total += length;
    }
    conclude(&f);
    assert_int_equal(f.holders.charged + f.holders.wake + f.holders.unknown, total);
    assert_int_equal(f.holders.holding[0].ns + f.holders.holding[1].ns, f.holders.charged);
    assert_int_equal(f.holders.longest, SMK_LONGEST);
    for (uint32_t i = 1; i < f.holders.longest; i++) {
        const struct smk_lock_wait *a = &f.holders.longest_waits[i - 1], *b = a + 1;
        assert_true(a->end - a->begin >= b->end - b->begin);
    }
    tear_down(&f);
}

static void test_without_an_unlock_nobody_is_charged(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    waits(&f, LOCK, ONE, 1000, 5000, SMK_LOCK_ACQUIRED);
    conclude(&f);
    assert_int_equal(f.holders.holding_count, 0);
    assert_int_equal(f.holders.unknown, 4000);
    tear_down(&f);
}

static void test_who_never_got_it_waits_for_somebody_unknown(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    unlocks(&f, TWO, 3000, f.flush, 0);
    waits(&f, LOCK, ONE, 1000, 50000, SMK_LOCK_TIMEDOUT);
    conclude(&f);
    assert_int_equal(f.holders.charged, 2000);
    assert_int_equal(f.holders.unknown, 47000);
    assert_int_equal(f.holders.wake, 0);
    tear_down(&f);
}

static void test_clocks_of_two_threads_may_differ_a_little(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    waits(&f, LOCK, ONE, 1000, 50000, SMK_LOCK_ACQUIRED);
    unlocks(&f, TWO, 50300, f.flush, 0); /* after the wait that it ended */
    conclude(&f);
    assert_int_equal(f.holders.charged, 49000);
    tear_down(&f);
}

static void test_what_the_holder_waited_for_itself(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    waits(&f, OTHER, TWO, 10000, 30000, SMK_LOCK_ACQUIRED);   /* half of it while it held the lock */
    waits(&f, OTHER, THREE, 20000, 35000, SMK_LOCK_ACQUIRED); /* not the holder */
    waits(&f, LOCK, ONE, 20000, 50000, SMK_LOCK_ACQUIRED);
    waits(&f, LOCK, THREE, 36000, 60000, SMK_LOCK_ACQUIRED);
    unlocks(&f, TWO, 49000, f.flush, 0);
    unlocks(&f, ONE, 59000, f.look, 0);
    conclude(&f);
    assert_int_equal(f.holders.meanwhile_count, 1);
    assert_int_equal(f.holders.meanwhile[0].ns, 10000);
    assert_int_equal(f.holders.meanwhile[0].count, 1);
    /* ONE had got the lock where it waited for it, which it did in `look`. */
    assert_int_equal(f.holders.holding[1].locked_stack, f.look);
    assert_int_equal(f.holders.holding[0].locked_stack, 0);
    tear_down(&f);
}

static void test_what_the_holder_waited_for_in_calls(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    waits_in_call(&f, TWO, 10000, 25000, 7);   /* it held the lock before ONE came: 5,000 of it */
    waits_in_call(&f, THREE, 22000, 24000, 7); /* not the holder */
    waits_in_call(&f, TWO, 26000, 28000, 8);
    waits_in_call(&f, THREE, 28500, 45000, 7); /* it began before THREE had the lock */
    waits_in_call(&f, THREE, 46000, 47000, 7);
    waits_in_call(&f, TWO, 48000, 49000, 7); /* not any more */
    unlocks(&f, TWO, 30000, f.flush, 0);
    unlocks(&f, THREE, 50000, f.flush, 0);
    waits(&f, LOCK, ONE, 20000, 50000, SMK_LOCK_ACQUIRED);
    conclude(&f);
    assert_int_equal(f.holders.meanwhile_count, 2);
    assert_int_equal(f.locks.others.sums[f.holders.meanwhile[0].sum].call, 7);
    assert_int_equal(f.holders.meanwhile[0].ns, 6000);
    assert_int_equal(f.holders.meanwhile[0].count, 2);
    assert_int_equal(f.holders.meanwhile[0].stack, f.look);
    assert_int_equal(f.locks.others.sums[f.holders.meanwhile[1].sum].call, 8);
    assert_int_equal(f.holders.meanwhile[1].ns, 2000);
    tear_down(&f);
}

static void test_what_is_not_kept_makes_it_an_estimate(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f);
    f.locks.keep = 2;
    for (uint64_t i = 1; i < 10; i++)
        waits(&f, LOCK, ONE, 1000 * i, 1000 * i + 500, SMK_LOCK_ACQUIRED);
    conclude(&f);
    assert_true(f.holders.estimated);
    assert_int_equal(f.locks.waits_refused, 7);
    assert_int_equal(f.locks.array[0].waits.count, 9); /* the sums are of all */
    assert_int_equal(f.locks.array[0].waits.total, 9 * 500);
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_wait_is_cut_at_each_unlock),
        cmocka_unit_test(test_many_waits_add_up),
        cmocka_unit_test(test_without_an_unlock_nobody_is_charged),
        cmocka_unit_test(test_who_never_got_it_waits_for_somebody_unknown),
        cmocka_unit_test(test_clocks_of_two_threads_may_differ_a_little),
        cmocka_unit_test(test_what_the_holder_waited_for_itself),
        cmocka_unit_test(test_what_the_holder_waited_for_in_calls),
        cmocka_unit_test(test_what_is_not_kept_makes_it_an_estimate),
    };
    return SMK_RUN(tests);
}
