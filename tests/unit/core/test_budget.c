/* What is shed, in which order, and when it comes back: told by invented figures, a second at a time. */
#include "unit/smk_test.h"

#include "core/budget.h"

#define SECOND UINT64_C(1000000000)
#define MS     UINT64_C(1000000)

static struct smk_budget budget;
static struct smk_budget_look now;
static uint64_t rate[SMK_CATEGORY_COUNT]; /* ns a second that a category costs while it is recorded */
static uint64_t shared_rate, process_rate;
static uint32_t shed;

static unsigned number(uint32_t category) { return (unsigned)__builtin_ctz(category); }

static int begin(void **state)
{
    (void)state;
    smk_budget_reset(&budget);
    memset(rate, 0, sizeof rate);
    now = (struct smk_budget_look){
        .now = 100 * SECOND, .wanted = SMK_CAT_ALL, .share = 1000, .floor_ns = 500 * MS};
    process_rate = SECOND;
    shared_rate = 0;
    shed = smk_budget_decide(&budget, &now);
    assert_int_equal(shed, 0);
    return 0;
}

/* Goes on, a look each 200 ms. */
static void go_on(unsigned looks)
{
    for (unsigned i = 0; i < looks; i++) {
        now.now += SECOND / 5;
        now.process_ns += process_rate / 5;
        now.shared_ns += shared_rate / 5;
        for (unsigned c = 0; c < SMK_CATEGORY_COUNT; c++)
            if (!(shed >> c & 1))
                now.cost_ns[c] += rate[c] / 5;
        shed = smk_budget_decide(&budget, &now);
    }
}

/* Until something changes; after how many ms. */
static uint64_t until_change(unsigned most_seconds)
{
    uint32_t before = shed;
    uint64_t began = now.now;
    while (shed == before && now.now - began < most_seconds * SECOND)
        go_on(1);
    return (now.now - began) / MS;
}

static void test_below_the_budget_all_is_kept(void **state)
{
    (void)state;
    rate[number(SMK_CAT_NET)] = 60 * MS;
    shared_rate = 35 * MS; /* 9.5 % of one CPU */
    go_on(100);
    assert_int_equal(shed, 0);
    assert_in_range(budget.cost_ns, 94 * MS, 96 * MS);
    assert_int_equal(budget.allowed_ns, 100 * MS);
}

static void test_two_percent_of_nothing_is_nothing(void **state)
{
    (void)state;
    process_rate = 20 * MS; /* it counts as half a CPU, of which a tenth is 50 ms */
    rate[number(SMK_CAT_NET)] = 48 * MS;
    go_on(100);
    assert_int_equal(shed, 0);
    assert_int_equal(budget.allowed_ns, 50 * MS);
    rate[number(SMK_CAT_NET)] = 53 * MS;
    assert_true(until_change(5) <= 2000);
    assert_int_equal(shed, SMK_CAT_NET);
}

static void test_shed_in_the_declared_order_one_a_second(void **state)
{
    static const uint32_t order[] = {
#define X(NAME) SMK_CAT_##NAME,
        SMK_BUDGET_ORDER(X)
#undef X
    };
    uint32_t expected = 0;
    (void)state;
    for (unsigned c = 0; c < SMK_CATEGORY_COUNT; c++)
        rate[c] = 200 * MS; /* each alone is too much */
    process_rate = SECOND;
    for (unsigned i = 0; i < SMK_CATEGORY_COUNT; i++) {
        uint64_t ms = until_change(5);
        expected |= order[i];
        assert_int_equal(shed, expected);
        assert_in_range(ms, 1000, 1200);
    }
    assert_int_equal(order[SMK_CATEGORY_COUNT - 1], SMK_CAT_REQUEST);
    go_on(20);
    assert_int_equal(shed, SMK_CAT_ALL);
}

static void test_what_saves_nothing_is_passed_over(void **state)
{
    (void)state;
    rate[number(SMK_CAT_CPU)] = 1 * MS;
    rate[number(SMK_CAT_SCHED)] = 2 * MS;
    rate[number(SMK_CAT_REGION)] = 300 * MS; /* the storm */
    rate[number(SMK_CAT_REQUEST)] = 50 * MS;
    until_change(5);
    assert_int_equal(shed, SMK_CAT_REGION);
    assert_true(until_change(1) >= 1000); /* and that was enough */
    assert_int_equal(shed, SMK_CAT_REGION);
}

static void test_requests_go_last_even_if_they_are_the_storm(void **state)
{
    (void)state;
    rate[number(SMK_CAT_REQUEST)] = 500 * MS;
    rate[number(SMK_CAT_LOCK)] = 1 * MS;
    rate[number(SMK_CAT_NET)] = 1 * MS;
    until_change(5);
    assert_int_equal(shed, SMK_CAT_NET);
    until_change(5);
    assert_int_equal(shed, SMK_CAT_NET | SMK_CAT_LOCK);
    until_change(5);
    assert_int_equal(shed, SMK_CAT_NET | SMK_CAT_LOCK | SMK_CAT_REQUEST);
}

static void test_the_writer_counts_for_those_that_make_its_work(void **state)
{
    (void)state;
    rate[number(SMK_CAT_OTHER)] = 40 * MS;
    rate[number(SMK_CAT_SCHED)] = MS / 2;
    shared_rate = 80 * MS;
    until_change(5);
    assert_int_equal(shed, SMK_CAT_OTHER);
}

static void test_taken_back_last_one_first_when_it_is_over(void **state)
{
    (void)state;
    rate[number(SMK_CAT_LOOP)] = rate[number(SMK_CAT_REGION)] = 150 * MS;
    until_change(5);
    until_change(5);
    assert_int_equal(shed, SMK_CAT_LOOP | SMK_CAT_REGION);
    memset(rate, 0, sizeof rate);
    uint64_t ms = until_change(10);
    assert_int_equal(shed, SMK_CAT_LOOP);
    assert_in_range(ms, 2000, 3500); /* the patience, and the window */
    ms = until_change(10);
    assert_int_equal(shed, 0);
    assert_in_range(ms, 2000, 3500);
}

/* A storm that goes on: it is tried again, more and more seldom. */
static void test_hysteresis(void **state)
{
    uint64_t kept_off[8];
    (void)state;
    rate[number(SMK_CAT_REGION)] = 400 * MS;
    for (unsigned i = 0; i < SMK_ARRAY_LEN(kept_off); i++) {
        assert_true(until_change(100) <= 3000);
        assert_int_equal(shed, SMK_CAT_REGION);
        kept_off[i] = until_change(100);
        assert_int_equal(shed, 0);
    }
    for (unsigned i = 1; i < 6; i++)
        assert_true(kept_off[i] > kept_off[i - 1] * 3 / 2);
    assert_true(kept_off[7] <= 70000);
    /* In between, neither low nor high, nothing changes. */
    memset(rate, 0, sizeof rate);
    rate[number(SMK_CAT_REGION)] = 400 * MS;
    until_change(100);
    rate[number(SMK_CAT_NET)] = 70 * MS;
    uint32_t before = shed;
    go_on(1000);
    assert_int_equal(shed, before);
}

static void test_no_budget_and_unwanted_categories(void **state)
{
    (void)state;
    rate[number(SMK_CAT_NET)] = 900 * MS;
    until_change(5);
    assert_int_equal(shed, SMK_CAT_NET);
    now.wanted &= ~(uint32_t)SMK_CAT_NET; /* its capture has ended */
    go_on(1);
    assert_int_equal(shed, 0);
    now.wanted = SMK_CAT_ALL;
    until_change(5);
    assert_int_equal(shed, SMK_CAT_NET);
    now.share = 0;
    go_on(1);
    assert_int_equal(shed, 0);
    go_on(50);
    assert_int_equal(shed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_below_the_budget_all_is_kept, begin),
        cmocka_unit_test_setup(test_two_percent_of_nothing_is_nothing, begin),
        cmocka_unit_test_setup(test_shed_in_the_declared_order_one_a_second, begin),
        cmocka_unit_test_setup(test_what_saves_nothing_is_passed_over, begin),
        cmocka_unit_test_setup(test_requests_go_last_even_if_they_are_the_storm, begin),
        cmocka_unit_test_setup(test_the_writer_counts_for_those_that_make_its_work, begin),
        cmocka_unit_test_setup(test_taken_back_last_one_first_when_it_is_over, begin),
        cmocka_unit_test_setup(test_hysteresis, begin),
        cmocka_unit_test_setup(test_no_budget_and_unwanted_categories, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
