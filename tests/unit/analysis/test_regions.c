#include "unit/smk_test.h"

#include "analysis/regions.h"

enum { OUTER = 3, INNER = 4, STRAY = 5 };

struct fixture {
    struct smk_mem mem;
    struct smk_states states;
    struct smk_latency latency;
    struct smk_regions regions;
};

static void set_up(struct fixture *f, uint64_t from)
{
    memset(f, 0, sizeof(*f));
    smk_mem_init(&f->mem, NULL, NULL, 0);
    assert_true(smk_latency_init(&f->latency, &f->mem, from, 2));
    f->regions.from = from;
}

static void tear_down(struct fixture *f)
{
    smk_states_free(&f->states, &f->mem);
    smk_latency_free(&f->latency, &f->mem);
    smk_regions_free(&f->regions, &f->mem);
    assert_int_equal(f->mem.used, 0);
}

static void begin(struct fixture *f, uint32_t site, uint64_t time)
{
    struct smk_state *state = smk_states_of(&f->states, &f->mem, 1);
    smk_regions_begin(&f->regions, &f->mem, state, site, time);
}

static void end(struct fixture *f, uint32_t site, uint64_t time)
{
    struct smk_state *state = smk_states_of(&f->states, &f->mem, 1);
    smk_regions_end(&f->regions, &f->mem, state, &f->latency, site, time);
}

static const struct smk_region_stats *stats(const struct fixture *f, uint32_t site)
{
    for (uint32_t i = 0; i < f->regions.count; i++)
        if (f->regions.array[i].site == site)
            return &f->regions.array[i];
    return NULL;
}

static void test_nested(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f, 0);
    begin(&f, OUTER, 100);
    begin(&f, INNER, 120);
    smk_regions_wait(smk_states_of(&f.states, &f.mem, 1), 145, 20);
    end(&f, INNER, 150);
    end(&f, OUTER, 200);
    assert_int_equal(stats(&f, INNER)->total, 30);
    assert_int_equal(stats(&f, INNER)->waited, 20);
    assert_int_equal(stats(&f, OUTER)->total, 100);
    assert_int_equal(stats(&f, OUTER)->self, 70);
    assert_int_equal(stats(&f, OUTER)->waited, 20);
    assert_int_equal(f.regions.ended, 2);
    tear_down(&f);
}

static void test_unbalanced_use_is_repaired_and_counted(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f, 0);
    end(&f, STRAY, 50);
    begin(&f, OUTER, 100);
    begin(&f, INNER, 110);
    begin(&f, INNER, 120);
    end(&f, OUTER, 200); /* both inner ones were forgotten */
    end(&f, INNER, 210);
    assert_int_equal(f.regions.forgotten, 2);
    assert_int_equal(f.regions.unmatched, 2);
    assert_int_equal(stats(&f, OUTER)->total, 100);
    assert_null(stats(&f, STRAY));
    /* Inside itself it takes no time twice. */
    assert_int_equal(stats(&f, INNER)->total, 90);
    assert_int_equal(stats(&f, INNER)->length.count, 2);
    tear_down(&f);
}

static void test_depth_is_bounded(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f, 0);
    for (uint32_t i = 0; i < SMK_REGION_DEPTH_MAX + 10; i++)
        begin(&f, OUTER, i);
    assert_int_equal(f.regions.too_deep, 10);
    smk_regions_thread_end(&f.regions, &f.mem, smk_states_of(&f.states, &f.mem, 1), &f.latency, 1000);
    assert_int_equal(f.regions.forgotten, SMK_REGION_DEPTH_MAX);
    tear_down(&f);
}

static void test_before_the_window_nothing_counts(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f, 1000);
    begin(&f, OUTER, 100);
    end(&f, OUTER, 200);
    begin(&f, INNER, 900);
    end(&f, INNER, 1100);
    begin(&f, STRAY, 1200);
    assert_null(stats(&f, OUTER));
    assert_int_equal(stats(&f, INNER)->length.count, 1);
    smk_regions_finish(&f.regions, &f.states);
    assert_int_equal(f.regions.open, 1);
    tear_down(&f);
}

static void test_times_that_run_backwards(void **state)
{
    (void)state;
    struct fixture f;
    set_up(&f, 0);
    begin(&f, OUTER, UINT64_MAX);
    begin(&f, INNER, 5);
    smk_regions_wait(smk_states_of(&f.states, &f.mem, 1), 2, UINT64_MAX);
    end(&f, INNER, 3);
    end(&f, OUTER, 0);
    assert_int_equal(stats(&f, OUTER)->total, 0);
    assert_int_equal(stats(&f, INNER)->waited, 0);
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nested),
        cmocka_unit_test(test_unbalanced_use_is_repaired_and_counted),
        cmocka_unit_test(test_depth_is_bounded),
        cmocka_unit_test(test_before_the_window_nothing_counts),
        cmocka_unit_test(test_times_that_run_backwards),
    };
    return SMK_RUN(tests);
}
