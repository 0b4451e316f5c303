/* Two traces side by side, out of traces written by hand: what is claimed, and what not. */
#include "unit/analysis/report_checks.h"

#include "analysis/diff_state.h"

/* ---- the rank test --------------------------------------------------------------------------------------- */

static struct smk_rank rank;

static void test_rank(void **state)
{
    (void)state;
    uint64_t low[] = {1, 2, 3, 4, 5}, high[] = {6, 7, 8, 9, 10}, mixed[] = {1, 3, 5, 7, 9};
    uint64_t with[] = {2, 4, 6, 8, 10};
    /* 1 of C(10, 5) = 252 ways; all of them; rank sum 25 or less: 87 of 252, Lehmann's table B (W = 10: .3452) */
    assert_int_equal(smk_rank_lower(&rank, low, 5, high, 5), (SMK_PPB + 251) / 252);
    assert_int_equal(smk_rank_lower(&rank, high, 5, low, 5), SMK_PPB);
    assert_int_equal(smk_rank_lower(&rank, mixed, 5, with, 5) / 1000, 345238);
    assert_int_equal(smk_rank_least(5, 5), (SMK_PPB + 251) / 252);
    assert_int_equal(smk_rank_least(20, 20), 1);
    assert_int_equal(smk_rank_least(0, 20), SMK_PPB);
    assert_int_equal(smk_rank_least(21, 20), SMK_PPB);
}

static void test_rank_ties(void **state)
{
    (void)state;
    uint64_t same[] = {5, 5, 5, 5}, none[] = {0, 0, 0, 0}, some[] = {0, 0, 1, 1};
    assert_int_equal(smk_rank_lower(&rank, same, 4, same, 4), SMK_PPB);
    /* both that are more on the second side: C(6, 2) of C(8, 4), that is 15 of 70 */
    assert_int_equal(smk_rank_lower(&rank, none, 4, some, 4), (15 * UINT64_C(1000000000) + 69) / 70);
    uint64_t big[SMK_RANK_MAX], huge[SMK_RANK_MAX];
    for (uint32_t i = 0; i < SMK_RANK_MAX; i++) {
        big[i] = i;
        huge[i] = UINT64_MAX - i;
    }
    assert_int_equal(smk_rank_lower(&rank, big, SMK_RANK_MAX, huge, SMK_RANK_MAX), 1);
    assert_int_equal(smk_rank_lower(&rank, huge, SMK_RANK_MAX, big, SMK_RANK_MAX), SMK_PPB);
}

static void test_samples(void **state)
{
    (void)state;
    struct smk_mem mem;
    struct smk_samples once = {0}, again = {0};
    smk_mem_init(&mem, NULL, NULL, 0);
    uint64_t sum = 0;
    for (uint64_t i = 0; i < 100000; i++) {
        smk_samples_offer(&once, &mem, 1000, i, i);
        smk_samples_offer(&again, &mem, 1000, i, i);
    }
    assert_int_equal(once.count, 1000);
    assert_memory_equal(once.array, again.array, once.count * sizeof(*once.array));
    smk_samples_sort(&once);
    for (uint32_t i = 0; i < once.count; i++) {
        assert_true(i == 0 || once.array[i - 1].end < once.array[i].end);
        sum += once.array[i].ns;
    }
    /* the mean of 1,000 of 100,000 is within 5 % of theirs but for one in 10^7 */
    assert_in_range(sum / once.count, 47500, 52500);
    smk_samples_free(&once, &mem);
    smk_samples_free(&again, &mem);
    smk_samples_offer(&once, &mem, 0, 1, 1);
    assert_int_equal(once.count, 0);
    assert_int_equal(mem.used, 0);
}

/* ---- traces ---------------------------------------------------------------------------------------------- */

struct shape {
    uint32_t requests;
    uint64_t us, tail_us;  /* of a request; of every 40th */
    uint64_t wait_us;      /* for cart_lock in each */
    uint32_t salt;         /* they vary by up to 10 % */
    uint32_t ready_percent; /* of its time that it had no CPU, beside a tenth that it had one */
    uint32_t mood;          /* per cent by which requests of one moment, and whole traces, are longer or shorter */
    uint32_t categories_cut;
    uint64_t lost;
};

/* Which of `of` numbers it is, for what is drawn by chance. */
static uint32_t draw(const struct shape *shape, uint32_t what, uint32_t number, uint32_t of)
{
    return (uint32_t)(smk_hash_word((uint64_t)shape->salt << 40 | (uint64_t)what << 32 | number) % of);
}

/* Per cent: 100 and more or less. Some 60 requests in turn have a mood, half of which is that of those before them; the
 * trace has one, a third as much; and of these stretches 1 in 12 is one in which the machine did something else. */
static uint64_t mood_of(const struct shape *shape, uint32_t request)
{
    uint32_t moment = request / 60, swing = 2 * shape->mood + 1;
    if (shape->mood == 0)
        return 100;
    int64_t mood = ((int64_t)draw(shape, 1, moment, swing) + draw(shape, 1, moment + 1, swing)) / 2 - shape->mood;
    mood += ((int64_t)draw(shape, 2, 0, swing) - shape->mood) / 3;
    bool stalled = draw(shape, 3, moment, 12) == 0 && request % 60 < 10;
    return (uint64_t)(100 + mood) * (stalled ? 4 : 1);
}

/* Requests of one route one after the other in two seconds, with a wait for a lock in each. */
static smk_trace *build_side(const struct shape *shape)
{
    struct build b;
    build_init(&b);
    build_window(&b, AT(1000), AT(1000), AT(3000));
    if (!shape->categories_cut)
        build_fact(&b, SMK_FACT_SCHED_SOURCE, "perf switch records");
    uint32_t route = build_string(&b, "GET /cart\x1b[31m"), worker = build_thread(&b, 12, "worker");
    build_lock_name(&b, CART_LOCK, "cart_lock");
    for (uint32_t i = 0; i < shape->requests; i++) {
        uint64_t begin = AT(1000) + AT(1990) * i / shape->requests;
        uint64_t us = i % 40 == 17 ? shape->tail_us : shape->us;
        uint64_t vary = 950 + smk_hash_word((uint64_t)shape->salt << 32 | i) % 101;
        uint64_t ns = us * vary * mood_of(shape, i) / 100, wait_ns = shape->wait_us * vary;
        build_event(&b, worker, begin, SMK_EV_REQUEST_BEGIN, route, i + 1);
        if (wait_ns)
            build_event(&b, worker, begin + wait_ns, SMK_EV_LOCK_WAIT, 0, wait_ns, CART_LOCK, 0, 0,
                        SMK_LOCK_ACQUIRED);
        build_event(&b, worker, begin + ns, SMK_EV_REQUEST_END, route, i + 1, ns, 200);
    }
    build_event(&b, worker, AT(3000), SMK_EV_CPU_TIME, 100, AT(2000), AT(200), AT(20) * shape->ready_percent);
    if (shape->lost)
        build_loss(&b, worker, shape->lost);
    return build_open(&b);
}

struct pair {
    smk_trace *trace[2];
    struct smk_report *report[2];
    struct smk_diff *diff;
    char *text, *json;
};

static struct pair pair_of(const struct shape *before, const struct shape *after)
{
    struct pair pair = {.trace = {build_side(before), build_side(after)}};
    struct smk_report_options options = {.no_symbols = true, .samples = SMK_DIFF_SAMPLES};
    struct build_output text = {0}, json = {0};
    for (int i = 0; i < 2; i++)
        assert_int_equal(smk_report_make(&pair.report[i], pair.trace[i], &options), 0);
    assert_int_equal(smk_diff_make(&pair.diff, pair.report[0], pair.report[1]), 0);
    assert_int_equal(smk_diff_text(pair.diff, build_take, &text), 0);
    assert_int_equal(smk_diff_json(pair.diff, build_take, &json), 0);
    pair.text = text.text;
    pair.json = json.text;
    return pair;
}

static void end_pair(struct pair *pair)
{
    smk_diff_free(pair->diff);
    for (int i = 0; i < 2; i++) {
        smk_report_free(pair->report[i]);
        smk_trace_close(pair->trace[i]);
    }
    free(pair->text);
    free(pair->json);
}

static void test_faster(void **state)
{
    (void)state;
    struct shape slow = {.requests = 400, .us = 2000, .tail_us = 4000, .wait_us = 1500, .salt = 1};
    struct pair pair = pair_of(&slow, &(struct shape){.requests = 400, .us = 1000, .tail_us = 2000, .salt = 2});
    const struct smk_diff_route *route = &pair.diff->routes[0];
    assert_int_equal(pair.diff->tests, 3);
    assert_int_equal(route->p50.verdict, SMK_DIFF_FELL);
    assert_int_equal(route->p99.verdict, SMK_DIFF_FELL);
    assert_in_range(smk_diff_change_mille(&route->p50), 480, 520);
    assert_int_equal(pair.diff->locks.array[0].rate.verdict, SMK_DIFF_FELL);
    assert_int_equal(smk_diff_claims(pair.diff), 3);
    check_says(pair.text, "3 of 3 figures compared changed.\n");
    check_says(pair.text, "\ngone              lock cart_lock   cost ");
    check_says(pair.text, "cart_lock: fell by 100 %");
    check_says(pair.text, "\nGET /cart\\x1b[31m\n");
    check_says(pair.text, "lock cart_lock 7");
    check_says(pair.json, "\"fate\": \"gone\"");
    check_says(pair.json, "\"verdict\": \"fell\"");
    end_pair(&pair);
}

static void test_slower(void **state)
{
    (void)state;
    struct shape slow = {.requests = 400, .us = 2000, .tail_us = 4000, .wait_us = 1500, .salt = 1};
    struct pair pair = pair_of(&(struct shape){.requests = 400, .us = 1000, .tail_us = 2000, .salt = 2}, &slow);
    assert_int_equal(pair.diff->routes[0].p50.verdict, SMK_DIFF_ROSE);
    assert_int_equal(pair.diff->routes[0].p99.verdict, SMK_DIFF_ROSE);
    check_says(pair.text, "\nnew               lock cart_lock");
    check_says(pair.text, "rose from nothing");
    end_pair(&pair);
}

/* The tail alone: the median stays where it was. */
static void test_tail(void **state)
{
    (void)state;
    struct pair pair = pair_of(&(struct shape){.requests = 1600, .us = 500, .tail_us = 1200, .salt = 3},
                               &(struct shape){.requests = 1600, .us = 500, .tail_us = 600, .salt = 4});
    assert_int_equal(pair.diff->routes[0].p50.verdict, SMK_DIFF_NOT_TOLD);
    assert_int_equal(pair.diff->routes[0].p99.verdict, SMK_DIFF_FELL);
    end_pair(&pair);
}

/* Of one kind, and up to 4 % apart: nothing, however many there are. */
static void test_same(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 40; i++) {
        struct shape before = {.requests = 1500, .us = 1000, .tail_us = 1200, .wait_us = 300, .salt = 10 + i};
        struct shape after = before;
        after.salt = 1000 + i;
        after.us += i % 5 * 10;
        after.tail_us += i % 5 * 12;
        struct pair pair = pair_of(&before, &after);
        if (smk_diff_claims(pair.diff))
            fail_msg("of equal ones:\n%s", pair.text);
        assert_true(pair.diff->tests == 3);
        check_says(pair.text, "no change that can be told, of 3 figures compared.");
        check_silent(pair.text, "\ngone ");
        check_silent(pair.text, "\nnew ");
        end_pair(&pair);
    }
}

/* Requests of one moment are alike, and so are traces of one mood of the machine: nothing is claimed of 200 pairs. */
static void test_same_moods(void **state)
{
    (void)state;
    uint32_t claims = 0;
    for (uint32_t i = 0; i < 200; i++) {
        struct shape before = {.requests = 1200, .us = 1000, .tail_us = 1500, .wait_us = 300, .salt = 5000 + i};
        before.ready_percent = i % 2 ? 30 : 1;
        before.mood = i % 2 ? 40 : 20;
        struct shape after = before;
        after.salt += 1000;
        struct pair pair = pair_of(&before, &after);
        claims += smk_diff_claims(pair.diff) != 0;
        end_pair(&pair);
    }
    assert_int_equal(claims, 0);
}

/* In the same moods what is four times as fast is seen each time, and where no CPU is free, too. */
static void test_changed_moods(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 40; i++) {
        struct shape slow = {.requests = 300, .us = 6000, .tail_us = 9000, .wait_us = 4800, .salt = 7000 + i};
        slow.ready_percent = i % 2 ? 30 : 1;
        slow.mood = i % 2 ? 40 : 20;
        struct shape fast = slow;
        fast.requests = 1200;
        fast.us = fast.tail_us = 1000;
        fast.wait_us = 0;
        fast.salt += 1000;
        struct pair pair = pair_of(&slow, &fast);
        if (pair.diff->routes[0].p50.verdict != SMK_DIFF_FELL || pair.diff->routes[0].p99.verdict != SMK_DIFF_FELL ||
            pair.diff->locks.array[0].rate.verdict != SMK_DIFF_FELL)
            fail_msg("pair %u:\n%s", i, pair.text);
        check_says(pair.text, "\ngone              lock cart_lock   cost ");
        end_pair(&pair);
    }
}

/* A tail alone that rises by a millisecond: where CPUs were short that says nothing, where they were free it does. */
static void test_crowded(void **state)
{
    (void)state;
    for (uint32_t crowded = 0; crowded < 2; crowded++) {
        struct shape before = {.requests = 1600, .us = 500, .tail_us = 600, .salt = 3, .ready_percent = 5 * crowded};
        struct shape after = before;
        after.tail_us = 2000;
        after.salt = 4;
        struct pair pair = pair_of(&before, &after);
        assert_int_equal(pair.diff->crowded, crowded);
        assert_int_equal(pair.diff->routes[0].p99.verdict, crowded ? SMK_DIFF_NOT_TOLD : SMK_DIFF_ROSE);
        (crowded ? check_says : check_silent)(pair.text, "\nCPUs were short on one side at least, or nobody counted");
        end_pair(&pair);
    }
}

/* Waiting that costs the requests nothing is none, however sure it is that it rose. */
static void test_waiting_of_no_account(void **state)
{
    (void)state;
    struct shape before = {.requests = 1500, .us = 1000, .tail_us = 1000, .wait_us = 3, .salt = 3};
    struct shape after = before;
    after.wait_us = 30;
    struct pair pair = pair_of(&before, &after);
    const struct smk_diff_figure *rate = &pair.diff->locks.array[0].rate;
    assert_true(rate->tested && rate->ppb < 1000);
    assert_int_equal(rate->verdict, SMK_DIFF_NOT_TOLD);
    end_pair(&pair);
}

/* Holm's bound: each that passes makes room for the next. */
static void test_many_figures(void **state)
{
    (void)state;
    struct shape slow = {.requests = 400, .us = 2000, .tail_us = 4000, .wait_us = 1500, .salt = 1};
    struct pair pair = pair_of(&slow, &(struct shape){.requests = 400, .us = 1000, .tail_us = 2000, .salt = 2});
    assert_int_equal(pair.diff->limit, SMK_DIFF_CHANCE_PPB); /* all three passed */
    end_pair(&pair);
    pair = pair_of(&slow, &slow);
    assert_int_equal(pair.diff->limit, SMK_DIFF_CHANCE_PPB / 3);
    end_pair(&pair);
}

/* One slow moment of many requests is no change: they are all of one slice. */
static void test_burst(void **state)
{
    (void)state;
    struct smk_rank *table = &rank;
    struct smk_diff diff = {.rank = table};
    uint64_t before[20], after[20];
    for (uint32_t i = 0; i < 20; i++) {
        before[i] = 1000 + i;
        after[i] = i < 2 ? 50000 : 1001 + i;
    }
    struct smk_diff_figure figure = {.value = {1000, 5900}};
    smk_diff_test(&diff, &figure, before, 20, after, 20);
    diff.limit = SMK_DIFF_CHANCE_PPB / diff.tests;
    smk_diff_conclude(&diff, &figure);
    assert_true(figure.tested);
    assert_int_equal(figure.verdict, SMK_DIFF_NOT_TOLD);
}

static void test_few(void **state)
{
    (void)state;
    struct pair pair = pair_of(&(struct shape){.requests = 10, .us = 20000, .tail_us = 20000, .wait_us = 15000},
                               &(struct shape){.requests = 10, .us = 10000, .tail_us = 10000});
    assert_int_equal(pair.diff->routes[0].p50.verdict, SMK_DIFF_FEW);
    assert_int_equal(pair.diff->routes[0].p99.verdict, SMK_DIFF_FEW);
    assert_int_equal(smk_diff_claims(pair.diff), 0);
    check_says(pair.text, "too few to tell");
    check_silent(pair.text, "\ngone ");
    end_pair(&pair);
}

static void test_lacks(void **state)
{
    (void)state;
    struct pair pair = pair_of(&(struct shape){.requests = 400, .us = 2000, .tail_us = 4000, .categories_cut = 1},
                               &(struct shape){.requests = 400, .us = 1000, .tail_us = 2000, .lost = 500});
    check_says(pair.text, "\nBEFORE has no scheduler source: nothing is said about ready time.\n");
    check_says(pair.text, "\nAFTER lost 500 events: its counts and times are at least so much.\n");
    check_says(pair.text, "\nTheir scheduler sources differ");
    check_says(pair.text, "not told: AFTER lost events");
    assert_int_equal(smk_diff_claims(pair.diff), 0);
    check_says(pair.json, "\"verdict\": \"unknown\"");
    end_pair(&pair);
}

static void test_other_routes(void **state)
{
    (void)state;
    struct shape some = {.requests = 400, .us = 1000, .tail_us = 1000};
    struct pair pair = pair_of(&(struct shape){.requests = 0}, &some);
    check_says(pair.text, "not told: BEFORE has none");
    assert_int_equal(pair.diff->tests, 0);
    end_pair(&pair);
    pair = pair_of(&(struct shape){.requests = 0}, &(struct shape){.requests = 0});
    check_says(pair.text, "no change that can be told, of 0 figures compared.");
    check_says(pair.text, "no findings in either");
    end_pair(&pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rank),   cmocka_unit_test(test_rank_ties), cmocka_unit_test(test_samples),
        cmocka_unit_test(test_faster), cmocka_unit_test(test_slower),    cmocka_unit_test(test_tail),
        cmocka_unit_test(test_same),   cmocka_unit_test(test_burst),     cmocka_unit_test(test_few),
        cmocka_unit_test(test_lacks),  cmocka_unit_test(test_other_routes),
        cmocka_unit_test(test_same_moods),  cmocka_unit_test(test_changed_moods),
        cmocka_unit_test(test_crowded), cmocka_unit_test(test_waiting_of_no_account),
        cmocka_unit_test(test_many_figures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
